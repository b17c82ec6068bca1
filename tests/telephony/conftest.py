from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from earful.telephony.baresip import Baresip, Options
from earful.telephony.configuration import Media
from tests.support.phone import require_phone


@pytest.fixture
async def make_engine() -> AsyncIterator[Callable[..., Baresip]]:
    """Engines for calls on this machine only; they are closed at the end."""
    require_phone()
    made: list[Baresip] = []

    def make(encryption: str | None = None, **options: object) -> Baresip:
        media = Media(("pcmu", "pcma", "opus"), encryption, (20_000, 29_999))
        engine = Baresip(
            Options("baresip", media, caller="earful", address="127.0.0.1", **options)  # type: ignore[arg-type]
        )
        made.append(engine)
        return engine

    yield make
    for engine in made:
        await engine.close()


@pytest.fixture
def engine(make_engine: Callable[..., Baresip]) -> Baresip:
    """An engine with the usual options."""
    return make_engine()
