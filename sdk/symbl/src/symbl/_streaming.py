"""`symbl.Streaming` and the connection it opens: threads around the streaming protocol.

A connection has two threads. One reads the socket; the other calls your functions, one after another, so
that a slow one delays neither the socket nor its keep-alive. Neither swallows anything: what goes wrong in
them, an exception of a callback included, is logged and raised from your next call (`send_audio`,
`subscribe`, `stop` …).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from typing import Any, Self

from symbl import _microphone
from symbl._conversation import Conversation
from symbl._errors import ConnectionLost, StreamTimeout
from symbl._protocol import (
    Callback,
    State,
    StreamProtocol,
    build_start_request,
    new_connection_id,
    stream_path,
)
from symbl._session import API_KEY_HEADER, Session, default_session
from symbl._settings import Target, websocket_url
from symbl._threads import start_thread
from symbl._transport import Socket, SocketClosed

__all__ = ["StreamingApi", "StreamingConnection"]

log = logging.getLogger("symbl")

ANSWER_SECONDS = 5.0
"""How long `start_connection` waits for the server to name the conversation."""
STOP_SECONDS = 30.0
"""How long `stop` bears a server that says nothing, or a callback that does not return."""
GRACE_SECONDS = 2.0
"""How long a server may take to close the socket after its last message."""
POLL_SECONDS = 0.25
ABANDONED_SECONDS = 3.0
"""When the program has ended without `stop` and sent no audio for this long, the stream is stopped."""


class StreamingConnection:
    """A live stream; made by `symbl.Streaming.start_connection`, also usable as a context manager.

    Attributes:
        conversation: the `Conversation` of this stream.
        connectionId: id of the connection; a second speaker joins with it.
        url: address of the socket, without the token.
        start_request: the first message as it was sent.
        token: the access token in use.
        connection: the socket.
    """

    def __init__(
        self,
        url: str,
        connectionId: str,
        start_request: dict[str, Any],
        token: str,
        *,
        session: Session | None = None,
        target: Target | None = None,
    ) -> None:
        self._session = session or default_session
        self._target = target
        self._protocol = StreamProtocol(start_request)
        self._changed = threading.Condition()
        self._heard = self._sent = time.monotonic()
        self._reader: threading.Thread | None = None
        self._caller: threading.Thread | None = None
        self.url = url
        self.connectionId = connectionId
        self.token = token
        self.conversation = self._conversation()
        settings = self._session.settings
        self.connection: Socket = self._session.transport.connect(
            url, {API_KEY_HEADER: token}, self._session.verify, settings.timeout
        )
        self._begin()

    def _begin(self) -> None:
        """Send the start request and wait until the server names the conversation or says why not."""
        try:
            self.connection.send(self._protocol.start())
        except SocketClosed as closed:
            self._protocol.disconnected(closed.code, closed.reason)
        self._reader = start_thread(self._read, "symbl-reader")
        with self._changed:
            answered = self._changed.wait_for(lambda: self._protocol.answered, ANSWER_SECONDS)
        if not answered:
            log.warning("symbl: no answer to start_request after %.0f s", ANSWER_SECONDS)
        try:
            self._raise_failure()
        except BaseException:
            self._close()
            raise

    # What users call.

    @property
    def start_request(self) -> dict[str, Any]:
        """The first message as it was sent."""
        return self._protocol.start_request

    @property
    def event_callbacks(self) -> Mapping[str, Callback]:
        """The functions subscribed now."""
        return self._protocol.callbacks or {}

    @property
    def connection_id(self) -> str:
        """Same as `connectionId`."""
        return self.connectionId

    @property
    def conversation_id(self) -> str | None:
        """Id of the conversation, `None` until the server names it."""
        return self._protocol.conversation_id

    def subscribe(self, callbacks: Mapping[str, Callback]) -> None:
        """Have functions called with the events of the stream, each with the parsed frame.

        Replaces the functions of an earlier call. Frames that came before the first call are delivered now.
        The functions run one after another on a thread of the connection; an exception in one is logged and
        raised from your next call.

        Args:
            callbacks: `{"message": …, "message_response": …, "insight_response": …, "topic_response": …,
                "tracker_response": …}`, any of them; `"*"` hears everything.

        Raises:
            TypeError: it is not a dict of functions.
        """
        self._raise_failure()
        with self._changed:
            self._protocol.subscribe(callbacks)
            if self._caller is None:
                self._caller = start_thread(self._deliver, "symbl-callbacks")
            self._changed.notify_all()

    def send_audio(self, data: bytes | bytearray | memoryview) -> None:
        """Send a chunk of audio in the encoding of `config.speechRecognition`.

        Ctrl-C during the call stops the stream, waits for its last results, and returns.

        Raises:
            TypeError: `data` is not bytes.
            ConnectionLost: the stream is stopped or the server closed it.
            StreamRejected: the server refused the stream.
            Exception: whatever a callback raised since the last call.
        """
        try:
            self._raise_failure()
            with self._changed:
                frame = self._protocol.audio(data)
            try:
                self.connection.send(frame)
            except SocketClosed as closed:
                self._lost(closed)
                self._raise_failure()
            self._sent = time.monotonic()
        except KeyboardInterrupt:
            log.info("symbl: interrupted, stopping")
            self.stop()

    def send_audio_from_mic(self, device: int | str | None = None) -> None:
        """Send what the microphone hears until Ctrl-C, then stop the stream and wait for its last results.

        Args:
            device: number or name from `sounddevice.query_devices()`; `None` is the system's choice.

        Raises:
            MicrophoneError: it cannot be read; the message says how to fix that.
            Exception: as from `send_audio`.
        """
        recognition = self.start_request["config"]["speechRecognition"]
        try:
            with _microphone.open_microphone(int(recognition["sampleRateHertz"]), device) as read:
                while self._protocol.state is State.OPEN:
                    self.send_audio(read())
            self._raise_failure()
        except ConnectionLost:
            if not self._protocol.completed:
                raise
        except KeyboardInterrupt:
            log.info("symbl: interrupted, stopping")
            self.stop()

    def stop(self, timeout: float = STOP_SECONDS) -> None:
        """End the stream: have the rest recognised, wait for the last results and callbacks, close the
        socket.

        Called from a callback it only asks the server to stop. Calling it again is harmless.

        Args:
            timeout: seconds without any sign of life after which to give up.

        Raises:
            StreamTimeout: the server or a callback did not finish; the socket is closed all the same.
            Exception: whatever a callback raised since the last call.
        """
        with self._changed:
            frame = self._protocol.stop()
        if frame is not None:
            try:
                self.connection.send(frame)
            except SocketClosed as closed:
                self._lost(closed)
        if threading.current_thread() is self._caller:
            return
        try:
            self._wait_for_end(timeout)
        finally:
            self._close()
        if self._caller is not None:
            self._caller.join(timeout)
            if self._caller.is_alive():
                raise StreamTimeout(f"a callback did not return within {timeout:.0f} s")
        self._raise_failure()

    def close(self) -> None:
        """Close the socket without `stop`; the server keeps what it has heard."""
        self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if kind is None:
            self.stop()
        else:
            self._close()

    def __repr__(self) -> str:
        state = self._protocol.state.name.lower()
        return f"<StreamingConnection {self.connectionId} {state}, conversation {self.conversation_id}>"

    # Threads.

    def _read(self) -> None:
        """The reader: frames into the protocol, until the socket is closed."""
        while True:
            try:
                frame = self.connection.recv(POLL_SECONDS)
            except TimeoutError:
                self._stop_if_abandoned()
                if self._protocol.completed and time.monotonic() - self._heard > GRACE_SECONDS:
                    self.connection.close()
                continue
            except SocketClosed as closed:
                self._lost(closed)
                break
            self._heard = time.monotonic()
            with self._changed:
                self._protocol.receive(frame)
                if self._protocol.conversation_id != self.conversation.get_conversation_id():
                    self.conversation = self._conversation(self._protocol.conversation_id)
                self._changed.notify_all()
        self.connection.close()

    def _deliver(self) -> None:
        """The caller of the user's functions: until the stream is over and everything is delivered."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._protocol.deliverable or self._protocol.closed)
                if not self._protocol.deliverable:
                    return
                deliveries = list(self._protocol.deliveries())
            for delivery in deliveries:
                try:
                    delivery.callback(delivery.frame)
                except Exception as error:
                    with self._changed:
                        self._protocol.callback_failed(delivery, error)

    def _stop_if_abandoned(self) -> None:
        """Let a program that ended without `stop` get its last results and exit, instead of hanging."""
        if not threading.main_thread().is_alive() and time.monotonic() - self._sent > ABANDONED_SECONDS:
            with self._changed:
                frame = self._protocol.stop()
            if frame is not None:
                log.warning("symbl: the program ended without stop(); stopping the stream")
                self.connection.send(frame)

    # Helpers.

    def _conversation(self, conversation_id: str | None = None) -> Conversation:
        target = self._target
        return Conversation(
            conversation_id,
            credentials=target.credentials if target else None,
            base_url=target.base_url if target else None,
            session=self._session,
        )

    def _lost(self, closed: SocketClosed) -> None:
        with self._changed:
            self._protocol.disconnected(closed.code, closed.reason)
            self._changed.notify_all()

    def _wait_for_end(self, timeout: float) -> None:
        while True:
            with self._changed:
                if self._changed.wait_for(lambda: self._protocol.closed, POLL_SECONDS):
                    return
            if time.monotonic() - max(self._heard, self._sent) > timeout:
                raise StreamTimeout(f"the server did not finish the stream within {timeout:.0f} s")

    def _close(self) -> None:
        with self._changed:
            self._protocol.leave()
        self.connection.close()
        if self._reader is not None and threading.current_thread() is not self._reader:
            self._reader.join()

    def _raise_failure(self) -> None:
        with self._changed:
            error = self._protocol.take_error()
        if error is not None:
            raise error


class StreamingApi:
    """Opens streaming connections; `symbl.Streaming` is one, on the settings of `symbl.configure`."""

    def __init__(self, session: Session | None = None) -> None:
        self._session = session or default_session

    def start_connection(
        self,
        credentials: Mapping[str, Any] | None = None,
        speaker: Mapping[str, Any] | None = None,
        insight_types: list[str] | None = None,
        config: Mapping[str, Any] | None = None,
        trackers: list[Mapping[str, Any]] | None = None,
        *,
        insight_type: list[str] | None = None,
        languages: list[str] | str | None = None,
        timezone: str | None = None,
        custom_vocabulary: list[str] | None = None,
        no_connection_timeout: float | None = None,
        connection_id: str | None = None,
        base_url: str | None = None,
    ) -> StreamingConnection:
        """Open a stream and wait until the server has named its conversation.

        Args:
            credentials: `{"app_id": …, "app_secret": …}`; not needed with a `symbl.conf`.
            speaker: `{"name": …, "userId": …}`, or `email` instead of `userId`.
            insight_types: any of `question`, `action_item`, `follow_up`, `topic`.
            config: `confidenceThreshold`, `languageCode`, `speechRecognition: {encoding, sampleRateHertz}`
                (44 100 Hz LINEAR16 unless said otherwise) and every other key of the Streaming API.
            trackers: `[{"name": …, "vocabulary": [ … ]}]`.
            insight_type: another spelling of `insight_types`.
            languages: the first one becomes `config.languageCode`, unless that is given.
            timezone: for example `Europe/Lisbon`; for dates such as "tomorrow".
            custom_vocabulary: words to expect.
            no_connection_timeout: seconds that the conversation outlives a lost connection, so that a new one
                with the same `connection_id` carries it on.
            connection_id: joins, or carries on, a connection; a new id otherwise.
            base_url: address of the server for this stream.

        Raises:
            TypeError: `config` is not a dict.
            CredentialsError: none were found.
            ApiException: the token or the socket was refused; `status` and `body` say why.
            ConnectionFailed: the server cannot be reached.
            StreamRejected: the server refused the request.
        """
        request = build_start_request(
            speaker=speaker,
            insight_types=insight_types if insight_types is not None else insight_type,
            config=config,
            trackers=trackers,
            languages=languages,
            timezone=timezone,
            custom_vocabulary=custom_vocabulary,
            no_connection_timeout=no_connection_timeout,
        )
        target = self._session.target(credentials, base_url)
        token = self._session.token(target)
        connection_id = connection_id or new_connection_id()
        url = websocket_url(target.base_url, stream_path(connection_id))
        return StreamingConnection(url, connection_id, request, token, session=self._session, target=target)
