"""What a voice sounds like, as a vector: nearby vectors are the same person.

The network is pyannote's x-vector (MIT), which moonshine-voice carries inside its library; its weights are
read from there, so nothing is downloaded.
"""

import ctypes
import threading
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from earful.speech.types import Samples
from earful.speech.voice_network import VoiceNetwork

__all__ = ["VoiceModel", "cluster", "distances", "published", "refined"]

_MODEL = "speaker_embedding_model_ort_bytes"
_SIZE = "speaker_embedding_model_ort_byte_count"
_ROUNDS = 3

Floats = NDArray[np.float32]


class VoiceModel:
    """The shared network, loaded at first use. May be used from several threads."""

    def __init__(self) -> None:
        self._network: VoiceNetwork | None = None
        self._lock = threading.Lock()

    def hear(self, samples: Samples, windows: Sequence[tuple[int, int]]) -> Floats:
        """Return the voice in each window of `samples` (float32 [n], 16 kHz): [windows, 512], of length 1.

        Windows are (first sample, end), half a second long at least.
        """
        with self._lock:
            if self._network is None:
                self._network = VoiceNetwork(published())
        found = self._network.hear(samples, windows)
        voices: Floats = found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), np.float32(1e-9))
        return voices


def distances(vectors: Floats) -> Floats:
    """Return the cosine distance of every pair of vectors of length 1 ([n, d] → [n, n])."""
    return np.asarray(1.0 - vectors @ vectors.T, np.float32)


def cluster(
    apart: Floats,
    *,
    threshold: float,
    doubt: float = 0.0,
    margin: float = 0.0,
    count: int | None = None,
    least: int = 1,
    sizes: Sequence[int] | None = None,
) -> list[list[int]]:
    """Return which points belong together, by average linkage over their distances ([n, n]).

    Groups nearer than `threshold` are joined. The mean distance of few points says less than that of many, so
    `doubt` over the root of how many the smaller group has is allowed on top. `count` is how many groups of
    `least` points or more there are at most: nearest ones are joined until there are no more, and joining
    two that leaves fewer takes a distance smaller by `margin`. Smaller groups are left out of the answer
    unless there are no others. The largest group comes first.

    A point may stand for several that were joined before (`sizes`), its distances being their means.
    """
    groups: list[list[int]] = [[at] for at in range(len(apart))]
    joining = _Joining(apart, sizes, threshold, doubt)
    for _ in range(len(groups) - 1):
        one, other, excess = joining.nearest()
        large = int((joining.sizes >= least).sum())
        pair = joining.sizes[[one, other]]
        left = large - int((pair >= least).sum()) + int(pair.sum() >= least)
        too_many = count is not None and large > count
        too_few = count is not None and left < count <= large
        if not too_many and excess >= (-margin if too_few else 0.0):
            break
        joining.join(one, other)
        groups[one] += groups[other]
        groups[other] = []
    found = sorted((group for group in groups if group), key=lambda group: -_size(group, sizes))
    large_enough = [group for group in found if _size(group, sizes) >= least] or found[:1]
    return large_enough[:count]


def _size(group: Sequence[int], sizes: Sequence[int] | None) -> int:
    return len(group) if sizes is None else sum(sizes[at] for at in group)


class _Joining:
    """Groups that are joined one pair at a time, each with what it is nearest to. A group that was joined to
    another is empty: its size is 0, and it is near nothing."""

    def __init__(self, apart: Floats, sizes: Sequence[int] | None, threshold: float, doubt: float) -> None:
        self._between = apart.astype(np.float64)
        np.fill_diagonal(self._between, np.inf)
        self.sizes = np.ones(len(apart)) if sizes is None else np.array(sizes, np.float64)
        self._threshold = threshold
        self._doubt = doubt
        self._allowed = doubt / np.sqrt(np.maximum(self.sizes, 1))
        self._excess = self._between - np.maximum(self._allowed[:, None], self._allowed[None]) - threshold
        self._partner = self._excess.argmin(axis=1) if len(apart) else np.zeros(0, np.intp)
        self._least = self._excess.min(axis=1, initial=np.inf)

    def nearest(self) -> tuple[int, int, float]:
        """Return the two groups to join next, and by how much they are further apart than is allowed."""
        one = int(self._least.argmin())
        other = int(self._partner[one])
        return min(one, other), max(one, other), float(self._least[one])

    def join(self, one: int, other: int) -> None:
        """Put `other` into `one`."""
        between, excess, partner, least = self._between, self._excess, self._partner, self._least
        share = self.sizes[one] / (self.sizes[one] + self.sizes[other])
        merged = between[one] * share + between[other] * (1 - share)
        merged[[one, other]] = np.inf
        between[one] = between[:, one] = merged
        between[other] = between[:, other] = np.inf
        self.sizes[one] += self.sizes[other]
        self.sizes[other] = 0
        self._allowed[one] = self._doubt / np.sqrt(self.sizes[one])
        row = merged - np.maximum(self._allowed, self._allowed[one]) - self._threshold
        excess[one] = excess[:, one] = row
        excess[other] = excess[:, other] = np.inf
        nearer = row < least
        partner[nearer], least[nearer] = one, row[nearer]
        is_stale = ~nearer & ((partner == one) | (partner == other))
        is_stale[[one, other]] = True
        stale = np.flatnonzero(is_stale)
        partner[stale] = excess[stale].argmin(axis=1)
        least[stale] = excess[stale, partner[stale]]


def refined(vectors: Floats, centres: Floats, sizes: Sequence[int] | None = None) -> Floats:
    """Return the centres ([speakers, d], length 1) moved to the middle of the vectors nearest to each; a
    vector may be the mean of several (`sizes`)."""
    weights = np.ones(len(vectors), np.float32) if sizes is None else np.array(sizes, np.float32)
    for _ in range(_ROUNDS):
        nearest = (vectors @ centres.T).argmax(axis=1)
        belongs = np.where(nearest[None] == np.arange(len(centres))[:, None], weights, 0)
        means = np.where(belongs.any(axis=1, keepdims=True), belongs @ vectors, centres)
        centres = np.asarray(means / np.linalg.norm(means, axis=1, keepdims=True), np.float32)
    return centres


def published() -> memoryview:
    """Return the model in onnxruntime's format, where it lies in the library.

    Copying it would take 30 ms in which no other thread goes on.
    """
    from moonshine_voice.moonshine_api import _MoonshineLib

    library = _MoonshineLib().lib
    size = ctypes.c_size_t.in_dll(library, _SIZE).value
    return memoryview((ctypes.c_ubyte * size).in_dll(library, _MODEL)).cast("B")
