"""A store with one conversation to write about, and a mail room that hands in at a real SMTP server."""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from earful.accounts.shares import Shares
from earful.accounts.types import Application
from earful.conversation.ids import new_numeric_id
from earful.conversation.types import Conversation, Insight, Member, Message, Topic
from earful.insight.types import Findings
from earful.jobs.digests import Digests
from earful.mail import SummaryMail
from earful.settings import Settings
from earful.store.attachments import AttachmentStore
from earful.store.conversations import ConversationStore
from earful.store.database import Database
from earful.store.jobs import JobStore
from earful.store.mails import MailStore
from tests.support.mail import MailSink

START = datetime(2026, 3, 2, 13, 5, tzinfo=UTC)
MAYA, IVO = Member("m1", "Maya", "maya@example.com"), Member("m2", "Ivo Škoda", "ivo@example.com")


@dataclass
class Room:
    """The stores of one test, and mail rooms over them."""

    database: Database
    application: Application
    conversations: ConversationStore
    mails: MailStore
    shares: Shares
    digests: Digests
    started: list[SummaryMail]

    def mail(self, sink: MailSink | None, **settings: Any) -> SummaryMail:
        """A mail room that has been started, and is stopped after the test."""
        options: dict[str, Any] = {"smtp_security": "none"}
        if sink is not None:
            options |= {"smtp_host": "127.0.0.1", "smtp_port": sink.port}
            options |= {"smtp_from": "Earful <earful@example.com>"}
        times = {"poll_s": 0.02, "delays_s": (0.05,), "hold": timedelta(minutes=5)}
        times |= {name: settings.pop(name) for name in list(settings) if name in (*times, "lease")}
        made = SummaryMail(
            Settings(**options | settings), self.mails, self.conversations, self.digests, self.shares, **times
        )
        made.start()
        self.started.append(made)
        return made

    async def conversation(self, *, ended: bool = True, **fields: Any) -> Conversation:
        """A conversation in which something was said, promised and asked."""
        made = Conversation(
            new_numeric_id(),
            self.application.id,
            START,
            name=fields.pop("name", "Weekly supplier call"),
            timezone_offset_min=60,
            members=(MAYA, IVO),
        )
        await self.conversations.create(replace(made, **fields))
        await self.conversations.add_findings(made.id, findings(made.id))
        if ended:
            await self.conversations.finish(made.id, START + timedelta(seconds=95))
        return made


def findings(cid: str) -> Findings:
    said = [
        ("1", "m1", "When will the pallets from <Lisbon> arrive?", 0.5, 3.0),
        ("2", "m2", "I will send you the freight papers & the invoice by Friday.", 3.5, 8.0),
        ("3", "m2", "Let us meet again on Monday to look at the pallets.", 8.5, 12.0),
    ]
    messages = tuple(Message(id_, cid, text, start, end, who) for id_, who, text, start, end in said)
    due = datetime(2026, 3, 6, 12, tzinfo=UTC)
    return Findings(
        messages=messages,
        insights=(
            Insight("q", "question", said[0][2], 0.9, ("1",), "m1"),
            Insight(
                "a",
                "action_item",
                "Ivo will send Maya the freight papers & the invoice by Friday.",
                0.9,
                ("2",),
                "m2",
                "m2",
                due_by=due,
            ),
            Insight("f", "follow_up", said[2][2], 0.9, ("3",), "m2"),
        ),
        topics=(Topic("t", "freight papers", 0.9, ("2",)), Topic("u", "pallets", 0.8, ("1", "3"))),
    )


@pytest.fixture
async def room(database: Database, application: Application) -> AsyncIterator[Room]:
    conversations = ConversationStore(database)
    jobs = JobStore(database, conversations)
    made = Room(
        database,
        application,
        conversations,
        MailStore(database),
        Shares(database),
        Digests(conversations, AttachmentStore(database), jobs),
        [],
    )
    yield made
    for mail in made.started:
        await mail.stop()


@pytest.fixture
def sink() -> Iterator[MailSink]:
    made = MailSink().start()
    yield made
    made.stop()


@pytest.fixture
def make_sink() -> Iterator[Callable[..., MailSink]]:
    made: list[MailSink] = []

    def make(**options: Any) -> MailSink:
        made.append(MailSink(**options).start())
        return made[-1]

    yield make
    for one in made:
        one.stop()
