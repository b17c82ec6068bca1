"""Does one job: a recording is fetched, recognised and understood, a text is understood."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from earful.audio.files import probe
from earful.audio.types import AudioError
from earful.conversation.ids import new_uuid
from earful.conversation.types import Conversation, Member, Message, Topic
from earful.insight.types import Findings, InsightOptions, InsightService, InsightSession, Utterance
from earful.jobs.fetch import FetchError, FetchLimits, fetch
from earful.jobs.recordings import Recordings
from earful.jobs.requests import MediaWork, Remark, TextWork, Wanted, from_json
from earful.jobs.retrospect import as_known, found_before
from earful.jobs.turns import Turn, Turns
from earful.jobs.worker import JobFailed, Outcome, Report
from earful.speech.files import FileTranscriber, TranscriptSegment
from earful.speech.types import Hotword, SpeechError
from earful.store.conversations import ConversationStore, UnknownConversation
from earful.store.jobs import Job
from earful.store.media import MediaStore

__all__ = ["JobRunner", "RecordingLimits", "media_key"]

_Steps = Callable[[int], None]

_WORDS_PER_SECOND = 2.5
_PORTION_WORDS = 1000
_FETCHED = 0.1
_RECOGNISED = 0.95


@dataclass(frozen=True, slots=True)
class RecordingLimits:
    """How long a recording may be, and how one is fetched from an address."""

    max_duration_s: float
    fetching: FetchLimits
    keep_media: bool


class JobRunner:
    """Runs jobs with the models of this process. `await runner(job, report)` is one job.

    Several may be under way: they take turns at the processor, between two sentences or two batches of sound.
    """

    def __init__(
        self,
        conversations: ConversationStore,
        media: MediaStore,
        insight: InsightService,
        transcriber: Callable[[], FileTranscriber],
        limits: RecordingLimits,
        recordings: Recordings,
        turns: Turns,
    ) -> None:
        self._conversations = conversations
        self._media = media
        self._insight = insight
        self._transcriber = transcriber
        self._limits = limits
        self._recordings = recordings
        self._turns = turns

    async def __call__(self, job: Job, report: Report) -> Outcome:
        """Do the job from its beginning. Raises `JobFailed` when it cannot be done."""
        conversation = await self._conversations.get(job.application_id, job.conversation_id)
        if conversation is None:
            raise JobFailed("the conversation was deleted")
        earlier = await self._conversations.messages(job.application_id, job.conversation_id)
        work = from_json(job.kind, job.request)
        owner = (job.application_id, job.conversation_id)
        trackers = await self._conversations.trackers(*owner) if earlier else ()
        entities = await self._conversations.entities(*owner) if earlier else ()
        wanted = replace(work.wanted, trackers=as_known(work.wanted.trackers, trackers))
        cast = _Cast(conversation.members)
        offset = _begins(work, conversation)
        if isinstance(work, TextWork):
            utterances = _written(work.remarks, cast, offset)
            heard = 0.0
        else:
            segments = await self._recognise(job, work, report)
            utterances = _spoken(segments, work, cast, offset)
            if self._limits.keep_media:
                await self._keep(job, offset)
            heard = _RECOGNISED
        understanding = _Understanding(self._insight, conversation, wanted, cast)
        count = len(earlier) + len(utterances)

        def progress(done: int) -> None:
            report(heard + (1.0 - heard) * done / count)

        def understand(turn: Turn) -> Findings:
            recalled, names = understanding.recall(earlier, turn, progress)
            found = understanding.run(utterances, names, turn, lambda done: progress(len(earlier) + done))
            before = found_before(recalled, names, earlier, trackers, entities)
            return replace(
                found, trackers=before.trackers + found.trackers, entities=before.entities + found.entities
            )

        findings = await self._turns.run(understand)
        # The last word may outlast the utterance that it was heard in.
        spoken = (utterance.end for utterance in utterances)
        end = max([offset, *spoken, *(message.end for message in findings.messages)])
        return Outcome(
            findings=findings,
            ended_at=conversation.started_at + timedelta(seconds=end),
            members=cast.newcomers,
        )

    async def _recognise(self, job: Job, work: MediaWork, report: Report) -> Sequence[TranscriptSegment]:
        key = media_key(job)
        path = self._media.path(key)
        try:
            if work.url is not None:
                await self._fetch(work.url, key, report)
            return await self._turns.run(lambda turn: self._transcribe(path, work, report, turn))
        except FileNotFoundError:
            raise JobFailed("the recording is no longer there") from None
        except (AudioError, SpeechError) as error:
            # The file's name here is a key; to the sender it is "the recording".
            raise JobFailed(str(error).replace(path.name, "the recording")) from error

    async def _keep(self, job: Job, start: float) -> None:
        try:
            await self._recordings.keep(
                job.application_id, job.conversation_id, job.id, key=media_key(job), start=start
            )
        except UnknownConversation:
            raise JobFailed("the conversation was deleted") from None

    def forget_media(self, job: Job) -> None:
        """Delete the recording of a job that is done, unless recordings are to be kept."""
        if job.kind == "media" and not self._limits.keep_media:
            self._media.delete(media_key(job))

    async def _fetch(self, url: str, key: str, report: Report) -> None:
        def progress(done: int, total: int | None) -> None:
            if total:
                report(_FETCHED * done / total)

        self._media.reserve()
        try:
            await fetch(url, self._media.path(key), self._limits.fetching, progress)
        except FetchError as error:
            self._media.delete(key)
            raise JobFailed(f"the recording could not be fetched: {error}") from error

    def _transcribe(
        self, path: Path, work: MediaWork, report: Report, turn: Turn
    ) -> Sequence[TranscriptSegment]:
        start = _FETCHED if work.url is not None else 0.0
        duration = probe(path).duration_s
        if duration is not None and duration > self._limits.max_duration_s:
            hours = self._limits.max_duration_s / 3600
            raise JobFailed(f"the recording is longer than {hours:g} hours")

        def progress(done: float) -> None:
            turn.go_on()
            report(start + (_RECOGNISED - start) * done)

        transcript = self._transcriber().transcribe(
            path,
            language=work.wanted.language,
            channels="separate" if work.separate_channels and not work.diarize else "mix",
            diarize=work.diarize,
            speakers=work.speakers,
            hotwords=[Hotword(phrase) for phrase in work.vocabulary],
            progress=progress,
        )
        return transcript.segments


def media_key(job: Job) -> str:
    """Return the key of a job's recording: that of the upload, or the job's own for one from an address."""
    return str(job.request.get("media") or job.id)


def _begins(work: MediaWork | TextWork, conversation: Conversation) -> float:
    """Return when the work begins, in seconds of its conversation.

    What has no time of its own, or one before the conversation's, follows what was said; so does a recording
    that would begin in the middle of it.
    """
    if work.began_at is None:
        return conversation.spoken_until
    start = (work.began_at - conversation.started_at) / timedelta(seconds=1)
    late_enough = start >= (0 if isinstance(work, TextWork) else conversation.spoken_until)
    return start if late_enough else conversation.spoken_until


class _Cast:
    """Who takes part: the members there are, and those whom this job brings."""

    def __init__(self, members: Sequence[Member]) -> None:
        self._by_key: dict[str, Member] = {}
        for member in members:
            for key in (member.user_id, member.email, member.name):
                if key:
                    self._by_key.setdefault(key.casefold(), member)
        self.newcomers: list[Member] = []

    def find(self, *, name: str | None, user_id: str | None) -> Member | None:
        """Return the member of that user id, or of that name where there is no id; a new one if need be."""
        key = user_id or name
        if not key:
            return None
        known = self._by_key.get(key.casefold())
        if known is None:
            email = user_id if user_id and "@" in user_id else None
            known = self.add(Member(new_uuid(), name or user_id, email, user_id))
            self._by_key[key.casefold()] = known
        return known

    def add(self, member: Member) -> Member:
        """Take in someone new."""
        self.newcomers.append(member)
        return member


def _written(remarks: Iterable[Remark], cast: _Cast, offset: float) -> list[Utterance]:
    """Return the items of a text with times: their own, or as long as it takes to say them."""
    found: list[Utterance] = []
    at = offset
    for remark in remarks:
        length = len(remark.text.split()) / _WORDS_PER_SECOND
        start = at if remark.start is None else offset + remark.start
        end = start + length if remark.end is None else max(start, offset + remark.end)
        at = max(at, end)
        if remark.text.strip():
            speaker = cast.find(name=remark.name, user_id=remark.user_id)
            said = 0
            portions = _portions(remark.text.strip())
            whole = sum(map(len, portions))
            for portion in portions:
                begun, said = said, said + len(portion)
                first, last = (start + (end - start) * part / whole for part in (begun, said))
                found.append(Utterance(portion, first, last, speaker))
    return sorted(found, key=lambda utterance: utterance.start)


def _portions(text: str) -> list[str]:
    """Divide what is too long to be understood at once where a sentence ends, if one does."""
    words = text.split()
    if len(words) <= _PORTION_WORDS:
        return [text]
    portions: list[str] = []
    while words:
        taken = words[:_PORTION_WORDS]
        ends = [at for at, word in enumerate(taken, 1) if word.endswith((".", "?", "!"))]
        keep = ends[-1] if ends and len(words) > len(taken) else len(taken)
        portions.append(" ".join(words[:keep]))
        words = words[keep:]
    return portions


def _spoken(
    segments: Sequence[TranscriptSegment], work: MediaWork, cast: _Cast, offset: float
) -> list[Utterance]:
    """Return what was recognised, each piece with its speaker where the work says how to tell."""
    named = {channel.channel: channel for channel in work.channels} if not work.diarize else {}
    speakers: dict[int, Member] = {}

    def speaker_of(tag: int | None) -> Member | None:
        if tag is None:
            return None
        if tag not in speakers:
            channel = named.get(tag)
            known = channel and cast.find(name=channel.name, user_id=channel.email)
            # Voices of one recording are not known from another: they are new members each time.
            speakers[tag] = known or cast.add(Member(new_uuid(), f"Speaker {tag}"))
        return speakers[tag]

    return [
        Utterance(
            text=segment.text,
            start=offset + segment.start,
            end=offset + segment.end,
            speaker=speaker_of(segment.speaker),
            words=tuple(
                replace(
                    word,
                    start=offset + word.start,
                    end=offset + word.end,
                    speaker_tag=segment.speaker,
                )
                for word in segment.words
            ),
            confidence=segment.confidence,
        )
        for segment in segments
    ]


class _Understanding:
    """Finds the meaning of new utterances in the light of what was said before."""

    def __init__(
        self, insight: InsightService, conversation: Conversation, wanted: Wanted, cast: _Cast
    ) -> None:
        self._members = {member.id: member for member in conversation.members}
        zone = wanted.timezone_offset_min
        here = conversation if zone is None else replace(conversation, timezone_offset_min=zone)
        self._session: InsightSession = insight.open(
            replace(here, members=(*conversation.members, *cast.newcomers)), _options(wanted)
        )

    def run(
        self, utterances: Sequence[Utterance], known: Mapping[str, str], turn: Turn, progress: _Steps
    ) -> Findings:
        """Return everything new; `known` are the ids of what was recalled.

        Topics are those of the whole conversation. `progress` is told how many were understood.
        """
        steps: list[Findings] = []
        for at, utterance in enumerate(utterances):
            turn.go_on()
            progress(at)
            steps.append(self._session.observe(utterance))
        steps.append(self._session.finish())
        found = _joined(steps)
        return replace(found, topics=None if found.topics is None else _with_ids(found.topics, known))

    def recall(
        self, earlier: Sequence[Message], turn: Turn, progress: _Steps
    ) -> tuple[Findings, dict[str, str]]:
        """Tell the session what was said before; return what it finds there, and our ids by its own."""
        known: dict[str, str] = {}
        steps: list[Findings] = []
        for at, message in enumerate(earlier):
            turn.go_on()
            progress(at)
            speaker = self._members.get(message.member_id or "")
            again = self._session.observe(Utterance(message.text, message.start, message.end, speaker))
            known |= {copy.id: message.id for copy in again.messages}
            steps.append(again)
        self._session.finish()  # what was broken off then was told then
        return _joined(steps), known


def _options(wanted: Wanted) -> InsightOptions:
    english = wanted.language.lower().startswith("en")
    nothing = InsightOptions(kinds=frozenset(), topics=False)
    return replace(
        InsightOptions() if english else nothing,
        confidence_threshold=wanted.confidence_threshold,
        entities=wanted.entities,
        custom_entities=wanted.custom_entities,
        phrases=wanted.phrases,
        trackers=wanted.trackers,
        sentiment=True,
        redaction=wanted.redaction,
    )


def _joined(steps: Sequence[Findings]) -> Findings:
    ranked = [step.topics for step in steps if step.topics is not None]
    return Findings(
        messages=tuple(message for step in steps for message in step.messages),
        insights=tuple(insight for step in steps for insight in step.insights),
        topics=ranked[-1] if ranked else None,
        trackers=tuple(match for step in steps for match in step.trackers),
        entities=tuple(match for step in steps for match in step.entities),
    )


def _with_ids(topics: Iterable[Topic], known: Mapping[str, str]) -> tuple[Topic, ...]:
    """Return the topics with the ids under which earlier messages are stored."""
    return tuple(
        replace(topic, message_ids=tuple(dict.fromkeys(known.get(id_, id_) for id_ in topic.message_ids)))
        for topic in topics
    )
