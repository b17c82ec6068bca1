"""What words sound like, and which words of a sentence sound like a listed phrase.

Pronunciations are ARPAbet phones: from the dictionary that comes with PocketSphinx where it has the word,
else guessed from the spelling. Two pronunciations are as far apart as the cheapest way to turn one into the
other: sounds made alike (b and p, the vowels of "bit" and "bet") cost less to exchange than others.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from earful.speech.pronunciations import pronunciations

__all__ = ["Alike", "Phrasebook", "Pronunciation", "distance", "pronounce", "spell"]

Pronunciation = tuple[int, ...]
"""Phones by number."""

_VOWELS = ("AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW")
_CONSONANTS = (
    "B", "CH", "D", "DH", "F", "G", "HH", "JH", "K", "L", "M", "N", "NG", "P", "R", "S", "SH", "T", "TH",
    "V", "W", "Y", "Z", "ZH",
)  # fmt: skip
_PHONES = (*_VOWELS, *_CONSONANTS)
_NUMBERS = {name: number for number, name in enumerate(_PHONES)}
_NEAR_VOWELS = (
    "AA AO AH", "AE EH", "IH IY", "IH EH", "UH UW", "AH ER", "AH IH", "AH UH", "EY EH", "AY AA", "OW AO",
    "AW AA", "OY AO", "AE AA", "AH EH", "EY AE", "OW UW", "EY IY", "AY IY", "OW AH",
)  # fmt: skip
_NEAR_CONSONANTS = (
    "P B", "T D", "K G", "F V", "S Z", "SH ZH", "CH JH", "TH DH", "M N NG", "L R", "S SH", "Z ZH", "T TH",
    "D DH", "TH F", "DH V", "CH SH", "JH ZH", "B V", "K CH", "P F", "T CH", "D JH", "W V", "L W", "NG G",
)  # fmt: skip
_SOUNDS = {
    "tion": "SH AH N", "sion": "ZH AH N", "ough": "AO", "igh": "AY", "tch": "CH", "dge": "JH", "sch": "SH",
    "ch": "CH", "sh": "SH", "th": "TH", "ph": "F", "wh": "W", "ck": "K", "ng": "NG", "qu": "K W", "gh": "G",
    "ee": "IY", "ea": "IY", "oo": "UW", "ou": "AW", "ow": "OW", "ai": "EY", "ay": "EY", "oa": "OW",
    "oi": "OY", "oy": "OY", "au": "AO", "aw": "AO", "ew": "UW", "ie": "IY", "ar": "AA R", "er": "ER",
    "ir": "ER", "or": "AO R", "ur": "ER", "a": "AE", "b": "B", "c": "K", "d": "D", "e": "EH", "f": "F",
    "g": "G", "h": "HH", "i": "IH", "j": "JH", "k": "K", "l": "L", "m": "M", "n": "N", "o": "AA", "p": "P",
    "r": "R", "s": "S", "t": "T", "u": "AH", "v": "V", "w": "W", "x": "K S", "y": "IY", "z": "Z",
}  # fmt: skip
_SPELLINGS = re.compile("|".join(sorted(_SOUNDS, key=len, reverse=True)))
_LETTERS = re.compile(r"[a-z']+")
_MOST_WORDS = 6


def _costs() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return what exchanging two phones costs (float32 [39, 39]) and leaving one out (float32 [39])."""
    vowel = np.array([name in _VOWELS for name in _PHONES])
    exchange = np.where(vowel[:, None] == vowel, np.where(vowel, 0.55, 1.0), 1.3).astype(np.float32)
    for groups, cost in ((_NEAR_VOWELS, 0.3), (_NEAR_CONSONANTS, 0.4)):
        for group in groups:
            numbers = [_NUMBERS[name] for name in group.split()]
            exchange[np.ix_(numbers, numbers)] = cost
    np.fill_diagonal(exchange, 0.0)
    drop = np.where(vowel, 0.6, 0.8).astype(np.float32)
    drop[_NUMBERS["HH"]] = 0.6
    return exchange, drop


_EXCHANGE, _DROP = _costs()


def spell(word: str) -> str:
    """Return a rough pronunciation (ARPAbet phones) of a word from its letters; "" when it has none."""
    plain = re.sub(r"(.)\1", r"\1", word) if len(word) > 3 else word
    return " ".join(_SOUNDS[part] for part in _SPELLINGS.findall(plain))


@lru_cache(maxsize=20_000)
def pronounce(text: str) -> Pronunciation:
    """Return the phones of a word or phrase as it is written, case aside; () when it has no letters."""
    phones: list[str] = []
    for part in _LETTERS.findall(text.lower().replace("’", "'")):
        word = part.strip("'")
        phones += (said[0] if (said := pronunciations(word)) else spell(word)).split()
    return tuple(_NUMBERS[name] for name in phones)


def distance(one: Pronunciation, other: Pronunciation) -> float:
    """Return how far apart two pronunciations are: 0 the same, about 1 nothing in common."""
    row = np.concatenate(([0.0], np.cumsum(_DROP[list(other)])))
    drops = row.copy()
    for phone in one:
        row = _step(row, phone, np.array(other, np.intp), drops, row[0] + _DROP[phone])
    return float(row[-1]) / max(_weight(one), _weight(other), 1e-9)


def _step(
    row: NDArray[np.floating],
    phone: int,
    other: NDArray[np.intp],
    drops: NDArray[np.floating],
    first: float | np.floating,
) -> NDArray[np.floating]:
    """Return the next row of the edit table: `other` [..., m] against one more phone."""
    new = np.empty_like(row)
    new[..., 0] = first
    new[..., 1:] = np.minimum(row[..., :-1] + _EXCHANGE[phone][other], row[..., 1:] + _DROP[phone])
    best: NDArray[np.floating] = np.minimum.accumulate(new - drops, axis=-1) + drops
    return best


def _weight(phones: Pronunciation) -> float:
    return float(_DROP[list(phones)].sum())


@dataclass(frozen=True, slots=True)
class Alike:
    """Words `start` up to `end` of a sentence that sound like the listed phrase number `phrase`."""

    phrase: int
    start: int
    end: int
    distance: float


class Phrasebook:
    """Listed phrases by their sound. `weights` says how much sound each has: about 0.7 for each phone."""

    def __init__(self, phrases: Sequence[str]) -> None:
        said = [pronounce(phrase) for phrase in phrases]
        longest = max((len(phones) for phones in said), default=0)
        self._said = said
        self._phones = np.zeros((len(said), longest), np.intp)
        for at, phones in enumerate(said):
            self._phones[at, : len(phones)] = phones
        self._lengths = np.array([len(phones) for phones in said], np.intp)
        self.weights = [max(_weight(phones), 1e-9) for phones in said]
        self._drops = np.concatenate(
            [np.zeros((len(said), 1)), np.cumsum(_DROP[self._phones], axis=1)], axis=1
        )

    def find_alike(self, words: Sequence[str], within: float) -> list[Alike]:
        """Return runs of words that sound like a phrase, no farther than `within`, the nearest first.

        At most one run ends at each word for each phrase. All phrases are compared at once: about 40 µs
        for each phone of the sentence with a hundred of them.
        """
        if not len(self._said):
            return []
        said = [pronounce(word) for word in words]
        row = self._drops.copy()
        every = np.arange(len(self._said))
        found: list[Alike] = []
        for at, phones in enumerate(said):
            begin = 0.0
            for phone in phones:
                begin = row[:, 0] + _DROP[phone]
                row = _step(row, phone, self._phones, self._drops, begin)
            near = row[every, self._lengths] / np.array(self.weights)
            for phrase in np.flatnonzero((near <= within) & (self._lengths > 0)):
                best = self._whole_words(said, int(phrase), at + 1)
                if best is not None and best.distance <= within:
                    found.append(best)
            row[:, 0] = 0.0
            row = np.minimum.accumulate(row - self._drops, axis=1) + self._drops
        return sorted(found, key=lambda alike: alike.distance)

    def _whole_words(self, said: Sequence[Pronunciation], phrase: int, end: int) -> Alike | None:
        """Return the nearest run of words that ends before word `end`."""
        wanted = self._said[phrase]
        best: Alike | None = None
        run: Pronunciation = ()
        for start in range(end - 1, max(-1, end - 1 - _MOST_WORDS), -1):
            run = said[start] + run
            if not said[start] or len(run) * 2 < len(wanted):
                continue
            if len(run) > 2 * len(wanted) + 2:
                break
            far = distance(run, wanted)
            if best is None or far < best.distance:
                best = Alike(phrase, start, end, far)
        return best
