"""A push splitter for native FLAC: bytes in as they arrive, whole frames out (RFC 9639).

FFmpeg's own parser holds ten frames (2.5 s at 16 kHz) before it lets the first one go; this one holds
a frame only until the header of the next is seen.
"""

from dataclasses import dataclass

from earful.audio.types import BrokenAudio

__all__ = ["FlacSplitter", "StreamInfo"]

_MARKER = b"fLaC"
_MAX_HEADER = 16
_RATES = (8_000, 192_000)
_MAX_FRAME = 1 << 21
_MAX_LOST = 3
"""How many frames may be missing between two for the second to be believed."""


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """What the first metadata block says; `raw` is the block as the decoder wants it."""

    raw: bytes
    sample_rate_hz: int
    channels: int
    max_block: int


class FlacSplitter:
    """Finds the frames of one FLAC stream. Raises `BrokenAudio` when there is no FLAC in front."""

    def __init__(self) -> None:
        self.info: StreamInfo | None = None
        self.skipped_bytes = 0
        """Bytes thrown away so far because they belonged to no frame."""
        self.started = False
        """Whether anything was fed at all."""
        self._buffer = bytearray()
        self._in_header = True
        self._marked = False
        self._scan = 0
        self._current: _FrameHeader | None = None

    def feed(self, data: bytes) -> list[bytes]:
        """Take more bytes; return every frame whose end is now known."""
        self._buffer += data
        self.started |= bool(data)
        if self._in_header and not self._read_header():
            return []
        return self._frames()

    def flush(self) -> bytes:
        """Return what is left: the last frame when the stream ended cleanly, else a part of one."""
        rest = bytes(self._buffer)
        self._buffer.clear()
        self._scan = 0
        return b"" if self._in_header else rest

    def _read_header(self) -> bool:
        buffer = self._buffer
        if not self._marked:
            if not _MARKER.startswith(bytes(buffer[: len(_MARKER)])):
                raise BrokenAudio("the stream does not begin with a FLAC header (fLaC)")
            if len(buffer) < len(_MARKER):
                return False
            del buffer[: len(_MARKER)]
            self._marked = True
        while self._in_header:
            if len(buffer) < 4:
                return False
            kind, size = buffer[0] & 0x7F, int.from_bytes(buffer[1:4], "big")
            if self.info is None and (kind != 0 or size != 34):
                raise BrokenAudio("the FLAC header has no stream information")
            if len(buffer) < 4 + size:
                return False
            if self.info is None:
                self.info = _stream_info(bytes(buffer[4 : 4 + size]))
            self._in_header = not buffer[0] & 0x80
            del buffer[: 4 + size]
        return True

    def _frames(self) -> list[bytes]:
        buffer = self._buffer
        frames: list[bytes] = []
        while True:
            at = buffer.find(b"\xff", self._scan)
            if at < 0 or len(buffer) - at < _MAX_HEADER:
                self._scan = len(buffer) if at < 0 else at
                if self._scan > _MAX_FRAME:
                    self._drop_all()
                return frames
            header = _frame_header(buffer, at)
            if header is None or not self._follows(header, at):
                self._scan = at + 1
                continue
            if at and self._current is not None:
                frames.append(bytes(buffer[:at]))
            else:
                self.skipped_bytes += at
            del buffer[:at]
            self._current, self._scan = header, 1

    def _drop_all(self) -> None:
        self.skipped_bytes += len(self._buffer)
        self._buffer.clear()
        self._current, self._scan = None, 0

    def _follows(self, header: "_FrameHeader", at: int) -> bool:
        """Whether this is the next frame, or nearly: audio bytes can look like a header by chance."""
        current, info = self._current, self.info
        if current is None or info is None:
            return True
        if at > info.max_block * info.channels * 5 + 64:
            return True  # no frame is that long: the count was lost, so begin anew
        step = header.number - current.number
        unit = current.block if header.variable else 1
        return unit <= step <= (_MAX_LOST + 1) * (max(unit, info.max_block) if header.variable else 1)


@dataclass(frozen=True, slots=True)
class _FrameHeader:
    """`number` counts frames, or samples when the block size varies; `block` is in samples."""

    number: int
    block: int
    variable: bool


def _stream_info(raw: bytes) -> StreamInfo:
    packed = int.from_bytes(raw[10:18], "big")
    rate, channels = packed >> 44, ((packed >> 41) & 0x7) + 1
    if not _RATES[0] <= rate <= _RATES[1]:
        raise BrokenAudio(f"the FLAC header gives a sample rate of {rate} Hz")
    return StreamInfo(raw, rate, channels, int.from_bytes(raw[2:4], "big"))


def _frame_header(buffer: bytearray, at: int) -> _FrameHeader | None:
    """Read the frame header (RFC 9639 §9.1) that may stand at `at`; its CRC-8 must agree."""
    head = buffer[at : at + _MAX_HEADER]
    if head[0] != 0xFF or head[1] & 0xFE != 0xF8:
        return None
    block_code, rate_code, lead = head[2] >> 4, head[2] & 0x0F, head[4]
    if block_code == 0 or rate_code == 15 or head[3] >> 4 > 10 or head[3] & 1:
        return None
    if 0x80 <= lead < 0xC0 or lead == 0xFF:
        return None
    coded = 1 if lead < 0x80 else 8 - (lead ^ 0xFF).bit_length()
    block_bytes = {6: 1, 7: 2}.get(block_code, 0)
    size = 4 + coded + block_bytes + {12: 1, 13: 2, 14: 2}.get(rate_code, 0)
    crc = 0
    for byte in head[:size]:
        crc = _CRC8[crc ^ byte]
    if crc != head[size]:
        return None
    number = lead if coded == 1 else lead & ((1 << (7 - coded)) - 1)
    for byte in head[5 : 4 + coded]:
        number = number << 6 | byte & 0x3F
    if block_bytes:
        block = int.from_bytes(head[4 + coded : 4 + coded + block_bytes], "big") + 1
    else:
        block = 192 if block_code == 1 else (144 if block_code < 6 else 1) << block_code
    return _FrameHeader(number, block, bool(head[1] & 1))


def _crc8_table() -> bytes:
    table = bytearray()
    for value in range(256):
        for _ in range(8):
            value = (value << 1) ^ (0x07 if value & 0x80 else 0)
        table.append(value & 0xFF)
    return bytes(table)


_CRC8 = _crc8_table()
