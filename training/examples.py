"""Training examples from the freely licensed files of the training set, in written and in bare form."""

import gzip
import json
import os
import random
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = [
    "ACTS",
    "CASES",
    "FOLDS",
    "HOMOPHONES",
    "KINDS",
    "MARKS",
    "TAGS",
    "TRAIN",
    "Example",
    "Form",
    "bare",
    "fold_of",
    "read_epoch",
    "rows",
    "talk",
]

TRAIN = Path(os.environ.get("EARFUL_DATA", "../shared/data")) / "train"
KINDS = ("PERSON", "ORG", "LOC", "TIME", "MISC")
TAGS = ("O", *(f"{side}-{kind}" for kind in KINDS for side in "BI"))
MARKS = ("", ",", ".", "?")
CASES = ("lower", "Capital", "UPPER")
FOLDS = 5
# Dialogue acts help the network on its way and are not exported: AMI's, then MRDA's basic ones.
ACTS = (
    *("inf", "ass", "bck", "fra", "sug", "stl", "el.inf", "und", "oth", "be.pos", "el.ass", "off", "el.sug"),
    *("el.und", "be.neg", "S", "B", "D", "F", "Q"),
)
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
_HOW_MANY = {"hwu64": 2000, "btc": 6000, "gum": 4321, "wnut17": 3272, "snips": 1500}
_BEFORE = 3  # messages
_LINKED_TIMES = 6  # an utterance linked to an action is shown so often in an epoch: there are 152
HOMOPHONES = {
    "their": "there",
    "there": "their",
    "they're": "there",
    "you're": "your",
    "your": "you're",
    "to": "too",
    "too": "to",
    "its": "it's",
    "it's": "its",
    "then": "than",
    "than": "then",
    "we're": "were",
    "we'll": "will",
    "i'll": "all",
    "who's": "whose",
    "write": "right",
    "are": "our",
    "by": "buy",
}


@dataclass(frozen=True, slots=True)
class Example:
    """One text with what is known of it; None where the source says nothing.

    `before` holds what was said before, the latest last, each with whether the same person said it. `spans`
    are (start, end, kind), `unmarked` the kinds that may be there unmarked; `marks` are (mark, case) of each
    word between blanks. `group` is what must not be split between training and testing.
    """

    text: str
    group: str
    name: str = ""
    before: tuple[tuple[bool, str], ...] = ()
    question: float | None = None
    action: float | None = None
    linked: float | None = None
    sentiment: float | None = None
    act: str | None = None
    spans: tuple[tuple[int, int, str], ...] | None = None
    unmarked: tuple[str, ...] = ()
    marks: tuple[tuple[int, int], ...] | None = None


@dataclass(frozen=True, slots=True)
class Form:
    """How texts are shown: the chances of bare form, of seeing what was said before, of mishearings."""

    bare: float = 0.6
    before: float = 0.6
    noise: float = 0.15


@dataclass(slots=True)
class _Said:
    """One turn of a meeting, with its labels where they may be learnt from."""

    name: str
    speaker: str
    text: str
    labels: dict[str, Any] = field(default_factory=dict)


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the objects of a JSON Lines file, packed with gzip or not."""
    with (
        gzip.open(path, "rt", encoding="utf-8")
        if path.suffix == ".gz"
        else path.open(encoding="utf-8") as file
    ):
        for line in file:
            yield json.loads(line)


def fold_of(group: str) -> int:
    """Return which of the FOLDS a conversation (or document) belongs to."""
    return zlib.crc32(group.encode()) % FOLDS


def bare(text: str) -> str:
    """Return a text as a recogniser without punctuation gives it."""
    return re.sub(r"\s+", " ", re.sub(r"[^\w\s']", " ", text.lower())).strip()


def _written(text: str, chance: random.Random) -> str:
    """Give bare text a capital and, mostly, a full stop, so that neither tells anything."""
    text = re.sub(r"\bi\b", "I", text.rstrip(" .?!"))
    return text[:1].upper() + text[1:] + chance.choice((".", ".", ""))


def _misheard(text: str, chance: random.Random) -> str:
    """Leave out, double or mistake a word here and there, as recognisers do."""
    words: list[str] = []
    for word in text.split():
        draw = chance.random()
        if draw < 0.02:
            continue
        words.append(HOMOPHONES.get(word, word) if draw < 0.06 else word)
        if draw > 0.985:
            words.append(word)
    return " ".join(words) or text


# -- meetings -------------------------------------------------------------------------------------


def _mrda() -> Iterator[tuple[str, list[_Said]]]:
    """The ICSI meetings with MRDA's acts. Their question marks are not used."""
    for conversation in rows(TRAIN / "dialogue_acts_mrda_train.jsonl.gz"):
        said = []
        for item in conversation["utterances"]:
            text = item.get("text") or ""
            if not text:
                continue
            acts = set(re.split(r"[.^|:]", item.get("full") or ""))
            said.append(
                _Said(
                    f"{conversation['id']}.{item['i']}",
                    item["speaker"],
                    text.rstrip("?."),
                    {
                        "question": None if "qh" in acts else float(item["basic"] == "Q"),
                        "action": 1.0 if acts & {"cc", "co"} else None if "cs" in acts else 0.0,
                        "act": item["basic"],
                    },
                )
            )
        yield conversation["id"], said


def _linked() -> dict[str, dict[str, Any]]:
    """AMI utterances of the training meetings that annotators linked to an action, or did not.

    They come from a development file that its manifest gives free for training: actions are scored on
    other meetings, whole.
    """
    path = TRAIN.parent / "text" / "action_utterances_ami.jsonl"
    return {row["id"]: row for row in rows(path)} if path.exists() else {}


def _ami() -> Iterator[tuple[str, list[_Said]]]:
    """The AMI meetings: questions elicited and written with "?", or neither; evidence of actions."""
    known = _linked()
    for meeting in rows(TRAIN / "meetings_ami_train.jsonl.gz"):
        told = bool(meeting["actions"])
        said = []
        for turn in meeting["turns"]:
            name = f"{meeting['id']}.{turn['id']}"
            row = known.get(name)
            text = row["text"] if row else turn.get("text") or ""
            if not text:
                continue
            act = row["da"] if row else turn["da"]
            asked, marked = act.startswith("el."), "?" in text
            linked: float | None = 0.0 if told else None
            if row:
                linked = {"action": 1.0, "none": 0.0}.get(row["label"])
            said.append(
                _Said(
                    name,
                    turn["speaker"],
                    text,
                    {
                        "question": float(asked) if asked == marked else None,
                        "action": 0.0 if act in ("bck", "be.pos", "stl", "fra", "und") else None,
                        "linked": linked,
                        "act": act if act in ACTS else None,
                    },
                )
            )
        yield meeting["id"][:6], said


def talk(form: Form, chance: random.Random, *, fold: int | None = None) -> Iterator[Example]:
    """Yield every turn of the meetings with its labels, as `form` says; of one fold only, if given."""
    for source, meetings in (("mrda", _mrda()), ("ami", _ami())):
        for group, said in meetings:
            if fold is not None and fold_of(group) != fold:
                continue
            for at, turn in enumerate(said):
                if fold is None and " " not in turn.text and chance.random() < 0.7:
                    continue  # "okay", "mm-hmm": there are enough of them
                times = _LINKED_TIMES if turn.labels.get("linked") and fold is None else 1
                for _ in range(times):
                    yield _shown(said, at, group, source, form, chance)


def _shown(said: list[_Said], at: int, group: str, source: str, form: Form, chance: random.Random) -> Example:
    def make(text: str) -> str:
        if is_bare:
            return _misheard(bare(text), chance) if chance.random() < form.noise else bare(text)
        return _written(text, chance) if source == "mrda" else text

    turn = said[at]
    is_bare = chance.random() < form.bare
    before: tuple[tuple[bool, str], ...] = ()
    if chance.random() < form.before:
        before = tuple(
            (other.speaker == turn.speaker, make(other.text)) for other in said[max(0, at - _BEFORE) : at]
        )
    return Example(make(turn.text), group, turn.name, before, **turn.labels)


def _parliament(chance: random.Random) -> Iterator[Example]:
    """Sentences said in committees, questions among them, after the sentence before."""
    for meeting in rows(TRAIN / "topics_qmsum_train.jsonl.gz"):
        if meeting["kind"] != "committee":
            continue
        for turn in meeting["turns"]:
            before: tuple[tuple[bool, str], ...] = ()
            for sentence in re.split(r"(?<=[.?!])\s+(?=[A-Z])", turn["text"]):
                make = bare if chance.random() < 0.7 else str
                if 2 < len(sentence.split()) < 60:
                    asked = float(sentence.rstrip().endswith("?"))
                    if asked or chance.random() < 0.7:
                        seen = before if chance.random() < 0.5 else ()
                        yield Example(make(sentence), meeting["id"], before=seen, question=asked)
                before = ((True, make(sentence)),)


def _actions_told(chance: random.Random) -> Iterator[Example]:
    """Sentences that sum up the actions of a meeting."""
    for meeting in rows(TRAIN / "meetings_ami_train.jsonl.gz"):
        for action in meeting["actions"]:
            make = bare if chance.random() < 0.5 else str
            yield Example(make(action["text"]), meeting["id"][:6], question=0.0, action=1.0, linked=1.0)


# -- names and feelings ---------------------------------------------------------------------------


def _names(chance: random.Random) -> Iterator[Example]:
    """Names and times out of tweets, news, interviews and commands."""
    by_source: dict[str, list[dict[str, Any]]] = {}
    for row in rows(TRAIN / "entities_train.jsonl.gz"):
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
            if chance.random() < 0.25:
                text = text.lower()
            group = row.get("document") or row["id"]
            yield Example(text, group, spans=spans, unmarked=_UNMARKED.get(source, ()))


def _sentiments() -> Iterator[Example]:
    for row in rows(TRAIN / "sentiment_train.jsonl"):
        score = max(-1.0, min(1.0, row["score"] / 4 * 1.25))
        yield Example(row["text"], row.get("document") or row["id"], row["id"], sentiment=score)


def read_epoch(seed: int) -> list[Example]:
    """Return one epoch's examples, shuffled; another seed shows the texts in other forms."""
    from .business import business_examples
    from .passages import passage_examples

    chance = random.Random(seed)
    examples = [
        *talk(Form(), chance),
        *_parliament(chance),
        *_actions_told(chance),
        *_names(chance),
        *_sentiments(),
        *business_examples(chance),
        *passage_examples(chance),
    ]
    chance.shuffle(examples)
    return examples
