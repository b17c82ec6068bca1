"""Where utterances begin and end in one live stream: a state machine fed frames and speech probabilities.

Nothing here computes: it keeps the audio of the utterance that is open (with a little from before its
first voiced frame, so that no first sound is cut off) and says when it is over.
"""

from collections import deque
from dataclasses import dataclass, field

import numpy as np

from earful.audio.vad import FRAME, FRAME_SECONDS
from earful.speech.types import Samples

__all__ = ["EndpointRules", "Segment", "Segmenter"]


@dataclass(frozen=True, slots=True)
class EndpointRules:
    """When an utterance begins and ends. Times in seconds, thresholds are speech probabilities.

    It begins with a frame at `on` or over, `pre_roll` before it; frames under `off` are quiet. `silence`
    of quiet ends it. From `patience` of `max_segment` on, a pause of `short_silence` is enough; at
    `max_segment` it is cut where the last part is least like speech. `tail` of the quiet is kept, and once
    it is there what will be the final can be recognised. Fewer than `min_voiced` frames are no speech.
    """

    silence: float = 0.5
    max_segment: float = 15.0
    on: float = 0.5
    off: float = 0.35
    pre_roll: float = 0.256
    tail: float = 0.192
    short_silence: float = 0.256
    patience: float = 0.8
    min_voiced: int = 3


@dataclass(slots=True)
class Segment:
    """One utterance, open or over. Positions are samples since the stream began.

    `frames` begin at `offset`, with the pre-roll; `start` is the first voiced sample, `voiced_end` the one
    after the last. `probabilities` goes with `frames`.
    """

    offset: int
    start: int
    voiced_end: int
    frames: list[Samples]
    probabilities: list[float]
    voiced: int = 1
    over: bool = False
    cut: bool = False
    continued: bool = False
    end: int = field(default=0)

    @property
    def heard(self) -> int:
        """How far this segment's audio reaches."""
        return self.offset + len(self.frames) * FRAME

    @property
    def quiet(self) -> int:
        """How many samples of quiet there are at the end so far."""
        return self.heard - self.voiced_end

    def audio(self, until: int | None = None, *, since: int | None = None) -> Samples:
        """Return the audio (float32 [n], 16 kHz) between two positions of the stream, or all there is."""
        first = 0 if since is None else max(0, (since - self.offset) // FRAME)
        count = len(self.frames) if until is None else max(0, (until - self.offset) // FRAME)
        frames = self.frames[first:count]
        return np.concatenate(frames) if frames else np.zeros(0, np.float32)

    def quietest(self, low: int, high: int) -> int:
        """Return the frame in `low..high` around which there is least speech, by chance and by loudness."""
        chances = np.array(self.probabilities, np.float32)
        power = np.array([float(np.dot(frame, frame)) for frame in self.frames], np.float32)
        level = np.sqrt(power / max(float(power.max()), 1e-12))
        quietness = np.convolve(chances + level, np.ones(3, np.float32) / 3, "same")
        return low + int(np.argmin(quietness[low:high]))


class Segmenter:
    """Turns frames into segments. Not thread-safe."""

    def __init__(self, rules: EndpointRules) -> None:
        self.rules = rules
        self.open: Segment | None = None
        self.position = 0
        self._pre_roll: deque[tuple[Samples, float]] = deque(maxlen=_frames(rules.pre_roll))
        self._tail = _frames(rules.tail)
        self._silence = _frames(rules.silence)
        self._short = min(self._silence, _frames(rules.short_silence))
        self._longest = max(16, int(rules.max_segment / FRAME_SECONDS))
        self._patience = int(self._longest * rules.patience)

    def push(self, samples: Samples, probabilities: Samples) -> list[Segment]:
        """Take whole frames (float32 [n*512]) with their probabilities ([n]); return segments now over."""
        over: list[Segment] = []
        for index, probability in enumerate(probabilities.tolist()):
            frame = samples[index * FRAME : (index + 1) * FRAME].copy()
            self.position += FRAME
            if self.open is None:
                self._wait(frame, probability)
            else:
                over += self._grow(self.open, frame, probability)
        return over

    @property
    def settles_in(self) -> int:
        """How many more samples of quiet settle the open segment; 0 when it is settled, or none is open."""
        segment = self.open
        return 0 if segment is None else max(0, self._tail * FRAME - segment.quiet)

    @property
    def ends_in(self) -> int:
        """How many more samples of quiet end the open segment; 0 when none is open."""
        segment = self.open
        if segment is None:
            return 0
        quiet, length = segment.quiet // FRAME, len(segment.frames)
        return max(1, min(self._silence - quiet, max(self._short - quiet, self._patience - length))) * FRAME

    def settled(self) -> Segment | None:
        """Return the open segment when its quiet has lasted for `tail`: its final could be said now."""
        segment = self.open
        return segment if segment is not None and segment.quiet >= self._tail * FRAME else None

    def final_end(self, segment: Segment) -> int:
        """Return up to where a segment's audio is recognised for its final: its last sound and the tail."""
        return min(segment.heard, segment.voiced_end + self._tail * FRAME)

    def flush(self) -> list[Segment]:
        """End the open segment now; return it, when it held speech. What was kept as pre-roll is dropped."""
        segment, self.open = self.open, None
        self._pre_roll.clear()
        return self._finish(segment) if segment is not None else []

    def _wait(self, frame: Samples, probability: float) -> None:
        if probability < self.rules.on:
            self._pre_roll.append((frame, probability))
            return
        start = self.position - FRAME
        frames = [kept for kept, _ in self._pre_roll]
        self.open = Segment(
            offset=start - len(frames) * FRAME,
            start=start,
            voiced_end=self.position,
            frames=[*frames, frame],
            probabilities=[*(kept for _, kept in self._pre_roll), probability],
        )
        self._pre_roll.clear()

    def _grow(self, segment: Segment, frame: Samples, probability: float) -> list[Segment]:
        segment.frames.append(frame)
        segment.probabilities.append(probability)
        if probability >= self.rules.off:
            segment.voiced_end = self.position
            segment.voiced += 1
        length = len(segment.frames)
        needed = self._silence if length < self._patience else self._short
        if segment.quiet >= needed * FRAME:
            self.open = None
            keep = min(segment.quiet // FRAME - self._tail, self._pre_roll.maxlen or 0)
            if keep > 0:
                self._pre_roll.extend(zip(segment.frames[-keep:], segment.probabilities[-keep:], strict=True))
            return self._finish(segment)
        if length >= self._longest:
            return self._cut(segment)
        return []

    def _finish(self, segment: Segment) -> list[Segment]:
        segment.over = True
        segment.end = self.final_end(segment)
        return [segment] if segment.voiced >= self.rules.min_voiced or segment.continued else []

    def _cut(self, segment: Segment) -> list[Segment]:
        """Divide a segment that has grown too long at the quietest point of its last part."""
        at = segment.quietest(self._longest // 2, self._longest - 4)
        rest = Segment(
            offset=segment.offset + at * FRAME,
            start=segment.offset + at * FRAME,
            voiced_end=segment.voiced_end,
            frames=segment.frames[at:],
            probabilities=segment.probabilities[at:],
            voiced=sum(chance >= self.rules.off for chance in segment.probabilities[at:]),
            continued=True,
        )
        del segment.frames[at:], segment.probabilities[at:]
        segment.voiced = max(1, segment.voiced - rest.voiced)
        segment.voiced_end = min(segment.voiced_end, segment.heard)
        segment.cut = segment.over = True
        segment.end = segment.heard
        self.open = rest
        return [segment]


def _frames(seconds: float) -> int:
    return max(1, round(seconds / FRAME_SECONDS))
