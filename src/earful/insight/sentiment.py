"""How a sentence feels, from -1 (bad) to 1 (good): words of feeling, turned by what stands before them."""

import math

from earful.insight.lexicon import lines, word_set
from earful.insight.text import clues, tokens

__all__ = ["polarity"]


def _weights() -> dict[str, float]:
    """Read the feelings: each line of the list is a weight and the words that carry it."""
    table: dict[str, float] = {}
    for line in lines("feelings"):
        weight, *words = line.split()
        table |= dict.fromkeys(words, float(weight))
    return table


_LEXICON = _weights()
_NEGATIONS = word_set("negations")
_STRONGER = {
    "very": 1.3,
    "really": 1.3,
    "so": 1.2,
    "extremely": 1.5,
    "absolutely": 1.4,
    "totally": 1.3,
    "completely": 1.3,
    "incredibly": 1.5,
    "too": 1.15,
    "super": 1.3,
    "quite": 1.1,
    "most": 1.2,
    "especially": 1.2,
    "particularly": 1.2,
    "deeply": 1.3,
    "truly": 1.3,
    "slightly": 0.6,
    "somewhat": 0.7,
    "bit": 0.7,
    "little": 0.7,
    "kinda": 0.7,
    "fairly": 0.9,
    "partly": 0.6,
    "less": 0.5,
}
_LIKE_NOT_FEELING = word_set("like_not_feeling")
_EMOTICONS = (
    (":)", 2.0),
    (":-)", 2.0),
    (":D", 2.4),
    (";)", 1.2),
    ("<3", 2.4),
    (":(", -2.0),
    (":-(", -2.0),
    (":/", -1.2),
    (":'(", -2.4),
)


# Chosen on held-out training sentences (training/weigh.py).
_WORDS_WEIGHT, _HEARD_WEIGHT = 0.2, 0.8


def polarity(text: str, heard: float | None = None) -> float:
    """Return the polarity of a sentence in -1..1; 0 when nothing in it has a feeling.

    `heard` is the encoder's polarity, which the words of feeling correct.
    """
    felt = _words_polarity(text)
    if heard is None:
        return felt
    return round(max(-1.0, min(1.0, _WORDS_WEIGHT * felt + _HEARD_WEIGHT * heard)), 3)


def _words_polarity(text: str) -> float:
    if clues(text).isdisjoint(_LEXICON) and not any(sign in text for sign, _ in _EMOTICONS):
        return 0.0
    words = [token for token in tokens(text) if token.is_word]
    total = 0.0
    feelings: list[float] = []
    for index, token in enumerate(words):
        word = token.lower
        weight = _LEXICON.get(word)
        if weight is None:
            continue
        before = [w.lower for w in words[max(0, index - 3) : index]]
        if word == "like" and (not before or before[-1] in _LIKE_NOT_FEELING):
            continue
        if (word == "well" and index == 0) or (
            word == "kind" and index + 1 < len(words) and words[index + 1].lower == "of"
        ):
            continue
        if word == "pretty" and index + 1 < len(words):
            continue
        for near in before[-2:]:
            weight *= _STRONGER.get(near, 1.0)
        if token.text.isupper() and len(token.text) > 2 and not text.isupper():
            weight *= 1.2
        if any(near in _NEGATIONS for near in before) and not (
            before[-1:] == ["only"] or before[-2:] == ["no", "only"]
        ):
            weight *= -0.7
        feelings.append(weight)
    # What comes after "but" is what is meant.
    lower = [token.lower for token in words]
    if "but" in lower and feelings:
        turn = lower.index("but")
        places = [i for i, t in enumerate(words) if t.lower in _LEXICON]
        if len(places) == len(feelings):
            feelings = [f * (0.5 if place < turn else 1.4) for f, place in zip(feelings, places, strict=True)]
    total = sum(feelings) + sum(weight for sign, weight in _EMOTICONS if sign in text)
    if total and "!" in text:
        total += math.copysign(0.3 * min(text.count("!"), 3), total)
    return round(total / math.sqrt(total * total + 12.0), 3) if total else 0.0
