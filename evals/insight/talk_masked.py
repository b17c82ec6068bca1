"""Redaction of whole short talks, word by word: what a listener still learns, and what is masked for nothing.

Messages go through the finder one after the other, as in a live conversation: punctuation is put back, what
was said before is known. A word counts as masked when it is no longer in the text that comes out.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache, partial
from pathlib import Path

from earful.conversation.types import Conversation, Member, Redaction
from earful.insight.service import LocalInsightService
from earful.insight.types import InsightOptions, Utterance

from . import stock
from .measures import Row, Tally
from .spoken_hard import FIRST, LATER, NOTHING
from .spoken_harder import HARDER, NOT_PERSONAL

__all__ = ["calls_tally", "counted", "masked", "ours", "read_calls", "rows", "tally", "unmarked"]

_WORD = re.compile(r"[\w'@]+(?:[.][\w'@]+)*")
_MASK = "***"


def ours() -> Callable[[Sequence[str]], str]:
    return lambda messages: " ".join(masked([(0, message) for message in messages]))


def masked(turns: Sequence[tuple[int, str]]) -> list[str]:
    """Return what is told of each turn of a talk, said by the speaker of that number."""
    options = InsightOptions(redaction=Redaction(redact=True, mask=_MASK))
    session = _service().open(Conversation("c", "a", datetime(2022, 3, 1, 9, tzinfo=UTC)), options)
    shown = []
    for at, (who, text) in enumerate(turns):
        speaker = Member(f"m{who}", f"Speaker {who + 1}")
        step = session.observe(Utterance(text, 3.0 * at, 3.0 * at + 2, speaker))
        shown.append(" ".join(message.text for message in step.messages))
    return shown


@lru_cache(maxsize=1)
def _service() -> LocalInsightService:
    return LocalInsightService()


def _stock(find: Callable[[str], list[tuple[int, int]]]) -> Callable[[Sequence[str]], str]:
    return lambda messages: " ".join(_without(find, message) for message in messages)


def _without(find: Callable[[str], list[tuple[int, int]]], text: str) -> str:
    for start, end in sorted(find(text), reverse=True):
        text = text[:start] + _MASK + text[end:]
    return text


def read_calls() -> list[list[tuple[int, str]]]:
    """Return the calls of `phone_calls.txt`: the number of the speaker and the marked words of each turn."""
    calls = []
    for block in re.split(
        r"\n\s*\n", Path(__file__).with_name("phone_calls.txt").read_text(encoding="utf-8")
    ):
        lines = [line for line in block.splitlines() if line and not line.startswith("#")]
        if lines:
            people = [name.strip() for name in lines[0].split(",")]
            turns = [line.split(": ", 1) for line in lines[1:]]
            calls.append([(people.index(who), text) for who, text in turns])
    return calls


def calls_tally(mask: Callable[[Sequence[tuple[int, str]]], Sequence[str]]) -> Tally:
    """Count the words of the phone calls turn by turn."""
    total = Tally()
    for turns in read_calls():
        shown = mask([(who, unmarked(marked)) for who, marked in turns])
        for (_, marked), left in zip(turns, shown, strict=True):
            total.merge(counted(marked, left))
    return total


def _words(text: str) -> Counter[str]:
    return Counter(_WORD.findall(text.lower()))


def tally(lines: Sequence[str], mask: Callable[[Sequence[str]], str]) -> Tally:
    """Count the words of talks, each a line, with "|" between its messages."""
    total = Tally()
    for line in lines:
        messages = [part.strip() for part in line.split("|")]
        total.merge(counted(" ".join(messages), mask([unmarked(message) for message in messages])))
    return total


def unmarked(marked: str) -> str:
    """Return a text without the marks of what is personal in it."""
    return re.sub(r"[\[\]{}]", "", marked)


def counted(marked: str, shown: str) -> Tally:
    """Count personal words that are gone (right) or are still there (missed), and others gone (wrong).

    Words in braces may be masked or not.
    """
    public = _words(re.sub(r"\[.*?\]|{.*?}", " ", marked))
    personal, either = (_words(" ".join(re.findall(marks, marked))) for marks in (r"\[(.*?)\]", r"{(.*?)}"))
    left = _words(shown.replace(_MASK, " "))
    wrong = (public - left).total()
    missed = (personal & (left - public - either)).total()
    return Tally(personal.total() - missed, wrong, missed)


def rows() -> list[Row]:
    """Score ours and the stock libraries on each set, with lines that hold nothing personal."""
    libraries = [
        (name, library)
        for name, library in (("Presidio", stock.presidio()), ("scrubadub", stock.scrubadub()))
        if library
    ]
    systems = [("earful", ours()), *((name, _stock(library)) for name, library in libraries)]
    table = [
        Row.of(f"personal data, said in hard ways ({which})", name, tally([*said, *nothing], mask), beta=2)
        for which, said, nothing in (
            ("own, first set", FIRST, NOTHING),
            ("own, second set", LATER, NOTHING),
            ("own, third set", HARDER, NOT_PERSONAL),
        )
        for name, mask in systems
    ]
    for name, mask_call in (
        ("earful", masked),
        *((name, partial(_each_without, library)) for name, library in libraries),
    ):
        table.append(
            Row.of("personal data, phone calls (own, fourth set)", name, calls_tally(mask_call), beta=2)
        )
    return table


def _each_without(
    find: Callable[[str], list[tuple[int, int]]], turns: Sequence[tuple[int, str]]
) -> list[str]:
    return [_without(find, text) for _, text in turns]
