"""uvicorn's WebSocket protocol, with the means to be rid of a peer that does not read.

Closing a connection in the usual way waits until everything written has been read. A peer that never
reads would keep it, and its task, for ever.
"""

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

__all__ = ["ABORT", "AbortableWebSockets"]

ABORT = "earful.abort"
"""The extension of a WebSocket's ASGI scope: a function that cuts the connection at once."""

_PATIENCE_S = 10.0


class AbortableWebSockets(WebSocketsSansIOProtocol):
    """Offers `ABORT` to applications, and cuts a peer that no longer answers keep-alives."""

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if hasattr(self, "scope"):  # the handshake was sound, and an application is about to run
            self.scope["extensions"] = {**(self.scope["extensions"] or {}), ABORT: self.transport.abort}  # type: ignore[dict-item]

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self.loop.call_later(_PATIENCE_S, self.transport.abort)
