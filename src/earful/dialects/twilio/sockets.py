"""The WebSocket that Twilio streams a call to: a thin shell around `TwilioSession`."""

import asyncio

import structlog
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket

from earful.accounts.service import Accounts
from earful.accounts.types import Application, InvalidToken
from earful.audio.decoders import StreamDecoder, open_stream_decoder
from earful.conversation.ids import new_uuid
from earful.conversation.types import Member
from earful.dialects.twilio.protocol import Begin, Effect, End, Hear, Refuse, TwilioSession
from earful.insight.types import InsightOptions
from earful.live.bus import Delivery
from earful.live.hub import HubClosing, LiveHub
from earful.live.options import SessionOptions
from earful.live.participant import Participant
from earful.settings import Settings
from earful.speech.types import LanguageNotAvailable, SpeechBusy, StreamOptions

__all__ = ["twilio_routes"]

log = structlog.get_logger(__name__)

_START_S = 15.0
_TRY_AGAIN_LATER = 1013


def twilio_routes(accounts: Accounts, hub: LiveHub, settings: Settings) -> list[BaseRoute]:
    """Return the endpoints: the conversation is named by the path, or else by the call's SID."""

    async def stream(websocket: WebSocket) -> None:
        await _Call(websocket, accounts, hub, settings).serve()

    return [
        WebSocketRoute("/v1/twilio", stream),
        WebSocketRoute("/v1/twilio/{connection_id:path}", stream),
    ]


class _Call:
    """One call: a participant and a decoder for each of its sides."""

    def __init__(self, websocket: WebSocket, accounts: Accounts, hub: LiveHub, settings: Settings) -> None:
        self._websocket = websocket
        self._accounts = accounts
        self._hub = hub
        self._settings = settings
        self._session = TwilioSession(presented=websocket.headers.get("x-api-key", "").strip())
        self._sides: dict[str, tuple[Participant, StreamDecoder]] = {}
        self._ended = False

    async def serve(self) -> None:
        """Run until the call is over or Twilio is gone."""
        await self._websocket.accept()
        try:
            async with asyncio.timeout(_START_S) as waiting:
                while (message := await self._websocket.receive())["type"] == "websocket.receive":
                    await self._perform(self._session.receive(message.get("text") or ""))
                    if self._ended:
                        break
                    if self._sides:
                        waiting.reschedule(None)
        except TimeoutError:
            await self._close(1008, f"no start message in {_START_S:g} seconds")
        except Exception:
            log.exception("a Twilio stream failed")
            await self._close(1011, "internal server error")
        finally:
            await asyncio.shield(asyncio.ensure_future(self._leave()))

    async def _perform(self, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case Begin():
                    await self._begin(effect)
                case Hear(track, audio):
                    if track in self._sides:
                        participant, decoder = self._sides[track]
                        participant.feed(decoder.feed(audio))
                case End():
                    await self._leave()
                    await self._close(1000, "")
                case Refuse(code, reason):
                    log.info("Twilio stream refused", reason=reason)
                    await self._close(code, reason)

    async def _begin(self, begin: Begin) -> None:
        try:
            application = await self._accounts.verify(begin.key)
            for track, name in begin.tracks.items():
                self._sides[track] = await self._join(application, begin, track, name)
        except InvalidToken:
            await self._close(1008, "the parameter apiKey is missing or not valid")
        except SpeechBusy as error:
            await self._close(_TRY_AGAIN_LATER, str(error))
        except HubClosing as error:
            await self._close(1012, str(error))
        except LanguageNotAvailable:
            log.warning("language not available", language=begin.language)
            await self._close(1008, f"language {begin.language[:20]!r} is not available")
        else:
            log.info("Twilio stream started", call_sid=begin.call_sid, tracks=list(begin.tracks))

    async def _join(
        self, application: Application, begin: Begin, track: str, name: str
    ) -> tuple[Participant, StreamDecoder]:
        room = self._websocket.path_params.get("connection_id") or begin.call_sid or new_uuid()
        options = SessionOptions(
            speech=StreamOptions(language=begin.language, endpoint_silence=self._settings.endpoint_silence),
            insights=InsightOptions(),
            told_kinds=InsightOptions().kinds,
            name=begin.name,
        )
        speaker = Member(id=new_uuid(), name=name, user_id=f"{begin.call_sid}/{track}")
        participant = await self._hub.join(application.id, room, options, speaker, _ignore)
        return participant, open_stream_decoder("MULAW", 8000)

    async def _leave(self) -> None:
        """Have the last words of each side heard, and leave the conversation. Idempotent."""
        sides, self._sides = self._sides, {}
        for participant, decoder in sides.values():
            try:
                participant.feed(decoder.flush())
                await participant.leave()
            except Exception:
                log.exception("a side of a call could not leave")
        if self._session.damaged:
            log.warning("audio of a Twilio stream was damaged", messages=self._session.damaged)

    async def _close(self, code: int, reason: str) -> None:
        if not self._ended:
            self._ended = True
            await self._websocket.close(code, reason)


def _ignore(_delivery: Delivery) -> None:
    """Twilio wants to hear nothing back; subscribers and the REST API have it all."""
