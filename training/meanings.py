"""`python -m training.meanings [--check]`: learn when a message means a phrase of a tracker in other words.

From trackers and sentences that the project wrote: `talk/meanings.txt` (`+` means the phrases above it, `-`
does not, mostly an opposite or the same words about something else) and `talk/opposites.txt` (trackers about
one thing that exclude each other: what means one does not mean its neighbours), and from sentences of
training meetings, committees and interviews, which mean none of some trackers drawn at random. With `--check`
trackers are left out by sixths, and precision and recall are told for some thresholds, also of the closeness
of vectors alone; else `alike.json` is written. Environment: the project's, with the dependency group `evals`
(scikit-learn), and OMP_NUM_THREADS=1; two minutes on one core.
"""

import argparse
import json
import random
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.neural_network import MLPClassifier

from earful.insight.alike import Alike, Meant, signs_of
from earful.insight.encoder import shared_encoder
from earful.insight.trackers import meant, plain

from .business import lines
from .examples import TRAIN, rows
from .passages import passages

__all__ = ["main"]

_PATH = Path(__file__).parent.parent / "src" / "earful" / "insight" / "models" / "alike.json"
_TOGETHER, _PARTS, _WORTH_SEEING = 12, 6, 0.12  # trackers in a set, as a user might have; parts left out
_TALK, _TRIED = 1700, 12
_UNITS, _NETWORKS = 24, 3
_MEANS, _OPPOSITE, _OTHER = 2, 1, 0.5  # weights

Floats = NDArray[np.float32]


class Sentence(NamedTuple):
    """What somebody says, the family of trackers it was written for and which it means (-1: none)."""

    text: str
    family: int
    means: int


class Tracker(NamedTuple):
    """The phrases of a tracker, and its family: trackers about one thing."""

    phrases: list[str]
    family: int


class Seen(NamedTuple):
    """Pairs of a sentence and a phrase: signs, whether it is meant, its weight, part, sentence, tracker."""

    signs: Floats
    means: NDArray[np.bool_]
    weight: Floats
    part: NDArray[np.int64]
    sentence: NDArray[np.int64]
    tracker: NDArray[np.int64]


def written() -> tuple[list[Tracker], list[Sentence]]:
    """Return the trackers and sentences of the two files."""
    trackers: list[Tracker] = []
    sentences: list[Sentence] = []
    family = -1
    for name in ("meanings", "opposites"):
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


def talk(chance: random.Random) -> list[str]:
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


def pairs(seed: int = 7) -> Seen:
    """Return the signs of all pairs: each sentence beside the phrases of its own set of trackers."""
    chance, encoder = random.Random(seed), shared_encoder()
    trackers, sentences = written()
    families = sorted({one.family for one in trackers})
    chance.shuffle(families)
    of = {family: place // _TOGETHER for place, family in enumerate(families)}
    sets: dict[int, list[int]] = {}
    for number, one in enumerate(trackers):
        sets.setdefault(of[one.family], []).append(number)

    def known(text: str) -> tuple[Meant, Floats]:
        return meant(text, encoder.sense(text)), encoder.vectors([plain(text)])[0]

    phrases = [[known(text) for text in one.phrases] for one in trackers]
    vectors = [np.stack([vector for _, vector in some]) for some in phrases]
    signs, labels = [], []

    def see(number: int, sentence: Sentence, tried: list[int]) -> None:
        said, vector = known(sentence.text)
        for at in tried:
            near = (vectors[at] @ vector).tolist()
            own = trackers[at].family == sentence.family
            if not own and max(near) < _WORTH_SEEING:
                continue
            for (phrase, _), one in zip(phrases[at], near, strict=True):
                signs.append(signs_of(said, phrase, one, near))
            means = sentence.means == at
            weight = _MEANS if means else _OPPOSITE if own else _OTHER
            part = of[trackers[at].family] % _PARTS
            labels.extend([(means, weight, part, number, at)] * len(near))

    for number, sentence in enumerate(sentences):
        see(number, sentence, sets[of[sentence.family]])
    for number, text in enumerate(talk(chance), len(sentences)):
        see(number, Sentence(text, -1, -1), chance.sample(range(len(trackers)), _TRIED))
    means, weight, part, number_, tracker = map(np.array, zip(*labels, strict=True))
    return Seen(np.array(signs, np.float32), means, weight, part, number_, tracker)


def fit(seen: Seen, some: NDArray[np.bool_]) -> Alike:
    """Return networks that tell the meant pairs among some."""
    signs = seen.signs[some]
    middle, spread = signs.mean(0), signs.std(0) + 1e-6
    networks = []
    for seed in range(_NETWORKS):
        network = MLPClassifier((_UNITS,), alpha=0.03, learning_rate_init=6e-3, random_state=seed)
        network.set_params(batch_size=1024, max_iter=40, n_iter_no_change=40)
        network.fit((signs - middle) / spread, seen.means[some], sample_weight=seen.weight[some])
        (into, out), (lift, offset) = network.coefs_, network.intercepts_
        networks.append((np.float32(into), np.float32(lift), np.float32(out[:, 0]), float(offset[0])))
    return Alike(middle, spread, networks)


def _told(seen: Seen, odds: Floats, thresholds: Iterable[float]) -> None:
    """Print how well trackers are found in what was written for this, and how often in other talk."""
    best: dict[tuple[int, int], tuple[float, bool]] = {}
    for number, tracker, sure, means in zip(seen.sentence, seen.tracker, odds, seen.means, strict=True):
        key = int(number), int(tracker)
        best[key] = max(best.get(key, (-99.0, False)), (float(sure), bool(means)))
    _, sentences = written()
    every = sum(one.means >= 0 for one in sentences)
    for least in thresholds:
        found = [(key[0], means) for key, (sure, means) in best.items() if sure >= least]
        hits = [means for number, means in found if number < len(sentences)]
        print(
            f"{least:5.2f}: precision {sum(hits) / max(1, len(hits)):.3f} recall {sum(hits) / every:.3f}; in "
            f"{_TALK} sentences of other talk beside {_TRIED} trackers {len(found) - len(hits)} found"
        )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.meanings", description=__doc__)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    seen = pairs()
    if options.check:
        odds = np.zeros(len(seen.means), np.float32)
        for part in range(_PARTS):
            left = seen.part == part
            odds[left] = fit(seen, ~left).odds(seen.signs[left].tolist())
        _told(seen, odds, np.arange(-1, 3, 0.25))
        closeness, shared, denied = seen.signs[:, 0], seen.signs[:, 3], seen.signs[:, 6]
        print("closeness alone, no word shared, both or neither denied:")
        _told(seen, np.where((shared == 0) & (denied == 0), closeness, -1), np.arange(0.36, 0.56, 0.04))
        return
    learnt = fit(seen, np.ones(len(seen.means), bool))
    _PATH.write_text(json.dumps(learnt.as_dict()) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
