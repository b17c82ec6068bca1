from __future__ import annotations

import asyncio

import pytest

from earful.live.events import MessagesAdded, Transcribed
from earful.live.options import SessionOptions
from earful.speech.types import LanguageNotAvailable, StreamOptions
from tests.live.conftest import House
from tests.live.fakes import final, seconds, settle


async def test_what_was_still_buffered_at_stop_is_told_before_stop_returns(house: House) -> None:
    participant, stream, ear = await house.join()
    stream.at_flush = [final("the very last words")]
    await participant.stop()
    assert ear.kinds == ["Transcribed", "MessagesAdded"]
    assert not participant.listening
    assert stream.closed


async def test_stop_may_be_called_by_several_at_once_and_each_waits_for_the_end(house: House) -> None:
    participant, stream, ear = await house.join()
    stream.at_flush = [final("once")]

    async def stop() -> list[str]:
        await participant.stop()
        return ear.kinds

    assert await asyncio.gather(stop(), stop()) == [["Transcribed", "MessagesAdded"]] * 2


async def test_audio_after_a_stop_is_ignored(house: House) -> None:
    participant, stream, _ = await house.join()
    participant.feed(seconds(1))
    await participant.stop()
    participant.feed(seconds(1))
    assert stream.heard == 1


async def test_message_times_count_from_the_beginning_of_the_conversation(house: House) -> None:
    first, _, ear = await house.join("a")
    await house.clock.advance(60)
    second, stream, _ = await house.join("b")
    await house.clock.advance(0.5)
    second.feed(seconds(0.5))
    stream.final("hello", start=0.2)
    await settle()
    (added,) = ear.of(MessagesAdded)
    assert added.messages[0].start == pytest.approx(60.2)
    assert first.conversation_id == second.conversation_id


async def test_times_of_a_result_on_the_wire_count_from_the_beginning_of_its_own_stream(
    house: House,
) -> None:
    await house.join("a")
    await house.clock.advance(60)
    participant, stream, ear = await house.join("b")
    participant.feed(seconds(0.5))
    stream.final("hello", start=0.2)
    await settle()
    assert ear.of(Transcribed)[0].hypothesis.start == 0.2


async def test_a_gap_in_which_no_audio_came_counts_as_time(house: House) -> None:
    participant, stream, ear = await house.join()
    await house.clock.advance(1)
    participant.feed(seconds(1))
    await house.clock.advance(31)
    participant.feed(seconds(1))
    stream.final("before", start=0.1, segment=0)
    stream.final("after", start=1.5, segment=1)
    await settle()
    starts = [added.messages[0].start for added in ear.of(MessagesAdded)]
    assert starts == [pytest.approx(0.1), pytest.approx(31.5)]


async def test_audio_pushed_faster_than_it_plays_counts_by_its_own_length(house: House) -> None:
    participant, stream, ear = await house.join()
    for _ in range(50):
        participant.feed(seconds(1))
    stream.final("late", start=42)
    await settle()
    assert ear.of(MessagesAdded)[0].messages[0].start == pytest.approx(41, abs=1.1)
    assert participant.ahead == pytest.approx(49, abs=1.1)


async def test_a_stopped_participant_still_hears_the_others_and_may_resume(house: House) -> None:
    participant, _, ear = await house.join("a")
    _, other, _ = await house.join("b")
    await participant.stop()
    other.final("are you there")
    await settle()
    assert "MessagesAdded" in ear.kinds
    await participant.resume(SessionOptions(), participant.member)
    house.speech.streams[-1].final("yes")
    await settle()
    assert await house.texts(participant.conversation_id) == ["are you there", "yes"]


async def test_resuming_with_another_vocabulary_opens_another_stream_and_loses_no_word(
    house: House,
) -> None:
    participant, stream, _ = await house.join()
    stream.at_flush = [final("before")]
    await participant.resume(SessionOptions(speech=StreamOptions(partials=False)), None)
    assert stream.closed
    assert house.speech.streams[-1].options.partials is False
    assert await house.texts(participant.conversation_id) == ["before"]


async def test_when_resuming_fails_what_was_before_goes_on(house: House) -> None:
    participant, _, _ = await house.join()
    with pytest.raises(LanguageNotAvailable):
        await participant.resume(SessionOptions(speech=StreamOptions(language="tlh")), None)
    assert participant.listening
    assert house.speech.streams[-1].options.language == "en-US"
