"""How a sentence feels, from -1 (bad) to 1 (good): words of feeling, turned by what stands before them."""

import math

from earful.insight.text import tokens

__all__ = ["polarity"]


def _weights(value: float, words: str) -> dict[str, float]:
    return dict.fromkeys(words.split(), value)


_LEXICON: dict[str, float] = (
    _weights(3.2, "excellent amazing awesome fantastic wonderful brilliant superb outstanding perfect love loved loves loving best thrilled delighted magnificent incredible phenomenal gorgeous ecstatic")
    | _weights(2.4, "great happy beautiful glad excited exciting lovely enjoy enjoyed enjoying enjoys impressed impressive fun proud joy terrific pleased delight win wins winning won favorite favourite hilarious congratulations congrats yay haha lol")
    | _weights(1.8, "good nice thanks thank helpful appreciate appreciated appreciates like liked likes cool easy friendly smooth reliable satisfied success successful better improved improve improvement benefit beneficial recommend smart clever grateful interesting comfortable sweet safe fresh hope hoping hopefully agree strong solid generous cute smile laugh laughing care kind fast bright clean charming enthusiastic welcome pretty")
    | _weights(1.1, "fine okay fair clear useful ready works worked interested positive progress opportunity gain growth support correct well sure free special rich bonus worth affordable stable sturdy fit promising")
    | _weights(-3.2, "terrible horrible awful worst hate hated hates disgusting disaster furious outrageous unacceptable appalling dreadful atrocious pathetic nightmare miserable tragic evil murder killed dead death die died kill")
    | _weights(-2.4, "bad angry unhappy upset frustrated frustrating disappointed disappointing disappointment annoyed annoying useless broken fail failed fails failing failure poor sad crap sucks suck sucked shit damn hell ridiculous stupid wrong worse painful pain scared afraid fear crash crashed crashes garbage junk lousy ugly idiot cry crying depressed lonely sick hurt hurts threat fraud scam lie lied")
    | _weights(-1.7, "problem problems issue issues difficult hard late slow delay delayed delays trouble complain complained complaint complaints worry worried worries confused confusing concern concerned concerns unfortunately error errors bug bugs lost lose losing loss missing miss missed boring expensive reject rejected refuse refused unable unfair weak hassle mess messy noisy defective cheap tired unreliable risk risky damage damaged struggle struggling mistake mistakes wasted waste sorry cancel cancelled doubt debt guilty nasty rude weird flaw flaws flimsy uncomfortable inconvenient stuck stress stressed avoid")
    | _weights(-0.9, "unclear busy limited lack lacks lacking complicated overpriced cost unsure tough difficult cold dark heavy small tight short cannot unfortunately pressure crisis cut")
)  # fmt: skip
_NEGATIONS = frozenset(
    [
        "not",
        "no",
        "never",
        "none",
        "nobody",
        "nothing",
        "neither",
        "nor",
        "hardly",
        "barely",
        "scarcely",
        "without",
        "cannot",
        "isn't",
        "wasn't",
        "aren't",
        "weren't",
        "don't",
        "doesn't",
        "didn't",
        "can't",
        "couldn't",
        "won't",
        "wouldn't",
        "shouldn't",
        "haven't",
        "hasn't",
        "hadn't",
        "ain't",
    ]
)
_STRONGER = {
    "very": 1.3, "really": 1.3, "so": 1.2, "extremely": 1.5, "absolutely": 1.4, "totally": 1.3, "completely": 1.3, "incredibly": 1.5,
    "too": 1.15, "super": 1.3, "quite": 1.1, "most": 1.2, "especially": 1.2, "particularly": 1.2, "deeply": 1.3, "truly": 1.3,
    "slightly": 0.6, "somewhat": 0.7, "bit": 0.7, "little": 0.7, "kinda": 0.7, "fairly": 0.9, "partly": 0.6, "less": 0.5,
}  # fmt: skip
_LIKE_NOT_FEELING = frozenset(
    [
        "i'd",
        "would",
        "looks",
        "look",
        "sound",
        "sounds",
        "seem",
        "seems",
        "feel",
        "feels",
        "something",
        "things",
        "it's",
        "is",
        "was",
        "you'd",
        "we'd",
        "just",
        "was's",
        "and",
    ]
)
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


def polarity(text: str) -> float:
    """Return the polarity of a sentence in -1..1; 0 when nothing in it has a feeling."""
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
