"""Symbl's Conversation API: everything that is read from, or corrected in, a stored conversation."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, cast

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from earful.accounts.service import Accounts
from earful.accounts.types import Application
from earful.conversation import transcripts
from earful.conversation.types import Conversation, InsightKind, Message, Topic
from earful.dialects.symbl import redaction, shapes
from earful.dialects.symbl.answers import written
from earful.dialects.symbl.auth import application_dependency
from earful.dialects.symbl.bodies import (
    ActionItems,
    AnalyticsBody,
    Body,
    ConversationBody,
    ConversationList,
    EntityList,
    FollowUps,
    InsightBody,
    Insights,
    Intents,
    MemberList,
    MessageList,
    Notice,
    Questions,
    TopicList,
    TrackerBody,
    Transcript,
    TranscriptBody,
)
from earful.dialects.symbl.errors import ApiError, BadRequest, ConversationNotFound, ErrorMessage
from earful.dialects.symbl.examples import EXAMPLES
from earful.dialects.symbl.management import Library
from earful.dialects.symbl.openapi import json_body, whole_schema
from earful.dialects.symbl.owned import conversation_dependency
from earful.dialects.symbl.rsql import Comparison, RsqlError, matches, parse_rsql
from earful.insight.analytics import analyse
from earful.insight.reading import masked
from earful.insight.themes import rank_topics, vocabulary_topics
from earful.insight.types import Findings
from earful.store.conversations import (
    ConversationQuery,
    ConversationStore,
    SortField,
    UnknownConversation,
    UnknownMember,
)
from earful.store.resources import UnknownResource

__all__ = ["conversation_router"]

Polarity = Callable[[str], float]
"""Returns how positive a text is, -1..1."""

Vocabulary = Callable[[Conversation], Awaitable[Sequence[str]]]
"""Returns the words and phrases that were given with a conversation's recordings."""

_SORT_FIELDS: Mapping[str, SortField] = {
    "conversation.id": "id",
    "conversation.name": "name",
    "conversation.type": "type",
    "conversation.startTime": "startTime",
    "conversation.endTime": "endTime",
}
_PREFIX = "conversation."
_DEFAULT_WINDOW = timedelta(days=7)
_METADATA_CHARS = 128
_METADATA = {"metadata": {"agentId": "ines", "label": "supplier"}}


def _flag(value: object) -> object:
    # Clients send "true", "False", "" and a bare name; pydantic knows all but the empty ones.
    return False if isinstance(value, str) and not value.strip() else value


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


Flag = Annotated[bool, BeforeValidator(_flag)]
_Path = "/conversations/{conversation_id}"
_ERRORS: dict[int | str, dict[str, Any]] = {
    400: {"model": ErrorMessage, "description": "A parameter is not what it should be."},
    401: {"model": ErrorMessage, "description": "No valid token."},
    404: {"model": ErrorMessage, "description": "The application has no such conversation."},
}


class Metadata(Body):
    """The labels of a conversation, all of them: what is not named is removed."""

    metadata: dict[str, Annotated[str, Field(max_length=_METADATA_CHARS)]]


class UpdatedMetadata(Metadata):
    """The labels as they are now."""

    id: str = Field(examples=["5104417326284800"])


class MemberUpdate(Body):
    """Who a member is."""

    id: Any = Field(default=None, description="Not read: that of the path counts.")
    name: str = Field(min_length=1, examples=["Ines"])
    email: str | None = None


class ListQuery(BaseModel):
    """Which conversations to list."""

    model_config = ConfigDict(extra="ignore")

    limit: int = Field(default=20, ge=0, le=65536)
    offset: int = Field(default=0, ge=0, le=2**63 - 1)
    order: Annotated[Literal["asc", "desc"], BeforeValidator(_lower)] = "asc"
    sort: str = Field(default="conversation.startTime", description="Fields, separated by commas.")
    start_time: datetime | None = Field(default=None, alias="startTime")
    end_time: datetime | None = Field(default=None, alias="endTime")
    filter: str | None = Field(
        default=None,
        description="Comparisons joined by `;` or `and`, of at most two fields.",
        examples=["conversation.metadata.agentId==ines"],
    )


class PhraseOptions(Body):
    """Which key phrases to put into `<mark>`."""

    highlight_only_insight_key_phrases: Flag = False
    highlight_all_key_phrases: Flag = False


class TranscriptRequest(Body):
    """How to write a conversation out."""

    content_type: Literal["text/markdown", "text/srt"] = Field(examples=["text/markdown"])
    create_paragraphs: Flag = False
    phrases: PhraseOptions = PhraseOptions()
    show_speaker_separation: Flag = False


async def _no_vocabulary(_conversation: Conversation) -> Sequence[str]:
    return ()


def conversation_router(
    accounts: Accounts,
    store: ConversationStore,
    library: Library,
    *,
    delete: Callable[[str, str], Awaitable[None]],
    polarity: Polarity | None = None,
    vocabulary: Vocabulary = _no_vocabulary,
) -> APIRouter:
    """Return the routes under `/v1/conversations`, and the conversations of groups.

    `library` holds the groups, `delete` deletes an application's conversation with all that belongs to
    it, `polarity` works out the sentiment of what was stored without it, `vocabulary` tells the custom
    vocabulary with which a conversation was sent.
    """
    router = APIRouter(prefix="/v1", tags=["Conversations"], responses=_ERRORS)
    caller = application_dependency(accounts)
    Caller = Annotated[Application, Depends(caller)]  # noqa: N806 (a type)

    Owned = Annotated[Conversation, Depends(conversation_dependency(accounts, store))]  # noqa: N806 (a type)

    def feeling(message: Message) -> float | None:
        if message.sentiment is not None or polarity is None:
            return message.sentiment
        return polarity(message.text)

    async def listed(
        application: Application,
        given: ListQuery,
        criteria: Sequence[Comparison] = (),
    ) -> ConversationList:
        conditions = [*criteria, *_conditions(given.filter)]
        window = _window(given.start_time, given.end_time)
        if conditions and given.start_time is None and given.end_time is None:
            window = {}
        query = ConversationQuery(
            limit=given.limit,
            offset=given.offset,
            sort=_sort_fields(given.sort),
            descending=given.order == "desc",
            only=(lambda conversation: matches(conversation, conditions)) if conditions else None,
            **window,
        )
        found = await store.list(application.id, query)
        return ConversationList(conversations=[shapes.conversation_body(one) for one in found])

    @router.get("/conversations", **_answer("conversations", "List conversations"))
    async def list_conversations(
        application: Caller, given: Annotated[ListQuery, Query()]
    ) -> ConversationList:
        """List the application's conversations that began in a window of time: by default the last 7 days.

        With a `filter` there is no default window.
        """
        return await listed(application, given)

    @router.get(
        "/groups/{group_id}/conversations", **_answer("conversations", "List a group's conversations")
    )
    async def list_group(
        application: Caller, group_id: str, given: Annotated[ListQuery, Query()]
    ) -> ConversationList:
        """List the conversations that meet a group's criteria now."""
        try:
            criteria = await library.criteria(application.id, group_id)
        except UnknownResource:
            raise ApiError(404, "The groupId is either invalid or does not exist.") from None
        return await listed(application, given, parse_rsql(criteria))

    @router.get(_Path, **_answer("conversation", "Get a conversation"))
    async def get_conversation(conversation: Owned) -> ConversationBody:
        """Get a conversation's name, times, members and metadata."""
        return shapes.conversation_body(conversation)

    @router.put(
        _Path,
        openapi_extra=json_body(whole_schema(Metadata), _METADATA),
        summary="Replace a conversation's metadata",
    )
    async def put_metadata(conversation: Owned, request: Request) -> UpdatedMetadata:
        """Replace the metadata: up to 128 characters of text under each name."""
        metadata = _metadata(await request.body())
        with _not_found():
            kept = await store.update_metadata(conversation.application_id, conversation.id, metadata)
        return UpdatedMetadata(id=conversation.id, metadata=kept)

    @router.delete(_Path, summary="Delete a conversation")
    async def delete_conversation(conversation_id: str, application: Caller) -> Notice:
        """Delete a conversation and everything derived from it, for good."""
        with _not_found():
            await delete(application.id, conversation_id)
        return Notice(message="successfully deleted the conversation")

    @router.get(_Path + "/messages", response_model=MessageList, **_answer("messages", "Get messages"))
    async def get_messages(
        conversation: Owned,
        verbose: Flag = False,
        sentiment: Flag = False,
        redact: Annotated[bool | None, BeforeValidator(_flag)] = None,
        exclude: Annotated[list[str] | None, Query(description="Kinds of data to leave as they are.")] = None,
    ) -> Response:
        """Get what was said, sentence by sentence; `verbose` adds words, `sentiment` sentiment.

        `redact` masks personal data in the answer, the way the account's settings say.
        """
        messages = await store.messages(conversation.application_id, conversation.id)
        people = shapes.People(conversation.members)
        masking = redaction.masking(await library.settings(conversation.application_id), redact, exclude)

        def build() -> MessageList:
            polarities = {message.id: feeling(message) for message in messages} if sentiment else {}
            told = messages
            if masking is not None:
                known = [name for name in people.names().values() if name]
                now = conversation.started_at.replace(tzinfo=None)
                told = masked(messages, masking, now=now, names=known)
            first_start = told[0].start if told else 0.0
            return MessageList(
                messages=[
                    shapes.message_body(
                        message,
                        conversation,
                        people,
                        first_start=first_start,
                        words=verbose,
                        polarity=polarities.get(message.id),
                        entities=masking is None,
                    )
                    for message in told
                ]
            )

        return await written(build)

    @router.get(_Path + "/topics", response_model=TopicList, **_answer("topics", "Get topics"))
    async def get_topics(
        conversation: Owned,
        sentiment: Flag = False,
        parent_refs: Annotated[Flag, Query(alias="parentRefs")] = False,
        refresh: Annotated[Flag, Query(description="Rank the topics anew.")] = False,
        custom: Annotated[
            Flag, Query(alias="customTopicVocabulary", description="Add the custom vocabulary that was said.")
        ] = False,
        older: Annotated[Flag, Query(alias="customVocabulary", deprecated=True)] = False,
    ) -> Response:
        """Get what was talked about; `parentRefs` adds the hierarchy, `sentiment` sentiment."""
        owner, cid = conversation.application_id, conversation.id
        if refresh:
            said = await store.messages(owner, cid)
            names = [member.name for member in conversation.members if member.name]
            ranked = await asyncio.to_thread(rank_topics, said, names)
            with _not_found():
                await store.add_findings(cid, Findings(topics=ranked))
        topics = await store.topics(owner, cid)
        if custom or older:
            phrases = await vocabulary(conversation)
            topics = (*topics, *vocabulary_topics(phrases, await store.messages(owner, cid), topics))
        messages = await store.messages(owner, cid) if sentiment else ()

        def build() -> TopicList:
            scores = ((message.id, feeling(message)) for message in messages)
            feelings = {id: score for id, score in scores if score is not None}
            return TopicList(
                topics=[
                    shapes.topic_body(
                        topic,
                        parents=parent_refs,
                        polarity=_topic_feeling(topic, feelings) if sentiment else None,
                    )
                    for topic in topics
                ]
            )

        return await written(build)

    async def insights(
        conversation: Conversation,
        kind: InsightKind | None,
        body: Callable[[list[InsightBody]], BaseModel],
    ) -> Response:
        people = shapes.People(conversation.members)
        found = await store.insights(conversation.application_id, conversation.id, kind)
        return await written(lambda: body([shapes.insight_body(insight, people) for insight in found]))

    @router.get(_Path + "/questions", response_model=Questions, **_answer("questions", "Get questions"))
    async def get_questions(conversation: Owned) -> Response:
        """Get the questions that were asked."""
        return await insights(conversation, "question", lambda found: Questions(questions=found))

    @router.get(
        _Path + "/action-items", response_model=ActionItems, **_answer("action-items", "Get action items")
    )
    async def get_action_items(conversation: Owned) -> Response:
        """Get what somebody is to do, by whom and when."""
        return await insights(conversation, "action_item", lambda found: ActionItems(action_items=found))

    @router.get(_Path + "/follow-ups", response_model=FollowUps, **_answer("follow-ups", "Get follow-ups"))
    async def get_follow_ups(conversation: Owned) -> Response:
        """Get the calls, meetings and mails that were agreed on."""
        return await insights(conversation, "follow_up", lambda found: FollowUps(follow_ups=found))

    @router.get(_Path + "/insights", response_model=Insights, **_answer("insights", "Get all insights"))
    async def get_insights(conversation: Owned) -> Response:
        """Get questions, action items and follow-ups together."""
        return await insights(conversation, None, lambda found: Insights(insights=found))

    @router.get(_Path + "/intents", summary="Get intents")
    async def get_intents(conversation: Owned) -> Intents:
        """Always empty: kept for clients of the days when intents were found in phone calls."""
        return Intents(intents=[])

    @router.get(_Path + "/members", **_answer("members", "Get members"))
    async def get_members(conversation: Owned) -> MemberList:
        """Get who took part."""
        return MemberList(members=[shapes.person(member) for member in conversation.members])

    @router.put(_Path + "/members/{member_id}", summary="Name a member")
    async def put_member(
        conversation_id: str, member_id: str, body: MemberUpdate, application: Caller
    ) -> Notice:
        """Give a member a name and an e-mail address. One whom another member has makes them one."""
        with _not_found():
            try:
                await store.update_member(
                    application.id, conversation_id, member_id, name=body.name, email=body.email or None
                )
            except UnknownMember:
                raise ApiError(404, "The memberId is either invalid or does not exist.") from None
        return Notice(
            message=f"Member with id: {member_id} for conversationId: {conversation_id} updated successfully!"
        )

    async def trackers(conversation: Owned) -> list[TrackerBody]:
        """Get the trackers that were hit, and where."""
        found = await store.trackers(conversation.application_id, conversation.id)
        return shapes.tracker_bodies(found)

    router.get(_Path + "/trackers-detected", **_answer("trackers", "Get detected trackers"))(trackers)
    router.get(
        _Path + "/trackers",
        **_answer("trackers", "Get detected trackers (old path)"),
        operation_id="get_trackers_old_path",
        deprecated=True,
    )(trackers)

    @router.get(_Path + "/entities", response_model=EntityList, **_answer("entities", "Get entities"))
    async def get_entities(conversation: Owned) -> Response:
        """Get the people, places, dates and other things that were named."""
        owner, cid = conversation.application_id, conversation.id
        found = await store.entities(owner, cid)
        messages = await store.messages(owner, cid) if found else ()
        return await written(lambda: EntityList(entities=shapes.entity_bodies(found, conversation, messages)))

    @router.get(
        _Path + "/analytics",
        response_model=AnalyticsBody,
        **_answer("analytics", "Get speaker analytics"),
    )
    async def get_analytics(conversation: Owned) -> Response:
        """Get talk, listen and silence times, overlaps and pace."""
        messages = await store.messages(conversation.application_id, conversation.id)
        people = shapes.People(conversation.members)
        ids = [member.id for member in conversation.members]
        return await written(lambda: shapes.analytics_body(analyse(messages, ids), people))

    @router.post(
        _Path + "/transcript",
        response_model=Transcript,
        **_answer("transcript", "Write the conversation out"),
    )
    async def post_transcript(conversation: Owned, body: TranscriptRequest) -> Response:
        """Get the conversation as Markdown or as SRT captions."""
        owner, cid = conversation.application_id, conversation.id
        messages = await store.messages(owner, cid)
        names = shapes.People(conversation.members).names()
        captions = body.content_type == "text/srt"
        marked = {} if captions else await highlights(conversation, messages, body.phrases)

        def build() -> Transcript:
            if captions:
                payload = transcripts.srt(messages, names, speakers=body.show_speaker_separation)
            else:
                payload = transcripts.markdown(
                    messages,
                    names,
                    paragraphs=body.create_paragraphs,
                    speakers=body.show_speaker_separation,
                    highlights=marked,
                )
            return Transcript(transcript=TranscriptBody(content_type=body.content_type, payload=payload))

        return await written(build)

    async def highlights(
        conversation: Conversation, messages: Sequence[Message], options: PhraseOptions
    ) -> dict[str, list[str]]:
        phrases: dict[str, list[str]] = {}
        if options.highlight_all_key_phrases or options.highlight_only_insight_key_phrases:
            for insight in await store.insights(conversation.application_id, conversation.id):
                for message_id in insight.message_ids:
                    phrases.setdefault(message_id, []).extend(phrase.text for phrase in insight.phrases)
        if options.highlight_all_key_phrases:
            for message in messages:
                phrases.setdefault(message.id, []).extend(phrase.text for phrase in message.phrases)
        return phrases

    return router


class _not_found:  # noqa: N801 (reads as a function)
    """Turn the store's `UnknownConversation` inside the block into a 404."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, UnknownConversation):
            raise ConversationNotFound from None


def _answer(example: str, summary: str) -> dict[str, Any]:
    """Return what every reading route says of itself."""
    return {
        "summary": summary,
        "response_model_exclude_none": True,
        "responses": {200: {"content": {"application/json": {"example": EXAMPLES[example]}}}},
    }


def _conditions(expression: str | None) -> tuple[Comparison, ...]:
    if not expression:
        return ()
    try:
        return parse_rsql(expression)
    except RsqlError as error:
        raise BadRequest(f"filter: {error}") from None


def _sort_fields(sort: str) -> tuple[SortField, ...]:
    fields = []
    for name in filter(None, (part.strip() for part in sort.split(","))):
        if (field := _SORT_FIELDS.get(_PREFIX + name.removeprefix(_PREFIX))) is None:
            raise BadRequest(f"sort: cannot sort by {name!r}; possible are {', '.join(_SORT_FIELDS)}")
        fields.append(field)
    return tuple(fields) or ("startTime",)


def _window(start: datetime | None, end: datetime | None) -> dict[str, datetime]:
    """Return the window of time to list. Times without a zone are UTC.

    Without an end it stays open: a recording that was sent a moment ago "ends" when it would have been over.
    """
    now = datetime.now(UTC)
    until = shapes.in_utc(end) if end else None
    window = {} if until is None else {"ended_until": until}
    if start is None:
        return window | {"started_from": _earlier(until or now, _DEFAULT_WINDOW)}
    start = shapes.in_utc(start)
    if start >= now:
        raise BadRequest("startTime: must be in the past")
    if until is not None and start >= until:
        raise BadRequest("startTime: must be before endTime")
    return window | {"started_from": start}


def _earlier(moment: datetime, by: timedelta) -> datetime:
    try:
        return moment - by
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)


def _metadata(raw: bytes) -> dict[str, str]:
    """Read the body of a metadata update by hand: FastAPI's reader would hide a key given twice."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise BadRequest("metadata: a key is given twice")
        return found

    try:
        body = json.loads(raw, object_pairs_hook=unique)
    except (ValueError, RecursionError):
        raise BadRequest("the request body is not valid JSON") from None
    metadata = body.get("metadata") if isinstance(body, dict) else None
    if not isinstance(metadata, dict):
        raise BadRequest("metadata: an object is required")
    for key, value in metadata.items():
        if not isinstance(value, str) or len(value) > _METADATA_CHARS:
            raise BadRequest(f"metadata.{key}: must be a string of at most {_METADATA_CHARS} characters")
    return cast(dict[str, str], metadata)


def _topic_feeling(topic: Topic, feelings: Mapping[str, float]) -> float | None:
    """Return the topic's own sentiment, else the mean over the messages it is about."""
    if topic.sentiment is not None:
        return topic.sentiment
    scores = [feelings[message_id] for message_id in topic.message_ids if message_id in feelings]
    return sum(scores) / len(scores) if scores else None
