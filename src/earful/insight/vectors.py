"""Sentence vectors that do not depend on what else is encoded at the same time.

The encoder's int8 arithmetic scales by the largest value of a batch, so that a text's vector would differ a
little with its neighbours: the same talk would give other scores live than as a recording.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from earful.insight.encoder import TextEncoder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["alone"]


def alone(encoder: TextEncoder, texts: Sequence[str], *, meant: bool = False) -> "NDArray[np.float32]":
    """Return a vector of length one for each text, float32 [texts, 384], each encoded by itself."""
    import numpy as np

    return np.stack([encoder.vectors([text], meant=meant)[0] for text in texts])
