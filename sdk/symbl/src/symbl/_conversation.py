"""A conversation as an object: its id, its job, and everything that can be asked about it."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any, Self, TypeVar

from symbl import _models as models
from symbl._calls import Parameters
from symbl._conversations_api import AsyncConversationsApi, ConversationsApi, Login
from symbl._jobs import AsyncJob, Job
from symbl._session import AsyncSession, Session, default_session

__all__ = ["AsyncConversation", "Conversation"]

T = TypeVar("T")
log = logging.getLogger("symbl")


class Conversation:
    """A conversation; what `process_*` calls return and what a connection has.

    With a job and `wait=True` it is made when the job has ended, with `wait=False` at once; then
    `on_complete` and `on_error` tell when it ended. Without an id every question logs an error and returns
    `None`.
    """

    def __init__(
        self,
        conversation_id: str | None,
        job_id: str | None = None,
        wait: bool = True,
        credentials: Login = None,
        *,
        base_url: str | None = None,
        session: Session | None = None,
    ) -> None:
        session = session or default_session
        self._conversation_id = conversation_id
        self._credentials = credentials
        self._base_url = base_url
        self._api = ConversationsApi(session)
        if conversation_id is not None:
            session.last_ids = (conversation_id, job_id)
        self._job: Job | None = None
        if job_id is not None:
            self._job = Job(
                job_id, conversation_id, wait, session=session, credentials=credentials, base_url=base_url
            )
            self._job.monitor_job(self, wait=wait)

    @property
    def conversation_id(self) -> str | None:
        """Id of the conversation."""
        return self._conversation_id

    @property
    def job_id(self) -> str | None:
        """Id of the job that fills it, if there is one."""
        return self._job.get_job_id() if self._job else None

    def get_conversation_id(self) -> str | None:
        """Id of the conversation, `None` as long as a stream has none."""
        return self._conversation_id

    def get_job_id(self) -> str | None:
        """Id of the job that fills it, `None` for live conversations."""
        return self.job_id

    def get_job_status(self) -> str | None:
        """`scheduled`, `in_progress`, `completed` or `failed`; `None` for live conversations."""
        return self._job.get_job_status() if self._job else None

    def get_job_progress(self) -> float | None:
        """How much of the work is done, 0..1, as last heard; `None` where that is not known."""
        return self._job.get_job_progress() if self._job else None

    def get_job_error(self) -> str | None:
        """Why the job failed, in the server's words."""
        return self._job.get_job_error() if self._job else None

    def on_complete(self, func: Callable[[Conversation], Any]) -> Self:
        """Call a function with this object when the job has completed; at once when it already has."""
        if self._job is None:
            func(self)
        else:
            self._job.on_complete(func)
        return self

    def on_error(self, func: Callable[[Conversation], Any]) -> Self:
        """Call a function with this object when the job has failed; at once when it already has."""
        if self._job is not None:
            self._job.on_error(func)
        return self

    def __repr__(self) -> str:
        return f"<Conversation {self._conversation_id}>"

    def _ask(self, method: Callable[..., T], **arguments: Any) -> T | None:
        if self._conversation_id is None:
            log.error("Conversation not initialized")
            return None
        return method(
            self._conversation_id, credentials=self._credentials, base_url=self._base_url, **arguments
        )

    def get_messages(self, parameters: Parameters | None = None) -> models.Messages | None:
        """The sentences that were said; `parameters` may hold `sentiment`, `verbose`."""
        return self._ask(self._api.get_messages, parameters=parameters)

    def get_topics(self, parameters: Parameters | None = None) -> models.Topics | None:
        """What was talked about; `parameters` may hold `sentiment`, `parentRefs`."""
        return self._ask(self._api.get_topics, parameters=parameters)

    def get_questions(self) -> models.Questions | None:
        """What was asked."""
        return self._ask(self._api.get_questions)

    def get_action_items(self) -> models.ActionItems | None:
        """What somebody should do."""
        return self._ask(self._api.get_action_items)

    def get_follow_ups(self) -> models.FollowUps | None:
        """What is to be followed up."""
        return self._ask(self._api.get_follow_ups)

    def get_members(self) -> models.Members | None:
        """Who took part."""
        return self._ask(self._api.get_members)

    def get_conversation(self) -> models.ConversationData | None:
        """Name, times and members."""
        return self._ask(self._api.get_conversation)

    def get_trackers(self) -> list[models.Tracker] | None:
        """Which trackers were heard, and where."""
        return self._ask(self._api.get_trackers)

    def get_entities(self) -> models.Entities | None:
        """Named things; a dict with the key `entities`."""
        return self._ask(self._api.get_entities)

    def get_analytics(self) -> models.Analytics | None:
        """Who talked how much."""
        return self._ask(self._api.get_analytics)

    def get_call_score(self) -> models.CallScore | None:
        """The call's score by criteria."""
        return self._ask(self._api.get_call_score)

    def get_call_score_status(self) -> models.CallScoreStatus | None:
        """Whether the call score is ready."""
        return self._ask(self._api.get_call_score_status)

    def get_call_score_insights_url(self) -> models.InsightsUrl | None:
        """The address of the page with the call's score."""
        return self._ask(self._api.get_call_score_insights_url)

    def get_formatted_transcript(self, parameters: Parameters | None = None) -> models.Transcript | None:
        """The whole text as one; `parameters` hold `contentType` and more."""
        return self._ask(self._api.get_formatted_transcript, parameters=parameters)

    def put_members(self, members_id: object, parameters: Parameters | None = None) -> models.Result | None:
        """Change a member; `parameters` hold `name` and `email`."""
        return self._ask(self._api.put_members, members_id=members_id, parameters=parameters)

    def put_speakers_events(self, parameters: Parameters | None = None) -> models.Result | None:
        """Say who spoke when; `parameters` hold `speakerEvents`."""
        return self._ask(self._api.put_speakers_events, parameters=parameters)

    def delete_conversation(self) -> models.Result | None:
        """Delete the conversation."""
        return self._ask(self._api.delete_conversation)


class AsyncConversation:
    """`Conversation` for asyncio; `await conversation.wait()` returns when its job has ended."""

    def __init__(
        self,
        conversation_id: str | None,
        job_id: str | None = None,
        credentials: Login = None,
        *,
        session: AsyncSession,
        base_url: str | None = None,
    ) -> None:
        self._conversation_id = conversation_id
        self._credentials = credentials
        self._base_url = base_url
        self._api = AsyncConversationsApi(session)
        self._job = job_id and AsyncJob(job_id, session=session, credentials=credentials, base_url=base_url)

    @property
    def conversation_id(self) -> str | None:
        """Id of the conversation."""
        return self._conversation_id

    @property
    def job_id(self) -> str | None:
        """Id of the job that fills it, if there is one."""
        return self._job.job_id if self._job else None

    def get_conversation_id(self) -> str | None:
        """Id of the conversation, `None` as long as a stream has none."""
        return self._conversation_id

    def get_job_id(self) -> str | None:
        """Id of the job that fills it, `None` for live conversations."""
        return self.job_id

    def get_job_status(self) -> str | None:
        """`scheduled`, `in_progress`, `completed` or `failed`, as last heard; `None` for live
        conversations.
        """
        return self._job.status if self._job else None

    def get_job_progress(self) -> float | None:
        """How much of the work is done, 0..1, as last heard; `None` where that is not known."""
        return self._job.progress if self._job else None

    def get_job_error(self) -> str | None:
        """Why the job failed, in the server's words."""
        return self._job.error if self._job else None

    async def wait(self) -> str | None:
        """Wait until the job has ended; its status."""
        return await self._job.wait() if self._job else None

    def __repr__(self) -> str:
        return f"<AsyncConversation {self._conversation_id}>"

    async def _ask(self, method: Callable[..., Awaitable[T]], **arguments: Any) -> T | None:
        if self._conversation_id is None:
            log.error("Conversation not initialized")
            return None
        return await method(
            self._conversation_id, credentials=self._credentials, base_url=self._base_url, **arguments
        )

    async def get_messages(self, parameters: Parameters | None = None) -> models.Messages | None:
        """The sentences that were said; `parameters` may hold `sentiment`, `verbose`."""
        return await self._ask(self._api.get_messages, parameters=parameters)

    async def get_topics(self, parameters: Parameters | None = None) -> models.Topics | None:
        """What was talked about; `parameters` may hold `sentiment`, `parentRefs`."""
        return await self._ask(self._api.get_topics, parameters=parameters)

    async def get_questions(self) -> models.Questions | None:
        """What was asked."""
        return await self._ask(self._api.get_questions)

    async def get_action_items(self) -> models.ActionItems | None:
        """What somebody should do."""
        return await self._ask(self._api.get_action_items)

    async def get_follow_ups(self) -> models.FollowUps | None:
        """What is to be followed up."""
        return await self._ask(self._api.get_follow_ups)

    async def get_members(self) -> models.Members | None:
        """Who took part."""
        return await self._ask(self._api.get_members)

    async def get_conversation(self) -> models.ConversationData | None:
        """Name, times and members."""
        return await self._ask(self._api.get_conversation)

    async def get_trackers(self) -> list[models.Tracker] | None:
        """Which trackers were heard, and where."""
        return await self._ask(self._api.get_trackers)

    async def get_entities(self) -> models.Entities | None:
        """Named things; a dict with the key `entities`."""
        return await self._ask(self._api.get_entities)

    async def get_analytics(self) -> models.Analytics | None:
        """Who talked how much."""
        return await self._ask(self._api.get_analytics)

    async def get_call_score(self) -> models.CallScore | None:
        """The call's score by criteria."""
        return await self._ask(self._api.get_call_score)

    async def get_call_score_status(self) -> models.CallScoreStatus | None:
        """Whether the call score is ready."""
        return await self._ask(self._api.get_call_score_status)

    async def get_call_score_insights_url(self) -> models.InsightsUrl | None:
        """The address of the page with the call's score."""
        return await self._ask(self._api.get_call_score_insights_url)

    async def get_formatted_transcript(
        self, parameters: Parameters | None = None
    ) -> models.Transcript | None:
        """The whole text as one; `parameters` hold `contentType` and more."""
        return await self._ask(self._api.get_formatted_transcript, parameters=parameters)

    async def put_members(
        self, members_id: object, parameters: Parameters | None = None
    ) -> models.Result | None:
        """Change a member; `parameters` hold `name` and `email`."""
        return await self._ask(self._api.put_members, members_id=members_id, parameters=parameters)

    async def put_speakers_events(self, parameters: Parameters | None = None) -> models.Result | None:
        """Say who spoke when; `parameters` hold `speakerEvents`."""
        return await self._ask(self._api.put_speakers_events, parameters=parameters)

    async def delete_conversation(self) -> models.Result | None:
        """Delete the conversation."""
        return await self._ask(self._api.delete_conversation)
