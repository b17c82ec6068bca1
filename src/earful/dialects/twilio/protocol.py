"""What Twilio Media Streams says, read into values, and the rules of one stream. No I/O.

    connected → start (who, which tracks, the call's parameters) → media… → stop

Twilio cannot send headers of ours with a stream, so the key is a parameter of its start:
`<Parameter name="apiKey" value="ek_..."/>`. The server sends nothing back.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Begin", "Effect", "End", "Hear", "Refuse", "TwilioSession"]

_ENCODING, _RATE = "audio/x-mulaw", 8000
_TRACKS = {"inbound": "Caller", "outbound": "Agent"}
POLICY_VIOLATION, UNSUPPORTED = 1008, 1003


@dataclass(frozen=True, slots=True)
class Begin:
    """The call has begun. `tracks` are the sides that speak, each with the name of who is there."""

    key: str
    call_sid: str
    tracks: Mapping[str, str]
    language: str = "en-US"
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Hear:
    """G.711 µ-law at 8 kHz, one byte a sample, of one side of the call."""

    track: str
    audio: bytes


@dataclass(frozen=True, slots=True)
class End:
    """The call is over."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """Close the connection: it cannot be served. `code` is a WebSocket close code."""

    code: int
    reason: str


Effect = Begin | Hear | End | Refuse


@dataclass(slots=True)
class TwilioSession:
    """The rules of one stream. `presented` is a key that came with the handshake, if one did."""

    presented: str = ""
    damaged: int = 0
    _tracks: Mapping[str, str] = field(default_factory=dict)
    _over: bool = False

    def receive(self, text: str) -> list[Effect]:
        """Take a message. Messages that are not understood are passed over; damaged audio is counted."""
        if self._over:
            return []
        try:
            message = json.loads(text)
        except (ValueError, RecursionError):
            return self._refuse(POLICY_VIOLATION, "the message is not valid JSON")
        if not isinstance(message, dict):
            return self._refuse(POLICY_VIOLATION, "the message is not a JSON object")
        match message.get("event"):
            case "start":
                return self._start(message.get("start"))
            case "media":
                return self._media(message.get("media"))
            case "stop":
                self._over = True
                return [End()]
            case _:
                return []

    def _start(self, start: Any) -> list[Effect]:
        if self._tracks:
            return self._refuse(POLICY_VIOLATION, "the stream has started already")
        if not isinstance(start, dict):
            return self._refuse(POLICY_VIOLATION, "'start' must be an object")
        media_format = start.get("mediaFormat")
        if isinstance(media_format, dict):
            given = media_format.get("encoding", _ENCODING), media_format.get("sampleRate", _RATE)
            if given != (_ENCODING, _RATE):
                return self._refuse(UNSUPPORTED, f"only {_ENCODING} at {_RATE} Hz is understood")
        given_parameters = start.get("customParameters")
        parameters = given_parameters if isinstance(given_parameters, dict) else {}
        asked = start.get("tracks")
        tracks = [track for track in asked if track in _TRACKS] if isinstance(asked, list) else []
        self._tracks = {
            track: str(parameters.get(f"{track}Name") or _TRACKS[track]) for track in tracks or ["inbound"]
        }
        return [
            Begin(
                key=str(parameters.get("apiKey") or self.presented),
                call_sid=str(start.get("callSid") or start.get("streamSid") or ""),
                tracks=self._tracks,
                language=str(parameters.get("language") or "en-US"),
                name=str(parameters["name"]) if parameters.get("name") else None,
            )
        ]

    def _media(self, media: Any) -> list[Effect]:
        if not self._tracks:
            return self._refuse(POLICY_VIOLATION, "audio came before the start message")
        if not isinstance(media, dict) or not isinstance(media.get("payload"), str):
            self.damaged += 1
            return []
        track = media.get("track", "inbound")
        if track not in self._tracks:
            return []
        try:
            return [Hear(track, base64.b64decode(media["payload"], validate=True))]
        except (binascii.Error, ValueError):
            self.damaged += 1
            return []

    def _refuse(self, code: int, reason: str) -> list[Effect]:
        self._over = True
        return [Refuse(code, reason)]
