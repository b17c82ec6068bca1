"""How much a phrase is like what people call a piece of talk: learnt from the titles that annotators gave.

A weight for each sign of a phrase (how often, how rare, how early it is said, …) and a direction among the
encoder's vectors, that of "requirements" and "funding" rather than "red" and "finger" (training/topics.py).
"""

import json
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Signs", "Titles", "shared_titles"]


class Signs(NamedTuple):
    """What is known of a phrase in a conversation, beside its vector."""

    closeness: float
    """Cosine with what the strongest phrases of the conversation are about together."""
    often: float
    """Logarithm (base 2) of one more than the weight of its mentions."""
    single: float
    """1 for a single word."""
    triple: float
    """1 for three words."""
    rare: float
    """How rare its words are in any talk, in the mean, 0..1."""
    rare_noun: float
    """How rare its last word is, 0..1."""
    early: float
    """Part of its mentions that lie at the beginning of the conversation."""
    letters: float
    """1 when it is written in capitals."""


class Titles:
    """Learnt weights: of the signs, and of the 384 numbers of a phrase's vector."""

    def __init__(self, signs: Signs, direction: "NDArray[np.float32]") -> None:
        self._signs, self._direction = signs, direction

    def likeness(self, signs: "NDArray[np.float32]", vectors: "NDArray[np.float32]") -> "NDArray[np.float32]":
        """Return how much each phrase is like a title, next to the others: their mean is 0.

        `signs` is float32 [phrases, signs], `vectors` float32 [phrases, 384].
        """
        import numpy as np

        # Not by BLAS, which would wake its threads for so little.
        found = np.einsum("ij,j->i", signs, np.array(self._signs, np.float32))
        found += np.einsum("ij,j->i", vectors, self._direction)
        about_mean: NDArray[np.float32] = found - found.mean()
        return about_mean

    def as_dict(self) -> dict[str, object]:
        """Return the weights as they are kept in a file."""
        return {
            "signs": {name: round(value, 5) for name, value in self._signs._asdict().items()},
            "direction": [round(value, 4) for value in self._direction.tolist()],
        }


@lru_cache(maxsize=1)
def shared_titles() -> Titles:
    """Return the weights that ship with the project."""
    import numpy as np

    read = json.loads((files("earful.insight") / "models" / "titles.json").read_text(encoding="utf-8"))
    return Titles(Signs(**read["signs"]), np.array(read["direction"], np.float32))
