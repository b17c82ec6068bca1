"""The pages of one conversation: behind signed addresses, and, as a part of a page, for its owner.

Both are the same HTML, written by the server: it is complete without a script, and with one it is played,
searched and put right. The token in an address says what may be seen and whether it may be changed. An
owner's page gets such a token too, with the HTML that it asks for, and keeps it out of its address.
"""

import asyncio
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response
from starlette.templating import Jinja2Templates

from earful import __version__
from earful.accounts.service import Accounts
from earful.accounts.shares import Share, Shares
from earful.accounts.types import InvalidToken
from earful.conversation.display import began, file_name, title
from earful.conversation.types import Conversation
from earful.dialects.symbl.auth import authenticate
from earful.jobs.digests import Digests
from earful.jobs.recordings import Recording, Recordings
from earful.pages.copies import FORMATS, Stored, write
from earful.pages.view import Views
from earful.store.attachments import AttachmentStore
from earful.store.conversations import (
    ConversationQuery,
    ConversationStore,
    UnknownConversation,
    UnknownMember,
    UnknownMessage,
)

__all__ = ["experience_router"]

_HERE = Path(__file__).parent
_MONTH_S = 2_592_000
_OWNER_S = 43_200
_LISTED = 200
_MAX_FORM = 65_536
_MAX_NAME = 256
_MAX_TEXT = 10_000
_EXPIRED = "This address is not valid, or has run out. Ask for a new one."
_DELETED = "This conversation was deleted."
_READ_ONLY = "Nothing can be changed under this address."


class _Closed(Exception):
    """What was asked for is not to be had; the message is for people."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


def experience_router(
    accounts: Accounts,
    shares: Shares,
    conversations: ConversationStore,
    attachments: AttachmentStore,
    digests: Digests,
    recordings: Recordings,
) -> APIRouter:
    """Return the routes of a conversation's pages, to be included at the root of the server."""
    pages = APIRouter(include_in_schema=False)
    templates = Jinja2Templates(_HERE / "templates")
    views = Views(conversations, attachments, digests, recordings)

    async def page(request: Request, template: str, status: int = 200, **shown: Any) -> Response:
        nonce = secrets.token_urlsafe(16)
        shown = {"version": __version__, "nonce": nonce, "look": {}, **shown}
        # In a thread: the page of a long conversation takes a while to be written.
        response = await asyncio.to_thread(templates.TemplateResponse, request, template, shown, status)
        response.headers.update(_headers(nonce, shown["look"], shown.get("media")))
        return response

    async def closed(request: Request, problem: _Closed) -> Response:
        if request.headers.get("accept") == "application/json":
            return JSONResponse({"message": str(problem)}, problem.status, headers=_PRIVATE)
        return await page(request, "experience_closed.html", problem.status, reason=str(problem))

    async def share_of(request: Request, conversation_id: str | None, *, change: bool = False) -> Share:
        try:
            share = await shares.verify(request.query_params.get("o", ""))
        except InvalidToken:
            raise _Closed(403, _EXPIRED) from None
        if share.conversation_id != conversation_id:
            raise _Closed(403, _EXPIRED)
        if change and share.read_only:
            raise _Closed(403, _READ_ONLY)
        return share

    async def opened(
        request: Request, conversation_id: str, *, change: bool = False
    ) -> tuple[Share, Conversation]:
        share = await share_of(request, conversation_id, change=change)
        found = await conversations.get(share.application_id, conversation_id)
        if found is None:
            raise _Closed(404, _DELETED)
        return share, found

    # -- what is shown ----------------------------------------------------------------------------

    @pages.get("/experiences")
    async def listing(request: Request) -> Response:
        try:
            share = await share_of(request, None)
        except _Closed as problem:
            return await closed(request, problem)
        query = ConversationQuery(limit=_LISTED, descending=True)
        rows = []
        for one in await conversations.list(share.application_id, query):
            look = {"name": "verbose-text-summary", "callScore": bool(share.look.get("callScore"))}
            token = await shares.sign(Share(share.application_id, one.id, True, look), _MONTH_S)
            rows.append((one, f"/experiences/{one.id}?o={token}"))
        return await page(request, "experiences.html", rows=rows, began=began, title=title)

    @pages.get("/experiences/{conversation_id}")
    async def experience(request: Request, conversation_id: str) -> Response:
        try:
            share, found = await opened(request, conversation_id)
            view = await views.of(found, share, request.query_params)
        except UnknownConversation:
            return await closed(request, _Closed(404, _DELETED))
        except _Closed as problem:
            return await closed(request, problem)
        token = request.query_params["o"]
        return await page(request, "experience.html", token=token, owner=False, **view.shown)

    @pages.get("/pages/conversations/{conversation_id}")
    async def owners(request: Request, conversation_id: str) -> Response:
        try:
            application = await authenticate(request, accounts)
        except InvalidToken:
            return JSONResponse({"message": "Sign in."}, 401, headers=_PRIVATE)
        found = await conversations.get(application.id, conversation_id)
        if found is None:
            return JSONResponse({"message": _DELETED}, 404, headers=_PRIVATE)
        share = Share(application.id, conversation_id)
        try:
            view = await views.of(found, share, {})
        except UnknownConversation:
            return JSONResponse({"message": _DELETED}, 404, headers=_PRIVATE)
        token = await shares.sign(share, _OWNER_S)
        shown = {"token": token, "owner": True, **view.shown}
        return await asyncio.to_thread(
            templates.TemplateResponse, request, "view.html", shown, headers=_PRIVATE
        )

    @pages.get("/experiences/{conversation_id}/copies/{format}")
    async def copy(request: Request, conversation_id: str, format: str) -> Response:
        if format not in FORMATS:
            return await closed(request, _Closed(404, "There is no such copy."))
        try:
            _, found = await opened(request, conversation_id)
            owner = (found.application_id, found.id)
            stored = Stored(
                found,
                await conversations.messages(*owner),
                await conversations.insights(*owner),
                await conversations.topics(*owner),
                [] if found.ended_at is None else await digests.summaries(found),
            )
        except UnknownConversation:
            return await closed(request, _Closed(404, _DELETED))
        except _Closed as problem:
            return await closed(request, problem)
        text, content_type = await asyncio.to_thread(write, stored, format)
        plain, shown = (
            f"conversation-{quote(conversation_id)}.{format}",
            quote(f"{file_name(found)}.{format}"),
        )
        disposition = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{shown}"
        headers = {**_PRIVATE, "Content-Disposition": disposition, "X-Content-Type-Options": "nosniff"}
        return Response(text, media_type=f"{content_type}; charset=utf-8", headers=headers)

    # -- the recordings ---------------------------------------------------------------------------

    async def recording(request: Request, conversation_id: str, recording_id: str) -> tuple[Share, Recording]:
        share, _ = await opened(request, conversation_id)
        for one in await recordings.of(share.application_id, conversation_id):
            if one.id == recording_id and one.type is not None:
                return share, one
        raise _Closed(404, "The recording is no longer there.")

    @pages.get("/experiences/{conversation_id}/recordings/{recording_id}")
    async def play(request: Request, conversation_id: str, recording_id: str) -> Response:
        try:
            _, found = await recording(request, conversation_id, recording_id)
        except UnknownConversation:
            return await closed(request, _Closed(404, _DELETED))
        except _Closed as problem:
            return await closed(request, problem)
        # Whatever an upload may hold besides: it is shown as sound, and as nothing else.
        headers = {**_PRIVATE, "X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox"}
        return FileResponse(found.path, media_type=found.type, headers=headers)

    @pages.get("/experiences/{conversation_id}/recordings/{recording_id}/peaks")
    async def peaks(request: Request, conversation_id: str, recording_id: str) -> Response:
        try:
            share, found = await recording(request, conversation_id, recording_id)
            values = await recordings.peaks(share.application_id, conversation_id, found)
        except UnknownConversation:
            return await closed(request, _Closed(404, _DELETED))
        except _Closed as problem:
            return await closed(request, problem)
        return JSONResponse({"peaks": values}, headers=_PRIVATE)

    # -- what may be put right --------------------------------------------------------------------

    async def changed(request: Request, conversation_id: str, part: str, value: str) -> Response:
        if request.headers.get("accept") == "application/json":
            return JSONResponse({part: value}, headers=_PRIVATE)
        token = request.query_params["o"]
        return RedirectResponse(f"/experiences/{quote(conversation_id)}?o={token}", 303)

    @pages.post("/experiences/{conversation_id}/members/{member_id}")
    async def rename(request: Request, conversation_id: str, member_id: str) -> Response:
        try:
            share, found = await opened(request, conversation_id, change=True)
            name = (await _form(request)).get("name", "").strip()[:_MAX_NAME]
            if not name:
                raise _Closed(400, "A name is needed.")
            email = next((one.email for one in found.members if one.id == member_id), None)
            await conversations.update_member(
                share.application_id, conversation_id, member_id, name=name, email=email
            )
        except (UnknownMember, UnknownConversation):
            return await closed(request, _Closed(404, "There is no such attendee."))
        except _Closed as problem:
            return await closed(request, problem)
        return await changed(request, conversation_id, "name", name)

    @pages.post("/experiences/{conversation_id}/messages/{message_id}")
    async def correct(request: Request, conversation_id: str, message_id: str) -> Response:
        try:
            share, _ = await opened(request, conversation_id, change=True)
            text = " ".join((await _form(request)).get("text", "").split())
            if not text:
                raise _Closed(400, "A sentence cannot be empty.")
            if len(text) > _MAX_TEXT:
                raise _Closed(400, "That is too long.")
            await conversations.correct(share.application_id, conversation_id, message_id, text)
        except (UnknownMessage, UnknownConversation):
            return await closed(request, _Closed(404, "There is no such sentence."))
        except _Closed as problem:
            return await closed(request, problem)
        return await changed(request, conversation_id, "text", text)

    return pages


async def _form(request: Request) -> dict[str, str]:
    read = bytearray()
    async for chunk in request.stream():
        read += chunk
        if len(read) > _MAX_FORM:
            raise _Closed(413, "That is too long.")
    return dict(parse_qsl(bytes(read).decode("utf-8", "replace")))


def _origin(address: str | None) -> str:
    if not address:
        return ""
    parts = urlsplit(address)
    return f" {parts.scheme}://{parts.netloc.rpartition('@')[2]}"


# The address is the key: it must not reach other sites, nor stay in caches.
_PRIVATE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


def _headers(nonce: str, look: Mapping[str, Any], media: str | None) -> dict[str, str]:
    """Return headers that let a page load nothing but what is ours, its pictures and its recording."""
    images = _origin(look.get("logo")) + _origin(look.get("favicon"))
    policy = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": f"'self' 'nonce-{nonce}'",
        "img-src": f"'self' data:{images}",
        "media-src": f"'self'{_origin(media)}",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    return {
        **_PRIVATE,
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "X-Content-Type-Options": "nosniff",
        "X-Robots-Tag": "noindex",
    }
