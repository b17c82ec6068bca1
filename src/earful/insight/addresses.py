"""E-mail addresses and domains as they are said: "john eight two at gmail dot com", "at, um, acme dot io"."""

import re

from earful.insight.lexicon import word_set
from earful.insight.numbers import DIGITS, SMALL
from earful.insight.text import STOP_WORDS, clues

__all__ = ["DOMAINS", "as_written", "spoken_domains", "spoken_emails"]

DOMAINS = (
    "com|org|net|edu|gov|io|co|uk|de|fr|es|it|nl|pl|eu|us|ca|au|info|biz|ai|app|dev|in|ch"
    "|at|se|no|dk|fi|be|pt|ie|nz|jp|br|mx|me|tv|ru|cz|hu|il|za|store|shop|online|site|website|tech|cloud|email"
    "|agency|company|solutions|services|consulting|studio|design|digital|media|network|systems|software|global"
    "|world|life|health|care|xyz|pro|mobi|int|mil"
)
_PART = r"(?:[a-z0-9][\w'-]*)"
_PAUSE = r"(?:,?\s+)"
_AT = rf"{_PAUSE}at(?:\s+sign)?{_PAUSE}(?:(?:um|uh|er|erm|ah){_PAUSE})*"
_JOINS = rf"(?:{_PAUSE}(?:dot|underscore|dash|hyphen|plus|period){_PAUSE}|\s?[._-]\s?)"
_EMAIL = re.compile(
    rf"(?:\b{_PART}{_JOINS})*\b(?!look(?:s|ed|ing)?\b){_PART}{_AT}{_PART}(?:\s+{_PART}){{0,2}}?"
    rf"(?:\s+(?:dot|dash)\s+{_PART})*?\s*(?:,?\s+dot\s+|\.)\s*(?:{DOMAINS})"
    rf"\b(?:\s+dot\s+(?:{DOMAINS})\b)?",
    re.IGNORECASE,
)
# Everyone knows the rest of "at gmail"; what breaks off at "at" goes on in the next message.
_KNOWN_WORDS = frozenset(
    {"gmail", "g", "yahoo", "hotmail", "outlook", "icloud", "proton", "protonmail", "aol", "msn"}
)
_KNOWN = r"(?:gmail|g\s?mail|yahoo|hotmail|outlook|icloud|proton\s?mail|aol|msn)"
_SHORT = re.compile(rf"(?:\b{_PART}{_JOINS})*\b(?P<last>{_PART}){_AT}{_KNOWN}\b", re.IGNORECASE)
_BROKEN = re.compile(
    rf"(?:\b{_PART}{_JOINS})+\b{_PART}{_PAUSE}at\s*[.,…?!-]*$|\b[\w.+%-]+@(?=\s*[.,…?!-]*$)", re.IGNORECASE
)
_ABOUT_MAIL = re.compile(r"\be-?\s?mail|\baddress\b|\b(?:it's|it\s+is|that's|that\s+is)\s+$", re.IGNORECASE)
_BROKEN_AT = re.compile(rf"\b{_PART}{_PAUSE}at\s*[.,…?!-]*$", re.IGNORECASE)
_JOINED_BEFORE = re.compile(rf"\b{_PART}{_JOINS}$", re.IGNORECASE)
_MORE_WORDS = 4
_DOMAIN = re.compile(
    r"\b(?:www\s+dot\s+)?[a-z0-9][\w-]*(?:\s+(?:dot|dash)\s+[a-z0-9][\w-]*)"
    rf"*?\s+dot\s+(?:{DOMAINS})\b(?:\s+dot\s+(?:uk|au|nz|jp|br|za|in)\b)?",
    re.IGNORECASE,
)
_SPELT_BEFORE = re.compile(r"(?:\b[a-z0-9]\b(?:\s*[-.,]\s*|\s+))+$", re.IGNORECASE)
_WORD_BEFORE = re.compile(r"([\w'-]+)(?:\s*,)?\s+$")
_NUMBER_WORDS = frozenset((*DIGITS, *SMALL, "double", "triple", "hundred"))
_LEADS = word_set("email_leads")
_STOPS = STOP_WORDS | _LEADS


def spoken_emails(text: str, before: str = "") -> list[tuple[int, int]]:
    """Return the places of the e-mail addresses that a text says; `before` is what was said before it."""
    known = clues(text)
    at = "at" in known
    if not at and "@" not in text:
        return []
    found = [_whole(text, hit.start(), hit.end()) for hit in _EMAIL.finditer(text)] if at else []
    for hit in _SHORT.finditer(text) if at and not known.isdisjoint(_KNOWN_WORDS) else ():
        near = f"{before[-60:]} {text[: hit.start()]}"[-60:]
        if re.search(r"[._]|\b(?:dot|underscore)\b", hit.group()) or _ABOUT_MAIL.search(near):
            found.append(_whole(text, hit.start(), hit.end()))
    if text.rstrip(_AFTER_AT)[-2:].lower().endswith(("at", "@")):
        found += _broken_off(text, before)
    return [(_joined(text, start), end) for start, end in found]


_AFTER_AT = " \t\n.,…?!-"


def _broken_off(text: str, before: str) -> list[tuple[int, int]]:
    """Return the place of an address that ends at its "at"."""
    found = [_whole(text, hit.start(), hit.end()) for hit in _BROKEN.finditer(text)]
    if (broken := _BROKEN_AT.search(text)) and _ABOUT_MAIL.search(f"{before[-60:]} {text[: broken.start()]}"):
        found.append(_whole(text, broken.start(), broken.end()))
    return found


def _joined(text: str, start: int) -> int:
    """Return where an address begins: with what is joined to it, and with all of "green valley farm at"."""
    while True:
        head = _whole(text, start, len(text))[0]
        if joined := _JOINED_BEFORE.search(text, 0, head):
            head = joined.start()
        if head == start:
            break
        start = head
    words = list(re.finditer(r"[\w'-]+", text[:start]))
    at = start
    for word in reversed(words[-_MORE_WORDS:]):
        if text[word.end() : at].strip():
            return at  # a comma, or another sign: the address begins here
        if word.group().lower() in _STOPS:
            return at if word.group().lower() in _LEADS else start
        at = word.start()
    return at if not text[:at].strip() else start


def spoken_domains(text: str) -> list[tuple[int, int]]:
    """Return the places of the domains that a text says."""
    return [hit.span() for hit in _DOMAIN.finditer(text)] if "dot" in clues(text) else []


def _whole(text: str, start: int, end: int) -> tuple[int, int]:
    """Take spelt letters, and numbers with the word before them, along: "smith eight two at", "j o at"."""
    head = re.match(r"[\w'-]+", text[start:end])
    if head and (head.group().lower() in _NUMBER_WORDS or head.group().isdigit()):
        while (word := _WORD_BEFORE.search(text[:start])) is not None:
            said = word.group(1).lower()
            if said in _LEADS:
                break
            start = word.start(1)
            if said not in _NUMBER_WORDS and not said.isdigit():
                break
        head = re.match(r"[\w'-]+", text[start:end])
    spelt = _SPELT_BEFORE.search(text[:start])
    if head and spelt and len(head.group()) <= 2:
        start = spelt.start()
    return start, end


def as_written(spoken: str) -> str:
    """Return a spoken address as it would be written."""
    text = re.sub(r",?\s+(?:um|uh|er|erm|ah),?(?=\s)", "", spoken.lower())
    for word, sign in (
        ("at sign", "@"),
        ("at", "@"),
        ("dot", "."),
        ("period", "."),
        ("underscore", "_"),
        ("dash", "-"),
        ("hyphen", "-"),
        ("plus", "+"),
    ):
        text = re.sub(rf",?\s+{word},?\s+", sign, text)
    return re.sub(r"\s+", "", text)
