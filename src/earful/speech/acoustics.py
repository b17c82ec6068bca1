"""How well audio fits the sounds of English: the acoustic model that comes with PocketSphinx, read from its
files and scored in numpy.

The model (BSD licence) knows 42 phones in all contexts, each as three states in a row. Many contexts share
states: there are 5126, called senones. What a senone sounds like is a mixture over its phone's Gaussians, 128
for each of three streams: the cepstrum, its slope and its curvature.
"""

import struct
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pocketsphinx import get_model_path

from earful.speech.cepstra import Floats

__all__ = ["STATES", "AcousticModel", "Floats", "Numbers", "load_model"]

Numbers = NDArray[np.intp]

STATES = 3
"""States of a phone, left to right."""

_INSIDE, _BEGIN, _END, _SINGLE = range(4)
_STREAMS = 3
_DENSITIES = 128
_LEAST_VARIANCE = 1e-4
_LEAST = np.float32(-50.0)
"""What is less likely than this, by its logarithm, counts as this: processors are slow with tiny numbers."""

_LOG_BASE = 1.0001
_LEVEL_SHIFT = 10
_EVERY = 2
_BLOCK = 64
_GROUP = 32


class AcousticModel:
    """The model in memory (7 MB); safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        definition = _Definition((folder / "mdef").read_bytes())
        self._numbers = {name: number for number, name in enumerate(definition.names)}
        self._sequences = definition.sequences
        self._triphones = definition.triphones()
        self._alone = definition.alone
        self._phone_of = definition.phone_of_senone()
        means = _read_gaussians(folder / "means")
        variances = np.maximum(_read_gaussians(folder / "variances"), np.float32(_LEAST_VARIANCE))
        constants = -0.5 * (np.log(2 * np.pi * variances) + np.square(means) / variances).sum(axis=-1)
        self._densities = np.concatenate(
            (means / variances, -0.5 / variances, constants[..., None]), axis=-1
        )  # [phone, stream, density, 27]: times x, x squared and 1 it is the log density
        self._shares = _read_mixtures(folder / "sendump", len(self._phone_of))
        self._levels = (_LOG_BASE ** -(np.arange(256.0) * 2**_LEVEL_SHIFT)).astype(np.float32)
        chances = np.maximum(_read_transitions(folder / "transition_matrices"), 1e-30)
        states = np.arange(STATES)
        self.stay: Floats = np.log(chances[:, states, states])
        """Log probability of staying in each state of a phone: [phone, 3]."""
        self.leave: Floats = np.log(chances[:, states, states + 1])
        """Log probability of going on from it."""

    def phone(self, name: str) -> int:
        """Return the number of a phone by its name. Raises `KeyError`."""
        return self._numbers[name]

    def alone(self, phone: int) -> tuple[int, ...]:
        """Return the senones of a phone without context."""
        return tuple(self._sequences[self._alone[phone]].tolist())

    def states(
        self, phone: int, left: int, right: int, *, first: bool = False, last: bool = False
    ) -> tuple[int, ...]:
        """Return the senones of a phone between two others; `first` and `last` say whether it begins or ends
        its word."""
        place = (_SINGLE if last else _BEGIN) if first else (_END if last else _INSIDE)
        return tuple(self._sequences[self._triphones[place, phone, left, right]].tolist())

    def scores(self, heard: Floats, senones: Numbers) -> Floats:
        """Return how well each frame (float32 [frames, 3, 13]) fits each senone: [frames, senones], log
        likelihoods.

        Every other frame is scored; those between are given the mean of their neighbours, which moves word
        edges by 0.1 ms on average.
        """
        some = heard[::_EVERY]
        blocks = -(-len(some) // _BLOCK)
        frames = np.ones((_STREAMS, 2 * heard.shape[2] + 1, blocks * _BLOCK), np.float32)
        frames[:, :-1, len(some) :] = 0.0
        frames[:, : heard.shape[2], : len(some)] = some.transpose(1, 2, 0)
        np.square(frames[:, : heard.shape[2]], out=frames[:, heard.shape[2] : -1])
        frames = np.ascontiguousarray(frames.reshape(_STREAMS, -1, blocks, _BLOCK).transpose(2, 0, 1, 3))
        found = np.empty((len(senones), blocks, _BLOCK), np.float32)
        near = np.empty((_STREAMS, _DENSITIES, blocks, _BLOCK), np.float32)
        by_block, in_a_row = near.transpose(2, 0, 1, 3), near.reshape(_STREAMS, _DENSITIES, -1)
        phones = self._phone_of[senones]
        for phone in np.unique(phones):
            mine = np.flatnonzero(phones == phone)
            # Many small products, since OpenBLAS wakes more threads for large ones.
            np.matmul(self._densities[phone], frames, out=by_block)
            peak = in_a_row.max(axis=1, keepdims=True)
            np.subtract(in_a_row, peak, out=in_a_row)
            np.maximum(in_a_row, _LEAST, out=in_a_row)
            np.exp(in_a_row, out=in_a_row)
            whole = peak.sum(axis=(0, 1)).reshape(blocks, _BLOCK)
            for start in range(0, len(mine), _GROUP):
                group = mine[start : start + _GROUP]
                shares = self._levels[self._shares[:, senones[group]]]
                mixed = shares @ by_block  # [block, stream, senone, frame]
                found[group] = np.log(mixed, out=mixed).sum(axis=1).swapaxes(0, 1) + whole
        scores = found.reshape(len(senones), -1)[:, : len(some)].T
        every = np.empty((len(heard), len(senones)), np.float32)
        every[::_EVERY] = scores
        every[1::_EVERY] = scores[: len(heard) // 2]
        between = every[1:-1:_EVERY]
        between += scores[1:]
        between *= np.float32(0.5)
        return every


class _Definition:
    """Which senones a phone has in which context."""

    def __init__(self, data: bytes) -> None:
        at = 12 + struct.unpack_from("<i", data, 8)[0]
        (phones, triphones, states, _, senones, _, sequences, _, nodes, self.silence) = struct.unpack_from(
            "<10i", data, at
        )
        if data[:4] != b"BMDF" or states != STATES:
            raise ValueError("not a model definition of three-state phones")
        at += 40
        names = data[at:].split(b"\0", phones)[:phones]
        at += sum(len(name) + 1 for name in names)
        at += -at % 4 + 8 * nodes
        entry = np.dtype([("sequence", "<i4"), ("transitions", "<i4"), ("context", "u1", 4)])
        self._table = np.frombuffer(data, entry, triphones, at)
        at += 12 * triphones + 4
        self.names = [name.decode() for name in names]
        self.sequences = np.frombuffer(data, "<i2", sequences * STATES, at).reshape(-1, STATES).copy()
        self.alone = self._table["sequence"][: len(self.names)].copy()
        self._senones = senones

    def triphones(self) -> NDArray[np.int16]:
        """Return the number of the senone sequence of each phone in each place and context: [4, 42, 42, 42].

        Where there is none, that of another place in the word, then of silence around it, then of no context.
        """
        count = len(self.names)
        known = self._table[count:]
        found = np.full((4, count, count, count), -1, np.int16)
        found[tuple(known["context"].T)] = known["sequence"]
        for place in range(4):
            for other in (_INSIDE, _BEGIN, _END, _SINGLE):
                found[place] = np.where(found[place] < 0, found[other], found[place])
        quiet = slice(self.silence, self.silence + 1)
        for context in (found[..., quiet], found[:, :, quiet]):
            found = np.where(found < 0, context, found)
        return np.where(found < 0, self.alone[:, None, None], found).astype(np.int16)

    def phone_of_senone(self) -> NDArray[np.uint8]:
        """Return to which phone each senone belongs."""
        count = len(self.names)
        phones = self._table["context"][:, 1].copy()
        phones[:count] = np.arange(count)
        owners = np.zeros(self._senones, np.uint8)
        owners[self.sequences[self._table["sequence"]]] = phones[:, None]
        return owners


def _read(path: Path, dimensions: int) -> tuple[tuple[int, ...], NDArray[np.float32]]:
    """Return the sizes at the head of a file in the format s3, and its numbers."""
    data = path.read_bytes()
    at = data.index(b"endhdr\n") + len(b"endhdr\n") + 4
    *sizes, total = struct.unpack_from(f"<{dimensions + 1}i", data, at)
    return tuple(sizes), np.frombuffer(data, "<f4", total, at + 4 * (dimensions + 1))


def _read_gaussians(path: Path) -> Floats:
    """Return one number of each Gaussian in each direction: [phone, stream, density, 13]."""
    (phones, streams, densities, *lengths), values = _read(path, 3 + _STREAMS)
    return values.reshape(phones, streams, densities, lengths[0])


def _read_transitions(path: Path) -> Floats:
    """Return the probability of going from state to state (the last is the way out): [phone, 3, 4]."""
    sizes, values = _read(path, 3)
    counts: Floats = values.reshape(sizes)
    chances: Floats = counts / counts.sum(axis=-1, keepdims=True)
    return chances


def _read_mixtures(path: Path, senones: int) -> NDArray[np.uint8]:
    """Return each senone's share of each density, as levels of a logarithm: [stream, senone, density]."""
    data = path.read_bytes()
    at, length = 0, -1
    while length:
        length = struct.unpack_from("<i", data, at)[0]
        at += 4 + length
    levels = np.frombuffer(data, np.uint8, _STREAMS * _DENSITIES * senones, at + 8)
    return np.ascontiguousarray(levels.reshape(_STREAMS, _DENSITIES, senones).swapaxes(1, 2))


@cache
def load_model() -> AcousticModel:
    """Return the model, read when it is first asked for."""
    return AcousticModel(Path(get_model_path()) / "en-us" / "en-us")
