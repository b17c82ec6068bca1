"""Whether a sentence tells of what has been or of a plan: "we met on Monday", "see you on Monday"."""

import re
from functools import lru_cache

from earful.insight.lexicon import word_set

__all__ = ["tells_of_the_past", "tells_of_what_comes"]

_SENTENCE_END = re.compile(r"[.;!?]\s|\n")
_PAST_FORMS = word_set("past_forms")
_PAST = re.compile(
    rf"\b(?:{'|'.join(sorted(_PAST_FORMS))})\b"
    # A participle after "is", "be" or an article is no past: "the office is closed on Friday".
    r"|(?<!\bis\s)(?<!\bare\s)(?<!\bbe\s)(?<!\bbeen\s)(?<!\bbeing\s)(?<!\bget\s)(?<!'s\s)(?<!'re\s)(?<!\bthe\s)"
    r"(?<!\ba\s)(?<!\bto\s)\b[a-z]{2,}[a-df-z]ed\b"
)
_TO_COME = re.compile(
    r"\b(?:will|shall|should|would|could|can|may|might|must|need|needs|want|wants|let's|let\s+us|please|going\s+to"
    r"|gonna|have\s+to|has\s+to|plan|plans|hope|hopes|expect|expects|due|until|till|supposed)\b|'ll\b|'d\b"
)
_PLANNED = re.compile(
    r"\b(?:will|shall|going\s+to|gonna|plan(?:s|ning)?\s+to|hop(?:e|es|ing)\s+to|expect(?:s|ing)?\s+to|let's|please"
    r"|due|again)\b|'ll\b"
)
_POINTS_AHEAD = re.compile(r"\b(?:to|by|until|till|for|before)\s+(?:the\s+)?$")


def tells_of_the_past(lower: str, start: int, end: int) -> bool:
    """Tell whether the sentence around a time (at `start`..`end` of a lower-case text) tells what was."""
    if _POINTS_AHEAD.search(lower, max(0, start - 12), start):
        return False
    if not _may_be_past(lower):
        return False
    first, last = _sentence(lower, start, end)
    if _TO_COME.search(lower, first, last):
        return False
    return bool(_PAST.search(lower, first, start) or _PAST.search(lower, end, last))


def _sentence(lower: str, start: int, end: int) -> tuple[int, int]:
    first = max((hit.end() for hit in _SENTENCE_END.finditer(lower, 0, start)), default=0)
    after = _SENTENCE_END.search(lower, end)
    return first, after.start() if after else len(lower)


def tells_of_what_comes(lower: str, start: int, end: int) -> bool:
    """Tell whether the sentence around a time tells a plan: "we will open in May", "we open again in May"."""
    first, last = _sentence(lower, start, end)
    if not _PLANNED.search(lower, first, last):
        return False
    return not (_may_be_past(lower) and _PAST.search(lower, first, last))


_WORD = re.compile(r"[a-z]+(?:'t\b)?")


@lru_cache(maxsize=16)
def _may_be_past(lower: str) -> bool:
    """Tell whether any word of a text has a form of the past: a first look, and several times ask it."""
    words = _WORD.findall(lower)
    return not _PAST_FORMS.isdisjoint(words) or any(word.endswith("ed") for word in words)
