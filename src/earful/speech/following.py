"""Who speaks in one live stream: its voices told apart as they come, without what comes later.

As in recordings (`earful.speech.speakers`), windows of speech are made into voice vectors and clustered; here
all that was heard so far is clustered anew at the end of each utterance, and a cluster keeps the number under
which most of its windows went before. What was told is not taken back. Windows that sound most alike and were
told as one voice are taken together for good when there are many, so that a long call costs what a short one
does.
"""

import threading
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from earful.conversation.types import Word
from earful.speech.speakers import (
    HOP,
    SHORTEST,
    WINDOW,
    Turn,
    VoiceSpread,
    Window,
    voice_centres,
    voice_runs,
    with_speakers,
)
from earful.speech.types import Hypothesis, Samples
from earful.speech.voices import VoiceModel, distances

__all__ = ["VoiceFollower"]

_RATE = 16_000
_KEPT_S = 40.0
_PAUSE_S = 0.25
_KNOWN_AT_MOST = 80
_CONDENSED = 60
_AT_END = 10


class VoiceFollower:
    """Says which voice speaks, numbered from 1 in order of appearance.

    `speakers` is how many people there are at most, None when that is not known. `feed`, `likely` and `guess`
    are quick; `listen` and `attribute` compute and belong in a thread, one call of them or `guess` at a time.
    """

    def __init__(self, voices: VoiceModel, speakers: int | None = None) -> None:
        self._voices = voices
        self._speakers = speakers
        self._lock = threading.Lock()
        self._numbers = 0
        # Windows, or groups of them: their mean voice, how many they are, and the number they were told as.
        self._known = np.zeros((0, 0), np.float32)
        self._sizes: list[int] = []
        self._owners: list[int] = []
        self._missed: list[NDArray[np.float32]] = []
        self._spread = VoiceSpread()
        # The voices ([voices, 512], length 1) and their numbers, replaced together: `likely` reads them.
        self._voices_known: tuple[NDArray[np.float32], list[int]] = np.zeros((0, 0), np.float32), []
        self._latest: int | None = None
        self.restart()

    def restart(self) -> None:
        """Begin at the first sample of another stream, with the voices known so far."""
        with self._lock:
            self._audio: deque[tuple[int, NDArray[np.int16]]] = deque()
            self._fed = 0
        self._segment = -1
        self._windows: list[Window] = []
        self._next = 0

    def feed(self, samples: Samples) -> None:
        """Take the audio that the stream takes (float32 [n], 16 kHz)."""
        small = (np.clip(np.nan_to_num(samples), -1.0, 1.0) * 32767).astype(np.int16)
        with self._lock:
            self._audio.append((self._fed, small))
            self._fed += len(small)
            while self._audio[0][0] + len(self._audio[0][1]) < self._fed - _KEPT_S * _RATE:
                self._audio.popleft()

    def likely(self, hypothesis: Hypothesis) -> int | None:
        """Return who seems to speak in what is recognised so far, by what `listen` has heard of it."""
        centres, labels = self._voices_known
        windows = list(self._windows)
        if hypothesis.segment != self._segment or not windows or not labels:
            return None
        votes = np.bincount((np.stack([window.voice for window in windows]) @ centres.T).argmax(axis=1))
        return labels[int(votes.argmax())]

    def listen(self, hypothesis: Hypothesis, *, sparing: bool = False) -> None:
        """Hear the voice in an utterance that goes on, so that little is left to do at its end.

        Every moment is heard three times, `sparing` once.
        """
        self._listen(hypothesis, WINDOW if sparing else HOP)

    def attribute(
        self, hypothesis: Hypothesis, *, sparing: bool = False
    ) -> list[tuple[int | None, Hypothesis]]:
        """Return a final in the parts that one voice each said; None where none was heard well enough.

        What `listen` has not heard of it is heard now, at so many places at most that it is told in time.
        """
        start, end = round(hypothesis.start * _RATE), round(hypothesis.end * _RATE)
        left = end - (self._next if hypothesis.segment == self._segment else start)
        self._listen(hypothesis, max(WINDOW if sparing else HOP, left // _AT_END))
        heard = round(self._windows[-1].end * _RATE) if self._windows else start
        if end - start >= SHORTEST and heard < end:
            self._hear([(max(start, end - WINDOW), end)])
        windows, self._windows, self._segment = self._windows, [], -1
        if not hypothesis.text.strip() or not windows:
            return [(self._latest, hypothesis)]
        self._spread.add(windows)
        missed, self._missed = self._missed, []
        self._learn([*missed, *(window.voice for window in windows)])
        centres, labels = self._voices_known
        stretches = _stretches(hypothesis.words) or [(hypothesis.start, hypothesis.end)]
        turns = [
            Turn(low, high, labels[voice]) for low, high, voice in voice_runs(stretches, windows, centres)
        ]
        self._latest = turns[-1].speaker
        return _divided(hypothesis, turns)

    def guess(self, hypothesis: Hypothesis) -> list[tuple[int | None, Hypothesis]]:
        """Return the same where there is no time to hear the rest of the final or to compare it: all of it is
        said by whoever seems to speak, or has spoken. What was heard of it is learnt from later. Quick."""
        number = self.likely(hypothesis) or self._latest
        self._missed = [*self._missed, *(window.voice for window in self._windows)][-_KNOWN_AT_MOST:]
        self._windows, self._segment = [], -1
        self._latest = number
        return [(number, hypothesis)]

    def _listen(self, hypothesis: Hypothesis, hop: int) -> None:
        if hypothesis.segment != self._segment:
            self._segment, self._windows, self._next = hypothesis.segment, [], round(hypothesis.start * _RATE)
        end = round(hypothesis.end * _RATE)
        spans = []
        while self._next + WINDOW <= end:
            spans.append((self._next, self._next + WINDOW))
            self._next += hop
        self._hear(spans)

    def _hear(self, spans: Sequence[tuple[int, int]]) -> None:
        """Hear windows of the stream, each from sample to sample, as far as their sound is still there."""
        if not spans:
            return
        first, samples = self._sound(spans[0][0], spans[-1][1])
        spans = [span for span in spans if first <= span[0] and span[1] <= first + len(samples)]
        voices = self._voices.hear(samples, [(low - first, high - first) for low, high in spans])
        self._windows += [
            Window(low / _RATE, high / _RATE, voice) for (low, high), voice in zip(spans, voices, strict=True)
        ]

    def _sound(self, start: int, end: int) -> tuple[int, Samples]:
        """Return the samples between two positions, as far as they are still there, and where they begin."""
        with self._lock:
            there = [(at, part) for at, part in self._audio if at < end and at + len(part) > start]
        parts = [part[max(0, start - at) : end - at] for at, part in there]
        joined = np.concatenate(parts) if parts else np.zeros(0, np.int16)
        first = max(start, there[0][0]) if there else end
        return first, joined.astype(np.float32) * np.float32(1 / 32767)

    def _learn(self, voices: Sequence[NDArray[np.float32]]) -> None:
        """Cluster all that is known with the new voices, and number the clusters as before."""
        fresh = np.stack(voices)
        vectors = np.concatenate([self._known, fresh]) if self._owners else fresh
        sizes = [*self._sizes, *[1] * len(fresh)]
        centres = voice_centres(vectors, self._speakers, self._spread, sizes)
        nearest = (vectors @ centres.T).argmax(axis=1).tolist()
        votes: Counter[tuple[int, int]] = Counter()
        for cluster, owner, size in zip(nearest, self._owners, sizes, strict=False):
            votes[cluster, owner] += size
        labels: dict[int, int] = {}
        for (cluster, number), _ in votes.most_common():
            if cluster not in labels and number not in labels.values():
                labels[cluster] = number
        for cluster in range(len(centres)):
            if cluster not in labels:
                labels[cluster] = self._number(cluster, votes)
        self._voices_known = centres, [labels[cluster] for cluster in range(len(centres))]
        owners = [*self._owners, *(labels[cluster] for cluster in nearest[len(self._owners) :])]
        self._known, self._sizes, self._owners = condensed(vectors, sizes, owners)

    def _number(self, cluster: int, votes: Counter[tuple[int, int]]) -> int:
        """Return the number of a cluster that has none: a new one, while there may be more people."""
        if self._speakers is None or self._numbers < self._speakers:
            self._numbers += 1
            return self._numbers
        before = [(count, number) for (found, number), count in votes.items() if found == cluster]
        return max(before)[1] if before else self._latest or 1


def condensed(
    voices: NDArray[np.float32],
    sizes: Sequence[int],
    owners: list[int],
    *,
    above: int = _KNOWN_AT_MOST,
    left: int = _CONDENSED,
) -> tuple[NDArray[np.float32], list[int], list[int]]:
    """Return mean voices ([n, d]) with how many each stands for and whose each is, as they are while there
    are no more than `above` of them; else those of one owner that are nearest taken together, two and two,
    until `left` are left or nothing can be."""
    sizes = list(sizes)
    while len(owners) > above:
        apart = distances(voices)
        apart[np.not_equal.outer(owners, owners) | np.tri(len(owners), dtype=bool)] = np.inf
        into: dict[int, int] = {}
        taken: set[int] = set()
        for flat in np.argsort(apart, axis=None):
            one, other = divmod(int(flat), len(owners))
            if np.isinf(apart[one, other]) or len(owners) - len(into) <= left:
                break
            if one not in taken and other not in taken:
                into[other] = one
                taken |= {one, other}
        if not into:
            break
        total = voices * np.array(sizes, np.float32)[:, None]
        for other, one in into.items():
            total[one] += total[other]
            sizes[one] += sizes[other]
        kept = [at for at in range(len(owners)) if at not in into]
        sizes, owners = [sizes[at] for at in kept], [owners[at] for at in kept]
        voices = total[kept] / np.array(sizes, np.float32)[:, None]
    return voices, sizes, owners


def _stretches(words: Sequence[Word]) -> list[tuple[float, float]]:
    """Return when there are words, short pauses between them included."""
    stretches: list[tuple[float, float]] = []
    for word in words:
        if stretches and word.start - stretches[-1][1] < _PAUSE_S:
            stretches[-1] = stretches[-1][0], max(word.end, stretches[-1][1])
        else:
            stretches.append((word.start, max(word.end, word.start)))
    return stretches


def _divided(hypothesis: Hypothesis, turns: Sequence[Turn]) -> list[tuple[int | None, Hypothesis]]:
    """Return the hypothesis cut where the speaker changes."""
    runs = with_speakers(hypothesis.words, turns)
    if len(runs) <= 1:
        speaker, words = runs[0] if runs else (turns[0].speaker, hypothesis.words)
        return [(speaker, replace(hypothesis, words=words))]
    parts: list[tuple[int | None, Hypothesis]] = []
    for speaker, words in runs:
        text = " ".join(word.text for word in words)
        sure = [word.confidence for word in words if word.confidence is not None]
        part = replace(
            hypothesis,
            text=text,
            start=words[0].start,
            end=words[-1].end,
            words=words,
            stable_chars=len(text),
            confidence=sum(sure) / len(sure) if sure else hypothesis.confidence,
        )
        parts.append((speaker, part))
    return parts
