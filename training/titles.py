"""`python -m training.titles [--check]`: learn what phrases are like the titles of talk, for the topics.

From the topics that annotators named in the training meetings (QMSum: AMI, ICSI, parliament committees):
ridge regression from the signs of each strong phrase and its vector to how many of its words are in the
title, how near it lies to it and how much nearer than to the meeting's other titles. With `--check` meetings
are left out in turn, by fifths and by kind, and the measures of `evals.insight` are reported for them; else
`titles.json` is written. Needs the project's own environment alone; some minutes on one core.
"""

import argparse
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from evals.insight import topics as measured
from evals.insight.measures import Row
from numpy.typing import NDArray

from earful.insight.encoder import shared_encoder
from earful.insight.titles import Signs, Titles
from earful.insight.topics import TopicBook

from .examples import FOLDS, TRAIN, fold_of, rows

__all__ = ["fit", "main"]

_PATH = Path(__file__).parent.parent / "src" / "earful" / "insight" / "models" / "titles.json"
_RIDGE = 30.0
_NEAR, _NEARER = 0.5, 0.5

Floats = NDArray[np.float32]


class Stretch(NamedTuple):
    """The strong phrases of one stretch of talk: signs and vectors about their means, and what is wanted."""

    signs: Floats
    vectors: Floats
    wanted: Floats


def _stretches(meeting: dict[str, Any]) -> Iterable[Stretch]:
    encoder = shared_encoder()
    some = measured.stretches(meeting)
    titles = list(dict.fromkeys(title for title, _ in some))
    named = np.stack([encoder.vectors([title.lower()])[0] for title in titles])
    for title, texts in some:
        book = TopicBook(encoder)
        for number, text in enumerate(texts):
            book.add(text, str(number), None)
        phrases, signs, vectors = book.strongest()
        if not phrases:
            continue
        right = measured.words_of(title)
        said = [measured.words_of(phrase) for phrase in phrases]
        shared = np.array([len(right & words) / max(1, len(words)) for words in said], np.float32)
        near = vectors @ named.T
        own = near[:, titles.index(title)]
        others = (near.sum(1) - own) / max(1, len(titles) - 1)
        wanted = shared + _NEAR * own + _NEARER * (own - others)
        yield Stretch(signs - signs.mean(0), vectors - vectors.mean(0), wanted - wanted.mean())


def fit(some: Sequence[Stretch]) -> Titles:
    """Return the weights that tell the wanted phrases of each stretch from its others."""
    signs, vectors = (
        np.concatenate([one.signs for one in some]),
        np.concatenate([one.vectors for one in some]),
    )
    wide = signs.std(0) + 1e-9
    seen = np.concatenate([signs / wide, vectors], 1).astype(np.float64)
    wanted = np.concatenate([one.wanted for one in some])
    weights = np.linalg.solve(seen.T @ seen + _RIDGE * np.eye(seen.shape[1]), seen.T @ wanted)
    count = signs.shape[1]
    return Titles(Signs(*(weights[:count] / wide).tolist()), weights[count:].astype(np.float32))


def _report(name: str, parts: list[list[Row]]) -> None:
    """Print the mean of each measure over the parts, each weighed alike."""
    for row in parts[0]:
        same = [one for part in parts for one in part if (one.task, one.system) == (row.task, row.system)]
        print(
            f"{name} | {row.task} | {row.system} | {sum(one.f1 for one in same) / len(same):.3f}", flush=True
        )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.titles", description=__doc__)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    meetings = list(rows(TRAIN / "topics_qmsum_train.jsonl.gz"))
    known = [list(_stretches(meeting)) for meeting in meetings]
    if options.check:
        kinds = [meeting["kind"] for meeting in meetings]
        folds = [fold_of(meeting["id"]) for meeting in meetings]
        for name, of, groups in (("fifths", folds, range(FOLDS)), ("kinds", kinds, sorted(set(kinds)))):
            parts = []
            for group in groups:
                learnt = fit([s for some, own in zip(known, of, strict=True) if own != group for s in some])
                left = [meeting for meeting, own in zip(meetings, of, strict=True) if own == group]
                parts.append(measured.rows(left, learnt))
            _report(name, parts)
        return
    learnt = fit([one for some in known for one in some])
    _PATH.write_text(json.dumps(learnt.as_dict()) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
