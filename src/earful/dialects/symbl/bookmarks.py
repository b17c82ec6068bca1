"""Symbl's bookmarks: stretches of a conversation that someone wants to find again."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BeforeValidator, Field, model_validator

from earful.accounts.service import Accounts
from earful.conversation.ids import new_numeric_id
from earful.conversation.types import Conversation, Message
from earful.dialects.symbl import shapes
from earful.dialects.symbl.bodies import Body, Notice
from earful.dialects.symbl.digests import MessageId
from earful.dialects.symbl.errors import ApiError, BadRequest, ErrorMessage
from earful.dialects.symbl.management import Library
from earful.dialects.symbl.owned import conversation_dependency
from earful.jobs.digests import Digests
from earful.store.attachments import Attachment, AttachmentStore
from earful.store.conversations import ConversationStore

__all__ = ["bookmark_router"]

_Path = "/conversations/{conversation_id}"
_DEFAULT_S = 30
_MAX_S = 10**9
_MAX_TEXT = 4096
_ERRORS: dict[int | str, dict[str, Any]] = {
    400: {"model": ErrorMessage, "description": "A field is missing or not what it should be."},
    401: {"model": ErrorMessage, "description": "No valid token."},
    404: {"model": ErrorMessage, "description": "There is no such conversation or bookmark."},
}


class BookmarkUser(Body):
    """Who made a bookmark."""

    name: str | None = None
    user_id: str | None = None
    email: str | None = None


class BookmarkRequest(Body):
    """A stretch of time, or some messages, with a label."""

    label: str = Field(min_length=1, max_length=_MAX_TEXT, examples=["Quote promised"])
    description: str = Field(min_length=1, max_length=_MAX_TEXT, examples=["By Friday"])
    user: BookmarkUser
    begin_time_offset: int | None = Field(default=None, ge=0, le=_MAX_S, examples=[6])
    duration: int | None = Field(default=None, ge=0, le=_MAX_S, description="Seconds.", examples=[10])
    message_refs: Annotated[
        Annotated[list[MessageId], Field(max_length=1000)] | None,
        BeforeValidator(lambda value: value or None),
    ] = None

    @model_validator(mode="after")
    def _somewhere(self) -> "BookmarkRequest":
        if self.begin_time_offset is None and self.message_refs is None:
            raise ValueError("either beginTimeOffset or messageRefs is needed")
        return self


class BookmarkedMessage(Body):
    """A message that a bookmark covers."""

    id: str
    text: str
    start_time: str
    end_time: str


class BookmarkBody(Body):
    """A bookmark with the messages that it covers now."""

    id: str
    label: str = Field(examples=["Quote promised"])
    description: str
    user: BookmarkUser
    begin_time_offset: int
    duration: int
    message_refs: list[BookmarkedMessage]


class BookmarkList(Body):
    """Bookmarks, the oldest first."""

    bookmarks: list[BookmarkBody]


class BookmarkSummary(Body):
    """A summary of what a bookmark covers."""

    id: str
    text: str = Field(examples=["Tomasz will email the quote."])
    message_refs: list[MessageId]
    start_time: str
    end_time: str
    bookmark_reference: MessageId


class BookmarkSummaries(Body):
    """Summaries of what one bookmark covers."""

    summary: list[BookmarkSummary]


class OneOfBookmarksSummary(Body):
    """The summaries of one bookmark."""

    bookmark_id: str
    summary: list[BookmarkSummary]


class BookmarksSummary(Body):
    """The summaries of bookmarks."""

    bookmarks_summary: list[OneOfBookmarksSummary]


def bookmark_router(
    accounts: Accounts,
    store: ConversationStore,
    attachments: AttachmentStore,
    digests: Digests,
    library: Library,
) -> APIRouter:
    """Return the routes of bookmarks; `library` has how long one is that does not say."""
    router = APIRouter(prefix="/v1", tags=["Bookmarks"], responses=_ERRORS)
    owned = conversation_dependency(accounts, store)
    Owned = Annotated[Conversation, Depends(owned)]  # noqa: N806 (a type)

    async def said(conversation: Conversation) -> Sequence[Message]:
        return await store.messages(conversation.application_id, conversation.id)

    async def kept(conversation: Conversation) -> Sequence[Attachment]:
        return await attachments.list(conversation.application_id, conversation.id, "bookmark")

    async def find(conversation: Conversation, bookmark_id: str) -> Attachment:
        for one in await kept(conversation):
            if one.id == bookmark_id:
                return one
        raise _missing()

    async def keep(
        conversation: Conversation, asked: Sequence[BookmarkRequest], id_: str | None = None
    ) -> list[BookmarkBody]:
        messages = await said(conversation)
        settings = await library.settings(conversation.application_id)
        length = settings.get("intelligence", {}).get("bookmarks", {}).get("duration")
        default = length if isinstance(length, int) and not isinstance(length, bool) else _DEFAULT_S
        made = [Attachment(id_ or new_numeric_id(), _placed(one, messages, default)) for one in asked]
        await attachments.put(conversation.application_id, conversation.id, "bookmark", made)
        return [_shown(one, conversation, messages) for one in made]

    async def summaries(
        conversation: Conversation, bookmark: Attachment, messages: Sequence[Message]
    ) -> list[BookmarkSummary]:
        covered = _covered(bookmark, messages)
        if not covered:
            return []
        summary = await digests.summary_of(conversation, covered)
        return [
            BookmarkSummary(
                id=new_numeric_id(),
                text=summary.text,
                message_refs=[MessageId(id=id_) for id_ in summary.message_ids],
                start_time=_time(conversation, covered[0].start),
                end_time=_time(conversation, max(message.end for message in covered)),
                bookmark_reference=MessageId(id=bookmark.id),
            )
        ]

    @router.get(_Path + "/bookmarks", summary="List bookmarks", response_model_exclude_none=True)
    async def list_bookmarks(conversation: Owned) -> BookmarkList:
        """List the bookmarks of a conversation."""
        messages = await said(conversation)
        return BookmarkList(
            bookmarks=[_shown(one, conversation, messages) for one in await kept(conversation)]
        )

    @router.post(_Path + "/bookmarks", summary="Make a bookmark", response_model_exclude_none=True)
    async def post_bookmark(conversation: Owned, body: BookmarkRequest) -> BookmarkBody:
        """Bookmark a stretch of time, or some messages."""
        return (await keep(conversation, [body]))[0]

    @router.post(_Path + "/bookmarks/bulk", summary="Make bookmarks", response_model_exclude_none=True)
    async def post_bookmarks(conversation: Owned, body: list[BookmarkRequest]) -> BookmarkList:
        """Make several bookmarks: all or none."""
        return BookmarkList(bookmarks=await keep(conversation, body))

    @router.get(
        _Path + "/bookmarks/{bookmark_id}", summary="Get a bookmark", response_model_exclude_none=True
    )
    async def get_bookmark(conversation: Owned, bookmark_id: str) -> BookmarkBody:
        """Get one bookmark."""
        return _shown(await find(conversation, bookmark_id), conversation, await said(conversation))

    @router.put(
        _Path + "/bookmarks/{bookmark_id}", summary="Replace a bookmark", response_model_exclude_none=True
    )
    async def put_bookmark(conversation: Owned, bookmark_id: str, body: BookmarkRequest) -> BookmarkBody:
        """Replace a bookmark: what is left out is cleared."""
        await find(conversation, bookmark_id)
        return (await keep(conversation, [body], bookmark_id))[0]

    @router.delete(_Path + "/bookmarks/{bookmark_id}", summary="Delete a bookmark")
    async def delete_bookmark(conversation: Owned, bookmark_id: str) -> Notice:
        """Delete a bookmark; what it covers stays."""
        owner, cid = conversation.application_id, conversation.id
        if not await attachments.remove(owner, cid, "bookmark", bookmark_id):
            raise _missing()
        return Notice(message="successfully deleted the bookmark")

    @router.get(_Path + "/bookmarks/{bookmark_id}/summary", summary="Summarise a bookmark")
    async def bookmark_summary(conversation: Owned, bookmark_id: str) -> BookmarkSummaries:
        """Get a summary of what a bookmark covers."""
        bookmark = await find(conversation, bookmark_id)
        return BookmarkSummaries(summary=await summaries(conversation, bookmark, await said(conversation)))

    @router.get(_Path + "/bookmarks-summary", summary="Summarise bookmarks")
    async def bookmarks_summary(
        conversation: Owned,
        ids: Annotated[list[str] | None, Query(alias="id", description="Only these bookmarks.")] = None,
    ) -> BookmarksSummary:
        """Get a summary of each bookmark."""
        wanted = {part for given in ids or () for part in given.split(",") if part}
        messages = await said(conversation)
        return BookmarksSummary(
            bookmarks_summary=[
                OneOfBookmarksSummary(
                    bookmark_id=one.id, summary=await summaries(conversation, one, messages)
                )
                for one in await kept(conversation)
                if not wanted or one.id in wanted
            ]
        )

    return router


def _placed(asked: BookmarkRequest, messages: Sequence[Message], default_s: int) -> dict[str, Any]:
    """Return a bookmark as it is kept: with its times, those of its messages if it names some."""
    body = asked.model_dump(by_alias=True, exclude_none=True)
    if asked.message_refs is not None:
        known = {message.id: message for message in messages}
        for ref in asked.message_refs:
            if ref.id not in known:
                raise BadRequest(f"messageRefs: the conversation has no message {ref.id!r}")
        named = [known[ref.id] for ref in asked.message_refs]
        begin = int(min(message.start for message in named))
        body |= {"beginTimeOffset": begin, "duration": round(max(m.end for m in named)) - begin}
    return {"duration": default_s, **body}


def _covered(bookmark: Attachment, messages: Sequence[Message]) -> list[Message]:
    if named := bookmark.body.get("messageRefs"):
        ids = {ref["id"] for ref in named}
        return [message for message in messages if message.id in ids]
    begin = bookmark.body["beginTimeOffset"]
    end = begin + bookmark.body["duration"]
    return [message for message in messages if message.start <= end and message.end >= begin]


def _shown(bookmark: Attachment, conversation: Conversation, messages: Sequence[Message]) -> BookmarkBody:
    refs = [
        BookmarkedMessage(
            id=message.id,
            text=message.text,
            start_time=_time(conversation, message.start),
            end_time=_time(conversation, message.end),
        )
        for message in _covered(bookmark, messages)
    ]
    fields = {**bookmark.body, "id": bookmark.id, "messageRefs": refs}
    return BookmarkBody.model_validate(fields)


def _time(conversation: Conversation, seconds: float) -> str:
    return shapes.iso_time(conversation.started_at + timedelta(seconds=seconds))


def _missing() -> ApiError:
    return ApiError(404, "The bookmarkId is either invalid or does not exist.")
