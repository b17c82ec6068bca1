"""Custom vocabulary: favours listed words and phrases, first while tokens are chosen, then by their sound.

While the decoder chooses, a listed phrase that it has begun is helped along. That never makes it begin one,
and rare names are mostly lost at their first token. So what was recognised is read once more: where words
sound like a listed phrase, the decoder is asked how likely the audio is with the phrase in their place.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from earful.speech.moonshine import Decoded, Scorer
from earful.speech.phonetics import Phrasebook
from earful.speech.tokenizer import END, Tokenizer
from earful.speech.types import Hotword

__all__ = ["HotwordBias"]

_REACH = 12.0
_ALIKE = 0.55
_LENIENCE = 3.6
_ALLOWED_AT_MOST = 24.0
_CANDIDATES = 7
_REVIEWS = 3


@dataclass(slots=True)
class _Node:
    """Where one is inside listed phrases: the next tokens, and the best bonus of the phrases they lead to."""

    children: dict[int, "_Node"] = field(default_factory=dict)
    score: float = 0.0


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A rewritten hypothesis, and how much less likely it may be than the present one."""

    tokens: tuple[int, ...]
    allowed: float


class HotwordBias:
    """Adds a phrase's score to the tokens that go on with it, once its first token has been chosen.

    The first token itself is left to the decoder: favouring it makes words up (with forty unused phrases
    listed, a bonus of 0.8 there cost 7 % more errors, none costs nothing). Nor is a token favoured that the
    decoder finds impossible (more than `_REACH` under its first choice), or where it wants to stop, so
    that neither silence nor a loop is filled with listed words. Every phrase is listed in the spellings
    that the decoder writes: as given, in lower case, and with capitals.
    """

    def __init__(self, tokenizer: Tokenizer, hotwords: Iterable[Hotword]) -> None:
        self._root = _Node()
        self._longest = 0
        self._tokenizer = tokenizer
        self._listed: list[Hotword] = []
        for hotword in hotwords:
            phrase = " ".join(hotword.phrase.split())
            if not phrase or hotword.score <= 0:
                continue
            for spelling in {phrase, phrase.lower(), phrase.capitalize(), phrase.title()}:
                self._insert(tokenizer.encode(spelling), min(hotword.score, 10.0))
            self._listed.append(Hotword(phrase, min(hotword.score, 10.0)))
        self._book = Phrasebook([hotword.phrase for hotword in self._listed])

    def __bool__(self) -> bool:
        return bool(self._root.children)

    def _insert(self, tokens: Sequence[int], score: float) -> None:
        node = self._root
        for token in tokens:
            node = node.children.setdefault(token, _Node())
            node.score = max(node.score, score)
        self._longest = max(self._longest, len(tokens))

    def adjust(self, tokens: Sequence[int], logits: NDArray[np.float32]) -> None:
        """Raise the scores of the tokens that listed phrases go on with after `tokens`; see `Bias`."""
        top = int(logits.argmax())
        if top == END:
            return
        least = float(logits[top]) - _REACH
        bonuses: dict[int, float] = {}
        for start in range(max(0, len(tokens) - self._longest), len(tokens)):
            node = self._follow(tokens[start:])
            for token, child in node.children.items() if node is not None else ():
                bonuses[token] = max(bonuses.get(token, 0.0), child.score)
        for token, bonus in bonuses.items():
            if logits[token] >= least:
                logits[token] += bonus

    def review(self, decoded: Decoded, score: Scorer) -> Decoded:
        """Return the hypothesis with listed phrases where the words sound like them and the audio allows it.

        A phrase may make the whole less likely by as much as it is favoured (`Hotword.score`), more so the
        nearer it sounds and the longer it is: short words are alike by chance.
        """
        known: list[float] | None = None
        for _ in range(_REVIEWS):
            candidates = self._candidates(decoded)
            if not candidates:
                return decoded
            sequences = [candidate.tokens for candidate in candidates]
            if known is None:
                known, *scores = score([decoded.tokens, *sequences])
            else:
                scores = score(sequences)
            now = sum(known)
            best, logprobs = max(
                zip(candidates, scores, strict=True), key=lambda pair: sum(pair[1]) + pair[0].allowed
            )
            if sum(logprobs) + best.allowed <= now:
                return decoded
            decoded, known = self._rewritten(decoded, best.tokens, logprobs), logprobs
        return decoded

    def _candidates(self, decoded: Decoded) -> list["_Candidate"]:
        """Return what the hypothesis may be replaced with, the likeliest by its sound first."""
        groups = self._words(decoded.tokens)
        words = [self._tokenizer.decode(group) for group in groups]
        candidates = []
        for alike in self._book.find_alike(words, _ALIKE):
            hotword = self._listed[alike.phrase]
            run = words[alike.start : alike.end]
            if _has(run, hotword.phrase.split()):
                continue
            likeness = self._book.weights[alike.phrase] * (_ALIKE - alike.distance)
            allowed = min(_ALLOWED_AT_MOST, hotword.score * _LENIENCE * likeness)
            phrase = self._tokenizer.encode(hotword.phrase + _closing(run[-1]))
            parts = [*groups[: alike.start], phrase, *groups[alike.end :]]
            candidates.append(_Candidate(tuple(token for part in parts for token in part), allowed))
        return sorted(candidates, key=lambda candidate: -candidate.allowed)[:_CANDIDATES]

    def _words(self, tokens: Sequence[int]) -> list[list[int]]:
        """Return the tokens of each word."""
        groups: list[list[int]] = []
        for token in tokens:
            if self._tokenizer.starts_word(token) or not groups:
                groups.append([])
            groups[-1].append(token)
        return groups

    def _rewritten(self, decoded: Decoded, tokens: tuple[int, ...], logprobs: Sequence[float]) -> Decoded:
        return replace(
            decoded,
            tokens=tokens,
            text=self._tokenizer.decode(tokens),
            token_logprobs=tuple(logprobs[:-1]),
            confidence=float(np.exp(np.mean(logprobs[:-1]))),
            end_logprob=logprobs[-1],
        )

    def _follow(self, tokens: Sequence[int]) -> _Node | None:
        node: _Node | None = self._root
        for token in tokens:
            node = node.children.get(token) if node is not None else None
            if node is None:
                return None
        return node


def _has(words: Sequence[str], phrase: Sequence[str]) -> bool:
    """Whether the words hold the phrase already, case and punctuation aside."""
    said, wanted = [_plain(word) for word in words], [_plain(word) for word in phrase]
    return any(said[at : at + len(wanted)] == wanted for at in range(len(said) - len(wanted) + 1))


def _plain(text: str) -> str:
    return re.sub(r"[^\w]", "", text.lower())


def _closing(word: str) -> str:
    """Return the punctuation that a word ends with."""
    return word[len(word.rstrip(".,?!")) :]
