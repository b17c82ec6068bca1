"""Who speaks when in a recording with one channel, and which words are whose.

Voice activity finds where anyone speaks; there, windows of a second and a half are made into voice vectors,
the vectors are clustered, and every tenth of a second goes to the voice that the windows around it sound
most like. Two people who talk over each other are taken for one of them.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from earful.audio.files import read_blocks
from earful.audio.vad import FRAME, FRAME_SECONDS, VadModel, VadState
from earful.conversation.types import Word
from earful.speech.types import Samples
from earful.speech.voices import VoiceModel, cluster, distances, refined

__all__ = [
    "HOP",
    "SHORTEST",
    "WINDOW",
    "Turn",
    "VoiceSpread",
    "Window",
    "speaker_turns",
    "voice_centres",
    "voice_runs",
    "with_speakers",
]

SAMPLE_RATE = 16_000
_ON = 0.4
_LONGEST_FRAMES = 1000
WINDOW = round(1.5 * SAMPLE_RATE)
HOP = round(0.5 * SAMPLE_RATE)
SHORTEST = round(0.5 * SAMPLE_RATE)
_BRIDGE_FRAMES = 8
_CELL_S = 0.1
_CLUSTERED_AT_MOST = 800
_LEAST = 3
_SELF = 0.58
_SELF_PAIRS = 10
_SELF_REACH_S = 3.1
"""How far apart two windows of one voice are on average, what that is worth in pairs of windows that were
heard, and how far apart windows begin that are taken for one voice."""

_THRESHOLD = 0.66
_SELF_SHARE = 0.6
_DOUBT = 0.3
_MARGIN = 0.04
"""Average cosine distance under which two groups of windows are one voice where a voice is as far from itself
as usual, what share is added of how much further it is, the more that is allowed for how little a group has,
and how much nearer they must be when it is known that there are more people. Set on made-up conversations
(`evals.diarization.made_up`) of people, Festival and flite: clean, over a telephone and across a room."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A stretch of speech by one speaker; times in seconds, speakers count from 1 in order of appearance."""

    start: float
    end: float
    speaker: int


@dataclass(frozen=True, slots=True)
class Window:
    """A voiced stretch (seconds) and what its voice sounds like."""

    start: float
    end: float
    voice: NDArray[np.float32]


class VoiceSpread:
    """How far a voice is from itself in one recording: noise and echoes make that more, a good line less.

    Windows close to each other in one stretch of speech are mostly of one voice.
    """

    def __init__(self) -> None:
        self._total = _SELF * _SELF_PAIRS
        self._pairs = _SELF_PAIRS

    def add(self, windows: Sequence[Window]) -> None:
        """Take the windows of one stretch, in order."""
        for at, one in enumerate(windows):
            for other in windows[at + 1 :]:
                if other.start - one.start > _SELF_REACH_S:
                    break
                if other.start >= one.end:
                    self._total += 1.0 - float(one.voice @ other.voice)
                    self._pairs += 1

    @property
    def mean(self) -> float:
        """The mean cosine distance."""
        return self._total / self._pairs


def speaker_turns(
    path: Path | str,
    speakers: int | None = None,
    *,
    ear: VadModel | None = None,
    voices: VoiceModel | None = None,
) -> list[Turn]:
    """Return who speaks when in a file (its channels mixed), in order of time; `speakers` is how many
    people there are, None to find out. Fewer are found when some say too little to be told apart.

    Raises `earful.audio.types.BrokenAudio` or an `OSError` for the file, `ValueError` for fewer than one
    speaker.
    """
    if speakers is not None and speakers < 1:
        raise ValueError(f"there is at least one speaker, not {speakers}")
    voices = voices or VoiceModel()
    windows: list[Window] = []
    stretches: list[tuple[float, float]] = []
    spread = VoiceSpread()
    for first, samples in _voiced(read_blocks(path), ear or VadModel()):
        stretches.append((first / SAMPLE_RATE, (first + len(samples)) / SAMPLE_RATE))
        spans = list(_windows(len(samples)))
        heard = [
            Window((first + start) / SAMPLE_RATE, (first + end) / SAMPLE_RATE, voice)
            for (start, end), voice in zip(spans, voices.hear(samples, spans), strict=True)
        ]
        spread.add(heard)
        windows += heard
    if not windows:
        return []
    # Found on windows spread evenly over the recording.
    step = -(-len(windows) // _CLUSTERED_AT_MOST)
    vectors = np.stack([window.voice for window in windows[::step]])
    return _turns(stretches, windows, voice_centres(vectors, speakers, spread))


def _voiced(blocks: Iterable[Samples], ear: VadModel) -> Iterator[tuple[int, Samples]]:
    """Yield each voiced stretch with the sample it begins at; pauses under a quarter second are bridged,
    stretches over half a minute cut."""
    state = VadState()
    rest = np.zeros(0, np.float32)
    held: list[Samples] = []
    begin = quiet = position = 0

    def stretch() -> tuple[int, Samples]:
        return begin, np.concatenate(held[: len(held) - quiet])

    for block in chain(blocks, [None]):
        if block is None:
            rest = np.concatenate([rest, np.zeros(-len(rest) % FRAME, np.float32)])
        else:
            rest = np.concatenate([rest, block])
        whole = len(rest) - len(rest) % FRAME
        chances = ear.probabilities(rest[:whole], state)
        for at, chance in enumerate(chances.tolist()):
            frame = rest[at * FRAME : (at + 1) * FRAME]
            if chance >= _ON:
                begin = begin if held else position
                held.append(frame)
                quiet = 0
            elif held:
                held.append(frame)
                quiet += 1
            position += FRAME
            if held and (quiet > _BRIDGE_FRAMES or len(held) >= _LONGEST_FRAMES):
                yield stretch()
                held, quiet = [], 0
        rest = rest[whole:]
    if held:
        yield stretch()


def _windows(length: int) -> Iterator[tuple[int, int]]:
    """Yield overlapping windows over a stretch of `length` samples; none when it is too short to tell."""
    if length < SHORTEST:
        return
    starts = range(0, max(1, length - WINDOW + HOP), HOP)
    for start in starts:
        begin = max(0, min(start, length - WINDOW))
        yield begin, min(length, begin + WINDOW)


def voice_centres(
    vectors: NDArray[np.float32],
    speakers: int | None,
    spread: VoiceSpread,
    sizes: Sequence[int] | None = None,
) -> NDArray[np.float32]:
    """Return the mean voice of each speaker ([speakers, 512], length 1) of windows' voices ([n, 512]).

    `speakers` is how many there are at most, None to find out. A voice may be the mean of several windows
    (`sizes`).
    """
    weights = np.ones(len(vectors), np.float32) if sizes is None else np.array(sizes, np.float32)
    groups = cluster(
        distances(vectors),
        threshold=_THRESHOLD + _SELF_SHARE * (spread.mean - _SELF),
        doubt=_DOUBT,
        margin=_MARGIN,
        count=speakers,
        least=min(_LEAST, max(1, round(float(weights.sum())) // 8)),
        sizes=sizes,
    )
    means = np.stack([weights[group] @ vectors[group] for group in groups])
    unit = np.asarray(means / np.linalg.norm(means, axis=1, keepdims=True), np.float32)
    return refined(vectors, unit, sizes)


def _turns(
    stretches: Sequence[tuple[float, float]], windows: Sequence[Window], centres: NDArray[np.float32]
) -> list[Turn]:
    """Give every tenth of a second of the stretches to a speaker; stretches too short to tell go to
    whoever spoke nearest."""
    numbers: dict[int, int] = {}
    runs = voice_runs(stretches, windows, centres)
    return [Turn(start, end, numbers.setdefault(speaker, len(numbers) + 1)) for start, end, speaker in runs]


def voice_runs(
    stretches: Sequence[tuple[float, float]], windows: Sequence[Window], centres: NDArray[np.float32]
) -> list[tuple[float, float, int]]:
    """Return when each of the voices ([voices, 512], length 1) speaks within the stretches, in seconds."""
    likeness = np.stack([window.voice for window in windows]) @ centres.T
    middles = np.array([(window.start + window.end) / 2 for window in windows])
    reach = WINDOW / SAMPLE_RATE / 2
    runs: list[tuple[float, float, int]] = []
    for start, end in stretches:
        cells = max(1, round((end - start) / _CELL_S))
        edges = np.linspace(start, end, cells + 1)
        for low, high in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
            away = np.abs(middles - (low + high) / 2)
            near = away < reach
            if not near.any():
                near = away == away.min()
            weights = np.maximum(reach - away[near], 0.05)
            speaker = int((weights @ likeness[near]).argmax())
            if runs and runs[-1][2] == speaker and low - runs[-1][1] < FRAME_SECONDS:
                runs[-1] = (runs[-1][0], high, speaker)
            else:
                runs.append((low, high, speaker))
    return runs


def with_speakers(words: Sequence[Word], turns: Sequence[Turn]) -> list[tuple[int | None, tuple[Word, ...]]]:
    """Return the words in runs of one speaker; None when nobody is known to have spoken at all.

    A word belongs to the turn that covers most of it, or else to the nearest one.
    """
    runs: list[tuple[int | None, list[Word]]] = []
    for word in words:
        turn = max(turns, key=lambda turn: _overlap(word, turn), default=None)
        speaker = turn.speaker if turn is not None else None
        if not runs or runs[-1][0] != speaker:
            runs.append((speaker, []))
        runs[-1][1].append(word)
    return [(speaker, tuple(_tagged(run, speaker))) for speaker, run in runs]


def _overlap(word: Word, turn: Turn) -> float:
    """Return the seconds that a word and a turn share; below 0, how far apart they are."""
    return min(word.end, turn.end) - max(word.start, turn.start)


def _tagged(words: Sequence[Word], speaker: int | None) -> Iterator[Word]:
    for word in words:
        yield Word(word.text, word.start, word.end, word.confidence, speaker)
