"""Fixtures for the tests of the `symbl` package: a clean module state, and a service in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import symbl

CREDENTIALS = {"app_id": "an-app", "app_secret": "a-secret"}


@pytest.fixture(autouse=True)
def _clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No settings of this machine, and none left behind for the next test."""
    home = tmp_path / "home"
    work = tmp_path / "work"
    home.mkdir()
    work.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(work)
    for name in ("SYMBL_BASE_URL", "SYMBL_APP_ID", "SYMBL_APP_SECRET"):
        monkeypatch.delenv(name, raising=False)
    symbl.reset()
    yield
    symbl.reset()


@pytest.fixture
def service() -> symbl.MockTransport:
    """A service in memory that `symbl.Streaming` and the others talk to."""
    transport = symbl.MockTransport()
    symbl.configure(transport=transport, credentials=CREDENTIALS)
    return transport
