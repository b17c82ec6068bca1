"""Conversations over REST by their id: `symbl.Conversations`, and the same for asyncio.

A read that fails returns `{"message": "The conversationId is either invalid or does not exist."}`, as
programs written for Symbl's package expect; the true cause is logged. With `symbl.configure(strict=True)`
it is raised instead. A refused token is raised always.
"""

from __future__ import annotations

from symbl import _calls
from symbl import _models as models
from symbl._calls import Parameters
from symbl._operations import Awaited, Blocking, Login, Request, operation
from symbl._session import Session, default_session

__all__ = ["AsyncConversationsApi", "ConversationsApi"]


class _Operations:
    """Everything that can be asked about a conversation, or done to it, by its id."""

    @operation
    def get_messages(
        self,
        conversation_id: object,
        credentials: Login = None,
        parameters: Parameters | None = None,
        *,
        base_url: str | None = None,
    ) -> Request[models.Messages]:
        """The sentences that were said; `parameters` may hold `sentiment`, `verbose`."""
        return Request(_calls.messages(conversation_id, parameters), credentials, base_url)

    @operation
    def get_topics(
        self,
        conversation_id: object,
        credentials: Login = None,
        parameters: Parameters | None = None,
        *,
        base_url: str | None = None,
    ) -> Request[models.Topics]:
        """What was talked about; `parameters` may hold `sentiment`, `parentRefs`."""
        return Request(_calls.topics(conversation_id, parameters), credentials, base_url)

    @operation
    def get_summary(
        self,
        conversation_id: object,
        credentials: Login = None,
        parameters: Parameters | None = None,
        *,
        base_url: str | None = None,
    ) -> Request[models.Summaries]:
        """What it was about; `parameters` may hold `refresh`. Symbl's own package has no such call."""
        return Request(_calls.summary(conversation_id, parameters), credentials, base_url)

    @operation
    def get_questions(
        self, conversation_id: object, credentials: Login = None, *, base_url: str | None = None
    ) -> Request[models.Questions]:
        """What was asked."""
        return Request(_calls.questions(conversation_id), credentials, base_url)

    @operation
    def get_action_items(
        self, conversation_id: object, credentials: Login = None, *, base_url: str | None = None
    ) -> Request[models.ActionItems]:
        """What somebody should do."""
        return Request(_calls.action_items(conversation_id), credentials, base_url)

    @operation
    def get_follow_ups(
        self, conversation_id: object, credentials: Login = None, *, base_url: str | None = None
    ) -> Request[models.FollowUps]:
        """What is to be followed up."""
        return Request(_calls.follow_ups(conversation_id), credentials, base_url)

    @operation
    def get_members(
        self, conversation_id: object, credentials: Login = None, *, base_url: str | None = None
    ) -> Request[models.Members]:
        """Who took part."""
        return Request(_calls.members(conversation_id), credentials, base_url)

    @operation
    def get_conversation(
        self, conversation_id: object, credentials: Login = None, *, base_url: str | None = None
    ) -> Request[models.ConversationData]:
        """Name, times and members."""
        return Request(_calls.conversation(conversation_id), credentials, base_url)

    @operation
    def get_trackers(
        self, conversation_id: object, credentials: Login = None, *, base_url: str | None = None
    ) -> Request[list[models.Tracker]]:
        """Which trackers were heard, and where."""
        return Request(_calls.trackers(conversation_id), credentials, base_url)

    @operation
    def get_entities(
        self, conversation_id: object, credentials: Login = None, *, base_url: str | None = None
    ) -> Request[models.Entities]:
        """Named things; a dict with the key `entities`."""
        return Request(_calls.entities(conversation_id), credentials, base_url)

    @operation
    def get_analytics(
        self, conversation_id: object, credentials: Login = None, *, base_url: str | None = None
    ) -> Request[models.Analytics]:
        """Who talked how much."""
        return Request(_calls.analytics(conversation_id), credentials, base_url)

    @operation
    def get_call_score(
        self, conversation_id: object, credentials: Login = None, *, base_url: str | None = None
    ) -> Request[models.CallScore]:
        """The call's score by criteria."""
        return Request(_calls.call_score(conversation_id), credentials, base_url)

    @operation
    def get_call_score_status(
        self, conversation_id: object, credentials: Login = None, *, base_url: str | None = None
    ) -> Request[models.CallScoreStatus]:
        """Whether the call score is ready."""
        return Request(_calls.call_score_status(conversation_id), credentials, base_url)

    @operation
    def get_call_score_insights_url(
        self, conversation_id: object, credentials: Login = None, *, base_url: str | None = None
    ) -> Request[models.InsightsUrl]:
        """The address of the page with the call's score."""
        return Request(_calls.insights_url(conversation_id), credentials, base_url)

    @operation
    def get_formatted_transcript(
        self,
        conversation_id: object,
        parameters: Parameters | None = None,
        credentials: Login = None,
        *,
        base_url: str | None = None,
    ) -> Request[models.Transcript]:
        """The whole text as one; `parameters` hold `contentType` (`text/markdown` or `text/srt`) and more."""
        return Request(_calls.transcript(conversation_id, parameters), credentials, base_url)

    @operation
    def put_members(
        self,
        conversation_id: object,
        members_id: object,
        parameters: Parameters | None = None,
        credentials: Login = None,
        *,
        base_url: str | None = None,
    ) -> Request[models.Result]:
        """Change a member; `parameters` hold `name` and `email`."""
        return Request(_calls.put_member(conversation_id, members_id, parameters), credentials, base_url)

    @operation
    def put_speakers_events(
        self,
        conversation_id: object,
        parameters: Parameters | None = None,
        credentials: Login = None,
        *,
        base_url: str | None = None,
    ) -> Request[models.Result]:
        """Say who spoke when; `parameters` hold `speakerEvents`."""
        return Request(_calls.put_speakers(conversation_id, parameters), credentials, base_url)

    @operation
    def delete_conversation(
        self, conversation_id: object, credentials: Login = None, *, base_url: str | None = None
    ) -> Request[models.Result | None]:
        """Delete the conversation; the server's message, or `None` when that failed (unless strict)."""
        return Request(_calls.delete(conversation_id), credentials, base_url, none_if_failed=True)


class ConversationsApi(_Operations, Blocking):
    """Reads and changes conversations by id; `symbl.Conversations` is one."""

    def __init__(self, session: Session | None = None) -> None:
        super().__init__(session or default_session)

    def get_conversation_id(self) -> str | None:
        """Id of the conversation that was begun last, by a stream or by `process_*`."""
        return self._session.last_ids[0]

    def get_job_id(self) -> str | None:
        """Id of the job that was begun last; `None` for a stream."""
        return self._session.last_ids[1]


class AsyncConversationsApi(_Operations, Awaited):
    """`ConversationsApi` for asyncio; `AsyncClient().conversations` is one."""
