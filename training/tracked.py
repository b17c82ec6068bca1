"""Trackers and what was said for them: the project's own, commands to a machine, and talk that means none.

`talk/meanings.txt`, `talk/opposites.txt` and `talk/business.txt`: `#` opens a tracker with its phrases, `+`
means it in other words, `-` does not, mostly an opposite or the same words about something else. In the last
two a blank line opens a family: trackers about one thing, of which what means one does not mean another.
`talk/intents.txt` has phrases for the intents of HWU64.
"""

import random
from typing import NamedTuple

from .business import lines
from .examples import TRAIN, bare, rows
from .passages import passages

__all__ = ["Sentence", "Tracker", "commands", "forms", "left_out", "other_talk", "written"]

_TALK, _EACH_INTENT, _LEFT_OUT = 1700, 24, 4
_FILLERS = (
    "yeah so",
    "okay well",
    "um",
    "to be honest",
    "and",
    "look",
    "I mean",
    "so",
    "you know what",
    "oh",
)


class Sentence(NamedTuple):
    """What somebody says, the family of trackers it was written for and which it means (-1: none)."""

    text: str
    family: int
    means: int


class Tracker(NamedTuple):
    """The phrases of a tracker, and its family: trackers about one thing."""

    phrases: list[str]
    family: int


def written() -> tuple[list[Tracker], list[Sentence]]:
    """Return the trackers and sentences that the project wrote."""
    trackers: list[Tracker] = []
    sentences: list[Sentence] = []
    family = -1
    for name in ("meanings", "opposites", "business"):
        opens = True
        for line in lines(name):
            opens = opens or not line
            if line.startswith("# "):
                family += opens or name == "meanings"
                trackers.append(Tracker(line[2:].split(" / "), family))
                opens = False
            elif line:
                means = len(trackers) - 1 if line[0] == "+" else -1
                sentences.append(Sentence(line[2:], family, means))
    return trackers, sentences


def left_out(trackers: list[Tracker]) -> frozenset[int]:
    """Return the families of the project's trackers that the vector's layers were not changed for."""
    families = sorted({one.family for one in trackers})
    random.Random(11).shuffle(families)
    return frozenset(families[::_LEFT_OUT])


def forms(text: str, around: str, chance: random.Random) -> list[str]:
    """Return a message as written, bare, beside another sentence, and after a word that fills."""
    beside = f"{around} {text}" if chance.random() < 0.5 else f"{text} {around}"
    begun = bare(text) if chance.random() < 0.5 else text[0].lower() + text[1:]
    return [
        text,
        bare(text),
        bare(beside) if chance.random() < 0.5 else beside,
        f"{chance.choice(_FILLERS)} {begun}",
    ]


def commands(trackers: list[Tracker], chance: random.Random) -> tuple[list[Tracker], list[Sentence]]:
    """Return trackers for the intents of HWU64, counted on from those given, and some commands of each."""
    said: dict[str, list[str]] = {}
    for row in rows(TRAIN / "entities_train.jsonl.gz"):
        if row["source"] == "hwu64" and len(row["text"].split()) > 2:
            said.setdefault(row["genre"], []).append(row["text"])
    first = max(one.family for one in trackers) + 1
    families: dict[str, int] = {}
    found: list[Tracker] = []
    sentences: list[Sentence] = []
    for line in lines("intents"):
        intent, phrases = line.split(": ")
        family = families.setdefault(intent.split("_")[0], first + len(families))
        found.append(Tracker(phrases.split(" / "), family))
        texts = list(dict.fromkeys(said[intent]))
        sentences += [
            Sentence(text, family, len(trackers) + len(found) - 1)
            for text in chance.sample(texts, min(_EACH_INTENT, len(texts)))
        ]
    return found, sentences


def other_talk(chance: random.Random) -> list[str]:
    """Return sentences of meetings, committees and interviews that were said about other things."""
    found = [
        turn["text"]
        for name in ("meetings_ami_train", "meetings_icsi_train")
        for meeting in rows(TRAIN / f"{name}.jsonl.gz")
        for turn in meeting["turns"]
        if not turn.get("reserved") and 5 <= len(turn["text"].split()) <= 25
    ]
    told = [text for _, text, _ in passages() if 5 <= len(text.split()) <= 25]
    return chance.sample(found, _TALK * 3 // 5) + chance.sample(told, _TALK * 2 // 5)
