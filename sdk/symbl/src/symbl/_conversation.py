"""A conversation as an object: its id, its job, and everything that can be asked about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

from symbl import _calls
from symbl import _models as models
from symbl._calls import Call, Parameters
from symbl._jobs import AsyncJob, Job, tell
from symbl._operations import Awaited, Blocking, Login, Request, operation
from symbl._session import AsyncSession, Session, default_session

__all__ = ["AsyncConversation", "Conversation"]

P = ParamSpec("P")
T = TypeVar("T")


class _AboutConversation:
    """What is known about one conversation, and everything that can be asked about it."""

    _conversation_id: str | None
    _credentials: Login
    _base_url: str | None
    _job: Job | AsyncJob | None

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
        """`scheduled`, `in_progress`, `completed` or `failed`, as last heard; `None` for live
        conversations.
        """
        return self._job.get_job_status() if self._job else None

    def get_job_progress(self) -> float | None:
        """How much of the work is done, 0..1, as last heard; `None` where that is not known."""
        return self._job.get_job_progress() if self._job else None

    def get_job_error(self) -> str | None:
        """Why the job failed, in the server's words."""
        return self._job.get_job_error() if self._job else None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._conversation_id}>"

    def _ask(
        self, call: Callable[Concatenate[object, P], Call[T]], *arguments: P.args, **named: P.kwargs
    ) -> Request[T | None]:
        if self._conversation_id is None:
            return Request(None)
        asked = call(self._conversation_id, *arguments, **named)
        return Request(asked, self._credentials, self._base_url)

    @operation
    def get_messages(self, parameters: Parameters | None = None) -> Request[models.Messages | None]:
        """The sentences that were said; `parameters` may hold `sentiment`, `verbose`."""
        return self._ask(_calls.messages, parameters)

    @operation
    def get_topics(self, parameters: Parameters | None = None) -> Request[models.Topics | None]:
        """What was talked about; `parameters` may hold `sentiment`, `parentRefs`."""
        return self._ask(_calls.topics, parameters)

    @operation
    def get_summary(self, parameters: Parameters | None = None) -> Request[models.Summaries | None]:
        """What it was about; `parameters` may hold `refresh`. Symbl's own package has no such call."""
        return self._ask(_calls.summary, parameters)

    @operation
    def get_questions(self) -> Request[models.Questions | None]:
        """What was asked."""
        return self._ask(_calls.questions)

    @operation
    def get_action_items(self) -> Request[models.ActionItems | None]:
        """What somebody should do."""
        return self._ask(_calls.action_items)

    @operation
    def get_follow_ups(self) -> Request[models.FollowUps | None]:
        """What is to be followed up."""
        return self._ask(_calls.follow_ups)

    @operation
    def get_members(self) -> Request[models.Members | None]:
        """Who took part."""
        return self._ask(_calls.members)

    @operation
    def get_conversation(self) -> Request[models.ConversationData | None]:
        """Name, times and members."""
        return self._ask(_calls.conversation)

    @operation
    def get_trackers(self) -> Request[list[models.Tracker] | None]:
        """Which trackers were heard, and where."""
        return self._ask(_calls.trackers)

    @operation
    def get_entities(self) -> Request[models.Entities | None]:
        """Named things; a dict with the key `entities`."""
        return self._ask(_calls.entities)

    @operation
    def get_analytics(self) -> Request[models.Analytics | None]:
        """Who talked how much."""
        return self._ask(_calls.analytics)

    @operation
    def get_call_score(self) -> Request[models.CallScore | None]:
        """The call's score by criteria."""
        return self._ask(_calls.call_score)

    @operation
    def get_call_score_status(self) -> Request[models.CallScoreStatus | None]:
        """Whether the call score is ready."""
        return self._ask(_calls.call_score_status)

    @operation
    def get_call_score_insights_url(self) -> Request[models.InsightsUrl | None]:
        """The address of the page with the call's score."""
        return self._ask(_calls.insights_url)

    @operation
    def get_formatted_transcript(
        self, parameters: Parameters | None = None
    ) -> Request[models.Transcript | None]:
        """The whole text as one; `parameters` hold `contentType` and more."""
        return self._ask(_calls.transcript, parameters)

    @operation
    def put_members(
        self, members_id: object, parameters: Parameters | None = None
    ) -> Request[models.Result | None]:
        """Change a member; `parameters` hold `name` and `email`."""
        return self._ask(_calls.put_member, members_id, parameters)

    @operation
    def put_speakers_events(self, parameters: Parameters | None = None) -> Request[models.Result | None]:
        """Say who spoke when; `parameters` hold `speakerEvents`."""
        return self._ask(_calls.put_speakers, parameters)

    @operation
    def delete_conversation(self) -> Request[models.Result | None]:
        """Delete the conversation; the server's message, or `None` when that failed (unless strict)."""
        return replace(self._ask(_calls.delete), none_if_failed=True)


class Conversation(_AboutConversation, Blocking):
    """A conversation; what `process_*` calls return and what a connection has.

    With a job and `wait=True` it is made when the job has ended, with `wait=False` at once; then
    `on_complete` and `on_error` tell when it ended. Without an id every question logs an error and returns
    `None`.
    """

    _job: Job | None

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
        super().__init__(session or default_session)
        self._conversation_id = conversation_id
        self._credentials = credentials
        self._base_url = base_url
        if conversation_id is not None:
            self._session.last_ids = (conversation_id, job_id)
        self._job = None
        if job_id is not None:
            self._job = Job(
                job_id,
                conversation_id,
                wait,
                session=self._session,
                credentials=credentials,
                base_url=base_url,
            )
            self._job.monitor_job(self, wait=wait)

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


class AsyncConversation(_AboutConversation, Awaited):
    """`Conversation` for asyncio; `await conversation.wait()` returns when its job has ended.

    `on_complete` and `on_error` are for those who do not wait: what they are given may be `async`, and is
    called by a task of its own.
    """

    _job: AsyncJob | None

    def __init__(
        self,
        conversation_id: str | None,
        job_id: str | None = None,
        credentials: Login = None,
        *,
        session: AsyncSession,
        base_url: str | None = None,
    ) -> None:
        super().__init__(session)
        self._conversation_id = conversation_id
        self._credentials = credentials
        self._base_url = base_url
        self._job = None
        if job_id is not None:
            self._job = AsyncJob(job_id, session=session, credentials=credentials, base_url=base_url)

    async def wait(self) -> str | None:
        """Wait until the job has ended; its status."""
        return await self._job.wait() if self._job else None

    def on_complete(self, func: Callable[[AsyncConversation], Any]) -> Self:
        """Call a function with this object when the job has completed; soon when it already has."""
        if self._job is None:
            tell(func, self)
        else:
            self._job.on_complete(func, self)
        return self

    def on_error(self, func: Callable[[AsyncConversation], Any]) -> Self:
        """Call a function with this object when the job has failed, or cannot be asked about."""
        if self._job is not None:
            self._job.on_error(func, self)
        return self
