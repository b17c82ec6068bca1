"""Word errors between what was said and what was recognised, under two normalisers.

"standard" is Whisper's English normaliser with every number spelled as single digits on both sides, so
that "949", "9 4 9" and "nine four nine" agree; "plain" only lowers case and drops punctuation.
Overlapping talk is scored against the flat text (turns in order of start), because none of the systems
says who spoke: its errors include words that another order of the reference would forgive.
"""

import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import jiwer

__all__ = ["NORMALISERS", "Score", "plain", "score", "standard"]


@dataclass(frozen=True, slots=True)
class Score:
    """Errors against reference words; adds up over items."""

    words: int = 0
    substituted: int = 0
    deleted: int = 0
    inserted: int = 0

    @property
    def errors(self) -> int:
        """All errors together."""
        return self.substituted + self.deleted + self.inserted

    @property
    def rate(self) -> float:
        """Word error rate; 0 when there was nothing to say and nothing was said."""
        return self.errors / self.words if self.words else float(self.errors > 0)

    def __add__(self, other: "Score") -> "Score":
        return Score(
            self.words + other.words,
            self.substituted + other.substituted,
            self.deleted + other.deleted,
            self.inserted + other.inserted,
        )


def plain(text: str) -> str:
    """Return lower-case words without punctuation; apostrophes inside words stay."""
    return " ".join(re.findall(r"[a-z0-9]+(?:'[a-z0-9]+)*", text.lower().replace("’", "'")))


def standard(text: str) -> str:
    """Return `text` as Whisper's English normaliser has it, numbers as single digits."""
    normalised = _whisper()(text)
    digits = re.sub(r"(?<=\d)[.,](?=\d)", " ", normalised)
    spelled = re.sub(r"\d", r" \g<0> ", re.sub(r"\bone\b", "1", digits))
    return " ".join(spelled.split())


NORMALISERS: dict[str, Callable[[str], str]] = {"standard": standard, "plain": plain}


def score(reference: str, hypothesis: str, normalise: Callable[[str], str]) -> Score:
    """Return the fewest edits that turn the normalised hypothesis into the normalised reference."""
    wanted, heard = normalise(reference), normalise(hypothesis)
    if not wanted:
        return Score(inserted=len(heard.split()))
    result = jiwer.process_words(wanted, heard)
    return Score(len(wanted.split()), result.substitutions, result.deletions, result.insertions)


@cache
def _whisper() -> Callable[[str], str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its sources hold an invalid escape
        from whisper_normalizer.english import EnglishTextNormalizer  # type: ignore[import-untyped]

    normaliser: Callable[[str], str] = EnglishTextNormalizer()
    return normaliser
