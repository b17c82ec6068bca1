"""Voice activity: how likely each 32 ms frame holds speech, and where speech begins and ends.

The network is Silero v6 as ONNX (MIT), found inside the `faster-whisper` wheel, whose code is not used.
It reads 576 samples (64 of context and 512 new) and carries an LSTM state, so each stream owns one
small `VadState`; the network is shared.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from earful.audio.vad_network import CONTEXT, FRAME, STATE, VadNetwork

__all__ = [
    "FRAME",
    "FRAME_SECONDS",
    "SAMPLE_RATE",
    "VadModel",
    "VadRules",
    "VadState",
    "cut_long",
    "speech_runs",
    "speech_segments",
]

SAMPLE_RATE = 16_000
FRAME_SECONDS = FRAME / SAMPLE_RATE
_FRAMES_PER_RUN = 512
_SMOOTH = 0.03
_MOSTLY = 0.8
_NOTHING = np.zeros(0, np.float32)
_RAMP = (np.arange(FRAME) + 0.5) / FRAME - 0.5

Floats = NDArray[np.float32]


@dataclass(slots=True)
class VadState:
    """What the network remembers of one stream: about 1.3 kB; and how much of it lies below speech."""

    h: Floats = field(default_factory=lambda: np.zeros((1, 1, STATE), np.float32))
    c: Floats = field(default_factory=lambda: np.zeros((1, 1, STATE), np.float32))
    context: Floats = field(default_factory=lambda: np.zeros(CONTEXT, np.float32))
    offset: float = 0.0
    below: float = 0.0
    power: float = 0.0


@dataclass(frozen=True, slots=True)
class VadRules:
    """When speech begins and ends. Times in seconds, thresholds are speech probabilities.

    Speech begins at `on` and goes on until the probability has been under `off` for `silence`.
    Runs shorter than `min_speech` are dropped; `pad` is added on both sides; runs longer than
    `max_segment` are cut at their quietest point.
    """

    on: float = 0.5
    off: float = 0.35
    silence: float = 0.5
    min_speech: float = 0.064
    pad: float = 0.25
    max_segment: float = 15.0


def _model_path() -> Path:
    spec = find_spec("faster_whisper")
    if spec is None or spec.origin is None:
        raise FileNotFoundError(
            "the faster-whisper package, which carries the voice activity model, is missing"
        )
    return Path(spec.origin).parent / "assets" / "silero_vad_v6.onnx"


class VadModel:
    """The shared network. May be used from any thread, by one call per state at a time."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path if path is not None else _model_path()

    @cached_property
    def _network(self) -> VadNetwork:
        return VadNetwork(self._path)

    def load(self) -> None:
        """Read the weights now rather than at first use."""
        self.probabilities(np.zeros(FRAME, np.float32), VadState())

    def probabilities(self, samples: Floats, state: VadState) -> Floats:
        """Return the speech probability of each frame of `samples` (float32 [n*512], 16 kHz) → [n].

        `state` is carried forward. Raises `ValueError` when the length is not a multiple of 512.
        """
        return self.probabilities_of([samples], [state])[0]

    def probabilities_of(self, blocks: Sequence[Floats], states: Sequence[VadState]) -> list[Floats]:
        """Do the same for several streams in one go, each with its own state."""
        for block in blocks:
            if len(block) % FRAME:
                raise ValueError(f"voice activity reads whole frames of {FRAME} samples, got {len(block)}")
        found: list[list[Floats]] = [[_NOTHING] for _ in blocks]
        size = FRAME * _FRAMES_PER_RUN
        for start in range(0, max((len(block) for block in blocks), default=0), size):
            going = [at for at, block in enumerate(blocks) if len(block) > start]
            parts = [blocks[at][start : start + size] for at in going]
            for at, chances in zip(going, self._run(parts, [states[at] for at in going]), strict=True):
                found[at].append(chances)
        return [np.concatenate(chances) for chances in found]

    def _run(self, blocks: Sequence[Floats], states: Sequence[VadState]) -> list[Floats]:
        blocks = [_levelled(block, state) for block, state in zip(blocks, states, strict=True)]
        lengths = np.array([len(block) // FRAME for block in blocks], np.int32)
        ends = np.cumsum(lengths)
        frames = np.empty((ends[-1], CONTEXT + FRAME), np.float32)
        frames[:, CONTEXT:] = np.concatenate(blocks).reshape(-1, FRAME)
        frames[1:, :CONTEXT] = frames[:-1, -CONTEXT:]
        frames[ends - lengths, :CONTEXT] = [state.context for state in states]
        h, c = (np.concatenate(kind, axis=1) for kind in zip(*((s.h, s.c) for s in states), strict=True))
        chances, h, c = self._network.run(frames, lengths, h, c)
        for at, state in enumerate(states):
            # Copies: a part would keep the whole alive.
            state.h, state.c = h[:, at : at + 1].copy(), c[:, at : at + 1].copy()
            state.context = frames[ends[at] - 1, -CONTEXT:].copy()
        return np.split(chances, ends[:-1])


def _levelled(block: Floats, state: VadState) -> Floats:
    """Return whole frames without what is below speech, where that is most of what there is.

    A line with an offset, or a rumbling microphone, deafens the network. Other audio is left as it is.
    """
    frames = block.reshape(-1, FRAME)
    offsets = frames.mean(axis=1, dtype=np.float64)
    powers = np.einsum("ij,ij->i", frames, frames, dtype=np.float64) / FRAME
    slopes = np.diff(offsets, prepend=state.offset)
    wanted = np.zeros(len(frames), bool)
    for at, (offset, power) in enumerate(zip(offsets.tolist(), powers.tolist(), strict=True)):
        state.below += _SMOOTH * (offset * offset - state.below)
        state.power += _SMOOTH * (power - state.power)
        wanted[at] = state.below > _MOSTLY * state.power
    state.offset = float(offsets[-1])
    if not wanted.any():
        return block
    # Each frame has its own straight line taken out, through its mean and that of the frame before.
    lines = offsets[:, None] + slopes[:, None] * _RAMP
    return np.where(wanted[:, None], frames - lines, frames).astype(np.float32).reshape(-1)


def speech_runs(probabilities: Floats, rules: VadRules) -> Iterator[tuple[int, int]]:
    """Yield `(first, last + 1)` frames of each run of speech, with hysteresis, before padding."""
    quiet_needed = max(1, round(rules.silence / FRAME_SECONDS))
    start = -1
    last_voiced = -1
    for index, probability in enumerate(probabilities.tolist()):
        if start < 0:
            if probability >= rules.on:
                start = last_voiced = index
        elif probability >= rules.off:
            last_voiced = index
        elif index - last_voiced >= quiet_needed:
            yield start, last_voiced + 1
            start = -1
    if start >= 0:
        yield start, last_voiced + 1


def cut_long(probabilities: Floats, start: int, end: int, longest: int) -> Iterator[tuple[int, int]]:
    """Yield `[start, end)` in parts of at most `longest` frames, each cut where speech is least likely.

    The cut is looked for in the later half of a part, and never so late that a stub is left over.
    """
    while end - start > longest:
        low = start + longest // 2
        high = min(start + longest, end - longest // 8)
        window = np.convolve(probabilities[low - 1 : high + 1], np.ones(3, np.float32) / 3, "valid")
        cut = low + int(np.argmin(window))
        yield start, cut
        start = cut
    yield start, end


def speech_segments(
    samples: Floats, model: VadModel | None = None, rules: VadRules | None = None
) -> list[tuple[int, int]]:
    """Return the parts of a recording that hold speech, as `(start, end)` sample offsets, in order.

    `samples` is float32 [n], mono, 16 kHz. Parts never overlap; the padding between two close parts is
    shared at the middle of the gap.
    """
    model = model or VadModel()
    rules = rules or VadRules()
    whole = -(-len(samples) // FRAME) * FRAME
    padded = np.zeros(whole, np.float32)
    padded[: len(samples)] = samples
    probabilities = model.probabilities(padded, VadState())
    shortest = rules.min_speech / FRAME_SECONDS
    pad = round(rules.pad / FRAME_SECONDS)
    longest = max(8, round(rules.max_segment / FRAME_SECONDS) - 2 * pad)
    runs = [run for run in speech_runs(probabilities, rules) if run[1] - run[0] >= shortest]
    segments: list[tuple[int, int]] = []
    for index, (first, last) in enumerate(runs):
        before = runs[index - 1][1] if index else -pad
        after = runs[index + 1][0] if index + 1 < len(runs) else len(probabilities) + pad
        parts = list(cut_long(probabilities, first, last, longest))
        start = max(0, first - min(pad, (first - before) // 2))
        end = min(len(probabilities), last + min(pad, (after - last + 1) // 2))
        edges = [start, *(part_end for _, part_end in parts[:-1]), end]
        segments += [(a * FRAME, min(b * FRAME, len(samples))) for a, b in pairwise(edges)]
    return segments
