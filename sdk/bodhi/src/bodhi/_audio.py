"""WAV files, from this machine or from the web, as the PCM that a session sends."""

from __future__ import annotations

import io
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from bodhi._errors import (
    AudioDownloadError,
    BodhiErrors,
    EmptyAudioError,
    FileNotFoundError,
    InvalidAudioFormatError,
    InvalidURLError,
    make_error,
)

__all__ = ["CHUNK_SECONDS", "Recording", "download", "read_wav"]

CHUNK_SECONDS = 0.02
"""Length of the pieces in which a file is sent."""


@dataclass(frozen=True, slots=True)
class Recording:
    """16-bit little-endian PCM, `channels` interleaved; `sample_rate` in Hz."""

    pcm: bytes
    sample_rate: int
    channels: int

    def chunks(self) -> Iterator[bytes]:
        """The audio in pieces of `CHUNK_SECONDS`."""
        size = max(1, int(self.sample_rate * CHUNK_SECONDS)) * 2 * self.channels
        for start in range(0, len(self.pcm), size):
            yield self.pcm[start : start + size]


def read_wav(source: str | Path | bytes) -> Recording:
    """Read a WAV file, by its path or from its bytes.

    Raises:
        FileNotFoundError: there is no such file.
        InvalidAudioFormatError: it is not a WAV of 16-bit PCM.
        EmptyAudioError: it has no samples.
    """
    if isinstance(source, bytes):
        content = source
    else:
        try:
            content = Path(source).read_bytes()
        except OSError as error:
            reason = error.strerror or str(error)
            raise make_error(
                FileNotFoundError, f"cannot read audio file {source}: {reason}", BodhiErrors.BadRequest
            ) from error
    try:
        with wave.open(io.BytesIO(content), "rb") as file:
            width = file.getsampwidth()
            recording = Recording(
                file.readframes(file.getnframes()), file.getframerate(), file.getnchannels()
            )
    except (wave.Error, EOFError, ValueError) as error:
        raise make_error(
            InvalidAudioFormatError,
            f"not a WAV file of PCM ({error}); convert it with: ffmpeg -i IN -ac 1 -c:a pcm_s16le OUT.wav",
            BodhiErrors.BadRequest,
        ) from error
    if width != 2:
        raise make_error(
            InvalidAudioFormatError,
            f"the samples have {8 * width} bits instead of 16",
            BodhiErrors.BadRequest,
        )
    if not recording.pcm:
        raise make_error(EmptyAudioError, "the audio file has no samples", BodhiErrors.BadRequest)
    return recording


async def download(url: str, *, timeout_s: float, transport: httpx.AsyncBaseTransport | None = None) -> bytes:
    """Fetch an audio file; `timeout_s` in seconds.

    Raises:
        InvalidURLError: it is not an http(s) address.
        AudioDownloadError: it could not be fetched, or is empty.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise make_error(InvalidURLError, f"not an http(s) address: {url}", BodhiErrors.BadRequest)
    try:
        async with httpx.AsyncClient(timeout=timeout_s, follow_redirects=True, transport=transport) as client:
            response = await client.get(url)
            response.raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise make_error(
            AudioDownloadError,
            f"cannot download {url}: {error or type(error).__name__}",
            BodhiErrors.BadRequest,
        ) from error
    if not response.content:
        raise make_error(AudioDownloadError, f"nothing to download at {url}", BodhiErrors.BadRequest)
    return response.content
