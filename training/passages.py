"""Passages of talk whose punctuation and capitals are hidden, to learn to put them back.

From meetings, parliament committees, interviews, news and speeches. Parts of a passage keep their
punctuation, as when a recogniser's own segments are joined; a passage begins and ends anywhere, so that
the last word tells whether its sentence is finished.
"""

import random
import re
from collections.abc import Iterator

from .examples import MARKS, TRAIN, Example, rows

__all__ = ["cut", "marked_words", "passage_examples", "passages"]

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*'?|\$?\d[\d.,:]*\d")
_PIECE = re.compile(r"\S+")
_SHORTEST, _LONGEST = 3, 60  # words
_EACH = 0.8  # passages begun for every sentence of the written sources


def marked_words(text: str) -> list[tuple[str, int, int]]:
    """Return each word as written, the mark after it (index into MARKS) and its case (index into CASES)."""
    text = text.replace("’", "'")
    found: list[tuple[str, int, int]] = []
    places = list(_WORD.finditer(text))
    for number, place in enumerate(places):
        end = places[number + 1].start() if number + 1 < len(places) else len(text)
        gap, word = text[place.end() : end], place.group()
        mark = 0
        if "?" in gap:
            mark = 3
        elif re.search(r"[.!…](?:[\s\"')\]]|$)", gap) and "..." not in gap:
            mark = 2
        elif re.search(r"[,;:](?:\s|$)| [-–—]+ ", gap):
            mark = 1
        letters = [c for c in word if c.isalpha()]
        case = 0
        if letters and letters[0].isupper():
            case = 2 if len(letters) > 1 and all(c.isupper() for c in letters) else 1
        found.append((word, mark, case))
    return found


def passages() -> Iterator[tuple[str, str, bool]]:
    """Yield (group, text, whether it ends with its sentence) of what one person says or one text tells."""
    for name in ("meetings_ami_train", "meetings_icsi_train"):
        for meeting in rows(TRAIN / f"{name}.jsonl.gz"):
            group = meeting["id"][:6] if "ami" in name else meeting["id"]
            said: dict[str, list[str]] = {}
            for turn in meeting["turns"]:
                text = turn.get("text") or ""
                own = said.setdefault(turn["speaker"], [])
                # What was cut out leaves a hole: nothing is joined over it.
                if not text or len(" ".join(own).split()) > 150:
                    if own:
                        yield group, " ".join(own), True
                    own.clear()
                if text and not (text.count(" ") == 0 and turn["da"] in ("bck", "b", "b.%")):
                    own.append(text)
            for own in said.values():
                if own:
                    yield group, " ".join(own), True
    for meeting in rows(TRAIN / "topics_qmsum_train.jsonl.gz"):
        if meeting["kind"] == "committee":
            for turn in meeting["turns"]:
                if turn["text"]:
                    yield meeting["id"], turn["text"], True
    document, told = "", list[str]()
    for row in rows(TRAIN / "entities_train.jsonl.gz"):
        if row["source"] != "gum" or row["genre"] == "academic":
            continue
        if row["document"] != document or len(told) > 6:
            if told:
                yield document, " ".join(told), True
            document, told = row["document"], []
        if re.search(r"[.?!][\"')]*$", row["text"]) and len(row["text"].split()) > 2:
            told.append(row["text"])
    if told:
        yield document, " ".join(told), True


def cut(words: list[tuple[str, int, int]], chance: random.Random) -> Iterator[list[tuple[str, int, int]]]:
    """Cut a passage into windows, half of them at sentence ends."""
    starts = [0, *(at + 1 for at, (_, mark, _) in enumerate(words[:-1]) if mark >= 2)]
    for start in starts:
        if chance.random() > _EACH:
            continue
        if chance.random() < 0.25:
            start = min(len(words) - 1, start + chance.randint(1, 12))
        size = chance.choice((6, 10, 16, 24, 40, _LONGEST)) + chance.randint(-2, 4)
        stop = min(len(words), start + size)
        if chance.random() < 0.5:
            ends = [at + 1 for at in range(start, stop) if words[at][1] >= 2]
            if ends:
                stop = chance.choice(ends)
        if stop - start >= _SHORTEST:
            yield words[start:stop]


def _hidden(window: list[tuple[str, int, int]], chance: random.Random) -> str:
    """Write a window without its marks and capitals; sometimes only without some of them."""
    if chance.random() < 0.7:
        return " ".join(word.lower() for word, _, _ in window)
    # As recognisers punctuate: right but for the places where pauses cut.
    shown = []
    lowered = False
    for number, (word, mark, _) in enumerate(window):
        sign = MARKS[mark]
        if number == len(window) - 1 or (mark >= 2 and chance.random() < 0.5):
            shown.append(word.lower() if lowered else word)
            lowered = mark >= 2
            continue
        shown.append((word.lower() if lowered else word) + sign)
        lowered = False
    return " ".join(shown)


def passage_examples(chance: random.Random) -> Iterator[Example]:
    """Yield windows with the marks and capitals that were there."""
    for group, text, _ in passages():
        words = marked_words(text)
        for window in cut(words, chance):
            shown = _hidden(window, chance)
            if len(_PIECE.findall(shown)) != len(window):
                continue
            yield Example(shown, group, marks=tuple((mark, case) for _, mark, case in window))
