"""Events under the vendor package's module name."""

from bodhi._events import (
    EventEmitter,
    LiveTranscriptionEvents,
)

__all__ = [
    "EventEmitter",
    "LiveTranscriptionEvents",
]
