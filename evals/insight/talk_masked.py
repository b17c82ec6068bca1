"""Redaction of whole short talks, word by word: what a listener still learns, and what is masked for nothing.

Messages go through the finder one after the other, as in a live conversation: punctuation is put back, what
was said before is known. A word counts as masked when it is no longer in the text that comes out.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from earful.conversation.types import Conversation, Member, Redaction
from earful.insight.service import LocalInsightService
from earful.insight.types import InsightOptions, Utterance

from . import stock
from .measures import Row, Tally
from .spoken_hard import FIRST, LATER, NOTHING
from .spoken_harder import HARDER, NOT_PERSONAL

__all__ = ["ours", "rows", "tally"]

_WORD = re.compile(r"[\w'@]+(?:[.][\w'@]+)*")
_MASK = "***"


def ours() -> Callable[[Sequence[str]], str]:
    service = LocalInsightService()
    options = InsightOptions(redaction=Redaction(redact=True, mask=_MASK))

    def mask(messages: Sequence[str]) -> str:
        session = service.open(Conversation("c", "a", datetime(2022, 3, 1, 9, tzinfo=UTC)), options)
        found = [
            session.observe(Utterance(text, 3.0 * at, 3.0 * at + 2, Member("m", "Speaker 1")))
            for at, text in enumerate(messages)
        ]
        return " ".join(message.text for step in found for message in step.messages)

    return mask


def _stock(find: Callable[[str], list[tuple[int, int]]]) -> Callable[[Sequence[str]], str]:
    def mask(messages: Sequence[str]) -> str:
        shown = []
        for message in messages:
            text = message
            for start, end in sorted(find(message), reverse=True):
                text = text[:start] + _MASK + text[end:]
            shown.append(text)
        return " ".join(shown)

    return mask


def _words(text: str) -> Counter[str]:
    return Counter(_WORD.findall(text.lower()))


def tally(lines: Sequence[str], mask: Callable[[Sequence[str]], str]) -> Tally:
    """Count personal words that are gone (right) or are still there (missed), and others gone (wrong).

    Words in braces may be masked or not.
    """
    total = Tally()
    for line in lines:
        messages = [part.strip() for part in line.split("|")]
        public = _words(" ".join(re.sub(r"\[.*?\]|{.*?}", " ", message) for message in messages))
        personal, either = (
            _words(" ".join(part for message in messages for part in re.findall(marks, message)))
            for marks in (r"\[(.*?)\]", r"{(.*?)}")
        )
        left = _words(mask([re.sub(r"[\[\]{}]", "", message) for message in messages]).replace(_MASK, " "))
        wrong = (public - left).total()
        missed = (personal & (left - public - either)).total()
        total.merge(Tally(personal.total() - missed, wrong, missed))
    return total


def rows() -> list[Row]:
    """Score ours and the stock libraries on each set, with lines that hold nothing personal."""
    systems = [("earful", ours())]
    systems += [
        (name, _stock(library))
        for name, library in (("Presidio", stock.presidio()), ("scrubadub", stock.scrubadub()))
        if library
    ]
    return [
        Row.of(f"personal data, said in hard ways ({which})", name, tally([*said, *nothing], mask), beta=2)
        for which, said, nothing in (
            ("own, first set", FIRST, NOTHING),
            ("own, second set", LATER, NOTHING),
            ("own, third set", HARDER, NOT_PERSONAL),
        )
        for name, mask in systems
    ]
