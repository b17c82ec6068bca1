"""The JSON bodies of Symbl's Conversation API. Source: symbl-conversation.md §2 and §4–17."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from earful.conversation.types import InsightKind

__all__ = [
    "ActionItems",
    "AnalyticsBody",
    "Body",
    "ConversationBody",
    "ConversationList",
    "EntityBody",
    "EntityList",
    "EntityMatchBody",
    "FollowUps",
    "InsightBase",
    "InsightBody",
    "InsightEntity",
    "InsightRefBody",
    "Insights",
    "Intents",
    "MemberList",
    "MessageBody",
    "MessageList",
    "MessageRefBody",
    "Metric",
    "Notice",
    "OverlapBody",
    "OverlappingMember",
    "Pace",
    "ParentRef",
    "Person",
    "PhraseBody",
    "Polarity",
    "Questions",
    "Sentiment",
    "SpeakingBody",
    "TimeShare",
    "TopicBody",
    "TopicList",
    "TrackerBody",
    "TrackerMatchBody",
    "Transcript",
    "TranscriptBody",
    "WordBody",
]


class Body(BaseModel):
    """A JSON object with camelCase names."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, serialize_by_alias=True, frozen=True
    )


class Person(Body):
    """Someone who takes part; every field is left out for an unknown speaker."""

    id: str | None = None
    name: str | None = None
    email: str | None = None
    user_id: str | None = None


class Polarity(Body):
    """How negative (-1) or positive (1)."""

    score: float


class Sentiment(Body):
    """A polarity and its name: negative below -0.3, positive above 0.3."""

    polarity: Polarity
    suggested: Literal["negative", "neutral", "positive"]


class PhraseBody(Body):
    """A key phrase."""

    type: str
    text: str


class WordBody(Body):
    """One word with its times."""

    word: str
    start_time: str
    end_time: str
    speaker_tag: int | None = None
    score: float | None = None
    time_offset: float
    duration: float


class MessageBody(Body):
    """One sentence by one speaker."""

    id: str
    text: str = Field(examples=["Could you send the quote?"])
    from_: Person = Field(serialization_alias="from")
    start_time: str
    end_time: str
    time_offset: float = Field(description="Seconds since the first message began.")
    duration: float = Field(description="Seconds.")
    conversation_id: str
    phrases: list[PhraseBody]
    sentiment: Sentiment | None = None
    words: list[WordBody] | None = None
    entities: "list[InsightEntity] | None" = Field(
        default=None,
        description="What was named, or is personal: where entities or redaction were asked for.",
    )


class MessageList(Body):
    """What was said, in order."""

    messages: list[MessageBody]


class ParentRef(Body):
    """The topic that another is part of."""

    type: str = "topic"
    text: str


class TopicBody(Body):
    """What was talked about."""

    id: str
    text: str
    type: str = "topic"
    score: float
    message_ids: list[str]
    parent_refs: list[ParentRef]
    sentiment: Sentiment | None = None


class TopicList(Body):
    """What was talked about, the most important first."""

    topics: list[TopicBody]


class InsightEntity(Body):
    """A date, person or other thing named in an insight."""

    type: str
    text: str
    offset: int
    value: Any = None
    start: str | None = None
    end: str | None = None


class InsightBase(Body):
    """A question, an action item or a follow-up, without where it was said."""

    id: str
    type: InsightKind
    text: str = Field(examples=["Tomasz will email the quote to Ines tomorrow morning."])
    score: float
    entities: list[InsightEntity]
    phrases: list[PhraseBody]
    from_: Person = Field(serialization_alias="from")
    assignee: Person
    definitive: bool
    due_by: str | None = None


class InsightBody(InsightBase):
    """A question, an action item or a follow-up."""

    message_ids: list[str]


class MemberList(Body):
    """Who took part."""

    members: list[Person]


class ConversationBody(Body):
    """A conversation."""

    id: str
    type: str
    name: str
    start_time: str
    end_time: str
    members: list[Person]
    metadata: dict[str, str]


class ConversationList(Body):
    """Conversations."""

    conversations: list[ConversationBody]


class MessageRefBody(Body):
    """Where in which message; offset -1 means similar in meaning, not literal."""

    id: str
    text: str
    offset: int
    start_time: str | None = None
    end_time: str | None = None


class InsightRefBody(Body):
    """Where in which insight."""

    id: str
    type: InsightKind
    text: str
    offset: int


class TrackerMatchBody(Body):
    """One phrase of a tracker's vocabulary that was said."""

    type: str = "vocabulary"
    value: str
    message_refs: list[MessageRefBody]
    insight_refs: list[InsightRefBody]


class TrackerBody(Body):
    """A tracker that was hit."""

    id: str
    name: str
    matches: list[TrackerMatchBody]


class EntityMatchBody(Body):
    """The newer form of where an entity was said."""

    detected_value: str
    message_refs: list[MessageRefBody]


class EntityBody(Body):
    """One named thing, in the classic and the newer form at once."""

    type: str
    text: str
    value: Any = None
    start: str | None = None
    end: str | None = None
    custom_type: str | None = None
    sub_type: str
    category: str
    message_refs: list[MessageRefBody]
    matches: list[EntityMatchBody]


class EntityList(Body):
    """What was named."""

    entities: list[EntityBody]


class Metric(Body):
    """One figure of the whole conversation."""

    type: Literal["total_silence", "total_talk_time", "total_overlap"]
    percent: float
    seconds: float


class Pace(Body):
    """How fast someone speaks, in words per minute."""

    wpm: int


class TimeShare(Body):
    """A length of time and its part of all talk."""

    percentage: float
    seconds: float


class OverlappingMember(Body):
    """With whom, and how long, someone spoke at the same time."""

    id: str | None = None
    name: str | None = None
    user_id: str | None = None
    percent: float
    seconds: float


class OverlapBody(Body):
    """Speaking at the same time as others; `{}` when that never happened."""

    overlap_duration: float | None = None
    overlapping_members: list[OverlappingMember] | None = None


class SpeakingBody(Body):
    """How one member talked."""

    id: str | None = None
    name: str | None = None
    user_id: str | None = None
    pace: Pace
    talk_time: TimeShare
    listen_time: TimeShare
    overlap: OverlapBody


class AnalyticsBody(Body):
    """How people talked."""

    metrics: list[Metric]
    members: list[SpeakingBody]


class Questions(Body):
    """What was asked."""

    questions: list[InsightBody]


class ActionItems(Body):
    """What somebody is to do."""

    action_items: list[InsightBody]


class FollowUps(Body):
    """Calls, meetings and mails that were agreed on."""

    follow_ups: list[InsightBody]


class Insights(Body):
    """Questions, action items and follow-ups."""

    insights: list[InsightBody]


class Intents(Body):
    """Nothing: intents are no longer looked for."""

    intents: list[str] = Field(examples=[[]])


class Notice(Body):
    """A sentence that says what was done."""

    message: str = Field(examples=["successfully deleted the conversation"])


class TranscriptBody(Body):
    """A conversation written out."""

    content_type: str
    payload: str


class Transcript(Body):
    """A conversation written out, in its envelope."""

    transcript: TranscriptBody
