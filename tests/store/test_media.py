"""Recordings as files: whole or not at all, and gone when they are deleted."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from earful.store.media import MediaEmpty, MediaStore, MediaTooLarge


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


@pytest.fixture
def media(tmp_path: Path) -> MediaStore:
    return MediaStore(tmp_path / "media")


def kept(media: MediaStore, tmp_path: Path) -> list[str]:
    root = tmp_path / "media"
    return sorted(file.name for file in root.iterdir()) if root.is_dir() else []


async def test_a_file_is_kept_as_it_came(media: MediaStore, tmp_path: Path) -> None:
    key = await media.save(chunks(b"abc", b"", b"def"), max_bytes=6)
    assert media.path(key).read_bytes() == b"abcdef"
    assert kept(media, tmp_path) == [key]


async def test_the_folder_is_its_owners_alone(media: MediaStore, tmp_path: Path) -> None:
    await media.save(chunks(b"abc"), max_bytes=6)
    assert (tmp_path / "media").stat().st_mode & 0o077 == 0


async def test_a_file_over_the_limit_leaves_nothing(media: MediaStore, tmp_path: Path) -> None:
    with pytest.raises(MediaTooLarge):
        await media.save(chunks(b"abcd", b"efg"), max_bytes=6)
    assert kept(media, tmp_path) == []


@pytest.mark.parametrize("parts", [(), (b"",)])
async def test_an_empty_file_is_refused(media: MediaStore, tmp_path: Path, parts: tuple[bytes, ...]) -> None:
    with pytest.raises(MediaEmpty):
        await media.save(chunks(*parts), max_bytes=6)
    assert kept(media, tmp_path) == []


async def test_an_upload_that_breaks_off_leaves_nothing(media: MediaStore, tmp_path: Path) -> None:
    async def breaks_off() -> AsyncIterator[bytes]:
        yield b"abc"
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await media.save(breaks_off(), max_bytes=6)
    assert kept(media, tmp_path) == []


async def test_deleting_twice_is_deleting_once(media: MediaStore, tmp_path: Path) -> None:
    key = await media.save(chunks(b"abc"), max_bytes=6)
    media.delete(key)
    media.delete(key)
    assert kept(media, tmp_path) == []


async def test_a_sweep_takes_only_what_nobody_wants(media: MediaStore, tmp_path: Path) -> None:
    assert media.sweep(()) == 0
    wanted, stale = [await media.save(chunks(b"abc"), max_bytes=6) for _ in range(2)]
    assert media.sweep({wanted}) == 0, "what was just received may be wanted in a moment"
    assert MediaStore(media.path(wanted).parent).sweep({wanted}) == 1
    assert kept(media, tmp_path) == [wanted]
    assert stale != wanted
