"""Carries the events of a conversation to everyone who listens, each with its wire forms made once."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

import structlog

from earful.conversation.types import Conversation
from earful.live.events import Event

__all__ = ["Channel", "Delivery", "EventBus", "Listener", "LocalBus"]

log = structlog.get_logger(__name__)

Form = TypeVar("Form")


@dataclass(frozen=True, slots=True, eq=False)
class Delivery:
    """One event on its way to any number of listeners.

    `sequence` counts the events of the same type within the conversation, from 0. `conversation` is
    the conversation as it was then, with the members it had.
    """

    event: Event
    sequence: int
    conversation: Conversation
    _forms: dict[object, object] = field(default_factory=dict, repr=False)

    def form(self, make: "Callable[[Delivery], Form]") -> Form:
        """Return `make(self)`, calling it only once however many listeners ask with the same `make`."""
        try:
            return self._forms[make]  # type: ignore[return-value]
        except KeyError:
            made = self._forms[make] = make(self)
            return made


Listener = Callable[[Delivery], None]
"""Called on the event loop, in order, and must return at once. What it raises is logged, not passed on."""


@dataclass(frozen=True, slots=True)
class Channel:
    """Where the events of one live conversation go: the application and the name it gave its room."""

    application_id: str
    room: str


class EventBus(Protocol):
    """Takes events to the listeners of a channel. A channel needs no conversation to be listened to."""

    def publish(self, channel: Channel, delivery: Delivery) -> None:
        """Hand an event to everyone who listens now. Never waits."""
        ...

    def listen(self, channel: Channel, listener: Listener) -> Callable[[], None]:
        """Call `listener` with every event from now on; return what ends that."""
        ...


class LocalBus:
    """The `EventBus` within one process."""

    def __init__(self) -> None:
        self._listeners: dict[Channel, list[Listener]] = {}

    def publish(self, channel: Channel, delivery: Delivery) -> None:
        for listener in tuple(self._listeners.get(channel, ())):
            try:
                listener(delivery)
            except Exception:
                log.exception("a listener failed", event_type=type(delivery.event).__name__)

    def listen(self, channel: Channel, listener: Listener) -> Callable[[], None]:
        self._listeners.setdefault(channel, []).append(listener)

        def stop() -> None:
            listeners = self._listeners.get(channel, [])
            if listener in listeners:
                listeners.remove(listener)
            if not listeners:
                self._listeners.pop(channel, None)

        return stop
