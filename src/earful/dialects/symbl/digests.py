"""Symbl's summaries, call scores, abstract topics, comprehensive action items, and speaker events."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BeforeValidator, Field

from earful.accounts.service import Accounts
from earful.conversation.ids import new_numeric_id, new_uuid
from earful.conversation.speakers import SpeakerEvent, attributed, turns
from earful.conversation.types import Conversation, Member
from earful.dialects.symbl import shapes
from earful.dialects.symbl.auth import application_dependency
from earful.dialects.symbl.bodies import Body, InsightBase, Notice
from earful.dialects.symbl.errors import ApiError, ErrorMessage
from earful.dialects.symbl.owned import conversation_dependency
from earful.insight.retelling import retold
from earful.insight.themes import in_context, themes
from earful.jobs.digests import Digests, TooShort
from earful.store.conversations import ConversationStore

__all__ = [
    "MessageId",
    "Refresh",
    "SummaryBody",
    "SummaryList",
    "digest_router",
    "require_done",
    "summary_list",
]

_Path = "/conversations/{conversation_id}"
_ERRORS: dict[int | str, dict[str, Any]] = {
    400: {"model": ErrorMessage, "description": "A parameter is not what it should be."},
    401: {"model": ErrorMessage, "description": "No valid token."},
    404: {"model": ErrorMessage, "description": "There is no such conversation, or not yet what is asked."},
}
_MAX_EVENTS = 100_000
Refresh = Annotated[
    bool | None,
    BeforeValidator(lambda value: None if value == "" else value),
    Query(description="`true`: anew; `false`: only of what was added since the last summary."),
]
_MAX_SECONDS = 10.0**9


class MessageId(Body):
    """A message that something is about."""

    id: str


class SummaryBody(Body):
    """A summary and the messages it is drawn from."""

    id: str = Field(examples=["5380163304947712"])
    text: str
    message_refs: list[MessageId]


class SummaryList(Body):
    """Summaries: one, or one for each time that something was added."""

    summary: list[SummaryBody]


class ComprehensiveItem(InsightBase):
    """An action item with what led to it."""

    message_refs: list[MessageId]


class ComprehensiveItems(Body):
    """What somebody is to do."""

    action_items: list[ComprehensiveItem]


class AbstractTopic(Body):
    """A theme; `score` is how much of the conversation it is in, 0..1."""

    id: str
    text: str = Field(examples=["supplier call"])
    type: str = "abstract_topic"
    score: float
    message_ids: list[str]


class AbstractTopics(Body):
    """Themes, the widest first."""

    abstract_topics: list[AbstractTopic]


class Remark(Body):
    """What was good, or not."""

    summary: str


class Feedback(Body):
    """What was good and what was not."""

    positive: Remark
    negative: Remark


class CriterionBody(Body):
    """How a call did by one criterion, 0..100."""

    name: str
    score: int
    summary: str
    feedback: Feedback


class CallScoreBody(Body):
    """How a call went, 0..100: the mean of its criteria."""

    score: int = Field(examples=[71])
    summary: str = Field(examples=["Clear next steps; one question stayed open."])
    criteria: list[CriterionBody]


class Status(Body):
    """How the job stands that was to find this."""

    job_id: str = Field(examples=["0c1f4b86-6f0d-4a35-9a57-4e7d0b0a9a11"])
    status: str = Field(examples=["completed"])


class Speaker(Body):
    """Someone who spoke; `id` is any text that is theirs alone in this conversation."""

    id: Annotated[str, BeforeValidator(lambda value: str(value) if isinstance(value, int) else value)] = (
        Field(min_length=1, max_length=256)
    )
    name: str | None = None
    email: str | None = None


class Offset(Body):
    """Time since the conversation began; `nanos` may be more than a second."""

    seconds: float = Field(default=0, ge=0, le=_MAX_SECONDS)
    nanos: float = Field(default=0, ge=0, le=_MAX_SECONDS * 1e9)


class SpeakerEventBody(Body):
    """Someone began or stopped to speak."""

    type: Literal["started_speaking", "stopped_speaking"] = Field(examples=["started_speaking"])
    user: Speaker
    offset: Offset


class SpeakerEvents(Body):
    """Who spoke when, in any order."""

    speaker_events: list[SpeakerEventBody] = Field(min_length=1, max_length=_MAX_EVENTS)


class Check(Body):
    """Something that a criterion looks at."""

    question: str
    priority: Literal["high", "medium", "low"]


class ManagedCriterion(Body):
    """A criterion by which every call is scored."""

    id: str = Field(examples=["Symbl.Question_Handling"])
    name: str = Field(examples=["Question Handling"])
    tags: list[str] = Field(default_factory=list)
    checklist: list[Check]


def _managed(name: str, *checks: tuple[str, Literal["high", "medium", "low"]]) -> ManagedCriterion:
    checklist = [Check(question=question, priority=priority) for question, priority in checks]
    return ManagedCriterion(id="Symbl." + name.title().replace(" ", "_"), name=name, checklist=checklist)


_CRITERIA = (
    _managed(
        "Communication and Engagement",
        ("Did everybody get to talk?", "high"),
        ("Did they let each other finish?", "medium"),
        ("Was there little silence?", "medium"),
        ("Could one follow their pace?", "low"),
    ),
    _managed("Question Handling", ("Was each question followed by an answer?", "high")),
    _managed(
        "Forward Motion",
        ("Were next steps agreed on?", "high"),
        ("Has each somebody to do it?", "medium"),
        ("Has each a date?", "medium"),
    ),
    _managed(
        "Sales Process",
        ("Did needs come up?", "high"),
        ("Did money come up?", "high"),
        ("Did it come up who decides?", "medium"),
        ("Did times come up?", "medium"),
    ),
)


async def require_done(digests: Digests, conversation: Conversation) -> None:
    """Answer 404 while a job still works on the conversation."""
    if any(job.status in ("scheduled", "in_progress") for job in await digests.jobs_of(conversation)):
        raise ApiError(404, "The conversation is still being processed; try again when its job is completed.")


def digest_router(accounts: Accounts, store: ConversationStore, digests: Digests) -> APIRouter:
    """Return the routes for what is made of a conversation as a whole."""
    router = APIRouter(prefix="/v1", tags=["Conversations"], responses=_ERRORS)
    owned = conversation_dependency(accounts, store)
    Owned = Annotated[Conversation, Depends(owned)]  # noqa: N806 (a type)

    @router.get(_Path + "/summary", summary="Get the summary")
    async def get_summary(
        conversation: Owned,
        refresh: Refresh = None,
        start_time: Annotated[datetime | None, Query(alias="startTime")] = None,
        end_time: Annotated[datetime | None, Query(alias="endTime")] = None,
    ) -> SummaryList:
        """Get a summary of the conversation, or of the part from `startTime` to `endTime`."""
        return await summary_list(digests, store, conversation, refresh, start_time, end_time)

    @router.get(
        _Path + "/comprehensive/action-items",
        summary="Get action items in context",
        response_model_exclude_none=True,
    )
    async def comprehensive(conversation: Owned) -> ComprehensiveItems:
        """Get the action items, each with the question that led to it."""
        messages = await store.messages(conversation.application_id, conversation.id)
        people = shapes.People(conversation.members)
        items = []
        for insight in await store.insights(conversation.application_id, conversation.id, "action_item"):
            text, ids = in_context(insight, messages, people.names())
            shift = len(text) - len(insight.text)
            body = shapes.insight_body(insight, people)
            fields = {name: getattr(body, name) for name in InsightBase.model_fields}
            entities = [one.model_copy(update={"offset": one.offset + shift}) for one in body.entities]
            fields |= {"text": text, "entities": entities}
            items.append(ComprehensiveItem(**fields, message_refs=[MessageId(id=id_) for id_ in ids]))
        return ComprehensiveItems(action_items=items)

    @router.get(_Path + "/abstract-topics", summary="Get themes")
    async def abstract_topics(conversation: Owned) -> AbstractTopics:
        """Get what the topics have in common; `score` is the part of the conversation that is about it."""
        messages = await store.messages(conversation.application_id, conversation.id)
        topics = await store.topics(conversation.application_id, conversation.id)
        ids = {topic.text: topic.id for topic in topics}
        return AbstractTopics(
            abstract_topics=[
                AbstractTopic(
                    id=ids.get(theme.text) or new_numeric_id(),
                    text=theme.text,
                    score=round(theme.coverage, 3),
                    message_ids=list(theme.message_ids),
                )
                for theme in themes(topics, messages)
            ]
        )

    @router.put(_Path + "/speakers", summary="Say who spoke when")
    async def put_speakers(conversation: Owned, body: SpeakerEvents) -> Notice:
        """Give each message to the one who spoke longest during it; insights and members follow."""
        people: dict[str, Member] = {}
        events = []
        for event in body.speaker_events:
            user = event.user
            people[user.id] = Member(new_uuid(), user.name, user.email or None, user.email or user.id)
            at = event.offset.seconds + event.offset.nanos * 1e-9
            events.append(SpeakerEvent(event.type, user.id, at))
        spoken = turns(events)
        await store.reattribute(
            conversation.application_id,
            conversation.id,
            people,
            lambda messages: attributed(messages, spoken),
            retold,
        )
        return Notice(
            message=f"Speaker events associated for conversationId: {conversation.id} successfully!"
        )

    async def scored(conversation: Conversation) -> Status:
        jobs = await digests.jobs_of(conversation)
        asked = [job for job in jobs if job.request.get("wanted", {}).get("call_score")]
        if not asked:
            raise ApiError(404, "No call score was asked for: name callScore in features.featureList.")
        return Status(job_id=asked[-1].id, status=asked[-1].status)

    @router.get(_Path + "/callscore/status", summary="See how the call score stands")
    async def call_score_status(conversation: Owned) -> Status:
        """See how the job stands that was asked for a call score."""
        return await scored(conversation)

    @router.get(_Path + "/callscore", summary="Get the call score")
    async def call_score(conversation: Owned) -> CallScoreBody:
        """Get how the call went, 0 to 100.

        Measured from talk times, questions and next steps; judged by a language model where one is
        configured.
        """
        await scored(conversation)
        await require_done(digests, conversation)
        try:
            score = await digests.call_score(conversation)
        except TooShort as error:
            raise ApiError(404, f"There is no call score: {error}.") from None
        return CallScoreBody(
            score=score.score,
            summary=score.summary,
            criteria=[
                CriterionBody(
                    name=one.name,
                    score=one.score,
                    summary=one.summary,
                    feedback=Feedback(
                        positive=Remark(summary=one.positive), negative=Remark(summary=one.negative)
                    ),
                )
                for one in score.criteria
            ],
        )

    application = Depends(application_dependency(accounts))

    @router.get(
        "/manage/callscore/criteria", summary="List the call score's criteria", dependencies=[application]
    )
    async def criteria() -> list[ManagedCriterion]:
        """List what calls are scored by; the sales process only where `salesStage` is `qualification`."""
        return list(_CRITERIA)

    @router.get(
        "/manage/callscore/criteria/{criterion_id}",
        summary="Get a criterion of the call score",
        dependencies=[application],
    )
    async def criterion(criterion_id: str) -> ManagedCriterion:
        """Get one of the criteria that calls are scored by."""
        for one in _CRITERIA:
            if one.id == criterion_id:
                return one
        raise ApiError(404, "The criterionId is either invalid or does not exist.")

    @router.get(_Path + "/lm-insights/status", summary="See how the insights stand")
    async def insights_status(conversation: Owned) -> Status:
        """See how the latest job of the conversation stands."""
        jobs = await digests.jobs_of(conversation)
        if not jobs:
            raise ApiError(404, "No job has worked on this conversation.")
        return Status(job_id=jobs[-1].id, status=jobs[-1].status)

    return router


async def summary_list(
    digests: Digests,
    store: ConversationStore,
    conversation: Conversation,
    refresh: bool | None,
    start: datetime | None = None,
    end: datetime | None = None,
) -> SummaryList:
    """Return the answer to a request for a summary. Answers 404 while a job runs."""
    await require_done(digests, conversation)
    if start is None and end is None:
        made = await digests.summaries(conversation, refresh=refresh)
        return SummaryList(summary=[_summary(one.id, one.text, one.message_ids) for one in made])
    began = conversation.started_at
    start, end = start and shapes.in_utc(start), end and shapes.in_utc(end)
    messages = [
        message
        for message in await store.messages(conversation.application_id, conversation.id)
        if (start is None or began + timedelta(seconds=message.end) > start)
        and (end is None or began + timedelta(seconds=message.start) < end)
    ]
    if not messages:
        return SummaryList(summary=[])
    part = await digests.summary_of(conversation, messages)
    return SummaryList(summary=[_summary(new_numeric_id(), part.text, part.message_ids)])


def _summary(id_: str, text: str, message_ids: tuple[str, ...]) -> SummaryBody:
    return SummaryBody(id=id_, text=text, message_refs=[MessageId(id=one) for one in message_ids])
