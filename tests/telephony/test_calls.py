"""A call from its beginning to its end: what ends it, what is kept of it, what is done for its client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import update

from earful.accounts.service import Accounts
from earful.conversation.ids import new_uuid
from earful.conversation.types import Member
from earful.live.hub import LiveHub
from earful.live.options import SessionOptions
from earful.store import tables
from earful.store.calls import CallStore
from earful.store.conversations import ConversationStore
from earful.store.database import Database
from earful.telephony.baresip import Baresip
from earful.telephony.calls import (
    Action,
    Call,
    CallElsewhere,
    CallPlan,
    Calls,
    CallsLimits,
    TooManyCalls,
)
from earful.telephony.engine import Answered, Audio, Hung, Ringing, Target
from tests.live.fakes import ScriptedInsight, ScriptedSpeech
from tests.support.phone import phone
from tests.telephony.fakes import ScriptedEngine, ScriptedLine

TARGET = Target("phone", "127.0.0.1")
ROSA = Member(new_uuid(), "Rosa", user_id="rosa@example.net", email="rosa@example.net")


class House:
    """Calls over a real store, with scripted speech."""

    def __init__(
        self,
        hub: LiveHub,
        store: ConversationStore,
        records: CallStore,
        speech: ScriptedSpeech,
        owner: str,
    ) -> None:
        self.hub, self.store, self.records, self.speech, self.owner = hub, store, records, speech, owner
        self.engine = ScriptedEngine()
        self.done: list[tuple[str, Action]] = []
        self.calls = self.having(self.engine)

    def having(self, engine: Any, **limits: float) -> Calls:
        async def note(call: Call, action: Action) -> None:
            self.done.append((call.id, action))

        given = {"keys_after_s": 0.0, **limits}
        limited = CallsLimits(per_application=2, **given)
        return Calls(engine, self.hub, self.store, self.records, limited, note)

    async def begin(self, calls: Calls | None = None, **plan: Any) -> Call:
        made = CallPlan(SessionOptions(), "sip:phone@127.0.0.1", **plan)
        return await (calls or self.calls).dial(self.owner, TARGET, made)

    async def line(self) -> ScriptedLine:
        while not self.engine.lines:
            await asyncio.sleep(0)
        return self.engine.lines[-1]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    database = await Database.open(f"sqlite:///{tmp_path / 'earful.db'}")
    application = await Accounts(database).create("tests")
    speech, store = ScriptedSpeech(), ConversationStore(database)
    hub = LiveHub(speech, ScriptedInsight(), store)
    yield House(hub, store, CallStore(database), speech, application.customer_id)
    await hub.close(1)
    await database.close()


async def over(call: Call) -> str:
    await asyncio.wait_for(call.over.wait(), 60)
    assert call.end is not None
    return call.end.reason


async def test_what_is_heard_is_kept_under_the_one_who_spoke(house: House) -> None:
    call = await house.begin(keys="12#", members=(ROSA,))
    line = await house.line()
    stages: list[str] = []
    call.listeners.append(lambda: stages.append(call.status))
    for event in (Ringing(), Ringing(), Answered(), Audio(np.zeros(1600, np.float32))):
        line.queue.put_nowait(event)
    while call.status != "answered" or not line.pressed:
        await asyncio.sleep(0.01)
    rosa = await house.calls.introduce(call, ROSA)
    call.speaking.started(rosa, 0.0)
    house.speech.streams[-1].final("Nobody told me.", start=1.0)
    line.queue.put_nowait(Hung("remote_hangup", None, "the other side hung up"))
    assert await over(call) == "remote_hangup"
    assert (stages, line.pressed, line.hung_up) == (["ringing", "answered", "ended"], "12#", True)
    kept = await house.store.get(house.owner, call.conversation_id)
    assert kept is not None
    assert kept.ended_at is not None
    assert kept.metadata == {
        "connectionId": call.id, "callDirection": "outgoing", "callEnd": "remote_hangup",
        "callTo": "sip:phone@127.0.0.1",
    }  # fmt: skip
    message = (await house.store.messages(house.owner, call.conversation_id))[0]
    assert (message.text, message.member_id) == ("Nobody told me.", rosa.id)
    assert await house.calls.find("another", call.id) is None
    later = await house.having(house.engine).find(house.owner, call.id)
    assert later is not None, "another server, or the same one after a restart, knows it"
    assert (later.status, later.end, later.was_answered) == ("ended", call.end, True)
    assert later.over.is_set()
    assert house.calls.active == 0


async def test_nothing_is_mailed_of_a_call_that_nobody_took(house: House) -> None:
    action = Action("stop", ("rosa@example.net",), "http://earful")
    call = await house.begin(actions=(action,))
    (await house.line()).queue.put_nowait(Hung("busy", 486, "the line is busy"))
    assert await over(call) == "busy"
    await house.calls.act(call, action)
    assert house.done == []


async def test_mail_is_asked_for_as_soon_as_somebody_answers(house: House) -> None:
    """So that it is sent even if this process does not live to see the end."""
    action = Action("stop", ("rosa@example.net",), "http://earful")
    call = await house.begin(actions=(action,))
    (await house.line()).queue.put_nowait(Answered())
    while not house.done:
        await asyncio.sleep(0.01)
    assert house.done == [(call.id, action)]
    call.hang_up("stopped", "")
    await over(call)


async def test_an_engine_that_fails_ends_the_call(house: House) -> None:
    house.engine.broken = True
    call = await house.begin()
    assert await over(call) == "failed"
    assert call.end is not None
    assert call.end.details == "baresip did not start: no memory"
    assert house.hub.conversations == 0


async def test_only_so_many_at_a_time_and_then_again(house: House) -> None:
    first, _ = [await house.begin() for _ in range(2)]
    with pytest.raises(TooManyCalls):
        await house.begin()
    first.hang_up("stopped", "")
    first.hang_up("failed", "too late to count")
    assert await over(first) == "stopped"
    await house.begin()
    await house.calls.close(30)
    assert house.calls.active == 0


async def test_a_refused_stream_is_no_call(house: House) -> None:
    house.speech.limit = 0
    with pytest.raises(Exception, match="capacity"):
        await house.begin()
    assert house.calls.active == 0


@pytest.mark.parametrize(
    ("limits", "plan", "reason"),
    [
        ({"ring_s": 0.2}, {}, "no_answer"),
        ({"longest_s": 0.2}, {}, "time_limit"),
        ({}, {"idle_s": 0.2}, "silence"),
    ],
)
async def test_waiting_has_an_end(
    house: House, limits: dict[str, float], plan: dict[str, float], reason: str
) -> None:
    call = await house.begin(house.having(house.engine, **limits), **plan)
    line = await house.line()
    line.queue.put_nowait(Ringing())
    if reason != "no_answer":
        line.queue.put_nowait(Answered())
    assert await over(call) == reason
    assert line.hung_up


async def test_a_conversation_that_is_ended_takes_its_call_along(house: House) -> None:
    call = await house.begin()
    line = await house.line()
    line.queue.put_nowait(Answered())
    while call.status != "answered":
        await asyncio.sleep(0.01)
    await house.hub.close(5)
    assert await over(call) == "silence"
    assert line.hung_up


async def test_the_longest_call_is_ended_on_the_other_side_too(
    house: House, make_engine: Callable[..., Baresip]
) -> None:
    calls = house.having(make_engine(), longest_s=1.0)
    async with phone() as other:
        target = Target("phone", f"127.0.0.1:{other.port}")
        call = await calls.dial(house.owner, target, CallPlan(SessionOptions(), target.uri))
        assert await over(call) == "time_limit"
        assert (await other.until_event("CALL_CLOSED")).param == "Connection reset by peer"


async def test_a_call_that_was_cut_off_with_its_server_is_over(house: House) -> None:
    """It has a reason, and so has its conversation, which ends with the last sign of life."""
    call = await house.begin(webhook_url="https://example.com/calls")
    (await house.line()).queue.put_nowait(Answered())
    while call.status != "answered":
        await asyncio.sleep(0.01)
    database = house.records._database
    async with database.write() as connection:  # as a killed process leaves it
        await connection.execute(update(tables.calls).values(server="elsewhere/1", seen_at=datetime.now(UTC)))
    revived = house.having(house.engine)
    with pytest.raises(CallElsewhere):
        await revived.find(house.owner, call.id)
    async with database.write() as connection:
        await connection.execute(update(tables.calls).values(seen_at=datetime.now(UTC) - timedelta(days=1)))
    await revived.start()
    found = await revived.find(house.owner, call.id)
    assert found is not None
    assert found.end is not None
    assert (found.end.reason, found.was_answered) == ("interrupted", True)
    kept = await house.store.get(house.owner, call.conversation_id)
    assert kept is not None
    assert kept.ended_at is not None
    assert kept.metadata["callEnd"] == "interrupted"
    told = [(one.url, one.body["status"]) for one in await house.records.due_deliveries(9)]
    assert told == [("https://example.com/calls", "answered")], "one at a time, in order"
    await house.records.delivered((await house.records.due_deliveries(9))[0])
    body = (await house.records.due_deliveries(9))[0].body
    assert (body["connectionId"], body["status"], body["reason"]) == (call.id, "ended", "interrupted")
    await revived.close(1)
    call.hang_up("stopped", "")
    await over(call)
