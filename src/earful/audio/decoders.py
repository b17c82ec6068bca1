"""Live audio, as clients send it, to 16 kHz mono float32, chunk by chunk.

Each decoder takes whatever bytes arrived and returns what they amount to so far; none waits, and what
a chunk cut in two is carried over to the next. Errors are those of `earful.audio.types`; after
`BrokenAudio` a decoder may be fed again and goes on with the next part it understands.
"""

import struct
from typing import Protocol

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.error import FFmpegError
from numpy.typing import NDArray

from earful.audio.flac import FlacSplitter
from earful.audio.frames import planes_of
from earful.audio.ogg import OggDemuxer
from earful.audio.resample import Resampler
from earful.audio.types import (
    BrokenAudio,
    Samples,
    UnsupportedEncoding,
    UnsupportedSampleRate,
    no_samples,
)

__all__ = ["ENCODINGS", "StreamDecoder", "open_stream_decoder"]

ENCODINGS = ("LINEAR16", "MULAW", "ALAW", "FLAC", "OPUS")
"""The encodings a live stream may have; names are compared without regard to case."""

_RATES = {
    "LINEAR16": (8_000, 48_000),
    "MULAW": (8_000, 48_000),
    "ALAW": (8_000, 48_000),
    "FLAC": (16_000, 192_000),
    "OPUS": (8_000, 48_000),
}
_OPUS_RATE = 48_000
_EBML = b"\x1aE\xdf\xa3"


class StreamDecoder(Protocol):
    """Turns one client's bytes into samples. Not thread-safe; never blocks."""

    def feed(self, data: bytes) -> Samples:
        """Take one chunk; return the samples now ready (float32 [n], 16 kHz; n may be 0).

        Raises `BrokenAudio`, which carries the samples that could be had all the same.
        """
        ...

    def flush(self) -> Samples:
        """Return what was still held back: the stream has ended, or its format is about to change.

        Raises `BrokenAudio` when the stream ended in the middle of something.
        """
        ...


def open_stream_decoder(encoding: str, sample_rate_hz: float, channels: int = 1) -> StreamDecoder:
    """Return a decoder for what a client said it would send.

    `encoding` is one of `ENCODINGS`. `sample_rate_hz` is what the client declared: LINEAR16, MULAW and
    ALAW are taken at their word (a WAV header in front of LINEAR16 overrides it), FLAC and OPUS say
    themselves. `channels` (1..8, interleaved) are mixed to mono.

    Raises `UnsupportedEncoding`, `UnsupportedSampleRate`, or `ValueError` for `channels`.
    """
    name = encoding.upper()
    if name not in _RATES:
        raise UnsupportedEncoding(
            f"encoding {encoding[:40]!r} is not supported; use one of {', '.join(ENCODINGS)}"
        )
    low, high = _RATES[name]
    if not low <= sample_rate_hz <= high or sample_rate_hz != int(sample_rate_hz):
        raise UnsupportedSampleRate(
            f"sampleRateHertz {sample_rate_hz:g} is not supported for {name}; use {low} to {high}"
        )
    if not 1 <= channels <= 8:
        raise ValueError(f"channels must be 1 to 8, not {channels}")
    rate = int(sample_rate_hz)
    if name == "LINEAR16":
        return _Linear16(rate, channels)
    if name == "FLAC":
        return _Flac()
    if name == "OPUS":
        return _Opus(channels)
    return _Companded(_MULAW if name == "MULAW" else _ALAW, rate, channels)


def _mixed(samples: NDArray[np.float32], channels: int) -> Samples:
    """Return interleaved `samples` mixed to mono."""
    return samples if channels == 1 else samples.reshape(-1, channels).mean(axis=1, dtype=np.float32)


class _Linear16:
    """Little-endian signed 16-bit, with or without a WAV header in front."""

    def __init__(self, rate_hz: int, channels: int) -> None:
        self._resampler = Resampler(rate_hz)
        self._channels = channels
        self._held = b""
        self._at_front = True

    def feed(self, data: bytes) -> Samples:
        data = self._held + data if self._held else data
        if self._at_front:
            start = self._skip_header(data)
            if start is None:
                self._held = data
                return no_samples()
            data, self._at_front = data[start:], False
        whole = len(data) - len(data) % (2 * self._channels)
        self._held = data[whole:]
        samples = np.frombuffer(data, dtype="<i2", count=whole // 2).astype(np.float32) / np.float32(32768)
        return self._resampler.feed(_mixed(samples, self._channels))

    def flush(self) -> Samples:
        self._held = b""
        return self._resampler.flush()

    def _skip_header(self, data: bytes) -> int | None:
        """Return where the samples begin, None when that is not known yet."""
        if not b"RIFF".startswith(data[:4]) or (len(data) >= 12 and data[8:12] != b"WAVE"):
            return 0
        at = 12
        while len(data) >= at + 8:
            kind, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
            if kind == b"data":
                return at + 8
            if kind == b"fmt " and len(data) >= at + 24:
                self._read_format(data[at + 8 : at + 8 + size])
            at += 8 + size + size % 2
            if at > 1 << 16:
                return 0
        return None

    def _read_format(self, block: bytes) -> None:
        tag, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", block)
        if tag == 0xFFFE and len(block) >= 26:
            tag = int.from_bytes(block[24:26], "little")
        low, high = _RATES["LINEAR16"]
        if tag != 1 or bits != 16 or not 1 <= channels <= 8 or not low <= rate <= high:
            self._at_front, self._held = False, b""
            raise BrokenAudio(
                f"the WAV header says format {tag}, {bits} bits, {channels} channels, {rate} Hz: not LINEAR16"
            )
        self._channels = channels
        self._resampler = Resampler(rate)


class _Companded:
    """G.711: one byte a sample through a table."""

    def __init__(self, table: NDArray[np.float32], rate_hz: int, channels: int) -> None:
        self._table = table
        self._resampler = Resampler(rate_hz)
        self._channels = channels
        self._held = b""

    def feed(self, data: bytes) -> Samples:
        data = self._held + data if self._held else data
        whole = len(data) - len(data) % self._channels
        self._held = data[whole:]
        samples = self._table[np.frombuffer(data, dtype=np.uint8, count=whole)]
        return self._resampler.feed(_mixed(samples, self._channels))

    def flush(self) -> Samples:
        self._held = b""
        return self._resampler.flush()


class _Flac:
    """Native FLAC; rate and channels are those of its own header."""

    def __init__(self) -> None:
        self._splitter = FlacSplitter()
        self._codec: AudioCodecContext | None = None
        self._resampler = Resampler(_OPUS_RATE)
        self._skipped = 0
        self._refused = False

    def feed(self, data: bytes) -> Samples:
        if self._refused:
            return no_samples()
        try:
            frames = self._splitter.feed(data)
        except BrokenAudio:
            self._refused = True  # said once; nothing that follows can be understood
            raise
        samples, broken = self._decode(frames)
        if self._splitter.skipped_bytes > self._skipped:
            self._skipped, broken = self._splitter.skipped_bytes, True
        if broken:
            raise BrokenAudio("part of the FLAC stream is corrupt and was left out", samples)
        return samples

    def flush(self) -> Samples:
        rest = self._splitter.flush()
        samples, broken = self._decode([rest] if rest else [])
        samples = np.concatenate([samples, self._resampler.flush()])
        if broken:
            raise BrokenAudio("the FLAC stream ends in the middle of a frame", samples)
        if self._splitter.info is None and not self._refused and self._splitter.started:
            raise BrokenAudio("the FLAC stream ends before its first frame")
        return samples

    def _decode(self, frames: list[bytes]) -> tuple[Samples, bool]:
        parts: list[Samples] = []
        broken = False
        for frame in frames:
            try:
                parts += [self._resampler.feed(_mono(f)) for f in self._opened().decode(av.Packet(frame))]
            except FFmpegError:
                broken = True
        return (np.concatenate(parts) if parts else no_samples()), broken

    def _opened(self) -> AudioCodecContext:
        if self._codec is None:
            info = self._splitter.info
            assert info is not None
            self._codec = AudioCodecContext.create("flac", "r")
            self._codec.extradata = info.raw
            self._codec.options = {"err_detect": "crccheck+explode"}
            self._codec.thread_count = 1
            self._resampler = Resampler(info.sample_rate_hz)
        return self._codec


class _Opus:
    """Opus in Ogg, or bare: then every chunk is one packet."""

    def __init__(self, channels: int) -> None:
        self._channels = min(channels, 2)
        self._resampler = Resampler(_OPUS_RATE)
        self._codec = self._new_codec()
        self._demuxer: OggDemuxer | None = None
        self._at_front = True
        self._held = b""
        self._skip = 0
        self._skipped_bytes = 0
        self._refused = False

    def feed(self, data: bytes) -> Samples:
        if self._refused:
            return no_samples()
        chunks = [data] if data else []
        if self._at_front and data:
            front = self._held + data
            if len(front) < 4 and (b"OggS".startswith(front) or _EBML.startswith(front)):
                self._held = front
                return no_samples()
            if front.startswith(_EBML):
                self._refused = True
                raise BrokenAudio(
                    "WebM is not supported: send Ogg with Opus in it, or one raw Opus packet in each message"
                )
            if front.startswith(b"OggS"):
                self._demuxer = OggDemuxer(b"OpusHead")
                chunks = [front]
            elif self._held:
                chunks = [self._held, data]
            self._at_front, self._held = False, b""
        packets = chunks if self._demuxer is None else [p for c in chunks for p in self._demuxer.feed(c)]
        parts: list[Samples] = []
        broken = False
        for packet in packets:
            try:
                parts += self._decode(packet)
            except FFmpegError:
                broken = True
        samples = np.concatenate(parts) if parts else no_samples()
        if self._demuxer is not None and self._demuxer.skipped_bytes > self._skipped_bytes:
            self._skipped_bytes, broken = self._demuxer.skipped_bytes, True
        if broken:
            raise BrokenAudio("part of the Opus stream is corrupt and was left out", samples)
        return samples

    def flush(self) -> Samples:
        samples = self._resampler.flush()
        if self._demuxer is not None and self._demuxer.pending:
            self._demuxer = OggDemuxer(b"OpusHead")
            raise BrokenAudio("the Ogg stream ends in the middle of a page", samples)
        return samples

    def _decode(self, packet: bytes) -> list[Samples]:
        if self._demuxer is not None:
            if packet.startswith(b"OpusHead"):
                self._skip = int.from_bytes(packet[10:12], "little")
                self._codec = self._new_codec()
                return []
            if packet.startswith(b"OpusTags"):
                return []
        parts = []
        for frame in self._codec.decode(av.Packet(packet)):
            mono = _mono(frame)
            if self._skip:
                mono, self._skip = mono[self._skip :], max(0, self._skip - mono.size)
            parts.append(self._resampler.feed(mono))
        return parts

    def _new_codec(self) -> AudioCodecContext:
        codec = AudioCodecContext.create("libopus", "r")
        codec.layout = "mono"
        codec.sample_rate = _OPUS_RATE
        return codec


def _mono(frame: av.AudioFrame) -> Samples:
    """Return a decoded frame as mono float32 at its own rate."""
    planes = planes_of(frame)
    mono: Samples = planes[0] if len(planes) == 1 else planes.mean(axis=0, dtype=np.float32)
    return mono


def _mulaw_table() -> NDArray[np.float32]:
    """ITU-T G.711 µ-law, 14 bits, as -1..1."""
    code = ~np.arange(256, dtype=np.int32) & 0xFF
    magnitude = (((code & 0x0F) << 3) + 0x84 << ((code & 0x70) >> 4)) - 0x84
    return (np.where(code & 0x80, -magnitude, magnitude) / 32768).astype(np.float32)


def _alaw_table() -> NDArray[np.float32]:
    """ITU-T G.711 A-law, 13 bits, as -1..1."""
    code = np.arange(256, dtype=np.int32) ^ 0x55
    exponent, mantissa = (code & 0x70) >> 4, (code & 0x0F) << 4
    magnitude = np.where(exponent == 0, mantissa + 8, (mantissa + 0x108) << np.maximum(exponent - 1, 0))
    return (np.where(code & 0x80, magnitude, -magnitude) / 32768).astype(np.float32)


_MULAW, _ALAW = _mulaw_table(), _alaw_table()
