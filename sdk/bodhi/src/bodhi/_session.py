"""One streaming session: its connection, its results, and making a lost connection again."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bodhi._config import TranscriptionConfig
from bodhi._errors import (
    BodhiAPIError,
    BodhiError,
    BodhiErrors,
    InvalidJSONError,
    WebSocketConnectionClosedError,
    WebSocketTimeoutError,
    error_from_payload,
    make_error,
)
from bodhi._events import EventEmitter, LiveTranscriptionEvents
from bodhi._pending import PendingAudio
from bodhi._responses import SpeechStarted, TranscriptionResponse, UtteranceEnd
from bodhi._transport import Connection, Disconnected, Transport

__all__ = ["EOF_SIGNAL", "KEEP_ALIVE", "Session", "SessionOptions"]

EOF_SIGNAL = '{"eof": 1}'
"""The text message that says that no more audio will come."""

KEEP_ALIVE = '{"type": "KeepAlive"}'
"""The text message that keeps a session without audio open."""

_UNAVAILABLE = 503

logger = logging.getLogger("bodhi")


@dataclass(frozen=True, slots=True)
class SessionOptions:
    """How patient a session is. Times in seconds."""

    connect_timeout: float = 10.0
    silence_timeout: float = 30.0
    keep_alive_interval: float = 5.0
    reconnects: int = 3
    reconnect_delay: float = 0.25
    buffer_seconds: float = 30.0


class Session:
    """A session from its config to its last result. Belongs to the event loop that opened it."""

    def __init__(
        self,
        transport: Transport,
        uri: str,
        headers: Mapping[str, str],
        config: TranscriptionConfig,
        emitter: EventEmitter,
        options: SessionOptions,
    ) -> None:
        self._transport = transport
        self._uri = uri
        self._headers = headers
        self._fields = config.to_dict()
        self._emitter = emitter
        self._options = options
        self._frame_bytes = 2 * (config.channels or 1)
        self._bytes_per_second = int(self._fields["sample_rate"]) * self._frame_bytes
        self._pending = PendingAudio(int(options.buffer_seconds * self._bytes_per_second))
        self._connection: Connection | None = None
        self._receiver: asyncio.Task[None] | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._resending: asyncio.Task[None] | None = None
        self._sending = asyncio.Lock()
        self._used = asyncio.Event()
        self._eof_wanted = False
        self._eof_sent = False
        self._base_seconds = 0.0
        self._base_segment = 0
        self._last_segment = -1
        self._speaking: int | None = None
        self._failures = 0
        self._refused: BodhiAPIError | None = None
        self.results: list[str] = []
        self.error: BodhiError | None = None

    async def open(self) -> None:
        """Connect and send the config. Raises a `BodhiError` that says why not."""
        self._connection = await self._connect()
        self._receiver = asyncio.create_task(self._receive(), name="bodhi-receive")
        self._keeper = asyncio.create_task(self._keep_alive(), name="bodhi-keep-alive")

    @property
    def finished(self) -> bool:
        """Whether nothing more can come."""
        return self._receiver is None or self._receiver.done()

    async def send(self, pcm: bytes) -> None:
        """Send audio, or keep it while the connection is being made again. Raises what ended the session."""
        if self.error is not None:
            raise self.error
        if pcm and not self._eof_wanted:
            self._pending.append(pcm)
            await self._send_pending()

    async def end_of_audio(self) -> None:
        """Say that no more audio will come. Saying it again does nothing."""
        self._eof_wanted = True
        await self._send_pending()

    async def finish(self) -> list[str]:
        """Say that no more audio will come, wait for the last result, and return the complete texts.

        Called from a listener it does not wait, since the listener itself holds up what it would wait for.
        Raises what ended the session, if it did not end as it should.
        """
        await self.end_of_audio()
        if self._receiver is not None and asyncio.current_task() is not self._receiver:
            await asyncio.wait([self._receiver])
            await self.abandon()
        if self.error is not None:
            raise self.error
        return self.results

    async def abandon(self) -> None:
        """Stop at once; what was not answered yet is given up."""
        tasks = [
            task
            for task in (self._keeper, self._resending, self._receiver)
            if task and task is not asyncio.current_task()
        ]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._connection is not None:
            connection, self._connection = self._connection, None
            await connection.close()

    async def _connect(self) -> Connection:
        connection = await self._transport.connect(self._uri, self._headers, self._options.connect_timeout)
        try:
            await connection.send(json.dumps({"config": self._fields}, ensure_ascii=False))
        except Disconnected:
            # What the server said before it closed is read by the receiver.
            logger.debug("the server closed before it had the config")
        except BaseException:
            await connection.close()
            raise
        return connection

    async def _send_pending(self) -> None:
        async with self._sending:
            self._used.set()
            connection = self._connection
            if connection is None:
                return
            with contextlib.suppress(Disconnected):  # the receiver sees it too, and connects again
                while (piece := self._pending.next()) is not None:
                    await connection.send(piece)
                if self._eof_wanted and not self._eof_sent:
                    self._eof_sent = True
                    await connection.send(EOF_SIGNAL)

    async def _keep_alive(self) -> None:
        while True:
            self._used.clear()
            try:
                await asyncio.wait_for(self._used.wait(), self._options.keep_alive_interval)
            except TimeoutError:
                async with self._sending:
                    if self._connection is not None:
                        with contextlib.suppress(Disconnected):
                            await self._connection.send(KEEP_ALIVE)

    async def _receive(self) -> None:
        try:
            while not await self._receive_until_lost():
                await self._reconnect()
        except BodhiError as error:
            error.results = self.results
            self.error = error
            await self._emitter.emit(LiveTranscriptionEvents.Error, error)
        finally:
            if self._keeper is not None:
                self._keeper.cancel()
            if self._connection is not None:
                await self._connection.close()
            if self._pending.lost:
                logger.warning("%d bytes of audio were lost without a connection", self._pending.lost)
            await self._emitter.emit(LiveTranscriptionEvents.Close)

    async def _receive_until_lost(self) -> bool:
        """Take messages; return True after the last result, False when the connection was lost."""
        connection = self._connection
        assert connection is not None
        while True:
            try:
                message = await asyncio.wait_for(connection.receive(), self._options.silence_timeout)
            except TimeoutError:
                raise make_error(
                    WebSocketTimeoutError,
                    f"the server sent nothing for {self._options.silence_timeout:g} s",
                    BodhiErrors.GatewayTimeout,
                ) from None
            except Disconnected as closed:
                logger.info("%s", closed)
                return False
            try:
                if isinstance(message, str) and await self._take(message):
                    return True
            except BodhiAPIError as error:
                if error.code != _UNAVAILABLE:
                    raise
                # The server is being stopped, or full: another try may find it back.
                self._refused = error
                return False

    async def _take(self, raw: str) -> bool:
        """Tell the listeners of a message; return whether it was the last."""
        try:
            message = json.loads(raw)
            if isinstance(message, dict) and message.get("error"):
                raise error_from_payload(message, raw)
            response = self._placed(TranscriptionResponse.from_dict(message))
        except ValueError as error:
            raise make_error(
                InvalidJSONError,
                f"the server's message cannot be read: {error}",
                BodhiErrors.InternalServerError,
            ) from error
        self._failures, self._refused = 0, None
        meta = response.segment_meta
        if response.text and response.segment_id != self._speaking:
            self._speaking = response.segment_id
            await self._emitter.emit(LiveTranscriptionEvents.SpeechStarted, SpeechStarted(meta.start_time))
        if response.is_complete and response.text:
            self.results.append(response.text)
            self._pending.forget(int(meta.end_time * self._bytes_per_second))
        await self._emitter.emit(LiveTranscriptionEvents.Transcript, response)
        if response.is_complete:
            end = UtteranceEnd(start_time=meta.start_time, end_time=round(meta.end_time, 2))
            await self._emitter.emit(LiveTranscriptionEvents.UtteranceEnd, end)
        return response.eos

    def _placed(self, response: TranscriptionResponse) -> TranscriptionResponse:
        """Return the response with ids and times that carry on over reconnects."""
        meta = replace(
            response.segment_meta, start_time=response.segment_meta.start_time + self._base_seconds
        )
        segment = response.segment_id + self._base_segment
        self._last_segment = max(self._last_segment, segment)
        return replace(response, segment_id=segment, segment_meta=meta)

    async def _reconnect(self) -> None:
        lost, self._connection = self._connection, None
        if lost is not None:
            await lost.close()
        reason: Any = None
        while self._failures < self._options.reconnects:
            delay = self._options.reconnect_delay * 2**self._failures
            self._failures += 1
            await asyncio.sleep(delay * random.uniform(0.5, 1.0))
            try:
                connection = await self._connect()
            except BodhiAPIError:
                raise
            except BodhiError as error:
                if error.code == BodhiErrors.BadRequest:
                    raise
                reason = error
                continue
            async with self._sending:
                self._base_seconds = self._pending.rewind(self._frame_bytes) / self._bytes_per_second
                self._base_segment = self._last_segment + 1
                self._eof_sent = False
                self._connection = connection
            await self._emitter.emit(LiveTranscriptionEvents.Reconnected)
            # Sent beside the receiver, which reads meanwhile.
            self._resending = asyncio.create_task(self._send_pending())
            return
        if self._refused is not None:
            raise self._refused
        raise make_error(
            WebSocketConnectionClosedError,
            "the connection was lost before the last result" + (f": {reason}" if reason else ""),
            BodhiErrors.GatewayDown,
        ) from reason
