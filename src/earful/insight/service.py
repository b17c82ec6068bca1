"""The meaning of a conversation as it goes on: every finder, run over each message in turn."""

import re
import threading
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from earful.conversation.ids import new_numeric_id
from earful.conversation.types import (
    Conversation,
    Entity,
    EntityMatch,
    Insight,
    InsightKind,
    InsightRef,
    Member,
    Message,
    MessageRef,
    Phrase,
    Tracker,
    TrackerMatch,
    Word,
)
from earful.insight.action_items import Action, find_action
from earful.insight.broken import Broken, BrokenSentences
from earful.insight.custom_entities import CUSTOM, find_custom_entities
from earful.insight.encoder import NamedSpan, Sense, TextEncoder, shared_encoder
from earful.insight.entities import date_entity, find_entities
from earful.insight.follow_ups import follow_up_kind
from earful.insight.layout import Near
from earful.insight.meant import with_thing
from earful.insight.phrases import action_phrases, assignee_entity
from earful.insight.questions import question_score
from earful.insight.redaction import PersonalData, apply, find_personal_data
from earful.insight.sentences import Piece, breaks_off, cut, ends_open
from earful.insight.sentiment import polarity
from earful.insight.text import tokens
from earful.insight.topics import TopicBook
from earful.insight.trackers import Hit, TrackerSet
from earful.insight.types import Findings, InsightOptions, Utterance
from earful.insight.writing import is_bare, without_commas, written

__all__ = ["LocalInsightService", "LocalInsightSession"]

_REMEMBERED_INSIGHTS = 64
_REMEMBERED_NAMES = 64
_REMEMBERED_CHARS = 300
# Names are known by themselves; a date or an age said again is as likely another one.
_TOLD_AGAIN = frozenset({"PERSON_NAME", "DATE", "AGE"})
_ASKED = 0.5
_MOST_NAME_WORDS = 3
_NEAR = 3  # messages before one that the encoder sees
_JUDGED = 4


@dataclass(frozen=True, slots=True)
class _Found:
    """An insight before it has an identity: raw text, who, what and how sure."""

    kind: InsightKind
    text: str
    score: float
    action: Action | None = None


class LocalInsightService:
    """Opens insight sessions that run in this process, on the CPU, over one shared text encoder."""

    def __init__(self, encoder: TextEncoder | None = None) -> None:
        self._encoder = encoder or shared_encoder()

    def open(self, conversation: Conversation, options: InsightOptions) -> "LocalInsightSession":
        """Start watching a conversation."""
        return LocalInsightSession(conversation, options, self._encoder)


class LocalInsightSession:
    """Meaning for one conversation. Safe to call from several threads; calls run one at a time."""

    def __init__(self, conversation: Conversation, options: InsightOptions, encoder: TextEncoder) -> None:
        self._conversation = conversation
        self._encoder = encoder
        self._lock = threading.Lock()
        self._members: dict[str, Member] = {member.id: member for member in conversation.members}
        self._topics = TopicBook(encoder)
        self._broken = BrokenSentences()
        self._recent: deque[str] = deque(maxlen=_REMEMBERED_INSIGHTS)
        self._names_heard: deque[str] = deque(maxlen=_REMEMBERED_NAMES)
        self._secrets: deque[str] = deque(maxlen=_REMEMBERED_NAMES)
        # The latest texts with what is personal in them: an insight repeats its message, or parts of it.
        self._judged: deque[tuple[str, list[PersonalData]]] = deque(maxlen=_JUDGED)
        self._said = ""
        self._before: deque[tuple[str | None, str]] = deque(maxlen=_NEAR)
        self._spoke: set[str | None] = set()
        self._tracker_ids: dict[tuple[str, tuple[str, ...]], str] = {}
        self._options = options
        self._trackers = TrackerSet(())
        self._configure(options)

    def meet(self, member: Member) -> None:
        """Learn who takes part before they say anything."""
        with self._lock:
            self._members.setdefault(member.id, member)

    def configure(self, options: InsightOptions) -> None:
        """Take new options from now on; trackers that stay keep their ids."""
        with self._lock:
            self._configure(options)

    def _configure(self, options: InsightOptions) -> None:
        self._options = options
        self._trackers = TrackerSet(self._identified(options.trackers))

    def _identified(self, trackers: Iterable[Tracker]) -> list[Tracker]:
        return [
            tracker
            if tracker.id
            else replace(
                tracker,
                id=self._tracker_ids.setdefault((tracker.name, tracker.vocabulary), new_numeric_id()),
            )
            for tracker in trackers
        ]

    def observe(self, utterance: Utterance) -> Findings:
        """Cut a final utterance into messages and report everything new that they mean."""
        with self._lock:
            if utterance.speaker is not None:
                self._members[utterance.speaker.id] = utterance.speaker
            messages: list[Message] = []
            insights: list[Insight] = []
            trackers: list[TrackerMatch] = []
            entities: list[EntityMatch] = []
            bare = is_bare(utterance.text)
            if bare:
                utterance = written(self._encoder, utterance)
            pieces = cut(utterance)
            for piece in pieces:
                # Where it goes on without a pause, a full stop is one (unless we put it there).
                whole = piece is not pieces[-1] and not bare
                message, found, sense, read = self._understand(piece, utterance, bare=bare, whole=whole)
                messages.append(message)
                insights += found
                trackers += self._track(message, found, sense, read)
                if self._options.entities or self._options.custom_entities:
                    entities += _entity_matches(message)
            topics, new_topics = self._topics.ranked() if self._options.topics and messages else (None, ())
            return Findings(
                tuple(messages),
                tuple(insights),
                topics,
                new_topics,
                tuple(trackers),
                tuple(entities),
                held=self._broken.holds(utterance.speaker.id if utterance.speaker else None),
            )

    def interim(self, text: str, speaker: Member | None) -> tuple[TrackerMatch, ...]:
        """Report literal tracker hits in a partial, when the options ask for them."""
        with self._lock:
            if not self._options.interim_trackers or not self._trackers:
                return ()
            shown = self._mask(text, unfinished=True)
            return _tracker_matches(self._trackers.find(shown), MessageRef("", shown), [])

    def mask(self, text: str, *, unfinished: bool = False) -> str:
        """Return the text with personal data masked when redaction is on, else unchanged."""
        with self._lock:
            return self._mask(text, unfinished=unfinished)

    def release(self, speaker: Member | None) -> Findings:
        """Report what a broken sentence of one speaker means as it stands."""
        with self._lock:
            broken = self._broken.take(speaker.id if speaker else None)
            return Findings(insights=tuple(self._as_it_stands([broken] if broken else [])))

    def finish(self) -> Findings:
        """Report what the sentences mean that were broken off when the conversation ended."""
        with self._lock:
            return Findings(insights=tuple(self._as_it_stands(self._broken.overdue())))

    def _now(self, seconds: float) -> datetime:
        """Return the conversation's local clock at a moment of it, without a zone."""
        offset = timedelta(minutes=self._conversation.timezone_offset_min)
        return (self._conversation.started_at.astimezone(UTC) + timedelta(seconds=seconds) + offset).replace(
            tzinfo=None
        )

    def _absolute(self, local: datetime) -> datetime:
        return (local - timedelta(minutes=self._conversation.timezone_offset_min)).replace(tzinfo=UTC)

    def _personal(
        self, text: str, now: datetime, sense: Sense | None = None, *, unfinished: bool = False
    ) -> list[PersonalData]:
        """Find personal data; without `sense` only those names that were heard before are known."""
        if sense is None and not unfinished:
            for said, known in reversed(self._judged):
                if said == text:
                    return known
        names = [member.name for member in self._members.values() if member.name]
        heard = sense.names if sense else ()
        found = find_personal_data(
            text,
            now,
            names=[*names, *self._names_heard],
            heard=heard,
            before=self._said,
            unfinished=unfinished,
            secrets=self._secrets,
        )
        if not unfinished:  # half a sentence is easily misheard
            self._remember(item.text for item in found if item.type == "PERSON_NAME")
            self._judged.append((text, found))
        return found

    def _remember(self, names: Iterable[str]) -> None:
        """Keep the latest names, to know them again where the encoder does not."""
        self._names_heard.extend(name for name in names if name not in self._names_heard)

    def _near(self, member_id: str | None) -> list[Near]:
        """Return what was said last, and whether by the same speaker."""
        return [(member_id == who, said) for who, said in self._before]

    def _sense(self, text: str, member_id: str | None) -> Sense:
        """Ask the encoder what a message is, after those before it."""
        return self._encoder.sense(text, self._near(member_id))

    def _mask(self, text: str, *, unfinished: bool = False) -> str:
        if not self._options.redaction.redact or not text:
            return text
        personal = self._personal(text, self._now(0), self._sense(text, None), unfinished=unfinished)
        return apply(text, personal, self._options.redaction)[0]

    def _understand(
        self, piece: Piece, utterance: Utterance, *, bare: bool, whole: bool
    ) -> tuple[Message, list[Insight], Sense, str | None]:
        """Return a message, what it means, what the encoder heard, and the text it read if that is shown."""
        options, redaction = self._options, self._options.redaction
        now = self._now(piece.start)
        speaker = utterance.speaker
        text, words = piece.text, piece.words
        entities: tuple[Entity, ...] = ()
        message_id = new_numeric_id()
        member_id = speaker.id if speaker else None
        self._spoke.add(member_id)
        if bare:
            # Marks that were put back say no more than the words do.
            read = without_commas(piece.text.rstrip(".?"))[0]
            sense = self._sense(read, member_id)
            piece = self._asked_or_told(piece, sense)
            text = piece.text
            sense = replace(sense, names=without_commas(text, sense.names)[1])
        else:
            read = text
            sense = self._sense(read, member_id)
        tags: tuple[Entity, ...] = ()
        if redaction.redact or redaction.identify:
            personal = self._personal(piece.text, now, sense)
            text, tags = apply(piece.text, personal, redaction)
            self._secrets.extend(item.text for item in personal if item.type not in _TOLD_AGAIN)
            if redaction.redact:
                words = _mask_words(piece.text, words, personal, redaction.mask)
        if options.entities:
            entities = tuple(
                entity
                for entity in find_entities(
                    text, now, tuple(self._members.values()), _moved(sense, text, piece)
                )
                if not (redaction.redact and redaction.mask in entity.text)
            )
        entities += find_custom_entities(text, options.custom_entities)
        feeling = polarity(piece.text, sense.polarity) if options.sentiment or options.topics else None
        insights, action = self._meaning(piece, sense, speaker, message_id, now, whole=whole)
        message = Message(
            id=message_id,
            conversation_id=self._conversation.id,
            text=text,
            start=piece.start,
            end=piece.end,
            member_id=member_id,
            words=words,
            confidence=_mean_confidence(piece.words, utterance.confidence),
            sentiment=feeling if options.sentiment else None,
            phrases=self._masked_phrases(action_phrases(action), now)
            if options.phrases and action and action.score >= options.confidence_threshold
            else (),
            entities=(*tags, *entities),
        )
        if options.topics:
            if speaker is not None and speaker.name:
                self._topics.leave_out(speaker.name)
            unmasked = text.replace(redaction.mask, " . ") if redaction.redact else text
            self._topics.add(unmasked, message_id, member_id, feeling)
        self._before.append((member_id, piece.text[-200:]))
        self._said = f"{self._said} {piece.text}"[-_REMEMBERED_CHARS:]
        return message, insights, sense, read if text == piece.text else None

    def _asked_or_told(self, piece: Piece, sense: Sense) -> Piece:
        """Give a sentence without marks of its own the question mark that it earns, or not."""
        said = piece.text.rstrip(".?")
        if said == piece.text:
            return piece
        plain, _ = without_commas(said)
        asked = question_score(plain, sense.question, alone=not self._before) >= _ASKED or (
            # Small talk keeps its mark: no question is made of it.
            piece.text.endswith("?") and question_score(piece.text, sense.question) < _ASKED
        )
        return replace(piece, text=f"{said}?" if asked else f"{said}.")

    def _meaning(
        self,
        piece: Piece,
        sense: Sense,
        speaker: Member | None,
        message_id: str,
        now: datetime,
        *,
        whole: bool,
    ) -> tuple[list[Insight], Action | None]:
        """Return the insights of a sentence, whole again if a pause broke it, and what it says is to be done.

        One that is broken off has none yet: they are told with its other half, or when that does not come.
        """
        member_id = speaker.id if speaker else None
        members, people = tuple(self._members.values()), len(self._spoke)

        def read(text: str, ids: tuple[str, ...], near: Sequence[Near], heard: Sense) -> Broken:
            action = find_action(text, speaker, members, now, heard, people=people)
            if action is not None and action.assignee_name:
                said = text[: max(0, text.find(action.phrase))]
                told = with_thing(action.text, action.phrase, [other for _, other in near], said)
                action = replace(action, text=told)
            return Broken(text, ids, member_id, now, piece.end, near, heard, action)

        told = self._as_it_stands(self._broken.overdue(piece.start))
        this = read(piece.text, (message_id,), self._near(member_id), sense)
        before = self._broken.take(member_id)
        if before is not None:
            action = this.action
            if action and action.by_rule and action.score >= self._options.confidence_threshold:
                # What says it all by itself is not given the dates of the sentence before it.
                told += self._as_it_stands([before])
            else:
                text = before.with_rest(piece.text, sense)
                heard = self._encoder.sense(text, before.near)
                this = read(text, (*before.message_ids, message_id), before.near, heard)
        short = BrokenSentences.may_hold(this.text)
        breaks = short and breaks_off(this.text)
        found = [] if breaks else self._as_it_stands([this])
        if breaks or (short and not found and not whole and ends_open(this.text)):
            told += self._as_it_stands(self._broken.hold(this))
        return [*told, *found], this.action

    def _as_it_stands(self, sentences: Iterable[Broken]) -> list[Insight]:
        """Return the insights of sentences as far as they go."""
        insights = [
            self._insight(found, one.message_ids, one.member_id, one.now)
            for one in sentences
            for found in self._insights(one.text, one.action, one.sense, alone=not one.near)
        ]
        redaction = self._options.redaction
        if redaction.redact:  # where nothing is left to read, nothing was meant
            insights = [one for one in insights if re.search(r"\w", one.text.replace(redaction.mask, ""))]
        return insights

    def _insights(self, text: str, action: Action | None, sense: Sense, *, alone: bool) -> list[_Found]:
        """Choose what a sentence is: something to do comes before a question that asks for it."""
        options = self._options
        found: list[_Found] = []
        if action is not None and action.score >= options.confidence_threshold:
            kind: InsightKind = "follow_up" if follow_up_kind(action) else "action_item"
            if kind == "follow_up" and kind not in options.kinds:
                kind = "action_item"
            key = f"{kind}:{action.assignee_name}:{action.phrase.lower()}"
            if kind in options.kinds and key not in self._recent:
                self._recent.append(key)
                found.append(_Found(kind, action.text, action.score, action))
        if "question" in options.kinds and not self._calls_somebody(text):
            score = question_score(text, sense.question, alone=alone)
            if score >= options.confidence_threshold:
                found.append(_Found("question", text, score))
        return found

    def _calls_somebody(self, text: str) -> bool:
        """Tell whether a text is nothing but the name of somebody who takes part: they are to speak."""
        said = [token.lower for token in tokens(text) if token.is_word]
        if not 0 < len(said) <= _MOST_NAME_WORDS:
            return False
        names = {word for one in self._members.values() for word in (one.name or "").lower().split()}
        return names.issuperset(said)

    def _insight(self, found: _Found, ids: tuple[str, ...], member_id: str | None, now: datetime) -> Insight:
        redaction = self._options.redaction
        action = found.action
        text = found.text
        entities: list[Entity] = []
        due = None
        if redaction.redact or redaction.identify:
            personal = self._personal(text, now)
            text, tags_found = apply(text, personal, redaction)
            entities += tags_found
        if action is not None:
            if action.assignee_name and text.startswith(action.assignee_name):
                entities.append(assignee_entity(action))
            if action.due is not None:
                at = text.lower().find(action.due.text.lower())
                if at >= 0:
                    entities.append(date_entity(replace(action.due, start=at)))
                if action.due.last is not None:
                    due = self._absolute(action.due.last)
        return Insight(
            id=new_numeric_id(),
            kind=found.kind,
            text=text,
            score=found.score,
            message_ids=ids,
            member_id=member_id,
            assignee_id=action.assignee.id if action and action.assignee else None,
            assignee_name=self._masked(action.assignee_name, now)
            if action and action.assignee_name
            else None,
            due_by=due,
            definitive=action.definitive if action else True,
            phrases=self._masked_phrases(action_phrases(action), now),
            entities=tuple(entities),
        )

    def _masked_phrases(self, phrases: tuple[Phrase, ...], now: datetime) -> tuple[Phrase, ...]:
        return tuple(replace(phrase, text=self._masked(phrase.text, now)) for phrase in phrases)

    def _masked(self, text: str, now: datetime) -> str:
        """Mask a piece of a message that was understood before."""
        if not self._options.redaction.redact:
            return text
        # What is known by now decides: said before, the same words may have told nothing yet.
        latest = next((personal for said, personal in reversed(self._judged) if text in said), None)
        if latest == []:
            return text
        return apply(text, self._personal(text, now), self._options.redaction)[0]

    def _track(
        self, message: Message, insights: list[Insight], sense: Sense, read: str | None
    ) -> tuple[TrackerMatch, ...]:
        if not self._trackers:
            return ()
        hits = self._trackers.find(message.text)
        said = {(hit.tracker_id, hit.phrase) for hit in hits}
        hits += [
            hit
            for hit in self._trackers.find_similar(message.text, self._encoder, sense, read)
            if (hit.tracker_id, hit.phrase) not in said
        ]
        return _tracker_matches(hits, MessageRef(message.id, message.text), insights)


def _moved(sense: Sense, text: str, piece: Piece) -> tuple[NamedSpan, ...]:
    """Return the encoder's names if their places hold in the shown text: when nothing in it was masked."""
    return sense.names if text == piece.text else ()


def _tracker_matches(hits: list[Hit], ref: MessageRef, insights: list[Insight]) -> tuple[TrackerMatch, ...]:
    """Group the hits of one message by tracker and phrase."""
    grouped: dict[tuple[str, str], list[Hit]] = {}
    for hit in hits:
        grouped.setdefault((hit.tracker_id, hit.phrase), []).append(hit)
    return tuple(
        TrackerMatch(
            tracker_id,
            places[0].tracker_name,
            phrase,
            tuple(replace(ref, offset=hit.offset) for hit in places),
            tuple(
                InsightRef(insight.id, insight.kind, insight.text, at)
                for insight in insights
                if (at := insight.text.lower().find(places[0].text.lower())) >= 0
            ),
        )
        for (tracker_id, phrase), places in grouped.items()
    )


def _entity_matches(message: Message) -> list[EntityMatch]:
    return [
        EntityMatch(entity, (MessageRef(message.id, message.text, entity.offset),))
        for entity in message.entities
        if entity.category in (None, CUSTOM)
    ]


def _mean_confidence(words: tuple[Word, ...], fallback: float | None) -> float | None:
    known = [word.confidence for word in words if word.confidence is not None]
    return sum(known) / len(known) if known else fallback


def _mask_words(
    text: str, words: tuple[Word, ...], personal: list[PersonalData], mask: str
) -> tuple[Word, ...]:
    """Mask the words that lie in personal data; all of them when they cannot be placed in the text."""
    if not personal:
        return words
    result: list[Word] = []
    at = 0
    for word in words:
        begin = text.find(word.text.strip(), at)
        if begin < 0:
            return tuple(replace(each, text=mask) for each in words)
        at = end = begin + len(word.text.strip())
        hidden = any(begin < item.end and end > item.start for item in personal)
        result.append(replace(word, text=mask) if hidden else word)
    return tuple(result)
