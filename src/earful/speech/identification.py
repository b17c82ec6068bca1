"""Live streams that first find out which language is spoken, and are then recognised in it.

Audio is held until enough speech has come to tell; what was held is heard first. When nobody speaks,
when the detector is not sure, or when the language's stream cannot be had, the first choice is kept.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import structlog

from earful.audio.vad import FRAME, FRAME_SECONDS, SAMPLE_RATE, VadModel, VadState
from earful.speech.types import (
    Hypothesis,
    Samples,
    SpeechError,
    SpeechService,
    SpeechStream,
    StreamOptions,
)

__all__ = ["open_identified"]

log = structlog.get_logger(__name__)

ENOUGH_S = 2.5
"""Seconds of speech from which a language can be told."""

LONGEST_S = 8.0
"""Seconds since the first speech after which it is told from what there is."""

SURE = 0.5
"""Chance, among the choices, under which the first choice is kept."""

_LEAST_S = 0.3
_LEAD = 10
"""Frames before the first speech that are kept."""
_ON, _OFF = 0.5, 0.35


async def open_identified(
    service: SpeechService,
    ear: VadModel,
    choices: Sequence[StreamOptions],
    on_hypothesis: Callable[[Hypothesis], None],
    on_language: Callable[[str], None],
) -> SpeechStream:
    """Open a stream in one of several languages; the first choice is what counts when in doubt.

    `on_language` is called once, before the first hypothesis, with the language that was chosen.
    Raises what `SpeechService.open` raises for the first choice.
    """
    stream = _Identified(service, ear, choices, on_hypothesis, on_language)
    await stream.open()
    return stream


class _Identified:
    """A stream that holds its audio until the language is known."""

    def __init__(
        self,
        service: SpeechService,
        ear: VadModel,
        choices: Sequence[StreamOptions],
        on_hypothesis: Callable[[Hypothesis], None],
        on_language: Callable[[str], None],
    ) -> None:
        self._service = service
        self._ear = ear
        self._choices = choices
        self._on_hypothesis = on_hypothesis
        self._on_language = on_language
        self._inbox: list[Samples] | None = []
        self._came = asyncio.Event()
        self._ending = False
        self._dropped = 0

    async def open(self) -> None:
        """Open the stream of the first choice, and begin to listen."""
        self._stream = await self._service.open(self._choices[0], self._tell)
        self._task = asyncio.create_task(self._identify(), name="language identification")

    def feed(self, samples: Samples) -> None:
        """Take more audio; it is copied."""
        if self._inbox is None:
            self._stream.feed(samples)
        else:
            self._inbox.append(np.array(samples, dtype=np.float32))
            self._came.set()

    async def flush(self) -> None:
        """Decide on the language if that is still open, and end the current segment."""
        self._ending = True
        self._came.set()
        await asyncio.wait([self._task])
        await self._stream.flush()

    async def close(self) -> None:
        """Drop the stream and what is not yet recognised. Idempotent."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._stream.close()

    def _tell(self, heard: Hypothesis) -> None:
        """Pass a hypothesis on, in the time of this stream: silence at its start was not passed on."""
        late = self._dropped / SAMPLE_RATE
        if late:
            words = tuple(replace(word, start=word.start + late, end=word.end + late) for word in heard.words)
            heard = replace(
                heard,
                start=heard.start + late,
                end=heard.end + late,
                words=words,
                audio_end=heard.audio_end + late,
            )
        self._on_hypothesis(heard)

    async def _identify(self) -> None:
        chosen = self._choices[0]
        held: list[Samples] = []
        try:
            voiced = await self._listen(held)
            if voiced >= _LEAST_S:
                chosen = await self._detect(np.concatenate(held))
            if chosen is not self._choices[0]:
                stream = await self._service.open(chosen, self._tell)
                first, self._stream = self._stream, stream
                await first.close()
        except SpeechError as error:
            chosen = self._choices[0]
            log.warning("language not identified", reason=str(error))
        except Exception:
            chosen = self._choices[0]
            log.exception("language not identified")
        self._on_language(chosen.language)
        inbox, self._inbox = self._inbox or [], None
        for samples in (*held, *inbox):
            self._stream.feed(samples)

    async def _detect(self, speech: Samples) -> StreamOptions:
        languages = [choice.language for choice in self._choices]
        language, chance = await self._service.detect_language(speech, languages)
        log.info("language identified", language=language, chance=round(chance, 2))
        return self._choices[languages.index(language) if chance >= SURE else 0]

    async def _listen(self, held: list[Samples]) -> float:
        """Take audio into `held` until there is enough speech; return how many seconds of it there are.

        Silence before the first speech is not held, but counted.
        """
        state = VadState()
        rest = np.zeros(0, np.float32)
        voiced = 0
        try:
            while True:
                await self._came.wait()
                self._came.clear()
                ending = self._ending
                joined = np.concatenate([rest, *self._take()])
                whole = len(joined) - len(joined) % FRAME
                rest = joined[whole:]
                chances = await asyncio.to_thread(self._ear.probabilities, joined[:whole], state)
                for at, chance in enumerate(chances.tolist()):
                    held.append(joined[at * FRAME : (at + 1) * FRAME].copy())
                    voiced += chance >= (_OFF if voiced else _ON)
                    if not voiced and len(held) > _LEAD:
                        self._dropped += len(held.pop(0))
                enough = voiced * FRAME_SECONDS >= ENOUGH_S
                if enough or ending or (voiced and len(held) * FRAME_SECONDS >= LONGEST_S):
                    return voiced * FRAME_SECONDS
        finally:
            held.append(rest)

    def _take(self) -> list[Samples]:
        inbox, self._inbox = self._inbox or [], []
        return inbox
