"""Training examples from the freely licensed files of the training set, in written and in bare form."""

import gzip
import json
import os
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from .business import business_examples

__all__ = ["KINDS", "TAGS", "TRAIN", "Example", "bare", "read_all", "rows", "talk_first"]

TRAIN = Path(os.environ.get("EARFUL_DATA", "../shared/data")) / "train"
KINDS = ("PERSON", "ORG", "LOC", "TIME", "MISC")
TAGS = ("O", *(f"{side}-{kind}" for kind in KINDS for side in "BI"))
_KIND_OF = {
    "PERSON": "PERSON",
    "ORG": "ORG",
    "LOC": "LOC",
    "DATE": "TIME",
    "TIME": "TIME",
    "PRODUCT": "MISC",
    "EVENT": "MISC",
    "WORK": "MISC",
}
# A source that does not mark a kind says nothing about it.
_UNMARKED = {"btc": ("TIME", "MISC"), "wnut17": ("TIME",)}
_HOW_MANY = {"hwu64": 1500, "btc": 4500, "gum": 4321, "wnut17": 3272, "snips": 800}


@dataclass(frozen=True, slots=True)
class Example:
    """One text with what is known of it; None where the source says nothing.

    `spans` are (start, end, kind), `unmarked` the kinds that may be there unmarked.
    """

    text: str
    before: str = ""
    same_speaker: bool = False
    question: float | None = None
    action: float | None = None
    sentiment: float | None = None
    spans: tuple[tuple[int, int, str], ...] | None = None
    unmarked: tuple[str, ...] = ()


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the objects of a JSON Lines file, packed with gzip or not."""
    with (
        gzip.open(path, "rt", encoding="utf-8")
        if path.suffix == ".gz"
        else path.open(encoding="utf-8") as file
    ):
        for line in file:
            yield json.loads(line)


def _rows(name: str) -> Iterator[dict[str, Any]]:
    return rows(TRAIN / name)


def bare(text: str) -> str:
    """Return a text as a recogniser without punctuation gives it."""
    return re.sub(r"\s+", " ", re.sub(r"[^\w\s']", " ", text.lower())).strip()


def _written(text: str, chance: random.Random) -> str:
    """Give bare text a capital and, mostly, a full stop, so that neither tells anything."""
    text = re.sub(r"\bi\b", "I", text.rstrip(" .?!"))
    return text[:1].upper() + text[1:] + chance.choice((".", ".", ""))


def _mrda(chance: random.Random) -> Iterator[Example]:
    """Questions, commitments and commands of the ICSI meetings. Their question marks are not used."""
    for conversation in _rows("dialogue_acts_mrda_train.jsonl.gz"):
        before: dict[str, Any] | None = None
        for said in conversation["utterances"]:
            text = said.get("text") or ""
            acts = set(re.split(r"[.^|:]", said.get("full") or ""))
            if text and len(text.split()) > 1:
                question = 0.0 if "qh" in acts else float(said["basic"] == "Q")
                action = 1.0 if acts & {"cc", "co"} else None if "cs" in acts else 0.0
                if question or action or chance.random() < 0.2:
                    make = bare if chance.random() < 0.6 else lambda t: _written(t, chance)
                    yield Example(
                        make(text),
                        make(before["text"]) if before else "",
                        bool(before and before["speaker"] == said["speaker"]),
                        question,
                        action,
                    )
            if text:
                before = said


def _ami(chance: random.Random) -> Iterator[Example]:
    """Questions of the AMI meetings: elicited and written with a question mark, or neither."""
    for meeting in _rows("meetings_ami_train.jsonl.gz"):
        before: dict[str, Any] | None = None
        for turn in meeting["turns"]:
            text = turn.get("text") or ""
            if text and not turn.get("reserved") and len(text.split()) > 1:
                asked, marked = turn["da"].startswith("el."), "?" in text
                if asked == marked and (asked or chance.random() < 0.15):
                    make = bare if chance.random() < 0.6 else str
                    yield Example(
                        make(text),
                        make(before["text"]) if before else "",
                        bool(before and before["speaker"] == turn["speaker"]),
                        float(asked),
                        0.0
                        if chance.random() < 0.3 and turn["da"] in ("inf", "ass", "bck", "be.pos")
                        else None,
                    )
            if text:
                before = turn
        for action in meeting["actions"]:
            for make in (bare, str):
                yield Example(make(action["text"]), action=1.0, question=0.0)


def _names(chance: random.Random) -> Iterator[Example]:
    """Names and times out of tweets, news, interviews and commands."""
    by_source: dict[str, list[dict[str, Any]]] = {}
    for row in _rows("entities_train.jsonl.gz"):
        by_source.setdefault(row["source"], []).append(row)
    for source, some in sorted(by_source.items()):
        chance.shuffle(some)
        for row in some[: _HOW_MANY[source]]:
            text = row["text"]
            spans = tuple(
                (e["start"], e["end"], _KIND_OF[e["label"]])
                for e in row["entities"]
                if e["label"] in _KIND_OF
            )
            if chance.random() < 0.15:
                text = text.lower()
            yield Example(text, spans=spans, unmarked=_UNMARKED.get(source, ()))


def _sentiments() -> Iterator[Example]:
    for row in _rows("sentiment_train.jsonl"):
        yield Example(row["text"], sentiment=max(-1.0, min(1.0, row["score"] / 4 * 1.25)))


def read_all(seed: int = 7) -> list[Example]:
    """Return every example, shuffled the same way for the same seed."""
    chance = random.Random(seed)
    examples = [*_mrda(chance), *_ami(chance), *_names(chance), *_sentiments(), *business_examples(chance)]
    chance.shuffle(examples)
    return examples


def talk_first(examples: list[Example], seed: int = 11) -> list[Example]:
    """Return mostly talk: questions and actions, a third of the rest, the message before often missing.

    What comes first in a conversation, or after a long pause, has nothing before it.
    """
    chance = random.Random(seed)
    kept = [
        example
        for example in examples
        if example.question is not None or example.action is not None or chance.random() < 0.3
    ]
    return [
        replace(example, before="", same_speaker=False) if chance.random() < 0.4 else example
        for example in kept
    ]
