"""How our values become the JSON bodies of Symbl's Conversation API.

Absent values are left out, lists are always there, an unknown person is `{}`. Where clients of
different ages disagree about a field (`email` or `userId`, classic or newer entities) both forms
are sent.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from earful.conversation.types import (
    Conversation,
    Entity,
    EntityMatch,
    Insight,
    Member,
    Message,
    MessageRef,
    Phrase,
    Topic,
    TrackerMatch,
    Word,
)
from earful.dialects.symbl.bodies import (
    AnalyticsBody,
    ConversationBody,
    EntityBody,
    EntityMatchBody,
    InsightBody,
    InsightEntity,
    InsightRefBody,
    MessageBody,
    MessageRefBody,
    Metric,
    OverlapBody,
    OverlappingMember,
    Pace,
    ParentRef,
    Person,
    PhraseBody,
    Polarity,
    Sentiment,
    SpeakingBody,
    TimeShare,
    TopicBody,
    TrackerBody,
    TrackerMatchBody,
    WordBody,
)
from earful.insight.analytics import Analytics, Share

__all__ = [
    "People",
    "analytics_body",
    "conversation_body",
    "entity_bodies",
    "in_utc",
    "insight_body",
    "iso_time",
    "message_body",
    "person",
    "sentiment",
    "topic_body",
    "tracker_bodies",
]


def iso_time(moment: datetime) -> str:
    """Write an absolute time the way the API does: UTC, milliseconds, `Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def in_utc(moment: datetime) -> datetime:
    """Return a time that a client gave, in UTC: without a zone it is that already.

    What its zone carries beyond the calendar is the calendar's end.
    """
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return (datetime.min if moment.year == 1 else datetime.max).replace(tzinfo=UTC)


def person(member: Member | None) -> Person:
    """Return a member as `from`, `assignee` or list entry; an unknown one is empty."""
    if member is None:
        return Person()
    addressed = member.user_id is not None and "@" in member.user_id
    email = member.email or (member.user_id if addressed else None)
    # An address that stood for the user goes with the one that is known now.
    user_id = email if addressed else member.user_id or email
    return Person(id=member.id, name=member.name or member.user_id, email=email, user_id=user_id)


class People:
    """The members of a conversation by id."""

    def __init__(self, members: Iterable[Member]) -> None:
        self._members = {member.id: member for member in members}

    def named(self, member_id: str | None, name: str | None = None) -> Person:
        """Return the member of that id, else someone known by name only, else an unknown person."""
        if member_id is not None and member_id in self._members:
            return person(self._members[member_id])
        return Person(name=name)

    def names(self) -> dict[str | None, str]:
        """Return each member's name (or what else is known of them) by id."""
        return {
            member.id: name
            for member in self._members.values()
            if (name := member.name or member.email or member.user_id)
        }


def sentiment(score: float | None) -> Sentiment | None:
    """Return the shape of a polarity in -1..1."""
    if score is None:
        return None
    suggested: Literal["negative", "neutral", "positive"] = "neutral"
    if score < -0.3:
        suggested = "negative"
    elif score > 0.3:
        suggested = "positive"
    return Sentiment(polarity=Polarity(score=round(score, 3)), suggested=suggested)


def conversation_body(conversation: Conversation) -> ConversationBody:
    """Return a conversation; one that goes on ends, so far, where its last message does."""
    heard_until = conversation.started_at + timedelta(seconds=conversation.spoken_until)
    return ConversationBody(
        id=conversation.id,
        type=conversation.type,
        name=conversation.name or conversation.id,
        start_time=iso_time(conversation.started_at),
        end_time=iso_time(conversation.ended_at or heard_until),
        members=[person(member) for member in conversation.members],
        metadata=dict(conversation.metadata),
    )


def message_body(
    message: Message,
    conversation: Conversation,
    people: People,
    *,
    first_start: float,
    words: bool,
    polarity: float | None,
    entities: bool = True,
) -> MessageBody:
    """Return a message; `first_start` is when the conversation's first message began (seconds).

    Without `entities` what was named in it is left out: it is there as it was said, even if the text is not.
    """
    return MessageBody(
        id=message.id,
        text=message.text,
        from_=people.named(message.member_id),
        start_time=_absolute(conversation, message.start),
        end_time=_absolute(conversation, message.end),
        time_offset=round(message.start - first_start, 2),
        duration=round(message.end - message.start, 2),
        conversation_id=conversation.id,
        phrases=_phrases(message.phrases),
        sentiment=sentiment(polarity),
        words=[_word(word, conversation, first_start) for word in message.words or _spread(message)]
        if words
        else None,
        entities=[_insight_entity(entity, people) for entity in message.entities]
        if entities and message.entities
        else None,
    )


def _spread(message: Message) -> list[Word]:
    """Return the words of what was written, not spoken: over the message's time, by their letters."""
    texts = message.text.split()
    letters = sum(map(len, texts)) or 1
    words, done = [], 0
    for text in texts:
        start, done = done, done + len(text)
        span = (message.end - message.start) / letters
        words.append(Word(text, message.start + start * span, message.start + done * span))
    return words


def topic_body(topic: Topic, *, parents: bool, polarity: float | None) -> TopicBody:
    """Return a topic, with its parent if asked for and it has one."""
    return TopicBody(
        id=topic.id,
        text=topic.text,
        score=round(topic.score, 3),
        message_ids=list(topic.message_ids),
        parent_refs=[ParentRef(text=topic.parent)] if parents and topic.parent else [],
        sentiment=sentiment(polarity),
    )


def insight_body(insight: Insight, people: People) -> InsightBody:
    """Return an insight; people are shown under the names they have now."""
    return InsightBody(
        id=insight.id,
        type=insight.kind,
        text=insight.text,
        score=round(insight.score, 3),
        message_ids=list(insight.message_ids),
        entities=[_insight_entity(entity, people) for entity in insight.entities],
        phrases=_phrases(insight.phrases),
        from_=people.named(insight.member_id),
        assignee=people.named(insight.assignee_id, insight.assignee_name),
        definitive=insight.definitive,
        due_by=iso_time(insight.due_by) if insight.due_by else None,
    )


def tracker_bodies(matches: Iterable[TrackerMatch]) -> list[TrackerBody]:
    """Return each tracker that was hit, with one match for each of its phrases."""
    grouped: dict[tuple[str, str], list[TrackerMatchBody]] = {}
    for match in matches:
        grouped.setdefault((match.tracker_id, match.tracker_name), []).append(
            TrackerMatchBody(
                value=match.phrase,
                message_refs=[_plain_ref(ref) for ref in match.message_refs],
                insight_refs=[
                    InsightRefBody(id=ref.insight_id, type=ref.kind, text=ref.text, offset=ref.offset)
                    for ref in match.insight_refs
                ],
            )
        )
    return [TrackerBody(id=id, name=name, matches=found) for (id, name), found in grouped.items()]


def entity_bodies(
    matches: Iterable[EntityMatch], conversation: Conversation, messages: Sequence[Message]
) -> list[EntityBody]:
    """Return the entities; `messages` give the newer form its times."""
    times = {message.id: message for message in messages}

    def timed(ref: MessageRef) -> MessageRefBody:
        message = times.get(ref.message_id)
        if message is None:
            return _plain_ref(ref)
        return MessageRefBody(
            id=ref.message_id,
            text=ref.text,
            offset=ref.offset,
            start_time=_absolute(conversation, message.start),
            end_time=_absolute(conversation, message.end),
        )

    return [_entity(match, timed) for match in matches]


def analytics_body(analytics: Analytics, people: People) -> AnalyticsBody:
    """Return the analytics; the member without a name stands for all unattributed speech."""
    return AnalyticsBody(
        metrics=[
            _metric("total_silence", analytics.silence),
            _metric("total_talk_time", analytics.talk),
            _metric("total_overlap", analytics.overlap),
        ],
        members=[
            SpeakingBody(
                **_identity(people, speaking.member_id),
                pace=Pace(wpm=speaking.words_per_minute),
                talk_time=_time_share(speaking.talk),
                listen_time=_time_share(speaking.listen),
                overlap=OverlapBody(
                    overlap_duration=speaking.overlap_seconds,
                    overlapping_members=[
                        OverlappingMember(
                            **_identity(people, overlap.member_id),
                            percent=overlap.share.percent,
                            seconds=overlap.share.seconds,
                        )
                        for overlap in speaking.overlaps
                    ],
                )
                if speaking.overlaps
                else OverlapBody(),
            )
            for speaking in analytics.members
        ],
    )


def _metric(type: Literal["total_silence", "total_talk_time", "total_overlap"], share: Share) -> Metric:
    return Metric(type=type, percent=share.percent, seconds=share.seconds)


def _identity(people: People, member_id: str | None) -> dict[str, Any]:
    return people.named(member_id).model_dump(by_alias=False, include={"id", "name", "user_id"})


def _time_share(share: Share) -> TimeShare:
    return TimeShare(percentage=share.percent, seconds=share.seconds)


def _absolute(conversation: Conversation, seconds: float) -> str:
    return iso_time(conversation.started_at + timedelta(seconds=seconds))


def _word(word: Word, conversation: Conversation, first_start: float) -> WordBody:
    return WordBody(
        word=word.text,
        start_time=_absolute(conversation, word.start),
        end_time=_absolute(conversation, word.end),
        speaker_tag=word.speaker_tag,
        score=None if word.confidence is None else round(word.confidence, 3),
        time_offset=round(word.start - first_start, 2),
        duration=round(word.end - word.start, 2),
    )


def _phrases(phrases: Iterable[Phrase]) -> list[PhraseBody]:
    return [PhraseBody(type=phrase.type, text=phrase.text) for phrase in phrases]


def _plain_ref(ref: MessageRef) -> MessageRefBody:
    return MessageRefBody(id=ref.message_id, text=ref.text, offset=ref.offset)


def _range(value: Any) -> dict[str, Any]:
    """Return `start` and `end` for a range, `value` for anything else."""
    if isinstance(value, Mapping) and value and set(value) <= {"start", "end"}:
        return dict(value)
    return {"value": value}


def _insight_entity(entity: Entity, people: People) -> InsightEntity:
    fields = _range(entity.value)
    value = fields.get("value")
    if isinstance(value, Mapping) and isinstance(value.get("id"), str):
        known = people.named(value["id"]).model_dump(
            by_alias=True, exclude_none=True, include={"id", "name", "user_id"}
        )
        # Of somebody who is known here nothing else is told than what is known now.
        merged = {**value, **({"userId": None, **known} if known else {})}
        fields["value"] = {key: part for key, part in merged.items() if part is not None}
    return InsightEntity(type=entity.type, text=entity.text, offset=entity.offset, **fields)


def _entity(match: EntityMatch, timed: Callable[[MessageRef], MessageRefBody]) -> EntityBody:
    entity = match.entity
    custom = (entity.category or "").casefold() == "custom"
    value = entity.value if entity.value is not None else entity.text
    if entity.type == "person" and isinstance(value, Mapping):
        value = str(value.get("name") or entity.text).lower()
    return EntityBody(
        type="custom" if custom else entity.type,
        text=entity.text,
        **_range(value),
        custom_type=entity.type if custom else None,
        sub_type=entity.type.upper(),
        category=(entity.category or "Managed").capitalize(),
        message_refs=[_plain_ref(ref) for ref in match.message_refs],
        matches=[
            EntityMatchBody(
                detected_value=entity.text, message_refs=[timed(ref) for ref in match.message_refs]
            )
        ],
    )
