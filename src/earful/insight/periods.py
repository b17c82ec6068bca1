"""Where a phrase of time begins and ends: the words around a date, quarter or season that belong to it.

The spans follow OntoNotes, whose habits every stock recogniser has learnt: "the", "our", "this" and words of
order or measure belong to a stretch of time ("our second quarter", "about six months", "the prior year
period"), a preposition before it and a possessive ending after it do not.
"""

import re
from collections.abc import Sequence

from earful.insight.days import TWO_FIGURES
from earful.insight.lexicon import word_set
from earful.insight.numbers import SMALL
from earful.insight.text import FIGURE, Needs, may_match

__all__ = ["period_spans", "same_time", "trimmed"]

_NUMBER = (
    r"(?:\d{1,3}(?:\.\d+)?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty"
    r"|forty|fifty|sixty|ninety|a\s+few|few|several|(?:a\s+)?couple(?:\s+of)?|half\s+an?|a\s+hundred)"
)
# "The last seven, eight weeks".
_COUNTED_ON = rf"(?:last|next|past|coming|previous)\s+{_NUMBER}(?:,\s+{_NUMBER}){{1,3}}"
# "Three to six months", "12 or 18 months"; years are no ends of such a range.
_NUMBER = rf"(?:{_NUMBER}(?:\s+(?:to|or)\s+{_NUMBER})?)"
_ORDINAL = r"(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|\d{1,2}(?:st|nd|rd|th)|final)"
_DETERMINER = (
    r"(?:the|our|your|their|its|his|her|this|that|these|those|another|some|any(?:\s+given)?"
    r"|(?:each|every)(?:\s+single)?|a|an)"
)
_HOW_MUCH = (
    r"(?:just|only|about|around|approximately|roughly|nearly|almost|over|barely|(?:more|less)\s+than"
    r"|close\s+to|at\s+least|up\s+to)"
)
# At the end of a sentence a year may have lost its last figure, see `days`.
_YEAR = (
    r"(?:(?:fiscal\s+(?:year\s+)?|fy\s?)?(?:(?:19|20)\d\d\b|['’]\s?\d\d\b|(?:19|20)\d(?=\.?\s*$)"
    rf"|{TWO_FIGURES}))"
)
_WHICH = (
    rf"(?:{_COUNTED_ON}|(?:prior|previous|last|year)[\s-]+year(?:[\s-]ago)?(?=[\s-]+\w)|year[\s-]ago|last|next|past|previous|prior|current|coming|upcoming|following|trailing|recent|same|comparable|full|entire"
    rf"|whole|remaining|consecutive|straight|back|front|latter|other|fiscal|calendar|new|future|early|earlier"
    rf"|late|mid|short|long|more|additional|{_ORDINAL}(?:\s+(?:and|or|to|through)\s+(?:the\s+)?{_ORDINAL})?|{_NUMBER}|{_YEAR}"
    r"|winter|summer|spring|fall|holiday|selling|trading|business|working)"
)
_UNIT = (
    r"(?:years?|quarters?|months?|weeks?|days?|weekends?|half|seasons?|semesters?|decades?|century|centuries|hours?|minutes?"
    r"|holidays|(?:(?<=year\s)|(?<=ago\s)|(?<=ago-)|(?<=same\s)|(?<=prior\s)|(?<=previous\s)|(?<=comparable\s)"
    r"|(?<=reporting\s)|(?<=entire\s))period|(?<=other\s)night|winter|summer|spring|fall|autumn)"
)
_MONTH = (
    r"(?:january|february|march|april|may|june|july|august|september|october|november|december"
    r")\b"
)
_SHORT = rf"(?:{_DETERMINER}\s+)?(?:{_WHICH}[\s-]+){{0,4}}{_UNIT}\b"
# What people say of a quarter or a year: "another strong quarter", "a very challenging year".
_JUDGED = (
    r"(?:(?:very|really|pretty|fairly|quite|extremely|particularly)\s+)?"
    r"(?:[a-z]{2,}(?:ing|ed|al|ful|ous|ive|ary|able|ible|ant|ent|ic|some)|good|great|strong|weak|tough|hard|bad|soft"
    r"|slow|busy|big|solid|record|typical|weird|rough|quiet|clean|base|poor|better|worse|best|worst|mild|cold|hot)"
)
_EDGE = (
    r"(?:(?:the\s+)?(?:very\s+)?(?:end|beginning|start|middle|close)\s+of\s+"
    r"|(?:very\s+)?(?:early|earlier|late|later)\s+(?:on\s+)?in\s+)"
)
_AFTER = (
    rf"(?:\s+of\s+(?:(?:our|the|this|last|next)\s+)?(?:{_YEAR}|{_SHORT}|{_MONTH})|\s+and\s+a\s+half\s+ago\b|(?:,|\s+in)?\s+{_YEAR}|\s+(?:this|last|next)\s+(?:year|quarter|month)"
    r"|\s+and\s+a\s+half\b|\s+or\s+so\b|\s+to\s+date\b|\s+ago\b|\s+earlier\b|\s+later\b|\s+from\s+now\b|(?<=year)\s+(?:prior|before)\b(?=\s*[.,;?!]|$)|\s+ahead\b|\s+a\s+year\s+ago\b)"
)
_PERIODS = re.compile(
    rf"(?<![\w'-])(?:{_EDGE})?(?:{_HOW_MUCH}\s+(?=an?\b))?(?:{_DETERMINER}\s+)?(?:{_HOW_MUCH}\s+)?"
    rf"(?:{_WHICH}[\s-]+){{0,5}}{_UNIT}\b(?!['’]s\s+time)"
    rf"(?:[\s-]+(?:period|quarter|month|season|end)\b)?{_AFTER}{{0,3}}"
)
_MONTHS_SPANS = re.compile(
    rf"(?<![\w'-])(?:{_EDGE})?(?:(?:(?:the|this|that)\s+(?:whole\s+|full\s+)?)?months?\s+of\s+)?"
    rf"(?:(?:early|late|mid|the\s+middle\s+of|later\s+in)[\s-]+)?{_MONTH}{_AFTER}{{0,2}}"
)
# "In year three", "by day ten", "during years one and two".
_COUNTED_UNIT = re.compile(
    r"(?:(?<=\bin\s)|(?<=\bby\s)|(?<=\bat\s)|(?<=\bof\s)|(?<=\bfor\s)|(?<=\bfrom\s)|(?<=\bon\s)|(?<=\buntil\s)"
    r"|(?<=\bafter\s)|(?<=\bduring\s)|(?<=\bsince\s))(?:year|month|week|day)s?\s+(?P<from>one|two|three|four|five|six"
    r"|seven|eight|nine|ten|twelve|\d{1,2}\b)(?:\s+(?:and|to|through)\s+(?P=from)?(?:one|two|three|four|five|six|seven"
    r"|eight|nine|ten|twelve|\d{1,2}))?\b(?![.,:]?\d|\s*(?:%|percent|hundred|thousand|(?:m|b|tr)illion|[ap]\.?\s?m\b))"
)
# "We have said so for years", "as in years past".
_BARE_PLURAL = re.compile(
    r"(?<=\bfor\s)(?:many\s+|so\s+many\s+)?(?:years|decades|months|weeks|days|hours)\b"
    r"|(?<=\b(?:in|of)\s)(?:past\s+years|years\s+past)\b|(?<=\bfor\s)years\s+to\s+come\b"
)
_JUDGEMENTS = re.compile(
    rf"(?<![\w'-])(?:an?|another|our|its|their|this|that|the)\s+(?:{_JUDGED}\s+)+(?:quarter|year|month|season|week|semester)s?\b"
    r"(?![\s-](?:over|on|to|end)\b)"
)
_PAST = re.compile(
    r"(?<![\w'-])(?:earlier|later)\s+(?:today|this\s+(?:morning|afternoon|evening|week|month|quarter|year)"
    r"|last\s+\w+|next\s+\w+)"
    r"|(?:the\s+|our\s+)?(?:year|quarter)[\s-]to[\s-]date\b|(?:multi|full)[\s-]year\b"
    rf"|(?:the\s+|our\s+|{_YEAR}\s+)?(?:fiscal\s+|calendar\s+)?(?:year|quarter|month)[\s-]end\b(?:\s+{_YEAR})?"
    rf"|(?:the\s+)?full\s+year\s+{_YEAR}"
    rf"|\bquarter\s+(?:one|two|three|four|[1-4])(?:\s+of)?(?:\s+{_YEAR})?"
)
# What says enough by itself to be a time; a bare "day", "a quarter" or "the minutes" does not.
_TELLS = re.compile(
    rf"\b(?:last|next|past|previous|prior|current|coming|upcoming|following|trailing|recent|same|comparable|entire|whole"
    rf"|full|remaining|consecutive|back|latter|other\s+(?:half|day|night|week)|fiscal|calendar|future|early|late|mid"
    rf"|year[\s-]ago|this|these|those|that\s+(?:year|quarter|month|week|day)|ago|from\s+now|earlier|later"
    rf"|to[\s-]date|end\b|{_YEAR}|{_MONTH}|multi)\b|{_YEAR}"
    rf"|\b(?:the|our|each|every|any|another)\s+(?:new\s+)?(?:years?|quarters?|months?|weeks?|weekend|season|semester|decade)\b"
    r"|\b(?:the|our|a)\s+(?:winter|summer|spring|fall|autumn)\b|\b(?:each|every)\s+\w+"
    rf"|\b{_ORDINAL}\s+(?:full\s+|fiscal\s+)?(?:years?|quarters?|months?|weeks?|days?|half|seasons?|semesters?|decades?"
    r"|century)\b"
    rf"|\b{_ORDINAL}\s+{_NUMBER}\s+\w+"
    rf"|\b{_NUMBER}[\s-]+(?:\w+\s+)?(?:years?|quarters|months?|weeks?|days?|decades?|hours?|minutes?|seasons|semesters)\b"
    r"|\b(?:a|half\s+an?)\s+(?:century|decade|year|month|week|hour)\b|\bquarter\s+(?:one|two|three|four|[1-4])\b"
    r"|\b(?:winter|summer|spring|fall|holiday)\s+season\b"
)
_NOT = re.compile(
    r"^(?:(?:the\s+)?(?:first|second|third|final|whole|other)\s+(?:minute|hour)s?$|that\s+(?:half|minute|hour)$"
    r"|(?:the\s+)?(?:half|fall|spring|day|minute|hour)s?$|(?:at\s+least\s+)?one\s+half$|(?:the\s+)?(?:other|full)\s+half$"
    r"|(?:a|one|two|three)?\s*(?:and\s+a\s+)?half$|an?\s+(?:first|second|third)?\s*half$|each\s+half$"
    r"|half\s+half|some\s+(?:year|day|week)s?$|any\s+(?:day|hour|minute)s?$|every\s+(?:half|spring|fall|minute)s?$)"
)
_RATE = re.compile(r"(?:\bper\s+|[\d$€£%]\s*/\s*)$")
# "Two million tons a year", "twice a week" count or tell how often.
_EACH = re.compile(r"an?\s+(?:year|quarter|month|week|day|hour)")
_COUNTED = re.compile(
    r"(?:\b(?:once|twice|half|[a-z]+[a-z]{2}s|(?:hundred|thousand|(?:m|b|tr)illion)|percent|cents?)|%|\b[\d.,]*\d)\s+$"
)
_NOT_COUNTED = re.compile(
    r"\b(?:this|always|has|was|does|perhaps|unless|versus|towards|minus|across|less|plus)\s+$"
)


_UNIT_WORDS = word_set("period_words")
_PATTERNS: tuple[tuple[re.Pattern[str], Needs], ...] = (
    (_PERIODS, (_UNIT_WORDS,)),
    (_MONTHS_SPANS, (frozenset(_MONTH.removesuffix(r"\b").strip("(?:)").split("|")),)),
    (_JUDGEMENTS, (_UNIT_WORDS,)),
    (_PAST, (frozenset({"earlier", "later", "year", "quarter", "month"}),)),
    (_COUNTED_UNIT, (_UNIT_WORDS, frozenset({FIGURE, *SMALL}))),
    (_BARE_PLURAL, (_UNIT_WORDS, frozenset({"for", "in", "of"}))),
)


def period_spans(lower: str, known: frozenset[str]) -> list[tuple[int, int]]:
    """Return the phrases of a lower-case text that name or measure a stretch of time, longest first.

    `known` are the text's clues.
    """
    found: list[tuple[int, int]] = []
    for pattern, needs in _PATTERNS:
        if not may_match(needs, known):
            continue
        for hit in pattern.finditer(lower):
            start, end = _attributive(lower, *trimmed(lower, *hit.span()))
            phrase = lower[start:end]
            if pattern is _MONTHS_SPANS and re.fullmatch(rf"{_MONTH}", phrase):
                continue  # a month alone is for the rules of days, which know the verbs "may" and "march"
            if pattern is _PERIODS and (not _TELLS.search(phrase) or _NOT.match(phrase)):
                continue
            if _RATE.search(lower[:start]) or (_EACH.fullmatch(phrase) and _is_rate(lower[:start])):
                continue
            found.append((start, end))
    kept: list[tuple[int, int]] = []
    for start, end in sorted(found, key=lambda span: (span[0] - span[1], span[0])):
        if all(end <= other[0] or start >= other[1] for other in kept):
            kept.append((start, end))
    return sorted(kept)


def _is_rate(before: str) -> bool:
    return bool(_COUNTED.search(before)) and not _NOT_COUNTED.search(before)


# "Up from 20 last year": the number counts something else.
_COUNT_BEFORE = re.compile(
    rf"(?:.*\s)?{_NUMBER}\s+(?=(?:last|next|previous|prior)\s+(?:fiscal\s+)?(?:year|quarter|month|week|weekend|season)\b)"
)
_BEFORE_NOUN = re.compile(
    rf"(?:an?|the|our|your|their|its|this|that)\s+(?=(?:multi|{_NUMBER})(?:\s+and\s+a\s+half)?[\s-]"
    r"(?:year|quarter|month|week|day|hour|minute)$)"
)


def _attributive(lower: str, start: int, end: int) -> tuple[int, int]:
    """Leave the article of "a three-year plan" to the plan, the number of "20 last year" to its things."""
    if count := _COUNT_BEFORE.match(lower[start:end]):
        return start + count.end(), end
    article = _BEFORE_NOUN.match(lower[start:end]) if lower[end : end + 1] in (" ", "-", "") else None
    return (start + article.end(), end) if article else (start, end)


_BEFORE = re.compile(
    r"(?:in|within|on|at|by|for|during|since|until|from|to|over(?=\s+(?:the|this|last|next|these|those)\b))\s+"
)


def trimmed(lower: str, start: int, end: int) -> tuple[int, int]:
    """Cut blanks and commas off the ends of a span, and a preposition off its beginning."""
    lead = _BEFORE.match(lower, start, end)
    if lead and lead.end() < end:
        start = lead.end()
    while start < end and lower[start] in " ,":
        start += 1
    while end > start and lower[end - 1] in " ,":
        end -= 1
    return start, end


_NEUTRAL = re.compile(
    rf"\b(?:the|our|your|their|its|his|her|a|an|about|around|approximately|roughly|just|fiscal|calendar|full"
    rf"|of|in|on|month|very|or\s+so|earlier|later|(?:early|late)(?=\s+(?:on\s+)?in\b)|{_HOW_MUCH})\b|[\s,.-]+"
)


def same_time(lower: str, whole: tuple[int, int], parts: Sequence[tuple[int, int]]) -> bool:
    """Tell whether a phrase means the same time as the part of it that is already understood."""
    rest = lower[whole[0] : whole[1]]
    for start, end in sorted(parts, reverse=True):
        rest = rest[: start - whole[0]] + " " + rest[end - whole[0] :]
    return not _NEUTRAL.sub("", rest)
