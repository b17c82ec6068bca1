"""What is kept of telephone calls, and what is to be told of them, on either database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from earful.accounts.types import Application
from earful.conversation.types import Conversation
from earful.store.calls import CallRecord, CallStore
from earful.store.conversations import ConversationStore
from earful.store.database import Database

START = datetime(2026, 3, 2, 9, tzinfo=UTC)


async def test_a_call_is_kept_from_its_beginning_to_its_end(
    database: Database, application: Application, stranger: Application
) -> None:
    """Its end once only, its notices one at a time and in order; with its conversation all of it goes."""
    conversations, calls = ConversationStore(database), CallStore(database)
    await conversations.create(Conversation("77", application.id, START))
    record = CallRecord(
        *("c1", application.id, "77", "outgoing", "sip:a@b", START, START, "host/1"),
        emails=("rosa@example.net",),
        webhook_url="https://example.com/calls",
    )
    await calls.add(record)
    await calls.add(replace(record, id="c2", webhook_url=None))
    assert await calls.get(application.id, "c1") == record
    assert await calls.get(stranger.id, "c1") is None
    await calls.seen(["c1"])
    seen = await calls.get(application.id, "c1")
    assert seen is not None
    assert seen.seen_at > START + timedelta(hours=1)
    for call_id in ("c1", "c2"):
        await calls.note(call_id, {"status": "answered"}, answered=True)
        for reason in ("busy", "stopped"):
            body = {"status": "ended", "reason": reason}
            end = {"ended_at": START, "reason": reason, "details": f"it is {reason}", "sip_status": 486}
            await calls.end(call_id, body, **end)  # type: ignore[arg-type]
    ended = await calls.get(application.id, "c1")
    assert ended is not None
    assert (ended.answered, ended.reason, ended.sip_status) == (True, "busy", 486)
    assert await calls.going_on() == ()

    (first,) = await calls.due_deliveries(9)
    assert (first.url, first.body, first.application_id) == (
        record.webhook_url,
        {"status": "answered"},
        application.id,
    )
    await calls.postpone(first, datetime.now(UTC) + timedelta(hours=1))
    assert await calls.due_deliveries(9) == (), "the later one waits for the earlier"
    await calls.delivered(first)
    (second,) = await calls.due_deliveries(9)
    assert second.body["reason"] == "busy"

    await conversations.delete(application.id, "77")
    assert await calls.get(application.id, "c1") is None
    assert await calls.due_deliveries(9) == ()
