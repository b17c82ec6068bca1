"""The WebSocket of Bodhi's streaming recognition: a thin shell around `Session`."""

import asyncio
import contextlib
import json
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Callable

import structlog
from starlette.responses import JSONResponse
from starlette.types import Message
from starlette.websockets import WebSocket

from earful.accounts.service import Accounts
from earful.accounts.types import Application
from earful.audio.decoders import StreamDecoder, open_stream_decoder
from earful.audio.types import BrokenAudio
from earful.dialects.bodhi.access import Meter, admit
from earful.dialects.bodhi.errors import BodhiError, error_body
from earful.dialects.bodhi.listening import Listening
from earful.dialects.bodhi.models import ModelTable
from earful.dialects.bodhi.session import Close, Effect, Feed, Flush, Limits, Open, Send, Session
from earful.live.buffer import BoundedBuffer, TooSlow
from earful.settings import Settings
from earful.speech.types import Hypothesis, SpeechBusy, SpeechService, SpeechStream

__all__ = ["BodhiSockets", "Throttle"]

log = structlog.get_logger(__name__)

_OUTBOX_FRAMES = 1024
_TICK_S = 0.1
_SETTLE_S = 5.0
_CLOSE_S = 10.0
_LARGE_CHUNK = 1 << 18


class Throttle:
    """Slows down a sender who is minutes ahead of the clock: the rest of the recording waits there."""

    AHEAD_S = 120.0
    SPEED = 20.0

    def __init__(self) -> None:
        self._began = time.monotonic()

    async def pause(self, audio_s: float) -> None:
        """Wait a moment if `audio_s` seconds of audio have come sooner than can be heard."""
        if audio_s - (time.monotonic() - self._began) * self.SPEED > self.AHEAD_S:
            await asyncio.sleep(0.1)


class BodhiSockets:
    """The endpoint, and the sessions that go on behind it."""

    def __init__(
        self, accounts: Accounts, speech: SpeechService, models: ModelTable, settings: Settings
    ) -> None:
        self.accounts = accounts
        self.speech = speech
        self.models = models
        self.settings = settings
        self.listening = Listening(speech)
        self._sessions: set[_Socket] = set()
        self._open: Counter[str] = Counter()
        self._closing = False

    async def serve(self, websocket: WebSocket) -> None:
        """Serve one connection until it is over."""
        try:
            async with self._admitted(websocket) as application:
                socket = _Socket(websocket, application, self)
                self._sessions.add(socket)
                try:
                    await socket.serve()
                finally:
                    self._sessions.discard(socket)
        except BodhiError as error:
            log.info("handshake refused", code=error.code)
            await websocket.send_denial_response(JSONResponse(error_body(error), error.code))

    async def close(self, grace: float) -> None:
        """Take no new sessions, and bring each to its end, with its last words, within `grace` seconds."""
        self._closing = True
        if self._sessions:
            log.info("ending Bodhi sessions", sessions=len(self._sessions))
            ends = [asyncio.create_task(socket.shut_down()) for socket in self._sessions]
            _, late = await asyncio.wait(ends, timeout=grace)
            for task in late:
                task.cancel()

    @contextlib.asynccontextmanager
    async def _admitted(self, websocket: WebSocket) -> AsyncIterator[Application]:
        application = await admit(
            websocket, self.accounts, require_customer_id=self.settings.bodhi_require_customer_id
        )
        capacity = self.speech.capacity()
        full = capacity.limit is not None and capacity.streams >= capacity.limit
        if full or self._closing or self._open[application.id] >= self.settings.max_sockets_per_application:
            raise BodhiError(503, str(SpeechBusy()))
        self._open[application.id] += 1
        try:
            await websocket.accept()
            yield application
        finally:
            self._open[application.id] -= 1
            if not self._open[application.id]:
                del self._open[application.id]


class _Socket:
    """One connection: reader, writer and clock around the rules."""

    def __init__(self, websocket: WebSocket, application: Application, sockets: BodhiSockets) -> None:
        self._websocket = websocket
        self._application = application
        self._sockets = sockets
        limits = Limits(idle=sockets.settings.bodhi_idle_timeout)
        self._close_s = min(_CLOSE_S, limits.idle)
        self._session = Session(sockets.models, str(uuid.uuid4()), time.monotonic(), limits)
        self._meter = Meter(sockets.accounts, application.id)
        self._outbox: BoundedBuffer[Send | Close] = BoundedBuffer(_OUTBOX_FRAMES)
        self._decoder: StreamDecoder | None = None
        self._stream: SpeechStream | None = None
        self._throttle = Throttle()
        self._finishing: asyncio.Task[None] | None = None
        self._over = asyncio.Event()

    async def serve(self) -> None:
        """Run until the peer is gone or the session is over."""
        writer = asyncio.create_task(self._write())
        clock = asyncio.create_task(self._watch())
        try:
            await self._read()
        except Exception:
            log.exception("a Bodhi session failed", call_id=self._session.call_id)
            await self._perform(
                self._session.fail(BodhiError(500, "internal server error"), time.monotonic())
            )
        finally:
            clock.cancel()
            # The peer may be gone; what it used is not.
            ending = asyncio.ensure_future(self._end())
            try:
                await asyncio.shield(ending)
            finally:
                self._outbox.end()
                _, late = await asyncio.wait([writer], timeout=self._close_s)
                for task in late:
                    task.cancel()
                    self._abort()
                self._over.set()

    async def shut_down(self) -> None:
        """End the session because the server is being stopped, and wait for its end."""
        await self._perform(self._session.shut_down())
        await self._over.wait()

    async def _read(self) -> None:
        limit = self._sockets.settings.max_frame_bytes
        while (message := await self._receive())["type"] == "websocket.receive":
            text, data = message.get("text"), message.get("bytes")
            now = time.monotonic()
            if len(text or data or b"") > limit:
                error = BodhiError(400, f"a message is larger than {limit} bytes")
                await self._perform(self._session.fail(error, now))
            elif text is not None:
                await self._perform(self._session.receive_text(text, now))
            elif data is not None:
                await self._perform(self._session.receive_bytes(data, now))
                await self._throttle.pause(self._session.audio_seconds)

    async def _receive(self) -> Message:
        try:
            return await self._websocket.receive()
        except RuntimeError:  # closed while it was waited for
            return {"type": "websocket.disconnect"}

    async def _write(self) -> None:
        try:
            while (frame := await self._outbox.get()) is not None:
                if isinstance(frame, Send):
                    text = json.dumps(frame.message, ensure_ascii=False)
                    await self._websocket.send({"type": "websocket.send", "text": text})
                else:
                    async with asyncio.timeout(self._close_s):
                        await self._websocket.close(frame.code, frame.reason)
                    # Should the peer neither read nor answer, the connection must end all the same.
                    asyncio.get_running_loop().call_later(self._close_s, self._abort)
        except (TooSlow, TimeoutError):
            self._abort()
        except Exception as error:
            # The peer is gone, which its reader finds out too.
            log.debug("a frame could not be sent", error=type(error).__name__)
        finally:
            self._outbox.end()

    async def _watch(self) -> None:
        """Let the session know that time passes, and charge its audio now and then."""
        settled = time.monotonic()
        while True:
            await asyncio.sleep(_TICK_S)
            now = time.monotonic()
            await self._perform(self._session.tick(now))
            if now - settled >= _SETTLE_S and self._session.config is not None:
                settled = now
                try:
                    await self._meter.settle(self._session.audio_seconds)
                except BodhiError as error:
                    await self._perform(self._session.fail(error, time.monotonic()))
                except Exception:
                    log.exception("usage could not be recorded", customer=self._application.id)

    async def _perform(self, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case Send() | Close():
                    self._send(effect)
                case Open():
                    await self._open(effect)
                case Feed(data):
                    await self._feed(data)
                case Flush():
                    self._finishing = asyncio.create_task(self._finish())

    async def _open(self, wanted: Open) -> None:
        config = wanted.config
        try:
            self._stream = await self._sockets.listening.open(wanted, self._hear, self._session.identified)
        except BodhiError as error:
            await self._perform(self._session.fail(error, time.monotonic()))
            return
        self._decoder = open_stream_decoder("LINEAR16", config.sample_rate, config.channels)
        log.info(
            "session started",
            call_id=self._session.call_id,
            transaction_id=config.transaction_id,
            model=config.model,
            sample_rate=config.sample_rate,
            customer=self._application.id,
        )

    async def _feed(self, data: bytes) -> None:
        if self._decoder is None or self._stream is None:
            return
        try:
            if len(data) < _LARGE_CHUNK:
                samples = self._decoder.feed(data)
            else:
                samples = await asyncio.to_thread(self._decoder.feed, data)
        except BrokenAudio as error:
            await self._perform(self._session.fail(BodhiError(400, str(error)), time.monotonic()))
            return
        self._stream.feed(samples)

    async def _finish(self) -> None:
        """Have everything heard that was fed, and tell the client that this was all."""
        try:
            if self._stream is not None and self._decoder is not None:
                self._stream.feed(self._decoder.flush())
                await self._stream.flush()
            await self._perform(self._session.flushed(time.monotonic()))
        except Exception:
            log.exception("the end of a Bodhi session was not recognised", call_id=self._session.call_id)
            failure = BodhiError(500, "internal server error")
            await self._perform(self._session.fail(failure, time.monotonic()))

    async def _end(self) -> None:
        """Free the stream, and record what was used."""
        if self._finishing is not None:
            await self._finishing
        if self._stream is not None:
            await self._stream.close()
        if self._session.config is None:
            return
        try:
            with contextlib.suppress(BodhiError):
                await self._meter.settle(self._session.audio_seconds)
        except Exception:
            log.exception("usage could not be recorded", customer=self._application.id)
        log.info(
            "session ended", call_id=self._session.call_id, audio_s=round(self._session.audio_seconds, 2)
        )

    def _hear(self, heard: Hypothesis) -> None:
        for effect in self._session.hear(heard, time.monotonic()):
            if isinstance(effect, Send):
                self._send(effect)

    def _send(self, frame: Send | Close) -> None:
        self._outbox.put(frame, droppable=isinstance(frame, Send) and frame.passing)
        if isinstance(frame, Close):
            self._outbox.end()
        elif self._outbox.overflown:
            log.info("a client reads too slowly and is cut off", call_id=self._session.call_id)
            self._abort()

    def _abort(self) -> None:
        """Cut the connection without waiting for what was not read."""
        abort: Callable[[], None] | None = (self._websocket.scope.get("extensions") or {}).get("earful.abort")
        if abort is not None:
            abort()
