"""A Symbl service in memory, for the tests of programs that use this package."""

from __future__ import annotations

import asyncio
import json
import ssl
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import httpx

from symbl._errors import HandshakeRefused
from symbl._transport import AsyncSocket, Frame, Socket, SocketClosed

__all__ = ["MockStream", "MockTransport"]

CONVERSATION_ID = "4893210077665432"
NORMAL_CLOSURE = 1000


def _platform(kind: str, **fields: Any) -> dict[str, Any]:
    return {"type": "message", "message": {"type": kind, **fields}}


class MockStream:
    """The service's end of one socket: what the client sent, and what to send it.

    Attributes:
        url, headers: of the handshake.
        messages: text frames of the client, parsed.
        audio: all binary frames, joined.
        closed: whether either side closed it.
    """

    def __init__(self, transport: MockTransport, url: str, headers: Mapping[str, str]) -> None:
        self.url = url
        self.headers = dict(headers)
        self.messages: list[dict[str, Any]] = []
        self.audio = b""
        self.closed = False
        self._transport = transport
        self._frames: deque[Frame] = deque()
        self._code = NORMAL_CLOSURE
        self._changed = threading.Condition()
        self._wake: Callable[[], None] = lambda: None

    def send(self, *frames: Mapping[str, Any] | Frame) -> None:
        """Send frames to the client; dicts go as JSON."""
        with self._changed:
            self._frames += [json.dumps(frame) if isinstance(frame, Mapping) else frame for frame in frames]
            self._changed.notify_all()
        self._wake()

    def close(self, code: int = NORMAL_CLOSURE) -> None:
        """Close the socket; 1006 is a cut line. What was sent before still arrives."""
        with self._changed:
            if not self.closed:
                self.closed, self._code = True, code
            self._changed.notify_all()
        self._wake()

    def _take(self) -> Frame | None:
        """The next frame, `None` when there is none yet."""
        if self._frames:
            return self._frames.popleft()
        if self.closed:
            raise SocketClosed(self._code)
        return None

    def _receive(self, frame: Frame) -> None:
        if self.closed:
            raise SocketClosed(self._code)
        if isinstance(frame, bytes):
            self.audio += frame
            return
        message = json.loads(frame)
        self.messages.append(message)
        transport = self._transport
        if message["type"] == "start_request":
            ids = {"data": {"conversationId": transport.conversation_id}}
            self.send(
                _platform("conversation_created", **ids),
                _platform("started_listening"),
                _platform("recognition_started", **ids),
                *transport.frames,
            )
        elif message["type"] == "stop_request":
            self.send(
                *transport.last_frames,
                _platform("recognition_stopped"),
                _platform("conversation_completed", conversationId=transport.conversation_id),
            )
            self.close()


class _MockSocket:
    def __init__(self, stream: MockStream) -> None:
        self._stream = stream

    def send(self, frame: Frame) -> None:
        self._stream._receive(frame)

    def recv(self, timeout: float | None) -> Frame:
        stream = self._stream
        with stream._changed:
            stream._changed.wait_for(lambda: stream._frames or stream.closed, timeout)
            frame = stream._take()
        if frame is None:
            raise TimeoutError
        return frame

    def close(self) -> None:
        self._stream.close()


class _AsyncMockSocket:
    def __init__(self, stream: MockStream) -> None:
        self._stream = stream
        self._ready = asyncio.Event()
        loop = asyncio.get_running_loop()

        def wake() -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._ready.set)

        stream._wake = wake

    async def send(self, frame: Frame) -> None:
        self._stream._receive(frame)

    async def recv(self) -> Frame:
        while (frame := self._stream._take()) is None:
            self._ready.clear()
            await self._ready.wait()
        return frame

    async def close(self) -> None:
        self._stream.close()


class MockTransport:
    """Answers requests and sockets in memory.

        transport = symbl.MockTransport(frames=[{"type": "message_response", "messages": [ … ]}])
        transport.answer("GET", "/v1/conversations/4893210077665432/messages", {"messages": []})
        symbl.configure(transport=transport, credentials={"app_id": "a", "app_secret": "b"})

    A stream is answered as the real service does: the start messages and `frames` after `start_request`,
    `last_frames`, the end messages and a close after `stop_request`. A request nobody described gets a 404.

    Attributes:
        requests: what was asked, as `httpx.Request`, tokens included.
        streams: the sockets, oldest first.
    """

    def __init__(
        self,
        frames: Iterable[Mapping[str, Any]] = (),
        last_frames: Iterable[Mapping[str, Any]] = (),
        *,
        conversation_id: str = CONVERSATION_ID,
        refuse: int | None = None,
    ) -> None:
        """`refuse` is an HTTP status with which sockets are refused."""
        self.frames = list(frames)
        self.last_frames = list(last_frames)
        self.conversation_id = conversation_id
        self.refuse = refuse
        self.requests: list[httpx.Request] = []
        self.streams: list[MockStream] = []
        self._answers: dict[tuple[str, str], deque[tuple[int, Any]]] = {}
        self.answer("POST", "/oauth2/token:generate", {"accessToken": "mock.token.value", "expiresIn": 86400})

    def answer(self, method: str, path: str, json: Any = None, *, status: int = 200) -> None:
        """Describe the answer to a request; of several for one path the last one repeats."""
        self._answers.setdefault((method.upper(), path), deque()).append((status, json))

    def http(self, verify: bool | ssl.SSLContext, seconds: float) -> httpx.Client:
        """A client whose requests end here."""

        def respond(request: httpx.Request) -> httpx.Response:
            request.read()
            return self._respond(request)

        return httpx.Client(transport=httpx.MockTransport(respond), timeout=seconds)

    def async_http(self, verify: bool | ssl.SSLContext, seconds: float) -> httpx.AsyncClient:
        """A client for asyncio whose requests end here."""

        async def respond(request: httpx.Request) -> httpx.Response:
            await request.aread()
            return self._respond(request)

        return httpx.AsyncClient(transport=httpx.MockTransport(respond), timeout=seconds)

    def connect(
        self, url: str, headers: Mapping[str, str], verify: bool | ssl.SSLContext, seconds: float
    ) -> Socket:
        """Open a socket that ends here."""
        return _MockSocket(self._stream(url, headers))

    async def connect_async(
        self, url: str, headers: Mapping[str, str], verify: bool | ssl.SSLContext, seconds: float
    ) -> AsyncSocket:
        """The same in asyncio."""
        return _AsyncMockSocket(self._stream(url, headers))

    def _stream(self, url: str, headers: Mapping[str, str]) -> MockStream:
        if self.refuse is not None:
            raise HandshakeRefused(
                self.refuse, "refused by MockTransport", request=f"GET {url.partition('?')[0]}"
            )
        stream = MockStream(self, url, headers)
        self.streams.append(stream)
        return stream

    def _respond(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answers = self._answers.get((request.method, request.url.path))
        if not answers:
            message = f"MockTransport has no answer to {request.method} {request.url.path}"
            return httpx.Response(404, json={"message": message})
        status, body = answers[0] if len(answers) == 1 else answers.popleft()
        return httpx.Response(status, json=body)
