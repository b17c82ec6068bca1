"""What "it" or "that" in an action stands for, where what was said before names one thing."""

import re
from collections.abc import Sequence
from datetime import datetime

from earful.insight.dates import find_dates
from earful.insight.lexicon import word_set
from earful.insight.numbers import ORDINALS
from earful.insight.text import STOP_WORDS, stem, tokens
from earful.insight.topics import candidates

__all__ = ["with_thing"]

_WORD_BEFORE = r"(?:\s+(?:into|of|after|with|on|at|care|care\s+of|through|over|up|out|off|down|back|to))?"
# A pronoun that is the object: "that" before a noun points at the noun.
_OBJECT = re.compile(
    rf"^[a-z-]+{_WORD_BEFORE}\s+(?P<it>it|that|this|them|those|these)\b"
    r"(?=\s*[.,;!?]|\s*$|\s+(?:by|on|before|after|tomorrow|today|tonight|this|next|right|then|now|for|to|with|and|in|at"
    r"|first|over|up|out|off|down|back|away|done|sent|sorted|fixed|ready|as|when|if|once|until|asap|later|soon|too"
    r"|also|together|from|within|straight|personally|myself|there|here|again"
    r"|monday|tuesday|wednesday|thursday|friday|saturday|sunday)\b)",
    re.IGNORECASE,
)
_DETERMINED = re.compile(
    r"\b(?P<of>the|our|my|your|his|her|their|this|that|these|those|an?|another)\s+(?P<which>(?:[a-z0-9-]+\s+){0,2})$",
    re.IGNORECASE,
)
_STANDS_THERE = re.compile(
    r"\b(?:need|want|have|got|see|use|put|take|send|get|bring|like|know)\s+(?:it|them)\b", re.IGNORECASE
)
_OF = re.compile(r"\s+of\s+(?:(?:the|our|your)\s+)?(?P<noun>[\w-]+)")
_ANY_DAY = datetime(2000, 1, 1)
_MANY = frozenset(("them", "those", "these"))
_PEOPLE = word_set("people")
_ABOUT = re.compile(r"^(?:look|take\s+care|deal|handle|sort|fix|check|see\s+to|follow)\b", re.IGNORECASE)
_NO_TASK = re.compile(
    r"^(?:do|make|keep|leave|let|give|call|say|see|try|like|love|think|mean|put\s+it)\b", re.IGNORECASE
)


def with_thing(text: str, phrase: str, before: Sequence[str], said: str = "") -> str:
    """Return an action's text with the thing that its object stands for: "cancel it (the truck)".

    `before` is what was said before it, the latest last, `said` what its own message says before the phrase.
    The nearest of these that names a thing must name one alone, or begin with it; else the text stays.
    """
    hit = _OBJECT.match(phrase)
    if hit is None or _NO_TASK.match(phrase):
        return text
    at = text.find(phrase[: hit.end("it")])  # the beginning stays as it was said
    if at < 0:
        return text
    many = hit["it"].lower() in _MANY
    for message in (said, *reversed(before)):
        things = _things(message)
        if not things:
            continue
        if _STANDS_THERE.search(message):
            return text  # what "it" stands for there was named before, and it may be the same
        thing, leads, plural = things[0]
        if (len(things) == 1 or leads) and (plural == many or (leads and _ABOUT.match(phrase))):
            end = at + hit.end("it")
            return f"{text[:end]} ({thing}){text[end:]}"
        return text
    return text


def _things(message: str) -> list[tuple[str, bool, bool]]:
    """Return what a message names with an article: "the …", whether it begins so, plural or not."""
    found: list[tuple[str, bool, bool]] = []
    at = 0
    taken = [(span.start, span.end) for span in find_dates(message, _ANY_DAY)]
    for _, name in candidates(message):
        start = message.find(name, at)
        lead = _DETERMINED.search(message, 0, start) if start >= 0 else None
        if lead is None or any(lead.start() < end and start + len(name) > first for first, end in taken):
            continue
        which = lead["which"].lower().split()
        if any(word in STOP_WORDS and word not in ORDINALS for word in which):
            continue
        of_what = _OF.match(message, start + len(name))
        if of_what and of_what["noun"].lower() not in STOP_WORDS:
            name = message[start : of_what.end()]
        at = start + len(name)
        head = (name.split(" of ")[0]).split()[-1].lower()
        if stem(head) in _PEOPLE or head in _PEOPLE:
            continue
        of = lead["of"].lower()
        own = of if of in ("his", "her", "their") else "the"
        first = len([word for word in tokens(message[: lead.start()]) if word.is_word]) <= 1
        found.append((" ".join((own, *which, name)), first, stem(head) != head))
    return found
