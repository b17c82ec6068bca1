"""What a partial must not show: the end of a text that may be the beginning of something personal.

A final knows how a number or an address went on; a partial is told while it is being said, so that what may
become personal is kept back there. What turns out to be nothing of the kind stands in the final.
"""

import re
from collections.abc import Sequence

from earful.insight.days import MONTH_NAMES
from earful.insight.lexicon import word_set
from earful.insight.numbers import DIGITS, ORDINALS, SMALL

__all__ = ["half_said"]

_LEAD_CHARS = 90
_DIGIT = rf"(?:{'|'.join(DIGITS)}|\d+)"
_CODE_WORD = (
    rf"(?:{'|'.join((*SMALL, *DIGITS))}|hundred|thousand|double|triple|treble|[a-z]"
    rf"|\d[\d,./:-]*(?:st|nd|rd|th)?|slash|dash|dot|hyphen|point|plus|underscore|as|in|(?:{'|'.join(word_set('spelling_alphabet'))})|(?:{'|'.join(ORDINALS)})|{MONTH_NAMES}"
    r"|of|the|and|P\.?O|box|number|\+)"
)
# The end of a text, as far as it could be a code, a number or a date that is being read out.
_CODE_END = re.compile(
    rf"(?:(?<=\s)|(?<=^)){_CODE_WORD}(?:[\s,.…()–-]+{_CODE_WORD})*[\s,.…?!–-]*$", re.IGNORECASE
)
_TELLS = re.compile(
    rf"\d|\b(?:{'|'.join((*SMALL, *DIGITS))}|{'|'.join(ORDINALS)}|{MONTH_NAMES}|double|triple|treble|plus"
    r"|[b-hj-z]|box)\b",
    re.IGNORECASE,
)
_ANNOUNCED = re.compile(
    r"\b(?:cards?|visa|mastercard|amex|accounts?|acct|routing|sort\s+code|iban|swift|bic|c\s?v\s?[vc]|code|pin|password"
    r"|passcode|expir\w*|good\s+(?:un)?til|valid|digits|social|ssn|passport|licen[sc]e|plates?|reg|registration|policy"
    r"|member(?:ship)?|medicare|medicaid|insurance|tax|vin|i\s?d|n\s?h\s?s|d\s?o\s?b|birth(?:day)?|born|i\s?p|server"
    r"|ping(?:s|ing)?|phone|telephone|number|cell|mobile|landline|extension|fax|whatsapp|reach|(?:call|text|ring|dial)\s+"
    r"(?:me|us|him|her|my|them)|address|post\s?code|zip|live[sd]?|box|ends?|ending|spel\w+|name|surname|ship|deliver"
    r"|we're\s+at|our\s+place)\b",
    re.IGNORECASE,
)
_ALONE = re.compile(
    r"(?:\b(?:it's|its|is|that's|so|okay|ok|yes|yeah|sure|um|uh|er|and|then|the|please|right|well|no|sorry|it|start|again)\b"
    r"|[\W_])*",
    re.IGNORECASE,
)
_SO = r"(?:(?:it's|um|uh|er|so|spel\w+|like|just)[\s,]+)*"
_IS = rf"(?:'s|\s+(?:is|are|was|would\s+be|will\s+be|number\s+is|it's)\b|\s*[,:])[\s,:]+{_SO}"
# After these everything is kept back that follows, up to so many words.
_OPEN = re.compile(
    rf"\b(?:e-?\s?mail(?:\s+address)?|mail\s+address|address|(?:sur|first|last|middle|maiden|full|user|the|my|your|his|her)\s?"
    rf"name|name|all\s+(?:in\s+)?lower\s?case|all\s+one\s+word|password|passphrase|web\s?site|domain|login){_IS}"
    rf"|\b(?:sur|(?:first|last|middle|maiden)\s)name\s+{_SO}"
    r"|\b(?:i|we|she|he|they)(?:'m|\s+am|'re|\s+are|'s|\s+is)?\s+(?:live[sd]?|living|located|based)\s+(?:at|on|in)\s+"
    r"|\b(?:we're|i'm|they're|he's|she's)\s+at\s+|\b(?:our|my)\s+(?:place|house|home|flat|apartment)\s+is\s+(?:at\s+)?"
    r"|\b(?:ship|deliver|send|mail|post|e-?mail)\s+(?:it|that|them|this|me)?\s*(?:over\s+)?(?:to|at)\s+"
    r"|\b(?:speaking\s+(?:with|to)|this\s+is|put\s+(?:it|me)\s+(?:down\s+)?under|under\s+the\s+name(?:\s+of)?|spelt|spelled)\s+",
    re.IGNORECASE,
)
_MOST_WORDS = 10
_END_CHARS = 400
# What ends what was announced: the talk goes on about something else.
_ENDED = re.compile(
    r"[.?!]\s+\S|\b(?:but|because|and\s+(?:i|we|you|he|she|they|it)|which|so\s+(?:i|we|you))\b", re.IGNORECASE
)


def half_said(text: str, before: str, taken: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return what at the end of an unfinished text may be the beginning of something personal.

    `before` is what was said before it, `taken` the places that are known to be personal already.
    """
    found: list[tuple[int, int]] = []
    begin = max(0, len(text) - _END_CHARS)
    last = max(_OPEN.finditer(text, begin), key=lambda hit: hit.end(), default=None)
    if last is not None:
        rest = text[last.end() :]
        if rest.strip() and len(rest.split()) <= _MOST_WORDS and not _ENDED.search(rest):
            found.append((last.end(), len(text.rstrip())))
    if mail := _MAIL_END.search(text, begin):
        found.append(mail.span())
    if age := _AGE_END.search(text, begin):
        found.append(age.span("age"))
    end = _CODE_END.search(text, begin)
    if end and (
        _TELLS.search(end.group()) or _SPELT.search(f"{before[-_LEAD_CHARS:]} {text[: end.start()]}")
    ):
        start = end.start() + len(end.group()) - len(end.group().lstrip())
        lead = f"{before[-_LEAD_CHARS:]} {text[:start]}"[-_LEAD_CHARS:]
        near = any(0 <= start - other <= 40 for _, other in taken)
        if near or _ANNOUNCED.search(lead) or _ALONE.fullmatch(text[:start]) or _READ_OUT.search(end.group()):
            found.append((start, start + len(text[start:].rstrip(" ,.…?!–-"))))
    return found


# "First dot last", "lisa at, er, the green", "sales at acme dot", "hotmail": what an address goes on from.
_MAIL_END = re.compile(
    r"(?:\b[\w'-]+\s+(?:dot|dash|underscore)(?:\s+|$))+(?:[\w'-]+)?(?:,?\s+at(?:,?\s+[\w'-]+){0,4})?[\s,.…?!–-]*$"
    r"|\b[\w'-]+,?\s+at,?\s+(?:um|uh|er|erm|ah)\b,?(?:\s+[\w'-]+){0,4}[\s,.…?!–-]*$"
    r"|(?:\b[\w'-]+\s+at\s+)?\b(?:gmail|yahoo|hotmail|outlook|icloud|proton\s?mail|aol|msn)\b(?:\s+dot)?[\s,.…?!–-]*$"
    r"|\b[\w'-]+\s+at(?:\s+[\w'-]+){1,3}\s+dot[\s,.…?!–-]*$",
    re.IGNORECASE,
)
_PERSON_IS = (
    r"\b(?:i'm|i\s+am|(?:he|she|boy|girl|kid|son|daughter|husband|wife|partner|mother|father|mum|mom|dad|baby)"
    r"(?:'s|\s+is))\s+"
)
_AGE_END = re.compile(
    rf"{_PERSON_IS}(?P<age>(?:\d+|(?:{'|'.join(SMALL)})(?:[\s-](?:{'|'.join(SMALL)}))?))(?:\s+years?)?\s*$",
    re.IGNORECASE,
)
_SPELT = re.compile(r"\b(?:plates?|reg|registration|spel\w+)\b", re.IGNORECASE)
# Digits one by one, or with letters; "twenty five" is a number like any other.
_READ_OUT = re.compile(
    rf"\b{_DIGIT}[\s,]+{_DIGIT}\b|\bdouble\s+{_DIGIT}\b|\b[b-hj-z]\s+{_DIGIT}\b", re.IGNORECASE
)
