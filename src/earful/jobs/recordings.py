"""Recordings that are kept: where in their conversation they lie, what plays them, how loud they are."""

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from earful.audio.files import MediaInfo, probe, read_blocks
from earful.audio.types import AudioError
from earful.store.attachments import Attachment, AttachmentStore
from earful.store.media import MediaStore

__all__ = ["PEAKS", "Recording", "Recordings"]

PEAKS = 600
"""How many values the loudness of a recording is drawn with."""

_BLOCK_S = 10.0
# What browsers play, by FFmpeg's name of the container and the codecs in it that they know.
_TYPES: dict[str, tuple[str, tuple[str, ...]]] = {
    "mp3": ("audio/mpeg", ("mp3", "mp3float")),
    "ogg": ("audio/ogg", ("opus", "libopus", "vorbis", "libvorbis", "flac")),
    "wav": (
        "audio/wav",
        ("pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le", "pcm_mulaw", "pcm_alaw"),
    ),
    "flac": ("audio/flac", ("flac",)),
    "aac": ("audio/aac", ("aac",)),
    "mov,mp4,m4a,3gp,3g2,mj2": ("audio/mp4", ("aac", "mp3", "mp3float", "opus", "libopus", "flac", "alac")),
    "matroska,webm": ("audio/webm", ("opus", "libopus", "vorbis", "libvorbis")),
}


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording of a conversation, `start` and `seconds` in it. `type` None: browsers cannot play it."""

    id: str
    start: float
    seconds: float
    type: str | None
    path: Path


class Recordings:
    """The kept recordings of stored conversations. Methods raise `UnknownConversation`."""

    def __init__(self, attachments: AttachmentStore, media: MediaStore) -> None:
        self._attachments = attachments
        self._media = media
        self._measuring = asyncio.Lock()

    async def keep(
        self, application_id: str, conversation_id: str, id: str, *, key: str, start: float
    ) -> None:
        """Note that the file of a key is a recording of the conversation that begins at `start` seconds."""
        info = await asyncio.to_thread(probe, self._media.path(key))
        body = {"key": key, "start": start, "seconds": info.duration_s, "type": _type(info)}
        await self._attachments.put(application_id, conversation_id, "recording", [Attachment(id, body)])

    async def of(self, application_id: str, conversation_id: str) -> Sequence[Recording]:
        """Return the recordings that are still there, in the order of their places."""
        kept = await self._attachments.list(application_id, conversation_id, "recording")
        found = [
            Recording(
                one.id,
                one.body["start"],
                one.body["seconds"] or 0.0,
                one.body["type"],
                self._media.path(one.body["key"]),
            )
            for one in kept
        ]
        there = await asyncio.to_thread(lambda: [one.path.is_file() for one in found])
        return sorted(
            (one for one, is_there in zip(found, there, strict=True) if is_there), key=lambda one: one.start
        )

    async def peaks(self, application_id: str, conversation_id: str, recording: Recording) -> list[int]:
        """Return how loud a recording is over its length, `PEAKS` values from 0 to 100.

        Measured in a thread, one recording at a time, and kept.
        """
        owner = (application_id, conversation_id)
        async with self._measuring:
            for kept in await self._attachments.list(*owner, "peaks"):
                if kept.id == recording.id:
                    return list(kept.body["values"])
            values = await asyncio.to_thread(_peaks, recording.path)
            await self._attachments.put(*owner, "peaks", [Attachment(recording.id, {"values": values})])
            return values


def _type(info: MediaInfo) -> str | None:
    found = _TYPES.get(info.format)
    if found is None or info.codec not in found[1]:
        return None
    return found[0].replace("audio/", "video/") if info.has_video and "m" in info.format else found[0]


def _peaks(path: Path) -> list[int]:
    """Return the peaks of a file, relative to its loudest tenth of a second; silence is all zeros."""
    loudest: list[np.ndarray] = []
    try:
        for block in read_blocks(path, block_s=_BLOCK_S):
            # A tenth of a second at a time: hours of audio are never in memory at once.
            whole = np.abs(np.pad(block, (0, -len(block) % 1600)))
            loudest.append(whole.reshape(-1, 1600).max(axis=1))
    except AudioError:
        return []
    if not loudest:
        return []
    tenths = np.concatenate(loudest)
    edges = np.linspace(0, len(tenths), PEAKS + 1).astype(int)
    peaks = np.array(
        [tenths[a : max(b, a + 1)].max() for a, b in itertools.pairwise(edges) if a < len(tenths)]
    )
    top = float(peaks.max()) or 1.0
    return [round(float(value) / top * 100) for value in peaks]
