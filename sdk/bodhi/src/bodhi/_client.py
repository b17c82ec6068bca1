"""The client: sessions of streamed audio, and files as such sessions."""

from __future__ import annotations

import asyncio
import logging
import ssl
from dataclasses import replace
from pathlib import Path
from types import TracebackType

import httpx

from bodhi._audio import CHUNK_SECONDS, Recording, download, read_wav
from bodhi._config import DEFAULT_SAMPLE_RATE, TranscriptionConfig
from bodhi._errors import (
    BodhiError,
    BodhiErrors,
    ConfigurationError,
    ConnectionError,
    MissingModelError,
    StreamingError,
    make_error,
)
from bodhi._events import EventEmitter, Listener, LiveTranscriptionEvents
from bodhi._session import EOF_SIGNAL, Session, SessionOptions
from bodhi._settings import resolve_api_key, resolve_customer_id, resolve_uri
from bodhi._transport import Transport, WebSocketTransport

__all__ = ["BodhiClient"]

logger = logging.getLogger("bodhi")


class BodhiClient:
    """A client of one server. It holds one session at a time; use one client for each call.

    Args:
        api_key: the key; else `BODHI_API_KEY`.
        customer_id: a UUID that is checked together with the key; else `BODHI_CUSTOMER_ID`, else none.
        uri: the server; else `BODHI_URL`, else `ws://127.0.0.1:8000`.
        raise_errors: raise what goes wrong, besides telling the `Error` listeners; False only tells them.
        reconnects: how often in a row a lost connection is tried again; 0 never.
        buffer_seconds: how much audio without an answer is kept to be sent again after a reconnect.
        connect_timeout: seconds that opening a connection, or a download, may take.
        silence_timeout: seconds without a message after which the server is taken to be gone.
        keep_alive_interval: seconds without audio after which the server is told that the call goes on.
        verify: TLS: False trusts any certificate, an `SSLContext` is used as it is.
        transport: what carries messages; None is the network, tests pass a `MockTransport`.

    Raises:
        ConfigurationError: no key, a customer id that is no UUID, or an address that is none.
    """

    def __init__(
        self,
        api_key: str | None = None,
        customer_id: str | None = None,
        uri: str | None = None,
        *,
        raise_errors: bool = True,
        reconnects: int = 3,
        buffer_seconds: float = 30.0,
        connect_timeout: float = 10.0,
        silence_timeout: float = 30.0,
        keep_alive_interval: float = 5.0,
        verify: bool | ssl.SSLContext = True,
        transport: Transport | None = None,
        http_transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.api_key = resolve_api_key(api_key)
        self.customer_id = resolve_customer_id(customer_id)
        self.websocket_url = resolve_uri(uri)
        self._raise_errors = raise_errors
        self._options = SessionOptions(
            connect_timeout=connect_timeout,
            silence_timeout=silence_timeout,
            keep_alive_interval=keep_alive_interval,
            reconnects=reconnects,
            buffer_seconds=buffer_seconds,
        )
        self._transport = transport or WebSocketTransport(verify)
        self._http_transport = http_transport
        self._emitter = EventEmitter()
        self._session: Session | None = None

    def __repr__(self) -> str:
        return f"BodhiClient(uri={self.websocket_url!r})"

    async def __aenter__(self) -> BodhiClient:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Give up the session, if one is open, without waiting for its results."""
        session, self._session = self._session, None
        if session is not None:
            await session.abandon()

    def on(self, event: LiveTranscriptionEvents | str, listener: Listener) -> None:
        """Add a listener, plain or async, to an event; there may be several."""
        self._emitter.on(event, listener)

    def off(self, event: LiveTranscriptionEvents | str, listener: Listener | None = None) -> None:
        """Remove a listener of an event, or all of them."""
        self._emitter.off(event, listener)

    async def start_connection(self, config: TranscriptionConfig | None = None) -> None:
        """Open a session for audio that comes piece by piece.

        Raises:
            ConfigurationError: no config, or no model in it.
            ConnectionError: the server cannot be reached, or a session is open already.
            AuthenticationError, PaymentRequiredError, ForbiddenError: it refused.
        """
        config = _checked(config)
        if not self._emitter.has(LiveTranscriptionEvents.Transcript):
            logger.info("nobody listens to Transcript: results come only from close_connection()")
        try:
            await self._open(config)
        except BodhiError as error:
            await self._report(error)

    async def send_audio_stream(self, audio: bytes | str) -> None:
        """Send 16-bit little-endian PCM, in pieces of any size.

        The text `EOF_SIGNAL` is understood too: it ends the audio, but does not wait for results.

        Raises:
            StreamingError: there is no session.
            BodhiError: what ended the session, for example a server's error.
        """
        session = self._session
        if session is None:
            await self._report(
                make_error(
                    StreamingError, "no connection: call start_connection() first", BodhiErrors.ClientClosed
                )
            )
        elif not isinstance(audio, str):
            # What ended the session has been told to the Error listeners already.
            if session.error is None or self._raise_errors:
                await session.send(bytes(audio))
        elif "".join(audio.split()) == "".join(EOF_SIGNAL.split()):
            await session.end_of_audio()
        else:
            await self._report(
                make_error(StreamingError, "audio must be bytes, not text", BodhiErrors.GatewayDown)
            )

    async def close_connection(self) -> list[str]:
        """End the audio, wait for the last result and return the text of each complete utterance.

        Raises:
            ConnectionError: there is no session.
            BodhiError: what ended the session too early; its `results` are what came before.
        """
        session = self._session
        if session is None:
            await self._report(make_error(ConnectionError, "no connection to close", BodhiErrors.BadRequest))
            return []
        try:
            return await session.finish()
        except BodhiError as error:
            if self._raise_errors:
                raise
            return error.results
        finally:
            if session.finished and self._session is session:
                self._session = None

    async def transcribe_local_file(
        self, path: str | Path, config: TranscriptionConfig | None = None, *, speed: float | None = None
    ) -> list[str]:
        """Recognise a WAV file of 16-bit PCM and return the text of each utterance.

        `speed` paces the sending: 1.0 is real time, None as fast as the server takes it. The config's sample
        rate and channels are those of the file.

        Raises:
            FileNotFoundError, InvalidAudioFormatError, EmptyAudioError: there is no such audio.
            ConfigurationError, ConnectionError and so on: as `start_connection` and `close_connection`.
        """
        config = _checked(config)
        try:
            recording = await asyncio.to_thread(read_wav, path)
        except BodhiError as error:
            await self._report(error)
            return []
        return await self._transcribe(recording, config, speed)

    async def transcribe_remote_url(
        self, url: str, config: TranscriptionConfig | None = None, *, speed: float | None = None
    ) -> list[str]:
        """Download a WAV file and recognise it, as `transcribe_local_file`.

        Raises:
            InvalidURLError, AudioDownloadError: there is no such audio.
        """
        config = _checked(config)
        try:
            content = await download(
                url, timeout_s=self._options.connect_timeout, transport=self._http_transport
            )
            recording = await asyncio.to_thread(read_wav, content)
        except BodhiError as error:
            await self._report(error)
            return []
        return await self._transcribe(recording, config, speed)

    async def _transcribe(
        self, recording: Recording, config: TranscriptionConfig, speed: float | None
    ) -> list[str]:
        config.sample_rate = recording.sample_rate
        channels = recording.channels if recording.channels > 1 else None
        try:
            session = await self._open(replace(config, channels=channels))
        except BodhiError as error:
            await self._report(error)
            return []
        loop = asyncio.get_running_loop()
        began, sent = loop.time(), 0.0
        for chunk in recording.chunks():
            if session.error is not None:
                break
            await session.send(chunk)
            sent += CHUNK_SECONDS
            if speed:
                await asyncio.sleep(max(0.0, began + sent / speed - loop.time()))
        return await self.close_connection()

    async def _open(self, config: TranscriptionConfig) -> Session:
        if self._session is not None and not self._session.finished:
            raise make_error(
                ConnectionError, "a session is open already: close_connection() first", BodhiErrors.BadRequest
            )
        headers = {"x-api-key": self.api_key}
        if self.customer_id:
            headers["x-customer-id"] = self.customer_id
        session = Session(self._transport, self.websocket_url, headers, config, self._emitter, self._options)
        await session.open()
        self._session = session
        return session

    async def _report(self, error: BodhiError) -> None:
        """Tell the Error listeners, then raise unless errors are only to be told."""
        await self._emitter.emit(LiveTranscriptionEvents.Error, error)
        if self._raise_errors:
            raise error


def _checked(config: TranscriptionConfig | None) -> TranscriptionConfig:
    if config is None:
        raise make_error(ConfigurationError, "a TranscriptionConfig is required", BodhiErrors.BadRequest)
    if not config.model:
        raise make_error(MissingModelError, "the config names no model", BodhiErrors.BadRequest)
    if not config.sample_rate:
        logger.info("no sample_rate in the config: taking %d Hz", DEFAULT_SAMPLE_RATE)
        config.sample_rate = DEFAULT_SAMPLE_RATE
    return config
