"""Named things in a message: people, places, organisations, times, numbers, money, addresses of the net."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from earful.conversation.types import Entity, Member
from earful.insight.amounts import find_amounts
from earful.insight.dates import DateSpan, find_dates
from earful.insight.encoder import NamedSpan
from earful.insight.gazetteer import GIVEN_NAMES, LOCATION_WORDS, ORGANISATION_ENDINGS, PLACES, TITLES
from earful.insight.lexicon import word_set
from earful.insight.text import STOP_WORDS, Token, tokens

__all__ = ["date_entity", "find_entities"]

_EMAIL = re.compile(r"\b[\w.+%-]+@[\w-]+(?:\.[\w-]+)+\b")
_URL = re.compile(
    r"\bhttps?://[^\s,;]+|\bwww\.[\w-]+(?:\.[\w-]+)+(?:/[^\s,;]*)?|\b[\w-]+(?:\.[\w-]+)"
    r"*\.(?:com|org|net|io|edu|gov|co\.uk|ai|dev|app)\b(?:/[^\s,;]*)?",
    re.IGNORECASE,
)
_PHONE = re.compile(
    r"(?<![\w.$€£])(?:\+\d{1,3}[ .-]?)?(?:\(\d{3}\)\s?|\d{3}[ .-])\d{3}[ .-]\d{4}\b"
    r"|(?<![\w.])\+\d{1,3}(?:[ .-]?\d{2,4}){2,5}\b"
)
_NOT_PLACE = word_set("not_place")
_ORG_AFTER = frozenset(["at", "from", "with", "for", "of", "by", "join", "joined"])


def date_entity(span: DateSpan) -> Entity:
    """Return a time expression as an entity in the shapes that clients know."""
    first, last = span.first, span.last
    value: Any = span.text.lower()
    kind: str = span.kind
    if first is None or last is None:
        kind = "duration" if span.kind == "duration" else "date"
    elif span.kind == "date":
        value = first.date().isoformat()
    elif span.kind == "daterange":
        value = {"start": first.date().isoformat(), "end": last.date().isoformat()}
    elif span.kind == "datetime":
        value = first.strftime("%Y-%m-%d %H:%M:%S")
    elif span.kind == "datetimerange":
        value = {"start": first.strftime("%Y-%m-%d %H:%M:%S"), "end": last.strftime("%Y-%m-%d %H:%M:%S")}
    elif span.kind == "time":
        value = first.strftime("%H:%M:%S")
    elif span.kind == "timerange":
        value = {"start": first.strftime("%H:%M:%S"), "end": last.strftime("%H:%M:%S")}
    return Entity(kind, span.text, span.start, value)


def find_entities(
    text: str, now: datetime, members: Sequence[Member] = (), names: Sequence[NamedSpan] = ()
) -> list[Entity]:
    """Find the named things of a text said at `now` (local), in order, without overlaps.

    `names` are those that the encoder found; word lists alone know few.
    """
    words = tokens(text)
    dates = find_dates(text, now)
    found: list[Entity] = [
        *(Entity("email", hit.group(), hit.start(), hit.group().lower()) for hit in _EMAIL.finditer(text)),
        *(Entity("url", hit.group(), hit.start(), hit.group().lower()) for hit in _URL.finditer(text)),
        *(_phone(hit) for hit in _PHONE.finditer(text)),
        *(date_entity(span) for span in dates),
        *find_amounts(text, words, [(span.start, span.end) for span in dates]),
        *_people(text, words, members),
        *_heard(text, names, members, [(span.start, span.end) for span in dates]),
        *_places(text, words),
        *_organisations(text, words),
    ]
    kept: list[Entity] = []
    taken = [False] * (len(text) + 1)
    for entity in found:
        end = entity.offset + len(entity.text)
        if entity.text and not any(taken[entity.offset : end]):
            taken[entity.offset : end] = [True] * (end - entity.offset)
            kept.append(entity)
    return sorted(kept, key=lambda entity: entity.offset)


_HEARD_KINDS = {"PERSON": "person", "ORG": "organization", "LOC": "location"}
_SURE_ENOUGH = 0.5
# A possessive, and the end of the sentence unless it is one of several dots: "U.S."
_ENDING = re.compile(r"(?:['’]s?)?[,;:!?]*$|(?<=\w\w)\.$")


# After a time that begins a sentence the encoder is less sure of a name: "Yesterday Zbigniew Kowalczyk flew".
_SURE_ENOUGH_AFTER_TIME = 0.2
_CAPITALISED = re.compile(r"(?:[A-Z][\w'’-]*\s+)+$")


def _after_time(text: str, name: NamedSpan, times: Sequence[tuple[int, int]]) -> NamedSpan:
    """Return a person's name right after a time whole, and sure enough if all of it is capitalised."""
    if name.kind != "PERSON" or name.score >= _SURE_ENOUGH or name.score < _SURE_ENOUGH_AFTER_TIME:
        return name
    ends = [end for _, end in times if end < name.start]
    begin = max(ends, default=0) + 1
    between = text[begin : name.start]
    if not ends or text[begin - 1 : begin] != " " or (between and not _CAPITALISED.fullmatch(between)):
        return name
    if any(word[:1].islower() for word in text[name.start : name.end].split()):
        return name
    return NamedSpan(begin, name.end, name.kind, _SURE_ENOUGH)


def _heard(
    text: str, names: Sequence[NamedSpan], members: Sequence[Member], times: Sequence[tuple[int, int]]
) -> list[Entity]:
    """Return the encoder's names as entities, without a possessive ending."""
    found: list[Entity] = []
    for name in (_after_time(text, name, times) for name in names):
        kind = _HEARD_KINDS.get(name.kind)
        shown = _ENDING.sub("", text[name.start : name.end])
        if (
            kind is None
            or name.score < _SURE_ENOUGH
            or shown.lower() in STOP_WORDS
            or not shown[:1].isalnum()
        ):
            continue
        value: Any = _person_value(shown, members) if kind == "person" else shown.lower()
        found.append(Entity(kind, shown, name.start, value))
    return found


def _person_value(shown: str, members: Sequence[Member]) -> dict[str, Any]:
    """Return who a name is: the member who bears it, else the name alone."""
    first = shown.split()[0].lower()
    owner = next(
        (m for m in members if (m.name or "").split()[:1] and (m.name or "").split()[0].lower() == first),
        None,
    )
    if owner is None:
        return {"name": shown}
    return {"name": owner.name, "id": owner.id, "userId": owner.user_id or owner.email}


def _phone(hit: re.Match[str]) -> Entity:
    import phonenumbers

    try:
        number = phonenumbers.parse(hit.group(), "US")
        value = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    except phonenumbers.NumberParseException:
        value = re.sub(r"[^\d+]", "", hit.group())
    return Entity("phone_number", hit.group(), hit.start(), value)


def _entity(kind: str, text: str, start: int, end: int, value: Any) -> Entity:
    return Entity(kind, text[start:end], start, value)


def _people(text: str, words: list[Token], members: Sequence[Member]) -> list[Entity]:
    known = {part.lower() for member in members for part in (member.name or "").split()[:1]}
    found: list[Entity] = []
    index = 0
    while index < len(words):
        token = words[index]
        base = token.lower.removesuffix("'s")
        title = token.lower in TITLES and token.text[0].isupper()
        first = index + (
            2 if title and index + 1 < len(words) and words[index + 1].text == "." else 1 if title else 0
        )
        named = first < len(words) and words[first].text[0].isupper() and words[first].lower not in STOP_WORDS
        if named and (
            title
            or base in known
            or (base in GIVEN_NAMES and token.text[0].isupper() and not _is_month(base, words, index))
        ):
            last = first
            while (
                last + 1 < len(words)
                and words[last + 1].text[0].isupper()
                and text[words[last].end : words[last + 1].start] == " "
                and words[last + 1].lower not in STOP_WORDS
                and not words[last].text.endswith(("'s", "’s"))
            ):
                last += 1
            end = words[last].end
            if words[last].text.endswith(("'s", "’s")):
                end -= 2
            shown = text[words[first].start : end]
            found.append(_entity("person", text, words[first].start, end, _person_value(shown, members)))
            index = last + 1
        else:
            index += 1
    return found


def _is_month(base: str, words: list[Token], index: int) -> bool:
    return (
        base in ("april", "may", "june", "august")
        and index + 1 < len(words)
        and words[index + 1].text[0].isdigit()
    )


def _places(text: str, words: list[Token]) -> list[Entity]:
    found: list[Entity] = []
    index = 0
    while index < len(words):
        if not words[index].text[0].isupper():
            index += 1
            continue
        for size in (3, 2, 1):
            if index + size > len(words):
                continue
            end = words[index + size - 1].end
            shown = text[words[index].start : end]
            plain = shown.lower().removesuffix("'s").removesuffix("’s")
            ambiguous = (
                plain in _NOT_PLACE
                and not (plain == "us" and shown.startswith("US"))
                and not (index and words[index - 1].lower in ("in", "from", "to", "near", "at"))
            )
            if plain in PLACES and not ambiguous and not (plain == "us" and shown != "US"):
                found.append(
                    _entity("location", text, words[index].start, words[index].start + len(plain), plain)
                )
                index += size - 1
                break
            if (
                size > 1
                and words[index + size - 1].lower in LOCATION_WORDS
                and all(w.text[0].isupper() for w in words[index : index + size])
                and words[index].lower not in STOP_WORDS
            ):
                found.append(_entity("location", text, words[index].start, end, plain))
                index += size - 1
                break
        index += 1
    return found


def _organisations(text: str, words: list[Token]) -> list[Entity]:
    found: list[Entity] = []
    index = 0
    while index < len(words):
        last = index
        while (
            last < len(words)
            and words[last].text[0].isupper()
            and words[last].lower not in STOP_WORDS
            and (last == index or text[words[last - 1].end : words[last].start] in (" ", "&", " & "))
        ):
            last += 1
        run = words[index:last]
        if not run:
            index += 1
            continue
        ending = run[-1].lower.rstrip(".") in ORGANISATION_ENDINGS and len(run) > 1
        acronym = (
            len(run) == 1
            and run[0].text.isupper()
            and 2 <= len(run[0].text) <= 5
            and run[0].text.isalpha()
            and index
            and words[index - 1].lower in _ORG_AFTER
        )
        if ending or acronym:
            shown = text[run[0].start : run[-1].end]
            found.append(_entity("organization", text, run[0].start, run[-1].end, shown.lower()))
        index = last
    return found
