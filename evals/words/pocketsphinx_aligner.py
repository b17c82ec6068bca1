"""PocketSphinx's own forced alignment, as a reference: every frame, every Gaussian that it counts."""

from collections.abc import Sequence

import numpy as np
from pocketsphinx import Decoder

from earful.speech.alignment import spoken
from earful.speech.phonetics import spell
from earful.speech.types import Samples
from evals.words.times import Timed

__all__ = ["PocketSphinxAligner"]

_RATE = 16_000
_FRAME_S = 0.01


class PocketSphinxAligner:
    """One decoder, for one thread at a time."""

    def __init__(self) -> None:
        self._decoder = Decoder(samprate=_RATE, lm=None, loglevel="FATAL")

    def align(self, samples: Samples, words: Sequence[str]) -> list[Timed] | None:
        """Return when each word is said that has a sound (`samples` are float32 [n], 16 kHz); None when the
        words cannot be fitted to the audio."""
        said = [(word, names) for word in words if (names := spoken(word))]
        every = [name for _, names in said for name in names]
        for name in every:
            if self._decoder.lookup_word(name) is None:
                self._decoder.add_word(name, spell(name), True)
        spans = self._spans(samples, every) if every else []
        if not every or len(spans) != len(every):
            return None
        timed = []
        at = 0
        for word, names in said:
            timed.append(Timed(word, spans[at][0], spans[at + len(names) - 1][1]))
            at += len(names)
        return timed

    def _spans(self, samples: Samples, names: Sequence[str]) -> list[tuple[float, float]]:
        try:
            self._decoder.set_align_text(" ".join(names))
            self._decoder.start_utt()
            self._decoder.process_raw(
                (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes(), full_utt=True
            )
            self._decoder.end_utt()
            parts = list(self._decoder.seg() or ())
        except RuntimeError:
            return []
        return [
            (part.start_frame * _FRAME_S, (part.end_frame + 1) * _FRAME_S)
            for part in parts
            if not part.word.startswith(("<", "[", "+")) and part.word != "(NULL)"
        ]
