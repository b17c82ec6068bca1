"""Who is meant by "I", "my", "you" and "your" when what somebody is to do is told with their name."""

import re

from earful.conversation.types import Member
from earful.insight.gazetteer import TITLES
from earful.insight.lexicon import word_set

__all__ = ["retold", "short_name"]

_AUXILIARIES = {
    "are": "is",
    "were": "was",
    "have": "has",
    "do": "does",
    "don't": "doesn't",
    "aren't": "isn't",
    "haven't": "hasn't",
    "am": "is",
}
_UNCHANGED = word_set("unchanged_verbs")
_SHORTENED = {"'re": "is", "'m": "is", "'ll": "will", "'ve": "has", "'d": "would"}
# After these words, or before these, "you" does something; elsewhere something is done to it.
_BEFORE_SUBJECT = (
    r"(?<=\bif\s)|(?<=\bwhen\s)|(?<=\bonce\s)|(?<=\bthat\s)|(?<=\bas\s)|(?<=\bwhat\s)|(?<=\bbefore\s)|(?<=\bafter\s)"
    r"|(?<=\buntil\s)|(?<=\bhow\s)|(?<=\bwhere\s)|(?<=\bwhile\s)|(?<=\bbecause\s)|(?<=\bunless\s)|(?<=\bwhenever\s)"
    r"|(?<=\bwhether\s)|(?<=\bwhatever\s)|(?<=\bwhy\s)|(?<=\bwhich\s)|(?<=\bthan\s)|(?<=\bso\s)|(?<=\btill\s)"
)
_AFTER_SUBJECT = (
    r"(?=(?:need|want|asked|mentioned|sent|gave|said|have|had|can|could|will|would|should|are|were|might|may"
    r"|must)\b)"
)
_NO_VERB = r"(?!(?:a|an|the|and|or|to|for|by|on|in|at|with|about|of|from|this|that|my|your|today|tomorrow)\b)"


def short_name(member: Member | None) -> str | None:
    """Return what somebody is called in running text: the first name, or all of "Dr. Lee", "Speaker 2"."""
    name = (member.name or "") if member else ""
    words = name.split()
    if not words:
        return None
    whole = words[0].rstrip(".").lower() in TITLES or words[-1].isdigit()
    return name if whole else words[0]


def _third(verb: str) -> str:
    """Return a verb as it goes with a name: "need" is "needs"."""
    if verb in _AUXILIARIES:
        return _AUXILIARIES[verb]
    if verb in _UNCHANGED or (verb.endswith(("ed", "ing")) and not verb.endswith(("eed", "bring"))):
        return verb
    if verb.endswith(("s", "x", "z", "ch", "sh", "o")):
        return f"{verb}es"
    return f"{verb[:-1]}ies" if re.search(r"[^aeiou]y$", verb) else f"{verb}s"


def _subject(phrase: str, word: str, name: str) -> str:
    """Put a name where "you" or "I" does something, with its verb in agreement."""
    phrase = re.sub(
        rf"\b{word}('re|'m|'ll|'ve|'d)(?!\w)",
        lambda hit: f"{name} {_SHORTENED[hit[1].lower()]}",
        phrase,
        flags=re.I,
    )
    always = word == "I"
    places = rf"\b{word}\s+" if always else rf"(?:{_BEFORE_SUBJECT})\b{word}\s+|\b{word}\s+{_AFTER_SUBJECT}"
    return re.sub(
        rf"(?:{places}){_NO_VERB}(?P<verb>[a-z]+(?:n't)?)\b",
        lambda hit: f"{name} {_third(hit['verb'])}",
        phrase,
        flags=0 if always else re.IGNORECASE,
    )


def _they(phrase: str, word: str) -> str:
    """Put "they" and "them" in the place of "you" or "I" and "me"."""
    phrase = re.sub(rf"\b{word}'m\b", "they're", phrase)
    phrase = re.sub(rf"\b{word}(?='(?:re|ll|ve|d)\b)", "they", phrase)
    if word == "I":
        phrase = re.sub(r"\bI\s+am\b", "they are", re.sub(r"\bI\s+was\b", "they were", phrase))
        return re.sub(r"\bme\b", "them", re.sub(r"\bI\b(?=\s|$)", "they", phrase))
    phrase = re.sub(
        rf"(?:{_BEFORE_SUBJECT})\byou\b(?=\s+{_NO_VERB}[a-z])|\byou\b(?=\s+{_AFTER_SUBJECT})", "they", phrase
    )
    return re.sub(r"\byou\b", "them", phrase)


_SOMEBODY = re.compile(r"\b(?:i|me|my|mine|myself|you|your|yours|yourself)\b", re.IGNORECASE)


def retold(phrase: str, speaker: Member | None, other: Member | None, *, requested: bool) -> str:
    """Return what is to be done without "I" and "you".

    Either the speaker is to do it, or, `requested`, the `other`, who was spoken to. Who does it is "they",
    the other of the two is named; without a name their words stay.
    """
    if not _SOMEBODY.search(phrase):
        return phrase
    own, theirs = ("you", "I") if requested else ("I", "you")
    name = short_name(speaker if requested else other)
    does = short_name(other if requested else speaker)
    if does is not None:
        mine, self_word = ("your", "yourself") if requested else ("my", "myself")
        phrase = re.sub(rf"\b{self_word}\b", "themself", phrase)
        phrase = re.sub(rf"\b{mine}\b", "their", phrase)
        phrase = re.sub(r"\byours\b" if requested else r"\bmine\b", "theirs", phrase)
        phrase = _they(phrase, own)
    if name is not None:
        yours = "my" if requested else "your"
        phrase = re.sub(rf"\b{yours}\b", f"{name}'s", phrase)
        phrase = re.sub(r"\bmine\b" if requested else r"\byours\b", f"{name}'s", phrase)
        phrase = re.sub(r"\bmyself\b" if requested else r"\byourself\b", name, phrase)
        phrase = _subject(phrase, theirs, name)
        phrase = re.sub(r"\bme\b" if requested else r"\byou\b", name, phrase)
    return phrase
