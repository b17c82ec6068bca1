"""Recordings and texts to work on: `symbl.Audio`, `symbl.Video`, `symbl.Text`, and the same for asyncio."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Concatenate, Generic, ParamSpec, overload

from symbl import _calls
from symbl._calls import Call, Parameters, Progress
from symbl._conversation import AsyncConversation, Conversation
from symbl._models import Submitted
from symbl._operations import Login, bound
from symbl._session import AsyncSession, Session, default_session

__all__ = ["AsyncMedia", "AsyncText", "Audio", "Text", "Video"]

P = ParamSpec("P")
log = logging.getLogger("symbl")

Payload = Mapping[str, Any] | str | None
_Coming = Coroutine[Any, Any, AsyncConversation]


@dataclass(frozen=True, slots=True)
class _Submission:
    """What to have worked on, and whether to wait for it."""

    call: Call[Submitted]
    credentials: Login
    wait: bool
    base_url: str | None


class _Blocking:
    """Submits, and gives back the conversation that is filled."""

    def __init__(self, session: Session | None = None) -> None:
        self._session = session or default_session

    def _send(self, submission: _Submission) -> Conversation:
        target = self._session.target(submission.credentials, submission.base_url)
        answer = self._session.run(submission.call, target)
        _log_start(answer)
        return Conversation(
            answer.conversation_id,
            answer.job_id,
            submission.wait,
            target.credentials,
            base_url=target.base_url,
            session=self._session,
        )


class _Awaited:
    """The same in asyncio."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def _send(self, submission: _Submission) -> AsyncConversation:
        target = self._session.target(submission.credentials, submission.base_url)
        answer = await self._session.run(submission.call, target)
        _log_start(answer)
        conversation = AsyncConversation(
            answer.conversation_id,
            answer.job_id,
            target.credentials,
            session=self._session,
            base_url=target.base_url,
        )
        if submission.wait:
            await conversation.wait()
        return conversation


def _log_start(answer: Submitted) -> None:
    log.info("Job with jobId %s for conversationId %s started", answer.job_id, answer.conversation_id)


class _submission(Generic[P]):
    """Makes of a method that returns a `_Submission` one that sends it and returns the conversation."""

    def __init__(self, method: Callable[Concatenate[Any, P], _Submission]) -> None:
        self._method = method

    @overload
    def __get__(self, sender: _Blocking, owner: type) -> Callable[P, Conversation]: ...
    @overload
    def __get__(
        self, sender: _Awaited, owner: type
    ) -> Callable[P, Coroutine[Any, Any, AsyncConversation]]: ...
    @overload
    def __get__(self, sender: None, owner: type) -> Callable[Concatenate[Any, P], Any]: ...
    def __get__(self, sender: object, owner: type) -> Any:
        answer = "AsyncConversation" if issubclass(owner, _Awaited) else "Conversation"
        return bound(self._method, sender, owner, answer)


class _MediaOperations:
    """Recordings of one kind."""

    _kind = ""
    _content_type = ""

    @_submission
    def process_file(
        self,
        file_path: Any,
        credentials: Login = None,
        content_type: str | None = None,
        wait: bool = True,
        parameters: Parameters | None = None,
        *,
        on_progress: Progress | None = None,
        base_url: str | None = None,
    ) -> _Submission:
        """Upload a file as a new conversation.

        Args:
            file_path: where the file is.
            credentials: not needed with a `symbl.conf`.
            content_type: for example `audio/wav`; leave it out when unsure.
            wait: return when it is worked out; otherwise at once, see `Conversation.on_complete`.
            parameters: `name`, `languageCode`, `enableSpeakerDiarization` … of the Async API.
            on_progress: called with (bytes sent, bytes in all) while the file is sent.
            base_url: address of the server for this call.

        Raises:
            ValueError: there is no path.
            FileNotFoundError: there is no such file.
            ApiException, ConnectionFailed: the server refused it or cannot be reached.
        """
        call = self._file(file_path, None, content_type, parameters, on_progress)
        return _Submission(call, credentials, wait, base_url)

    @_submission
    def append_file(
        self,
        file_path: Any,
        conversation_id: object,
        credentials: Login = None,
        content_type: str | None = None,
        wait: bool = True,
        parameters: Parameters | None = None,
        *,
        on_progress: Progress | None = None,
        base_url: str | None = None,
    ) -> _Submission:
        """Upload a file and append it to a conversation; otherwise as `process_file`."""
        call = self._file(file_path, _id(conversation_id), content_type, parameters, on_progress)
        return _Submission(call, credentials, wait, base_url)

    @_submission
    def process_url(
        self,
        payload: Payload = None,
        credentials: Login = None,
        wait: bool = True,
        parameters: Parameters | None = None,
        *,
        url: str | None = None,
        base_url: str | None = None,
    ) -> _Submission:
        """Have a recording fetched from an address as a new conversation.

        Args:
            payload: `{"url": …}` with any further parameters, or the address alone.
            credentials: not needed with a `symbl.conf`.
            wait: return when it is worked out; otherwise at once, see `Conversation.on_complete`.
            parameters: query parameters.
            url: another way to give the address.
            base_url: address of the server for this call.

        Raises:
            ValueError: there is no address.
            ApiException, ConnectionFailed: the server refused it or cannot be reached.
        """
        return _Submission(self._url(payload, url, None, parameters), credentials, wait, base_url)

    @_submission
    def append_url(
        self,
        payload: Payload = None,
        conversation_id: object = None,
        credentials: Login = None,
        wait: bool = True,
        parameters: Parameters | None = None,
        *,
        url: str | None = None,
        base_url: str | None = None,
    ) -> _Submission:
        """Have a recording fetched and appended to a conversation; otherwise as `process_url`."""
        call = self._url(payload, url, _id(conversation_id), parameters)
        return _Submission(call, credentials, wait, base_url)

    def _file(
        self,
        path: Any,
        to: object,
        content_type: str | None,
        parameters: Parameters | None,
        on_progress: Progress | None,
    ) -> Call[Submitted]:
        if not path:
            raise ValueError("Please enter a valid file_path")
        content_type = self._content_type if content_type is None else content_type
        return _calls.process_file(self._kind, Path(path), to, content_type, parameters, on_progress)

    def _url(
        self, payload: Payload, url: str | None, to: object, parameters: Parameters | None
    ) -> Call[Submitted]:
        given = payload if payload is not None else url
        body = {"url": given} if isinstance(given, str) else dict(given or {})
        if not body.get("url"):
            raise ValueError("Please enter a valid url")
        return _calls.process_json(f"{self._kind}/url", body, to, parameters)


class _TextOperations:
    """Conversations that exist as text."""

    @_submission
    def process(
        self,
        payload: Any,
        credentials: Login = None,
        wait: bool = True,
        parameters: Parameters | None = None,
        *,
        content_type: str | None = None,
        base_url: str | None = None,
    ) -> _Submission:
        """Submit a text, `{"messages": [{"payload": {"content": …}, "from": {…}}, …]}`, as a new
        conversation.

        `content_type` is accepted and always JSON.

        Raises:
            ValueError: there is no payload.
            ApiException, ConnectionFailed: the server refused it or cannot be reached.
        """
        return _Submission(_text(payload, None, parameters), credentials, wait, base_url)

    @_submission
    def append(
        self,
        payload: Any,
        conversation_id: object,
        credentials: Login = None,
        wait: bool = True,
        parameters: Parameters | None = None,
        *,
        content_type: str | None = None,
        base_url: str | None = None,
    ) -> _Submission:
        """Append a text to a conversation; otherwise as `process`."""
        return _Submission(_text(payload, _id(conversation_id), parameters), credentials, wait, base_url)


def _text(payload: Any, to: object, parameters: Parameters | None) -> Call[Submitted]:
    if payload is None:
        raise ValueError("Please enter a valid payload.")
    return _calls.process_json("text", payload, to, parameters)


def _id(conversation_id: object) -> object:
    if conversation_id is None or conversation_id == "":
        raise ValueError("Please enter a valid conversation_id")
    return conversation_id


class Audio(_MediaOperations, _Blocking):
    """Sound recordings."""

    _kind = "audio"


class Video(_MediaOperations, _Blocking):
    """Video recordings."""

    _kind = "video"
    _content_type = "video/mp4"


class Text(_TextOperations, _Blocking):
    """Conversations that exist as text."""


class AsyncMedia(_MediaOperations, _Awaited):
    """Recordings of one kind, `audio` or `video`, for asyncio."""

    def __init__(self, session: AsyncSession, kind: str, content_type: str = "") -> None:
        super().__init__(session)
        self._kind = kind
        self._content_type = content_type


class AsyncText(_TextOperations, _Awaited):
    """Conversations that exist as text, for asyncio."""
