from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from earful.accounts.service import Accounts
from earful.conversation.ids import new_uuid
from earful.conversation.types import Member
from earful.live.hub import LiveHub
from earful.live.options import SessionOptions
from earful.live.participant import Participant
from earful.store.conversations import ConversationStore
from earful.store.database import Database
from tests.live.fakes import Ear, ManualClock, ScriptedInsight, ScriptedSpeech, ScriptedStream
from tests.support.voices import LoudnessVoices


@dataclass
class House:
    """A hub over a real store, with scripted speech and insight, and a clock that stands still."""

    hub: LiveHub
    store: ConversationStore
    speech: ScriptedSpeech
    insight: ScriptedInsight
    clock: ManualClock
    voices: LoudnessVoices
    application_id: str
    open_database: Callable[[], Awaitable[Database]]

    async def join(
        self,
        user_id: str | None = None,
        *,
        room: str = "room",
        application_id: str | None = None,
        options: SessionOptions | None = None,
    ) -> tuple[Participant, ScriptedStream, Ear]:
        ear = Ear()
        speaker = Member(new_uuid(), name=user_id, user_id=user_id) if user_id else None
        participant = await self.hub.join(
            application_id or self.application_id, room, options or SessionOptions(), speaker, ear
        )
        return participant, self.speech.streams[-1], ear

    async def texts(self, conversation_id: str) -> list[str]:
        messages = await self.store.messages(self.application_id, conversation_id)
        return [message.text for message in messages]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    url = f"sqlite:///{tmp_path / 'earful.db'}"
    database = await Database.open(url)
    application = await Accounts(database).create("tests")
    speech, insight, clock = ScriptedSpeech(), ScriptedInsight(), ManualClock()
    store = ConversationStore(database)
    voices = LoudnessVoices()
    hub = LiveHub(speech, insight, store, clock=clock, voices=voices)
    customer = application.customer_id
    yield House(hub, store, speech, insight, clock, voices, customer, lambda: Database.open(url))
    await hub.close(grace=5)
    await database.close()
