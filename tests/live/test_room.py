from __future__ import annotations

from earful.conversation.types import Message, Tracker
from earful.insight.types import Findings, InsightOptions
from earful.live.events import ConversationCompleted, MessagesAdded
from earful.live.options import SessionOptions
from tests.live.conftest import House
from tests.live.fakes import STARTED, final, settle

WAITING = SessionOptions(no_connection_timeout=300)


async def test_the_conversation_completes_when_the_last_speaker_leaves(house: House) -> None:
    first, _, first_ear = await house.join("a")
    second, _, second_ear = await house.join("b")
    await first.leave()
    assert first_ear.of(ConversationCompleted) == []
    assert second_ear.of(ConversationCompleted) == []
    await second.leave()
    assert second_ear.of(ConversationCompleted) == [ConversationCompleted(first.conversation_id)]


async def test_a_completed_conversation_has_an_end_and_its_room_is_free(house: House) -> None:
    participant, _, _ = await house.join()
    await house.clock.advance(90)
    await participant.leave()
    kept = await house.store.get(house.application_id, participant.conversation_id)
    assert kept is not None
    assert kept.ended_at is not None
    assert (kept.ended_at - STARTED).total_seconds() == 90
    again, _, _ = await house.join()
    assert again.conversation_id != participant.conversation_id


async def test_words_and_what_was_held_back_are_told_before_the_completion(house: House) -> None:
    participant, stream, ear = await house.join()
    session = house.insight.sessions[0]
    session.held_back = Findings(messages=(Message("77", participant.conversation_id, "held back", 5, 6),))
    stream.at_flush = [final("last words")]
    await participant.leave()
    assert ear.kinds[-4:] == ["Transcribed", "MessagesAdded", "MessagesAdded", "ConversationCompleted"]
    assert await house.texts(participant.conversation_id) == ["last words", "held back"]


async def test_a_cut_connection_completes_the_conversation_unless_asked_to_wait(house: House) -> None:
    participant, stream, _ = await house.join()
    stream.at_flush = [final("cut off")]
    await participant.cut()
    assert house.hub.conversations == 0
    assert await house.texts(participant.conversation_id) == ["cut off"]


async def test_who_comes_back_in_time_carries_on_the_same_conversation_as_the_same_member(
    house: House,
) -> None:
    participant, _, _ = await house.join("a@b.c", options=WAITING)
    await participant.cut()
    await house.clock.advance(299)
    again, _, _ = await house.join("a@b.c", options=WAITING)
    assert again.conversation_id == participant.conversation_id
    assert again.member == participant.member
    await house.clock.advance(600)
    assert house.hub.conversations == 1


async def test_nobody_is_waited_for_longer_than_asked(house: House) -> None:
    participant, _, _ = await house.join("a", options=WAITING)
    subscription = house.hub.subscribe(house.application_id, "room")
    await participant.cut()
    await house.clock.advance(299)
    assert house.hub.conversations == 1
    await house.clock.advance(2)
    assert house.hub.conversations == 0
    subscription.close()
    events = [delivery.event async for delivery in subscription]
    assert events[-1] == ConversationCompleted(participant.conversation_id)


async def test_the_longest_wait_that_anyone_asked_for_counts(house: House) -> None:
    first, _, _ = await house.join("a", options=WAITING)
    second, _, _ = await house.join("b")
    await first.cut()
    await second.cut()
    await house.clock.advance(299)
    assert house.hub.conversations == 1


async def test_one_who_was_cut_off_is_waited_for_even_if_all_others_leave(house: House) -> None:
    first, _, _ = await house.join("a", options=WAITING)
    second, _, _ = await house.join("b", options=WAITING)
    await first.cut()
    await house.clock.advance(100)
    await second.leave()
    assert house.hub.conversations == 1
    await house.clock.advance(201)
    assert house.hub.conversations == 0


async def test_an_old_connection_found_dead_after_its_speaker_is_back_is_not_waited_for(
    house: House,
) -> None:
    old, _, _ = await house.join("a", options=WAITING)
    new, _, _ = await house.join("a", options=WAITING)
    await old.cut()
    await new.leave()
    assert house.hub.conversations == 0


async def test_a_conversation_in_which_nobody_speaks_for_half_an_hour_is_ended(house: House) -> None:
    _, stream, ear = await house.join()
    await house.clock.advance(1000)
    stream.partial("still here")
    await house.clock.advance(1799)
    assert ear.of(ConversationCompleted) == []
    await house.clock.advance(2)
    assert len(ear.of(ConversationCompleted)) == 1
    assert stream.closed


async def test_silence_does_not_count_while_nobody_is_listened_to(house: House) -> None:
    participant, _, ear = await house.join()
    await participant.stop()
    await house.clock.advance(3000)
    assert ear.of(ConversationCompleted) == []


async def test_options_of_a_later_speaker_are_added_to_the_earlier_ones(house: House) -> None:
    await house.join("a", options=SessionOptions(insights=InsightOptions(trackers=(Tracker("x", ("one",)),))))
    _, stream, ear = await house.join(
        "b",
        options=SessionOptions(
            insights=InsightOptions(trackers=(Tracker("y", ("two",)),)), told_kinds=frozenset({"question"})
        ),
    )
    stream.final("one and two?")
    await settle()
    assert ear.kinds[-2:] == ["InsightsFound", "TrackersFound"]
    assert [match.tracker_name for match in ear.events[-1].matches] == ["x", "y"]  # type: ignore[attr-defined]


async def test_a_later_name_is_given_to_a_conversation_without_one_only(house: House) -> None:
    participant, _, _ = await house.join("a")
    await house.join("b", options=SessionOptions(name="Weekly"))
    await house.join("c", options=SessionOptions(name="Other"))
    kept = await house.store.get(house.application_id, participant.conversation_id)
    assert kept is not None
    assert kept.name == "Weekly"


async def test_messages_name_their_speaker_and_deliveries_know_all_members(house: House) -> None:
    first, _, ear = await house.join("a")
    second, stream, _ = await house.join("b")
    stream.final("hi")
    await settle()
    (added,) = ear.of(MessagesAdded)
    assert second.member is not None
    assert added.messages[0].member_id == second.member.id
    assert [member.user_id for member in ear.deliveries[-1].conversation.members] == ["a", "b"]
    assert first.id != second.id


async def test_events_of_a_kind_are_numbered_within_the_conversation(house: House) -> None:
    _, stream, ear = await house.join()
    for segment in range(3):
        stream.final("hi", segment=segment)
    await settle()
    numbers = [d.sequence for d in ear.deliveries if isinstance(d.event, MessagesAdded)]
    assert numbers == [0, 1, 2]
