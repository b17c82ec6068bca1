"""What the rest of Earful knows of a SIP engine: it makes lines, and a line tells what happens on it.

TelephonyError
├── NotConfigured   this machine or these settings cannot make or take calls
└── EngineFailed    the engine could not be started
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Literal, Protocol

from earful.speech.types import Samples

__all__ = [
    "Answered",
    "Audio",
    "Cause",
    "Encryption",
    "Engine",
    "EngineFailed",
    "Hung",
    "Line",
    "LineEvent",
    "NotConfigured",
    "Ringing",
    "Target",
    "TelephonyError",
    "Trunk",
]

Transport = Literal["udp", "tcp", "tls"]

Encryption = Literal["srtp", "srtp-mand", "dtls_srtp"]
"""How audio is encrypted: `srtp` if the other side can, `srtp-mand` and `dtls_srtp` in any case."""

Cause = Literal[
    "remote_hangup",
    "local_hangup",
    "busy",
    "declined",
    "no_answer",
    "not_found",
    "unauthorized",
    "unreachable",
    "media_lost",
    "rejected",
    "failed",
]
"""Why a line is no longer there, as far as the engine knows."""


class TelephonyError(Exception):
    """Root of what can go wrong in this room; the message is fit for the one who asked."""


class NotConfigured(TelephonyError):
    """Something that calls need is missing on this machine; the message says what to do."""


class EngineFailed(TelephonyError):
    """The engine did not start."""


@dataclass(frozen=True, slots=True)
class Trunk:
    """Who carries calls to the telephone network, and who we are to it. `host` may have a `:port`."""

    host: str
    transport: Transport = "udp"
    user: str | None = None
    password: str | None = None
    proxy: str | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """Whom to call. `host` may have a `:port`; `via` is the address to send to instead of looking up `host`.

    `trunk` is given when the call goes through it and may use its credentials.
    """

    user: str
    host: str
    transport: Transport = "udp"
    via: str | None = None
    trunk: Trunk | None = None

    @property
    def uri(self) -> str:
        """The target as a SIP URI, without anything secret."""
        suffix = "" if self.transport == "udp" else f";transport={self.transport}"
        return f"sip:{self.user}@{self.host}{suffix}"


@dataclass(frozen=True, slots=True)
class Ringing:
    """The other side has been found and rings."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The call is up."""


@dataclass(frozen=True, slots=True)
class Audio:
    """What the other side said: float32 [n], mono, 16 kHz. Silence where it sent nothing."""

    samples: Samples


@dataclass(frozen=True, slots=True)
class Hung:
    """The line is down. `status` is the SIP status when there was one, `details` a sentence."""

    cause: Cause
    status: int | None = None
    details: str = ""


LineEvent = Ringing | Answered | Audio | Hung


class Line(Protocol):
    """One call as the engine has it."""

    def events(self) -> AsyncIterator[LineEvent]:
        """Yield what happens; the last one is `Hung`."""
        ...

    async def press(self, keys: str) -> None:
        """Send keys (RFC 4733), one after the other; `,` and `w` are pauses of half a second."""
        ...

    async def hang_up(self) -> None:
        """End the call and everything it holds, at the latest in a few seconds. Idempotent."""
        ...

    @property
    def codec(self) -> str | None:
        """What the audio came as, once that is known."""
        ...


class Engine(Protocol):
    """Makes lines."""

    def require(self) -> None:
        """Raise `NotConfigured` when this machine has no engine."""
        ...

    async def dial(self, target: Target, *, longest: float) -> Line:
        """Call someone; after `longest` seconds the line ends whatever happens. Raises `EngineFailed`."""
        ...

    async def await_call(
        self, *, address: str, longest: float, encryption: Encryption | None = None
    ) -> "Waiting":
        """Make ready for one incoming call, whose audio comes to `address` (an IP). Raises `EngineFailed`."""
        ...

    async def close(self) -> None:
        """End every line and leave nothing behind. Idempotent."""
        ...


class Waiting(Protocol):
    """A line that answers the one call that is brought to it."""

    @property
    def user(self) -> str:
        """The user part that the request must be addressed to."""
        ...

    @property
    def sip_port(self) -> int:
        """The UDP port on 127.0.0.1 where it takes SIP."""
        ...

    @property
    def line(self) -> Line:
        """The line."""
        ...
