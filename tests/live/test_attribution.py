"""Several people who speak into one stream become members of the conversation."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import numpy as np
import pytest

from earful.live import attribution
from earful.live.events import MessagesAdded, Transcribed
from earful.live.options import SessionOptions
from earful.speech.types import Hypothesis, Samples
from tests.live.conftest import House
from tests.live.fakes import Ear
from tests.support.voices import LoudnessVoices, loud, quiet

DIARIZE = SessionOptions(diarize=True)


def said(
    segment: int, start: float, end: float, text: str = "so it goes", *, final: bool = True
) -> Hypothesis:
    return Hypothesis(segment, text, start, end, is_final=final)


async def told(ear: Ear, finals: int) -> None:
    """Wait until so many utterances have been kept and told."""
    async with asyncio.timeout(60):
        while len(ear.of(MessagesAdded)) < finals:
            await asyncio.sleep(0.005)


async def names(house: House, conversation_id: str) -> list[str | None]:
    """Who said each message, by name."""
    members = await house.store.members(house.application_id, conversation_id)
    known = {member.id: member.name for member in members}
    messages = await house.store.messages(house.application_id, conversation_id)
    return [known.get(message.member_id) if message.member_id else None for message in messages]


async def speak(house: House, *turns: Samples, options: SessionOptions = DIARIZE) -> str:
    """One participant feeds the turns, each of which is recognised as one utterance; then it leaves."""
    participant, stream, _ = await house.join("room@example.net", options=options)
    at = 0.0
    for segment, sound in enumerate(turns):
        participant.feed(sound)
        end = at + len(sound) / 16_000
        stream.hypothesis(said(segment, at, end))
        at = end
    await participant.leave()
    return participant.conversation_id


async def test_each_voice_is_a_member_by_its_number(house: House) -> None:
    conversation = await speak(house, quiet(4), loud(4), quiet(4))
    assert await names(house, conversation) == ["Speaker 1", "Speaker 2", "Speaker 1"]
    members = await house.store.members(house.application_id, conversation)
    assert sorted(str(member.name) for member in members) == ["Speaker 1", "Speaker 2", "room@example.net"]


async def test_without_diarization_all_is_said_by_whoever_is_connected(house: House) -> None:
    conversation = await speak(house, quiet(4), loud(4), options=SessionOptions())
    assert await names(house, conversation) == ["room@example.net"] * 2


async def test_no_more_members_appear_than_people_are_known_to_be_there(house: House) -> None:
    options = SessionOptions(diarize=True, speakers=1)
    conversation = await speak(house, quiet(4), loud(4), options=options)
    assert await names(house, conversation) == ["Speaker 1", "Speaker 1"]


async def test_what_is_too_short_to_tell_is_said_by_whoever_is_connected(house: House) -> None:
    conversation = await speak(house, quiet(0.3), quiet(4))
    assert await names(house, conversation) == ["room@example.net", "Speaker 1"]


async def test_a_partial_goes_on_at_once_and_says_who_seems_to_speak(house: House) -> None:
    participant, stream, ear = await house.join(options=DIARIZE)
    participant.feed(np.concatenate([quiet(4), loud(4), quiet(4)]))
    for segment in (0, 1):
        stream.hypothesis(said(segment, 4.0 * segment, 4.0 * segment + 4))
    await told(ear, 2)
    stream.hypothesis(said(2, 8.0, 11.0, "so it", final=False))
    assert ear.of(Transcribed)[-1].speaker is None
    assert participant._attribution is not None
    await participant._attribution.settled()
    stream.hypothesis(said(2, 8.0, 12.0, "so it goes", final=False))
    latest = ear.of(Transcribed)[-1]
    assert latest.hypothesis.text == "so it goes"
    assert latest.speaker is not None
    assert latest.speaker.name == "Speaker 1"


async def test_a_partial_waits_for_the_final_that_came_before_it(house: House) -> None:
    participant, stream, ear = await house.join(options=DIARIZE)
    participant.feed(quiet(6))
    stream.hypothesis(said(0, 0, 4, "first"))
    stream.hypothesis(said(1, 4, 5, "sec", final=False))
    stream.hypothesis(said(1, 4, 6, "second", final=False))
    assert ear.kinds == []
    await told(ear, 1)
    async with asyncio.timeout(60):
        while len(ear.of(Transcribed)) < 2:
            await asyncio.sleep(0.005)
    assert [event.hypothesis.text for event in ear.of(Transcribed)] == ["first", "second"]


async def test_two_streams_of_one_conversation_do_not_share_numbers(house: House) -> None:
    first, one, ear = await house.join("a", options=DIARIZE)
    second, other, _ = await house.join("b", options=DIARIZE)
    first.feed(quiet(4))
    second.feed(quiet(4))
    one.hypothesis(said(0, 0, 4))
    other.hypothesis(said(0, 0, 4))
    await told(ear, 2)
    assert sorted(map(str, await names(house, first.conversation_id))) == ["Speaker 1", "Speaker 2"]


async def test_an_end_from_outside_waits_for_the_voices(house: House) -> None:
    """The room, which is being ended, still takes the new member."""
    participant, stream, ear = await house.join(options=DIARIZE)
    participant.feed(quiet(4))
    stream.at_flush = [said(0, 0, 4)]
    await asyncio.wait_for(house.hub.close(grace=5), 10)
    assert ear.of(MessagesAdded)
    assert await names(house, participant.conversation_id) == ["Speaker 1"]


async def test_voices_that_cannot_be_heard_lose_no_word(house: House) -> None:
    class Broken(LoudnessVoices):
        def hear(self, samples: Samples, windows: Sequence[tuple[int, int]]) -> Samples:
            raise RuntimeError("no network")

    house.voices.__class__ = Broken
    conversation = await speak(house, quiet(4))
    assert await house.texts(conversation) == ["so it goes"]
    assert await names(house, conversation) == ["room@example.net"]


async def test_a_voice_is_known_again_after_a_stop(house: House) -> None:
    participant, stream, ear = await house.join("a", options=DIARIZE)
    participant.feed(np.concatenate([quiet(4), loud(4)]))
    stream.at_flush = [said(0, 0, 4), said(1, 4, 8)]
    await participant.stop()
    await participant.resume(DIARIZE, participant.member)
    participant.feed(loud(4))
    house.speech.streams[-1].hypothesis(said(0, 0, 4))
    await told(ear, 3)
    assert await names(house, participant.conversation_id) == ["Speaker 1", "Speaker 2", "Speaker 2"]


async def test_a_final_does_not_wait_when_there_is_no_time_for_voices(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes on with the voice that spoke last; later ones are told apart again."""
    participant, stream, ear = await house.join("a", options=DIARIZE)
    assert participant._attribution is not None
    busy, let_go = threading.Event(), threading.Event()

    def work() -> None:
        busy.set()
        let_go.wait(30)

    participant.feed(np.concatenate([quiet(4), loud(4), loud(4)]))
    monkeypatch.setattr(attribution, "PATIENCE_S", 30.0)
    stream.hypothesis(said(0, 0, 4))
    await told(ear, 1)
    monkeypatch.setattr(attribution, "PATIENCE_S", 0.0)
    participant._attribution._thread.submit(work, urgent=True)
    await asyncio.to_thread(busy.wait, 30)
    stream.hypothesis(said(1, 4, 8, "no time"))
    await told(ear, 2)
    let_go.set()
    monkeypatch.setattr(attribution, "PATIENCE_S", 30.0)
    stream.hypothesis(said(2, 8, 12))
    await told(ear, 3)
    assert await names(house, participant.conversation_id) == ["Speaker 1", "Speaker 1", "Speaker 2"]


async def test_a_final_takes_the_place_of_what_was_to_be_heard_for_a_partial(house: House) -> None:
    participant, stream, ear = await house.join("a", options=DIARIZE)
    assert participant._attribution is not None
    busy, let_go = threading.Event(), threading.Event()

    def work() -> None:
        busy.set()
        let_go.wait(30)

    participant._attribution._thread.submit(work, urgent=True)
    await asyncio.to_thread(busy.wait, 30)
    participant.feed(quiet(4))
    stream.hypothesis(said(0, 0, 3, "so", final=False))
    await asyncio.sleep(0)
    listening = participant._attribution._listening
    assert listening is not None
    stream.hypothesis(said(0, 0, 4))
    assert listening.cancelled()
    let_go.set()
    await told(ear, 1)
    assert await names(house, participant.conversation_id) == ["Speaker 1"]
