"""What the conversation store promises, on SQLite and on PostgreSQL alike."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import NoReturn

import pytest
from sqlalchemy import text
from sqlalchemy.exc import StatementError

from earful.accounts.service import Accounts
from earful.accounts.types import Application
from earful.conversation.types import Entity, EntityMatch, Insight, Member, Message, MessageRef, TrackerMatch
from earful.insight.types import Findings
from earful.jobs.encoding import encode
from earful.store.attachments import Attachment, AttachmentStore
from earful.store.conversations import (
    ConversationQuery,
    ConversationStore,
    UnknownConversation,
    UnknownMember,
    UnknownMessage,
)
from earful.store.database import Database
from earful.store.search import SearchQuery, SearchStore
from earful.store.vectors import VectorStore
from tests.store.samples import (
    ACTION_ITEM,
    ASKED,
    CID,
    DELIVERY,
    EVERYTHING,
    FOLLOW_UP,
    FRIDAY,
    INES,
    LATE,
    PROMISED,
    QUESTION,
    QUOTE,
    START,
    TOMASZ,
    UNNAMED,
    conversation,
)

LATE_DRAFT = replace(ASKED, id="m-draft", text="The warehouse is full.", start=20.0, end=22.0, entities=())


@pytest.fixture
async def store(database: Database, application: Application) -> ConversationStore:
    store = ConversationStore(database)
    await store.create(conversation(application.id))
    return store


async def test_a_conversation_comes_back_as_it_was_created(
    store: ConversationStore, application: Application
) -> None:
    assert await store.get(application.id, CID) == conversation(application.id)


async def test_everything_found_comes_back_as_it_was_found(
    store: ConversationStore, application: Application
) -> None:
    await store.add_findings(CID, EVERYTHING)
    mine = application.id
    assert await store.messages(mine, CID) == (ASKED, PROMISED, UNNAMED)
    assert await store.insights(mine, CID) == (QUESTION, ACTION_ITEM, FOLLOW_UP)
    assert await store.topics(mine, CID) == (QUOTE, DELIVERY)
    assert await store.members(mine, CID) == (INES, TOMASZ)
    assert await store.trackers(mine, CID) == (LATE,)
    assert await store.entities(mine, CID) == (FRIDAY,)


async def test_insights_can_be_read_by_kind(store: ConversationStore, application: Application) -> None:
    await store.add_findings(CID, EVERYTHING)
    assert await store.insights(application.id, CID, "question") == (QUESTION,)
    assert await store.insights(application.id, CID, "action_item") == (ACTION_ITEM,)
    assert await store.insights(application.id, CID, "follow_up") == (FOLLOW_UP,)


async def test_messages_are_ordered_by_time_however_they_came(
    store: ConversationStore, application: Application
) -> None:
    await store.add_findings(CID, Findings(messages=(UNNAMED,)))
    await store.add_findings(CID, Findings(messages=(PROMISED, ASKED)))
    assert [message.start for message in await store.messages(application.id, CID)] == [0.5, 6.9, 12.0]


async def test_writing_a_step_again_leaves_one_copy(
    store: ConversationStore, application: Application
) -> None:
    await store.add_findings(CID, EVERYTHING)
    corrected = replace(ASKED, text="Could you send it?")
    await store.add_findings(CID, replace(EVERYTHING, messages=(corrected, PROMISED, UNNAMED)))
    assert await store.messages(application.id, CID) == (corrected, PROMISED, UNNAMED)
    assert len(await store.insights(application.id, CID)) == 3
    assert await store.trackers(application.id, CID) == (LATE,)
    assert await store.entities(application.id, CID) == (FRIDAY,)


async def test_topics_are_kept_when_none_are_reported_and_replaced_when_they_are(
    store: ConversationStore, application: Application
) -> None:
    await store.add_findings(CID, Findings(topics=(QUOTE, DELIVERY)))
    await store.add_findings(CID, Findings(messages=(ASKED,)))
    assert await store.topics(application.id, CID) == (QUOTE, DELIVERY)
    await store.add_findings(CID, Findings(topics=(DELIVERY,)))
    assert await store.topics(application.id, CID) == (DELIVERY,)
    await store.add_findings(CID, Findings(topics=()))
    assert await store.topics(application.id, CID) == ()


async def test_hits_of_one_tracker_phrase_are_joined_and_others_kept_apart(
    store: ConversationStore, application: Application
) -> None:
    again = replace(LATE, message_refs=(MessageRef(ASKED.id, ASKED.text, -1),), insight_refs=())
    other = TrackerMatch("8", "Quotes", "delivery was late", (MessageRef(ASKED.id, ASKED.text, 3),))
    for match in (LATE, again, other):
        await store.add_findings(CID, Findings(trackers=(match,)))
    joined = replace(LATE, message_refs=LATE.message_refs + again.message_refs)
    assert await store.trackers(application.id, CID) == (joined, other)


async def test_mentions_of_one_thing_are_joined_whatever_words_named_it(
    store: ConversationStore, application: Application
) -> None:
    later = MessageRef(UNNAMED.id, UNNAMED.text, 0)
    same_day = EntityMatch(Entity("date", "the sixth", 0, "2026-03-06"), (later,))
    nobody = EntityMatch(Entity("person", "Nobody", 0), (later,))
    in_capitals = EntityMatch(Entity("person", "NOBODY", 9), (MessageRef(ASKED.id, ASKED.text, 9),))
    for match in (FRIDAY, same_day, nobody, in_capitals):
        await store.add_findings(CID, Findings(entities=(match,)))
    found = await store.entities(application.id, CID)
    assert [(match.entity.text, len(match.message_refs)) for match in found] == [("Friday", 2), ("Nobody", 2)]


async def test_a_step_that_fails_leaves_nothing(store: ConversationStore, application: Application) -> None:
    without_zone = replace(QUESTION, due_by=datetime(2026, 1, 1))
    with pytest.raises(StatementError, match="time zone"):
        await store.add_findings(CID, Findings(messages=(PROMISED,), insights=(without_zone,)))
    assert await store.messages(application.id, CID) == ()


async def test_text_that_no_database_takes_is_cleaned(
    store: ConversationStore, application: Application
) -> None:
    await store.add_findings(CID, Findings(messages=(replace(ASKED, text="a\x00b \ud83d ü 漢 😀"),)))
    await store.update_metadata(application.id, CID, {"k\x00": "v\x00\ud800"})
    assert (await store.messages(application.id, CID))[0].text == "ab ? ü 漢 😀"
    found = await store.get(application.id, CID)
    assert found is not None
    assert found.metadata == {"k": "v?"}


async def test_writing_to_an_unknown_conversation_is_an_error(store: ConversationStore) -> None:
    with pytest.raises(UnknownConversation):
        await store.add_findings("1", EVERYTHING)
    with pytest.raises(UnknownConversation):
        await store.put_member("1", INES)
    with pytest.raises(UnknownConversation):
        await store.rename("1", "x")
    with pytest.raises(UnknownConversation):
        await store.finish("1", START)


async def test_a_conversation_can_be_finished_twice_and_renamed(
    store: ConversationStore, application: Application
) -> None:
    await store.finish(CID, START + timedelta(seconds=20))
    await store.finish(CID, START + timedelta(seconds=60))
    await store.rename(CID, "Another name")
    found = await store.get(application.id, CID)
    assert found is not None
    assert (found.ended_at, found.name) == (START + timedelta(seconds=60), "Another name")


async def test_it_never_ends_before_its_last_message(
    store: ConversationStore, application: Application
) -> None:
    await store.add_findings(CID, Findings(messages=(UNNAMED,)))
    await store.finish(CID, START + timedelta(seconds=2))
    found = await store.get(application.id, CID)
    assert found is not None
    assert found.ended_at == START + timedelta(seconds=UNNAMED.end)


async def test_how_far_it_has_come_is_known_before_it_ends(
    store: ConversationStore, application: Application
) -> None:
    await store.add_findings(CID, Findings(messages=(UNNAMED,)))
    await store.add_findings(CID, Findings(messages=(ASKED,)))
    found = await store.get(application.id, CID)
    assert found is not None
    assert found.spoken_until == UNNAMED.end


async def test_times_keep_their_instant_whatever_their_zone(
    store: ConversationStore, application: Application
) -> None:
    tokyo = datetime(2026, 3, 2, 18, 30, tzinfo=timezone(timedelta(hours=9)))
    await store.finish(CID, tokyo)
    found = await store.get(application.id, CID)
    assert found is not None
    assert found.ended_at == tokyo
    assert found.ended_at.tzinfo == UTC


# -- members --------------------------------------------------------------------------------------


async def test_a_new_speaker_becomes_a_member(store: ConversationStore, application: Application) -> None:
    omar = Member("m-omar", "Omar")
    assert await store.put_member(CID, omar) == omar
    assert await store.members(application.id, CID) == (INES, TOMASZ, omar)


async def test_a_speaker_who_comes_back_keeps_the_first_id(
    store: ConversationStore, application: Application
) -> None:
    back = await store.put_member(CID, Member("other-id", "Tom", "tomasz@example.com", "tomasz-7"))
    assert back == Member(TOMASZ.id, "Tom", "tomasz@example.com", "tomasz-7")
    assert await store.members(application.id, CID) == (INES, back)


async def test_what_a_returning_speaker_leaves_out_is_not_forgotten(store: ConversationStore) -> None:
    assert await store.put_member(CID, Member("other-id", user_id="ines@example.com")) == INES


async def test_the_same_user_id_in_two_conversations_is_two_members(
    store: ConversationStore, application: Application
) -> None:
    await store.create(conversation(application.id, "2", members=()))
    elsewhere = Member("elsewhere", "Ines", None, INES.user_id)
    assert await store.put_member("2", elsewhere) == elsewhere
    assert await store.members(application.id, CID) == (INES, TOMASZ)


async def test_a_member_can_be_named(store: ConversationStore, application: Application) -> None:
    named = await store.update_member(application.id, CID, TOMASZ.id, name="Tom", email="tom@example.com")
    assert named == replace(TOMASZ, name="Tom", email="tom@example.com")
    assert await store.members(application.id, CID) == (INES, named)


async def test_who_was_a_number_is_named_in_what_was_written_about_them(
    store: ConversationStore, application: Application, database: Database
) -> None:
    for number in (2, 21):
        await store.put_member(CID, Member(f"v{number}", f"Speaker {number}"))
    texts = ("Speaker 2 will send it to Speaker 21.", "Loud Speaker 2000 is sold.", "Ines will call.")
    insights = tuple(Insight(str(at), "action_item", text, 0.9, (), "v2") for at, text in enumerate(texts))
    await store.add_findings(CID, Findings(insights=insights))
    attachments = AttachmentStore(database)
    summary = {"text": "Speaker 2 will send it.", "messageIds": [], "seen": 1}
    await attachments.put(application.id, CID, "summary", [Attachment("s", summary)])
    await store.update_member(application.id, CID, "v2", name="Tom \\1", email=None)
    (kept,) = await attachments.list(application.id, CID, "summary")
    assert kept.body["text"] == "Tom \\1 will send it."
    await store.update_member(application.id, CID, INES.id, name="Agnes", email=None)
    assert await attachments.list(application.id, CID, "summary") == (), "it is to be made anew"
    assert [one.text for one in await store.insights(application.id, CID)] == [
        "Tom \\1 will send it to Speaker 21.",
        "Loud Speaker 2000 is sold.",
        "Ines will call.",
    ]


async def test_an_email_address_of_another_member_makes_them_one(
    store: ConversationStore, application: Application
) -> None:
    await store.add_findings(CID, EVERYTHING)
    one = await store.update_member(application.id, CID, TOMASZ.id, name="Ines B.", email="INES@example.com")
    assert one == replace(INES, name="Ines B.")
    assert await store.members(application.id, CID) == (one,)
    assert [m.member_id for m in await store.messages(application.id, CID)] == [INES.id, INES.id, None]
    action_item = (await store.insights(application.id, CID, "action_item"))[0]
    assert (action_item.member_id, action_item.assignee_id) == (INES.id, INES.id)


async def test_a_live_session_may_go_on_writing_a_merged_member(
    store: ConversationStore, application: Application
) -> None:
    await store.update_member(application.id, CID, TOMASZ.id, name="Ines", email=INES.email)
    await store.add_findings(CID, Findings(messages=(PROMISED,)))
    assert (await store.messages(application.id, CID))[0].member_id == INES.id
    assert (await store.put_member(CID, Member("new", user_id="tomasz-7"))).id == INES.id


async def test_merging_a_member_who_absorbed_another_moves_both(
    store: ConversationStore, application: Application
) -> None:
    omar = await store.put_member(CID, Member("m-omar", "Omar", "omar@example.com"))
    await store.add_findings(CID, EVERYTHING)
    await store.update_member(application.id, CID, TOMASZ.id, name="Omar", email=omar.email)
    await store.update_member(application.id, CID, omar.id, name="Ines", email=INES.email)
    assert await store.members(application.id, CID) == (INES,)
    assert (await store.messages(application.id, CID))[1].member_id == INES.id


async def test_naming_an_unknown_member_is_an_error(
    store: ConversationStore, application: Application
) -> None:
    with pytest.raises(UnknownMember):
        await store.update_member(application.id, CID, "nobody", name="x", email=None)


# -- who may see what -----------------------------------------------------------------------------


def no_vectors(texts: Sequence[str]) -> NoReturn:
    """Stand for the encoder where only words are searched."""
    raise AssertionError(f"{texts!r} were to be found by their words")


async def test_a_message_can_be_put_right_and_is_found_by_its_new_words(
    store: ConversationStore, application: Application, database: Database
) -> None:
    await store.add_findings(CID, EVERYTHING)
    await store.correct(application.id, CID, ASKED.id, "Could you send the revised invoice by Friday?")
    (message, *_) = await store.messages(application.id, CID)
    assert message.text == "Could you send the revised invoice by Friday?"
    assert message.entities == (replace(ASKED.entities[0], offset=38),)
    search = SearchStore(database, no_vectors)
    for word, hits in (("invoice", 1), ("revised quote", 0)):
        assert len(await search.search(application.id, SearchQuery(word))) == hits
    with pytest.raises(UnknownMessage):
        await store.correct(application.id, CID, "0", "Anything.")
    with pytest.raises(UnknownConversation):
        await store.correct("another", CID, ASKED.id, "Anything.")


async def test_another_application_sees_and_changes_nothing(
    store: ConversationStore, application: Application, stranger: Application
) -> None:
    await store.add_findings(CID, EVERYTHING)
    theirs = stranger.id
    assert await store.get(theirs, CID) is None
    assert await store.list(theirs, ConversationQuery()) == ()
    for read in (
        store.messages,
        store.insights,
        store.topics,
        store.members,
        store.trackers,
        store.entities,
        store.delete,
    ):
        with pytest.raises(UnknownConversation):
            await read(theirs, CID)
    with pytest.raises(UnknownConversation):
        await store.update_metadata(theirs, CID, {})
    with pytest.raises(UnknownConversation):
        await store.update_member(theirs, CID, INES.id, name="x", email=None)
    assert await store.messages(application.id, CID) == (ASKED, PROMISED, UNNAMED)
    assert await store.members(application.id, CID) == (INES, TOMASZ)


async def test_deleting_removes_everything_of_this_conversation_only(
    store: ConversationStore, application: Application, database: Database
) -> None:
    await store.create(conversation(application.id, "2"))
    await store.add_findings(CID, EVERYTHING)
    await store.add_findings("2", replace(EVERYTHING, messages=(replace(ASKED, conversation_id="2"),)))
    await store.delete(application.id, CID)
    assert await store.get(application.id, CID) is None
    assert len(await store.messages(application.id, "2")) == 1
    await store.create(conversation(application.id, CID, members=()))
    for read in (store.messages, store.insights, store.topics, store.members, store.trackers, store.entities):
        assert await read(application.id, CID) == ()


async def test_removing_an_application_removes_its_conversations(
    store: ConversationStore, application: Application, accounts: Accounts
) -> None:
    await store.add_findings(CID, EVERYTHING)
    await accounts.remove(application.name)
    assert await store.get(application.id, CID) is None


async def test_metadata_is_replaced_as_a_whole(store: ConversationStore, application: Application) -> None:
    await store.update_metadata(application.id, CID, {"agent": "ines"})
    found = await store.get(application.id, CID)
    assert found is not None
    assert found.metadata == {"agent": "ines"}


# -- lists ----------------------------------------------------------------------------------------


@pytest.fixture
async def listed(store: ConversationStore, application: Application) -> ConversationStore:
    """Five conversations, an hour apart, named against their order; the last goes on."""
    await store.delete(application.id, CID)
    for number in range(5):
        began = START + timedelta(hours=number)
        await store.create(
            conversation(
                application.id,
                str(number),
                name=None if number == 2 else "dcxba"[number],
                started_at=began,
                ended_at=None if number == 4 else began + timedelta(minutes=10),
            )
        )
    return store


async def ids(store: ConversationStore, application: Application, query: ConversationQuery) -> str:
    return "".join(one.id for one in await store.list(application.id, query))


async def test_lists_are_cut_and_turned_round(listed: ConversationStore, application: Application) -> None:
    assert await ids(listed, application, ConversationQuery()) == "01234"
    assert await ids(listed, application, ConversationQuery(limit=2, offset=1)) == "12"
    assert await ids(listed, application, ConversationQuery(descending=True, limit=3)) == "432"
    assert await ids(listed, application, ConversationQuery(limit=0)) == ""
    assert await ids(listed, application, ConversationQuery(offset=9)) == ""


async def test_lists_are_sorted_by_name_or_id_where_there_is_none(
    listed: ConversationStore, application: Application
) -> None:
    assert await ids(listed, application, ConversationQuery(sort=("name",))) == "24310"


async def test_what_has_not_ended_is_last_by_end(listed: ConversationStore, application: Application) -> None:
    assert await ids(listed, application, ConversationQuery(sort=("endTime",))) == "01234"
    assert await ids(listed, application, ConversationQuery(sort=("endTime",), descending=True)) == "32104"


async def test_ties_are_broken_by_the_next_field(listed: ConversationStore, application: Application) -> None:
    query = ConversationQuery(sort=("type", "startTime"), descending=True)
    assert await ids(listed, application, query) == "43210"


async def test_a_window_keeps_what_began_and_ended_inside_it(
    listed: ConversationStore, application: Application
) -> None:
    begin = START + timedelta(hours=1)
    end = START + timedelta(hours=2, minutes=10)
    assert await ids(listed, application, ConversationQuery(started_from=begin, ended_until=end)) == "12"
    # The last one goes on still: what counts is when it began.
    later = ConversationQuery(started_from=begin, ended_until=START + timedelta(hours=4))
    assert await ids(listed, application, later) == "1234"


async def test_a_list_knows_the_members(listed: ConversationStore, application: Application) -> None:
    assert all(
        one.members == (INES, TOMASZ) for one in await listed.list(application.id, ConversationQuery())
    )


async def test_a_list_may_be_longer_than_one_statement_can_ask_for(
    store: ConversationStore, application: Application
) -> None:
    for number in range(1001):
        await store.create(conversation(application.id, f"n{number:04}", members=(Member("m", "M"),)))
    found = await store.list(application.id, ConversationQuery(limit=65536))
    assert len(found) == 1002
    assert all(one.members for one in found)


# -- many writers, and a killed one ---------------------------------------------------------------


async def test_many_sessions_write_at_once(store: ConversationStore, application: Application) -> None:
    async def session(number: int) -> None:
        member = await store.put_member(CID, Member(f"m{number}", user_id=f"u{number % 3}"))
        for step in range(10):
            message = replace(ASKED, id=f"{number}-{step}", member_id=member.id)
            await store.add_findings(CID, Findings(messages=(message,), topics=(QUOTE,)))
            await store.messages(application.id, CID)

    await asyncio.gather(*(session(number) for number in range(12)))
    assert len(await store.messages(application.id, CID)) == 120
    assert len(await store.members(application.id, CID)) == 2 + 3


async def test_two_processes_write_one_sqlite_file(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'earful.db'}"
    database = await Database.open(url)
    store = ConversationStore(database)
    accounts = Accounts(database)
    await accounts.create("mine")
    mine = (await accounts.list())[0].id
    await store.create(conversation(mine))
    writer = await asyncio.create_subprocess_exec(sys.executable, "-c", WRITER, url, "100")
    for number in range(100):
        await store.add_findings(CID, Findings(messages=(replace(ASKED, id=f"here-{number}"),)))
    assert await writer.wait() == 0
    assert len(await store.messages(mine, CID)) == 200
    await database.close()


async def test_what_was_written_survives_kill_9(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'earful.db'}"
    database = await Database.open(url)
    accounts = Accounts(database)
    await accounts.create("mine")
    mine = (await accounts.list())[0].id
    await ConversationStore(database).create(conversation(mine))
    await database.close()

    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, url, "100000"], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    acknowledged = [writer.stdout.readline().strip() for _ in range(25)]
    os.kill(writer.pid, signal.SIGKILL)
    acknowledged += writer.stdout.read().split()
    writer.stdout.close()
    assert writer.wait() == -signal.SIGKILL

    database = await Database.open(url)
    kept = {message.id for message in await ConversationStore(database).messages(mine, CID)}
    await database.close()
    assert len(acknowledged) >= 25
    assert set(acknowledged) <= kept


WRITER = """
import asyncio, sys
from dataclasses import replace
from earful.insight.types import Findings
from earful.jobs.encoding import encode
from earful.store.conversations import ConversationStore
from earful.store.database import Database
from tests.store.samples import ASKED, CID

async def main(url, count):
    database = await Database.open(url)
    store = ConversationStore(database)
    for number in range(count):
        await store.add_findings(CID, Findings(messages=(replace(ASKED, id=f"there-{number}"),)))
        print(f"there-{number}", flush=True)
    await database.close()

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


async def test_a_draft_is_seen_when_it_is_published(
    store: ConversationStore, application: Application, database: Database
) -> None:
    """Until then it is in no list, no search and no queue for vectors."""
    await store.add_findings(CID, Findings(messages=(ASKED,)))
    async with database.write() as connection:
        await store.write_draft(connection, CID, "draft", Findings(messages=(LATE_DRAFT,)))
    search = SearchStore(database, encode)
    vectors = VectorStore(database)
    listed = await store.list(application.id, ConversationQuery())
    assert [one.id for one in listed] == [CID]
    assert await store.get(application.id, "draft") is None
    assert await search.search(application.id, SearchQuery("warehouse")) == ()
    assert [one.text for one in await vectors.waiting(10)] == [ASKED.text]
    async with database.write() as connection:
        await store.publish(connection, CID, "draft")
    assert [one.id for one in await store.messages(application.id, CID)] == [ASKED.id, LATE_DRAFT.id]
    (hit,) = await search.search(application.id, SearchQuery("warehouse"))
    assert hit.conversation_id == CID
    assert len(await vectors.waiting(10)) == 2
    conversation = await store.get(application.id, CID)
    assert conversation is not None
    assert conversation.spoken_until == LATE_DRAFT.end


async def test_a_long_conversation_is_gone_at_once_and_deleted_in_parts(
    store: ConversationStore, application: Application, database: Database
) -> None:
    many = tuple(replace(LATE_DRAFT, id=f"m{at}", start=at, end=at + 1.0) for at in range(401))
    await store.add_findings(CID, Findings(messages=many))
    await store.delete(application.id, CID)
    assert await store.get(application.id, CID) is None
    assert await store.drafts() == []
    async with database.read() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM messages")) == 0


async def test_others_write_while_it_is_found_out_who_spoke(
    store: ConversationStore, application: Application
) -> None:
    """What they wrote stays: a voice that got its name meanwhile keeps it in the words of an insight."""
    await store.put_member(CID, Member("v2", "Speaker 2"))
    many = tuple(
        replace(LATE_DRAFT, id=f"m{at}", start=at, end=at + 1.0, member_id="v2") for at in range(401)
    )
    promise = Insight("a", "action_item", "Speaker 2 will send it.", 0.9, ("m7",), "v2", "v2", "Speaker 2")
    await store.add_findings(CID, Findings(messages=many, insights=(promise,)))
    loop = asyncio.get_running_loop()

    def assign(messages: Sequence[Message]) -> dict[str, str]:
        naming = store.update_member(application.id, CID, "v2", name="Tom", email=None)
        asyncio.run_coroutine_threadsafe(naming, loop).result(60)
        return {message.id: "rosa" for message in messages}

    def retell(insight: Insight, _said: object, _members: object) -> Insight:
        return replace(insight, text=insight.text.replace("Speaker 2", "Rosa"))

    await store.reattribute(application.id, CID, {"rosa": Member("r", "Rosa")}, assign, retell)
    assert {one.member_id for one in await store.messages(application.id, CID)} == {"r"}
    (told,) = await store.insights(application.id, CID)
    assert (told.text, told.member_id, told.assignee_id) == ("Tom will send it.", "r", "r")
    assert [one.name for one in await store.members(application.id, CID)] == ["Rosa"]
