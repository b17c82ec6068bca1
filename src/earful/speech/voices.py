"""What a voice sounds like, as a vector: nearby vectors are the same person.

The network is pyannote's x-vector (MIT), which moonshine-voice carries inside its library; it is read from
there and run by onnxruntime, so nothing is downloaded.
"""

import ctypes
import threading

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from earful.speech.types import Samples

__all__ = ["VoiceModel", "cluster", "distances", "refined"]

_MODEL = "speaker_embedding_model_ort_bytes"
_SIZE = "speaker_embedding_model_ort_byte_count"
_ROUNDS = 3

Floats = NDArray[np.float32]


class VoiceModel:
    """The shared network, loaded at first use (18 MB). May be used from several threads."""

    def __init__(self) -> None:
        self._session: ort.InferenceSession | None = None
        self._lock = threading.Lock()

    def embed(self, samples: Samples) -> Floats:
        """Return the voice in `samples` (float32 [n], 16 kHz, at least half a second) as float32 [512] of
        length 1."""
        with self._lock:
            if self._session is None:
                self._session = _load()
        (found,) = self._session.run(None, {"waveform": samples[np.newaxis].astype(np.float32)})
        vector: Floats = found[0] / max(float(np.linalg.norm(found[0])), 1e-9)
        return vector


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
) -> list[list[int]]:
    """Return which points belong together, by average linkage over their distances ([n, n]).

    Groups nearer than `threshold` are joined. The mean distance of few points says less than that of many, so
    `doubt` over the root of how many the smaller group has is allowed on top. `count` is how many groups of
    `least` points or more there are at most: nearest ones are joined until there are no more, and joining
    two that leaves fewer takes a distance smaller by `margin`. Smaller groups are left out of the answer
    unless there are no others. The largest group comes first.
    """
    groups: list[list[int]] = [[at] for at in range(len(apart))]
    between = apart.astype(np.float64)
    np.fill_diagonal(between, np.inf)
    sizes = np.ones(len(groups))
    while len(groups) > 1:
        allowed = doubt / np.sqrt(sizes)
        excess = between - np.maximum(allowed[:, None], allowed[None]) - threshold
        one, other = sorted(divmod(int(excess.argmin()), len(excess)))
        large = int((sizes >= least).sum())
        pair = sizes[[one, other]]
        left = large - int((pair >= least).sum()) + int(pair.sum() >= least)
        too_many = count is not None and large > count
        too_few = count is not None and left < count <= large
        if not too_many and excess[one, other] >= (-margin if too_few else 0.0):
            break
        merged = (between[one] * pair[0] + between[other] * pair[1]) / pair.sum()
        between[one], between[:, one] = merged, merged
        between[one, one] = np.inf
        between = np.delete(np.delete(between, other, 0), other, 1)
        sizes[one] = pair.sum()
        sizes = np.delete(sizes, other)
        groups[one] += groups.pop(other)
    groups.sort(key=len, reverse=True)
    large_enough = [group for group in groups if len(group) >= least] or groups[:1]
    return large_enough[:count]


def refined(vectors: Floats, centres: Floats) -> Floats:
    """Return the centres ([speakers, d], length 1) moved to the middle of the vectors nearest to each."""
    for _ in range(_ROUNDS):
        nearest = (vectors @ centres.T).argmax(axis=1)
        means = [
            vectors[nearest == at].mean(axis=0) if (nearest == at).any() else centre
            for at, centre in enumerate(centres)
        ]
        stacked = np.stack(means)
        centres = np.asarray(stacked / np.linalg.norm(stacked, axis=1, keepdims=True), np.float32)
    return centres


def _load() -> ort.InferenceSession:
    from moonshine_voice.moonshine_api import _MoonshineLib

    library = _MoonshineLib().lib
    size = ctypes.c_size_t.in_dll(library, _SIZE).value
    weights = bytes((ctypes.c_ubyte * size).in_dll(library, _MODEL))
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return ort.InferenceSession(weights, options, providers=["CPUExecutionProvider"])
