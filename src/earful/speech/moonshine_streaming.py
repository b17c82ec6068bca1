"""A *streaming* Moonshine model as it is published: five graphs, of which each has a part in the work.

`frontend` makes features of sound and carries its own state from one call to the next, `encoder` hears
features, `adapter` gives what was heard its place in time, `cross_kv` computes what the decoder's layers
attend to, and `decoder_kv` says what follows some tokens. A segment is heard from its beginning, as with
other models; names and shapes are read from the graphs, how a text begins and ends from the configuration.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from earful.speech.decoding import Frames, Row, chances_of, sequences_as_ids
from earful.speech.devices import Processor, open_session
from earful.speech.moonshine_published import UnusableModel, part
from earful.speech.tokenizer import END, START
from earful.speech.types import Samples

__all__ = ["CONFIGURATION", "StreamingNetwork"]

CONFIGURATION = "streaming_config.json"
_SOUND = "audio_chunk"
_TYPES = {"tensor(float)": np.float32, "tensor(int64)": np.int64}

Feeds = dict[str, NDArray[Any]]


class StreamingNetwork:
    """The five graphs of a folder. `special` tokens are never chosen.

    Frames are what the decoder's layers attend to: float32 [2, layers, 1, heads, frames, head]. The decoder
    takes no mask, so it is given one segment at a time. Raises `UnusableModel`.
    """

    batch = 1

    def __init__(
        self, directory: Path, *, special: Sequence[int], threads: int, processor: Processor = "cpu"
    ) -> None:
        _check_configuration(directory)
        self._special = np.array(special, np.intp)

        def graph(name: str, *needed: str) -> ort.InferenceSession:
            session = open_session(part(directory, name), threads, processor)
            missing = set(needed) - {given.name for given in session.get_inputs()}
            if missing:
                raise UnusableModel(f"{name} in {directory} has no input {min(missing)}")
            return session

        self._frontend = graph("frontend", _SOUND)
        self._encoder = graph("encoder", "features")
        self._adapter = graph("adapter", "encoded", "pos_offset")
        self._cross = graph("cross_kv", "memory")
        self._decoder = graph("decoder_kv", "token", "k_self", "v_self", "out_k_cross", "out_v_cross")
        self._state = _first_state(self._frontend, directory)
        self._step = next(g.shape[-1] for g in self._frontend.get_inputs() if g.name == _SOUND)
        shape = next(given.shape for given in self._decoder.get_inputs() if given.name == "k_self")
        if len(shape) != 5 or not all(isinstance(shape[at], int) for at in (0, 2, 4)):
            raise UnusableModel(f"decoder_kv in {directory} does not say what it remembers")
        self._nothing = np.zeros((shape[0], 1, shape[2], 0, shape[4]), np.float32)

    def encode(self, sound: Samples) -> Frames:
        """Hear one segment; see `Network.encode`."""
        features = self._features(sound)
        (encoded,) = self._encoder.run(["encoded"], {"features": features})
        place = {"encoded": encoded, "pos_offset": np.zeros(1, np.int64)}
        (memory,) = self._adapter.run(["memory"], place)
        return np.stack(self._cross.run(["k_cross", "v_cross"], {"memory": memory}))

    def length(self, frames: Frames) -> int:
        """Return how many frames were heard (20 ms each in these models)."""
        return int(frames.shape[4])

    def decode(self, rows: Sequence[Row]) -> None:
        """Bring all rows to their ends, one after the other."""
        for row in rows:
            self._run(row)

    def score(self, frames: Frames, sequences: Sequence[Sequence[int]]) -> list[list[float]]:
        """Return how likely each sequence is; see `Network.score`."""
        scores = []
        for sequence in sequences:
            logits, _ = self._next(frames, sequences_as_ids([sequence])[0], (self._nothing, self._nothing))
            scores.append(chances_of(sequence, logits[: len(sequence) + 1]))
        return scores

    def _features(self, sound: Samples) -> NDArray[np.float32]:
        """Return the features of the sound: at once, or in the steps that the graph was made for."""
        step = self._step if isinstance(self._step, int) else len(sound)
        padded = np.concatenate((sound, np.zeros(-len(sound) % step, np.float32)))
        state, found = self._state, []
        names = ["features", *(f"{name}_out" for name in state)]
        for start in range(0, len(padded), step):
            features, *after = self._frontend.run(
                names, {_SOUND: padded[None, start : start + step], **state}
            )
            state = dict(zip(state, after, strict=True))
            found.append(features)
        return np.concatenate(found, axis=1)

    def _run(self, row: Row) -> None:
        """Decode one row to its end. Its draft is read with its prefix, and kept as far as it is chosen."""
        row.begin(len(row.forced))
        draft = () if row.trust else row.draft
        logits, past = self._next(
            row.frames, np.array([START, *row.tokens, *draft]), (self._nothing, self._nothing)
        )
        position = len(row.forced)
        for expected in (*draft, None):
            self._choose(row, logits[position])
            position += 1
            if row.ended or row.tokens[-1] != expected:
                break
        past = past[0][:, :, :, :position], past[1][:, :, :, :position]
        while not row.ended:
            logits, past = self._next(row.frames, np.array(row.tokens[-1:] or [END]), past)
            self._choose(row, logits[-1])

    def _next(
        self, frames: Frames, tokens: NDArray[np.int64], past: tuple[NDArray[Any], NDArray[Any]]
    ) -> tuple[NDArray[np.float32], tuple[NDArray[Any], NDArray[Any]]]:
        """Return what follows each of the tokens (float32 [tokens, vocabulary]) and what is remembered."""
        feeds: Feeds = {
            "token": tokens[None].astype(np.int64),
            "k_self": past[0],
            "v_self": past[1],
            "out_k_cross": frames[0],
            "out_v_cross": frames[1],
        }
        logits, keys, values = self._decoder.run(["logits", "out_k_self", "out_v_self"], feeds)
        return logits[0], (keys, values)

    def _choose(self, row: Row, scores: NDArray[np.float32]) -> None:
        scores[self._special] = -np.inf
        row.choose(scores)


def _check_configuration(directory: Path) -> None:
    """Raise `UnusableModel` unless the model begins and ends its text as Moonshine models do."""
    try:
        told = json.loads((directory / CONFIGURATION).read_text())
        ends = told["bos_id"], told["eos_id"]
    except (OSError, ValueError, KeyError, TypeError):
        raise UnusableModel(f"{directory} holds no {CONFIGURATION} that can be read") from None
    if ends != (START, END):
        raise UnusableModel(f"{directory} begins and ends texts with other tokens than Moonshine's: {ends}")


def _first_state(frontend: ort.InferenceSession, directory: Path) -> Feeds:
    """Return what the frontend remembers before the first sound: nothing, in the shapes of its inputs."""
    state: Feeds = {}
    for given in frontend.get_inputs():
        if given.name == _SOUND:
            continue
        shape = [1 if at == 0 and not isinstance(size, int) else size for at, size in enumerate(given.shape)]
        if given.type not in _TYPES or not all(isinstance(size, int) for size in shape):
            raise UnusableModel(f"frontend in {directory} has an input of unknown shape: {given.name}")
        state[given.name] = np.zeros(shape, _TYPES[given.type])
    return state
