"""One job from its beginning to what it found: who said it, when, and what became of the recording."""

import wave
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from earful.conversation.ids import new_numeric_id
from earful.conversation.types import Conversation, Member, Message, Topic, TrackerMatch, Word
from earful.insight.types import Findings, InsightOptions, Utterance
from earful.jobs.fetch import FetchLimits
from earful.jobs.recordings import Recordings
from earful.jobs.requests import ChannelSpeaker, MediaWork, Remark, TextWork, Wanted, to_json
from earful.jobs.runner import JobRunner, RecordingLimits
from earful.jobs.turns import Turns
from earful.jobs.worker import JobFailed, Outcome
from earful.speech.files import Transcript, TranscriptSegment
from earful.speech.types import Hotword
from earful.store.attachments import AttachmentStore
from earful.store.jobs import Job
from earful.store.media import MediaStore
from tests.jobs.conftest import Kept


@dataclass
class FakeSession:
    """One message for each utterance, and a topic that names every message."""

    conversation: Conversation
    options: InsightOptions
    seen: list[Utterance] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)

    def observe(self, utterance: Utterance) -> Findings:
        self.seen.append(utterance)
        member = utterance.speaker.id if utterance.speaker else None
        message = Message(
            new_numeric_id(), self.conversation.id, utterance.text, utterance.start, utterance.end, member
        )
        self.messages.append(message)
        return Findings(messages=(message,), topics=self.topics())

    def topics(self) -> tuple[Topic, ...]:
        return (Topic(new_numeric_id(), "everything", 1.0, tuple(message.id for message in self.messages)),)

    def interim(self, text: str, speaker: Member | None) -> tuple[TrackerMatch, ...]:
        return ()

    def mask(self, text: str, *, unfinished: bool = False) -> str:
        return text

    def meet(self, member: Member) -> None:
        pass

    def configure(self, options: InsightOptions) -> None:
        self.options = options

    def release(self, speaker: Member | None) -> Findings:
        return Findings()

    def finish(self) -> Findings:
        return Findings()


class FakeInsight:
    def __init__(self) -> None:
        self.sessions: list[FakeSession] = []

    def open(self, conversation: Conversation, options: InsightOptions) -> FakeSession:
        self.sessions.append(FakeSession(conversation, options))
        return self.sessions[-1]


class FakeTranscriber:
    """Hears what it is told to, and remembers how it was asked."""

    def __init__(self, segments: Sequence[TranscriptSegment]) -> None:
        self.segments = tuple(segments)
        self.asked: dict[str, object] = {}

    def transcribe(self, path: Path, *, progress: Callable[[float], None], **asked: object) -> Transcript:
        path.open("rb").close()
        self.asked = asked
        progress(0.5)
        return Transcript(self.segments, 10.0, "en-US")


@dataclass
class Bench:
    kept: Kept
    media: MediaStore
    insight: FakeInsight
    transcriber: FakeTranscriber
    runner: JobRunner

    async def run(self, work: MediaWork | TextWork, conversation_id: str | None = None) -> Outcome:
        job = await self.job(work, conversation_id)
        self.progress: list[float] = []
        return await self.runner(job, self.progress.append)

    async def job(self, work: MediaWork | TextWork, conversation_id: str | None = None) -> Job:
        kind = "media" if isinstance(work, MediaWork) else "text"
        sent = await self.kept.job(conversation_id, kind)  # type: ignore[arg-type]
        return replace(sent, request=to_json(work))

    def recording(self, seconds: float = 1.0) -> str:
        key = self.media.reserve()
        with wave.open(str(self.media.path(key)), "wb") as out:
            out.setparams((1, 2, 8000, 0, "NONE", ""))
            out.writeframes(np.zeros(round(8000 * seconds), "<i2").tobytes())
        return key


@pytest.fixture
def bench(kept: Kept, tmp_path: Path) -> Bench:
    media = MediaStore(tmp_path / "media")
    insight = FakeInsight()
    transcriber = FakeTranscriber(
        [
            TranscriptSegment(0.5, 2.0, "Hello there.", 0.9, (Word("Hello", 0.5, 1.0),), speaker=1),
            TranscriptSegment(2.5, 4.0, "Good morning.", 0.8, speaker=2),
        ]
    )
    limits = RecordingLimits(60.0, FetchLimits(1_000_000, timeout_s=5), keep_media=False)
    recordings = Recordings(AttachmentStore(kept.database), media)
    runner = JobRunner(
        kept.conversations,
        media,
        insight,
        lambda: transcriber,
        limits,
        recordings,
        Turns(1),  # type: ignore[arg-type, return-value]
    )
    return Bench(kept, media, insight, transcriber, runner)


def said(outcome: Outcome) -> list[tuple[str, float, float]]:
    return [(m.text, round(m.start, 6), round(m.end, 6)) for m in outcome.findings.messages]


async def test_a_text_keeps_its_own_times_and_people(bench: Bench) -> None:
    remarks = (
        Remark("Good morning.", "Ines", "ines@example.com", 0.0, 2.0),
        Remark("Hi.", "Tomasz", None, 2.5, 3.0),
        Remark("Shall we begin?", "Ines again", "INES@example.com", 4.0, 5.0),
    )
    outcome = await bench.run(TextWork(remarks))
    assert said(outcome) == [("Good morning.", 0.0, 2.0), ("Hi.", 2.5, 3.0), ("Shall we begin?", 4.0, 5.0)]
    ines, tomasz = outcome.members
    assert (ines.name, ines.email, ines.user_id) == ("Ines", "ines@example.com", "ines@example.com")
    assert (tomasz.name, tomasz.email, tomasz.user_id) == ("Tomasz", None, None)
    assert [message.member_id for message in outcome.findings.messages] == [ines.id, tomasz.id, ines.id]


async def test_a_text_without_times_takes_as_long_as_it_takes_to_say(bench: Bench) -> None:
    outcome = await bench.run(TextWork((Remark("one two three four five"), Remark("  "), Remark("six"))))
    assert said(outcome) == [("one two three four five", 0.0, 2.0), ("six", 2.0, 2.4)]
    conversation = bench.insight.sessions[0].conversation
    assert outcome.ended_at == conversation.started_at + timedelta(seconds=2.4)


async def test_a_very_long_item_is_understood_a_portion_at_a_time(bench: Bench) -> None:
    sentence = "And " + "so " * 298 + "on."
    text = " ".join([sentence] * 4 + ["word"] * 2500)
    outcome = await bench.run(TextWork((Remark(text, start=10.0, end=3710.0),)))
    said = outcome.findings.messages
    assert " ".join(message.text for message in said) == text
    assert [len(message.text.split()) for message in said] == [900, 300, 1000, 1000, 500]
    assert (said[0].start, said[-1].end) == (10.0, 3710.0)
    assert all(one.end == next_one.start for one, next_one in pairwise(said))


async def test_appended_talk_follows_what_was_said_and_topics_are_those_of_it_all(bench: Bench) -> None:
    owner = await bench.kept.conversation()
    first = await bench.run(TextWork((Remark("one two three four five", "Ines"),)), owner)
    for member in first.members:
        await bench.kept.conversations.put_member(owner, member)
    await bench.kept.conversations.add_findings(owner, first.findings)
    second = await bench.run(TextWork((Remark("six seven", "Ines"), Remark("eight", "Omar"))), owner)
    assert said(second) == [("six seven", 2.0, 2.8), ("eight", 2.8, 3.2)]
    assert [member.name for member in second.members] == ["Omar"]
    assert second.findings.messages[0].member_id == first.members[0].id
    assert second.findings.topics is not None
    (topic,) = second.findings.topics
    messages = [*first.findings.messages, *second.findings.messages]
    assert topic.message_ids == tuple(message.id for message in messages)


async def test_what_is_appended_with_times_is_at_them(bench: Bench) -> None:
    owner = await bench.kept.conversation()
    first = await bench.run(TextWork((Remark("one two three four five"),)), owner)
    await bench.kept.conversations.add_findings(owner, first.findings)
    began = bench.insight.sessions[0].conversation.started_at
    later = (Remark("six seven", start=0.0, end=1.0), Remark("eight", start=60.0, end=61.0))
    a_week_on = began + timedelta(days=7)
    outcome = await bench.run(TextWork(later, Wanted(timezone_offset_min=-300), a_week_on), owner)
    week = 7 * 24 * 3600.0
    assert said(outcome) == [("six seven", week, week + 1), ("eight", week + 60, week + 61)]
    assert bench.insight.sessions[-1].conversation.timezone_offset_min == -300
    heard = await bench.run(MediaWork(media=bench.recording(), began_at=a_week_on), owner)
    assert said(heard)[0][1] == week + 0.5


@pytest.mark.parametrize("hours", [-1, 0])
async def test_a_time_that_cannot_be_is_not_taken(bench: Bench, hours: int) -> None:
    owner = await bench.kept.conversation()
    first = await bench.run(TextWork((Remark("one two three four five"),)), owner)
    await bench.kept.conversations.add_findings(owner, first.findings)
    when = bench.insight.sessions[0].conversation.started_at + timedelta(hours=hours)
    heard = await bench.run(MediaWork(media=bench.recording(), began_at=when), owner)
    assert said(heard)[0][1] == 2.5
    if hours:
        outcome = await bench.run(TextWork((Remark("six", start=0.0, end=1.0),), began_at=when), owner)
        assert said(outcome) == [("six", 2.0, 3.0)]


async def test_a_recording_is_recognised_with_its_times(bench: Bench) -> None:
    outcome = await bench.run(MediaWork(media=bench.recording(), vocabulary=("Capgemini",)))
    assert said(outcome) == [("Hello there.", 0.5, 2.0), ("Good morning.", 2.5, 4.0)]
    assert bench.transcriber.asked == {
        "language": "en-US",
        "channels": "mix",
        "diarize": False,
        "speakers": None,
        "hotwords": [Hotword("Capgemini")],
    }
    assert bench.progress == sorted(bench.progress)
    assert bench.progress[-1] <= 1.0


async def test_channels_are_their_speakers(bench: Bench) -> None:
    work = MediaWork(
        media=bench.recording(),
        separate_channels=True,
        channels=(ChannelSpeaker(2, "Tomasz", "tomasz@example.com"),),
    )
    outcome = await bench.run(work)
    assert bench.transcriber.asked["channels"] == "separate"
    assert [member.name for member in outcome.members] == ["Speaker 1", "Tomasz"]
    word = bench.insight.sessions[0].seen[0].words[0]
    assert word.speaker_tag == 1


async def test_voices_are_new_people_each_time_and_win_over_channels(bench: Bench) -> None:
    work = MediaWork(
        media=bench.recording(),
        diarize=True,
        speakers=3,
        separate_channels=True,
        channels=(ChannelSpeaker(1, "Ines"),),
    )
    outcome = await bench.run(work)
    assert (bench.transcriber.asked["channels"], bench.transcriber.asked["diarize"]) == ("mix", True)
    assert bench.transcriber.asked["speakers"] == 3
    assert [(member.name, member.email) for member in outcome.members] == [
        ("Speaker 1", None),
        ("Speaker 2", None),
    ]


async def test_another_language_gets_messages_and_nothing_else(bench: Bench) -> None:
    await bench.run(TextWork((Remark("Guten Morgen."),), Wanted(language="de-DE")))
    options = bench.insight.sessions[0].options
    assert (options.kinds, options.topics) == (frozenset(), False)


async def test_what_is_wanted_reaches_the_finders(bench: Bench) -> None:
    wanted = Wanted(confidence_threshold=0.7, phrases=True, entities=True)
    await bench.run(TextWork((Remark("Hi."),), wanted))
    options = bench.insight.sessions[0].options
    assert (options.confidence_threshold, options.phrases, options.entities) == (0.7, True, True)


async def test_a_file_that_is_no_recording_says_so_without_naming_our_files(bench: Bench) -> None:
    key = bench.media.reserve()
    bench.media.path(key).write_bytes(b"this is no audio at all")
    with pytest.raises(JobFailed, match="the recording is not an audio or video file") as failure:
        await bench.run(MediaWork(media=key))
    assert key not in str(failure.value)


async def test_a_recording_that_is_too_long_is_refused(bench: Bench) -> None:
    with pytest.raises(JobFailed, match=r"longer than 0\.0166667 hours"):
        await bench.run(MediaWork(media=bench.recording(61)))


async def test_a_recording_that_is_gone_is_said(bench: Bench) -> None:
    with pytest.raises(JobFailed, match="no longer there"):
        await bench.run(MediaWork(media=bench.media.reserve()))


async def test_an_address_in_the_private_network_is_refused(bench: Bench) -> None:
    with pytest.raises(JobFailed, match=r"could not be fetched: .* private network"):
        await bench.run(MediaWork(url="http://127.0.0.1:1/call.wav"))


async def test_the_recording_goes_when_the_job_is_done_unless_it_is_to_be_kept(bench: Bench) -> None:
    key = bench.recording()
    job = await bench.job(MediaWork(media=key))
    bench.runner.forget_media(job)
    assert not bench.media.path(key).exists()
