"""Any audio or video file that FFmpeg reads to 16 kHz mono float32, in constant memory.

Broken parts are passed over and a truncated file gives what is there; a gap in the time stamps becomes
silence, so that times in the result are times in the file. Raises `BrokenAudio` when there is no audio.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import av
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from numpy.typing import NDArray

from earful.audio.frames import planes_of
from earful.audio.resample import Resampler
from earful.audio.types import SAMPLE_RATE, BrokenAudio, Samples

__all__ = ["MediaInfo", "probe", "read_blocks", "read_channels"]

_GAP_S = 0.25
_MAX_GAPS_S = 6 * 3600.0
"""How much silence a file's time stamps may add; more is a mistake in the file."""

# A playlist or session description would have FFmpeg open the files and addresses that it names.
_ALONE = {"protocol_whitelist": "none"}
_LONGEST_S = 48 * 3600.0
"""What is read of a file at most: its head may say less than there is."""

_RATES = (2_000, 768_000)
_MAX_BROKEN_IN_A_ROW = 2_000


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """What a file holds. `duration_s` is None when only decoding all of it would tell."""

    duration_s: float | None
    channels: int
    sample_rate: int
    format: str
    codec: str
    has_video: bool


def probe(path: Path | str) -> MediaInfo:
    """Return what the file says about itself; reads its head (and its packet times when it has no length).

    Raises `FileNotFoundError`, `PermissionError`, `IsADirectoryError`, or `BrokenAudio` with the reason.
    """
    with _opened(path) as container:
        stream = _audio(container, path)
        context = stream.codec_context
        return MediaInfo(
            duration_s=_duration(container, stream),
            channels=context.channels,
            sample_rate=context.sample_rate,
            format=container.format.name,
            codec=context.name,
            has_video=any(s.type == "video" and not _is_cover(s) for s in container.streams),
        )


def read_blocks(
    path: Path | str,
    *,
    channels: Literal["mix", "separate"] = "mix",
    block_s: float = 30.0,
) -> Iterator[Samples]:
    """Yield the audio in blocks of `block_s` seconds, the last one shorter.

    "mix" yields float32 [n], all channels mixed to mono. "separate" yields float32 [channels, n].
    Raises as `probe` does, before the first block.
    """
    planes = read_channels(path, block_s=block_s, mix=channels == "mix")
    return (block[0] for block in planes) if channels == "mix" else planes


def read_channels(
    path: Path | str, *, block_s: float = 30.0, mix: bool = False
) -> Iterator[NDArray[np.float32]]:
    """Yield float32 [channels, n] at 16 kHz in blocks of `block_s` seconds ([1, n] when `mix`)."""
    size = max(1, round(block_s * SAMPLE_RATE))
    held: list[NDArray[np.float32]] = []
    count = 0
    for piece in _pieces(path, mix):
        held.append(piece)
        count += piece.shape[1]
        if count < size:
            continue
        joined = np.concatenate(held, axis=1)
        whole = count - count % size
        yield from np.split(joined[:, :whole], whole // size, axis=1)
        held, count = [joined[:, whole:]], count - whole
    if count:
        yield np.concatenate(held, axis=1)


def _pieces(path: Path | str, mix: bool) -> Iterator[NDArray[np.float32]]:
    """Yield [channels, n] at 16 kHz as frames are decoded; the number of channels never changes."""
    with _opened(path) as container:
        stream = _audio(container, path)
        lanes = 1 if mix else max(1, stream.codec_context.channels)
        rate, heard = 0, 0.0
        resamplers: list[Resampler] = []
        origin = (container.start_time or 0) / 1_000_000
        any_sound = False
        silence_left = _MAX_GAPS_S
        for frame in _frames(container, stream):
            if frame.sample_rate != rate:
                if resamplers:
                    yield np.stack([r.flush() for r in resamplers])
                rate = frame.sample_rate
                resamplers = [Resampler(rate) for _ in range(lanes)]
            planes = planes_of(frame)
            gap = 0.0 if frame.time is None else frame.time - origin - heard
            if _GAP_S < gap < silence_left:
                silence_left -= gap
                for _ in range(int(gap * 4)):
                    yield _resampled(resamplers, np.zeros((lanes, rate // 4), np.float32))
                heard += int(gap * 4) / 4
            heard += planes.shape[1] / rate
            if heard > _LONGEST_S:
                raise BrokenAudio(f"{_name(path)} holds more than {_LONGEST_S / 3600:g} hours of audio")
            any_sound = True
            yield _resampled(resamplers, _in_lanes(planes, lanes))
        if not any_sound:
            raise BrokenAudio(f"{_name(path)} holds no audio that can be decoded")
        yield np.stack([r.flush() for r in resamplers])


def _resampled(resamplers: list[Resampler], planes: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.stack([r.feed(plane) for r, plane in zip(resamplers, planes, strict=True)])


def _frames(container: InputContainer, stream: av.AudioStream) -> Iterator[av.AudioFrame]:
    """Yield every frame that can be decoded, however the file ends."""
    broken = 0
    packets = container.demux(stream)
    while broken < _MAX_BROKEN_IN_A_ROW:
        try:
            packet = next(packets, None)
            if packet is None:
                return
            frames = packet.decode()
        except EOFError:
            return
        except FFmpegError:
            broken += 1
            continue
        broken = 0
        for frame in frames:
            if isinstance(frame, av.AudioFrame) and frame.samples and _sane(frame.sample_rate):
                yield frame


def _in_lanes(planes: NDArray[np.float32], lanes: int) -> NDArray[np.float32]:
    """Return `planes` with `lanes` channels: mixed to one, cut, or filled up with silence."""
    have = len(planes)
    if have == lanes:
        return planes
    if lanes == 1:
        mono: NDArray[np.float32] = planes.mean(axis=0, keepdims=True, dtype=np.float32)
        return mono
    if have > lanes:
        return planes[:lanes]
    return np.concatenate([planes, np.zeros((lanes - have, planes.shape[1]), np.float32)])


@contextmanager
def _opened(path: Path | str) -> Iterator[InputContainer]:
    """Open a local file; a name that looks like an address is still a file name."""
    path = Path(path)
    with path.open("rb") as file:
        if not file.read(1):
            raise BrokenAudio(f"{path.name} is empty")
        file.seek(0)
        try:
            container = av.open(file, "r", options=_ALONE, metadata_errors="replace")
        except (FFmpegError, ValueError) as error:
            raise BrokenAudio(f"{path.name} is not an audio or video file that can be read") from error
        with container:
            yield container


def _audio(container: InputContainer, path: Path | str) -> av.AudioStream:
    stream = container.streams.best("audio")
    if not isinstance(stream, av.AudioStream):
        raise BrokenAudio(f"{_name(path)} has no audio track")
    if not _sane(stream.codec_context.sample_rate) or not stream.codec_context.channels:
        raise BrokenAudio(f"{_name(path)} holds no audio that can be decoded")
    return stream


def _sane(rate_hz: int | None) -> bool:
    """Whether a sample rate can be meant: a tiny one would blow a small file up to days of samples."""
    return rate_hz is not None and _RATES[0] <= rate_hz <= _RATES[1]


def _duration(container: InputContainer, stream: av.AudioStream) -> float | None:
    if container.duration and container.duration > 0:
        return container.duration / 1_000_000
    last = 0.0
    try:
        for packet in container.demux(stream):
            if packet.pts is not None and packet.time_base is not None:
                last = max(last, float((packet.pts + (packet.duration or 0)) * packet.time_base))
    except FFmpegError:
        pass
    return last or None


def _is_cover(stream: av.stream.Stream) -> bool:
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def _name(path: Path | str) -> str:
    return Path(path).name
