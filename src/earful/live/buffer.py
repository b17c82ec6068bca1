"""A bounded queue between the event loop and one reader who may be slow."""

import asyncio
from collections import deque
from typing import Generic, TypeVar

__all__ = ["BoundedBuffer", "TooSlow"]

T = TypeVar("T")


class TooSlow(Exception):
    """The reader fell so far behind that it has been cut off."""


class BoundedBuffer(Generic[T]):
    """Hands items to one reader. Putting never waits, and what waits to be read is bounded.

    When it is half full, items that a newer one will replace (`droppable`) are left out; when it is
    full, the reader is cut off: it gets `TooSlow` instead of the rest, and the rest is freed.
    """

    def __init__(self, capacity: int = 512) -> None:
        self._capacity = capacity
        self._items: deque[T] = deque()
        self._ready = asyncio.Event()
        self._ended = False
        self._overflown = False

    def __len__(self) -> int:
        return len(self._items)

    @property
    def overflown(self) -> bool:
        """Whether the reader has been cut off."""
        return self._overflown

    def put(self, item: T, *, droppable: bool = False) -> None:
        """Add an item. Ignored after `end` or when the reader has been cut off."""
        if self._ended:
            return
        waiting = len(self._items)
        if droppable and 2 * waiting >= self._capacity:
            return
        if waiting >= self._capacity:
            self._overflown = self._ended = True
            self._items.clear()
        else:
            self._items.append(item)
        self._ready.set()

    def end(self) -> None:
        """Let the reader come to the end once it has read what is there. Idempotent."""
        self._ended = True
        self._ready.set()

    async def get(self) -> T | None:
        """Return the next item, None at the end. Raises `TooSlow` when the reader was cut off."""
        while not self._items:
            if self._overflown:
                raise TooSlow("events were read too slowly")
            if self._ended:
                return None
            self._ready.clear()
            await self._ready.wait()
        return self._items.popleft()
