"""Speech whose word times are known exactly: flite says where each phone ends in what it speaks."""

import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from shutil import which

import numpy as np

from earful.audio.files import read_blocks
from earful.audio.types import Samples
from evals.words.times import Timed

__all__ = ["SENTENCES", "VOICES", "Phone", "installed", "speak", "word_spans"]

VOICES = ("slt", "rms", "awb", "kal16")
"""A woman and three men; the first three from recordings of people."""

SENTENCES = (
    "the quarterly report shows that revenue grew by seven percent in the northern region",
    "could you please send me the address of the new office before the meeting tomorrow morning",
    "we decided to move the release to the second week of march because testing is behind",
    "thank you for calling how can I help you today",
    "I think the customer wants a refund and I promised to call him back on friday",
    "the bridge was closed for two days after the storm so everybody took the ferry",
    "she asked whether the printer on the third floor had been repaired",
    "nobody knew the answer but the teacher wrote it on the board anyway",
)
"""Sentences of common words, so that what is recognised can be compared with what was said."""

_QUIET_S = 0.5
_PAUSE = "pau"
_VOWELS = frozenset(
    ("aa", "ae", "ah", "ao", "aw", "ax", "ay", "eh", "er", "ey", "ih", "iy", "ow", "oy", "uh", "uw")
)
_PHONE = re.compile(r"([a-z]+):([0-9.]+)")


@dataclass(frozen=True, slots=True)
class Phone:
    """One sound with its times in seconds."""

    name: str
    start: float
    end: float


def installed() -> bool:
    """Return whether flite is here."""
    return which("flite") is not None


def speak(voice: str, text: str, out: Path) -> tuple[Samples, list[Timed]]:
    """Return the sentence spoken (float32 [n], 16 kHz, half a second of silence around it) and when each
    word of it is said."""
    phones = _phones(voice, text, out)
    quiet = np.zeros(round(_QUIET_S * 16_000), np.float32)
    samples = np.concatenate([quiet, *read_blocks(out), quiet])
    alone = [[phone.name for phone in _alone(voice, word)] for word in text.split()]
    spans = word_spans(alone, [phone for phone in phones if phone.name != _PAUSE])
    return samples, [
        Timed(word, span[0] + _QUIET_S, span[1] + _QUIET_S)
        for word, span in zip(text.split(), spans, strict=True)
        if span is not None
    ]


def word_spans(words: Sequence[Sequence[str]], phones: Sequence[Phone]) -> list[tuple[float, float] | None]:
    """Return when each word starts and ends: which of the phones of the sentence are its.

    `words` are the phones of each word spoken alone; within the sentence some differ ("the", "and"), so
    the two are aligned with the fewest changes. None for a word that has no phone left.
    """
    owners = [at for at, names in enumerate(words) for _ in names]
    names = [name for group in words for name in group]
    cost = np.zeros((len(names) + 1, len(phones) + 1))
    cost[:, 0], cost[0] = np.arange(len(names) + 1), np.arange(len(phones) + 1)
    for i, name in enumerate(names, 1):
        for j, phone in enumerate(phones, 1):
            cost[i, j] = min(
                cost[i - 1, j - 1] + _unlike(name, phone.name), cost[i - 1, j] + 1, cost[i, j - 1] + 1
            )
    spans: list[tuple[float, float] | None] = [None] * len(words)
    for owner, phone in _walk_back(cost, names, owners, phones):
        span = spans[owner]
        spans[owner] = (phone.start, max(phone.end, span[1]) if span else phone.end)
    return spans


def _walk_back(
    cost: np.ndarray, names: Sequence[str], owners: Sequence[int], phones: Sequence[Phone]
) -> Iterator[tuple[int, Phone]]:
    """Yield each phone with the word it belongs to, the last first; an extra phone goes with its follower."""
    i, j = len(names), len(phones)
    while j > 0:
        if i > 0 and cost[i, j] == cost[i - 1, j - 1] + _unlike(names[i - 1], phones[j - 1].name):
            i -= 1
            j -= 1
            yield owners[i], phones[j]
        elif i > 0 and cost[i, j] == cost[i - 1, j] + 1:
            i -= 1
        else:
            j -= 1
            yield owners[min(i, len(owners) - 1)], phones[j]


def _unlike(one: str, other: str) -> float:
    if one == other:
        return 0.0
    return 0.5 if (one in _VOWELS) == (other in _VOWELS) else 1.5


def _phones(voice: str, text: str, out: Path) -> list[Phone]:
    command = ["flite", "-voice", voice, "-psdur", "-t", text, "-o", str(out)]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    phones: list[Phone] = []
    for name, end in _PHONE.findall(told):
        phones.append(Phone(name, phones[-1].end if phones else 0.0, float(end)))
    return phones


@cache
def _alone(voice: str, word: str) -> tuple[Phone, ...]:
    return tuple(phone for phone in _phones(voice, word, Path("none")) if phone.name != _PAUSE)
