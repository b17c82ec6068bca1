"""`symbl.Telephony`: have the server call a number or a SIP address, and listen to what is said there."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

from symbl import _calls
from symbl._conversation import Conversation
from symbl._models import Endpoint
from symbl._operations import Login
from symbl._protocol import Callback
from symbl._session import API_KEY_HEADER, Session, default_session
from symbl._settings import Target, websocket_url
from symbl._transport import Socket, SocketClosed

__all__ = ["Connection", "Event", "TelephonyApi", "validateActions", "validateEndpoint"]

log = logging.getLogger("symbl")

DEFAULT_SIP_AUDIO = {"sampleRate": 16000, "sampleSize": "16"}
CREDENTIAL_KEYS = {"app_id", "app_secret", "appId", "appSecret", "access_token", "accessToken"}


class Event(dict[str, Any]):
    """A frame as parsed; `str()` is the JSON text as it came, which is what Symbl's package passed."""

    def __init__(self, text: str) -> None:
        super().__init__(json.loads(text))
        self._text = text

    def __str__(self) -> str:
        return self._text


def _empty(value: Any) -> bool:
    return value is None or len(value) == 0


def validateActions(actions: Any) -> None:
    """Check the `actions` of a request.

    Raises:
        KeyError: an action has no `invokeOn` or no `name`.
        ValueError: in an action both are empty.
    """
    invalid = [action for action in actions or () if _empty(action["invokeOn"]) and _empty(action["name"])]
    if invalid:
        raise ValueError({"message": f"Invalid actions detected. Count: {len(invalid)}", "actions": invalid})


def validateEndpoint(endpoint: Mapping[str, Any]) -> None:
    """Check the `endpoint` of a request.

    Raises:
        ValueError: the type is unknown, or its number or address is missing.
    """
    kind = endpoint.get("type")
    if not kind:
        raise ValueError("endpoint type is required.")
    needs = {"pstn": "phoneNumber", "sip": "uri"}.get(str(kind).lower())
    if needs is None:
        raise ValueError(f"endpoint.type = '{kind}' is not valid. Supported types are ['pstn' , 'sip']")
    if _empty(endpoint.get(needs)):
        raise ValueError(f"{needs} is required when type = '{str(kind).lower()}'.")


class Connection:
    """A call; made by `symbl.Telephony.start_pstn` and `start_sip`.

    Attributes:
        conversation: the `Conversation` of the call.
        connectionId, resultWebSocketUrl, eventUrl: as the server gave them.
        summary_info: who gets which summary page, after `stop`.
        credentials: as they were passed.
    """

    def __init__(
        self,
        conversationId: str | None,
        connectionId: str,
        resultWebSocketUrl: str | None = None,
        eventUrl: str | None = None,
        credentials: Login = None,
        *,
        session: Session | None = None,
        target: Target | None = None,
        summary_info: list[Any] | None = None,
    ) -> None:
        self._session = session or default_session
        self._target = target or self._session.target(credentials)
        self._socket: Socket | None = None
        self.credentials = credentials
        self.connectionId = connectionId
        self.resultWebSocketUrl = resultWebSocketUrl
        self.eventUrl = eventUrl
        self.summary_info = summary_info
        self.conversation = Conversation(
            conversationId,
            credentials=self._target.credentials,
            base_url=self._target.base_url,
            session=self._session,
        )

    @property
    def connection_id(self) -> str:
        """Same as `connectionId`."""
        return self.connectionId

    @property
    def conversation_id(self) -> str | None:
        """Id of the conversation."""
        return self.conversation.conversation_id

    @property
    def event_url(self) -> str | None:
        """Same as `eventUrl`."""
        return self.eventUrl

    @property
    def result_web_socket_url(self) -> str | None:
        """Same as `resultWebSocketUrl`."""
        return self.resultWebSocketUrl

    @property
    def connection(self) -> Socket | None:
        """The socket of the running `subscribe`."""
        return self._socket

    @property
    def header(self) -> str:
        """The header that authorises the socket."""
        return f"{API_KEY_HEADER}:{self._session.token(self._target)}"

    def subscribe(self, event_callbacks: Mapping[str, Callback]) -> None:
        """Call functions with the events of the call, in this thread, until the call is over.

        The events are `transcript_response`, `message_response`, `insight_response`, `topic_response`,
        `tracker_response` and `intent_response`; each function gets an `Event`. Ctrl-C ends the call.

        Raises:
            ApiException, ConnectionFailed: the socket cannot be opened.
            Exception: whatever a callback raised.
        """
        if not event_callbacks:
            log.error("Can not subscribe to empty events")
            return
        path = f"/session/subscribe/{quote(self.connectionId, safe='')}"
        session = self._session
        self._socket = session.transport.connect(
            websocket_url(self._target.base_url, path),
            {API_KEY_HEADER: session.token(self._target)},
            session.verify,
            session.settings.timeout,
        )
        try:
            while True:
                frame = self._socket.recv(None)
                event = Event(frame if isinstance(frame, str) else frame.decode())
                callback = event_callbacks.get(event.get("type", ""))
                if callback is not None:
                    callback(event)
        except SocketClosed:
            return
        except (KeyboardInterrupt, SystemExit):
            self.stop()
            log.info("symbl: interrupted, the call is ended")
        finally:
            socket, self._socket = self._socket, None
            if socket is not None:
                socket.close()

    def push_speaker_event(
        self, event: str, user: Mapping[str, Any], timestamp: datetime | str | None = None
    ) -> None:
        """Say who speaks, so that what is heard is theirs.

        Args:
            event: `started_speaking`, `stopped_speaking`, `joined` or `left`.
            user: `{"userId": "rosa@example.net", "name": "Rosa"}`.
            timestamp: when, if that was not just now.

        Raises:
            ApiException, ConnectionFailed: the server refused it or cannot be reached.
        """
        body: dict[str, Any] = {"topic": "speaker", "type": event, "user": dict(user)}
        if timestamp is not None:
            body["timestamp"] = timestamp.isoformat() if isinstance(timestamp, datetime) else timestamp
        self._session.run(_calls.speaker_event(self.connectionId, body), self._target)

    def stop(self) -> Connection:
        """End the call; this object, updated.

        Raises:
            ApiException, ConnectionFailed: the server refused that or cannot be reached.
        """
        call = _calls.endpoint({"operation": "stop", "connectionId": self.connectionId})
        answer = self._session.run(call, self._target)
        self.summary_info = answer.summary_info
        if answer.conversation_id and answer.conversation_id != self.conversation_id:
            self.conversation = Conversation(
                answer.conversation_id,
                credentials=self._target.credentials,
                base_url=self._target.base_url,
                session=self._session,
            )
        return self

    def __repr__(self) -> str:
        return f"<Connection {self.connectionId}, conversation {self.conversation_id}>"


class TelephonyApi:
    """Makes calls; `symbl.Telephony` is one. Parameters go by Python's or the API's spelling."""

    def __init__(self, session: Session | None = None) -> None:
        self._session = session or default_session

    def start_pstn(
        self,
        phone_number: str | None = None,
        dtmf: str | None = None,
        credentials: Any = None,
        actions: Any = None,
        data: Any = None,
        languages: list[str] | None = None,
        timezone: str | None = None,
        *,
        phoneNumber: str | None = None,
        base_url: str | None = None,
    ) -> Connection:
        """Call a telephone number.

        Args:
            phone_number: with its country code.
            dtmf: keys to press once the call is answered; a comma is half a second.
            credentials: not needed with a `symbl.conf`.
            actions: `[{"invokeOn": "stop", "name": "sendSummaryEmail", "parameters": {"emails": [ … ]}}]`.
            data: `{"session": {"name": …}}`.
            languages: of the call; the first one counts.
            timezone: for example `Europe/Lisbon`.
            phoneNumber: another spelling of `phone_number`.
            base_url: address of the server for this call.

        Raises:
            ValueError, TypeError, KeyError: an argument is missing or of the wrong kind.
            ApiException, ConnectionFailed: the server refused it or cannot be reached.
        """
        endpoint = {"type": "pstn", "phoneNumber": phone_number or phoneNumber, "dtmf": dtmf}
        return self._start(
            endpoint, credentials, actions, data, languages, timezone, base_url, {"pushSpeakerEvents": True}
        )

    def start_sip(
        self,
        uri: str | None = None,
        audio_config: Mapping[str, Any] | None = None,
        credentials: Any = None,
        actions: Any = None,
        data: Any = None,
        languages: list[str] | None = None,
        timezone: str | None = None,
        *,
        audioConfig: Mapping[str, Any] | None = None,
        base_url: str | None = None,
    ) -> Connection:
        """Call a SIP address; `audio_config` says the wished encoding and rate; otherwise as `start_pstn`."""
        audio = dict(audio_config or audioConfig or DEFAULT_SIP_AUDIO)
        endpoint = {"type": "sip", "uri": uri, "audioConfig": audio}
        return self._start(endpoint, credentials, actions, data, languages, timezone, base_url, {})

    def stop(
        self,
        connection_id: str | None = None,
        credentials: Login = None,
        *,
        connectionId: str | None = None,
        actions: Any = None,
        data: Any = None,
        endpoint: Any = None,
        base_url: str | None = None,
    ) -> Connection:
        """End a call; the connection with its `conversation_id` and `summary_info`.

        Raises:
            ValueError: there is no id.
            ApiException, ConnectionFailed: the server refused it or cannot be reached.
        """
        connection_id = connection_id or connectionId
        if not connection_id:
            raise ValueError("ConnectionId is invalid, Please enter a valid connectionId to stop")
        options = {"actions": actions, "data": data, "endpoint": endpoint}
        body = {"operation": "stop", "connectionId": connection_id}
        body |= {name: value for name, value in options.items() if value is not None}
        target = self._session.target(credentials, base_url)
        return self._connection(self._session.run(_calls.endpoint(body), target), credentials, target)

    def validateAndConnectToEndpoint(self, body: Mapping[str, Any], credentials: Login = None) -> Connection:
        """Send a request body of the Telephony API as it is, after checking it."""
        return self._connect(body, credentials, None)

    def _start(
        self,
        endpoint: Mapping[str, Any],
        credentials: Any,
        actions: Any,
        data: Any,
        languages: Any,
        timezone: Any,
        base_url: str | None,
        extra: Mapping[str, Any],
    ) -> Connection:
        if credentials is not None and not _are_credentials(credentials):
            # The documented order has actions and data in this place.
            credentials, actions, data = None, credentials, actions if data is None else data
        if languages is not None and not isinstance(languages, list):
            raise TypeError("languages should be a list of string")
        if timezone is not None and not isinstance(timezone, str):
            raise TypeError("timezone should be of type string")
        body = {
            "operation": "start",
            "endpoint": endpoint,
            "actions": actions or [],
            "data": data or {},
            **extra,
        }
        if languages:
            body["languages"] = languages
        if timezone:
            body["timezone"] = timezone
        return self._connect(body, credentials, base_url)

    def _connect(
        self, body: Mapping[str, Any] | None, credentials: Login, base_url: str | None
    ) -> Connection:
        if body is None:
            raise ValueError("endpoint configuration is required.")
        if "endpoint" not in body:
            raise ValueError("Please enter the endpoint you want to connect.")
        validateEndpoint(body["endpoint"])
        validateActions(body.get("actions"))
        target = self._session.target(credentials, base_url)
        return self._connection(self._session.run(_calls.endpoint(body), target), credentials, target)

    def _connection(self, answer: Endpoint, credentials: Login, target: Target) -> Connection:
        return Connection(
            answer.conversation_id,
            answer.connection_id or "",
            answer.result_web_socket_url,
            answer.event_url,
            credentials,
            session=self._session,
            target=target,
            summary_info=answer.summary_info,
        )


def _are_credentials(value: Any) -> bool:
    return (
        not isinstance(value, Mapping) or bool(CREDENTIAL_KEYS & value.keys())
        if not isinstance(value, list)
        else False
    )
