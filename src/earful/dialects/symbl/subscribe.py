"""The rules of a Symbl subscriber's socket, without the socket: it listens, and hardly speaks."""

from collections.abc import Sequence

from earful.dialects.symbl import messages
from earful.dialects.symbl.protocol import MalformedMessage, Ping, parse
from earful.dialects.symbl.streaming import Close, Send
from earful.live.bus import Delivery
from earful.live.events import ConversationCompleted, Transcribed

__all__ = ["SubscriberSession"]


class SubscriberSession:
    """One subscriber. Requests of any kind but a keep-alive are not theirs to make and are ignored."""

    def __init__(self, base_url: str = "") -> None:
        self._base_url = base_url

    def text(self, text: str) -> Sequence[Send]:
        """The client sent a text frame."""
        try:
            request = parse(text)
        except MalformedMessage as error:
            # What is wrong inside a request that would be ignored anyway need not be told.
            return [] if error.request else [Send(messages.error(str(error)))]
        return [Send(messages.PONG)] if isinstance(request, Ping) else []

    def event(self, delivery: Delivery) -> Sequence[Send | Close]:
        """Something happened in the conversation."""
        event = delivery.event
        if isinstance(event, ConversationCompleted):
            completed = messages.conversation_completed(event.conversation_id, self._base_url)
            return [Send(completed), Close(1000)]
        text = delivery.form(messages.result)
        if text is None:
            return []
        return [Send(text, droppable=isinstance(event, Transcribed) and not event.hypothesis.is_final)]
