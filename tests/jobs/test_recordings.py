"""Kept recordings: where they lie, what browsers are told they are, and how loud they are."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from earful.jobs.recordings import PEAKS, Recordings
from earful.store.attachments import AttachmentStore
from earful.store.conversations import UnknownConversation
from earful.store.media import MediaStore
from tests.jobs.conftest import Kept


@pytest.fixture
def media(tmp_path: Path) -> MediaStore:
    return MediaStore(tmp_path / "media")


@pytest.fixture
def recordings(kept: Kept, media: MediaStore) -> Recordings:
    return Recordings(AttachmentStore(kept.database), media)


def write(path: Path, format: str, codec: str, samples: np.ndarray[Any, Any], rate: int = 16_000) -> None:
    """Write mono int16 samples as a file of the format."""
    with av.open(str(path), "w", format=format) as out:
        stream = out.add_stream(codec, rate=rate, layout="mono")
        frame = av.AudioFrame.from_ndarray(samples[None, :], format="s16", layout="mono")
        frame.sample_rate, frame.time_base, frame.pts = rate, Fraction(1, rate), 0
        for resampled in av.AudioResampler(stream.codec_context.format, "mono", rate).resample(frame):
            out.mux(stream.encode(resampled))
        out.mux(stream.encode(None))


def tone(*loudness: float) -> np.ndarray[Any, Any]:
    """A second of a tone for each loudness in 0..1."""
    second = np.sin(np.arange(16_000) / 16_000 * 440 * 2 * np.pi)
    return np.concatenate([second * one * 32_000 for one in loudness]).astype("<i2")


@pytest.mark.parametrize(
    ("format", "codec", "told"),
    [
        ("wav", "pcm_s16le", "audio/wav"),
        ("ogg", "libopus", "audio/ogg"),
        ("mp4", "aac", "audio/mp4"),
        ("flac", "flac", "audio/flac"),
        ("aiff", "pcm_s16be", None),
    ],
)
async def test_browsers_are_told_what_a_recording_is_by_what_is_in_it(
    kept: Kept, media: MediaStore, recordings: Recordings, format: str, codec: str, told: str | None
) -> None:
    cid, key = await kept.conversation(), media.reserve()
    rate = 48_000 if codec == "libopus" else 16_000
    write(media.path(key), format, codec, tone(0.5), rate)
    await recordings.keep(kept.application_id, cid, "job", key=key, start=12.5)
    (found,) = await recordings.of(kept.application_id, cid)
    assert (found.id, found.start, found.type, found.path) == ("job", 12.5, told, media.path(key))
    assert found.seconds == pytest.approx(16_000 / rate, abs=0.1)


async def test_how_loud_a_recording_is_is_measured_once(
    kept: Kept, media: MediaStore, recordings: Recordings
) -> None:
    cid, key = await kept.conversation(), media.reserve()
    write(media.path(key), "wav", "pcm_s16le", tone(0.1, 1.0, 0.0, 0.5))
    await recordings.keep(kept.application_id, cid, "job", key=key, start=0.0)
    (found,) = await recordings.of(kept.application_id, cid)
    peaks = await recordings.peaks(kept.application_id, cid, found)
    assert len(peaks) == PEAKS
    assert [round(peaks[at], -1) for at in (75, 225, 375, 525)] == [10, 100, 0, 50]
    media.path(key).write_bytes(b"")
    assert await recordings.peaks(kept.application_id, cid, found) == peaks


@pytest.mark.parametrize("seconds", [0, 1])
async def test_silence_and_next_to_nothing_have_peaks_too(
    kept: Kept, media: MediaStore, recordings: Recordings, seconds: int
) -> None:
    cid, key = await kept.conversation(), media.reserve()
    write(media.path(key), "wav", "pcm_s16le", np.zeros(16_000 * seconds + 40, "<i2"))
    await recordings.keep(kept.application_id, cid, "job", key=key, start=0.0)
    (found,) = await recordings.of(kept.application_id, cid)
    assert set(await recordings.peaks(kept.application_id, cid, found)) == {0}


async def test_a_recording_whose_file_is_gone_and_another_applications_are_not_there(
    kept: Kept, media: MediaStore, recordings: Recordings
) -> None:
    cid, key = await kept.conversation(), media.reserve()
    write(media.path(key), "wav", "pcm_s16le", tone(0.5))
    await recordings.keep(kept.application_id, cid, "job", key=key, start=0.0)
    with pytest.raises(UnknownConversation):
        await recordings.of("another", cid)
    media.delete(key)
    assert await recordings.of(kept.application_id, cid) == []
