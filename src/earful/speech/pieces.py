"""The pieces of a recording, and how each engine recognises them.

Moonshine hears several in one batch, and what it was unsure of again in other guises, of which the surest
is kept; the other engines hear a piece at a time.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from earful.conversation.types import Word
from earful.speech.alignment import Aligner
from earful.speech.guards import Evidence, is_invented
from earful.speech.hotwords import HotwordBias
from earful.speech.moonshine import Decoded, MoonshineModel
from earful.speech.segments import Decoder
from earful.speech.types import Hotword, Samples, StreamOptions
from earful.speech.words import estimate_words, place_words, word_confidences

__all__ = ["SURE", "MoonshinePieces", "Piece", "PieceRecogniser", "SegmentPieces", "TranscriptSegment"]

SAMPLE_RATE = 16_000
SURE = 0.8
"""Confidence from which a first hearing is not repeated."""

_LEAD_S = 0.5
_DITHER = 1e-3
_BATCH = 8


@dataclass(frozen=True, slots=True)
class TranscriptSegment:
    """One utterance. Times in seconds since the recording began; `speaker` counts from 1."""

    start: float
    end: float
    text: str
    confidence: float
    words: tuple[Word, ...] = ()
    speaker: int | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """A segment of one channel that waits for recognition; `start` and `end` in seconds."""

    channel: int
    audio: Samples
    offset: float
    start: float
    end: float
    chances: tuple[float, ...]


class PieceRecogniser(Protocol):
    """What recognises pieces, best so many in one call; may be called from several threads."""

    batch: int

    def recognise(self, pieces: Sequence[Piece], *, words: bool) -> list[TranscriptSegment]:
        """Return what is said in the pieces, in their order; those in which nothing is are left out."""
        ...


class MoonshinePieces:
    """Recognises with a Moonshine model, favouring the hotwords; `aligner` finds word times, where it knows
    the language."""

    def __init__(
        self, model: MoonshineModel, aligner: Aligner | None = None, hotwords: Sequence[Hotword] = ()
    ) -> None:
        self._model = model
        self._aligner = aligner
        self._bias = HotwordBias(model.tokenizer, hotwords) if hotwords else None
        self.batch = max(_BATCH, model.batch)

    def recognise(self, pieces: Sequence[Piece], *, words: bool) -> list[TranscriptSegment]:
        """Return what is said in the pieces; see `PieceRecogniser`."""
        decoded = self._surest([piece.audio for piece in pieces])
        heard = [
            (piece, best)
            for piece, best in zip(pieces, decoded, strict=True)
            if not is_invented(best, Evidence.of(piece.chances))
        ]
        spoken = self._words(heard) if words else [()] * len(heard)
        return [
            _segment(piece, best.text, best.confidence, said)
            for (piece, best), said in zip(heard, spoken, strict=True)
        ]

    def _words(self, heard: Sequence[tuple[Piece, Decoded]]) -> list[tuple[Word, ...]]:
        """Return the words of each piece where the aligner finds them, else where they can be expected."""
        words = [word_confidences(decoded, self._model.tokenizer) for _, decoded in heard]
        texts = [[text for text, _ in one] for one in words]
        audio = [piece.audio for piece, _ in heard]
        aligner = self._aligner
        times = aligner.align_all(list(zip(audio, texts, strict=True))) if aligner else [None] * len(heard)
        return [
            estimate_words(one, piece.chances, piece.offset)
            if found is None
            else place_words(one, found, piece.offset)
            for (piece, _), one, found in zip(heard, words, times, strict=True)
        ]

    def _surest(self, audio: Sequence[Samples]) -> list[Decoded]:
        """Recognise each piece; hear again what was unsure, and keep the hearing that is surest."""
        best = self._model.decode(audio, bias=self._bias)
        for disguise in (_later, _dithered):
            unsure = [at for at, decoded in enumerate(best) if decoded.confidence < SURE]
            again = self._again([disguise(audio[at]) for at in unsure], [best[at] for at in unsure])
            for at, decoded in zip(unsure, again, strict=True):
                if decoded.confidence > best[at].confidence:
                    best[at] = decoded
        return best

    def _again(self, audio: Sequence[Samples], before: Sequence[Decoded]) -> list[Decoded]:
        """Recognise what is in another guise now: mostly it says the same, which is read in one pass."""
        if not audio or self._bias is not None:
            return self._model.decode(audio, bias=self._bias) if audio else []
        return self._model.decode(audio, drafts=[decoded.tokens for decoded in before])


class SegmentPieces:
    """Recognises with a model of an engine that hears one segment at a time."""

    batch = 1

    def __init__(self, decoder: Decoder, options: StreamOptions) -> None:
        self._decoder = decoder
        self._options = options
        self._turns = threading.BoundedSemaphore(decoder.workers)

    def recognise(self, pieces: Sequence[Piece], *, words: bool) -> list[TranscriptSegment]:
        """Return what is said in the pieces; see `PieceRecogniser`."""
        options = replace(self._options, words=words)
        found = []
        for piece in pieces:
            with self._turns:
                heard = self._decoder.listen(options).hear(piece.audio, final=True)
            if heard.is_doubtful(piece.chances):
                continue
            spoken = tuple(
                replace(word, start=word.start + piece.offset, end=word.end + piece.offset)
                for word in heard.words
            )
            if words and not spoken:
                plain = [(text, None) for text in heard.text.split()]
                spoken = estimate_words(plain, piece.chances, piece.offset)
            sure = 1.0 if heard.confidence is None else heard.confidence
            found.append(_segment(piece, heard.text, sure, spoken if words else ()))
        return found


def _segment(piece: Piece, text: str, confidence: float, words: tuple[Word, ...]) -> TranscriptSegment:
    return TranscriptSegment(
        start=round(piece.start, 3),
        end=round(piece.end, 3),
        text=text.strip(),
        confidence=round(confidence, 4),
        words=words,
        speaker=piece.channel + 1,
    )


def _later(audio: Samples) -> Samples:
    return np.concatenate([np.zeros(round(_LEAD_S * SAMPLE_RATE), np.float32), audio])


def _dithered(audio: Samples) -> Samples:
    noise = np.random.default_rng(len(audio)).normal(0, _DITHER, len(audio))
    return audio + noise.astype(np.float32)
