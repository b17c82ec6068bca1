from __future__ import annotations

import uuid

import pytest


@pytest.fixture
def room() -> str:
    """A connection id that no other test uses."""
    return uuid.uuid4().hex
