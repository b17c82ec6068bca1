"""Whisper models in CTranslate2's format, by faster-whisper: many languages, on the CPU or a GPU."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from earful.conversation.types import Word
from earful.speech.catalogue import primary_subtag
from earful.speech.devices import Processor
from earful.speech.segments import Heard, Hearing
from earful.speech.types import Samples, StreamOptions

__all__ = ["WhisperDecoder", "among"]

_SILENT = 0.6
"""Probability of no speech from which an unsure segment is taken to be none."""


class WhisperDecoder:
    """A loaded model; raises `ValueError` or `RuntimeError` when the folder holds none.

    On the CPU its weights are computed with in 8 bits; on a GPU in 16, and two segments at a time.
    """

    quickest_partial = 1.0

    def __init__(self, folder: Path, *, threads: int, processor: Processor = "cpu") -> None:
        from faster_whisper import WhisperModel

        self.workers = 2 if processor == "cuda" else 1
        self._model: Any = WhisperModel(
            str(folder),
            device=processor,
            compute_type="float16" if processor == "cuda" else "int8",
            cpu_threads=threads,
            num_workers=self.workers,
            local_files_only=True,
        )

    @property
    def multilingual(self) -> bool:
        """Whether the model knows more than English, and so can tell languages apart."""
        return bool(self._model.model.is_multilingual)

    def listen(self, options: StreamOptions) -> Hearing:
        """Begin with a new segment."""
        return _WhisperHearing(self, options)

    def decode(self, samples: Samples, options: StreamOptions, *, final: bool) -> Heard:
        """Return what is said in a whole segment (float32 [n], 16 kHz); partials are searched less."""
        found, _ = self._model.transcribe(
            samples,
            language=primary_subtag(options.language),
            beam_size=5 if final else 1,
            temperature=0.0,
            condition_on_previous_text=False,
            word_timestamps=final and options.words,
            without_timestamps=True,
            hotwords=" ".join(word.phrase for word in options.hotwords) or None,
        )
        # With word times the library goes on behind the last word, and would hear things in what is left.
        whole = itertools.takewhile(lambda part: part.seek == 0, found)
        parts = [part for part in whole if part.no_speech_prob < _SILENT or part.avg_logprob > -1.0]
        if not parts:
            return Heard("", None)
        words = tuple(
            Word(word.word.strip(), float(word.start), float(word.end), float(word.probability))
            for part in parts
            for word in part.words or ()
        )
        sure = math.exp(min(0.0, sum(part.avg_logprob for part in parts) / len(parts)))
        text = " ".join("".join(part.text for part in parts).split())
        return Heard(text, sure, words, inventive=True)

    def language_chances(self, samples: Samples) -> dict[str, float]:
        """Return how likely each language the model knows is spoken (float32 [n], 16 kHz; by its code,
        the likeliest first); at most the first half minute is heard."""
        _, _, chances = self._model.detect_language(samples)
        return {language: float(chance) for language, chance in chances}


@dataclass(frozen=True, slots=True)
class _WhisperHearing:
    """A segment; the model hears it anew each time."""

    decoder: WhisperDecoder
    options: StreamOptions

    def hear(self, samples: Samples, *, final: bool) -> Heard:
        return self.decoder.decode(samples, self.options, final=final)


def among(chances: dict[str, float], languages: Sequence[str]) -> tuple[str, float]:
    """Return the likeliest of the languages (BCP-47 tags) and its chance among them alone, 0..1."""
    known = {language: chances.get(primary_subtag(language), 0.0) for language in languages}
    best = max(known, key=lambda language: known[language])
    total = sum(known.values())
    return best, known[best] / total if total > 0 else 0.0
