"""Search over stored messages, in SQLite and PostgreSQL alike."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from earful.accounts.types import Application
from earful.conversation.ids import new_numeric_id, new_uuid
from earful.conversation.types import Conversation, Member, Message
from earful.insight.types import Findings
from earful.store.conversations import ConversationStore
from earful.store.database import Database
from earful.store.search import SearchHit, SearchQuery, SearchStore

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
SAID = (
    "The inspector comes on Tuesday morning.",
    "We need two inspections before the move.",
    "Is the café open on Tuesday?",
    "Nobody said anything about <b>prices</b> & fees.",
)


@pytest.fixture
def search(database: Database) -> SearchStore:
    return SearchStore(database)


@pytest.fixture
def store(database: Database) -> ConversationStore:
    return ConversationStore(database)


async def talk(
    store: ConversationStore, application: Application, texts: Sequence[str] = SAID, days: int = 0
) -> str:
    ines = Member(new_uuid(), "Ines", "ines@example.com", "ines@example.com")
    made = Conversation(
        new_numeric_id(), application.id, START + timedelta(days=days), name="Moving", members=(ines,)
    )
    await store.create(made)
    messages = tuple(
        Message(new_numeric_id(), made.id, text, float(at), at + 1.0, ines.id)
        for at, text in enumerate(texts)
    )
    await store.add_findings(made.id, Findings(messages=messages))
    return made.id


async def found(search: SearchStore, application: Application, words: str, **more: object) -> list[str]:
    hits = await search.search(application.id, SearchQuery(words, **more))  # type: ignore[arg-type]
    return [hit.text for hit in hits]


@pytest.mark.parametrize(
    ("words", "at"),
    [
        ("tuesday", {0, 2}),
        ("TUESDAY inspector", {0}),
        ("inspections", {1}),
        ("inspection", {1}),
        ("moving", {1}),
        ('"tuesday morning"', {0}),
        ('"morning tuesday"', set()),
        ("tuesday -inspector", {2}),
        ('tuesday -"tuesday morning"', {2}),
        ("insp*", {0, 1}),
        ("café", {2}),
        ("missing", set()),
        ("tuesday missing", set()),
        ("", set()),
        ("-tuesday", set()),
        ('"', set()),
        ("?!", set()),
        ("tuesday!", {0, 2}),
    ],
)
async def test_words_find_the_messages_that_hold_them(
    search: SearchStore, store: ConversationStore, application: Application, words: str, at: set[int]
) -> None:
    await talk(store, application)
    assert set(await found(search, application, words)) == {SAID[index] for index in at}


async def test_a_hit_says_where_when_and_who(
    search: SearchStore, store: ConversationStore, application: Application
) -> None:
    conversation_id = await talk(store, application)
    (hit,) = await search.search(application.id, SearchQuery("prices"))
    assert isinstance(hit, SearchHit)
    assert (hit.conversation_id, hit.conversation_name) == (conversation_id, "Moving")
    assert hit.conversation_started_at == START
    assert (hit.start, hit.end) == (3.0, 4.0)
    assert hit.speaker is not None
    assert hit.speaker.name == "Ines"
    assert hit.snippet == "Nobody said anything about &lt;b&gt;<mark>prices</mark>&lt;/b&gt; &amp; fees."


async def test_another_application_finds_nothing(
    search: SearchStore, store: ConversationStore, application: Application, stranger: Application
) -> None:
    await talk(store, application)
    assert await found(search, stranger, "tuesday") == []


async def test_what_was_changed_or_deleted_is_found_as_it_is_now(
    search: SearchStore, store: ConversationStore, application: Application
) -> None:
    conversation_id = await talk(store, application)
    first = (await store.messages(application.id, conversation_id))[0]
    changed = Message(first.id, conversation_id, "It rains on Wednesday.", 0.0, 1.0)
    await store.add_findings(conversation_id, Findings(messages=(changed,)))
    assert await found(search, application, "inspector") == []
    assert await found(search, application, "wednesday") == ["It rains on Wednesday."]
    await store.delete(application.id, conversation_id)
    assert await found(search, application, "wednesday") == []
    assert await found(search, application, "tuesday") == []


async def test_a_search_is_narrowed_to_a_conversation_or_a_time_and_paged(
    search: SearchStore, store: ConversationStore, application: Application
) -> None:
    first = await talk(store, application, ["the plan one"])
    await talk(store, application, ["the plan two"], days=1)
    assert len(await found(search, application, "plan")) == 2
    assert await found(search, application, "plan", conversation_id=first) == ["the plan one"]
    later = START + timedelta(hours=1)
    assert await found(search, application, "plan", started_from=later) == ["the plan two"]
    assert await found(search, application, "plan", started_until=later) == ["the plan one"]
    pages = [await found(search, application, "plan", limit=1, offset=at) for at in range(3)]
    assert sorted(len(page) for page in pages) == [0, 1, 1]
    assert pages[0] != pages[1]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
@given(words=st.text(max_size=40))
async def test_no_words_do_worse_than_find_nothing(
    search: SearchStore, application: Application, words: str
) -> None:
    assert await found(search, application, words) == []
