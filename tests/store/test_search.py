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
from earful.jobs.encoding import Encoder, encode
from earful.store.conversations import ConversationStore
from earful.store.database import Database
from earful.store.search import SearchHit, SearchQuery, SearchStore
from earful.store.vectors import Unencoded, VectorStore, pack

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
SAID = (
    "The inspector comes on Tuesday morning.",
    "We need two inspections before the move.",
    "Is the café open on Tuesday?",
    "Nobody said anything about <b>prices</b> & fees.",
)


@pytest.fixture
def search(database: Database) -> SearchStore:
    return SearchStore(database, encode)


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


async def test_of_very_many_the_newest_are_ranked_and_the_rest_follows_newest_first(
    search: SearchStore,
    store: ConversationStore,
    application: Application,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("earful.store.search._RANKED", 3)
    texts = ["plan plan", "plan one", "plan two and more", "plan three with very much more", "the plan plan"]
    await talk(store, application, texts)
    whole = await found(search, application, "plan", limit=10)
    assert whole[0] == "the plan plan"  # twice the word is better than once
    assert set(whole[1:3]) == set(texts[2:4])
    assert whole[3:] == [texts[1], texts[0]]
    for size in (1, 2, 3, 4):
        pages = [await found(search, application, "plan", limit=size, offset=at) for at in range(0, 6, size)]
        assert [text for page in pages for text in page] == whole


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
@given(words=st.text(max_size=40))
async def test_no_words_do_worse_than_find_nothing(
    search: SearchStore, application: Application, words: str
) -> None:
    assert await found(search, application, words) == []


# -- by meaning -----------------------------------------------------------------------------------

MEANT = (
    "The landlord raises our rent by ten percent.",
    "Our customers complain that parcels arrive too late.",
    "Let us have lunch at the new noodle place.",
    "The database backup failed last night.",
)
ASKED = (
    ("the apartment gets more expensive", 0),
    ("slow shipping makes people unhappy", 1),
    ("where shall we eat", 2),
    ("the copy of our data could not be made", 3),
)


async def encode_all(database: Database) -> None:
    encoder = Encoder(VectorStore(database))
    while await encoder.step():
        pass
    await encoder.stop()


@pytest.mark.parametrize(("words", "at"), ASKED)
@pytest.mark.parametrize("mode", ["meaning", "hybrid"])
async def test_meaning_finds_what_was_said_in_other_words(
    database: Database,
    search: SearchStore,
    store: ConversationStore,
    application: Application,
    words: str,
    at: int,
    mode: str,
) -> None:
    await talk(store, application, MEANT)
    await encode_all(database)
    assert await found(search, application, words) == []
    assert (await found(search, application, words, mode=mode))[0] == MEANT[at]


async def test_a_hit_by_meaning_is_told_like_any_other_with_its_cosine_as_score(
    database: Database, search: SearchStore, store: ConversationStore, application: Application
) -> None:
    conversation_id = await talk(store, application, ["Our rent is < that of others & fair."])
    await encode_all(database)
    (hit,) = await search.search(application.id, SearchQuery("is the rent of our flat fair", "meaning"))
    assert (hit.conversation_id, hit.conversation_started_at, hit.start) == (conversation_id, START, 0.0)
    assert hit.speaker is not None
    assert hit.speaker.name == "Ines"
    assert hit.snippet == "Our rent is &lt; that of others &amp; fair."
    assert 0.25 <= hit.score <= 1.0


async def test_what_has_nothing_to_do_with_the_question_is_not_found(
    database: Database, search: SearchStore, store: ConversationStore, application: Application
) -> None:
    await talk(store, application, MEANT)
    await encode_all(database)
    assert await found(search, application, "volcanoes of the southern ocean", mode="meaning") == []


async def test_a_hybrid_search_puts_first_what_both_ways_find_and_marks_its_words(
    database: Database, search: SearchStore, store: ConversationStore, application: Application
) -> None:
    await talk(store, application, [*MEANT, "The rent of the car is on the house."])
    await encode_all(database)
    hits = await search.search(application.id, SearchQuery("rent landlord", "hybrid"))
    assert hits[0].text == MEANT[0]
    assert "<mark>rent</mark>" in hits[0].snippet
    assert len({hit.message_id for hit in hits}) == len(hits)
    pages = [
        await search.search(application.id, SearchQuery("rent landlord", "hybrid", limit=1, offset=at))
        for at in range(2)
    ]
    assert [page[0].text for page in pages] == [hit.text for hit in hits[:2]]


async def test_meaning_follows_changes_and_deletions(
    database: Database, search: SearchStore, store: ConversationStore, application: Application
) -> None:
    conversation_id = await talk(store, application, MEANT)
    other = await talk(store, application, ["Our parcels come late."])
    await encode_all(database)
    assert len(await found(search, application, "late deliveries", mode="meaning")) == 2
    second = (await store.messages(application.id, conversation_id))[1]
    changed = Message(second.id, conversation_id, "I like the opera.", 0.0, 1.0)
    await store.add_findings(conversation_id, Findings(messages=(changed,)))
    assert await found(search, application, "late deliveries", mode="meaning") == ["Our parcels come late."]
    await encode_all(database)
    assert await found(search, application, "an evening at the opera", mode="meaning") == [
        "I like the opera."
    ]
    await store.delete(application.id, other)
    assert await found(search, application, "late deliveries", mode="meaning") == []
    await store.delete(application.id, conversation_id)
    vectors = VectorStore(database)
    assert await vectors.newest() == 0
    assert await vectors.waiting(10) == ()


async def test_a_repeated_write_of_the_same_text_makes_no_new_vector(
    database: Database, store: ConversationStore, application: Application
) -> None:
    conversation_id = await talk(store, application, MEANT[:1])
    await encode_all(database)
    vectors = VectorStore(database)
    before = await vectors.newest()
    (message,) = await store.messages(application.id, conversation_id)
    await store.add_findings(conversation_id, Findings(messages=(message,)))
    assert await vectors.waiting(10) == ()
    assert await vectors.newest() == before


async def test_a_vector_of_a_text_that_changed_meanwhile_is_not_kept(
    database: Database, store: ConversationStore, application: Application
) -> None:
    conversation_id = await talk(store, application, MEANT[:1])
    vectors = VectorStore(database)
    (stale,) = await vectors.waiting(10)
    (message,) = await store.messages(application.id, conversation_id)
    changed = Message(message.id, conversation_id, "Something else.", 0.0, 1.0)
    await store.add_findings(conversation_id, Findings(messages=(changed,)))
    await vectors.keep({stale: pack(encode([stale.text]))[0]})
    assert await vectors.newest() == 0
    assert await vectors.waiting(10) == (Unencoded(stale.message_seq, "Something else."),)


async def test_meaning_of_another_application_or_conversation_or_time_is_not_found(
    database: Database,
    search: SearchStore,
    store: ConversationStore,
    application: Application,
    stranger: Application,
) -> None:
    first = await talk(store, application, ["Our parcels come late."])
    await talk(store, application, ["Deliveries take too long."], days=1)
    await talk(store, stranger, ["The post is slow."])
    await encode_all(database)

    async def late(**more: object) -> list[str]:
        return await found(search, application, "late deliveries", mode="meaning", **more)

    assert set(await late()) == {"Our parcels come late.", "Deliveries take too long."}
    assert await late(conversation_id=first) == ["Our parcels come late."]
    assert await late(started_from=START + timedelta(hours=1)) == ["Deliveries take too long."]
    assert await late(started_until=START + timedelta(hours=1)) == ["Our parcels come late."]
    assert await found(search, stranger, "late deliveries", mode="meaning", conversation_id=first) == []


async def test_a_search_store_on_another_node_sees_the_same(
    database: Database, search: SearchStore, store: ConversationStore, application: Application
) -> None:
    """What one node has loaded is compared with what another has changed since."""
    first = await talk(store, application, ["Our parcels come late."])
    await encode_all(database)
    assert len(await found(search, application, "late deliveries", mode="meaning")) == 1
    await ConversationStore(database).delete(application.id, first)
    await talk(store, application, ["Deliveries take too long."])
    await encode_all(database)
    assert await found(search, application, "late deliveries", mode="meaning") == [
        "Deliveries take too long."
    ]
    assert await found(SearchStore(database, encode), application, "late deliveries", mode="meaning") == [
        "Deliveries take too long."
    ]


async def test_what_was_read_ahead_is_searched_and_what_came_since(
    database: Database, search: SearchStore, store: ConversationStore, application: Application
) -> None:
    await talk(store, application, ["Our parcels come late."])
    await encode_all(database)
    await search.warm()
    await talk(store, application, ["Deliveries take too long."])
    await encode_all(database)
    assert set(await found(search, application, "late deliveries", mode="meaning")) == {
        "Our parcels come late.",
        "Deliveries take too long.",
    }


async def test_no_more_vectors_stay_in_memory_than_may(
    database: Database,
    search: SearchStore,
    store: ConversationStore,
    application: Application,
    stranger: Application,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The application that has not searched for the longest has to read its own again."""
    monkeypatch.setattr("earful.store.search._MOST_LOADED", 4)
    await talk(store, application, MEANT)
    await talk(store, stranger, MEANT)
    await encode_all(database)
    for owner in (application, stranger, application):
        assert (await found(search, owner, ASKED[0][0], mode="meaning"))[0] == MEANT[0]
        assert list(search._loaded) == [owner.id]
