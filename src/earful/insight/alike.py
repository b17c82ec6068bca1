"""Whether a message means what the phrases of a tracker say: learnt from many signs of both together.

How near their vectors lie is one sign; how many phrases lie near, the words they share, that one denies, and
that one is glad where the other complains tell opposites and other things said in the same words.
`training/meanings.py` made the weights.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Alike", "Meant", "Signs", "shared_alike", "signs_of"]

_TOP = 3


@dataclass(frozen=True, slots=True)
class Meant:
    """What is known of a text by itself: the stems that mean something, its words, a denial, polarity."""

    content: frozenset[str]
    words: int
    denied: bool
    polarity: float


Signs = tuple[float, ...]
"""What tells whether a message means a tracker; `signs_of` says what they are."""


def signs_of(said: Meant, phrases: Sequence[Meant], closeness: Sequence[float]) -> Signs:
    """Return the signs of a message and the phrases of a tracker.

    `closeness` is the cosine of each phrase with the message. Mostly it is the closest phrase that counts.
    """
    closest = max(range(len(closeness)), key=closeness.__getitem__)
    phrase, best = phrases[closest], sorted(closeness)[-_TOP:]
    shared = len(said.content & phrase.content)
    return (
        closeness[closest],
        sum(best) / len(best),
        sum(closeness) / len(closeness),
        len(closeness) / 5,
        shared / max(1, len(phrase.content)),
        float(shared > 0),
        shared / max(1, len(said.content)),
        max(len(said.content & one.content) / max(1, len(one.content)) for one in phrases),
        float(phrase.denied != said.denied),
        float(phrase.denied and said.denied),
        phrase.polarity * said.polarity,
        abs(phrase.polarity - said.polarity),
        said.polarity,
        phrase.polarity,
        min(said.words, 30) / 10,
        len(phrase.content) / 4,
        phrase.words / 4,
    )


class Alike:
    """Small networks of one hidden layer, whose log odds are averaged."""

    def __init__(
        self,
        middle: "NDArray[np.float32]",
        spread: "NDArray[np.float32]",
        networks: "Sequence[tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32], float]]",
    ) -> None:
        """Take the mean and spread of each sign, and the weights of each network.

        Its weights are those into its hidden units, [signs, units], the units' offsets, [units], those out of
        them, [units], and an offset.
        """
        self._middle, self._spread, self._networks = middle, spread, tuple(networks)

    def odds(self, signs: Sequence[Signs]) -> "NDArray[np.float32]":
        """Return for the signs of each pair the log odds that the message means the tracker."""
        import numpy as np

        seen = (np.array(signs, np.float32) - self._middle) / self._spread
        # Not by BLAS, which would wake its threads for so little.
        odds = [
            np.einsum("ij,j->i", np.maximum(np.einsum("ij,jk->ik", seen, into) + lift, 0), out) + offset
            for into, lift, out, offset in self._networks
        ]
        mean: NDArray[np.float32] = np.mean(odds, 0)
        return mean

    def as_dict(self) -> dict[str, object]:
        """Return the weights as they are kept in a file."""

        def short(array: "NDArray[np.float32]") -> object:
            return array.astype(float).round(4).tolist()

        return {
            "middle": short(self._middle),
            "spread": short(self._spread),
            "networks": [
                [short(into), short(lift), short(out), round(offset, 4)]
                for into, lift, out, offset in self._networks
            ],
        }


@lru_cache(maxsize=1)
def shared_alike() -> Alike:
    """Return the weights that ship with the project."""
    import numpy as np

    read = json.loads((files("earful.insight") / "models" / "alike.json").read_text(encoding="utf-8"))

    def array(values: object) -> "NDArray[np.float32]":
        return np.array(values, np.float32)

    networks = [
        (array(into), array(lift), array(out), float(offset)) for into, lift, out, offset in read["networks"]
    ]
    return Alike(array(read["middle"]), array(read["spread"]), networks)
