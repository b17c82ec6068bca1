from __future__ import annotations

from earful.conversation.types import Redaction, Tracker, Word
from earful.insight.types import InsightOptions
from earful.live.digest import mask_words
from earful.live.events import Fault, InsightsFound, MessagesAdded, TrackersFound, Transcribed
from earful.live.options import SessionOptions
from earful.store.conversations import ConversationStore
from tests.live.conftest import House
from tests.live.fakes import Ear, final, settle


def texts(events: list[Transcribed]) -> list[tuple[str, bool]]:
    return [(event.hypothesis.text, event.hypothesis.is_final) for event in events]


async def test_a_final_is_told_first_and_then_what_it_means_in_a_fixed_order(house: House) -> None:
    options = SessionOptions(
        insights=InsightOptions(trackers=(Tracker("t", ("word",)),)), told_kinds=frozenset({"question"})
    )
    _, stream, ear = await house.join(options=options)
    stream.final("is that word the topic?")
    await settle()
    assert ear.kinds == ["Transcribed", "MessagesAdded", "InsightsFound", "TopicsFound", "TrackersFound"]


async def test_what_is_told_as_final_can_be_read_back_by_another_process(house: House) -> None:
    participant, stream, ear = await house.join()
    stream.final("hold on to this")
    await settle()
    assert "Transcribed" in ear.kinds
    other = await house.open_database()
    try:
        messages = await ConversationStore(other).messages(house.application_id, participant.conversation_id)
        assert [message.text for message in messages] == ["hold on to this"]
    finally:
        await other.close()


async def test_nothing_is_told_before_it_is_stored(house: House) -> None:
    _, stream, ear = await house.join()
    told_before_commit = []
    keep = house.store.add_findings

    async def watched(conversation_id: str, findings: object) -> None:
        told_before_commit.append(list(ear.kinds))
        await keep(conversation_id, findings)  # type: ignore[arg-type]

    house.store.add_findings = watched  # type: ignore[method-assign]
    stream.final("first things first")
    await settle()
    assert told_before_commit == [[]]
    assert ear.kinds == ["Transcribed", "MessagesAdded"]


async def test_insight_runs_off_the_event_loop(house: House) -> None:
    _, stream, _ = await house.join()
    stream.final("hello")
    await settle()
    assert all(name.startswith("insight") for name in house.insight.sessions[0].threads)


async def test_insights_of_kinds_that_nobody_asked_for_are_stored_but_not_told(house: House) -> None:
    participant, stream, ear = await house.join()
    stream.final("is it?")
    await settle()
    assert "InsightsFound" not in ear.kinds
    assert len(await house.store.insights(house.application_id, participant.conversation_id)) == 1


async def test_a_partial_does_not_overtake_the_final_before_it(house: House) -> None:
    _, stream, ear = await house.join()
    session = house.insight.sessions[0]
    session.gate.clear()
    stream.partial("one", segment=0)
    stream.final("one.", segment=0)
    stream.partial("tw", segment=1)
    stream.partial("two", segment=1)
    await settle()
    assert texts(ear.of(Transcribed)) == [("one", False)]
    session.gate.set()
    await settle()
    assert texts(ear.of(Transcribed)) == [("one", False), ("one.", True), ("two", False)]


async def test_finals_that_wait_are_understood_in_the_order_of_their_times(house: House) -> None:
    _, first, _ = await house.join("a")
    _, second, _ = await house.join("b")
    session = house.insight.sessions[0]
    session.gate.clear()
    first.final("now", start=0)
    await settle()
    second.final("third", start=9)
    first.final("second", start=4, segment=1)
    session.gate.set()
    await settle()
    assert [utterance.text for utterance in session.observed] == ["now", "second", "third"]


async def test_an_empty_final_is_told_only_to_take_back_what_was_shown(house: House) -> None:
    _, stream, ear = await house.join()
    stream.final("", segment=0)
    await settle()
    stream.partial("hm", segment=1)
    stream.final("", segment=1)
    await settle()
    assert texts(ear.of(Transcribed)) == [("hm", False), ("", True)]


async def test_words_are_kept_when_their_meaning_cannot_be_found(house: House) -> None:
    participant, stream, ear = await house.join("a")
    stream.final("boom goes the finder")
    await participant.stop()
    assert ear.kinds == ["Transcribed", "MessagesAdded"]
    assert await house.texts(participant.conversation_id) == ["boom goes the finder"]
    assert ear.of(MessagesAdded)[0].messages[0].member_id == participant.member.id  # type: ignore[union-attr]


async def test_storing_is_tried_again_when_it_fails(house: House) -> None:
    participant, stream, ear = await house.join()
    keep, failures = house.store.add_findings, [OSError("disk"), OSError("disk")]

    async def flaky(conversation_id: str, findings: object) -> None:
        if failures:
            raise failures.pop()
        await keep(conversation_id, findings)  # type: ignore[arg-type]

    house.store.add_findings = flaky  # type: ignore[method-assign]
    stream.final("try again")
    await participant.stop()
    assert ear.kinds == ["Transcribed", "MessagesAdded"]


async def test_a_final_that_cannot_be_stored_is_not_told_and_its_speaker_learns_of_it(house: House) -> None:
    participant, stream, ear = await house.join()
    await house.store.delete(house.application_id, participant.conversation_id)
    stream.final("into the void")
    await settle()
    assert ear.kinds == ["Fault"]
    assert "deleted" in ear.of(Fault)[0].details


REDACTING = SessionOptions(insights=InsightOptions(redaction=Redaction(redact=True, mask="#")))


async def test_partials_and_finals_are_masked_when_redaction_is_on(house: House) -> None:
    participant, stream, ear = await house.join(options=REDACTING)
    stream.partial("my pin is 1234")
    await settle()
    stream.final("my pin is 1234 ok")
    await settle()
    assert texts(ear.of(Transcribed)) == [("my pin is #", False), ("my pin is # ok", True)]
    assert await house.texts(participant.conversation_id) == ["my pin is # ok"]


async def test_a_text_that_cannot_be_masked_is_withheld(house: House) -> None:
    participant, stream, ear = await house.join(options=REDACTING)
    stream.final("boom 1234")
    await participant.stop()
    assert texts(ear.of(Transcribed)) == [("#", True)]
    assert await house.texts(participant.conversation_id) == ["#"]


async def test_interim_tracker_hits_are_told_once_each(house: House) -> None:
    options = SessionOptions(
        insights=InsightOptions(trackers=(Tracker("t", ("price",)),), interim_trackers=True)
    )
    _, stream, ear = await house.join(options=options)
    for text in ("the price", "the price is", "the price is right"):
        stream.partial(text)
        await settle()
    stream.final("the price is right")
    await settle()
    hits = ear.of(TrackersFound)
    assert [hit.is_final for hit in hits] == [False, True]


def test_masked_words_keep_the_times_of_the_others() -> None:
    words = tuple(Word(text, i, i + 1) for i, text in enumerate(["my", "card", "is", "1234", "5678", "ok"]))
    masked = mask_words(words, "my card is **** ok")
    assert [(word.text, word.start, word.end) for word in masked] == [
        ("my", 0, 1),
        ("card", 1, 2),
        ("is", 2, 3),
        ("****", 3, 5),
        ("ok", 5, 6),
    ]


def test_words_of_a_text_masked_as_a_whole_become_one() -> None:
    words = (Word("one", 0, 1), Word("two", 1, 2))
    assert [(word.text, word.start, word.end) for word in mask_words(words, "****")] == [("****", 0, 2)]


ASKED = SessionOptions(told_kinds=frozenset({"question"}))


def insights(ear: Ear) -> list[str]:
    return [insight.text for found in ear.of(InsightsFound) for insight in found.insights]


async def test_a_broken_sentence_is_told_at_once_and_its_meaning_with_its_other_half(house: House) -> None:
    _, stream, ear = await house.join("a", options=ASKED)
    stream.final("send me the")
    await settle()
    assert ear.kinds == ["Transcribed", "MessagesAdded"]
    await house.clock.advance(2)
    stream.partial("quote", segment=1, start=2.5)
    await house.clock.advance(20)  # whoever is speaking is waited for
    await settle()
    assert insights(ear) == []
    stream.final("quote by friday", segment=1, start=2.5)
    await settle()
    await house.clock.advance(20)
    await settle()
    assert insights(ear) == ["whole"]


async def test_a_broken_sentence_is_told_as_it_stands_when_its_speaker_is_silent(house: House) -> None:
    participant, stream, ear = await house.join("a", options=ASKED)
    stream.final("send me the")
    await settle()
    await house.clock.advance(2)
    await settle()
    assert insights(ear) == []
    await house.clock.advance(2)
    await settle()
    assert insights(ear) == ["as it stands"]
    stored = await house.store.insights(house.application_id, participant.conversation_id)
    assert [insight.text for insight in stored] == ["as it stands"]


async def test_what_is_shown_and_taken_back_does_not_hold_a_broken_sentence_for_ever(house: House) -> None:
    _, stream, ear = await house.join("a", options=ASKED)
    stream.final("send me the")
    await settle()
    stream.partial("hm", segment=1, start=2.0)
    await house.clock.advance(4)
    stream.final("", segment=1, start=2.0)
    await settle()
    await house.clock.advance(4)
    await settle()
    assert insights(ear) == ["as it stands"]


async def test_who_stops_in_the_middle_of_a_sentence_is_not_waited_for(house: House) -> None:
    participant, stream, ear = await house.join("a", options=ASKED)
    await house.join("b", options=ASKED)
    stream.at_flush.append(final("send me the"))
    await participant.stop()
    assert insights(ear) == ["as it stands"]
    assert house.insight.sessions[0].broken == {}
