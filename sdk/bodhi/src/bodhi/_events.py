"""The names of what a client can listen to, and the listeners themselves."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Any

__all__ = ["EventEmitter", "Listener", "LiveTranscriptionEvents"]

logger = logging.getLogger("bodhi")

Listener = Callable[..., Awaitable[None] | None]


class LiveTranscriptionEvents(StrEnum):
    """What happens in a session."""

    Transcript = "Transcript"
    """Every answer, partial or complete: `TranscriptionResponse`."""
    UtteranceEnd = "UtteranceEnd"
    """After the `Transcript` of a complete utterance: `UtteranceEnd` with `start_time` and `end_time`."""
    SpeechStarted = "SpeechStarted"
    """Before the first words of an utterance: `SpeechStarted`, a float of seconds."""
    Error = "Error"
    """Something went wrong: the exception."""
    Close = "Close"
    """The session is over, once for each session: no argument."""
    Reconnected = "Reconnected"
    """A lost connection was made again: no argument."""


class EventEmitter:
    """Listeners by event. They are called in the order they were added; adding one twice adds it once."""

    def __init__(self) -> None:
        self._listeners: dict[str, list[Listener]] = {}

    def on(self, event: LiveTranscriptionEvents | str, listener: Listener) -> None:
        """Add a listener, plain or async.

        Raises:
            TypeError: the listener cannot be called.
            ValueError: there is no such event.
        """
        if not callable(listener):
            raise TypeError(f"a listener must be callable, not {type(listener).__name__}")
        listeners = self._listeners.setdefault(LiveTranscriptionEvents(event), [])
        if listener not in listeners:
            listeners.append(listener)

    def off(self, event: LiveTranscriptionEvents | str, listener: Listener | None = None) -> None:
        """Remove one listener of an event, or all of them. Removing one that is not there does nothing."""
        name = LiveTranscriptionEvents(event)
        if listener is None:
            self._listeners.pop(name, None)
        else:
            self._listeners[name] = [kept for kept in self._listeners.get(name, []) if kept != listener]

    def has(self, event: LiveTranscriptionEvents) -> bool:
        """Whether anybody listens to an event."""
        return bool(self._listeners.get(event))

    async def emit(self, event: LiveTranscriptionEvents, *payload: Any) -> None:
        """Call the listeners one after another. One that raises is logged and told to `Error`."""
        for listener in tuple(self._listeners.get(event, ())):
            try:
                answer = listener(*payload)
                if inspect.isawaitable(answer):
                    await answer
            except Exception as error:
                logger.exception("a listener of %s raised", event.value)
                if event is not LiveTranscriptionEvents.Error:
                    await self.emit(LiveTranscriptionEvents.Error, error)
