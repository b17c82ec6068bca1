"""The WebSocket endpoints of Symbl's Streaming, Subscribe and Telephony APIs: thin shells."""

import asyncio
import contextlib
from collections.abc import Sequence

import structlog
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket

from earful.accounts.service import Accounts
from earful.accounts.types import Application
from earful.audio.decoders import StreamDecoder, open_stream_decoder
from earful.audio.types import AudioError, BrokenAudio, Samples
from earful.dialects.symbl import messages
from earful.dialects.symbl.call_sockets import CallSocket
from earful.dialects.symbl.management import Library
from earful.dialects.symbl.protocol import StartRequest
from earful.dialects.symbl.streaming import (
    CancelTimer,
    Close,
    Effect,
    Leave,
    Mail,
    Retune,
    Send,
    SetTimer,
    Start,
    Stop,
    StreamingSession,
    member,
    session_options,
)
from earful.dialects.symbl.subscribe import SubscriberSession
from earful.dialects.symbl.wire import Door, Socket
from earful.live.buffer import TooSlow
from earful.live.bus import Delivery
from earful.live.clock import Timer
from earful.live.hub import HubClosing, LiveHub
from earful.live.participant import Participant
from earful.live.subscription import Subscription
from earful.mail import MailRefused, SummaryMail
from earful.settings import Settings
from earful.speech.types import LanguageNotAvailable, SpeechBusy
from earful.store.conversations import UnknownConversation
from earful.telephony.calls import CallElsewhere, Calls

__all__ = ["websocket_routes"]

log = structlog.get_logger(__name__)

_LARGE_CHUNK = {"LINEAR16": 1 << 18, "MULAW": 1 << 17, "ALAW": 1 << 17}
_LARGE_COMPRESSED_CHUNK = 1 << 13
_FAR_AHEAD_S = 120.0
_TRY_AGAIN_LATER = 1013


def websocket_routes(
    accounts: Accounts,
    hub: LiveHub,
    settings: Settings,
    library: Library,
    mail: SummaryMail,
    calls: Calls,
) -> list[BaseRoute]:
    """Return the endpoints. A connection id is all that follows the prefix, percent-decoded once.

    `library` has the trackers and entities that applications keep. A connection id may be that of a
    telephone call.
    """
    door = Door(accounts, hub, settings)

    async def streaming(websocket: WebSocket) -> None:
        async with door.admitted(websocket, speaks=True) as application:
            if application is not None:
                await _StreamingSocket(websocket, application, hub, settings, library, mail).serve()

    async def subscribe(websocket: WebSocket) -> None:
        async with door.admitted(websocket, speaks=False) as application:
            if application is None:
                return
            try:
                call = await calls.find(application.id, websocket.path_params["connection_id"])
            except CallElsewhere:
                call = None
            if call is None:
                await _SubscriberSocket(websocket, application, hub, settings).serve()
            else:
                await CallSocket(websocket, application, hub, settings, calls, call).serve()

    return [
        WebSocketRoute("/v1/streaming/{connection_id:path}", streaming),
        WebSocketRoute("/v1/realtime/insights/{connection_id:path}", streaming),
        WebSocketRoute("/v1/subscribe/{connection_id:path}", subscribe),
        WebSocketRoute("/session/subscribe/{connection_id:path}", subscribe),
        WebSocketRoute("/events/{connection_id:path}", subscribe),
    ]


class _StreamingSocket(Socket):
    """A socket that speaks."""

    def __init__(
        self,
        websocket: WebSocket,
        application: Application,
        hub: LiveHub,
        settings: Settings,
        library: Library,
        mail: SummaryMail,
    ) -> None:
        super().__init__(websocket, hub, settings)
        self._application = application
        self._library = library
        self._mail = mail
        self._session = StreamingSession(source=websocket.query_params.get("source"), base_url=self._base_url)
        self._participant: Participant | None = None
        self._decoder: StreamDecoder | None = None
        self._large_chunk = 0
        self._timer: Timer | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self) -> None:
        """Run until the peer is gone, and then bring to its end what it began."""
        writer = asyncio.create_task(self._write())
        try:
            await self._perform(self._session.opened())
            while (message := await self._receive())["type"] == "websocket.receive":
                data = message.get("bytes")
                if data is None:
                    await self._take_text(message["text"])
                elif self._session.listening:
                    await self._take_audio(data)
        except Exception:
            log.exception("a streaming socket failed", application=self._application.id)
            await self._perform(self._session.failed("the server failed to go on with this session"))
        finally:
            self._set_timer(None)
            # The peer may be gone; what it said is not.
            ending = asyncio.ensure_future(self._end_participation())
            try:
                await asyncio.shield(ending)
            finally:
                await self._finish_writing(writer)

    async def _end_participation(self) -> None:
        if self._participant is None:
            return
        try:
            await self._flush_decoder(tell=False)
            if self._session.stopped_by_client:
                await self._participant.leave()
            else:
                await self._participant.cut()
        except Exception:
            log.exception("a participant could not leave", application=self._application.id)

    async def _take_text(self, text: str) -> None:
        limit = self._settings.max_frame_bytes
        if len(text) > limit:
            await self._perform(self._session.oversized(len(text), limit))
        else:
            await self._perform(self._session.text(text))

    async def _take_audio(self, data: bytes) -> None:
        """Decode a chunk and pass it on. In the usual case nothing here waits."""
        decoder, participant = self._decoder, self._participant
        if decoder is None or participant is None:
            return
        if len(data) > self._settings.max_frame_bytes:
            await self._perform(self._session.oversized(len(data), self._settings.max_frame_bytes))
            return
        try:
            if len(data) < self._large_chunk:
                samples = decoder.feed(data)
            else:
                samples = await asyncio.to_thread(decoder.feed, data)
        except BrokenAudio as error:
            samples = error.samples
            await self._perform(self._session.audio_broken(str(error), self._hub.clock.time()))
        participant.feed(samples)
        if participant.ahead > _FAR_AHEAD_S:
            # A recording, pushed faster than it plays: let it wait at the sender.
            await asyncio.sleep(1.0)

    # -- effects ----------------------------------------------------------------------------------

    async def _perform(self, effects: Sequence[Effect]) -> None:
        for effect in effects:
            match effect:
                case Send() | Close():
                    self._send(effect)
                case Start(request):
                    await self._perform(await self._start(request))
                case Stop():
                    await self._flush_decoder()
                    if self._participant is not None:
                        await self._participant.stop()
                    await self._perform(self._session.stopped())
                case Leave():
                    await self._flush_decoder()
                    if self._participant is not None:
                        await self._participant.leave()
                    await self._perform(self._session.left())
                case Mail():
                    await self._have_mailed(effect)
                case Retune(encoding, rate):
                    await self._perform(await self._retune(encoding, rate))
                case SetTimer(seconds):
                    self._set_timer(seconds)
                case CancelTimer():
                    self._set_timer(None)

    async def _start(self, request: StartRequest) -> Sequence[Effect]:
        stored = await self._library.trackers(self._application.id) if request.stored_trackers else ()
        entities = await self._library.entities(self._application.id) if request.detect_entities else ()
        options = session_options(
            request,
            endpoint_silence=self._settings.endpoint_silence,
            stored_trackers=stored,
            custom_entities=entities,
        )
        speaker = member(request.speaker)
        try:
            decoder = open_stream_decoder(request.encoding, request.sample_rate_hz)
            if self._participant is None:
                self._participant = await self._hub.join(
                    self._application.id, self._name, options, speaker, self._hear
                )
            else:
                await self._participant.resume(options, speaker)
        except SpeechBusy as error:
            return self._session.start_failed(str(error), _TRY_AGAIN_LATER)
        except HubClosing as error:
            return self._session.start_failed(str(error), 1012)
        except (AudioError, LanguageNotAvailable) as error:
            return self._session.start_failed(str(error))
        await self._flush_decoder()
        self._decode_with(decoder, request.encoding)
        return self._session.started(self._participant.conversation_id, self._participant.id)

    async def _have_mailed(self, mail: Mail) -> None:
        if self._participant is None or not (mail.asked or self._mail.mails_speakers):
            return
        try:
            await self._mail.request(
                self._application.id,
                self._participant.conversation_id,
                mail.action.emails,
                base_url=self._base_url,
                occasion=mail.action.occasion,
            )
        except MailRefused as error:
            if mail.asked:
                self._send(Send(messages.error(str(error))))
        except UnknownConversation:
            log.debug("a mail was asked for about a conversation that was deleted")

    async def _retune(self, encoding: str, sample_rate_hz: float) -> Sequence[Effect]:
        try:
            decoder = open_stream_decoder(encoding, sample_rate_hz)
        except AudioError as error:
            return self._session.retune_failed(str(error))
        await self._flush_decoder()
        self._decode_with(decoder, encoding)
        return self._session.retuned(encoding, sample_rate_hz)

    def _decode_with(self, decoder: StreamDecoder, encoding: str) -> None:
        self._decoder = decoder
        self._large_chunk = _LARGE_CHUNK.get(encoding.upper(), _LARGE_COMPRESSED_CHUNK)

    async def _flush_decoder(self, *, tell: bool = True) -> None:
        """Pass on what the decoder held back, and part with it."""
        decoder, self._decoder = self._decoder, None
        if decoder is None:
            return
        samples: Samples
        try:
            samples = decoder.flush()
        except BrokenAudio as error:
            samples = error.samples
            if tell:
                await self._perform(self._session.audio_broken(str(error), self._hub.clock.time()))
        if self._participant is not None:
            self._participant.feed(samples)

    def _hear(self, delivery: Delivery) -> None:
        for effect in self._session.event(delivery):
            if isinstance(effect, Send | Close):
                self._send(effect)
            else:
                self._set_timer(None)

    def _set_timer(self, seconds: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if seconds is None else self._hub.clock.call_later(seconds, self._on_timer)

    def _on_timer(self) -> None:
        task = asyncio.create_task(self._perform(self._session.timer_expired()))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class _SubscriberSocket(Socket):
    """A socket that listens."""

    def __init__(
        self, websocket: WebSocket, application: Application, hub: LiveHub, settings: Settings
    ) -> None:
        super().__init__(websocket, hub, settings)
        self._application = application
        self._session = SubscriberSession(self._base_url)

    async def serve(self) -> None:
        """Run until the conversation is complete or the peer is gone."""
        writer = asyncio.create_task(self._write())
        subscription = self._hub.subscribe(self._application.id, self._name)
        teller = asyncio.create_task(self._tell(subscription))
        try:
            while (message := await self._receive())["type"] == "websocket.receive":
                text = message.get("text")
                if text is not None:
                    for effect in self._session.text(text[: self._settings.max_frame_bytes]):
                        self._send(effect)
        finally:
            subscription.close()
            await asyncio.wait([teller])
            await self._finish_writing(writer)

    async def _tell(self, subscription: Subscription) -> None:
        with contextlib.suppress(TooSlow):
            async for delivery in subscription:
                for effect in self._session.event(delivery):
                    self._send(effect)
