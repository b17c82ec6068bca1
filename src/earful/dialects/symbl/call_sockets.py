"""The WebSockets of telephone calls: results out, speaker events and the wish to hang up in."""

import asyncio
import contextlib
import json
from collections.abc import Sequence

from starlette.websockets import WebSocket

from earful.accounts.types import Application
from earful.dialects.symbl import call_messages, messages
from earful.dialects.symbl.protocol import MalformedMessage, Ping, StopRequest, UnknownRequest, parse
from earful.dialects.symbl.speaker_events import read_event, tell
from earful.dialects.symbl.streaming import Close, Send
from earful.dialects.symbl.wire import Socket
from earful.live.bus import Delivery
from earful.live.events import ConversationCompleted, Transcribed
from earful.live.hub import LiveHub
from earful.live.subscription import Subscription, TooSlow
from earful.settings import Settings
from earful.telephony.calls import Call, Calls

__all__ = ["CallSocket"]

_EVENTS = ("started_speaking", "stopped_speaking", "joined", "left", "stopped")


class CallSocket(Socket):
    """One client that watches a call. Its going away does not end the call; its saying stop does."""

    def __init__(
        self,
        websocket: WebSocket,
        application: Application,
        hub: LiveHub,
        settings: Settings,
        calls: Calls,
        call: Call,
    ) -> None:
        super().__init__(websocket, hub, settings)
        self._application = application
        self._calls = calls
        self._call = call
        self._told_status: str | None = None

    async def serve(self) -> None:
        """Run until the call is over or the peer is gone."""
        writer = asyncio.create_task(self._write())
        subscription = self._hub.subscribe(self._application.id, self._call.id)

        def moved() -> None:
            if self._call.status == "ended":
                subscription.close()  # what it holds is told before the end is
            else:
                self._tell_status()

        self._call.listeners.append(moved)
        moved()
        teller = asyncio.create_task(self._tell(subscription))
        try:
            while (message := await self._receive())["type"] == "websocket.receive":
                text = message.get("text")
                if text is not None:
                    for frame in await self._take(text):
                        self._send(frame)
        finally:
            self._call.listeners.remove(moved)
            subscription.close()
            await asyncio.wait([teller])
            await self._finish_writing(writer)

    def _tell_status(self) -> None:
        if self._call.status != self._told_status:
            self._told_status = self._call.status
            self._send(Send(call_messages.call_status(self._call)))

    async def _tell(self, subscription: Subscription) -> None:
        with contextlib.suppress(TooSlow):
            async for delivery in subscription:
                if isinstance(delivery.event, ConversationCompleted):
                    break
                for frame in _frames(delivery):
                    self._send(frame)
        for text in call_messages.farewell(self._call, self._base_url):
            self._send(Send(text))
        self._send(Close(1000))

    async def _take(self, text: str) -> Sequence[Send]:
        if len(text) > self._settings.max_frame_bytes:
            limit = self._settings.max_frame_bytes
            return [Send(messages.error(f"a frame of {len(text)} bytes is over the limit of {limit} bytes"))]
        try:
            request = parse(text)
        except MalformedMessage as error:
            # What is wrong inside a request that would be ignored anyway need not be told.
            return [] if error.request else [Send(messages.error(str(error)))]
        match request:
            case Ping():
                return [Send(messages.PONG)]
            case StopRequest():
                self._call.hang_up("stopped", "the call was ended by request")
            case UnknownRequest(type=kind) if kind in _EVENTS:
                try:
                    await tell(self._calls, self._call, read_event(json.loads(text)))
                except ValueError as error:
                    return [Send(messages.error(str(error)))]
            case _:
                pass
        return []


def _frames(delivery: Delivery) -> Sequence[Send]:
    event = delivery.event
    text = delivery.form(messages.result)
    if text is None:
        return []
    if not isinstance(event, Transcribed):
        return [Send(text)]
    # The documentation of calls has the one, that of subscribers the other.
    partial = not event.hypothesis.is_final
    return [Send(delivery.form(call_messages.transcript_response), partial), Send(text, partial)]
