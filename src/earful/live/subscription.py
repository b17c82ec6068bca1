"""Listening to a conversation without taking part."""

from collections.abc import Callable

from earful.live.buffer import BoundedBuffer, TooSlow
from earful.live.bus import Delivery
from earful.live.events import Transcribed

__all__ = ["Subscription", "TooSlow"]


class Subscription:
    """An async iterator over what happens in a room, from when it was opened.

    It goes on after a conversation is complete: the next one of the same room follows. A reader who
    is too slow misses partials first; when even that does not help, iterating raises `TooSlow`.
    """

    def __init__(self, capacity: int = 512) -> None:
        self._buffer: BoundedBuffer[Delivery] = BoundedBuffer(capacity)
        self._detach: Callable[[], None] = lambda: None

    def attach(self, detach: Callable[[], None]) -> None:
        """Keep what ends the listening."""
        self._detach = detach

    def put(self, delivery: Delivery) -> None:
        """Take an event (a bus listener)."""
        event = delivery.event
        partial = isinstance(event, Transcribed) and not event.hypothesis.is_final
        self._buffer.put(delivery, droppable=partial)
        if self._buffer.overflown:
            self._detach()

    def close(self) -> None:
        """Hear nothing more; who iterates comes to the end. Idempotent."""
        self._detach()
        self._buffer.end()

    def __aiter__(self) -> "Subscription":
        return self

    async def __anext__(self) -> Delivery:
        delivery = await self._buffer.get()
        if delivery is None:
            raise StopAsyncIteration
        return delivery
