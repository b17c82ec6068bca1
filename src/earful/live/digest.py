"""From what was heard to what is told: masked, understood, stored, and only then passed on."""

import asyncio
import difflib
import heapq
import itertools
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from typing import TypeVar

import structlog

from earful.conversation.ids import new_uuid
from earful.conversation.types import InsightKind, Member, Message, TrackerMatch, Word
from earful.insight.types import HELD_FOR_S, Findings, InsightOptions, InsightSession, Utterance
from earful.live.clock import Clock, Timer
from earful.live.events import (
    EntitiesFound,
    Event,
    Fault,
    InsightsFound,
    MessagesAdded,
    TopicsFound,
    TrackersFound,
    Transcribed,
)
from earful.speech.types import Hypothesis
from earful.store.conversations import ConversationStore, UnknownConversation

__all__ = ["Digest", "Heard", "mask_words"]

log = structlog.get_logger(__name__)

_RETRY_AFTER_S = (0.1, 0.5, 2.0)
# From the final of a broken sentence to its release: its other half may have begun just in time, and its
# first partial be on its way.
_RELEASE_AFTER_S = HELD_FOR_S + 0.5

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Heard:
    """A hypothesis, whose it is, and where its stream lies in the conversation (`offset`, seconds)."""

    participant_id: str
    speaker: Member | None
    hypothesis: Hypothesis
    offset: float


@dataclass(order=True, slots=True)
class _Final:
    start: float
    number: int
    heard: Heard = field(compare=False)


class Digest:
    """The hypotheses of one conversation, from all its participants.

    Insight runs in `executor`, one call at a time. Finals go before partials, and among themselves in
    the order of their times; a partial never overtakes an earlier final of the same participant.
    A final and what it means are committed to the store before anyone is told of them. What a sentence that
    is broken off means is told with its other half, or when its speaker has been silent for a while or stops.
    """

    def __init__(
        self,
        conversation_id: str,
        session: InsightSession,
        store: ConversationStore,
        executor: Executor,
        publish: Callable[[Event], None],
        options: InsightOptions,
        clock: Clock,
    ) -> None:
        self._conversation_id = conversation_id
        self._session = session
        self._store = store
        self._executor = executor
        self._publish = publish
        self._options = options
        self._clock = clock
        self._unapplied: InsightOptions | None = None
        self._newcomers: list[Member] = []
        self.told_kinds: frozenset[InsightKind] = frozenset()
        self._finals: list[_Final] = []
        self._numbers = itertools.count()
        self._partials: dict[str, Heard] = {}
        self._owed: Counter[str] = Counter()
        self._told_partial: set[tuple[str, int]] = set()
        self._told_interim: set[tuple[str, int, str, str]] = set()
        self._waiting: list[tuple[str, asyncio.Future[None]]] = []
        self._held: dict[str, dict[str | None, Member | None]] = {}
        self._timers: dict[str, Timer] = {}
        self._releases: list[str] = []
        self._task: asyncio.Task[None] | None = None

    def meet(self, member: Member) -> None:
        """Tell what finds meaning who has joined."""
        self._newcomers.append(member)

    def configure(self, options: InsightOptions) -> None:
        """Look for what `options` say from the next utterance on."""
        if options != self._options:
            self._options = self._unapplied = options
            self._work()

    def take(self, heard: Heard) -> None:
        """Take what a participant's stream reports, in the order it reports it."""
        source = heard.participant_id
        if heard.hypothesis.is_final:
            held = self._partials.get(source)
            if held is not None and held.hypothesis.segment <= heard.hypothesis.segment:
                del self._partials[source]
            self._owed[source] += 1
            heapq.heappush(
                self._finals, _Final(heard.offset + heard.hypothesis.start, next(self._numbers), heard)
            )
            self._work()
        elif self._owed[source] or self._handles_partials():
            self._partials[source] = heard
            self._work()
        else:
            self._tell_partial(heard, heard.hypothesis)

    async def settled(self, participant_id: str) -> None:
        """Return when every final of that participant, who says no more, has been stored and told."""
        if participant_id in self._held:
            self._release_soon(participant_id)
        if self._owed[participant_id] or participant_id in self._held:
            done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append((participant_id, done))
            await done

    async def finish(self) -> None:
        """Tell everything that is left: the utterances still waiting, then what they mean together."""
        while self._task is not None:
            await asyncio.wait([self._task])
        for source in list(self._timers):
            self._cancel_release(source)
        try:
            findings = await self._in_thread(self._session.finish)
            await self._keep(findings)
        except Exception:
            log.exception("the last findings were lost", conversation=self._conversation_id)
            return
        self._tell(findings)

    # -- one thing after another ------------------------------------------------------------------

    def _work(self) -> None:
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        try:
            while True:
                if self._unapplied is not None:
                    options, self._unapplied = self._unapplied, None
                    await self._configure(options)
                elif self._finals:
                    await self._settle(heapq.heappop(self._finals).heard)
                elif self._releases:
                    await self._release(self._releases.pop(0))
                elif self._partials:
                    await self._care_for_partial(self._partials.pop(next(iter(self._partials))))
                else:
                    return
        finally:
            self._task = None

    async def _configure(self, options: InsightOptions) -> None:
        try:
            await self._in_thread(self._session.configure, options)
        except Exception:
            log.exception("insight options were not taken", conversation=self._conversation_id)

    async def _settle(self, heard: Heard) -> None:
        source = heard.participant_id
        segment = (source, heard.hypothesis.segment)
        try:
            if heard.hypothesis.text.strip():
                hypothesis, findings = await self._in_thread(self._understand, heard)
                self._note_held(source, heard.speaker, held=findings.held)
                await self._keep(findings)
                self._publish(Transcribed(source, heard.speaker, hypothesis))
                self._tell(findings)
            elif segment in self._told_partial:
                # What was shown turned out to be nothing: the display must be told.
                self._publish(Transcribed(source, heard.speaker, heard.hypothesis))
        except UnknownConversation:
            self._publish(Fault(source, "the conversation has been deleted; what is said is not kept"))
        except Exception:
            log.exception("an utterance could not be kept", conversation=self._conversation_id)
            self._publish(Fault(source, "an utterance could not be stored and was lost"))
        finally:
            self._told_partial.discard(segment)
            self._told_interim = {told for told in self._told_interim if told[:2] != segment}
            self._owed[source] -= 1
            if not self._owed[source]:
                del self._owed[source]
                if source not in self._held:
                    self._wake(source)
                elif any(waiting == source for waiting, _ in self._waiting):
                    self._release_soon(source)
                else:
                    self._await_rest(source)

    # -- broken sentences ---------------------------------------------------------------------------

    def _note_held(self, source: str, speaker: Member | None, *, held: bool) -> None:
        speakers = self._held.setdefault(source, {})
        speakers.pop(speaker.id if speaker else None, None)
        if held:
            speakers[speaker.id if speaker else None] = speaker
        if not speakers:
            del self._held[source]

    def _await_rest(self, source: str) -> None:
        """Release what is held of a participant unless they go on in time."""
        self._cancel_release(source)
        self._timers[source] = self._clock.call_later(
            _RELEASE_AFTER_S, lambda: self._release_if_silent(source)
        )

    def _cancel_release(self, source: str) -> None:
        if (timer := self._timers.pop(source, None)) is not None:
            timer.cancel()

    def _release_if_silent(self, source: str) -> None:
        # Who is speaking will have a final: what is held is joined to it, or released before it.
        if self._owed[source] or any(told[0] == source for told in self._told_partial):
            return
        self._release_soon(source)

    def _release_soon(self, source: str) -> None:
        self._cancel_release(source)
        if source not in self._releases:
            self._releases.append(source)
        self._work()

    async def _release(self, source: str) -> None:
        try:
            for speaker in self._held.pop(source, {}).values():
                findings = await self._in_thread(self._session.release, speaker)
                await self._keep(findings)
                self._tell(findings)
        except UnknownConversation:
            pass  # deleted, and said to be
        except Exception:
            log.exception("a broken sentence was not understood", conversation=self._conversation_id)
        finally:
            if not self._owed[source]:
                self._wake(source)

    def _wake(self, source: str) -> None:
        for waiting in [entry for entry in self._waiting if entry[0] == source]:
            self._waiting.remove(waiting)
            if not waiting[1].done():
                waiting[1].set_result(None)

    async def _care_for_partial(self, heard: Heard) -> None:
        if not self._handles_partials():
            self._tell_partial(heard, heard.hypothesis)
            return
        hypothesis, matches = await self._in_thread(self._understand_partial, heard)
        held = [final.heard for final in self._finals]
        if any(
            final.participant_id == heard.participant_id and final.hypothesis.segment <= hypothesis.segment
            for final in held
        ):
            return  # its final came in the meantime
        self._tell_partial(heard, hypothesis)
        fresh = []
        for match in matches:
            key = (heard.participant_id, hypothesis.segment, match.tracker_name, match.phrase)
            if key not in self._told_interim:
                self._told_interim.add(key)
                fresh.append(match)
        if fresh:
            self._publish(TrackersFound(tuple(fresh), is_final=False))

    def _tell_partial(self, heard: Heard, hypothesis: Hypothesis) -> None:
        if hypothesis.text.strip():
            self._told_partial.add((heard.participant_id, hypothesis.segment))
        self._publish(Transcribed(heard.participant_id, heard.speaker, hypothesis))

    def _tell(self, findings: Findings) -> None:
        if findings.messages:
            self._publish(MessagesAdded(findings.messages))
        insights = tuple(insight for insight in findings.insights if insight.kind in self.told_kinds)
        if insights:
            self._publish(InsightsFound(insights))
        if findings.new_topics:
            self._publish(TopicsFound(findings.new_topics))
        if findings.trackers:
            self._publish(TrackersFound(findings.trackers, messages=findings.messages))
        if findings.entities:
            self._publish(EntitiesFound(findings.entities))

    async def _keep(self, findings: Findings) -> None:
        if findings == Findings():
            return
        for pause in (*_RETRY_AFTER_S, None):
            try:
                await self._store.add_findings(self._conversation_id, findings)
                return
            except UnknownConversation:
                raise
            except Exception as error:
                if pause is None:
                    raise
                log.warning("storing failed, trying again", conversation=self._conversation_id, error=error)
                await asyncio.sleep(pause)

    async def _in_thread(self, function: Callable[..., Result], *args: object) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._executor, function, *args)

    # -- in a worker thread -----------------------------------------------------------------------

    def _understand(self, heard: Heard) -> tuple[Hypothesis, Findings]:
        hypothesis, offset = heard.hypothesis, heard.offset
        utterance = Utterance(
            text=hypothesis.text,
            start=hypothesis.start + offset,
            end=hypothesis.end + offset,
            speaker=heard.speaker,
            words=tuple(
                replace(word, start=word.start + offset, end=word.end + offset) for word in hypothesis.words
            ),
            confidence=hypothesis.confidence,
        )
        while self._newcomers:
            self._session.meet(self._newcomers.pop(0))
        masked = self._masked(hypothesis)
        try:
            return masked, self._session.observe(utterance)
        except Exception:
            # What was said must not be lost because its meaning was not understood.
            log.exception("an utterance was not understood", conversation=self._conversation_id)
            message = Message(
                id=new_uuid(),
                conversation_id=self._conversation_id,
                text=masked.text,
                start=utterance.start,
                end=utterance.end,
                member_id=heard.speaker.id if heard.speaker else None,
                words=tuple(
                    replace(word, start=word.start + offset, end=word.end + offset) for word in masked.words
                ),
                confidence=hypothesis.confidence,
            )
            return masked, Findings(messages=(message,))

    def _understand_partial(self, heard: Heard) -> tuple[Hypothesis, tuple[TrackerMatch, ...]]:
        masked = self._masked(heard.hypothesis)
        if not self._options.interim_trackers:
            return masked, ()
        try:
            return masked, self._session.interim(heard.hypothesis.text, heard.speaker)
        except Exception:
            log.exception("a partial was not understood", conversation=self._conversation_id)
            return masked, ()

    def _masked(self, hypothesis: Hypothesis) -> Hypothesis:
        redaction = self._options.redaction
        if not redaction.redact or not hypothesis.text:
            return hypothesis
        try:
            text = self._session.mask(hypothesis.text, unfinished=not hypothesis.is_final)
        except Exception:
            log.exception("masking failed; the whole text is withheld", conversation=self._conversation_id)
            text = redaction.mask
        if text == hypothesis.text:
            return hypothesis
        return replace(
            hypothesis,
            text=text,
            words=mask_words(hypothesis.words, text),
            stable_chars=min(hypothesis.stable_chars, _common_prefix(text, hypothesis.text)),
        )

    def _handles_partials(self) -> bool:
        return self._options.redaction.redact or self._options.interim_trackers


def mask_words(words: tuple[Word, ...], masked_text: str) -> tuple[Word, ...]:
    """Return the words of a text that has been masked: what was replaced becomes one word over its time."""
    before, after = [word.text for word in words], masked_text.split()
    matcher = difflib.SequenceMatcher(a=before, b=after, autojunk=False)
    masked: list[Word] = []
    for kind, i1, i2, j1, j2 in matcher.get_opcodes():
        if kind == "equal":
            masked += words[i1:i2]
        elif kind == "replace":
            text = " ".join(after[j1:j2])
            masked.append(replace(words[i1], text=text, end=words[i2 - 1].end))
        elif kind == "insert" and words:
            near = words[min(i1, len(words) - 1)]
            masked.append(replace(near, text=" ".join(after[j1:j2]), end=near.start))
    return tuple(masked)


def _common_prefix(first: str, second: str) -> int:
    for at, (one, other) in enumerate(zip(first, second, strict=False)):
        if one != other:
            return at
    return min(len(first), len(second))
