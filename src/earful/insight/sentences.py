"""Final utterances cut into messages: sentences by one speaker, each with its time and words."""

import re
from dataclasses import dataclass
from itertools import pairwise

from earful.conversation.types import Word
from earful.insight.types import Utterance

__all__ = ["Piece", "breaks_off", "cut", "ends_open", "spans"]

_END = re.compile(r"(?:[.!?]+|…)[\"'”’)\]]*(?=\s)")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\"'])(?:mr|mrs|ms|dr|prof|st|sr|jr|gen|rep|sen|gov|capt|lt|col|vs|etc|e\.g"
    r"|i\.e|approx|dept|est|fig|ext"
    r"|inc|ltd|corp|co|ave|blvd|rd|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec|no|[a-z]"
    r"|[a-z](?:\.[a-z])+)\.$",
    re.IGNORECASE,
)
# These end a sentence as often as not; a capital after them decides. "I." is a sentence end too.
_MAY_END = re.compile(r"(?:etc|inc|ltd|corp|co|no|a\.m|p\.m|u\.s|u\.k|[ap]m)\.$|(?:^|\s)I\.$", re.IGNORECASE)
# After these more must come, whatever mark a recogniser puts behind them.
_WANTS_MORE = (
    r"(?:[,:;–—-]|\b(?:and|or|but|because|the|a|an|my|your|our|their|its|every|i'll|we'll|you'll"
    r"|i'm\s+going\s+to|going\s+to\s+be|than|if))"
)
_BROKEN = re.compile(rf"{_WANTS_MORE}[.…?]*$", re.IGNORECASE)
_OPEN_END = re.compile(
    rf"(?:{_WANTS_MORE}|\b(?:so|to|of|for|with|in|on|at|by|from|about|his|will|would|could|should|can"
    r"|is|are|when|that|which|as))[.…]*$",
    re.IGNORECASE,
)
_MAX_WORDS = 60
_ENDING_CHARS = 64  # no pattern for the end of a text is longer
_CLAUSE = re.compile(
    r"[,;]\s+(?=(?:and|but|so|because|then|or)\b)|\s+(?=(?:but|so|because)\s+(?:i|we|you|they|it)\b)", re.I
)


@dataclass(frozen=True, slots=True)
class Piece:
    """One sentence of an utterance; times in seconds since the conversation began."""

    text: str
    start: float
    end: float
    words: tuple[Word, ...] = ()


def spans(text: str) -> list[tuple[int, int]]:
    """Return where each sentence of a text begins and ends (offsets, end exclusive, no blanks around)."""
    ends: list[int] = []
    for hit in _END.finditer(text):
        rest = text[hit.end() :].lstrip()
        if not rest:
            continue
        sign = hit.group()
        if sign[0] in ".…":
            begins_new = rest[0].isupper() or rest[0].isdigit() or rest[0] in "\"'“‘(["
            if sign.startswith(("..", "…")) and not begins_new:
                continue
            tail = max(0, hit.end() - _ENDING_CHARS)
            if _MAY_END.search(text, tail, hit.end()):
                if not begins_new:
                    continue
            elif _ABBREVIATION.search(text, tail, hit.end()):
                continue
        ends.append(hit.end())
    cuts = [0, *ends, len(text)]
    result: list[tuple[int, int]] = []
    for begin, end in pairwise(cuts):
        result += _shorten(text, begin, end)
    return result


def _shorten(text: str, begin: int, end: int) -> list[tuple[int, int]]:
    """Trim a span, and cut one that runs on for too long at its conjunctions."""
    piece = text[begin:end]
    begin += len(piece) - len(piece.lstrip())
    end -= len(piece) - len(piece.rstrip())
    if begin >= end:
        return []
    if text.count(" ", begin, end) < _MAX_WORDS:
        return [(begin, end)]
    middle = (begin + end) / 2
    places = [hit.end() for hit in _CLAUSE.finditer(text, begin + 40, end - 40)]
    if not places:
        return [(begin, end)]
    at = min(places, key=lambda place: abs(place - middle))
    return [*_shorten(text, begin, at), *_shorten(text, at, end)]


def ends_open(text: str) -> bool:
    """Tell whether a sentence breaks off: without its end, or on a word that wants more."""
    stripped = text.rstrip()
    return bool(stripped) and (stripped[-1] not in ".!?…\"')" or bool(_at_end(_OPEN_END, stripped)))


def breaks_off(text: str) -> bool:
    """Tell whether a text ends on a word that must have another after it, though a mark may stand there."""
    return bool(_at_end(_BROKEN, text.rstrip().replace("’", "'")))


def _at_end(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """Return where the end of a text matches what is written for ends."""
    return pattern.search(text, max(0, len(text) - _ENDING_CHARS))


def cut(utterance: Utterance) -> list[Piece]:
    """Cut an utterance into sentences, sharing out its words and its time.

    Times come from the words; without them they are shared out by the length of the text.
    """
    text = utterance.text
    places = spans(text)
    owners = _share_words(text, places, utterance.words)
    length = max(len(text), 1)
    lasting = max(utterance.end - utterance.start, 0.0)
    pieces: list[Piece] = []
    for (begin, end), words in zip(places, owners, strict=True):
        if words:
            start_s, end_s = words[0].start, max(words[-1].end, words[0].start)
        else:
            start_s = utterance.start + lasting * begin / length
            end_s = utterance.start + lasting * end / length
        pieces.append(Piece(text[begin:end], start_s, end_s, words))
    return pieces


def _share_words(text: str, places: list[tuple[int, int]], words: tuple[Word, ...]) -> list[tuple[Word, ...]]:
    """Give each sentence its words, found one after another in the text; none when they do not fit it."""
    owners: list[list[Word]] = [[] for _ in places]
    at = 0
    sentence = 0
    for word in words:
        found = text.lower().find(word.text.strip().lower(), at)
        if found < 0 or found - at > 40:
            return [() for _ in places]
        at = found + len(word.text.strip())
        while sentence < len(places) - 1 and found >= places[sentence][1]:
            sentence += 1
        owners[sentence].append(word)
    return [tuple(owned) for owned in owners]
