"""The pages behind signed addresses: one conversation, or the list of them, written out by the server.

They need no script and no sign-in: the token in the address says what may be seen, and how it looks.
"""

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.templating import Jinja2Templates

from earful import __version__
from earful.accounts.shares import Share, Shares
from earful.accounts.types import InvalidToken
from earful.conversation.types import Conversation
from earful.insight.analytics import analyse
from earful.jobs.digests import Digests, TooShort
from earful.store.attachments import AttachmentStore
from earful.store.conversations import (
    ConversationQuery,
    ConversationStore,
    UnknownConversation,
    UnknownMember,
)

__all__ = ["experience_router"]

_HERE = Path(__file__).parent
_MONTH_S = 2_592_000
_LISTED = 200
_MAX_FORM = 4096


def experience_router(
    shares: Shares, conversations: ConversationStore, attachments: AttachmentStore, digests: Digests
) -> APIRouter:
    """Return the routes of shared pages, to be included at the root of the server."""
    pages = APIRouter(include_in_schema=False)
    templates = Jinja2Templates(_HERE / "templates")

    def page(request: Request, template: str, status: int = 200, **shown: Any) -> Response:
        nonce = secrets.token_urlsafe(16)
        shown = {"version": __version__, "nonce": nonce, **shown}
        response = templates.TemplateResponse(request, template, shown, status)
        response.headers.update(_headers(nonce, shown.get("look") or {}, shown.get("media")))
        return response

    def closed(request: Request, status: int, reason: str) -> Response:
        return page(request, "experience_closed.html", status, reason=reason)

    async def share_of(request: Request, conversation_id: str | None) -> Share | None:
        try:
            share = await shares.verify(request.query_params.get("o", ""))
        except InvalidToken:
            return None
        return share if share.conversation_id == conversation_id else None

    @pages.get("/experiences")
    async def listing(request: Request) -> Response:
        share = await share_of(request, None)
        if share is None:
            return closed(request, 403, "This address is not valid, or has run out. Ask for a new one.")
        query = ConversationQuery(limit=_LISTED, descending=True)
        rows = []
        for one in await conversations.list(share.application_id, query):
            look = {"name": "verbose-text-summary", "callScore": bool(share.look.get("callScore"))}
            token = await shares.sign(Share(share.application_id, one.id, True, look), _MONTH_S)
            rows.append((one, f"/experiences/{one.id}?o={token}"))
        return page(request, "experiences.html", rows=rows)

    @pages.get("/experiences/{conversation_id}")
    async def conversation(request: Request, conversation_id: str) -> Response:
        share = await share_of(request, conversation_id)
        if share is None:
            return closed(request, 403, "This address is not valid, or has run out. Ask for a new one.")
        found = await conversations.get(share.application_id, conversation_id)
        if found is None:
            return closed(request, 404, "This conversation was deleted.")
        try:
            shown = await _everything(share, found, request.query_params)
        except UnknownConversation:
            return closed(request, 404, "This conversation was deleted.")
        return page(request, "experience.html", **shown)

    @pages.post("/experiences/{conversation_id}/members/{member_id}")
    async def rename(request: Request, conversation_id: str, member_id: str) -> Response:
        share = await share_of(request, conversation_id)
        if share is None or share.read_only:
            return closed(request, 403, "Nothing can be changed under this address.")
        read = bytearray()
        async for chunk in request.stream():
            read += chunk
            if len(read) > _MAX_FORM:
                return closed(request, 413, "That name is too long.")
        name = _form(bytes(read)).get("name", "").strip()
        if name:
            members = await conversations.members(share.application_id, conversation_id)
            email = next((one.email for one in members if one.id == member_id), None)
            try:
                await conversations.update_member(
                    share.application_id, conversation_id, member_id, name=name[:256], email=email
                )
            except (UnknownMember, UnknownConversation):
                return closed(request, 404, "There is no such attendee.")
        token = request.query_params["o"]
        return RedirectResponse(f"/experiences/{conversation_id}?o={token}", 303)

    async def _everything(share: Share, found: Conversation, tuning: Mapping[str, str]) -> dict[str, Any]:
        owner, cid = found.application_id, found.id
        look = share.look
        messages = await conversations.messages(owner, cid)
        insights = await conversations.insights(owner, cid)
        topics = list(await conversations.topics(owner, cid))
        least = _number(tuning.get("insights.minScore"), 0.0)
        if tuning.get("topics.orderBy") == "position":
            places = {message.id: place for place, message in enumerate(messages)}
            topics.sort(key=lambda one: min((places.get(i, 0) for i in one.message_ids), default=0))
        kept = await attachments.list(owner, cid, "media")
        media = look.get("videoUrl") or look.get("audioUrl") or (kept[-1].body["url"] if kept else None)
        score = None
        if look.get("callScore"):
            try:
                score = await digests.call_score(found)
            except TooShort:
                score = None
        audio = look.get("name") == "audio-summary"
        # What is made of half a conversation would be kept for all of it.
        jobs = await digests.jobs_of(found)
        unfinished = any(job.status in ("scheduled", "in_progress") for job in jobs)
        return {
            "conversation": found,
            "name": found.name or f"Conversation {found.id}",
            "names": {m.id: m.name or m.email or m.user_id for m in found.members},
            "messages": messages,
            "topics": topics if _flag(tuning.get("topics.enabled"), True) else [],
            "insights": {
                title: [one for one in insights if one.kind == kind and one.score >= least]
                for title, kind in _KINDS
            },
            "assignees": _flag(tuning.get("insights.enableAssignee"), True),
            "titles": _flag(tuning.get("insights.enableInsightTitle"), True),
            "summary": () if unfinished else await digests.summaries(found),
            "trackers": await conversations.trackers(owner, cid),
            "analytics": analyse(messages, [member.id for member in found.members]),
            "score": score,
            "media": media,
            "is_audio": audio or (media or "").split("?")[0].lower().endswith((".mp3", ".wav", ".ogg")),
            "look": look,
            "editable": not share.read_only,
            "token": tuning.get("o", ""),
            "length": max((message.end for message in messages), default=0.0),
        }

    return pages


_KINDS = (("Action items", "action_item"), ("Follow-ups", "follow_up"), ("Questions", "question"))


def _number(text: str | None, fallback: float) -> float:
    try:
        return float(text) if text else fallback
    except ValueError:
        return fallback


def _flag(text: str | None, fallback: bool) -> bool:
    return fallback if not text else text.strip().lower() in ("true", "1", "yes")


def _form(body: bytes) -> dict[str, str]:
    return dict(parse_qsl(body.decode("utf-8", "replace")))


def _origin(address: str | None) -> str:
    if not address:
        return ""
    parts = urlsplit(address)
    return f" {parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _headers(nonce: str, look: Mapping[str, Any], media: str | None) -> dict[str, str]:
    """Return headers that let a page load nothing but its own style, pictures and recording."""
    images = _origin(look.get("logo")) + _origin(look.get("favicon"))
    policy = {
        "default-src": "'none'",
        "style-src": f"'self' 'nonce-{nonce}'",
        "img-src": f"'self' data:{images}",
        "media-src": f"'self'{_origin(media)}",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        # The address is the key: it must not reach other sites, nor stay in caches.
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "X-Robots-Tag": "noindex",
    }
