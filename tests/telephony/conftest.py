from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from earful.accounts.service import Accounts
from earful.live.hub import LiveHub
from earful.live.options import SessionOptions
from earful.settings import Settings
from earful.store.calls import CallStore
from earful.store.conversations import ConversationStore
from earful.store.database import Database
from earful.telephony.baresip import Baresip, Options
from earful.telephony.calls import Calls, CallsLimits
from earful.telephony.configuration import Media
from earful.telephony.incoming import Incoming
from tests.live.fakes import ScriptedInsight, ScriptedSpeech
from tests.support.phone import require_phone
from tests.telephony.fakes import ScriptedEngine


@pytest.fixture
async def make_engine() -> AsyncIterator[Callable[..., Baresip]]:
    """Engines for calls on this machine only; they are closed at the end."""
    require_phone()
    made: list[Baresip] = []

    def make(encryption: Any = None, stun: str | None = None, **options: object) -> Baresip:
        media = Media(("pcmu", "pcma", "opus"), encryption, (20_000, 29_999), stun)
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


LIMITS = CallsLimits(per_application=1)


@dataclass(frozen=True)
class Door:
    """The door for calls, those that are taken, and what hears them."""

    incoming: Incoming
    calls: Calls
    speech: ScriptedSpeech

    @property
    def ports(self) -> dict[str, int]:
        return self.incoming.ports


Open = Callable[..., AbstractAsyncContextManager[Door]]


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Open]:
    """Doors under the given settings."""
    database = await Database.open(f"sqlite:///{tmp_path / 'earful.db'}")
    accounts = Accounts(database)
    await accounts.create("tests")
    speech = ScriptedSpeech()
    hub = LiveHub(speech, ScriptedInsight(), ConversationStore(database))

    async def no_action(*_: object) -> None:
        pass

    async def prepare(_application_id: str, name: str) -> SessionOptions:
        return SessionOptions(name=name)

    @contextlib.asynccontextmanager
    async def opening(
        engine: Any = None, limits: CallsLimits = LIMITS, **settings: Any
    ) -> AsyncIterator[Door]:
        given = {"sip_listen": "127.0.0.1:0", "sip_sources": ("127.0.0.1",), "sip_application": "tests"}
        engine, store = engine or ScriptedEngine(), ConversationStore(database)
        calls = Calls(engine, hub, store, CallStore(database), limits, no_action)
        made = Incoming(Settings(data_dir=tmp_path, **{**given, **settings}), accounts, calls, prepare)
        try:
            await made.start()
            yield Door(made, calls, speech)
        finally:
            await made.stop()
            await calls.close(10)
            await made.close()

    yield opening
    await hub.close(1)
    await database.close()
