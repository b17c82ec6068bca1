"""Files of any kind: read whole, read by channel, and read as far as they go when broken."""

import io
from pathlib import Path

import av
import numpy as np
import pytest

from earful.audio.files import probe, read_blocks, read_channels
from earful.audio.types import BrokenAudio
from tests.audio.conftest import as_float, encode, likeness

CONTAINERS = [
    ("pcm_s16le", "wav", 16_000, 0.9999),
    ("pcm_s24le", "wav", 48_000, 0.999),
    ("pcm_u8", "wav", 16_000, 0.9),
    ("pcm_f32le", "wav", 22_050, 0.999),
    ("pcm_mulaw", "wav", 8_000, 0.99),
    ("flac", "flac", 44_100, 0.999),
    ("libmp3lame", "mp3", 44_100, 0.95),
    ("aac", "mp4", 48_000, 0.8),
    ("libopus", "ogg", 48_000, 0.99),
    ("libopus", "webm", 48_000, 0.99),
]


def write(folder: Path, data: bytes, name: str = "speech.bin") -> Path:
    """Return the path of a file that holds `data`; its name says nothing of what it is."""
    path = folder / name
    path.write_bytes(data)
    return path


def whole(path: Path) -> np.ndarray:
    """Return all of a file, mixed."""
    return np.concatenate(list(read_blocks(path)))


@pytest.mark.parametrize(("codec", "container", "rate", "closeness"), CONTAINERS)
def test_any_container_and_codec_is_read(tmp_path, speech, codec, container, rate, closeness):
    """The same speech comes out of all of them, at 16 kHz."""
    path = write(tmp_path, encode(speech, codec, container, rate=rate)[0])
    heard = whole(path)
    assert heard.dtype == np.float32
    assert abs(len(heard) - len(speech)) < 2_500
    assert likeness(heard, as_float(speech), most_delay=2_400) > closeness


@pytest.mark.parametrize(("codec", "container", "rate", "closeness"), CONTAINERS)
def test_probe_tells_what_a_file_is(tmp_path, speech, codec, container, rate, closeness):
    """Length, rate and channels are known before anything is decoded."""
    info = probe(write(tmp_path, encode(speech, codec, container, rate=rate)[0]))
    assert info.duration_s == pytest.approx(5.0, abs=0.1)
    assert (info.sample_rate, info.channels, info.has_video) == (rate, 1, False)
    assert container in info.format or container == "mp4"


def video_with(speech: np.ndarray) -> bytes:
    """Return an MP4 with a few pictures and the speech."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as output:
        pictures = output.add_stream("mpeg4", rate=10)
        pictures.width, pictures.height, pictures.pix_fmt = 64, 48, "yuv420p"
        sound = output.add_stream("aac", rate=16_000, layout="mono")
        for _ in range(50):
            for packet in pictures.encode(av.VideoFrame(64, 48, "yuv420p")):
                output.mux(packet)
        frame = av.AudioFrame.from_ndarray(speech[np.newaxis], format="s16", layout="mono")
        frame.sample_rate = 16_000
        for piece in (frame, None):
            for packet in sound.encode(piece):
                output.mux(packet)
        for packet in pictures.encode(None):
            output.mux(packet)
    return buffer.getvalue()


def test_the_sound_of_a_video_is_read(tmp_path, speech):
    """Pictures are passed over, and probe says that there are some."""
    path = write(tmp_path, video_with(speech))
    assert probe(path).has_video
    assert likeness(whole(path), as_float(speech), most_delay=2_400) > 0.9


def test_channels_can_be_had_separately(tmp_path, speech):
    """Each channel of a stereo file comes back as itself; mixed, it is their mean."""
    left, right = speech, speech[::-1].copy()
    path = write(tmp_path, encode(np.stack([left, right]), "flac", "flac", layout="stereo")[0])
    separate = np.concatenate(list(read_channels(path)), axis=1)
    np.testing.assert_array_equal(separate, np.stack([as_float(left), as_float(right)]))
    np.testing.assert_array_equal(
        np.concatenate(list(read_blocks(path, channels="separate")), axis=1), separate
    )
    np.testing.assert_allclose(whole(path), separate.mean(axis=0), atol=1e-6)


def test_blocks_are_as_long_as_asked(tmp_path, speech):
    """All blocks but the last have the same length, and nothing is lost between them."""
    path = write(tmp_path, encode(speech, "flac", "flac")[0])
    blocks = list(read_blocks(path, block_s=0.7))
    assert [len(block) for block in blocks] == [11_200] * 7 + [80_000 - 7 * 11_200]
    np.testing.assert_array_equal(np.concatenate(blocks), as_float(speech))


@pytest.mark.parametrize(
    "codec_and_container", [("flac", "flac"), ("pcm_s16le", "wav"), ("libmp3lame", "mp3")]
)
def test_a_truncated_file_gives_what_is_there(tmp_path, speech, codec_and_container):
    """Half a file is half the speech, not an error."""
    data, _ = encode(speech, *codec_and_container)
    heard = whole(write(tmp_path, data[: len(data) // 2]))
    assert 0.3 * len(speech) < len(heard) < 0.7 * len(speech)
    assert likeness(heard, as_float(speech), most_delay=2_400) > 0.95


def test_damage_in_the_middle_does_not_end_the_file(tmp_path, speech):
    """What comes after a broken part is still read."""
    data = bytearray(encode(speech, "flac", "flac")[0])
    data[len(data) // 2 : len(data) // 2 + 64] = bytes(64)
    heard = whole(write(tmp_path, bytes(data)))
    assert len(heard) > 0.85 * len(speech)
    np.testing.assert_allclose(heard[-8_000:], as_float(speech[-8_000:]), atol=1e-4)


def test_a_gap_in_time_becomes_silence(tmp_path, speech):
    """A recorder that left out a second keeps later speech at its time."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="matroska") as output:
        stream = output.add_stream("pcm_s16le", rate=16_000, layout="mono")
        for number in range(20):
            frame = av.AudioFrame.from_ndarray(
                speech[np.newaxis, number * 1_600 : (number + 1) * 1_600], format="s16", layout="mono"
            )
            frame.sample_rate = 16_000
            frame.pts = number * 1_600 + (16_000 if number >= 10 else 0)
            for packet in stream.encode(frame):
                output.mux(packet)
        for packet in stream.encode(None):
            output.mux(packet)
    heard = whole(write(tmp_path, buffer.getvalue()))
    assert len(heard) == 48_000
    np.testing.assert_array_equal(heard[32_000:], as_float(speech[16_000:32_000]))
    assert not heard[16_000:32_000].any()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"just some words, no sound at all\n" * 40, "no audio|not an audio"),
        (bytes(range(256)) * 64, "no audio|not an audio"),
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", "no audio|not an audio"),
    ],
)
def test_what_is_no_media_file_is_refused_with_the_reason(tmp_path, content, reason):
    """Both probe and read say why, and name the file."""
    path = write(tmp_path, content, "notes.txt")
    for read in (probe, whole):
        with pytest.raises(BrokenAudio, match=f"notes.txt.*({reason})"):
            read(path)


def test_a_sample_rate_of_one_is_refused(tmp_path, speech):
    """A small file cannot be blown up to days of samples by its header."""
    data = bytearray(encode(speech, "pcm_s16le", "wav")[0])
    data[24:28] = (1).to_bytes(4, "little")
    with pytest.raises(BrokenAudio, match="no audio that can be decoded"):
        probe(write(tmp_path, bytes(data)))


def test_a_picture_has_no_audio(tmp_path):
    """A video without sound is refused as such."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as output:
        stream = output.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for piece in (av.VideoFrame(64, 48, "yuv420p"), None):
            for packet in stream.encode(piece):
                output.mux(packet)
    with pytest.raises(BrokenAudio, match="has no audio track"):
        probe(write(tmp_path, buffer.getvalue()))


def test_a_missing_file_and_a_folder_are_what_they_are(tmp_path):
    """The operating system's own errors reach the caller."""
    with pytest.raises(FileNotFoundError):
        probe(tmp_path / "none.wav")
    with pytest.raises(IsADirectoryError):
        probe(tmp_path)


def test_an_address_is_taken_for_a_file_name():
    """Nothing is ever fetched from the network through a file name."""
    with pytest.raises(FileNotFoundError):
        probe("http://127.0.0.1:9/speech.wav")


@pytest.mark.parametrize(
    "text",
    [
        "ffconcat version 1.0\nfile other.wav\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nother.wav\n#EXT-X-ENDLIST\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n",
    ],
)
@pytest.mark.parametrize("name", ["list", "list.m3u8"])
def test_a_file_cannot_name_another_file_or_address_to_be_read(tmp_path, speech, text, name):
    """FFmpeg follows playlists, and listens where a session description says: not here."""
    write(tmp_path, encode(speech, "pcm_s16le", "wav")[0], "other.wav")
    with pytest.raises(BrokenAudio):
        whole(write(tmp_path, text.encode(), name))


def test_a_file_without_end_is_given_up(tmp_path, speech, monkeypatch):
    """Whatever its head says of its length."""
    monkeypatch.setattr("earful.audio.files._LONGEST_S", 3.0)
    with pytest.raises(BrokenAudio, match="holds more than"):
        whole(write(tmp_path, encode(speech, "libmp3lame", "mp3")[0]))
