"""The WebSocket endpoints of Symbl's Streaming and Subscribe APIs: thin shells around their rules."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence

import structlog
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.types import Message
from starlette.websockets import WebSocket

from earful.accounts.service import Accounts
from earful.accounts.types import Application, InvalidToken
from earful.audio.decoders import StreamDecoder, open_stream_decoder
from earful.audio.types import AudioError, BrokenAudio, Samples
from earful.dialects.symbl import messages
from earful.dialects.symbl.auth import authenticate
from earful.dialects.symbl.errors import TOKEN_REFUSED, error_response
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
from earful.live.buffer import BoundedBuffer, TooSlow
from earful.live.bus import Delivery
from earful.live.clock import Timer
from earful.live.hub import HubClosing, LiveHub
from earful.live.participant import Participant
from earful.live.subscription import Subscription
from earful.mail import MailRefused, SummaryMail
from earful.settings import Settings
from earful.speech.types import LanguageNotAvailable, SpeechBusy
from earful.store.conversations import UnknownConversation

__all__ = ["websocket_routes"]

log = structlog.get_logger(__name__)

_OUTBOX_FRAMES = 512
_LARGE_CHUNK = {"LINEAR16": 1 << 18, "MULAW": 1 << 17, "ALAW": 1 << 17}
_LARGE_COMPRESSED_CHUNK = 1 << 13
_FAR_AHEAD_S = 120.0
_CLOSE_S = 10.0
_TRY_AGAIN_LATER = 1013
_ENDED = {"type": "websocket.disconnect"}


def websocket_routes(
    accounts: Accounts, hub: LiveHub, settings: Settings, library: Library, mail: SummaryMail
) -> list[BaseRoute]:
    """Return the endpoints. A connection id is all that follows the prefix, percent-decoded once.

    `library` has the trackers and entities that applications keep.
    """
    door = _Door(accounts, hub, settings)

    async def streaming(websocket: WebSocket) -> None:
        async with door.admitted(websocket, speaks=True) as application:
            if application is not None:
                await _StreamingSocket(websocket, application, hub, settings, library, mail).serve()

    async def subscribe(websocket: WebSocket) -> None:
        async with door.admitted(websocket, speaks=False) as application:
            if application is not None:
                await _SubscriberSocket(websocket, application, hub, settings).serve()

    return [
        WebSocketRoute("/v1/streaming/{connection_id:path}", streaming),
        WebSocketRoute("/v1/realtime/insights/{connection_id:path}", streaming),
        WebSocketRoute("/v1/subscribe/{connection_id:path}", subscribe),
        WebSocketRoute("/session/subscribe/{connection_id:path}", subscribe),
    ]


class _Door:
    """Lets sockets in: a valid token, a connection id, and room for one more."""

    def __init__(self, accounts: Accounts, hub: LiveHub, settings: Settings) -> None:
        self._accounts = accounts
        self._hub = hub
        self._limit = settings.max_sockets_per_application
        self._open: Counter[str] = Counter()

    @contextlib.asynccontextmanager
    async def admitted(self, websocket: WebSocket, *, speaks: bool) -> AsyncIterator[Application | None]:
        """Accept the handshake and give the application, or refuse it over HTTP and give None."""
        try:
            application = await authenticate(websocket, self._accounts)
        except InvalidToken:
            await _refuse(websocket, 401, TOKEN_REFUSED, {"WWW-Authenticate": "Bearer"})
            yield None
            return
        if not websocket.path_params["connection_id"]:
            await _refuse(websocket, 404, "The connection id is missing.")
            yield None
            return
        if self._open[application.id] >= self._limit:
            message = f"The limit of {self._limit} concurrent connections is reached."
            await _refuse(websocket, 429, message, {"Retry-After": "10"})
            yield None
            return
        capacity = self._hub.speech.capacity()
        if speaks and capacity.limit is not None and capacity.streams >= capacity.limit:
            await _refuse(websocket, 503, str(SpeechBusy()), {"Retry-After": "5"})
            yield None
            return
        self._open[application.id] += 1
        try:
            # Clients that offer their token as a subprotocol fail unless they get it back.
            offered = websocket.scope.get("subprotocols") or [None]
            await websocket.accept(subprotocol=offered[0])
            yield application
        finally:
            self._open[application.id] -= 1
            if not self._open[application.id]:
                del self._open[application.id]


async def _refuse(
    websocket: WebSocket, status: int, message: str, headers: dict[str, str] | None = None
) -> None:
    await websocket.send_denial_response(error_response(status, message, headers))


class _Socket:
    """What both kinds of socket share: a reader, and a writer that no client can hold up or swell."""

    def __init__(self, websocket: WebSocket, hub: LiveHub, settings: Settings) -> None:
        self._websocket = websocket
        self._hub = hub
        self._settings = settings
        self._name: str = websocket.path_params["connection_id"]
        self._outbox: BoundedBuffer[Send | Close] = BoundedBuffer(_OUTBOX_FRAMES)
        scheme = "https" if websocket.url.scheme == "wss" else "http"
        host = websocket.headers.get("host", "localhost")
        self._base_url = settings.public_url or f"{scheme}://{host}"

    def _send(self, frame: Send | Close) -> None:
        self._outbox.put(frame, droppable=isinstance(frame, Send) and frame.droppable)
        if isinstance(frame, Close):
            self._outbox.end()
        elif self._outbox.overflown:
            log.info("a client reads too slowly and is cut off")
            self._abort()

    async def _write(self) -> None:
        """Send what is in the outbox, one frame after the other, until the end or the peer is gone."""
        try:
            while (frame := await self._outbox.get()) is not None:
                if isinstance(frame, Send):
                    await self._websocket.send({"type": "websocket.send", "text": frame.text})
                else:
                    async with asyncio.timeout(_CLOSE_S):
                        await self._websocket.close(frame.code, frame.reason)
                    # Should the peer neither read nor answer, the connection must end all the same.
                    asyncio.get_running_loop().call_later(_CLOSE_S, self._abort)
        except (TooSlow, TimeoutError):
            self._abort()
        except Exception as error:
            # The peer is gone, which its reader finds out too.
            log.debug("a frame could not be sent", error=type(error).__name__)
        finally:
            self._outbox.end()

    def _abort(self) -> None:
        """Cut the connection without waiting for what was not read."""
        abort: Callable[[], None] | None = self._websocket.scope["extensions"].get("earful.abort")
        if abort is not None:
            abort()

    async def _receive(self) -> Message:
        try:
            return await self._websocket.receive()
        except RuntimeError:  # closed while it was waited for
            return _ENDED

    async def _finish_writing(self, writer: "asyncio.Task[None]") -> None:
        self._outbox.end()
        _, late = await asyncio.wait([writer], timeout=_CLOSE_S)
        for task in late:
            task.cancel()
            self._abort()


class _StreamingSocket(_Socket):
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


class _SubscriberSocket(_Socket):
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
