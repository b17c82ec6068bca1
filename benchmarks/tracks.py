"""Real speech for simulated callers, with the time at which every word was said.

Words are timed by PocketSphinx's forced alignment of the known text. With the evaluation audio
(`EARFUL_DATA`) the text is the reference; without it, the recordings in the moonshine-voice wheel are
used with what Earful's file mode hears in them.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
from evals.wer.items import data_dir, load_items
from pocketsphinx import Decoder

from earful.audio.files import read_blocks
from earful.audio.types import Samples
from earful.speech.files import FileTranscriber

__all__ = ["Clip", "TimedWord", "Track", "load_clips", "make_track", "words_of"]

SAMPLE_RATE = 16_000
_PAD_S = 0.4


@dataclass(frozen=True, slots=True)
class TimedWord:
    """A word as it was said; seconds since the clip or track began."""

    text: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Clip:
    """A few seconds of speech by one person (float32 [n], 16 kHz)."""

    id: str
    samples: Samples
    words: tuple[TimedWord, ...]


@dataclass(frozen=True, slots=True)
class Track:
    """What one simulated caller says (int16, 16 kHz). `lasts`: positions of the last word of each clip."""

    pcm: bytes
    words: tuple[TimedWord, ...]
    lasts: tuple[int, ...]

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.pcm) / 2 / SAMPLE_RATE

    @property
    def samples(self) -> Samples:
        """The sound, float32 [n], 16 kHz."""
        return np.frombuffer(self.pcm, "<i2").astype(np.float32) / np.float32(32768)


def words_of(text: str) -> list[str]:
    """Return the words of a text in lower case without punctuation."""
    return re.findall(r"[a-z0-9]+(?:'[a-z]+)*", text.lower().replace("’", "'"))


def load_clips() -> list[Clip]:
    """Return clips of 2 to 20 s whose every word could be timed."""
    folder = data_dir()
    texts = _from_data(folder) if folder is not None else _from_wheel()
    decoder = Decoder(samprate=SAMPLE_RATE, loglevel="FATAL")
    clips = []
    for name, samples, text in texts:
        words = _aligned(decoder, samples, words_of(text))
        if words and 2 <= len(samples) / SAMPLE_RATE <= 20:
            clips.append(Clip(name, samples, words))
    return clips


def make_track(
    clips: Sequence[Clip], first: int, seconds: float, *, pause: float, talk: float = 1.0
) -> Track:
    """Return a track of at least `seconds` that begins with clip number `first` and goes round.

    After each clip comes `pause` seconds of faint noise, and so much more that speech is `talk` (0..1]
    of the whole: 0.5 is one side of a conversation.
    """
    random = np.random.default_rng(first)
    parts: list[Samples] = []
    words: list[TimedWord] = []
    lasts: list[int] = []
    length = 0
    number = first
    while length < seconds * SAMPLE_RATE:
        clip = clips[number % len(clips)]
        number += 1
        at = length / SAMPLE_RATE
        words += [TimedWord(word.text, word.start + at, word.end + at) for word in clip.words]
        lasts.append(len(words) - 1)
        quiet = round((pause + len(clip.samples) / SAMPLE_RATE * (1 / talk - 1)) * SAMPLE_RATE)
        hush = random.normal(0, 3e-4, quiet).astype(np.float32)
        parts += [clip.samples, hush]
        length += len(clip.samples) + quiet
    pcm = (np.clip(np.concatenate(parts), -1, 1) * 32767).astype("<i2").tobytes()
    return Track(pcm, tuple(words), tuple(lasts))


def _from_data(folder: Path) -> Iterator[tuple[str, Samples, str]]:
    for item in load_items(folder, ["clean"]):
        if item.text is not None and item.duration_s <= 20:
            yield item.id, item.samples(), item.text


def _from_wheel() -> Iterator[tuple[str, Samples, str]]:
    transcriber = FileTranscriber()
    for name in ("two_cities.wav", "beckett.wav"):
        path = Path(str(files("moonshine_voice"))) / "assets" / name
        samples = np.concatenate(list(read_blocks(path)))
        for segment in transcriber.transcribe(path, words=False).segments:
            start, end = (
                round(at * SAMPLE_RATE) for at in (max(0.0, segment.start - 0.1), segment.end + 0.1)
            )
            yield f"{name}@{segment.start:.1f}", samples[start:end], segment.text


def _aligned(decoder: Decoder, samples: Samples, words: Sequence[str]) -> tuple[TimedWord, ...]:
    """Return the words with their times, nothing when one is not in the dictionary or they do not fit."""
    if not words or any(decoder.lookup_word(word) is None for word in words):
        return ()
    pad = np.zeros(round(_PAD_S * SAMPLE_RATE), np.float32)
    pcm = (np.clip(np.concatenate([pad, samples, pad]), -1, 1) * 32767).astype("<i2").tobytes()
    decoder.set_align_text(" ".join(words))
    decoder.start_utt()
    decoder.process_raw(pcm, full_utt=True)
    decoder.end_utt()
    most = len(samples) / SAMPLE_RATE
    timed = [
        TimedWord(
            re.sub(r"\(\d+\)$", "", part.word),
            max(0.0, part.start_frame / 100 - _PAD_S),
            min(most, (part.end_frame + 1) / 100 - _PAD_S),
        )
        for part in decoder.seg() or ()
        if not part.word.startswith("<")
    ]
    return tuple(timed) if [word.text for word in timed] == list(words) else ()
