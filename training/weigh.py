"""`python -m training.weigh FOLDER`: how the finders' rules and the encoder's odds go together best.

FOLDER holds what `training.train --fold N` thought of the conversations it had not seen, one file a fold
(K0.npz to K4.npz). Prints fitted weights and F1 by threshold; those chosen stand as constants in the
finders. Runs in the project's own environment, without PyTorch.
"""

import random
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import numpy as np

from earful.insight.action_items import find_action
from earful.insight.questions import question_score

from .examples import FOLDS, Example, talk
from .forms import TESTS

NOW = datetime(2024, 5, 14, 10)
STATEMENTS = 0.25  # of them are looked at; each then counts for four
QUESTION, ACTION, LINKED = 0, 1, 2


def held_out(folder: Path, name: str) -> Iterator[tuple[Example, np.ndarray]]:
    """Yield every message of the meetings with the log odds of the network that had not seen it."""
    for fold in range(FOLDS):
        with np.load(folder / f"K{fold}.npz") as kept:
            odds = kept[name].astype(float)
        yield from zip(talk(TESTS[name], random.Random(fold), fold=fold), odds, strict=True)


def fitted(inputs: np.ndarray, truth: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the weights of a logistic regression, the constant last."""
    x = np.c_[inputs, np.ones(len(inputs))]
    found = np.zeros(x.shape[1])
    for _ in range(30):
        chance = 1 / (1 + np.exp(-np.clip(x @ found, -30, 30)))
        slope = x.T @ (weights * (truth - chance)) - 0.1 * found
        curve = (x * (weights * chance * (1 - chance))[:, None]).T @ x + 0.1 * np.eye(len(found))
        found += np.linalg.solve(curve, slope)
    return found


def f1(said: np.ndarray, truth: np.ndarray, weights: np.ndarray) -> str:
    """Return precision, recall and F1 as text."""
    right = (weights * (said & truth)).sum()
    p, r = right / max(1e-9, (weights * said).sum()), right / (weights * truth).sum()
    return f"P {p:.3f} R {r:.3f} F {2 * p * r / max(1e-9, p + r):.3f}"


def questions(folder: Path, name: str) -> None:
    chance = np.random.default_rng(7)
    rows = [
        (odds[QUESTION], question_score(example.text), example.question or 0.0)
        for example, odds in held_out(folder, name)
        if example.question is not None
        and len(example.text.split()) > 1
        and "?" not in example.text
        and (example.question or chance.random() < STATEMENTS)
    ]
    table = np.array(rows)
    truth = table[:, 2] > 0.5
    natural = np.where(truth, 1, 1 / STATEMENTS)
    even = np.where(truth, 1, truth.sum() / (~truth).sum())
    weights = fitted(table[:, :2], truth.astype(float), natural)
    odds = table[:, :2] @ weights[:2] + weights[2]
    print(f"{name}: heard {weights[0]:.2f} form {weights[1]:.2f} constant {weights[2]:.2f}")
    for raised in (0.0, 0.7, 1.5, 2.3, 3.1, 3.9):
        said = odds + raised >= 0
        print(f"  raised {raised}: even {f1(said, truth, even)}, as it is {f1(said, truth, natural)}")


def actions(folder: Path, name: str) -> None:
    rows = []
    for example, odds in held_out(folder, name):
        if example.linked is not None:
            near = odds[ACTION] > -1 or odds[LINKED] > -4
            action = find_action(example.text, None, (), NOW) if near else None
            rows.append((odds[ACTION], odds[LINKED], action.score if action else 0.0, example.linked))
    table = np.array(rows)
    truth, alike = table[:, 3] > 0.5, np.ones(len(table))
    print(f"{name}: {truth.sum():.0f} of {len(truth)} utterances linked")
    for linked in (-2.5, -1.8, -1.2, -0.6):
        for sure in (0.0, 1.0, 2.0, 3.0, 99.0):
            said = (table[:, 1] >= linked) | ((table[:, 2] >= 0.5) & (table[:, 0] >= sure))
            print(f"  linked from {linked}, rules where action from {sure}: {f1(said, truth, alike)}")


def main() -> None:
    folder = Path(sys.argv[1])
    for name in ("bare", "bare_before"):
        questions(folder, name)
    for name in ("written_before", "bare_before"):
        actions(folder, name)


if __name__ == "__main__":
    main()
