"""The body of `POST /v1/endpoint:connect`, and speaker events, as Symbl's clients really send them.

Source: symbl-telephony.md §2, §5. Python sends `actions: {}` and `dtmf: null`, JavaScript languages as
objects and the time zone inside `data`; what is not known is ignored.
"""

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, get_args
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, ConfigDict, Field, field_validator, model_validator

from earful.conversation.ids import new_uuid
from earful.conversation.types import InsightKind, Member
from earful.dialects.symbl.bodies import Body
from earful.dialects.symbl.parameters import Moment
from earful.jobs.outbound import Refused, checked_address

__all__ = ["ConnectBody", "SpeakerEventBody", "SpeakerUser"]

_MAX_TEXT = 1000
_MAX_LIST = 200


class _Tolerant(Body):
    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)


def _lower(value: Any) -> Any:
    return value.strip().lower() if isinstance(value, str) else value


def _list(value: Any) -> Any:
    """Take `{}`, which a client sends where it means nothing, for an empty list."""
    return [] if value is None or value == {} else value


def _text_or_none(value: Any) -> Any:
    return value if isinstance(value, str) and value.strip() else None


def _codes(value: Any) -> Any:
    if isinstance(value, str):
        value = [value]
    if isinstance(value, list):
        return [item.get("code") if isinstance(item, dict) else item for item in value[:_MAX_LIST]]
    return _list(value)


Text = Annotated[str, Field(max_length=_MAX_TEXT)]
Bounded: Any = Field(default=[], max_length=_MAX_LIST)
Loose = Annotated[Text | None, BeforeValidator(_text_or_none)]


class AudioConfig(_Tolerant):
    """The audio that is wished for; what both sides can do is found out when the call begins."""

    encoding: Annotated[
        Literal["PCMU", "OPUS", "SPEEX", "LINEAR16", "MULAW"] | None,
        BeforeValidator(lambda value: value.upper() if isinstance(value, str) else value),
    ] = None
    sample_rate: float | None = None
    sample_size: float | None = None
    payload_type: int | None = None


class EndpointBody(_Tolerant):
    """Whom to call."""

    type: Annotated[Literal["pstn", "sip"], BeforeValidator(_lower)]
    phone_number: Annotated[Text | None, Field(examples=["+12025550123"])] = None
    uri: Annotated[Text | None, Field(examples=["sip:standup@pbx.example.com"])] = None
    dtmf: Annotated[
        Text | None,
        Field(
            description="Keys to press once it is answered; a comma is half a second.", examples=[",,4711#"]
        ),
    ] = None
    transport_config: Loose = Field(default=None, description="`transport=UDP`, `TCP` or `TLS`.")
    audio_config: AudioConfig | None = None
    language: Loose = None
    timezone_offset: Annotated[float, Field(ge=-900, le=900)] | None = None
    idle_timeout: float | None = Field(
        default=None, description="Seconds without a word after which to hang up; -1: the usual 30 minutes."
    )

    @model_validator(mode="after")
    def _complete(self) -> "EndpointBody":
        if self.type == "pstn" and not (self.phone_number or "").strip():
            raise ValueError("phoneNumber is required when type = 'pstn'.")
        if self.type == "sip" and not (self.uri or "").strip():
            raise ValueError("uri is required when type = 'sip'.")
        return self

    @property
    def transport(self) -> str | None:
        """The transport that `transportConfig` asks for."""
        for part in (self.transport_config or "").split(";"):
            name, _, value = part.partition("=")
            if name.strip().lower() == "transport" and value.strip():
                return value.strip()
        return None


class SpeakerUser(_Tolerant):
    """A person, under the name that the meeting's software has for them."""

    user_id: Loose = None
    id: Loose = None
    name: Loose = None
    email: Loose = None

    def member(self) -> Member | None:
        """Return the person as a member with a new id, None when nothing is known."""
        key = self.user_id or self.email or self.id
        if not key and not self.name:
            return None
        email = self.email or (self.user_id if self.user_id and "@" in self.user_id else None)
        return Member(id=new_uuid(), name=self.name or key, email=email, user_id=key or self.name)


class SessionUser(_Tolerant):
    """A person who is said to take part."""

    user: SpeakerUser = SpeakerUser()


class TimeZone(_Tolerant):
    """Where the JavaScript client puts the time zone."""

    name: Loose = None


class Location(_Tolerant):
    """Where the session is."""

    time_zone: TimeZone | None = None


class SessionBody(_Tolerant):
    """What the conversation is called, and who takes part."""

    name: Loose = None
    users: Annotated[list[SessionUser], BeforeValidator(_list)] = Bounded
    user: Annotated[list[SessionUser], BeforeValidator(_list)] = Bounded
    location: Location | None = None


class DataBody(_Tolerant):
    """About the conversation."""

    session: SessionBody = SessionBody()


class ConnectBody(_Tolerant):
    """A request to begin or to end a call."""

    operation: Annotated[Literal["start", "stop"] | None, BeforeValidator(_lower)] = None
    endpoint: EndpointBody | None = None
    connection_id: Text | None = Field(default=None, description="The call to end.")
    actions: list[dict[str, Any]] | dict[str, Any] | None = Field(
        default=None,
        description="What to do at the start or stop.",
        examples=[
            [{"invokeOn": "stop", "name": "sendSummaryEmail", "parameters": {"emails": ["rosa@example.net"]}}]
        ],
    )
    data: DataBody = DataBody()
    languages: Annotated[list[Text], BeforeValidator(_codes)] = Field(
        default=[], description="The first one counts."
    )
    language: Loose = None
    timezone: Loose = Field(default=None, description="IANA name, `Europe/Lisbon`.")
    push_speaker_events: bool = False
    insight_types: Annotated[list[Text], BeforeValidator(_list)] = Field(
        default=[],
        max_length=_MAX_LIST,
        description="What to tell while the call goes on; everything if empty.",
    )
    endpoint_webhook_url: Loose = Field(
        default=None, description="Is told, by signed POSTs, when it rings, is answered and has ended."
    )
    callback_url: Loose = Field(default=None, description="The same, when `endpointWebhookUrl` is missing.")

    @field_validator("data", mode="before")
    @classmethod
    def _given(cls, value: Any) -> Any:
        return {} if value is None else value

    @model_validator(mode="before")
    @classmethod
    def _stop_needs_no_endpoint(cls, value: Any) -> Any:
        if isinstance(value, dict) and _lower(value.get("operation")) == "stop":
            # It has no use, and some clients send one that is not complete.
            return {name: given for name, given in value.items() if name != "endpoint"}
        return value

    def spoken_language(self, otherwise: str) -> str:
        """Return the language of the call."""
        inner = self.endpoint.language if self.endpoint else None
        return (self.languages[0] if self.languages else None) or self.language or inner or otherwise

    @property
    def told_kinds(self) -> frozenset[InsightKind]:
        """The kinds of insights to tell; those that are not known count for nothing."""
        wanted = {one.lower() for one in self.insight_types}
        return frozenset(kind for kind in get_args(InsightKind) if kind in wanted)

    @property
    def webhook_url(self) -> str | None:
        """Whom to tell how far the call is. Raises `ValueError` when nobody could be told there."""
        for name, url in (
            ("endpointWebhookUrl", self.endpoint_webhook_url),
            ("callbackUrl", self.callback_url),
        ):
            if url is not None:
                try:
                    checked_address(url)
                except Refused as error:
                    raise ValueError(f"{name}: {error}") from None
                return url
        return None

    def timezone_offset_min(self, now: datetime) -> int:
        """Return how far local time is from UTC, in minutes. Raises `ValueError`."""
        location = self.data.session.location
        inner = location.time_zone.name if location and location.time_zone else None
        name = self.timezone or inner
        if name is None:
            return int((self.endpoint.timezone_offset if self.endpoint else None) or 0)
        try:
            offset = now.astimezone(ZoneInfo(name)).utcoffset()
        except (OSError, ValueError, KeyError):
            raise ValueError(f"timezone: there is no time zone {name[:60]!r}") from None
        return int((offset or timedelta()).total_seconds() // 60)


class SpeakerEventBody(_Tolerant):
    """Someone came, began to speak, stopped, or left."""

    type: Annotated[
        Literal["started_speaking", "stopped_speaking", "joined", "left", "stopped"], BeforeValidator(_lower)
    ]
    topic: Loose = None
    user: SpeakerUser | None = None
    timestamp: Moment | None = Field(
        default=None, description="When; now if it is missing.", examples=["2026-03-02T09:00:00Z"]
    )

    @model_validator(mode="after")
    def _complete(self) -> "SpeakerEventBody":
        if self.type != "stopped" and (self.user is None or self.user.member() is None):
            raise ValueError("user.userId is required")
        return self
