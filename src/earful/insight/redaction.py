"""Personal data in talk: found, named and masked, written or read out loud.

Recall comes before precision here: a number that looks like a card is masked though it may be an
order number, because the opposite mistake cannot be taken back.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from itertools import pairwise

from earful.conversation.types import Entity, Redaction
from earful.insight.addresses import DOMAINS, as_written, spoken_domains, spoken_emails
from earful.insight.clock import CLOCK_RULES
from earful.insight.dates import DateSpan, find_dates
from earful.insight.days import MONTH_NAMES
from earful.insight.encoder import NamedSpan
from earful.insight.gazetteer import GIVEN_NAMES, PLACE_LEADS, PLACES, TITLES
from earful.insight.half_said import half_said
from earful.insight.lexicon import word_set
from earful.insight.numbers import DIGITS, ORDINALS, SMALL
from earful.insight.public_numbers import counts_something, is_numbered, is_spent
from earful.insight.spoken import CodeRun, code_runs, letter_runs
from earful.insight.text import FIGURE, STOP_WORDS, Token, clues, tokens

__all__ = ["PersonalData", "apply", "find_personal_data"]

_BEFORE_CHARS = 90
_SURE_ENOUGH = 0.15
_SURE_OF_LOWER = 0.5
# A stop after a whole word ends the sentence, one after an initial or "St" does not.
_SENTENCE_END = re.compile(r"\w{3,}\.$")
_EMAIL = re.compile(r"\b[\w.+%-]+@[\w-]+(?:\.[\w-]+)+\b")
_URL = re.compile(
    r"\bhttps?://[^\s,;]+|\bwww\.[\w-]+(?:\.[\w-]+)+(?:/[^\s,;]*)?|\b[\w-]+(?:\.[\w-]+)"
    rf"*\.(?:{DOMAINS})\b(?:/[^\s,;]*)?",
    re.IGNORECASE,
)
_IP = re.compile(
    r"\b(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)\b"
    r"|\b(?:[0-9a-f]{1,4}:){5,7}[0-9a-f]{1,4}\b",
    re.IGNORECASE,
)
_WORDS = "|".join((*SMALL, "hundred"))
_SAID = rf"(?:\d{{1,3}}|(?:(?:{_WORDS}|oh|double|and)\s+){{0,4}}(?:{_WORDS}))"
_SPOKEN_IP = re.compile(rf"\b(?:{_SAID}\s+(?:dot|point)\s+){{3}}{_SAID}\b", re.IGNORECASE)
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{2,4}){3,8}\b")
_SWIFT = re.compile(r"\b[A-Z]{4}[A-Z]{2}[A-Z0-9]{2}(?:[A-Z0-9]{3})?\b")
_SSN = re.compile(r"\b\d{3}[- ]\d{2}[- ]\d{4}\b")
_EXPIRY = re.compile(r"\b(?:0?[1-9]|1[0-2])\s?[/-]\s?(?:20)?\d\d\b")
_SPOKEN_EXPIRY = re.compile(
    rf"\b(?:{MONTH_NAMES})\s+(?:of\s+)?(?:twenty\s+)?"
    rf"(?:\d\d(?:\d\d)?\b|(?:twenty|thirty)(?:[- ](?:{'|'.join(DIGITS)}))?\b)",
    re.IGNORECASE,
)
_PHONE = re.compile(
    r"(?<![\w.])(?:\+\d{1,3}[ .-]?)?(?:\(?\d{2,5}\)?[ .-]?){1,4}\d{2,5}(?:\s?(?:x|ext\.?)\s?\d{1,6})?(?![\w])"
)
_CODE = re.compile(r"\b(?=[A-Z0-9-]*\d)[A-Z0-9][A-Z0-9-]{4,15}\b")
_NUM = (
    rf"(?:\d{{1,3}}|(?:(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[- "
    rf"](?:one|two|three|four|five|six|seven|eight|nine))?|{'|'.join(SMALL)}))"
)
_AGE = re.compile(
    rf"\b(?P<a>{_NUM})[\s-]+(?:years?|months?|yrs?)[\s-]+old\b|\baged?\s+(?:is\s+|of\s+)"
    rf"?(?P<b>{_NUM})\b|\b(?:turn(?:ed|ing|s)?|at\s+the\s+age\s+of)\s+(?P<c>{_NUM})"
    r"\b(?!\s*(?:%|percent))"
    r"|\bwhen\s+(?:he|she|they|i)\s+(?:was|were)\s+(?P<e>\d\d)\b"
    r"|\b(?:i'm|i\s+am|he's|she's|(?:he|she|husband|wife|partner|mother|father|mom|mum|dad|son|daughter|brother"
    r"|sister|grandmother|grandfather)(?:\s+is|'s))\s+(?P<d>\d\d|(?:twenty|thirty|forty"
    r"|fifty|sixty|seventy|eighty|ninety)(?:[- ](?:one|two|three|four|five|six|seven|eight"
    r"|nine))?|(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen"
    r"|seventeen|eighteen|nineteen))(?=\s*(?:[.,;!?]|(?:and|but|so|now|years)\b|$))",
    re.IGNORECASE,
)
# "My kids, they're six and nine."
_CHILDREN = re.compile(
    r"\b(?:kids|children|boys|girls|sons|daughters|twins|grandchildren|grandkids)\b", re.IGNORECASE
)
_AGES = re.compile(
    rf"\b(?:they're|they\s+are|aged|ages)\s+(?P<one>{_NUM})(?:,?\s+(?:and|or)\s+(?P<other>{_NUM}))?(?=\s*(?:[.,;!?]|and\b|$))",
    re.IGNORECASE,
)
# What is no person may be years old and tell nothing of one.
_THING_IS = re.compile(
    r"\b(?:pump|boiler|furnace|heater|roof|house|home|building|car|van|truck|bike|machine|phone|laptop|computer|server|router"
    r"|modem|printer|system|device|battery|engine|fridge|washer|dryer|dishwasher|oven|unit|equipment|contract|account|company"
    r"|business|code|software|version|model|school|bridge|it|this|that|one|which)(?:'s|\s+(?:is|was|are|were))"
    r"(?:\s+(?:only|about|around|over|almost|nearly|already|like))*\s+$",
    re.IGNORECASE,
)
_STREET_WORDS = word_set("street_words")
_STREET = rf"(?:{'|'.join(sorted(_STREET_WORDS))})\b\.?"
_HOUSE = (
    rf"(?:\d{{1,6}}[A-Za-z]?|(?:(?:{'|'.join(SMALL)}|hundred|and|oh)[\s-]+){{0,4}}"
    rf"(?:{'|'.join(SMALL)}|hundred))"
)
_ADDRESS = re.compile(
    rf"\b(?:(?:apt|apartment|suite|unit|flat)\.?\s+#?\s*(?:(?:(?:{_WORDS}|oh)\s+){{0,3}}(?:{_WORDS}|[\w-]+)),?\s+)?"
    rf"{_HOUSE}\s+(?:(?:north|south|east|west|[nsew]\.?)\s+)?(?:[\w'.-]+\s+){{1,3}}?{_STREET}(?:\s+{_STREET})?"
    r"(?:,?\s+(?:apt|apartment|suite|unit|flat|floor|room|#)\.?\s*#?\s*[\w-]+(?:\s[A-Z]\b)?)"
    rf"?(?:,?\s+(?-i:[A-Z])[\w-]+(?:\s+(?-i:[A-Z])[^\W\d_]+\b)?)?(?:,?\s+(?:(?-i:[A-Z]{{2}})\b|[A-Z]{{1,2}}\d[A-Z\d]?\s\d[A-Z]{{2}}\b))"
    rf"?(?:,?\s+\d{{5}}(?:-\d{{4}})?)?",
    re.IGNORECASE,
)
_NOT_ADDRESS = re.compile(r"\b(?:way|drive|place|close|park|hill|row|court|circle|loop)\b", re.IGNORECASE)
# What stands before the name of a street, and what after it.
_AFTER_HOUSE = re.compile(
    rf"^(?:(?:apt|apartment|suite|unit|flat)\.?\s+[^,]*,\s*)?{_HOUSE}\b|(?<=\s){_STREET}(?=[\s,.]|$).*$",
    re.IGNORECASE,
)
# Elsewhere the street comes before its number, or has a name of its own: "6750 Koskikatu 25 Apt. 864".
_FOREIGN_ADDRESS = re.compile(
    r"(?<![\d.,:$€£-])\b\d{1,6}(?:\s+[^\W\d_][\w.'-]*){1,4}\s+\d{1,4}\b(?![.,:]\d)(?:,?\s+(?:[Aa]pt|[Ss]uite|[Uu]nit"
    r"|[Ff]lat)\.?\s*#?\s*[\w-]+)?"
    r"|\b\d{1,6}(?:\s+[^\W\d_][\w.'-]*){1,4},?\s+(?:[Aa]pt|[Ss]uite|[Uu]nit)\.?\s*#?\s*\d+"
    r"|\b(?:PSC|Unit|USS|USNS|USNV)\s[\w ]+,?\s+(?:Box\s+\d+|[AFD]PO\s+A[AEP]\s+\d{5})"
)
_ADDRESS_TAIL = re.compile(
    r"(?:\s*,?\s+(?:[A-ZÀ-ÞŐŰŽŠČ][^\W\d_]+|[A-Z]{2,3}|de|del|la|nan|\([A-Z]\w+\))\b)"
    r"{0,5}(?:\s*,?\s+(?:\d{3}\s\d{2}|\d{4,6}(?:-\d{4})?|[A-Z]\d[A-Z]\s?\d[A-Z]\d))?"
)
_PO_BOX = re.compile(
    rf"\b(?:P\.?\s?O\.?|post\s+office)\s+box\s+(?:number\s+)?(?:\d+|(?:(?:{_WORDS}|oh|double)\s+){{0,5}}(?:{_WORDS}|oh))\b"
    r"(?:,\s+[A-Z][a-z]+(?:\s[A-Z][a-z]+)?)?",
    re.IGNORECASE,
)
# "Wilhelmina Street, number nineteen".
_STREET_FIRST = re.compile(
    rf"\b[A-Z][\w'-]+(?:\s+[A-Z][\w'-]+)?\s+(?i:{_STREET}),?\s+(?:at\s+)?(?i:number|no\.?)\s+"
    rf"(?:\d+|(?i:(?:(?:{_WORDS}|oh|and)[\s-]+){{0,4}}(?:{_WORDS})))\b"
)
# Between a number and "road": "fifty five on that road" is no address.
_NO_STREET_NAME = re.compile(
    r"\s(?:on|in|at|that|this|these|those|the|of|by|down|along|to|for|per|is|are|was|my|our|your|a|an|and|or|from|with)\s",
)
_SAID_POSTCODE = re.compile(r"[A-Z]{1,2}\d[A-Z\d]?\d[A-Z]{2}")
_PASSWORD = re.compile(
    r"\bpass\s?(?:word|phrase|code)\s+(?:is|was|will\s+be)\s+(?!not\b|wrong|incorrect|expired|invalid|locked|reset"
    r"|being|still|the\b|changed|required|too\b|correct|set\b|what\b|in\b|on\b|for\b|a\b)(?P<secret>[^.,;?!]+)",
    re.IGNORECASE,
)
_UK_POSTCODE = re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]?\s\d[A-Z]{2}\b")
_ZIP = re.compile(r"\b\d{5}(?:-\d{4})?\b")
# "Portland, OR 97214", "delivered to Portland, 97214".
_PLACE_AND_ZIP = re.compile(
    r"\b(?P<place>[A-Z][a-z]+(?:\s[A-Z][a-z]+)?),?\s+(?P<state>[A-Z]{2},?\s+)?(?P<zip>\d{5}(?:-\d{4})?)(?![\d.,]*\d)"
)
_DELIVERED = re.compile(
    r"\b(?:live|lives|ship\w*|deliver\w*|sent|send|moved|address\w*)\b[^.?!]{0,30}$", re.IGNORECASE
)
_NAME_INTRO = re.compile(
    r"\b(?:(?:sur|last\s+|first\s+|maiden\s+|middle\s+|family\s+|full\s+)?name(?:'s|\s+is|\s+was|\s+would\s+be)"
    r"|(?:first|last|middle|maiden|family|sur)\s?name(?=\s+[A-Z][a-z])|this\s+is|i'm"
    r"|(?:put|book|booked|filed|listed|down|reservation|account|appointment|order|table|it's|registered)\s+(?:\w+\s+)?under"
    r"(?:\s+the\s+name(?:\s+of)?)?"
    r"|i\s+am|call\s+me|speaking\s+(?:with|to)|called|named|regards,?|sincerely,?|dear"
    r"|(?:hi|hey|hello)[,\s]+(?:[A-Z][a-z]+[,\s]+)?it's|it's(?=\s+[A-Z][a-z]+\s+(?:from|here|calling|again|speaking|at)\b)"
    r"|ask\s+for|contact|attn:?|signed,?)\s+",
    re.IGNORECASE,
)
_STRONG_INTRO = re.compile(r"(?:name\s+(?:is|was|would\s+be)|name's|named)\s+$", re.IGNORECASE)
_CAPITALISED = re.compile(
    r"[A-Z][\w’'-]*(?:\s+(?:(?:van|von|de|der|den|di|da|del|la|le|bin|al|el|O['’])\s+)*[A-Z][\w’'-]*\.?){0,3}"
)
_BARE_NAME = re.compile(r"[a-z][\w'-]+(?:\s+[a-z][\w'-]+)?")
_NOT_A_NAME = word_set("not_a_name")
_NOT_NAME_STARTS = word_set("not_name_starts")
_BIRTH = re.compile(r"\b(?:born|birth|birthday|dob|d\.o\.b|d\s?o\s?b)\b", re.IGNORECASE)
# "The ninth of the sixth nineteen eighty eight".
_DAY_OF_MONTH_SAID = re.compile(
    rf"\b(?:the\s+)?(?:\d{{1,2}}(?:st|nd|rd|th)|(?:twenty[- ]|thirty[- ])?(?:{'|'.join(ORDINALS)}))"
    r"\s+of\s+the\s+"
    rf"(?:\d{{1,2}}(?:st|nd|rd|th)|{'|'.join(ORDINALS)})(?:,?\s+(?:\d{{2,4}}|(?:{'|'.join((*SMALL, 'oh'))})\b"
    rf"(?:[\s-]+(?:and[\s-]+)?(?:{'|'.join((*SMALL, 'oh', 'hundred', 'thousand'))})\b){{0,4}}))?",
    re.IGNORECASE,
)
_ABSOLUTE = re.compile(
    r"\b\d{1,2}(?:st|nd|rd|th)\b|\b\d{1,4}[/.-]\d{1,2}\b|\b(?:19|20)\d\d\b|january|february|march|april|\bmay\b|june|july|august|september|october|november"
    r"|december|christmas|new year|halloween|thanksgiving|easter|valentine|independence "
    r"day|(?:nineteen|twenty)\s|(?:mon|tues|wednes|thurs|fri|satur|sun)day\b(?!s)",
    re.IGNORECASE,
)
_CLOCK = tuple(re.compile(pattern.pattern, re.IGNORECASE) for pattern, _ in CLOCK_RULES)
_WEEKDAYS = r"(?:mon|tues|wednes|thurs|fri|satur|sun)days?"
# "Monday to Friday", "every Tuesday": when something is open or done, nobody's date.
_WEEKDAY_RANGE = re.compile(
    rf"\b{_WEEKDAYS}\s*(?:to|through|thru|till|until|-|–)\s*{_WEEKDAYS}\b"
    rf"|\b(?:every|each)\s+(?:other\s+)?{_WEEKDAYS}\b",
    re.IGNORECASE,
)
_CONTEXT: tuple[tuple[str, re.Pattern[str], range, bool], ...] = tuple(
    (name, re.compile(pattern, re.IGNORECASE), lengths, letters)
    for name, pattern, lengths, letters in (
        (
            "CREDIT_CARD_CVV",
            r"\b(?:cvv2?|cvc2?|c\s?v\s?v|c\s?v\s?c|security\s+code|card\s+code"
            r"|verification\s+(?:code|number)|code\s+on\s+(?:the\s+|its\s+)?back|(?:three|3)\s+digits?"
            r"|(?:four|4)\s+digits?\s+(?:on|at)\s+the\s+back)\b",
            range(3, 5),
            False,
        ),
        ("CREDIT_CARD_PIN", r"\b(?:pin|p\.i\.n\.?|pin\s+(?:code|number)|passcode)\b", range(4, 9), False),
        ("SSN", r"\b(?:ssn|s\.s\.n\.?|social(?:\s+security)?(?:\s+number)?)\b", range(4, 10), False),
        ("US_BANK_ROUTING_NUMBER", r"\b(?:routing|aba|transit)\b", range(9, 10), False),
        ("PASSPORT_NUMBER", r"\bpassport\b", range(6, 13), True),
        (
            "DRIVERS_LICENSE",
            r"\b(?:driver'?s?'?|driving)\s+(?:licen[sc]e|permit)\b|\blicen[sc]e\s+number\b",
            range(4, 17),
            True,
        ),
        ("US_BANK_ACCOUNT_NUMBER", r"\b(?:account|acct|checking|savings)\b", range(5, 18), False),
        ("US_BANK_ACCOUNT_NUMBER", r"\b(?:ending|ends)\s+(?:in|with)\b", range(3, 7), False),
        (
            "CREDIT_CARD_NUMBER",
            r"\b(?:card|visa|mastercard|amex|american\s+express|debit|credit)\b",
            range(12, 20),
            False,
        ),
        (
            "CREDIT_CARD_EXPIRATION",
            r"\b(?:expir\w*|exp|valid\s+(?:until|thru|through))\b",
            range(3, 7),
            False,
        ),
        (
            "DATE_OF_BIRTH",
            r"\b(?:born|birth|birthday|dob|d\.o\.b|d\s?o\s?b)\b",
            range(4, 9),
            False,
        ),
        ("ADDRESS", r"\b(?:zip|post(?:al)?\s?code)\b", range(5, 10), False),
        ("IBAN_CODE", r"\biban\b", range(8, 35), True),
        (
            "PERSONAL_DATA",
            r"\b(?:medicare|medicaid|vin|policy|(?:member|membership|patient|customer|tax)\s+(?:i\s?d|number)"
            r"|national\s+insurance|n\s?i\s+number|licen[sc]e\s+plate)\b",
            range(6, 18),
            True,
        ),
        (
            "PHONE_NUMBER",
            r"\b(?:phone|telephone|call|cell|mobile|reach|fax|text|dial|ring|number|whatsapp"
            r"|extension|contact)\b",
            range(7, 16),
            False,
        ),
    )
)


@dataclass(frozen=True, slots=True)
class PersonalData:
    """A span of personal data: its category, place, words and plain value."""

    type: str
    start: int
    end: int
    text: str
    value: str


def find_personal_data(
    text: str,
    now: datetime,
    *,
    names: Sequence[str] = (),
    heard: Sequence[NamedSpan] = (),
    before: str = "",
    unfinished: bool = False,
    secrets: Iterable[str] = (),
) -> list[PersonalData]:
    """Find personal data in a text said at `now`, in order, without overlaps.

    `names` are people known to take part, `heard` the names that the encoder found; `before` is what
    was said just before, because "what is the security code?" stands in another message than the code,
    and because a number read out with pauses comes in several. An `unfinished` text (a partial) may end
    within a number: digits at its end count as one that goes on. `secrets` are words that were found to be
    personal data before: said again, they still are, whatever stands around them.
    """
    dates = _dates(text, now, before)
    numbered = not _NUMBER_WORDS.isdisjoint(clues(text))
    found = [
        *_patterns(text, before),
        *(_numbered(text, now, before) if numbered else ()),
        *(
            item
            for item in (_numbers(text, before, unfinished=unfinished) if numbered else ())
            if not _within(item, dates)
        ),
        *_spelt(text, before, unfinished=unfinished),
        *dates,
        *_names(text, names),
        *(
            _data("PERSONAL_DATA", text, *hit.span())
            for secret in dict.fromkeys(secrets)
            if len(secret) > 3 and secret in text
            for hit in re.finditer(rf"(?<!\w){re.escape(secret)}(?!\w)", text)
        ),
        *(
            _data("PERSON_NAME", text, _first_name(text, name.start), name.end)
            for name in heard
            if name.kind == "PERSON" and name.score >= _SURE_ENOUGH and _like_a_name(text, name)
        ),
    ]
    if unfinished:
        found = _with_half_said(text, before, found)
    order = {"EMAIL_ADDRESS": 0, "CREDIT_CARD_NUMBER": 1, "IBAN_CODE": 1, "SSN": 1, "ADDRESS": 1}
    kept: list[PersonalData] = []
    for item in sorted(found, key=lambda p: (order.get(p.type, 2), -(p.end - p.start), p.start)):
        if all(item.end <= other.start or item.start >= other.end for other in kept):
            kept.append(item)
    return sorted(kept, key=lambda item: item.start)


def _like_a_name(text: str, name: NamedSpan) -> bool:
    """Tell whether what the encoder takes for a person is written like one.

    In a text that has capitals, the encoder must be sure of a name without.
    """
    if not text[name.start].isalnum():
        return False
    words = text[name.start : name.end].split()
    if any(word[0].isupper() for word in words):
        return True
    sure = name.score >= _SURE_OF_LOWER or text.islower()
    return sure and not all(word.lower() in STOP_WORDS for word in words)


def _with_half_said(text: str, before: str, found: list[PersonalData]) -> list[PersonalData]:
    """Add what the end of an unfinished text may be the beginning of, whole with what it overlaps."""
    for start, end in half_said(text, before, [(item.start, item.end) for item in found]):
        touching = [item for item in found if item.start < end and item.end > start]
        start = min([start, *(item.start for item in touching)])
        end = max([end, *(item.end for item in touching)])
        kind = touching[0].type if touching else "PERSONAL_DATA"
        found = [item for item in found if item not in touching]
        found.append(_data(kind, text, start, end))
    return found


def apply(text: str, found: Sequence[PersonalData], how: Redaction) -> tuple[str, tuple[Entity, ...]]:
    """Return the text, masked if asked for, and the entities, listed if asked for.

    The entities' offsets point into the returned text; their words are as they were said.
    """
    parts: list[str] = []
    entities: list[Entity] = []
    at = shift = 0
    for item in found:
        entities.append(Entity(item.type, item.text, item.start + shift, item.value, "Managed"))
        if how.redact:
            parts += [text[at : item.start], how.mask]
            at = item.end
            shift += len(how.mask) - (item.end - item.start)
    parts.append(text[at:])
    return "".join(parts), tuple(entities) if how.identify else ()


def _data(kind: str, text: str, start: int, end: int, value: str | None = None) -> PersonalData:
    if kind in ("ADDRESS", "PERSON_NAME") and _SENTENCE_END.search(text[start:end]):
        end -= 1
    return PersonalData(kind, start, end, text[start:end], value if value is not None else text[start:end])


def _within(item: PersonalData, others: list[PersonalData]) -> bool:
    return any(other.start <= item.start and item.end <= other.end for other in others)


def _patterns(text: str, before: str) -> list[PersonalData]:
    known = clues(text)
    # Addresses of the net have a stop in them.
    dotted = _DOTTED.search(text) is not None
    found = [_data("EMAIL_ADDRESS", text, *hit.span()) for hit in _EMAIL.finditer(text)] if dotted else []
    found += [
        _data("EMAIL_ADDRESS", text, start, end, as_written(text[start:end]))
        for start, end in spoken_emails(text, before)
    ]
    found += [
        _data("DOMAIN_NAME", text, start, end, as_written(text[start:end]))
        for start, end in spoken_domains(text)
    ]
    if dotted or "://" in text:
        found += [_data("DOMAIN_NAME", text, *hit.span()) for hit in _URL.finditer(text)]
    if dotted or text.count(":") > 4:
        found += [_data("IP_ADDRESS", text, *hit.span()) for hit in _IP.finditer(text)]
    if not known.isdisjoint(_PASS):
        found += [_data("PERSONAL_DATA", text, *hit.span("secret")) for hit in _PASSWORD.finditer(text)]
    if _SWIFT_NEAR.search(f"{before[-_BEFORE_CHARS:]} {text}"):
        found += [_data("SWIFT_CODE", text, *hit.span()) for hit in _SWIFT.finditer(text)]
    return found


_DOTTED = re.compile(r"\.\w")
_PASS = frozenset({"pass", "password", "passphrase", "passcode"})
# Most messages have no number of any kind.
_NUMBER_WORDS = frozenset(
    {FIGURE, *SMALL, *DIGITS, *ORDINALS, "hundred", "double", "triple", "treble"},
)


def _numbered(text: str, now: datetime, before: str) -> list[PersonalData]:
    """Find what has a number in it: addresses, ages, dates of expiry."""
    known = clues(text)
    near = f"{before[-_BEFORE_CHARS:]} {text}"
    found: list[PersonalData] = []
    if not known.isdisjoint(("dot", "point")):
        found += [_data("IP_ADDRESS", text, *hit.span()) for hit in _SPOKEN_IP.finditer(text)]
    if FIGURE in known:
        found += _in_figures(text, now)
    if re.search(r"\b(?:expir\w*|exp|valid\s+(?:until|thru|through))\b", near, re.IGNORECASE):
        found += [
            _data("CREDIT_CARD_EXPIRATION", text, *hit.span())
            for pattern in (_EXPIRY, _SPOKEN_EXPIRY)
            for hit in pattern.finditer(text)
        ]
    if _BIRTH.search(near):
        found += [_data("DATE_OF_BIRTH", text, *hit.span()) for hit in _DAY_OF_MONTH_SAID.finditer(text)]
    if _CHILDREN.search(near):
        found += [
            _data("AGE", text, *hit.span(group))
            for hit in _AGES.finditer(text)
            for group in ("one", "other")
            if hit[group]
        ]
    for hit in _AGE.finditer(text) if not known.isdisjoint(_AGE_WORDS) else ():
        group = next(name for name in "abcde" if hit[name])
        if group == "a" and _THING_IS.search(text, 0, hit.start()):
            continue
        found.append(_data("AGE", text, *hit.span(group)))
    street = not known.isdisjoint(_STREET_WORDS)
    for hit in _ADDRESS.finditer(text) if street else ():
        said = hit.group()
        place = _AFTER_HOUSE.sub("", said)
        if not (_NOT_ADDRESS.search(said) and not re.search(r"\s[A-Z]\w+\s+\w+", said)) and not (
            _NO_STREET_NAME.search(f" {place.lstrip()}")
        ):
            found.append(_data("ADDRESS", text, *hit.span()))
    if street:
        found += [_data("ADDRESS", text, *hit.span()) for hit in _STREET_FIRST.finditer(text)]
    if any(item.type == "ADDRESS" for item in found):
        found += [
            _data("ADDRESS", text, run.start, run.end, run.code)
            for run in code_runs(tokens(text), letters=True)
            if _SAID_POSTCODE.fullmatch(run.code)
        ]
    if "box" in known:
        found += [_data("ADDRESS", text, *hit.span()) for hit in _PO_BOX.finditer(text)]
    if re.search(r"\b(?:zip|post(?:al)?\s?code)\b", near, re.IGNORECASE):
        found += [_data("ADDRESS", text, *hit.span()) for hit in _ZIP.finditer(text)]
    return found


_AGE_WORDS = frozenset(
    {"old", "age", "aged", "turn", "turned", "turning", "turns", "when", "i", "he", "she", "husband", "wife"}
    | {"partner", "mother", "father", "mom", "mum", "dad", "son", "daughter", "brother", "sister"}
    | {"grandmother", "grandfather"}
)


def _in_figures(text: str, now: datetime) -> list[PersonalData]:
    """Find what always has figures in it: codes of post and banks, addresses of other countries."""
    found = [_data("ADDRESS", text, *hit.span()) for hit in _UK_POSTCODE.finditer(text)]
    found += [
        _data("IBAN_CODE", text, *hit.span(), re.sub(r"[ -]", "", hit.group()))
        for hit in _IBAN.finditer(text)
        if _iban_ok(hit.group())
    ]
    found += [_data("SSN", text, *hit.span(), re.sub(" ", "-", hit.group())) for hit in _SSN.finditer(text)]
    for hit in _FOREIGN_ADDRESS.finditer(text):
        named_month = find_dates(hit.group(), now)
        long_words = re.findall(r"[^\W\d_]{4,}", hit.group())
        if (
            not named_month
            and (long_words or not hit.group()[0].isdigit())
            and all(word[0].isupper() for word in long_words)
        ):
            tail = _ADDRESS_TAIL.match(text, hit.end())
            found.append(_data("ADDRESS", text, hit.start(), tail.end() if tail else hit.end()))
    for hit in _PLACE_AND_ZIP.finditer(text):
        if hit["state"] or hit["place"].lower() in PLACES or _DELIVERED.search(text, 0, hit.start()):
            found.append(_data("ADDRESS", text, *hit.span("zip")))
    return found


def _iban_ok(text: str) -> bool:
    code = re.sub(r"[ -]", "", text).upper()
    if not 15 <= len(code) <= 34:
        return False
    return int("".join(str(int(char, 36)) for char in code[4:] + code[:4])) % 97 == 1


def _luhn_ok(digits: str) -> bool:
    total = 0
    for index, char in enumerate(reversed(digits)):
        value = int(char) * (2 if index % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


# What announces a number that must not be told: after it the first digits are masked already.
_ANNOUNCED = re.compile(
    r"\b(?:(?:card|account|acct|social|security|routing|passport|licen[sc]e|policy|member(?:ship)?|phone|cell"
    r"|mobile|telephone|pin|zip|sort|checking|savings)\s+(?:number|code|no)\b"
    r"|long\s+number\b|(?:numbers?|digits|code)\s+on\s+(?:the\s+|its\s+|my\s+)?(?:front|back|card)\b"
    r"|(?:key|door|gate|entry|access|alarm|confirmation|verification|pass)\s?code\b"
    r"|my\s+(?:credit\s+card|debit\s+card|card|social|cell|mobile|pin|ssn)\b|ssn\b|c\s?v\s?[vc]\b"
    r"|(?:card|number|code|pin|social|it)\s+(?:starts|begins|ends)\s+(?:with|in)\b|last\s+(?:four|4)\b"
    r"|(?:first|next|last|remaining|other)\s+(?:\w+\s+)?digits\b)",
    re.IGNORECASE,
)
# After these only three digits and more are: "my account is two years old".
_HINTED = re.compile(
    r"\b(?:(?:my|our|her|his|their|the)\s+(?:bank\s+|savings\s+|checking\s+|work\s+|home\s+|office\s+)?"
    r"(?:account|number|cell|mobile|phone|landline|extension)(?:'s|\s+is)|(?:cell|mobile|phone|landline)(?:'s|\s+is)"
    r"|(?:reach|call|text|ring|phone|get)\s+(?:me|us|him|her|them)\s+(?:back\s+)?(?:at|on)|whatsapp(?:\s+(?:is|on|me\s+on))?)\s+$",
    re.IGNORECASE,
)
_ANNOUNCES_CHARS = 160
_KINDS = (
    (re.compile(r"social|ssn", re.I), "SSN"),
    (re.compile(r"phone|cell|mobile", re.I), "PHONE_NUMBER"),
    (re.compile(r"c\s?v\s?[vc]|security\s+code", re.I), "CREDIT_CARD_CVV"),
    (re.compile(r"\bpin\b", re.I), "CREDIT_CARD_PIN"),
    (re.compile(r"account|acct|checking|savings", re.I), "US_BANK_ACCOUNT_NUMBER"),
    (re.compile(r"routing", re.I), "US_BANK_ROUTING_NUMBER"),
    (re.compile(r"passport", re.I), "PASSPORT_NUMBER"),
    (re.compile(r"licen[sc]e", re.I), "DRIVERS_LICENSE"),
    (re.compile(r"\bzip\b", re.I), "ADDRESS"),
    (re.compile(r"\b(?:key|door|gate|entry|access|alarm|confirmation)\s?code", re.I), "PERSONAL_DATA"),
)
_CARD_NEAR = re.compile(r"\b(?:cards?|visa|mastercard|amex|digits|long\s+number)\b", re.IGNORECASE)
_YEAR = re.compile(r"(?:19|20)\d\d")
_ALONE = re.compile(
    r"(?:\b(?:it's|its|is|that's|so|okay|ok|yes|yeah|sure|um|uh|er|and|then|the|number|please|right|well|a)\b"
    r"|[\W_])*",
    re.IGNORECASE,
)


def _part_of_number(run: CodeRun, text: str, before: str, *, unfinished: bool) -> str | None:
    """Return the kind of number that a few digits are a part of, when others lead up to or follow them.

    A number is read out in groups, and a live text ends anywhere in it: digits count when a number was just
    announced, when they go on from those at the end of what was said before, or when the message is
    nothing but digits.
    """
    if _is_amount(run, text):
        return None
    lead = f"{before[-_ANNOUNCES_CHARS:]} {text[: run.start]}"[-_ANNOUNCES_CHARS:]
    place = None
    for hit in _ANNOUNCED.finditer(lead):
        place = hit
    if place is not None:
        told = [one for one in code_runs(tokens(lead[place.end() :])) if len(one.digits) >= 3]
        if told and is_spent(lead[place.end() :], told[0].end):
            place = None
    count = len(run.digits)
    written = text[run.start : run.end]
    at_end = not text[run.end :].strip(" .,…-–!?")
    gap = len(lead) - place.end() if place else 999
    tail = _tail_digits(before) if _ALONE.fullmatch(text[: run.start]) else ""
    alone = _ALONE.fullmatch(text[: run.start] + " " + text[run.end :]) is not None
    year = not run.spoken and _YEAR.fullmatch(written) is not None
    if (
        (place and count >= 3 and not year)
        or (count >= 3 and not year and _HINTED.search(lead))
        or (place and gap <= 24)
        or (place and alone and not year)
        or (tail and count + len(tail) >= 5)
        or (alone and count >= 4 and not year)
        or (alone and count >= 3 and _one_by_one(written))
        or (unfinished and at_end and count >= 3 and run.spoken)
    ):
        about = lead[max(0, place.start() - 12) : place.end()] if place else lead
        if is_numbered(lead):
            return None
        zip_code = count == 5 and not _CARD_NEAR.search(lead) and not tail and not unfinished
        other = "ADDRESS" if zip_code else "CREDIT_CARD_NUMBER"
        return next((kind for pattern, kind in _KINDS if pattern.search(about)), other)
    return None


def _one_by_one(said: str) -> bool:
    """Tell whether digits are read out one by one: "six one seven", not "one two three" nor "sixty"."""
    words = [word for word in re.findall(r"[a-z]+|\d+", said.lower()) if word not in ("double", "triple")]
    digits = [DIGITS.get(word, word) for word in words]
    if len(digits) < 3 or not all(one.isdigit() and len(one) == 1 for one in digits):
        return len(digits) == 2 and len(words) < len(said.split())  # "double five one"
    return any(int(two) != int(one) + 1 for one, two in pairwise(digits))


# What the other says in between: "six one seven" | "okay" | "five five five".
_GO_ON = re.compile(
    r"(?:[\s.,…!?–-]|\b(?:okay|ok|yes|yeah|yep|mhm|mm-hmm|uh-huh|mm|right|got\s+it|go\s+(?:on|ahead)|sure|alright"
    r"|perfect|great|thanks|thank\s+you)\b)+$",
    re.IGNORECASE,
)


@lru_cache(maxsize=8)
def _tail_digits(text: str) -> str:
    """Return the digits that a text ends in, but for what was said to go on."""
    text = _GO_ON.sub("", text[-120:])
    words = tokens(text[-80:])
    runs = code_runs(words)
    if not runs or text[-80:][runs[-1].end :].strip(" .,…-–!?"):
        return ""
    return runs[-1].digits if len(runs[-1].digits) > 1 else ""


_SPELLS = re.compile(
    r"\b(?:spel\w*|(?:last|first|sur|full|maiden|middle|my|the)\s?name|name\s+is|letters|initials)\b",
    re.IGNORECASE,
)
_PLATE = re.compile(r"\b(?:plates?|reg|registration)\b", re.IGNORECASE)
_BOOKING = re.compile(
    r"\b(?:confirmation|booking|record)\s+(?:code|number|locator|reference)\b", re.IGNORECASE
)
_POSTCODE = re.compile(r"\bpost(?:al)?\s?code\b", re.IGNORECASE)
_SWIFT_NEAR = re.compile(r"\b(?:swift|bic)\b", re.IGNORECASE)


_SPELT_NAME = re.compile(
    r"\W*(?:is|was|for)\s+(?:the|my|his|her|their)\s+(?:\w+\s+)?(?:sur)?name\b", re.IGNORECASE
)
_WITH_LETTER = re.compile(r"\bwith\s+(?:an?|one|two|double)\s+([A-Za-z])(?='?s?\b)(?!\w)")


def _spelt(text: str, before: str, *, unfinished: bool = False) -> list[PersonalData]:
    """Find words that are spelt out: names, and the letters of a SWIFT code."""
    found = []
    for run in letter_runs(tokens(text)):
        lead = f"{before[-_BEFORE_CHARS:]} {text[: run.start]}"[-_BEFORE_CHARS:]
        as_in = re.search(r"\b(?:as\s+in|for)\b", text[run.start : run.end], re.IGNORECASE)
        spelling = (
            _SPELLS.search(lead)
            or _SPELT_NAME.match(text, run.end)
            or re.search(r"\bthat(?:'s|\s+is)\s*,?\s*$", lead, re.IGNORECASE)
        )
        if _SWIFT_NEAR.search(lead) and len(run.code) in (8, 11):
            found.append(_data("SWIFT_CODE", text, run.start, run.end, run.code))
        elif run.code.lower() in _ABBREVIATIONS and not as_in:
            continue
        elif as_in or len(run.code) >= 5 or (len(run.code) >= 3 and (spelling or unfinished)):
            found.append(_data("PERSON_NAME", text, run.start, run.end, run.code.capitalize()))
            # "That's Siobhan, S I O B H A N": the word itself.
            found += [
                _data("PERSON_NAME", text, *hit.span())
                for hit in re.finditer(rf"\b{run.code}\b", text, re.IGNORECASE)
                if len(run.code) > 2
            ]
    if found:
        found += [_data("PERSON_NAME", text, *hit.span(1)) for hit in _WITH_LETTER.finditer(text)]
    return found


_LETTERS_BEFORE = re.compile(r"(?:(?<!['’])\b[b-hj-z]\b[\s,]+){2,}$", re.IGNORECASE)
_ABBREVIATIONS = frozenset(("dob", "mrn", "ssn", "cvv", "cvc", "pin", "nhs", "vin", "po"))
_PLUS = re.compile(r"[+(]+$|\bplus\s+$", re.IGNORECASE)
_BETWEEN_PARTS = re.compile(
    r"(?:[\s.,…!?–-]|\b(?:no|sorry|wait|oh|i\s+mean|rather|correction|scratch\s+that|make\s+that|hang\s+on|hold\s+on|uh|um|er"
    r"|erm|ah|then|and|pause|dot|dash|okay|start\s+again|that's|it's|actually|excuse\s+me|my\s+mistake)\b)+",
    re.IGNORECASE,
)


def _numbers(text: str, before: str, *, unfinished: bool = False) -> list[PersonalData]:
    """Classify every stretch of digits by its length, its checksum and the words around it."""
    words = tokens(text)
    found: list[PersonalData] = []
    runs = code_runs(words)
    kinds = [
        _number_kind(run, text, before) or _part_of_number(run, text, before, unfinished=unfinished)
        for run in runs
    ]
    # "Five oh one, no, sorry, four oh one": what was said wrong tells as much.
    near_runs = [
        _BETWEEN_PARTS.fullmatch(text, one.end, two.start) is not None for one, two in pairwise(runs)
    ]
    for at, together in [*enumerate(near_runs), *reversed(list(enumerate(near_runs)))]:
        if together and not any(_is_amount(run, text) for run in runs[at : at + 2]):
            kinds[at] = kinds[at] or (kinds[at + 1] if len(runs[at].digits) > 1 else None)
            kinds[at + 1] = kinds[at + 1] or (kinds[at] if len(runs[at + 1].digits) > 1 else None)
    for run, kind in zip(runs, kinds, strict=True):
        if kind is not None:
            start = run.start
            if plus := _PLUS.search(text, 0, start):
                start = plus.start()
            if (
                len(run.digits) >= 6
                and (spelt := _LETTERS_BEFORE.search(text, 0, start))
                and re.sub(r"\W", "", spelt.group().lower()) not in _ABBREVIATIONS
            ):
                start = spelt.start()
            found.append(_data(kind, text, start, run.end, run.digits))
    near = f"{before[-_BEFORE_CHARS:]} {text}"
    if _PLATE.search(near):
        found += [
            _data("PERSONAL_DATA", text, run.start, run.end, run.code)
            for run in code_runs(words, letters=True)
            if 4 <= len(run.code) <= 9 and len(run.code) - len(run.digits) >= 2
        ]
    if _BOOKING.search(near):
        found += [
            _data("PERSONAL_DATA", text, run.start, run.end, run.code)
            for run in code_runs(words, letters=True)
            if 5 <= len(run.code) <= 8 and len(run.code) - len(run.digits) >= 2
        ]
    if _POSTCODE.search(near):
        found += [
            _data("ADDRESS", text, run.start, run.end, run.code)
            for run in code_runs(words, letters=True)
            if 5 <= len(run.code) <= 8 and run.code[:1].isalpha()
        ]
    for name, pattern, lengths, letters in _CONTEXT:
        if letters and pattern.search(near):
            found += [
                _data(name, text, run.start, run.end, run.code)
                for run in code_runs(words, letters=True)
                if len(run.code) in lengths and len(run.digits) >= 4
            ]
            found += [
                _data(name, text, *hit.span()) for hit in _CODE.finditer(text) if len(hit.group()) in lengths
            ]
    # "K, seven, R, P, two, M" is one code, "seven" no number of its own.
    return [item for item in found if not any(item is not one and _inside(item, one) for one in found)]


def _inside(item: PersonalData, other: PersonalData) -> bool:
    shorter = item.end - item.start < other.end - other.start
    return shorter and other.start <= item.start and item.end <= other.end


def _number_kind(run: CodeRun, text: str, before: str) -> str | None:
    count = len(run.digits)
    if count < 3 or _is_amount(run, text):
        return None
    lead = f"{before[-_BEFORE_CHARS:]} {text[max(0, run.start - _BEFORE_CHARS) : run.start]}"
    if is_numbered(lead) and not (count >= 13 and _luhn_ok(run.digits)):
        return None
    nearest: tuple[int, str] | None = None
    for name, pattern, lengths, _ in _CONTEXT:
        if count not in lengths:
            continue
        places = [hit.end() for hit in pattern.finditer(lead)]
        after = pattern.search(text[run.end : run.end + 30])
        place = max(places[-1] if places else -1, len(lead) - 45 if after and not places else -1)
        if place >= 0 and (nearest is None or place > nearest[0] + 12):
            nearest = (place, name)
    if 12 <= count <= 19 and (
        _luhn_ok(run.digits) or (nearest and nearest[1] == "CREDIT_CARD_NUMBER") or count >= 13
    ):
        return "CREDIT_CARD_NUMBER"
    if nearest is not None:
        if (
            nearest[1] == "PHONE_NUMBER"
            and 8 <= count <= 9
            and run.spoken is False
            and "," in text[run.start : run.end]
        ):
            return None
        return nearest[1]
    written = text[run.start : run.end]
    if (
        10 <= count <= 12
        or (count == 7 and re.fullmatch(r"\d{3}[-. ]\d{4}", written))
        or (run.spoken and count >= 9)
        or (count >= 8 and written.count("-") + written.count(".") >= 2)
    ):
        return "SSN" if count == 9 and run.spoken else "PHONE_NUMBER"
    return None


_PRONOUN_ONE = re.compile(
    r"\b(?:the|this|that|which|no|any|each|every|another|other|last|next|first|new)\s+$", re.IGNORECASE
)


def _is_amount(run: CodeRun, text: str) -> bool:
    head, tail = text[max(0, run.start - 2) : run.start], text[run.end : run.end + 12].lower()
    return bool(
        re.search(r"[$€£]\s?$", head)
        or re.match(
            r"\s?(?:%|percent|dollars|euros|pounds|million|billion|people|units|times|years|days)", tail
        )
        # "It cost 129.99", "at 5:40".
        or re.fullmatch(r"\d+\.\d\d?|\d\d?:\d\d", text[run.start : run.end])
        or (run.digits == "1" and _PRONOUN_ONE.search(text, 0, run.start))
        or (len(run.digits) <= 3 and counts_something(text, run.end))
        or (re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", text[run.start : run.end]))
    )


def _dates(text: str, now: datetime, before: str) -> list[PersonalData]:
    found: list[PersonalData] = []
    for span in find_dates(text, now):
        if not _personal_date(span) or any(
            span.start < hit.end() and span.end > hit.start() for hit in _WEEKDAY_RANGE.finditer(text)
        ):
            continue
        span = _without_clock(span)
        near = f"{before[-60:]} {text[max(0, span.start - 60) : span.start]}"
        birth = _BIRTH.search(near) or re.match(
            r"[^.?!]{0,25}\b(?:birthday|birth)\b", text[span.end : span.end + 40]
        )
        value = span.first.date().isoformat() if span.first and span.kind == "date" else span.text
        found.append(_data("DATE_OF_BIRTH" if birth else "DATE", text, span.start, span.end, value))
    return found


def _without_clock(span: DateSpan) -> DateSpan:
    """Return the day alone of a day with a time of the clock: "Tuesday at ten" tells the day by "Tuesday"."""
    if span.kind not in ("datetime", "datetimerange"):
        return span
    clocks = [hit.span() for pattern in _CLOCK for hit in pattern.finditer(span.text)]
    edges = sorted({0, len(span.text), *(edge for clock in clocks for edge in clock)})
    pieces = [
        (one, two)
        for one, two in pairwise(edges)
        if not any(start < two and end > one for start, end in clocks)
        and _ABSOLUTE.search(span.text[one:two])
    ]
    if not clocks or not pieces:
        return span
    start, end = max(pieces, key=lambda piece: piece[1] - piece[0])
    lead = _CLOCK_LINK.match(span.text, start, end)
    tail = _CLOCK_LINK_AT_END.search(span.text, start, end)
    start, end = lead.end() if lead else start, tail.start() if tail else end
    return replace(span, start=span.start + start, end=span.start + end, text=span.text[start:end])


_CLOCK_LINK = re.compile(r"(?:[\s,]|\b(?:on|at|in|the|from|by)\b)+", re.IGNORECASE)
_CLOCK_LINK_AT_END = re.compile(
    r"(?:[\s,]|\b(?:at|from|by|around|in|the|between|before|after)\b)+$", re.IGNORECASE
)


def _personal_date(span: DateSpan) -> bool:
    return (
        span.kind not in ("duration", "time", "timerange")
        and bool(_ABSOLUTE.search(span.text))
        and not span.text.isdigit()
        and not _whole_years(span)
    )


def _whole_years(span: DateSpan) -> bool:
    """Tell whether a time is a year or years: "in twenty nineteen" tells nothing of a person."""
    first, last = span.first, span.last
    return bool(first and last and (first.month, first.day, last.month, last.day) == (1, 1, 12, 31))


@lru_cache(maxsize=256)
def _parts(name: str) -> tuple[str, ...]:
    return tuple(part for part in dict.fromkeys((name, *name.split())) if len(part) > 1)


# What introduces a name has one of these.
_INTRO_WORDS = frozenset(
    {
        "name",
        "surname",
        "firstname",
        "lastname",
        "middlename",
        "maidenname",
        "familyname",
        "this",
        "i'm",
        "am",
    }
    | {
        "under",
        "call",
        "speaking",
        "called",
        "named",
        "regards",
        "sincerely",
        "dear",
        "it's",
        "ask",
        "contact",
    }
    | {"attn", "signed"}
)


def _names(text: str, known: Sequence[str]) -> list[PersonalData]:
    found: list[PersonalData] = []
    for person in known:
        # A first name alone is as telling as the whole.
        for part in _parts(person):
            if part in text:
                found += [
                    _data("PERSON_NAME", text, *hit.span())
                    for hit in re.finditer(rf"(?<!\w){re.escape(part)}(?!\w)", text)
                ]
    words = tokens(text)
    for index, token in enumerate(words):
        if not token.text[0].isupper() or token.lower in _NOT_A_NAME:
            continue
        titled = index > 0 and (
            words[index - 1].lower in TITLES
            or (words[index - 1].text == "." and index > 1 and words[index - 2].lower in TITLES)
        )
        if token.lower == "will" and _MODAL_WILL.match(text, token.end):
            continue
        of_place = index > 0 and words[index - 1].lower in PLACE_LEADS
        if titled or (token.lower.removesuffix("'s") in GIVEN_NAMES and not of_place):
            found.append(_data("PERSON_NAME", text, token.start, _name_end(text, words, index)))
    for intro in _NAME_INTRO.finditer(text) if not _INTRO_WORDS.isdisjoint(clues(text)) else ():
        name = _CAPITALISED.match(text, intro.end())
        if name is None and _STRONG_INTRO.search(intro.group()):
            name = _BARE_NAME.match(text, intro.end())
            if name and name.group().split()[0] in _NOT_NAME_STARTS:
                name = None
        if name and _is_name(name.group(), intro.group()):
            found.append(_data("PERSON_NAME", text, name.start(), name.end()))
    return found


# "Will somebody call me back?"
_MODAL_WILL = re.compile(
    r"\s+(?:you|he|she|it|they|we|i|somebody|someone|anybody|anyone|everybody|everyone|there|that|this|these|those|the|my"
    r"|your|our|his|her|their|an?|all)\b"
)
_UNKNOWN_FIRST = re.compile(
    r"\b(?:my\s+name\s+is|my\s+name's|name\s+is|name's|this\s+is|i'm|i\s+am|speaking\s+(?:with|to))\s+([\w'-]{3,})\s+$",
    re.IGNORECASE,
)


def _first_name(text: str, start: int) -> int:
    """Return where a name begins: at the word before it, where only that stands between it and "I'm"."""
    hit = _UNKNOWN_FIRST.search(text, 0, start)
    first = hit.group(1).lower() if hit else ""
    known = first in _NOT_A_NAME or first in _NOT_NAME_STARTS or first in STOP_WORDS or first in TITLES
    return hit.start(1) if hit and not known and not first.endswith("ing") else start


def _is_name(name: str, intro: str) -> bool:
    first = name.split()[0].lower()
    if first in _NOT_A_NAME:
        return False
    weak = re.match(r"(?:this is|i'm|i am|contact|called|call me)|.*\bunder\b", intro.lower())
    return (
        not weak
        or first in GIVEN_NAMES
        or (
            len(name.split()) > 1
            and all(p[0].isupper() for p in name.split())
            and not re.match(r"i", intro.lower())
        )
        or (
            name[0].isupper()
            and name.lower() not in ("i",)
            and not name.isupper()
            and len(name) > 2
            and not intro.lower().startswith("this")
        )
    )


def _name_end(text: str, words: list[Token], index: int) -> int:
    """Return where a name that begins at a token ends: capitalised words and initials that follow."""
    end = words[index].end
    if words[index].text.endswith(("'s", "’s")):
        return end - 2
    at = index + 1
    while at < len(words):
        token = words[at]
        gap = text[end : token.start]
        if gap == " " and token.text[0].isupper() and token.lower not in _NOT_A_NAME:
            end = token.end - (2 if token.text.endswith(("'s", "’s")) else 0)
            if end != token.end:
                break
        elif (
            gap in ("", " ")
            and token.lower in ("van", "von", "de", "der", "di", "da", "del", "la", "-")
            and at + 1 < len(words)
            and words[at + 1].text[0].isupper()
        ) or (
            token.text == "."
            and len(words[at - 1].text) == 1
            and at + 1 < len(words)
            and words[at + 1].text[0].isupper()
        ):
            end = token.end
        else:
            break
        at += 1
    return end
