"""`Client` and `AsyncClient`: everything of this package on settings of their own."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Any, Self

from symbl._async_streaming import AsyncStreamingApi
from symbl._conversations_api import AsyncConversationsApi, ConversationsApi
from symbl._processing import AsyncMedia, AsyncText, Audio, Text, Video
from symbl._session import AsyncSession, Session
from symbl._settings import Settings
from symbl._streaming import StreamingApi
from symbl._telephony import TelephonyApi
from symbl._transport import Transport

__all__ = ["AsyncClient", "Client"]


class Client:
    """A client with settings of its own; the arguments are those of `symbl.configure`.

    with symbl.Client(base_url="http://box:8000", credentials={…}) as client:
        connection = client.streaming.start_connection(insight_types=["question"])
    """

    def __init__(
        self,
        *,
        base_url: str | None = None,
        credentials: Mapping[str, Any] | None = None,
        strict: bool = False,
        timeout: float = 60.0,
        verify: bool | str | ssl.SSLContext = True,
        transport: Transport | None = None,
    ) -> None:
        self._session = Session(Settings(base_url, credentials, strict, timeout, verify, transport))
        self.streaming = StreamingApi(self._session)
        self.conversations = ConversationsApi(self._session)
        self.audio = Audio(self._session)
        self.video = Video(self._session)
        self.text = Text(self._session)
        self.telephony = TelephonyApi(self._session)

    def close(self) -> None:
        """Close idle connections."""
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


class AsyncClient:
    """The same for asyncio.

    async with symbl.AsyncClient(credentials={…}) as client:
        async with await client.streaming.start_connection() as connection:
            connection.subscribe({"message_response": print})
            await connection.send_audio(chunk)
    """

    def __init__(
        self,
        *,
        base_url: str | None = None,
        credentials: Mapping[str, Any] | None = None,
        strict: bool = False,
        timeout: float = 60.0,
        verify: bool | str | ssl.SSLContext = True,
        transport: Transport | None = None,
    ) -> None:
        self._session = AsyncSession(Settings(base_url, credentials, strict, timeout, verify, transport))
        self.streaming = AsyncStreamingApi(self._session)
        self.conversations = AsyncConversationsApi(self._session)
        self.audio = AsyncMedia(self._session, "audio")
        self.video = AsyncMedia(self._session, "video", "video/mp4")
        self.text = AsyncText(self._session)

    async def close(self) -> None:
        """Close idle connections."""
        await self._session.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()
