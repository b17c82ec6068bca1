"""uvicorn's WebSocket protocol, with the means to be rid of a peer that does not read.

Closing a connection in the usual way waits until everything written has been read. A peer that never
reads would keep it, and its task, for ever.
"""

from typing import Any

import structlog
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

__all__ = ["ABORT", "AbortableWebSockets"]

ABORT = "earful.abort"
"""The extension of a WebSocket's ASGI scope: a function that cuts the connection at once."""

log = structlog.get_logger(__name__)

_PATIENCE_S = 10.0
_NOT_UTF8 = 1007


class AbortableWebSockets(WebSocketsSansIOProtocol):
    """Offers `ABORT`, cuts a peer that no longer answers keep-alives, and takes a refusal for an answer.

    Text that is not UTF-8 is logged in a line.
    """

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if hasattr(self, "scope"):  # the handshake was sound, and an application is about to run
            self.scope["extensions"] = {**(self.scope["extensions"] or {}), ABORT: self.transport.abort}  # type: ignore[dict-item]

    def send_receive_event_to_app(self) -> None:
        if self.curr_msg_data_type == "text" and not self.close_sent:
            try:
                b"".join(self.frames).decode()
            except UnicodeDecodeError:
                # uvicorn would close it too, and log a traceback as if the fault were ours.
                log.info("a text message is not UTF-8", client=self.client, path=self.scope["path"])
                self.frames = []
                self.conn.send_close(_NOT_UTF8, "text messages have to be UTF-8")
                self.handle_parser_exception()
                return
        super().send_receive_event_to_app()

    async def send(self, message: Any) -> None:
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and not message.get("more_body", False):
            # A refusal is an answer, too: without this it would be logged as an error of ours.
            self.handshake_complete = True

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self.loop.call_later(_PATIENCE_S, self.transport.abort)
