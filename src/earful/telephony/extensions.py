"""SIP extensions that callers ask for and the line behind does not know: session timers and 100rel. No I/O.

With session timers (RFC 4028) a proxy may answer for a side that does not know them: the caller is to renew
the session, which it does by INVITEs like any others (§8.2). To a caller that requires provisional responses
to be reliable (100rel, RFC 3262) none is sent, but 100: nothing is then to be acknowledged.
"""

import re
from dataclasses import dataclass

from earful.telephony.sip import Message

__all__ = ["SHORTEST_S", "Asked", "take_away", "wishes"]

SHORTEST_S = 90
"""The shortest session that RFC 4028 §4 has every side accept."""

_OURS = ("timer", "100rel")
_SECONDS = re.compile(r"\s*(\d{1,9})\s*(?:;.*)?")


@dataclass(frozen=True, slots=True)
class Asked:
    """What an INVITE asks for: to be renewed after some seconds, and no unreliable provisional responses."""

    session_s: int | None = None
    reliable: bool = False

    @property
    def too_short(self) -> bool:
        """Whether sessions must not be that short."""
        return self.session_s is not None and self.session_s < SHORTEST_S

    def answered(self, response: Message) -> bool:
        """Complete a response to the INVITE; return whether it is to be passed on."""
        status = int(response.start.split()[1])
        if self.reliable and 100 < status < 200:
            return False
        if self.session_s is not None and 200 <= status < 300:
            response.replace("session-expires", [f"{self.session_s};refresher=uac"])
            response.replace("require", [*response.all("require"), "timer"])
        return True


def wishes(request: Message) -> Asked:
    """Return what a request asks for."""
    required = [option.lower() for option in request.all("require")]
    supported = [option.lower() for option in request.all("supported")]
    found = _SECONDS.fullmatch(request.first("session-expires") or "")
    seconds = int(found[1]) if found and "timer" in (*required, *supported) else None
    return Asked(seconds, "100rel" in required)


def take_away(request: Message) -> None:
    """Take from a request what the line would refuse it for."""
    required = list(request.all("require"))
    request.replace("require", [option for option in required if option.lower() not in _OURS])
