"""Symbl's experiences: signed addresses of pages that show a conversation to people without sign-in."""

import json
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field, ValidationError, field_validator

from earful.accounts.service import Accounts
from earful.accounts.shares import Share, Shares
from earful.accounts.types import Application
from earful.conversation.types import Conversation
from earful.dialects.symbl.auth import application_dependency
from earful.dialects.symbl.bodies import Body
from earful.dialects.symbl.digests import Refresh, SummaryList, summary_list
from earful.dialects.symbl.errors import BadRequest, ErrorMessage, describe
from earful.dialects.symbl.openapi import json_body, whole_schema
from earful.dialects.symbl.owned import conversation_dependency
from earful.jobs.digests import Digests
from earful.store.attachments import Attachment, AttachmentStore
from earful.store.conversations import ConversationStore

__all__ = ["experience_router"]

_Path = "/conversations/{conversation_id}"
_MONTH_S = 2_592_000
_CENTURY_S = 3_155_760_000
_NAMES = ("verbose-text-summary", "video-summary", "audio-summary")
_COLOR = r"^#[0-9A-Fa-f]{6}$"
_ERRORS: dict[int | str, dict[str, Any]] = {
    400: {"model": ErrorMessage, "description": "A field is missing or not what it should be."},
    401: {"model": ErrorMessage, "description": "No valid token."},
    404: {"model": ErrorMessage, "description": "The application has no such conversation."},
}


class Colors(Body):
    """Colours of the page, `#RRGGBB`."""

    background: str | None = Field(default=None, pattern=_COLOR)
    topics_filter: str | None = Field(default=None, pattern=_COLOR)
    insights_filter: str | None = Field(default=None, pattern=_COLOR)


class Font(Body):
    """The page's font, where the reader has it."""

    family: str | None = Field(default=None, pattern=r"^[A-Za-z0-9 \-]{1,64}$")


class ExperienceRequest(Body):
    """Which page, and how it is to look."""

    name: Literal["verbose-text-summary", "video-summary", "audio-summary"]
    video_url: str | None = None
    audio_url: str | None = None
    logo: str | None = None
    favicon: str | None = None
    color: Colors | None = None
    font: Font | None = None
    summary_url_expires_in: int = Field(
        default=_MONTH_S, ge=0, le=_CENTURY_S, alias="summaryURLExpiresIn", description="Seconds; 0: never."
    )
    read_only: bool = False

    @field_validator("video_url", "audio_url", "logo", "favicon")
    @classmethod
    def _address(cls, value: str | None) -> str | None:
        return _checked(value)


class Experience(Body):
    """The address of a page."""

    name: str
    url: str = Field(examples=["https://earful.example/experiences/5104417326284800?o=eyJ…"])


class Address(Body):
    """An address."""

    url: str = Field(examples=["https://media.example/call.mp3"])


class MediaAddress(Address):
    """The address of the recording to play in the page."""

    @field_validator("url")
    @classmethod
    def _address(cls, value: str) -> str:
        return _checked(value) or ""


def experience_router(
    accounts: Accounts,
    store: ConversationStore,
    attachments: AttachmentStore,
    digests: Digests,
    shares: Shares,
    public_url: str | None,
) -> APIRouter:
    """Return the routes that give addresses of pages under `public_url`, or else the request's host."""
    router = APIRouter(prefix="/v1", tags=["Experiences"], responses=_ERRORS)
    owned = conversation_dependency(accounts, store)
    Owned = Annotated[Conversation, Depends(owned)]  # noqa: N806 (a type)
    Caller = Annotated[Application, Depends(application_dependency(accounts))]  # noqa: N806 (a type)

    async def address(request: Request, share: Share, lifetime_s: int) -> str:
        base = public_url or str(request.base_url).rstrip("/")
        path = "/experiences" + (f"/{quote(share.conversation_id)}" if share.conversation_id else "")
        return f"{base}{path}?o={await shares.sign(share, lifetime_s)}"

    async def made(request: Request, conversation: Conversation, asked: ExperienceRequest) -> Experience:
        look = asked.model_dump(
            by_alias=True, exclude_none=True, exclude={"summary_url_expires_in", "read_only"}
        )
        share = Share(conversation.application_id, conversation.id, asked.read_only, look)
        return Experience(name=asked.name, url=await address(request, share, asked.summary_url_expires_in))

    @router.post(
        _Path + "/experiences",
        summary="Get the address of a page",
        openapi_extra=json_body(whole_schema(ExperienceRequest), {"name": "verbose-text-summary"}),
    )
    async def post_experience(request: Request, conversation: Owned, body: dict[str, Any]) -> Experience:
        """Get the address of a page that shows this conversation to whoever has the address."""
        return await made(request, conversation, _read(body))

    @router.post(_Path + "/summary", summary="Get the summary (or a page's address)")
    async def post_summary(
        request: Request,
        conversation: Owned,
        refresh: Refresh = None,
    ) -> SummaryList | Experience:
        """Get the summary; the newest vendor client asks here for experiences, by their `name`."""
        try:
            body = json.loads(await request.body() or b"{}")
        except (ValueError, RecursionError):
            raise BadRequest("the request body is not valid JSON") from None
        if isinstance(body, dict) and body.get("name") in _NAMES:
            return await made(request, conversation, _read(body))
        return await summary_list(digests, store, conversation, refresh)

    @router.get("/conversations/experiences/insights/details/{conversation_id}", summary="Address of a page")
    async def details(
        request: Request,
        conversation: Owned,
        score: Annotated[bool, Query(alias="includeCallScore")] = False,
    ) -> Address:
        """Get the address of a page that shows this conversation, with its call score if asked for."""
        look = {"name": "verbose-text-summary", "callScore": score}
        share = Share(conversation.application_id, conversation.id, True, look)
        return Address(url=await address(request, share, _MONTH_S))

    @router.get("/conversations/experiences/insights/list", summary="Address of the list page")
    async def listing(
        request: Request,
        application: Caller,
        score: Annotated[bool, Query(alias="includeCallScore")] = False,
    ) -> Address:
        """Get the address of a page that lists the application's conversations."""
        share = Share(application.id, None, True, {"callScore": score})
        return Address(url=await address(request, share, _MONTH_S))

    @router.put(_Path + "/experiences/url", summary="Set the recording that pages play")
    async def put_media(conversation: Owned, body: MediaAddress) -> Address:
        """Set the recording that pages of this conversation play, unless they were given one."""
        owner, cid = conversation.application_id, conversation.id
        await attachments.put(owner, cid, "media", [Attachment("url", {"url": body.url})])
        return Address(url=body.url)

    return router


def _read(body: dict[str, Any]) -> ExperienceRequest:
    if "audioURL" in body:
        body = {"audioUrl": body["audioURL"], **body}
    try:
        asked = ExperienceRequest.model_validate(body)
    except ValidationError as error:
        raise BadRequest(describe(error.errors())) from None
    return asked


def _checked(value: str | None) -> str | None:
    """Return an address that a page may load. Raises `ValueError`."""
    if value is None or not value.strip():
        return None
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        raise ValueError("not an address") from None
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not host or len(value) > 2048:
        raise ValueError("must be an address that begins with http:// or https://")
    if not all(char.isalnum() or char in ".-" for char in host) or not host.isascii() or port == 0:
        raise ValueError("the host of the address is not a plain name")
    return value
