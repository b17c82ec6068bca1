"""The rules of a Symbl streaming socket, without the socket.

A `StreamingSession` is told what the client sent and what the core reports, and answers with effects:
what to send, when to close, and what to ask of the core. The shell around it carries them out in
order (`earful.dialects.symbl.sockets`).

    idle ──start──▶ starting ──started──▶ listening ──stop──▶ stopping ──▶ ended
                                              ▲                  │
                                              └─start── stopped ◀┘ (disconnectOnStopRequest: false)
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

from earful.conversation.ids import new_uuid
from earful.conversation.types import CustomEntity, Member, Tracker
from earful.dialects.symbl import messages
from earful.dialects.symbl.actions import MailAction
from earful.dialects.symbl.protocol import (
    MalformedMessage,
    ModifyRequest,
    Ping,
    Speaker,
    StartRequest,
    StopRequest,
    UnknownRequest,
    parse,
)
from earful.insight.types import InsightOptions
from earful.live.bus import Delivery
from earful.live.events import ConversationCompleted, ConversationCreated, Fault, Transcribed
from earful.live.options import SessionOptions
from earful.speech.types import Hotword, StreamOptions

__all__ = [
    "IDLE_TIMEOUT_S",
    "CancelTimer",
    "Close",
    "Effect",
    "Leave",
    "Mail",
    "Retune",
    "Send",
    "SetTimer",
    "Start",
    "Stop",
    "StreamingSession",
    "member",
    "session_options",
]

IDLE_TIMEOUT_S = 1800.0
_NORMAL, _POLICY = 1000, 1008
_REPEAT_ERROR_S = 2.0


@dataclass(frozen=True, slots=True)
class Send:
    """Send a text frame; one that is `droppable` may be left out when the client reads too slowly."""

    text: str
    droppable: bool = False


@dataclass(frozen=True, slots=True)
class Close:
    """Close the socket once everything before has been sent."""

    code: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Start:
    """Join the conversation, resume, or take new options; then call `started` or `start_failed`."""

    request: StartRequest


@dataclass(frozen=True, slots=True)
class Stop:
    """Recognise what was sent and stop; then call `stopped`."""


@dataclass(frozen=True, slots=True)
class Leave:
    """Recognise what was sent and leave the conversation for good; then call `left`."""


@dataclass(frozen=True, slots=True)
class Retune:
    """Decode other audio from now on; then call `retuned` or `retune_failed`."""

    encoding: str
    sample_rate_hz: float


@dataclass(frozen=True, slots=True)
class SetTimer:
    """Call `timer_expired` in so many seconds, unless there is another timer order before."""

    seconds: float


@dataclass(frozen=True, slots=True)
class CancelTimer:
    """Do not call `timer_expired`."""


@dataclass(frozen=True, slots=True)
class Mail:
    """Have mails sent. What nobody asked for (`asked` false) is left out where it cannot be done."""

    action: MailAction
    asked: bool = True


Effect = Send | Close | Start | Stop | Leave | Mail | Retune | SetTimer | CancelTimer


class _State(Enum):
    IDLE = auto()
    STARTING = auto()
    LISTENING = auto()
    STOPPING = auto()
    STOPPED = auto()
    ENDED = auto()


class StreamingSession:
    """One client's streaming socket. `source` is how its SDK names itself, `base_url` ours for links."""

    def __init__(self, *, source: str | None = None, base_url: str = "") -> None:
        self._source = source
        self._base_url = base_url
        self._state = _State.IDLE
        self._before_start = _State.IDLE
        self._request = self._asked = StartRequest()
        self._participant_id: str | None = None
        self._conversation_id: str | None = None
        self._early: list[Delivery] = []
        self._said_stopped = False
        self._last_audio_error: tuple[str, float] | None = None

    @property
    def listening(self) -> bool:
        """Whether binary frames are audio; at any other time they are ignored."""
        return self._state is _State.LISTENING

    @property
    def stopped_by_client(self) -> bool:
        """Whether the client has said stop: then its going away is no lost connection."""
        return self._state in (_State.STOPPING, _State.STOPPED, _State.ENDED)

    # -- the client -------------------------------------------------------------------------------

    def opened(self) -> Sequence[Effect]:
        """The socket is open. Some clients open it long before they start."""
        return [SetTimer(IDLE_TIMEOUT_S)]

    def text(self, text: str) -> Sequence[Effect]:
        """The client sent a text frame."""
        if self._state is _State.ENDED:
            return []
        try:
            request = parse(text)
        except MalformedMessage as error:
            if error.request == "start_request" and self._state is _State.IDLE:
                return self._fail(str(error), "Invalid start_request", self._refusal_code)
            told = Send(messages.error(str(error)))
            # Who asks to stop is stopped, whatever is wrong with the rest of the request.
            return [told, *self._stop(())] if error.request == "stop_request" else [told]
        match request:
            case Ping():
                return [Send(messages.PONG)]
            case StartRequest():
                return self._start(request)
            case StopRequest(actions=actions):
                return self._stop(actions)
            case ModifyRequest():
                return self._modify(request)
            case UnknownRequest():
                return []

    def oversized(self, size: int, limit: int) -> Sequence[Effect]:
        """The client sent a frame that is too large to be taken; it was thrown away."""
        if self._state is _State.ENDED:
            return []
        details = f"a frame of {size} bytes is over the limit of {limit} bytes and was ignored"
        return [Send(messages.error(details))]

    def audio_broken(self, details: str, now: float) -> Sequence[Effect]:
        """The client's audio could not be decoded. The same trouble is told every few seconds at most."""
        last = self._last_audio_error
        if self._state is _State.ENDED or (last and last[0] == details and now - last[1] < _REPEAT_ERROR_S):
            return []
        self._last_audio_error = (details, now)
        return [Send(messages.error(details))]

    # -- the core ---------------------------------------------------------------------------------

    def started(self, conversation_id: str, participant_id: str) -> Sequence[Effect]:
        """What `Start` asked for has been done."""
        if self._state is _State.ENDED:
            return []
        self._state = _State.LISTENING
        self._request = self._asked
        self._conversation_id = conversation_id
        self._participant_id = participant_id
        self._said_stopped = False
        effects: list[Effect] = [
            Send(messages.conversation_created(conversation_id)),
            Send(messages.started_listening()),
            Send(messages.recognition_started(conversation_id)),
            *self._mails(),
        ]
        early, self._early = self._early, []
        for delivery in early:
            effects += self.event(delivery)
        return effects

    def start_failed(self, details: str, code: int | None = None) -> Sequence[Effect]:
        """What `Start` asked for cannot be done; `code` closes the socket even of SDK clients with it."""
        if self._state is _State.ENDED:
            return []
        self._state = self._before_start
        if self._state is _State.LISTENING:
            return [Send(messages.error(details))]
        if self._state is _State.STOPPED:
            return [Send(messages.error(details)), SetTimer(self._request.stopped_timeout)]
        return self._fail(details, "Invalid start_request", code or self._refusal_code)

    def stopped(self) -> Sequence[Effect]:
        """What `Stop` asked for has been done."""
        if self._state is not _State.STOPPING:
            return []
        self._state = _State.STOPPED
        self._said_stopped = True
        return [Send(messages.recognition_stopped()), SetTimer(self._request.stopped_timeout)]

    def left(self) -> Sequence[Effect]:
        """What `Leave` asked for has been done."""
        return self._end()

    def retuned(self, encoding: str, sample_rate_hz: float) -> Sequence[Effect]:
        """What `Retune` asked for has been done."""
        self._request = replace(self._request, encoding=encoding, sample_rate_hz=sample_rate_hz)
        return [Send(messages.session_modified(encoding, sample_rate_hz))]

    def retune_failed(self, details: str) -> Sequence[Effect]:
        """What `Retune` asked for cannot be done; the audio stays as it was."""
        return [Send(messages.error(details))]

    def failed(self, details: str) -> Sequence[Effect]:
        """Something inside broke; this socket is of no more use."""
        return self._fail(details, "Internal error", 1011)

    def timer_expired(self) -> Sequence[Effect]:
        """The timer ran out: nothing was started, or nothing more came after a stop."""
        if self._state is _State.IDLE:
            self._state = _State.ENDED
            return [Close(_NORMAL, "no start_request")]
        if self._state is _State.STOPPED:
            self._state = _State.STOPPING
            return [Leave()]
        return []

    def event(self, delivery: Delivery) -> Sequence[Effect]:
        """Something happened in the conversation."""
        if self._state is _State.ENDED:
            return []
        if self._participant_id is None:
            self._early.append(delivery)
            return []
        match delivery.event:
            case Transcribed(participant_id=source, hypothesis=hypothesis):
                partial = not hypothesis.is_final
                if source != self._participant_id or (partial and not self._request.interim_results):
                    return []
                text = delivery.form(messages.result)
                return [Send(text, droppable=partial)] if text else []
            case Fault(participant_id=source, details=details):
                return [Send(messages.error(details))] if source == self._participant_id else []
            case ConversationCompleted():
                return self._end()
            case ConversationCreated():
                return []
            case _:
                text = delivery.form(messages.result)
                return [Send(text)] if text else []

    # -- inside -----------------------------------------------------------------------------------

    @property
    def _refusal_code(self) -> int:
        # A JavaScript client that reconnects on errors would come back for ever after any other code.
        return _NORMAL if self._source == "js_sdk" else _POLICY

    def _start(self, request: StartRequest) -> Sequence[Effect]:
        if self._state not in (_State.IDLE, _State.LISTENING, _State.STOPPED):
            return []
        self._before_start, self._state = self._state, _State.STARTING
        self._asked = request
        return [CancelTimer(), Start(request)]

    def _mails(self) -> Sequence[Mail]:
        mails = [Mail(action) for action in self._request.actions]
        speaker = self._request.speaker
        if speaker is not None and speaker.email:
            # Symbl mails the summary to a speaker who is known by an e-mail address.
            mails.append(Mail(MailAction("stop", (speaker.email,)), asked=False))
        return mails

    def _stop(self, actions: Sequence[MailAction]) -> Sequence[Effect]:
        if self._state is _State.IDLE:
            self._state = _State.ENDED
            return [CancelTimer(), Close(_NORMAL)]
        if self._state is _State.STOPPED:
            return [*map(Mail, actions), Send(messages.recognition_stopped())]
        if self._state is not _State.LISTENING:
            return []
        self._state = _State.STOPPING
        stays = not self._request.disconnect_on_stop and self._request.stopped_timeout > 0
        return [*map(Mail, actions), Stop() if stays else Leave()]

    def _modify(self, request: ModifyRequest) -> Sequence[Effect]:
        if self._state is not _State.LISTENING:
            return [Send(messages.error("modify_request is only possible while audio is being recognised"))]
        encoding = request.encoding or self._request.encoding
        rate = self._request.sample_rate_hz if request.sample_rate_hz is None else request.sample_rate_hz
        return [Retune(encoding, rate)]

    def _end(self) -> Sequence[Effect]:
        if self._state is _State.ENDED:
            return []
        self._state = _State.ENDED
        closing = [Send(messages.conversation_completed(self._conversation_id or "", self._base_url))]
        if not self._said_stopped:
            closing.append(Send(messages.recognition_stopped()))
            if self._source != "js_sdk":
                # The JavaScript client closes on whichever comes first, and needs the other one.
                closing.reverse()
        return [CancelTimer(), *closing, Close(_NORMAL)]

    def _fail(self, details: str, message: str, code: int) -> Sequence[Effect]:
        if self._state is _State.ENDED:
            return []
        self._state = _State.ENDED
        nested, top_level = messages.fatal_error(details, message)
        return [CancelTimer(), Send(nested), Send(top_level), Close(code, message)]


def session_options(
    request: StartRequest,
    *,
    endpoint_silence: float,
    stored_trackers: Sequence[Tracker] = (),
    custom_entities: Sequence[CustomEntity] = (),
) -> SessionOptions:
    """Return what a start_request asks of the core. Insights of all kinds are kept for the REST API.

    Of the application's `stored_trackers` those count that are asked for: all, or by id.
    """
    named = {tracker.id for tracker in request.trackers if tracker.id and not tracker.vocabulary}
    inline = tuple(tracker for tracker in request.trackers if tracker.id not in named)
    given = {tracker.id for tracker in inline if tracker.id}
    stored = tuple(
        tracker
        for tracker in stored_trackers
        if tracker.id in named or (request.enable_all_trackers and tracker.id not in given)
    )
    return SessionOptions(
        speech=StreamOptions(
            language=request.language,
            endpoint_silence=endpoint_silence,
            partials=request.interim_results or request.interim_trackers,
            hotwords=tuple(Hotword(phrase) for phrase in request.custom_vocabulary),
            align=request.diarize,
        ),
        insights=InsightOptions(
            confidence_threshold=request.confidence_threshold,
            sentiment=request.sentiment,
            entities=request.detect_entities,
            custom_entities=tuple(custom_entities),
            trackers=(*inline, *stored),
            interim_trackers=request.interim_trackers,
            redaction=request.redaction,
        ),
        told_kinds=request.insight_kinds,
        name=request.meeting_title,
        timezone_offset_min=request.timezone_offset_min,
        no_connection_timeout=request.no_connection_timeout,
        diarize=request.diarize,
        speakers=request.speakers,
    )


def member(speaker: Speaker | None) -> Member | None:
    """Return a speaker as a member with a new id; the core finds the one who is known already."""
    if speaker is None:
        return None
    return Member(id=new_uuid(), name=speaker.name, email=speaker.email, user_id=speaker.user_id)
