"""What Symbl's WebSocket endpoints share: who is let in, and a socket that no client can hold up."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable

import structlog
from starlette.types import Message
from starlette.websockets import WebSocket

from earful.accounts.service import Accounts
from earful.accounts.types import Application, InvalidToken
from earful.dialects.symbl.auth import authenticate
from earful.dialects.symbl.errors import TOKEN_REFUSED, error_response
from earful.dialects.symbl.streaming import Close, Send
from earful.live.buffer import BoundedBuffer, TooSlow
from earful.live.hub import LiveHub
from earful.settings import Settings
from earful.speech.types import SpeechBusy

__all__ = ["Door", "Socket", "nothing_here"]

log = structlog.get_logger(__name__)

_OUTBOX_FRAMES = 512
_CLOSE_S = 10.0
_ENDED = {"type": "websocket.disconnect"}


class Door:
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


async def nothing_here(websocket: WebSocket) -> None:
    """Refuse a WebSocket at a path where there is none."""
    await _refuse(websocket, 404, f"There is nothing at {websocket.url.path}.")


async def _refuse(
    websocket: WebSocket, status: int, message: str, headers: dict[str, str] | None = None
) -> None:
    await websocket.send_denial_response(error_response(status, message, headers))


class Socket:
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
