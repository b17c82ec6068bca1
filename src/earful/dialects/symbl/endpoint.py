"""Symbl's Telephony API: calls begun and ended over REST, and who talks in them.

Source: symbl-telephony.md §2, §3, §5.
"""

import asyncio
import base64
import contextlib
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field

from earful.accounts.service import Accounts
from earful.accounts.types import Application
from earful.conversation.types import InsightKind, Member
from earful.dialects.symbl.actions import read_actions
from earful.dialects.symbl.auth import application_dependency
from earful.dialects.symbl.bodies import Body
from earful.dialects.symbl.endpoint_body import ConnectBody, SpeakerEventBody
from earful.dialects.symbl.errors import ApiError, BadRequest, ErrorMessage
from earful.dialects.symbl.management import Library
from earful.dialects.symbl.speaker_events import tell
from earful.insight.types import InsightOptions
from earful.live.clock import Clock
from earful.live.hub import HubClosing
from earful.live.options import SessionOptions
from earful.mail import MailRefused, SummaryMail
from earful.settings import Settings
from earful.speech.types import LanguageNotAvailable, SpeechBusy, StreamOptions
from earful.store.conversations import ConversationStore, UnknownConversation
from earful.store.mails import Occasion
from earful.telephony.calls import Action, Call, CallElsewhere, CallPlan, TooManyCalls
from earful.telephony.engine import NotConfigured, Target
from earful.telephony.incoming import Prepare
from earful.telephony.service import Telephony
from earful.telephony.targets import BadTarget, NotAllowed, check_keys

__all__ = ["endpoint_router", "mail_of_calls", "options_of_calls"]

log = structlog.get_logger(__name__)

_STOP_S = 20.0
_ERRORS: dict[int | str, dict[str, Any]] = {
    400: {"model": ErrorMessage, "description": "A field is missing or not what it should be."},
    401: {"model": ErrorMessage, "description": "No valid token."},
    403: {"model": ErrorMessage, "description": "This server may not call that."},
    404: {"model": ErrorMessage, "description": "There is no such call."},
    429: {"model": ErrorMessage, "description": "The application has as many calls as it may."},
    501: {"model": ErrorMessage, "description": "Telephony is not configured on this server."},
    503: {"model": ErrorMessage, "description": "The server is full or being stopped."},
}


class SummaryUser(Body):
    """Whom a summary page is for."""

    id: str | None = None
    user_id: str | None = None
    name: str | None = None
    email: str | None = None


class SummaryInfo(Body):
    """A summary page, and whom it is for."""

    user: SummaryUser
    url: str


class Connection(Body):
    """A call: where its events go, where its results come from, and its conversation."""

    event_url: str
    result_web_socket_url: str
    connection_id: str
    conversation_id: str = Field(examples=["5104417326284800"])
    summary_info: list[SummaryInfo] | None = None


def options_of_calls(library: Library, settings: Settings) -> Prepare:
    """Return what gives a call its options: every tracker of the application, every kind of insight."""

    async def prepare(application_id: str, name: str) -> SessionOptions:
        return await _options(library, settings, application_id, name or None, settings.sip_language)

    return prepare


def mail_of_calls(mail: SummaryMail) -> Callable[[Call, Action], Awaitable[None]]:
    """Return what has the summary of a call mailed."""

    async def ask(call: Call, action: Action) -> None:
        try:
            await mail.request(
                call.application_id,
                call.conversation_id,
                action.emails,
                base_url=action.base_url,
                occasion=action.occasion,
            )
        except (MailRefused, UnknownConversation) as error:
            log.warning("the summary of a call is not mailed", connection=call.id, why=str(error))

    return ask


def endpoint_router(
    accounts: Accounts,
    store: ConversationStore,
    telephony: Telephony,
    library: Library,
    mail: SummaryMail,
    settings: Settings,
    clock: Clock,
    ready: Callable[[], Awaitable[bool]],
) -> APIRouter:
    """Return the routes. A call that is asked for before the server is `ready` waits for that."""
    router = APIRouter(prefix="/v1", tags=["Telephony"], responses=_ERRORS)
    Caller = Annotated[Application, Depends(application_dependency(accounts))]  # noqa: N806 (a type)
    calls = telephony.calls

    @router.post(
        "/endpoint:connect",
        summary="Begin or end a telephone call",
        status_code=201,
        response_model_exclude_none=True,
        responses={200: {"model": Connection, "description": "The call has been ended."}},
    )
    async def connect(request: Request, response: Response, caller: Caller, body: ConnectBody) -> Connection:
        """Call a telephone number or a SIP address, and listen; or end a call.

        A start is answered at once: whether anyone picks up shows on the result socket. A stop is answered
        when all that was said has been stored, also when the call was over before.
        """
        if (body.operation or ("start" if body.endpoint else None)) == "start":
            return _connection(await begin(caller, body, _base_url(request)), _base_url(request))
        if body.operation is None:
            raise BadRequest("operation: must be start or stop")
        if not body.connection_id:
            raise BadRequest("connectionId: is required to stop a call")
        response.status_code = 200
        call = await found(caller, body.connection_id)
        for action in _actions(mail, body.actions, _base_url(request), "stop"):
            await calls.act(call, action)
        call.hang_up("stopped", "the call was ended by request")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_STOP_S):
                await call.over.wait()
        members = await store.members(caller.id, call.conversation_id)
        return _connection(call, _base_url(request), members, call.emails)

    @router.post("/event/{connection_id}", summary="Say who is talking in a call")
    async def event(connection_id: str, caller: Caller, body: SpeakerEventBody) -> Response:
        """Attribute what is heard: someone began or stopped to speak, came or left."""
        call = await found(caller, connection_id)
        await tell(calls, call, body)
        return Response()

    async def found(caller: Application, connection_id: str) -> Call:
        try:
            call = await calls.find(caller.id, connection_id)
        except CallElsewhere as error:
            raise ApiError(503, f"{error}; ask that one, or try again later.", {"Retry-After": "5"}) from None
        if call is None:
            raise ApiError(404, "There is no call with that connectionId.")
        return call

    async def begin(caller: Application, body: ConnectBody, base_url: str) -> Call:
        if body.endpoint is None:
            raise BadRequest("endpoint: is required to start a call")
        if not await ready():
            raise ApiError(503, "The server is not ready; try again later.", {"Retry-After": "5"})
        try:
            telephony.engine.require()
            shown, target = await _target(telephony, body)
            plan = await planned(caller, body, shown, base_url)
            return await calls.dial(caller.id, target, plan)
        except NotConfigured as error:
            raise ApiError(501, str(error)) from None
        except NotAllowed as error:
            raise ApiError(403, str(error)) from None
        except (BadTarget, LanguageNotAvailable, ValueError) as error:
            raise BadRequest(str(error)) from None
        except TooManyCalls as error:
            raise ApiError(429, str(error), {"Retry-After": "30"}) from None
        except (SpeechBusy, HubClosing) as error:
            raise ApiError(503, str(error), {"Retry-After": "5"}) from None

    async def planned(caller: Application, body: ConnectBody, shown: str, base_url: str) -> CallPlan:
        endpoint, session = body.endpoint, body.data.session
        assert endpoint is not None, "checked before"
        options = await _options(
            library,
            settings,
            caller.id,
            session.name or f"Call to {shown.removeprefix('sip:').partition(';')[0]}"[:200],
            body.spoken_language(settings.sip_language),
            body.timezone_offset_min(clock.now()),
            body.told_kinds,
        )
        people = [one.user.member() for one in (*session.users, *session.user)]
        idle = endpoint.idle_timeout
        return CallPlan(
            options=options,
            shown=shown,
            keys=check_keys(endpoint.dtmf or ""),
            members=tuple(person for person in people if person is not None),
            actions=tuple(_actions(mail, body.actions, base_url)),
            idle_s=idle if idle is not None and idle > 0 else None,
            webhook_url=body.webhook_url,
        )

    def _base_url(request: Request) -> str:
        return settings.public_url or str(request.base_url).rstrip("/")

    return router


async def _options(
    library: Library,
    settings: Settings,
    application_id: str,
    name: str | None,
    language: str,
    timezone_offset_min: int = 0,
    told_kinds: frozenset[InsightKind] = frozenset(),
) -> SessionOptions:
    insights = InsightOptions(trackers=await library.trackers(application_id))
    return SessionOptions(
        speech=StreamOptions(language=language, endpoint_silence=settings.endpoint_silence),
        insights=insights,
        told_kinds=told_kinds or insights.kinds,
        name=name,
        timezone_offset_min=timezone_offset_min,
    )


async def _target(telephony: Telephony, body: ConnectBody) -> tuple[str, Target]:
    endpoint = body.endpoint
    assert endpoint is not None, "checked before"
    if endpoint.type == "pstn":
        return telephony.allowed.number(endpoint.phone_number or "")
    target = await telephony.allowed.sip(endpoint.uri or "", endpoint.transport)
    return target.uri, target


def _actions(
    mail: SummaryMail, given: object, base_url: str, occasion: Occasion | None = None
) -> list[Action]:
    """Return what is to be mailed; `occasion` counts whatever is asked for. Raises `BadRequest`."""
    try:
        return [
            Action(occasion or action.occasion, mail.check(action.emails), base_url)
            for action in read_actions(given)
        ]
    except ValueError as error:
        raise BadRequest(str(error)) from None


def _connection(
    call: Call, base_url: str, members: Sequence[Member] | None = None, emails: Sequence[str] = ()
) -> Connection:
    sockets = "ws" + base_url.removeprefix("http")
    summaries = None
    if members is not None:
        listed = {member.email or member.user_id for member in members}
        others = [Member(id="", user_id=email, email=email) for email in emails if email not in listed]
        summaries = [_summary(call, base_url, member) for member in (*members, *others)]
    return Connection(
        event_url=f"{base_url}/v1/event/{call.id}",
        result_web_socket_url=f"{sockets}/events/{call.id}",
        connection_id=call.id,
        conversation_id=call.conversation_id,
        summary_info=summaries,
    )


def _summary(call: Call, base_url: str, member: Member) -> SummaryInfo:
    user_id = member.user_id or member.email
    about = {"sessionId": call.conversation_id, "userId": user_id, "name": member.name or user_id}
    session = base64.b64encode(json.dumps(about, separators=(",", ":")).encode()).decode()
    user = SummaryUser(id=member.id or None, user_id=user_id, name=member.name or user_id, email=member.email)
    return SummaryInfo(user=user, url=f"{base_url}/meeting/#/{session}")
