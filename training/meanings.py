"""`python -m training.meanings [--check]`: learn when a message means a tracker in other words.

From the trackers that the changes of the vector's layers were not learnt on (`training.paraphrases`), with
the sentences written for them (`tracked.py`), as they are, bare, and beside another sentence; and from
sentences of training meetings, committees and interviews, which mean none of some trackers drawn at random.
With `--check` trackers are left out by sixths, and precision and recall are told for some thresholds, also of
the closeness of vectors alone; else `alike.json` is written. Environment: the project's, with the dependency
group `evals` (scikit-learn), and OMP_NUM_THREADS=1; two minutes on one core.
"""

import argparse
import json
import random
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from earful.insight.alike import Alike, Meant, signs_of
from earful.insight.encoder import shared_encoder
from earful.insight.trackers import meant

from .tracked import forms, left_out, other_talk, written

__all__ = ["main"]

_PATH = Path(__file__).parent.parent / "src" / "earful" / "insight" / "models" / "alike.json"
_TOGETHER, _PARTS, _WORTH_SEEING = 14, 6, 0.05  # trackers in a set, as a user might have; parts left out
_TRIED = 12
_UNITS, _NETWORKS, _FORMS = 24, 3, 3
_MEANS, _OPPOSITE, _OTHER = 2, 1, 0.3  # weights

Floats = NDArray[np.float32]


class Seen(NamedTuple):
    """Sentences beside trackers: signs, whether meant, weight, part, sentence (of other talk:
    negative), and whether beside all phrases of the tracker or one."""

    signs: Floats
    means: NDArray[np.bool_]
    weight: Floats
    part: NDArray[np.int64]
    sentence: NDArray[np.int64]
    whole: NDArray[np.bool_]


def seen_pairs(seed: int = 7) -> Seen:
    """Return the signs of all pairs: each sentence beside the trackers of its own set."""
    chance, encoder = random.Random(seed), shared_encoder()
    trackers, sentences = written()
    families = sorted(left_out(trackers))
    chance.shuffle(families)
    own = [at for family in families for at, one in enumerate(trackers) if one.family == family]
    sets: list[list[int]] = [[]]
    for at in own:
        if len(sets[-1]) >= _TOGETHER and trackers[at].family != trackers[sets[-1][-1]].family:
            sets.append([])
        sets[-1].append(at)
    set_of = {trackers[at].family: some for some in sets for at in some}
    part_of = {family: place % _PARTS for place, family in enumerate(families)}

    def known(text: str) -> tuple[Meant, Floats]:
        return meant(text, encoder.sense(text)), encoder.vectors([text], meant=True)[0]

    phrases = {at: [known(text) for text in trackers[at].phrases] for at in own}
    vectors = {at: np.stack([vector for _, vector in some]) for at, some in phrases.items()}
    signs, labels = [], []

    def see(number: int, text: str, family: int, means: int, tried: list[int]) -> None:
        said, vector = known(text)
        for at in tried:
            near = (vectors[at] @ vector).tolist()
            if means != at and max(near) < _WORTH_SEEING:
                continue
            weight = _MEANS if means == at else _OPPOSITE if trackers[at].family == family else _OTHER
            known_of = [phrase for phrase, _ in phrases[at]]
            one = chance.randrange(len(near))
            # Many trackers have one phrase only.
            for some in (range(len(near)), range(one, one + 1)):
                signs.append(signs_of(said, [known_of[at_] for at_ in some], [near[at_] for at_ in some]))
                labels.append((means == at, weight, part_of[trackers[at].family], number, len(some) > 1))

    talk = other_talk(random.Random(7))
    around = [text for text in talk if 4 <= len(text.split()) <= 10]
    for number, (text, family, means) in enumerate(sentences):
        if family in set_of:
            for form in forms(text, chance.choice(around), chance)[:_FORMS]:
                see(number, form, family, means, set_of[family])
    for number, text in enumerate(talk, 1):
        see(-number, text, -1, -1, chance.sample(own, _TRIED))
    return Seen(np.array(signs, np.float32), *map(np.array, zip(*labels, strict=True)))


def fit(seen: Seen, some: NDArray[np.bool_]) -> Alike:
    """Return networks that tell the meant pairs among some."""
    signs = seen.signs[some]
    middle, spread = signs.mean(0), signs.std(0) + 1e-6
    networks = []
    for seed in range(_NETWORKS):
        network = MLPClassifier((_UNITS,), alpha=0.1, learning_rate_init=6e-3, random_state=seed)
        network.set_params(batch_size=1024, max_iter=20, n_iter_no_change=40)
        with warnings.catch_warnings():
            # So many rounds are wanted, not all it could learn by heart.
            warnings.simplefilter("ignore", ConvergenceWarning)
            network.fit((signs - middle) / spread, seen.means[some], sample_weight=seen.weight[some])
        (into, out), (lift, offset) = network.coefs_, network.intercepts_
        networks.append((np.float32(into), np.float32(lift), np.float32(out[:, 0]), float(offset[0])))
    return Alike(middle, spread, networks)


def _told(seen: Seen, odds: Floats, thresholds: Iterable[float]) -> None:
    """Print how well trackers are found in what was written for this, and how often in other talk."""
    own, other = seen.whole & (seen.sentence >= 0), seen.whole & (seen.sentence < 0)
    for least in thresholds:
        found = odds >= least
        right = (found & own & seen.means).sum()
        others = len(set(seen.sentence[other]))
        print(
            f"{least:5.2f}: precision {right / max(1, (found & own).sum()):.3f} recall "
            f"{right / (seen.means & own).sum():.3f}; in {others} other sentences beside {_TRIED} trackers "
            f"{(found & other).sum()} found"
        )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.meanings", description=__doc__)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    seen = seen_pairs()
    if options.check:
        odds = np.zeros(len(seen.means), np.float32)
        for part in range(_PARTS):
            left = seen.part == part
            odds[left] = fit(seen, ~left).odds(seen.signs[left].tolist())
        _told(seen, odds, np.arange(-1, 3, 0.25))
        print("closeness alone:")
        _told(seen, seen.signs[:, 0], np.arange(0.36, 0.76, 0.04))
        return
    learnt = fit(seen, np.ones(len(seen.means), bool))
    _PATH.write_text(json.dumps(learnt.as_dict()) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
