"""Named things in a message: people, places, organisations, times, numbers, money, addresses of the net."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from earful.conversation.types import Entity, Member
from earful.insight.amounts import find_amounts
from earful.insight.dates import DateSpan, find_dates
from earful.insight.encoder import NamedSpan
from earful.insight.gazetteer import (
    GIVEN_NAMES,
    LOCATION_WORDS,
    ORGANISATION_ENDINGS,
    ORGANISATIONS,
    PLACE_LEADS,
    PLACES,
    TITLES,
)
from earful.insight.lexicon import lines, word_set
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
        *_known_organisations(text),
        *_introduced(text, names),
        *(one for one in _people(text, words, members) if not _heard_longer(one, text, names)),
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


# A known organisation as it is written: "morgan stanley" in lower case is left to the encoder.
_BY_LENGTH = sorted(ORGANISATIONS, key=len, reverse=True)
_KNOWN = re.compile(
    rf"(?<![\w.&-])(?:{'|'.join(re.escape(name) for name in _BY_LENGTH)})(?![\w&]|-\w)"
    # "Google Cloud", "GE Capital": what follows in capitals is a part of it.
    r"(?:\s(?!(?:I|And|But|So|The|We|You|Is|In|On|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
    r"[a-z]*\b)[A-Z][a-z]+){0,2}"
)


def _known_organisations(text: str) -> list[Entity]:
    return [_entity("organization", text, *hit.span(), hit.group().lower()) for hit in _KNOWN.finditer(text)]


_NAME = r"[A-Z][\w’'.-]*[\w’']"
# "From the line of Rick Nelson with Stephens", "Bret Jordan of Jefferies": who asks, and for whom.
_INTRODUCED = re.compile(
    rf"(?P<lead>\b(?:line\s+of|(?:comes?|coming|come)\s+(?:to\s+(?:you|us)\s+)?from(?:\s+the\s+line\s+of)?|question\s+(?:is\s+)?from"
    rf"|(?:next|now)\s+(?:we\s+have|to|from)|joined\s+by|go\s+to|speaking\s+with)\s+)?"
    rf"(?P<who>{_NAME}(?:\s+{_NAME}){{0,2}})\s+(?:again\s+|calling\s+)?(?:of|with|from|at)\s+(?:the\s+)?"
    rf"(?P<for>(?:The\s+)?{_NAME}(?:\s+(?:&\s+|and\s+(?=Company\b))?{_NAME}){{0,3}})(?=\s*(?:[.,;?!]|$)|\s+[a-z])"
)


def _introduced(text: str, names: Sequence[NamedSpan]) -> list[Entity]:
    """Return people who are introduced by name with the organisation that they speak for."""
    found: list[Entity] = []
    for hit in _INTRODUCED.finditer(text):
        heard = [name for name in names if name.start < hit.end("who") and name.end > hit.start("who")]
        person = any(name.kind == "PERSON" for name in heard)
        first = hit["who"].split()[0].lower()
        if not (hit["lead"] or person) or (first in STOP_WORDS and not person) or first in TITLES:
            continue
        if len(hit["who"].split()) < 2 and not (person and first in GIVEN_NAMES):
            continue
        theirs = re.sub(r"['’]s$|\.$", "", hit["for"])
        place = (
            any(name.kind == "LOC" and name.start <= hit.start("for") < name.end for name in names)
            or theirs.lower() in PLACES
        )
        who = re.sub(r"['’]s$", "", hit["who"])
        if hit["lead"]:
            found.append(
                _entity("person", text, hit.start("who"), hit.start("who") + len(who), {"name": who})
            )
        if (
            not place
            and theirs.split()[0].lower() not in STOP_WORDS - {"the"}
            and not _TIME_WORD.match(theirs)
        ):
            start = hit.start("for")
            found.append(_entity("organization", text, start, start + len(theirs), theirs.lower()))
    return found


_TIME_WORD = re.compile(
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December|(?:Mon|Tues|Wednes|Thurs|Fri"
    r"|Satur|Sun)day|Q[1-4])\b"
)
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


def _heard_longer(person: Entity, text: str, names: Sequence[NamedSpan]) -> bool:
    """Tell whether the encoder surely heard a longer name that begins before this one: "DJ Khaled"."""
    end = person.offset + len(person.text)
    return any(
        name.kind == "PERSON"
        and name.score >= _SURE_ENOUGH
        and name.start < person.offset
        and end <= name.end
        and text[name.start].isupper()
        and text[name.start : name.end].split()[0].lower() not in TITLES
        for name in names
    )


# Titles and terms that are capitalised and name nobody.
_NO_NAMES = frozenset(lines("no_names"))
_RANKS = word_set("ranks")  # "President and Chief Executive Officer": what somebody is, nobody's name


def _whole_names(text: str, names: Sequence[NamedSpan]) -> list[NamedSpan]:
    """Put people's names together that a hyphen cut: "Jean-Marc"."""
    whole: list[NamedSpan] = []
    for name in names:
        last = whole[-1] if whole else None
        if last and last.kind == name.kind == "PERSON" and text[last.end : name.start] == "-":
            whole[-1] = NamedSpan(last.start, name.end, last.kind, max(last.score, name.score))
        else:
            whole.append(name)
    return whole


def _heard(
    text: str, names: Sequence[NamedSpan], members: Sequence[Member], times: Sequence[tuple[int, int]]
) -> list[Entity]:
    """Return the encoder's names as entities, without a possessive ending."""
    found: list[Entity] = []
    for name in (_after_time(text, name, times) for name in _whole_names(text, names)):
        kind = _HEARD_KINDS.get(name.kind)
        shown = _LOOSE_AND.sub("", _ENDING.sub("", text[name.start : name.end]))
        if (
            kind is None
            or name.score < _SURE_ENOUGH
            or shown.lower() in STOP_WORDS
            or shown.lower() in _NO_NAMES
            or (kind == "person" and _RANKS.issuperset(shown.lower().split()))
            or not shown[:1].isalnum()
        ):
            continue
        if kind == "location":
            found += _each_place(text, name.start, shown)
            continue
        value: Any = _person_value(shown, members) if kind == "person" else shown.lower()
        found.append(Entity(kind, shown, name.start, value))
    return found


_LOOSE_AND = re.compile(r"\s+(?:and|or|of|in|with|from|for)$")
_TWO_PLACES = re.compile(r"\s+(?:and|or)\s+(?=[A-Z])")
_DIRECTION = re.compile(
    r"\b(?:North|South|East|West|Northern|Southern|Eastern|Western|Central|Upstate|Downtown)\s+$"
)


def _each_place(text: str, start: int, shown: str) -> list[Entity]:
    """Return the places of a name: two of "Dallas and Houston", one of "Northern California"."""
    found: list[Entity] = []
    parts = [(start, shown)]
    two = _TWO_PLACES.search(shown)
    if two and shown.lower() not in PLACES:
        parts = [(start, shown[: two.start()]), (start + two.end(), shown[two.end() :])]
    for at, place in parts:
        lead = _DIRECTION.search(text, 0, at)
        begin = lead.start() if lead else at
        found.append(_entity("location", text, begin, at + len(place), text[begin : at + len(place)].lower()))
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
            or (
                base in GIVEN_NAMES
                and token.text[0].isupper()
                and not _is_month(base, words, index)
                and not (index and words[index - 1].lower in PLACE_LEADS)
            )
        ):
            last = first
            while not words[last].text.endswith(("'s", "’s")) and (further := _goes_on(text, words, last)):
                last = further
            end = words[last].end
            if words[last].text.endswith(("'s", "’s")):
                end -= 2
            shown = text[words[first].start : end]
            found.append(_entity("person", text, words[first].start, end, _person_value(shown, members)))
            index = last + 1
        else:
            index += 1
    return found


def _goes_on(text: str, words: list[Token], last: int) -> int | None:
    """Return where the next word of a person's name stands: "Anne | Smith", "Jean | -Marc"."""
    for at, gap in ((last + 1, " "), (last + 2, "-")):
        if (
            at < len(words)
            and text[words[last].end : words[at].start] == gap
            and words[at].text[0].isupper()
            and words[at].lower not in STOP_WORDS
        ):
            return at
    return None


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
            and run[0].lower not in _NO_NAMES
            and index
            and words[index - 1].lower in _ORG_AFTER
        )
        if ending or acronym:
            shown = text[run[0].start : run[-1].end]
            found.append(_entity("organization", text, run[0].start, run[-1].end, shown.lower()))
        index = last
    return found
