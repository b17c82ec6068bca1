"""File mode: a whole recording to a transcript, as fast as the machine goes, in constant memory.

The road is that of live speech (voice activity, segments, the same weights) with what only a recording
allows: pauses may be longer before an utterance is cut, so the recogniser has more context.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from earful.audio.files import probe, read_channels
from earful.audio.vad import FRAME, VadModel, VadState
from earful.speech.alignment import Aligner
from earful.speech.catalogue import BUILT_IN
from earful.speech.endpoint import EndpointRules, Segmenter
from earful.speech.engines import Engines, usable_threads
from earful.speech.models import ModelStore
from earful.speech.moonshine import MoonshineModel
from earful.speech.pieces import (
    MoonshinePieces,
    Piece,
    PieceRecogniser,
    SegmentPieces,
    TranscriptSegment,
)
from earful.speech.speakers import Turn, speaker_turns, with_speakers
from earful.speech.types import Hotword, Samples, StreamOptions
from earful.speech.voices import VoiceModel

__all__ = ["ChannelMode", "FileTranscriber", "Transcript", "TranscriptSegment"]

SAMPLE_RATE = 16_000
RULES = EndpointRules(silence=1.0, pre_roll=0.4, tail=0.4, patience=0.8)
"""Segments of up to 15 s that end at pauses of a second, with more air around them than live ones."""

_BLOCK_S = 30.0
_GROUP = 32
_ALIKE = 0.9
_MAX_SPEAKERS = 8
_NOWHERE = Path("/nonexistent")

ChannelMode = Literal["mix", "separate"]
Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was said in a recording, in order of time."""

    segments: tuple[TranscriptSegment, ...]
    duration_s: float
    language: str

    @property
    def text(self) -> str:
        """All that was said, segment after segment."""
        return " ".join(segment.text for segment in self.segments)


@dataclass(slots=True)
class _Lane:
    """Voice activity and segments of one channel."""

    channel: int
    segmenter: Segmenter = field(default_factory=lambda: Segmenter(RULES))
    state: VadState = field(default_factory=VadState)
    rest: Samples = field(default_factory=lambda: np.zeros(0, np.float32))

    def push(self, samples: Samples, ear: VadModel, *, last: bool) -> list[Piece]:
        joined = np.concatenate([self.rest, samples])
        if last:
            joined = np.concatenate([joined, np.zeros(-len(joined) % FRAME, np.float32)])
        whole = len(joined) - len(joined) % FRAME
        self.rest = joined[whole:]
        segments = self.segmenter.push(joined[:whole], ear.probabilities(joined[:whole], self.state))
        if last:
            segments += self.segmenter.flush()
        return [
            Piece(
                channel=self.channel,
                audio=segment.audio(segment.end),
                offset=segment.offset / SAMPLE_RATE,
                start=segment.start / SAMPLE_RATE,
                end=segment.voiced_end / SAMPLE_RATE,
                chances=tuple(segment.probabilities),
            )
            for segment in segments
        ]


class FileTranscriber:
    """Transcribes recordings with one set of models; may be used from several threads.

    `engines` are the models, loaded when they are first needed; unset, only the English model that comes
    with Earful, of which `model` may be a loaded one.
    """

    def __init__(
        self,
        model: MoonshineModel | None = None,
        ear: VadModel | None = None,
        *,
        threads: int | None = None,
        engines: Engines | None = None,
    ) -> None:
        self._threads = threads or (engines.threads if engines else usable_threads())
        self._engines = engines or Engines(ModelStore(_NOWHERE), threads=self._threads)
        self._model = model
        self._ear = ear or VadModel()
        self._voices = VoiceModel()
        self._aligner = Aligner()

    def transcribe(
        self,
        path: Path | str,
        *,
        language: str = "en-US",
        channels: ChannelMode = "mix",
        diarize: bool = False,
        speakers: int | None = None,
        hotwords: Sequence[Hotword] = (),
        words: bool = True,
        progress: Progress | None = None,
        model: str | None = None,
    ) -> Transcript:
        """Return what was said in an audio or video file. Blocks; call it off the event loop.

        `channels="separate"` hears every channel by itself (up to eight) and tags it as a speaker.
        `diarize` says who spoke: separate channels are separate speakers, unless they carry the same
        sound or there is only one; then voices are told apart, `speakers` of them where that is known.
        `hotwords` are heard more readily. `progress` is told the share done, 0..1, from this thread.
        `model` is the name of a model to prefer.

        Raises `LanguageNotAvailable`, `earful.audio.types.BrokenAudio`, or an `OSError` for the file.
        """
        recogniser = self._recogniser(language, model, hotwords)
        info = probe(path)
        if diarize and channels == "mix" and info.channels > 1 and _channels_differ(path):
            channels = "separate"
        separate = channels == "separate" and 1 < info.channels <= _MAX_SPEAKERS
        heard: list[TranscriptSegment] = []
        duration = 0.0
        for done, segments in self._heard(path, recogniser, mix=not separate, words=words or diarize):
            heard += segments
            duration = max(duration, done)
            if progress is not None and info.duration_s:
                progress(min(1.0, done / info.duration_s))
        duration = duration or info.duration_s or 0.0
        heard = [replace(segment, end=min(segment.end, round(duration, 3))) for segment in heard]
        heard.sort(key=lambda segment: (segment.start, segment.end))
        if separate:
            heard = [_by_channel(segment) for segment in heard]
        else:
            heard = [replace(segment, speaker=None) for segment in heard]
            heard = (
                _divided(heard, speaker_turns(path, speakers, ear=self._ear, voices=self._voices))
                if diarize
                else heard
            )
        if not words:
            heard = [replace(segment, words=()) for segment in heard]
        if progress is not None:
            progress(1.0)
        return Transcript(tuple(heard), duration, language)

    def recognise(self, samples: Iterable[Samples], *, words: bool = True) -> list[TranscriptSegment]:
        """Return what was said in one channel of English (float32 [n], 16 kHz, in blocks of any length)."""
        blocks = (block[np.newaxis] for block in samples)
        recogniser = self._recogniser("en-US", None, ())
        return [segment for _, segments in self._run(blocks, recogniser, words) for segment in segments]

    def _recogniser(self, language: str, model: str | None, hotwords: Sequence[Hotword]) -> PieceRecogniser:
        card = self._engines.choose(language, model)
        if card.engine == "moonshine":
            given = self._model if card is BUILT_IN else None
            aligner = self._aligner if card.languages == BUILT_IN.languages else None
            return MoonshinePieces(given or self._engines.moonshine(card), aligner, hotwords)
        options = StreamOptions(language=language, partials=False, hotwords=tuple(hotwords))
        return SegmentPieces(self._engines.decoder(card), options)

    def _heard(
        self, path: Path | str, recogniser: PieceRecogniser, *, mix: bool, words: bool
    ) -> Iterator[tuple[float, list[TranscriptSegment]]]:
        yield from self._run(read_channels(path, block_s=_BLOCK_S, mix=mix), recogniser, words)

    def _run(
        self, blocks: Iterable[NDArray[np.float32]], recogniser: PieceRecogniser, words: bool
    ) -> Iterator[tuple[float, list[TranscriptSegment]]]:
        """Yield (seconds done, segments); few batches are under way at a time, so memory stays constant."""
        under_way: deque[tuple[float, Future[list[TranscriptSegment]]]] = deque()
        before = 0.0
        with ThreadPoolExecutor(self._threads, thread_name_prefix="file") as pool:
            for position, group in self._groups(blocks):
                batches = _batches(group, recogniser.batch)
                for number, batch in enumerate(batches, 1):
                    done = before + (position - before) * number / len(batches)
                    under_way.append((done, pool.submit(recogniser.recognise, batch, words=words)))
                before = position
                while len(under_way) > 2 * max(self._threads, _GROUP // recogniser.batch):
                    done, future = under_way.popleft()
                    yield done, future.result()
            while under_way:
                done, future = under_way.popleft()
                yield done, future.result()
        yield before, []

    def _groups(self, blocks: Iterable[NDArray[np.float32]]) -> Iterator[tuple[float, list[Piece]]]:
        """Yield (seconds read, pieces) in groups large enough to find pieces of similar length in."""
        lanes: list[_Lane] = []
        waiting: list[Piece] = []
        position = 0.0
        for block in blocks:
            lanes = lanes or [_Lane(channel) for channel in range(len(block))]
            for lane, samples in zip(lanes, block, strict=True):
                waiting += lane.push(samples, self._ear, last=False)
            position += block.shape[1] / SAMPLE_RATE
            if len(waiting) >= _GROUP:
                yield position, waiting
                waiting = []
        for lane in lanes:
            waiting += lane.push(np.zeros(0, np.float32), self._ear, last=True)
        yield position, waiting


def _batches(pieces: Sequence[Piece], size: int) -> list[list[Piece]]:
    """Return the pieces in batches of similar length, the longest first."""
    ordered = sorted(pieces, key=lambda piece: -len(piece.audio))
    return [ordered[at : at + size] for at in range(0, len(ordered), size)]


def _channels_differ(path: Path | str) -> bool:
    """Whether the first minute's channels carry different sound (speakers) rather than one stereo scene."""
    for at, block in enumerate(read_channels(path, block_s=_BLOCK_S)):
        loud = block - block.mean(axis=1, keepdims=True)
        power = np.sqrt((loud**2).mean(axis=1))
        if (power > 1e-4).sum() >= 2 and abs(float(np.corrcoef(loud[0], loud[1])[0, 1])) < _ALIKE:
            return True
        if at == 1:
            break
    return False


def _by_channel(segment: TranscriptSegment) -> TranscriptSegment:
    words = (replace(word, speaker_tag=segment.speaker) for word in segment.words)
    return replace(segment, words=tuple(words))


def _divided(segments: Sequence[TranscriptSegment], turns: Sequence[Turn]) -> list[TranscriptSegment]:
    """Return the segments cut where the speaker changes, each with who spoke."""
    divided: list[TranscriptSegment] = []
    for segment in segments:
        runs = with_speakers(segment.words, turns)
        if len(runs) <= 1:
            speaker, words = runs[0] if runs else (None, segment.words)
            divided.append(replace(segment, speaker=speaker, words=words))
            continue
        for speaker, words in runs:
            known = [word.confidence for word in words if word.confidence is not None]
            divided.append(
                TranscriptSegment(
                    start=words[0].start,
                    end=words[-1].end,
                    text=" ".join(word.text for word in words),
                    confidence=round(sum(known) / len(known), 4) if known else segment.confidence,
                    words=words,
                    speaker=speaker,
                )
            )
    return divided
