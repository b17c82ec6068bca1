"""Recordings and texts to work on: `symbl.Audio`, `symbl.Video`, `symbl.Text`, and the same for asyncio."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from symbl import _calls
from symbl._calls import Call, Parameters, Progress
from symbl._conversation import AsyncConversation, Conversation
from symbl._conversations_api import Login
from symbl._models import Submitted
from symbl._session import AsyncSession, Session, default_session

__all__ = ["AsyncMedia", "AsyncText", "Audio", "Text", "Video"]

log = logging.getLogger("symbl")

Payload = Mapping[str, Any] | str | None


def _file(
    kind: str,
    path: Any,
    content_type: str,
    parameters: Parameters | None,
    on_progress: Progress | None,
    to: object = None,
) -> Call[Submitted]:
    if not path:
        raise ValueError("Please enter a valid file_path")
    return _calls.process_file(kind, Path(path), to, content_type, parameters, on_progress)


def _url(
    kind: str, payload: Payload, url: str | None, parameters: Parameters | None, to: object = None
) -> Call[Submitted]:
    given = payload if payload is not None else url
    body = {"url": given} if isinstance(given, str) else dict(given or {})
    if not body.get("url"):
        raise ValueError("Please enter a valid url")
    return _calls.process_json(f"{kind}/url", body, to, parameters)


def _text(payload: Any, parameters: Parameters | None, to: object = None) -> Call[Submitted]:
    if payload is None:
        raise ValueError("Please enter a valid payload.")
    return _calls.process_json("text", payload, to, parameters)


def _id(conversation_id: object) -> object:
    if conversation_id is None or conversation_id == "":
        raise ValueError("Please enter a valid conversation_id")
    return conversation_id


class _Submitting:
    """What the blocking classes share: send a call, give back the conversation it fills."""

    def __init__(self, session: Session | None = None) -> None:
        self._session = session or default_session

    def _submit(
        self, call: Call[Submitted], credentials: Login, wait: bool, base_url: str | None
    ) -> Conversation:
        target = self._session.target(credentials, base_url)
        answer = self._session.run(call, target)
        log.info("Job with jobId %s for conversationId %s started", answer.job_id, answer.conversation_id)
        return Conversation(
            answer.conversation_id,
            answer.job_id,
            wait,
            target.credentials,
            base_url=target.base_url,
            session=self._session,
        )


class _Media(_Submitting):
    """Recordings of one kind."""

    _kind = ""
    _content_type = ""

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
    ) -> Conversation:
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
        content_type = self._content_type if content_type is None else content_type
        return self._submit(
            _file(self._kind, file_path, content_type, parameters, on_progress), credentials, wait, base_url
        )

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
    ) -> Conversation:
        """Upload a file and append it to a conversation; otherwise as `process_file`."""
        content_type = self._content_type if content_type is None else content_type
        call = _file(self._kind, file_path, content_type, parameters, on_progress, _id(conversation_id))
        return self._submit(call, credentials, wait, base_url)

    def process_url(
        self,
        payload: Payload = None,
        credentials: Login = None,
        wait: bool = True,
        parameters: Parameters | None = None,
        *,
        url: str | None = None,
        base_url: str | None = None,
    ) -> Conversation:
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
        return self._submit(_url(self._kind, payload, url, parameters), credentials, wait, base_url)

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
    ) -> Conversation:
        """Have a recording fetched and appended to a conversation; otherwise as `process_url`."""
        call = _url(self._kind, payload, url, parameters, _id(conversation_id))
        return self._submit(call, credentials, wait, base_url)


class Audio(_Media):
    """Sound recordings."""

    _kind = "audio"


class Video(_Media):
    """Video recordings."""

    _kind = "video"
    _content_type = "video/mp4"


class Text(_Submitting):
    """Conversations that exist as text."""

    def process(
        self,
        payload: Any,
        credentials: Login = None,
        wait: bool = True,
        parameters: Parameters | None = None,
        *,
        content_type: str | None = None,
        base_url: str | None = None,
    ) -> Conversation:
        """Submit a text, `{"messages": [{"payload": {"content": …}, "from": {…}}, …]}`, as a new
        conversation.

        `content_type` is accepted and always JSON.

        Raises:
            ValueError: there is no payload.
            ApiException, ConnectionFailed: the server refused it or cannot be reached.
        """
        return self._submit(_text(payload, parameters), credentials, wait, base_url)

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
    ) -> Conversation:
        """Append a text to a conversation; otherwise as `process`."""
        return self._submit(_text(payload, parameters, _id(conversation_id)), credentials, wait, base_url)


class _AsyncSubmitting:
    """What the asyncio classes share."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def _submit(
        self, call: Call[Submitted], credentials: Login, wait: bool, base_url: str | None
    ) -> AsyncConversation:
        target = self._session.target(credentials, base_url)
        answer = await self._session.run(call, target)
        conversation = AsyncConversation(
            answer.conversation_id,
            answer.job_id,
            target.credentials,
            session=self._session,
            base_url=target.base_url,
        )
        if wait:
            await conversation.wait()
        return conversation


class AsyncMedia(_AsyncSubmitting):
    """Recordings of one kind, `audio` or `video`, for asyncio."""

    def __init__(self, session: AsyncSession, kind: str, content_type: str = "") -> None:
        super().__init__(session)
        self._kind = kind
        self._content_type = content_type

    async def process_file(
        self,
        file_path: Any,
        credentials: Login = None,
        content_type: str | None = None,
        wait: bool = True,
        parameters: Parameters | None = None,
        *,
        on_progress: Progress | None = None,
        base_url: str | None = None,
    ) -> AsyncConversation:
        """As `Audio.process_file`."""
        content_type = self._content_type if content_type is None else content_type
        call = _file(self._kind, file_path, content_type, parameters, on_progress)
        return await self._submit(call, credentials, wait, base_url)

    async def append_file(
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
    ) -> AsyncConversation:
        """As `Audio.append_file`."""
        content_type = self._content_type if content_type is None else content_type
        call = _file(self._kind, file_path, content_type, parameters, on_progress, _id(conversation_id))
        return await self._submit(call, credentials, wait, base_url)

    async def process_url(
        self,
        payload: Payload = None,
        credentials: Login = None,
        wait: bool = True,
        parameters: Parameters | None = None,
        *,
        url: str | None = None,
        base_url: str | None = None,
    ) -> AsyncConversation:
        """As `Audio.process_url`."""
        return await self._submit(_url(self._kind, payload, url, parameters), credentials, wait, base_url)

    async def append_url(
        self,
        payload: Payload = None,
        conversation_id: object = None,
        credentials: Login = None,
        wait: bool = True,
        parameters: Parameters | None = None,
        *,
        url: str | None = None,
        base_url: str | None = None,
    ) -> AsyncConversation:
        """As `Audio.append_url`."""
        call = _url(self._kind, payload, url, parameters, _id(conversation_id))
        return await self._submit(call, credentials, wait, base_url)


class AsyncText(_AsyncSubmitting):
    """Conversations that exist as text, for asyncio."""

    async def process(
        self,
        payload: Any,
        credentials: Login = None,
        wait: bool = True,
        parameters: Parameters | None = None,
        *,
        base_url: str | None = None,
    ) -> AsyncConversation:
        """As `Text.process`."""
        return await self._submit(_text(payload, parameters), credentials, wait, base_url)

    async def append(
        self,
        payload: Any,
        conversation_id: object,
        credentials: Login = None,
        wait: bool = True,
        parameters: Parameters | None = None,
        *,
        base_url: str | None = None,
    ) -> AsyncConversation:
        """As `Text.append`."""
        call = _text(payload, parameters, _id(conversation_id))
        return await self._submit(call, credentials, wait, base_url)
