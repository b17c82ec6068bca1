"""What the speech room takes and gives. Everything above speaks to recognition through these."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from earful.conversation.types import Word

__all__ = [
    "Capacity",
    "Hotword",
    "Hypothesis",
    "LanguageNotAvailable",
    "Samples",
    "SpeechBusy",
    "SpeechError",
    "SpeechService",
    "SpeechStream",
    "StreamOptions",
]

Samples = NDArray[np.float32]
"""float32 [samples], mono, 16 kHz, nominally -1..1."""


class SpeechError(Exception):
    """Root of what can go wrong in this room.

    SpeechError
    ├── SpeechBusy              the machine is full; a new stream is refused
    └── LanguageNotAvailable    no model for that language is installed
    """


class SpeechBusy(SpeechError):
    """The machine holds as many live streams as it can carry; try again later."""

    def __init__(self, retry_after_s: float = 5.0) -> None:
        super().__init__("this server is at capacity; try again later")
        self.retry_after_s = retry_after_s


class LanguageNotAvailable(SpeechError):
    """No installed model recognises the language; the message names the command that fetches one."""


@dataclass(frozen=True, slots=True)
class Hotword:
    """A word or phrase to favour; `score` is a log-probability bonus per token (0..10)."""

    phrase: str
    score: float = 2.0


@dataclass(frozen=True, slots=True)
class StreamOptions:
    """How one stream is to be recognised. Times in seconds.

    `model` is a model to prefer by its name, where it is here and speaks the language. `words` asks for
    the words of each hypothesis with estimated times; `align` for exact times on finals, which costs about
    as much again as recognising them.
    """

    language: str = "en-US"
    model: str | None = None
    endpoint_silence: float = 0.5
    max_segment: float = 15.0
    partials: bool = True
    partial_interval: float = 0.5
    words: bool = True
    align: bool = False
    hotwords: tuple[Hotword, ...] = ()


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What is heard in one segment so far. Times in seconds since this stream's first sample.

    `segment` counts from 0. Text of a partial (`is_final` false) may still change behind
    `stable_chars`; a final never changes. `words` of a partial are estimates and may be empty.
    `audio_end` is how much of the stream this result has heard.
    """

    segment: int
    text: str
    start: float
    end: float
    is_final: bool
    confidence: float | None = None
    words: tuple[Word, ...] = ()
    stable_chars: int = 0
    audio_end: float = 0.0


@dataclass(frozen=True, slots=True)
class Capacity:
    """How full the machine is: live streams now, how many it will take (None: no limit set), and the share of
    recognition's time that has lately been in use (0..1)."""

    streams: int
    limit: int | None
    busy: float = 0.0


class SpeechStream(Protocol):
    """One live stream. Not thread-safe: call from the event loop that opened it."""

    def feed(self, samples: Samples) -> None:
        """Take more audio (float32 [n], 16 kHz). Never blocks; no numeric work on the loop."""
        ...

    async def flush(self) -> None:
        """End the current segment: every final of what was fed is delivered before this returns.

        The stream stays usable; later audio starts a new segment and times carry on.
        """
        ...

    async def close(self) -> None:
        """Drop the stream and what is not yet recognised. Idempotent. Call flush() first to keep it."""
        ...


class SpeechService(Protocol):
    """Recognition for the whole process: one set of models, one scheduler, many streams."""

    async def start(self) -> None:
        """Load the default models; returns when ready to hear."""
        ...

    async def open(self, options: StreamOptions, on_hypothesis: Callable[[Hypothesis], None]) -> SpeechStream:
        """Open a stream. `on_hypothesis` is called on this event loop, in order.

        Raises `SpeechBusy` when full and `LanguageNotAvailable` when no model fits.
        """
        ...

    def hears(self, language: str, model: str | None = None) -> bool:
        """Return whether a stream in a language (BCP-47) can be opened; `model` as in `StreamOptions`."""
        ...

    async def detect_language(self, samples: Samples, languages: Sequence[str]) -> tuple[str, float]:
        """Return which of the languages (BCP-47) is spoken in the audio, and its chance among them, 0..1.

        Raises `LanguageNotAvailable` when no model that tells languages apart is here.
        """
        ...

    def capacity(self) -> Capacity:
        """Return how many streams are open and how many may be."""
        ...

    async def close(self) -> None:
        """Stop the workers and free the models."""
        ...
