from __future__ import annotations

import asyncio

import pytest

from earful.accounts.service import Accounts
from earful.live.events import ConversationCompleted, ConversationCreated, Transcribed
from earful.live.hub import HubClosing
from earful.live.options import SessionOptions
from earful.live.subscription import TooSlow
from earful.speech.types import LanguageNotAvailable, SpeechBusy, StreamOptions
from earful.store.conversations import ConversationQuery
from tests.live.conftest import House
from tests.live.fakes import final, settle


async def test_speakers_of_one_room_share_a_conversation_even_if_they_come_at_once(house: House) -> None:
    joined = await asyncio.gather(*(house.join(f"user {n}") for n in range(8)))
    assert len({participant.conversation_id for participant, _, _ in joined}) == 1
    assert len(await house.store.list(house.application_id, ConversationQuery())) == 1


async def test_two_applications_that_choose_the_same_name_have_two_conversations(house: House) -> None:
    database = await house.open_database()
    other = await Accounts(database).create("other")
    await database.close()
    mine, stream, _ = await house.join("a")
    theirs, _, their_ear = await house.join("a", application_id=other.customer_id)
    stream.final("a secret")
    await settle()
    assert mine.conversation_id != theirs.conversation_id
    assert their_ear.events == []


async def test_a_join_that_is_refused_leaves_no_conversation_behind(house: House) -> None:
    house.speech.limit = 0
    with pytest.raises(SpeechBusy):
        await house.join()
    house.speech.limit = None
    with pytest.raises(LanguageNotAvailable):
        await house.join(options=SessionOptions(speech=StreamOptions(language="xx")))
    assert await house.store.list(house.application_id, ConversationQuery()) == ()
    assert house.hub.conversations == 0


async def test_a_join_that_fails_half_way_frees_its_stream_and_its_room(house: House) -> None:
    async def fail(_conversation_id: str, _member: object) -> None:
        raise OSError("disk")

    house.store.put_member = fail  # type: ignore[method-assign, assignment]
    with pytest.raises(OSError, match="disk"):
        await house.join("a")
    await settle()
    assert house.speech.capacity().streams == 0
    assert house.hub.conversations == 0


async def test_a_subscriber_hears_of_a_conversation_that_goes_on_and_of_what_happens_from_now_on(
    house: House,
) -> None:
    participant, stream, _ = await house.join("a")
    stream.final("before")
    await settle()
    subscription = house.hub.subscribe(house.application_id, "room")
    stream.final("after", segment=1)
    await participant.leave()
    subscription.close()
    events = [delivery.event async for delivery in subscription]
    assert events[0] == ConversationCreated(participant.conversation_id)
    assert isinstance(events[1], Transcribed)
    assert events[1].hypothesis.text == "after"
    assert events[-1] == ConversationCompleted(participant.conversation_id)


async def test_a_subscriber_may_come_before_the_conversation(house: House) -> None:
    subscription = house.hub.subscribe(house.application_id, "room")
    participant, _, _ = await house.join("a")
    assert (await anext(subscription)).event == ConversationCreated(participant.conversation_id)


async def test_a_subscriber_who_does_not_read_is_cut_off_and_holds_up_nobody(house: House) -> None:
    slow = house.hub.subscribe(house.application_id, "room", capacity=4)
    participant, stream, ear = await house.join("a")
    for segment in range(20):
        stream.final(f"number {segment}", segment=segment)
    await participant.stop()
    assert len(ear.of(Transcribed)) == 20
    with pytest.raises(TooSlow):
        await anext(slow)


async def test_closing_ends_every_conversation_with_its_last_words_kept(house: House) -> None:
    joined = [await house.join("a", room=str(n)) for n in range(3)]
    for _, stream, _ in joined:
        stream.at_flush = [final("good bye")]
    await house.hub.close(grace=5)
    for participant, _, ear in joined:
        assert ear.kinds[-3:] == ["Transcribed", "MessagesAdded", "ConversationCompleted"]
        assert await house.texts(participant.conversation_id) == ["good bye"]
    with pytest.raises(HubClosing):
        await house.join("b")


async def test_closing_does_not_wait_longer_than_the_grace_period(house: House) -> None:
    participant, stream, ear = await house.join("a")
    stuck = asyncio.Event()

    async def flush() -> None:
        await stuck.wait()

    stream.flush = flush  # type: ignore[method-assign]
    await asyncio.wait_for(house.hub.close(grace=0.05), 2)
    assert ear.of(ConversationCompleted) == []
    assert participant.conversation_id
