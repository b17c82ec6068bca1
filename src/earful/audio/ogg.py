"""A push demuxer for Ogg: bytes in as they arrive, whole packets of one codec out.

Pages are laid out as in RFC 3533. Unlike FFmpeg's demuxer it never waits for more input, which is
what a live stream needs.
"""

__all__ = ["OggDemuxer"]

_CAPTURE = b"OggS"
_HEADER = 27
_CONTINUED, _FIRST = 0x01, 0x02
_MAX_PACKET = 1 << 20


class OggDemuxer:
    """Collects the packets of the logical stream whose first packet begins with `signature`.

    Other streams in the file are passed over. In a chained file the next stream with the signature
    takes over where the last one ended, its header packets included.
    """

    def __init__(self, signature: bytes) -> None:
        self.skipped_bytes = 0
        """Bytes thrown away so far because they belonged to no page."""
        self._signature = signature
        self._buffer = bytearray()
        self._serial: bytes | None = None
        self._packet = bytearray()
        self._headless = False

    @property
    def pending(self) -> int:
        """How many bytes wait for the rest of their page or packet."""
        return len(self._buffer) + len(self._packet)

    def feed(self, data: bytes) -> list[bytes]:
        """Take more bytes; return every packet that is now complete, in order."""
        self._buffer += data
        packets: list[bytes] = []
        while self._seek() and self._read_page(packets):
            pass
        return packets

    def _seek(self) -> bool:
        """Bring the next page to the front of the buffer; False when none has begun."""
        at = self._buffer.find(_CAPTURE)
        drop = at if at >= 0 else max(0, len(self._buffer) - (len(_CAPTURE) - 1))
        self.skipped_bytes += drop
        del self._buffer[:drop]
        return at >= 0

    def _read_page(self, packets: list[bytes]) -> bool:
        buffer = self._buffer
        if len(buffer) < _HEADER or len(buffer) < _HEADER + buffer[26]:
            return False
        start = _HEADER + buffer[26]
        lacing = bytes(buffer[_HEADER:start])
        end = start + sum(lacing)
        if len(buffer) < end:
            return False
        flags, serial, body = buffer[5], bytes(buffer[14:18]), bytes(buffer[start:end])
        del buffer[:end]
        if flags & _FIRST and body.startswith(self._signature):
            self._serial = serial
        if serial == self._serial:
            self._take(flags, lacing, body, packets)
        return True

    def _take(self, flags: int, lacing: bytes, body: bytes, packets: list[bytes]) -> None:
        if not flags & _CONTINUED:
            self._packet.clear()
            self._headless = False
        elif not self._packet:
            self._headless = True  # the page that began this packet was lost
        at = 0
        for size in lacing:
            if not self._headless:
                self._packet += body[at : at + size]
            at += size
            if size < 255:
                if not self._headless:
                    packets.append(bytes(self._packet))
                self._packet.clear()
                self._headless = False
        if len(self._packet) > _MAX_PACKET:
            self._packet.clear()
            self._headless = True
