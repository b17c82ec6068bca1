"""Conversations over REST by their id: `symbl.Conversations`, and the same for asyncio.

A read that fails returns `{"message": "The conversationId is either invalid or does not exist."}`, as
programs written for Symbl's package expect; the true cause is logged. With `symbl.configure(strict=True)`
it is raised instead. A refused token is raised always.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from symbl import _calls
from symbl import _models as models
from symbl._calls import Call, Parameters
from symbl._session import AsyncSession, BaseSession, Session, default_session
from symbl._settings import Credentials

__all__ = ["MASK", "AsyncConversationsApi", "ConversationsApi", "Login"]

T = TypeVar("T")
Login = Mapping[str, Any] | Credentials | None
log = logging.getLogger("symbl")

MASK = {"message": "The conversationId is either invalid or does not exist."}


def _masked(session: BaseSession, error: Exception, instead: Any) -> Any:
    """What a failed read returns; raises when the session is strict."""
    if session.settings.strict:
        raise error
    log.warning("symbl: %s", error)
    return dict(instead) if instead else instead


class ConversationsApi:
    """Reads and changes conversations by id; `symbl.Conversations` is one."""

    def __init__(self, session: Session | None = None) -> None:
        self._session = session or default_session

    def _masked(
        self,
        call: Call[T],
        credentials: Login,
        base_url: str | None,
        instead: Mapping[str, str] | None = MASK,
    ) -> T:
        target = self._session.target(credentials, base_url)
        self._session.token(target)
        try:
            return self._session.run(call, target)
        except Exception as error:
            return cast(T, _masked(self._session, error, instead))

    def get_conversation_id(self) -> str | None:
        """Id of the conversation that was begun last, by a stream or by `process_*`."""
        return self._session.last_ids[0]

    def get_job_id(self) -> str | None:
        """Id of the job that was begun last; `None` for a stream."""
        return self._session.last_ids[1]

    def get_messages(
        self,
        conversation_id: object,
        credentials: Login = None,
        parameters: Parameters | None = None,
        *,
        base_url: str | None = None,
    ) -> models.Messages:
        """The sentences that were said; `parameters` may hold `sentiment`, `verbose`."""
        call = _calls.get_part("messages", models.Messages.read, conversation_id, parameters)
        return self._masked(call, credentials, base_url)

    def get_topics(
        self,
        conversation_id: object,
        credentials: Login = None,
        parameters: Parameters | None = None,
        *,
        base_url: str | None = None,
    ) -> models.Topics:
        """What was talked about; `parameters` may hold `sentiment`, `parentRefs`."""
        call = _calls.get_part("topics", models.Topics.read, conversation_id, parameters)
        return self._masked(call, credentials, base_url)

    def get_questions(
        self,
        conversation_id: object,
        credentials: Login = None,
        *,
        base_url: str | None = None,
    ) -> models.Questions:
        """What was asked."""
        call = _calls.get_part("questions", models.Questions.read, conversation_id)
        return self._masked(call, credentials, base_url)

    def get_action_items(
        self,
        conversation_id: object,
        credentials: Login = None,
        *,
        base_url: str | None = None,
    ) -> models.ActionItems:
        """What somebody should do."""
        call = _calls.get_part("action-items", models.ActionItems.read, conversation_id)
        return self._masked(call, credentials, base_url)

    def get_follow_ups(
        self,
        conversation_id: object,
        credentials: Login = None,
        *,
        base_url: str | None = None,
    ) -> models.FollowUps:
        """What is to be followed up."""
        call = _calls.get_part("follow-ups", models.FollowUps.read, conversation_id)
        return self._masked(call, credentials, base_url)

    def get_members(
        self,
        conversation_id: object,
        credentials: Login = None,
        *,
        base_url: str | None = None,
    ) -> models.Members:
        """Who took part."""
        call = _calls.get_part("members", models.Members.read, conversation_id)
        return self._masked(call, credentials, base_url)

    def get_conversation(
        self,
        conversation_id: object,
        credentials: Login = None,
        *,
        base_url: str | None = None,
    ) -> models.ConversationData:
        """Name, times and members."""
        call = _calls.get_part("", models.ConversationData.read, conversation_id)
        return self._masked(call, credentials, base_url)

    def get_trackers(
        self,
        conversation_id: object,
        credentials: Login = None,
        *,
        base_url: str | None = None,
    ) -> list[models.Tracker]:
        """Which trackers were heard, and where."""
        call = _calls.get_part("trackers", models.read_trackers, conversation_id)
        return self._masked(call, credentials, base_url)

    def get_entities(
        self,
        conversation_id: object,
        credentials: Login = None,
        *,
        base_url: str | None = None,
    ) -> models.Entities:
        """Named things; a dict with the key `entities`."""
        call = _calls.get_part("entities", models.Entities.read, conversation_id)
        return self._masked(call, credentials, base_url)

    def get_analytics(
        self,
        conversation_id: object,
        credentials: Login = None,
        *,
        base_url: str | None = None,
    ) -> models.Analytics:
        """Who talked how much."""
        call = _calls.get_part("analytics", models.Analytics.read, conversation_id)
        return self._masked(call, credentials, base_url)

    def get_call_score(
        self,
        conversation_id: object,
        credentials: Login = None,
        *,
        base_url: str | None = None,
    ) -> models.CallScore:
        """The call's score by criteria."""
        call = _calls.get_part("callscore", models.CallScore.read, conversation_id)
        return self._masked(call, credentials, base_url)

    def get_call_score_status(
        self,
        conversation_id: object,
        credentials: Login = None,
        *,
        base_url: str | None = None,
    ) -> models.CallScoreStatus:
        """Whether the call score is ready."""
        call = _calls.get_part("callscore/status", models.CallScoreStatus.read, conversation_id)
        return self._masked(call, credentials, base_url)

    def get_call_score_insights_url(
        self, conversation_id: object, credentials: Login = None, *, base_url: str | None = None
    ) -> models.InsightsUrl:
        """The address of the page with the call's score."""
        return self._masked(_calls.insights_url(conversation_id), credentials, base_url)

    def get_formatted_transcript(
        self,
        conversation_id: object,
        parameters: Parameters | None = None,
        credentials: Login = None,
        *,
        base_url: str | None = None,
    ) -> models.Transcript:
        """The whole text as one; `parameters` hold `contentType` (`text/markdown` or `text/srt`) and more."""
        return self._masked(_calls.transcript(conversation_id, parameters or {}), credentials, base_url)

    def put_members(
        self,
        conversation_id: object,
        members_id: object,
        parameters: Parameters | None = None,
        credentials: Login = None,
        *,
        base_url: str | None = None,
    ) -> models.Result:
        """Change a member; `parameters` hold `name` and `email`."""
        call = _calls.put_member(conversation_id, members_id, parameters or {})
        return self._masked(call, credentials, base_url)

    def put_speakers_events(
        self,
        conversation_id: object,
        parameters: Parameters | None = None,
        credentials: Login = None,
        *,
        base_url: str | None = None,
    ) -> models.Result:
        """Say who spoke when; `parameters` hold `speakerEvents`."""
        return self._masked(_calls.put_speakers(conversation_id, parameters or {}), credentials, base_url)

    def delete_conversation(
        self, conversation_id: object, credentials: Login = None, *, base_url: str | None = None
    ) -> models.Result | None:
        """Delete the conversation; the server's message, or `None` when that failed (unless strict)."""
        return self._masked(_calls.delete(conversation_id), credentials, base_url, instead=None)


class AsyncConversationsApi:
    """`ConversationsApi` for asyncio; `AsyncClient().conversations` is one."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def _masked(
        self,
        call: Call[T],
        credentials: Login,
        base_url: str | None,
        instead: Mapping[str, str] | None = MASK,
    ) -> T:
        target = self._session.target(credentials, base_url)
        await self._session.token(target)
        try:
            return await self._session.run(call, target)
        except Exception as error:
            return cast(T, _masked(self._session, error, instead))

    async def get_messages(
        self,
        conversation_id: object,
        credentials: Login = None,
        parameters: Parameters | None = None,
        *,
        base_url: str | None = None,
    ) -> models.Messages:
        """The sentences that were said; `parameters` may hold `sentiment`, `verbose`."""
        call = _calls.get_part("messages", models.Messages.read, conversation_id, parameters)
        return await self._masked(call, credentials, base_url)

    async def get_topics(
        self,
        conversation_id: object,
        credentials: Login = None,
        parameters: Parameters | None = None,
        *,
        base_url: str | None = None,
    ) -> models.Topics:
        """What was talked about; `parameters` may hold `sentiment`, `parentRefs`."""
        call = _calls.get_part("topics", models.Topics.read, conversation_id, parameters)
        return await self._masked(call, credentials, base_url)

    async def get_questions(
        self,
        conversation_id: object,
        credentials: Login = None,
        *,
        base_url: str | None = None,
    ) -> models.Questions:
        """What was asked."""
        call = _calls.get_part("questions", models.Questions.read, conversation_id)
        return await self._masked(call, credentials, base_url)

    async def get_action_items(
        self,
        conversation_id: object,
        credentials: Login = None,
        *,
        base_url: str | None = None,
    ) -> models.ActionItems:
        """What somebody should do."""
        call = _calls.get_part("action-items", models.ActionItems.read, conversation_id)
        return await self._masked(call, credentials, base_url)

    async def get_follow_ups(
        self,
        conversation_id: object,
        credentials: Login = None,
        *,
        base_url: str | None = None,
    ) -> models.FollowUps:
        """What is to be followed up."""
        call = _calls.get_part("follow-ups", models.FollowUps.read, conversation_id)
        return await self._masked(call, credentials, base_url)

    async def get_members(
        self,
        conversation_id: object,
        credentials: Login = None,
        *,
        base_url: str | None = None,
    ) -> models.Members:
        """Who took part."""
        call = _calls.get_part("members", models.Members.read, conversation_id)
        return await self._masked(call, credentials, base_url)

    async def get_conversation(
        self,
        conversation_id: object,
        credentials: Login = None,
        *,
        base_url: str | None = None,
    ) -> models.ConversationData:
        """Name, times and members."""
        call = _calls.get_part("", models.ConversationData.read, conversation_id)
        return await self._masked(call, credentials, base_url)

    async def get_trackers(
        self,
        conversation_id: object,
        credentials: Login = None,
        *,
        base_url: str | None = None,
    ) -> list[models.Tracker]:
        """Which trackers were heard, and where."""
        call = _calls.get_part("trackers", models.read_trackers, conversation_id)
        return await self._masked(call, credentials, base_url)

    async def get_entities(
        self,
        conversation_id: object,
        credentials: Login = None,
        *,
        base_url: str | None = None,
    ) -> models.Entities:
        """Named things; a dict with the key `entities`."""
        call = _calls.get_part("entities", models.Entities.read, conversation_id)
        return await self._masked(call, credentials, base_url)

    async def get_analytics(
        self,
        conversation_id: object,
        credentials: Login = None,
        *,
        base_url: str | None = None,
    ) -> models.Analytics:
        """Who talked how much."""
        call = _calls.get_part("analytics", models.Analytics.read, conversation_id)
        return await self._masked(call, credentials, base_url)

    async def get_call_score(
        self,
        conversation_id: object,
        credentials: Login = None,
        *,
        base_url: str | None = None,
    ) -> models.CallScore:
        """The call's score by criteria."""
        call = _calls.get_part("callscore", models.CallScore.read, conversation_id)
        return await self._masked(call, credentials, base_url)

    async def get_call_score_status(
        self,
        conversation_id: object,
        credentials: Login = None,
        *,
        base_url: str | None = None,
    ) -> models.CallScoreStatus:
        """Whether the call score is ready."""
        call = _calls.get_part("callscore/status", models.CallScoreStatus.read, conversation_id)
        return await self._masked(call, credentials, base_url)

    async def get_call_score_insights_url(
        self, conversation_id: object, credentials: Login = None, *, base_url: str | None = None
    ) -> models.InsightsUrl:
        """The address of the page with the call's score."""
        return await self._masked(_calls.insights_url(conversation_id), credentials, base_url)

    async def get_formatted_transcript(
        self,
        conversation_id: object,
        parameters: Parameters | None = None,
        credentials: Login = None,
        *,
        base_url: str | None = None,
    ) -> models.Transcript:
        """The whole text as one; `parameters` hold `contentType` (`text/markdown` or `text/srt`) and more."""
        return await self._masked(_calls.transcript(conversation_id, parameters or {}), credentials, base_url)

    async def put_members(
        self,
        conversation_id: object,
        members_id: object,
        parameters: Parameters | None = None,
        credentials: Login = None,
        *,
        base_url: str | None = None,
    ) -> models.Result:
        """Change a member; `parameters` hold `name` and `email`."""
        call = _calls.put_member(conversation_id, members_id, parameters or {})
        return await self._masked(call, credentials, base_url)

    async def put_speakers_events(
        self,
        conversation_id: object,
        parameters: Parameters | None = None,
        credentials: Login = None,
        *,
        base_url: str | None = None,
    ) -> models.Result:
        """Say who spoke when; `parameters` hold `speakerEvents`."""
        return await self._masked(
            _calls.put_speakers(conversation_id, parameters or {}), credentials, base_url
        )

    async def delete_conversation(
        self, conversation_id: object, credentials: Login = None, *, base_url: str | None = None
    ) -> models.Result | None:
        """Delete the conversation; the server's message, or `None` when that failed (unless strict)."""
        return await self._masked(_calls.delete(conversation_id), credentials, base_url, instead=None)
