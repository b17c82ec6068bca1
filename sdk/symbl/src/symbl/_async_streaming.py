"""The streaming connection for asyncio: the same protocol and method names as the blocking one, over
tasks.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import AsyncIterator, Mapping
from typing import Any, Self

from symbl._conversation import AsyncConversation
from symbl._errors import StreamTimeout
from symbl._microphone import open_microphone
from symbl._protocol import (
    ANY_EVENT,
    Callback,
    State,
    StreamProtocol,
    build_start_request,
    new_connection_id,
    stream_path,
)
from symbl._session import API_KEY_HEADER, AsyncSession
from symbl._settings import Target, websocket_url
from symbl._streaming import ANSWER_SECONDS, GRACE_SECONDS, POLL_SECONDS, STOP_SECONDS
from symbl._transport import AsyncSocket, SocketClosed

__all__ = ["AsyncStreamingApi", "AsyncStreamingConnection"]

log = logging.getLogger("symbl")

NORMAL_CLOSURE = 1000


class AsyncStreamingConnection:
    """A live stream in asyncio; made by `await AsyncClient().streaming.start_connection(…)`.

    Callbacks may be plain or `async` functions; they run one after another. What one raises is logged and
    raised from your next call. Instead of subscribing you can iterate: `async for frame in connection`.
    """

    def __init__(
        self,
        url: str,
        connectionId: str,
        start_request: dict[str, Any],
        token: str,
        *,
        session: AsyncSession,
        target: Target,
    ) -> None:
        self._session = session
        self._target = target
        self._protocol = StreamProtocol(start_request)
        self._changed = asyncio.Event()
        self._reader: asyncio.Task[None] | None = None
        self._caller: asyncio.Task[None] | None = None
        self._heard = 0.0
        self.url = url
        self.connectionId = connectionId
        self.token = token
        self.connection: AsyncSocket
        self.conversation = self._conversation(None)

    async def _open(self) -> Self:
        session = self._session
        self.connection = await session.transport.connect_async(
            self.url, {API_KEY_HEADER: self.token}, session.verify, session.settings.timeout
        )
        try:
            await self._send(self._protocol.start())
            self._heard = asyncio.get_running_loop().time()
            self._reader = asyncio.create_task(self._read(), name="symbl-reader")
            if not await self._until(lambda: self._protocol.answered, ANSWER_SECONDS):
                log.warning("symbl: no answer to start_request after %.0f s", ANSWER_SECONDS)
            self._raise_failure()
        except BaseException:
            await self.close()
            raise
        return self

    @property
    def start_request(self) -> dict[str, Any]:
        """The first message as it was sent."""
        return self._protocol.start_request

    @property
    def connection_id(self) -> str:
        """Same as `connectionId`."""
        return self.connectionId

    @property
    def conversation_id(self) -> str | None:
        """Id of the conversation, `None` until the server names it."""
        return self._protocol.conversation_id

    def subscribe(self, callbacks: Mapping[str, Callback]) -> None:
        """Have functions, plain or `async`, called with the events of the stream; see `StreamingConnection`.

        Raises:
            TypeError: it is not a dict of functions.
        """
        self._raise_failure()
        self._protocol.subscribe(callbacks)
        if self._caller is None:
            self._caller = asyncio.create_task(self._deliver(), name="symbl-callbacks")
        self._changed.set()

    async def __aiter__(self) -> AsyncIterator[dict[str, Any]]:
        """The frames of the stream, until it is over; instead of `subscribe`."""
        frames: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        self.subscribe({ANY_EVENT: frames.put_nowait})
        assert self._caller is not None
        self._caller.add_done_callback(lambda _task: frames.put_nowait(None))
        while (frame := await frames.get()) is not None:
            yield frame
        self._raise_failure()

    async def send_audio(self, data: bytes | bytearray | memoryview) -> None:
        """Send a chunk of audio.

        Raises:
            TypeError: `data` is not bytes.
            ConnectionLost: the stream is stopped or the server closed it.
            StreamRejected: the server refused the stream.
            Exception: whatever a callback raised since the last call.
        """
        self._raise_failure()
        await self._send(self._protocol.audio(data))
        self._raise_failure()

    async def send_audio_from_mic(self, device: int | str | None = None) -> None:
        """Send what the microphone hears until the task is cancelled or the stream is stopped.

        Raises:
            MicrophoneError: it cannot be read; the message says how to fix that.
            Exception: as from `send_audio`.
        """
        rate = int(self.start_request["config"]["speechRecognition"]["sampleRateHertz"])
        with open_microphone(rate, device) as read:
            while self._protocol.state is State.OPEN:
                data = await asyncio.to_thread(read)
                if self._protocol.state is State.OPEN:
                    await self.send_audio(data)
        self._raise_failure()

    async def stop(self, timeout: float = STOP_SECONDS) -> None:  # noqa: ASYNC109 (as the sync one)
        """End the stream: have the rest recognised, wait for the last results and callbacks, close the
        socket.

        Called from a callback it only asks the server to stop. Calling it again is harmless.

        Args:
            timeout: seconds without any sign of life after which to give up.

        Raises:
            StreamTimeout: the server or a callback did not finish; the socket is closed all the same.
            Exception: whatever a callback raised since the last call.
        """
        frame = self._protocol.stop()
        if frame is not None:
            await self._send(frame)
        if self._caller is not None and asyncio.current_task() is self._caller:
            return
        loop = asyncio.get_running_loop()
        self._heard = max(self._heard, loop.time())
        try:
            while not self._protocol.closed:
                limit = min(GRACE_SECONDS, timeout) if self._protocol.completed else timeout
                left = self._heard + limit - loop.time()
                if left <= 0 and not self._protocol.completed:
                    raise StreamTimeout(f"the server did not finish the stream within {timeout:.0f} s")
                if left <= 0:
                    await self.connection.close()
                await self._until(lambda: self._protocol.closed, POLL_SECONDS)
            if self._caller is not None:
                _done, pending = await asyncio.wait([self._caller], timeout=timeout)
                if pending:
                    raise StreamTimeout(f"a callback did not return within {timeout:.0f} s")
        finally:
            await self.close()
        self._raise_failure()

    async def close(self) -> None:
        """Close the socket without `stop`; the server keeps what it has heard."""
        self._protocol.leave()
        await self.connection.close()
        tasks = [task for task in (self._reader, self._caller) if task not in (None, asyncio.current_task())]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._lost(SocketClosed(NORMAL_CLOSURE))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if kind is None:
            await self.stop()
        else:
            await self.close()

    def __repr__(self) -> str:
        state = self._protocol.state.name.lower()
        return f"<AsyncStreamingConnection {self.connectionId} {state}, conversation {self.conversation_id}>"

    async def _read(self) -> None:
        while True:
            try:
                frame = await self.connection.recv()
            except SocketClosed as closed:
                self._lost(closed)
                return
            self._heard = asyncio.get_running_loop().time()
            self._protocol.receive(frame)
            if self._protocol.conversation_id != self.conversation.conversation_id:
                self.conversation = self._conversation(self._protocol.conversation_id)
            self._changed.set()

    async def _deliver(self) -> None:
        while await self._until(lambda: self._protocol.deliverable or self._protocol.closed, None):
            if not self._protocol.deliverable:
                return
            for delivery in list(self._protocol.deliveries()):
                try:
                    result = delivery.callback(delivery.frame)
                    if inspect.isawaitable(result):
                        await result
                except Exception as error:
                    self._protocol.callback_failed(delivery, error)

    async def _until(self, condition: Any, seconds: float | None) -> bool:
        """Wait for a condition on the protocol; whether it holds."""
        try:
            async with asyncio.timeout(seconds):
                while not condition():
                    await self._changed.wait()
                    self._changed.clear()
        except TimeoutError:
            return bool(condition())
        return True

    async def _send(self, frame: str | bytes) -> None:
        try:
            await self.connection.send(frame)
        except SocketClosed as closed:
            self._lost(closed)

    def _lost(self, closed: SocketClosed) -> None:
        self._protocol.disconnected(closed.code, closed.reason)
        self._changed.set()

    def _conversation(self, conversation_id: str | None) -> AsyncConversation:
        return AsyncConversation(
            conversation_id,
            credentials=self._target.credentials,
            session=self._session,
            base_url=self._target.base_url,
        )

    def _raise_failure(self) -> None:
        error = self._protocol.take_error()
        if error is not None:
            raise error


class AsyncStreamingApi:
    """Opens streaming connections in asyncio; `AsyncClient().streaming` is one."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def start_connection(
        self,
        credentials: Mapping[str, Any] | None = None,
        speaker: Mapping[str, Any] | None = None,
        insight_types: list[str] | None = None,
        config: Mapping[str, Any] | None = None,
        trackers: list[Mapping[str, Any]] | None = None,
        *,
        languages: list[str] | str | None = None,
        timezone: str | None = None,
        custom_vocabulary: list[str] | None = None,
        no_connection_timeout: float | None = None,
        connection_id: str | None = None,
        base_url: str | None = None,
    ) -> AsyncStreamingConnection:
        """Open a stream and wait until the server has named its conversation.

        Arguments and errors are those of `StreamingApi.start_connection`.
        """
        request = build_start_request(
            speaker=speaker,
            insight_types=insight_types,
            config=config,
            trackers=trackers,
            languages=languages,
            timezone=timezone,
            custom_vocabulary=custom_vocabulary,
            no_connection_timeout=no_connection_timeout,
        )
        target = self._session.target(credentials, base_url)
        token = await self._session.token(target)
        connection_id = connection_id or new_connection_id()
        url = websocket_url(target.base_url, stream_path(connection_id))
        connection = AsyncStreamingConnection(
            url, connection_id, request, token, session=self._session, target=target
        )
        return await connection._open()
