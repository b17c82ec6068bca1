"""A recording is followed while it is written, through every new file."""

from pathlib import Path

import numpy as np
import pytest

from earful.telephony.tape import Tape


def header(rate: int, channels: int = 1) -> bytes:
    """A WAV header as libsndfile writes it before it knows how long the file will be."""
    return (
        b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0"
        + channels.to_bytes(2, "little")
        + rate.to_bytes(4, "little")
        + (rate * channels * 2).to_bytes(4, "little")
        + (channels * 2).to_bytes(2, "little")
        + b"\x10\0data\0\0\0\0"
    )


def tone(seconds: float, rate: int) -> bytes:
    wave = np.sin(np.arange(int(seconds * rate)) * 2 * np.pi * 300 / rate)
    return (wave * 16_000).astype("<i2").tobytes()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "dump-2026-01-01-10-00-00-enc.wav").mkdir()
    return tmp_path


def test_nothing_is_read_before_there_is_a_file(folder: Path) -> None:
    assert Tape(folder).read().size == 0


def test_what_is_appended_is_read_once(folder: Path) -> None:
    """Also when a write ends in the middle of a header or of a sample."""
    tape, sound = Tape(folder), tone(1.0, 8000)
    heard = 0
    with (folder / "dump-2026-01-01-10-00-00-dec.wav").open("wb", buffering=0) as file:
        for part in (
            header(8000)[:20],
            header(8000)[20:] + sound[:4001],
            sound[4001:9000],
            b"",
            sound[9000:],
        ):
            file.write(part)
            heard += tape.read().size
    assert heard == pytest.approx(16_000, abs=64)
    assert tape.read().size == 0


def test_another_file_goes_on_where_the_first_ends(folder: Path) -> None:
    """A re-INVITE begins one, perhaps at another rate, and the rest of the older comes first."""
    tape = Tape(folder)
    first = folder / "dump-2026-01-01-10-00-00-dec.wav"
    first.write_bytes(header(8000) + tone(0.5, 8000))
    tape.read()
    with first.open("ab") as file:
        file.write(bytes(4000))
    (folder / "dump-2026-01-01-10-00-07-dec.wav").write_bytes(header(48_000, 2) + tone(1.0, 48_000))
    older, newer, nothing = tape.read(), tape.read(), tape.read()
    assert older.size == pytest.approx(4_000, abs=64)
    assert np.abs(older[500:3500]).max() < 0.01
    assert newer.size == pytest.approx(8_000, abs=200)
    assert np.abs(newer).max() > 0.4
    assert nothing.size == 0


def test_a_file_that_begins_anew_under_its_name_is_read_from_its_beginning(folder: Path) -> None:
    tape = Tape(folder)
    path = folder / "dump-2026-01-01-10-00-00-dec.wav"
    path.write_bytes(header(8000) + tone(0.5, 8000))
    tape.read()
    path.write_bytes(header(8000) + tone(0.25, 8000))
    assert tape.read().size == pytest.approx(4_000, abs=64)


def test_what_has_been_read_takes_no_room(folder: Path) -> None:
    tape = Tape(folder)
    path = folder / "dump-2026-01-01-10-00-00-dec.wav"
    path.write_bytes(header(48_000, 2))
    with path.open("ab", buffering=0) as file:
        for _ in range(40):
            file.write(tone(1.0, 96_000))
            tape.read()
    if path.stat().st_blocks * 512 > 6_000_000:
        pytest.skip("this file system does not give room back")
    assert path.stat().st_size > 7_000_000
    tape.close()
