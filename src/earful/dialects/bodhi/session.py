"""One Bodhi session as a state machine without I/O.

It is fed what the client sent and what recognition heard, each with the time it happened (seconds of
a monotonic clock), and returns what is to be done: `Open`, `Feed`, `Flush` for the recognizer, `Send`
and `Close` for the client. The states follow each other:

    waiting (for the config) → streaming → ending (eof seen, last words awaited) → closed
"""

from collections import deque
from dataclasses import dataclass, replace
from typing import Any, Literal

import structlog

from earful.dialects.bodhi import messages
from earful.dialects.bodhi.errors import BodhiError, error_body
from earful.dialects.bodhi.models import BodhiModel, ModelTable
from earful.dialects.bodhi.protocol import Command, Config, EndOfAudio, KeepAlive, read_text
from earful.speech.numbers import parse_numbers
from earful.speech.transliteration import to_latin
from earful.speech.types import Hypothesis, StreamOptions

__all__ = ["Close", "Effect", "Feed", "Flush", "Limits", "Open", "Send", "Session"]

log = structlog.get_logger(__name__)

State = Literal["waiting", "streaming", "ending", "closed"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds: without a client frame before the session is ended; between empty partials in silence;
    without a server frame before one is sent all the same."""

    idle: float = 15.0
    silence: float = 0.4
    heartbeat: float = 10.0


@dataclass(frozen=True, slots=True)
class Open:
    """Open a recognition stream. `others` are what else may be spoken: call `Session.identified` then."""

    config: Config
    model: BodhiModel
    options: StreamOptions
    others: tuple[BodhiModel, ...] = ()


@dataclass(frozen=True, slots=True)
class Feed:
    """Give the recognizer more of the client's bytes."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Flush:
    """Have the recognizer settle everything it was fed, then call `Session.flushed`."""


@dataclass(frozen=True, slots=True)
class Send:
    """Send a message; one that is `passing` may be left out when a later one of its kind waits too."""

    message: dict[str, Any]
    passing: bool = False


@dataclass(frozen=True, slots=True)
class Close:
    """Close the connection with a WebSocket close code."""

    code: int
    reason: str = ""


Effect = Open | Feed | Flush | Send | Close


class Session:
    """The rules of one connection. `call_id` is a UUID of ours; `now` is when the connection was made."""

    def __init__(self, models: ModelTable, call_id: str, now: float, limits: Limits | None = None) -> None:
        self._models = models
        self._limits = limits or Limits()
        self.call_id = call_id
        self.state: State = "waiting"
        self.config: Config | None = None
        self._model: BodhiModel | None = None
        self._identified = False
        self._bytes = 0
        self._segment = 0
        self._shown: dict[str, Any] | None = None
        self._stopped = False
        self._from_client = now
        self._sent = now
        self._audio_at = now
        self._arrivals: deque[tuple[float, float]] = deque(maxlen=4096)

    @property
    def audio_seconds(self) -> float:
        """How much audio the client has sent."""
        if self.config is None:
            return 0.0
        return self._bytes / (2 * self.config.channels * self.config.sample_rate)

    def receive_text(self, text: str, now: float) -> list[Effect]:
        """Take a text frame."""
        if self.state == "closed":
            return []
        self._from_client = now
        try:
            commands = read_text(text)
            return [effect for command in commands for effect in self._obey(command, now)]
        except BodhiError as error:
            return self.fail(error, now)

    def receive_bytes(self, data: bytes, now: float) -> list[Effect]:
        """Take a binary frame: 16-bit PCM, cut anywhere."""
        if self.state == "waiting":
            return self.fail(BodhiError(400, "audio was sent before the config message"), now)
        if self.state != "streaming":
            return []
        self._from_client = now
        if not data:
            return []
        self._bytes += len(data)
        self._audio_at = now
        self._arrivals.append((self.audio_seconds, now))
        return [Feed(data)]

    def hear(self, heard: Hypothesis, now: float) -> list[Effect]:
        """Take a hypothesis of the recognizer."""
        if self.config is None or self._model is None or self.state == "closed":
            return []
        text = " ".join(heard.text.split())
        if self.config.parse_number:
            text = parse_numbers(text, self._model.code)
        if self.config.transliterate:
            text, heard = to_latin(text), _in_latin(heard)
        if not heard.is_final:
            if not text or self.config.exclude_partial:
                return []
            partial = messages.partial(self.call_id, self._segment, text, heard)
            self._shown = self._dress(partial, now, heard)
            return [self._send(self._shown, now, passing=True)]
        if not text and self._shown is None:
            return []
        message = messages.complete(self.call_id, self._segment, text, heard, self._model.code)
        self._segment += 1
        self._shown = None
        return [self._send(self._dress(message, now, heard), now)]

    def identified(self, model: BodhiModel) -> None:
        """Take it that the language spoken is known: what is heard from now on is what this model hears."""
        self._model = model
        self._identified = True

    def flushed(self, now: float) -> list[Effect]:
        """Take it that everything fed before the end of audio has been heard."""
        if self.state != "ending":
            return []
        if self._stopped:
            return [*self.fail(BodhiError(503, "the server is being stopped"), now)[:-1], Close(1001)]
        self.state = "closed"
        last = messages.end_of_stream(self.call_id, self._segment, self.audio_seconds)
        return [self._send(self._dress(last, now), now), Close(1000)]

    def shut_down(self) -> list[Effect]:
        """Take it that the server is being stopped: what was said so far is still told."""
        if self.state == "closed":
            return []
        self._stopped = True
        if self.state == "ending":
            return []
        self.state = "ending"
        return [Flush()]

    def tick(self, now: float) -> list[Effect]:
        """Take it that time has passed; to be called several times a second."""
        if self.state == "waiting":
            if now - self._from_client >= self._limits.idle:
                return self.fail(BodhiError(400, f"no config message in {self._limits.idle:g} seconds"), now)
            return []
        if self.state == "closed" or self.config is None:
            return []
        if self.state == "streaming" and now - self._from_client >= self._limits.idle:
            log.info("session idle", call_id=self.call_id)
            return self._end()
        since = now - self._sent
        if since >= self._limits.heartbeat:
            return [self._send(self._shown or self._silence(now), now, passing=True)]
        quiet = self.state == "streaming" and self._shown is None and not self.config.exclude_partial
        if quiet and since >= self._limits.silence and self._audio_at > self._sent:
            return [self._send(self._silence(now), now, passing=True)]
        return []

    def fail(self, error: BodhiError, now: float) -> list[Effect]:
        """Tell the client what is wrong, and end."""
        if self.state == "closed":
            return []
        self.state = "closed"
        log.info("session refused", call_id=self.call_id, code=error.code, reason=error.message)
        return [self._send(error_body(error), now), Close(error.close_code, error.message[:120])]

    def _obey(self, command: Command, now: float) -> list[Effect]:
        if isinstance(command, Config):
            return self._configure(command)
        if isinstance(command, KeepAlive):
            return []
        if self.state == "waiting":
            raise BodhiError(400, "the first message must be the config")
        if isinstance(command, EndOfAudio):
            return self._end() if self.state == "streaming" else []
        log.info("unknown message ignored", call_id=self.call_id, keys=command.keys)
        return []

    def _configure(self, config: Config) -> list[Effect]:
        if self.state != "waiting":
            raise BodhiError(400, "the config message may be sent only once; reconnect to change settings")
        self._model = self._models.find(config.model)
        self.config = config
        self.state = "streaming"
        options = StreamOptions(
            language=self._model.language,
            model=self._model.model,
            endpoint_silence=config.endpoint_silence,
            partials=not config.exclude_partial,
            words=True,
            hotwords=config.hotwords,
        )
        others = self._models.others(self._model) if config.at_start_lid else ()
        self._identified = not others
        return [Open(config, self._model, options, others)]

    def _end(self) -> list[Effect]:
        self.state = "ending"
        return [Flush()]

    def _silence(self, now: float) -> dict[str, Any]:
        return self._dress(messages.silence(self.call_id, self._segment, self.audio_seconds), now)

    def _dress(self, message: dict[str, Any], now: float, heard: Hypothesis | None = None) -> dict[str, Any]:
        """Add what the client asked for: the language, how long the message took. None: nothing was heard."""
        if self.config is None or self._model is None:
            return message
        if self.config.at_start_lid and self._identified:
            message["language_code"] = self._model.code
        if self.config.aux:
            waited = max(0.0, heard.audio_end - heard.end) if heard is not None and heard.is_final else 0.0
            until = self.audio_seconds if heard is None else heard.audio_end
            message["aux_info"] = {
                "request_time": round(now - self._arrival_of(until, now), 3),
                "eot_wait_time": round(waited, 3),
                "processed_audio_duration": round(until, 3),
            }
        return message

    def _arrival_of(self, audio_end: float, now: float) -> float:
        """Return when the audio that ends there came in."""
        while self._arrivals and self._arrivals[0][0] < audio_end - 1e-6:
            self._arrivals.popleft()
        return self._arrivals[0][1] if self._arrivals else now

    def _send(self, message: dict[str, Any], now: float, *, passing: bool = False) -> Send:
        self._sent = now
        return Send(message, passing)


def _in_latin(heard: Hypothesis) -> Hypothesis:
    words = tuple(replace(word, text=to_latin(word.text)) for word in heard.words)
    return replace(heard, text=to_latin(heard.text), words=words)
