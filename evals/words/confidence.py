"""Whether the words that are right are those that the recogniser is sure of."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rapidfuzz.distance import Levenshtein

from earful.conversation.types import Word
from evals.wer.scoring import standard

__all__ = ["Sureness", "sureness"]


@dataclass(frozen=True, slots=True)
class Sureness:
    """The confidences (0..1) of words that were right and of words that were wrong; adds up over items."""

    right: tuple[float, ...] = ()
    wrong: tuple[float, ...] = ()

    @property
    def auc(self) -> float | None:
        """How often a right word is surer than a wrong one (ties count half); None without both."""
        if not self.right or not self.wrong:
            return None
        right, wrong = np.array(self.right)[:, None], np.array(self.wrong)[None]
        return float(np.mean((right > wrong) + (right == wrong) / 2))

    def __add__(self, other: "Sureness") -> "Sureness":
        return Sureness(self.right + other.right, self.wrong + other.wrong)


def sureness(reference: str, words: Sequence[Word]) -> Sureness:
    """Compare recognised words with what was said, each by the fewest edits of all under the "standard"
    normaliser. Words without a confidence, or of which it leaves nothing, do not count."""
    parts = [standard(word.text).split() for word in words]
    owners = [at for at, part in enumerate(parts) for _ in part]
    heard = [token for part in parts for token in part]
    agreed = [0] * len(words)
    for block in Levenshtein.opcodes(standard(reference).split(), heard):
        if block.tag == "equal":
            for owner in owners[block.dest_start : block.dest_end]:
                agreed[owner] += 1
    right: list[float] = []
    wrong: list[float] = []
    for word, part, equal in zip(words, parts, agreed, strict=True):
        if part and word.confidence is not None:
            (right if equal == len(part) else wrong).append(word.confidence)
    return Sureness(tuple(right), tuple(wrong))
