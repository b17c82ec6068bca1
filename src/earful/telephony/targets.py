"""Whom this server may call: addresses and numbers read, checked and held against the allow-lists.

A server that dials whatever it is asked to is a way to steal telephone minutes and to probe networks.
So nothing may be called until a setting says what may.

Refusal
├── BadTarget     the address or number cannot be called by anyone
└── NotAllowed    the settings do not let this server call it
"""

import asyncio
import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberType

from earful.jobs.outbound import is_public
from earful.telephony.engine import Target, Transport, Trunk

__all__ = ["AllowList", "BadTarget", "NotAllowed", "Refusal", "check_keys", "parse_trunk"]

_URI = re.compile(
    r"""(?P<scheme>sips?):
        (?P<user>[A-Za-z0-9_.!~*'()&=+$\-#%/]{1,128})@
        (?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.\-]{1,253})
        (?::(?P<port>\d{1,5}))?
        (?P<parameters>(?:;[A-Za-z0-9\-_.!~*'()\[\]/:&+$%]+(?:=[A-Za-z0-9\-_.!~*'()\[\]/:&+$%]+)?)*)""",
    re.VERBOSE | re.IGNORECASE,
)
_KEYS = re.compile(r"[0-9A-Da-d#*,w]{1,128}")
_LOOK_UP_S = 5.0
_TRANSPORTS: tuple[Transport, ...] = ("udp", "tcp", "tls")


class Refusal(Exception):
    """The target will not be called; the message says why."""


class BadTarget(Refusal):
    """Nobody could call this."""


class NotAllowed(Refusal):
    """The settings do not allow it."""


def check_keys(keys: str) -> str:
    """Return keys to press, without blanks. Raises `BadTarget`."""
    plain = "".join(keys.split()).rstrip(",w")
    if plain and not _KEYS.fullmatch(plain):
        raise BadTarget("dtmf may hold digits, #, *, A to D, and commas for pauses; 128 at most")
    return plain


def parse_trunk(
    address: str, user: str | None = None, password: str | None = None, proxy: str | None = None
) -> Trunk:
    """Return the trunk at `HOST[:PORT][;transport=...]`, with or without `sip:`. Raises `BadTarget`."""
    host, port, transport = _read(f"sip:trunk@{address.removeprefix('sip:').removeprefix('sips:')}")[1:]
    if address.startswith("sips:"):
        transport = "tls"
    return Trunk(host + port, transport or "udp", user, password, proxy)


@dataclass(frozen=True, slots=True)
class AllowList:
    """What the settings let this server call.

    `domains` are hosts, `*.example.com` for those below one, `*` for all on the public internet.
    `prefixes` are beginnings of E.164 numbers; `+` is all. With `plus`, numbers go to the trunk as
    `+15550100`, without it as `15550100`.
    """

    domains: Sequence[str] = ()
    prefixes: Sequence[str] = ()
    trunk: Trunk | None = None
    plus: bool = True

    @property
    def nothing(self) -> bool:
        """Whether nothing at all may be called."""
        return not self.domains and (self.trunk is None or not self.prefixes)

    async def sip(self, uri: str, transport: str | None = None) -> Target:
        """Return the target that a SIP URI names; `transport` counts when the URI has none.

        Raises `BadTarget`, `NotAllowed`.
        """
        user, host, port, given = _read(uri)
        wanted = given or _transport(transport) or "udp"
        if not self.domains:
            raise NotAllowed(
                "calls to SIP addresses are off: no domain may be called; EARFUL_SIP_DOMAINS says which may"
            )
        plain = host.strip("[]").rstrip(".").lower()
        via = None
        if plain not in self.domains:
            if not any(_covers(pattern, plain) for pattern in self.domains):
                raise NotAllowed(
                    f"SIP addresses at {plain} may not be called; EARFUL_SIP_DOMAINS says which may"
                )
            # Nobody named this very host, so it must not lead into a private network, and the call goes
            # to the address that was checked.
            via = f"{await _public_address(plain)}{port or (':5061' if wanted == 'tls' else ':5060')}"
        trunk = self.trunk if self.trunk is not None and self.trunk.host == host + port else None
        return Target(user, host + port, wanted, via, trunk)

    def number(self, number: str) -> tuple[str, Target]:
        """Return a telephone number in E.164 and the target that reaches it through the trunk.

        Raises `BadTarget`, `NotAllowed`.
        """
        parsed, plain = _number(number)
        if self.trunk is None:
            raise NotAllowed(
                "calls to telephone numbers are off: there is no trunk; EARFUL_SIP_TRUNK names one"
            )
        allowed = [prefix for prefix in self.prefixes if plain.startswith(prefix)]
        if not allowed:
            raise NotAllowed(f"{plain} may not be called; EARFUL_SIP_PREFIXES says what may")
        premium = phonenumbers.number_type(parsed) in (
            PhoneNumberType.PREMIUM_RATE,
            PhoneNumberType.SHARED_COST,
        )
        if premium and plain not in allowed:
            raise NotAllowed(
                f"{plain} costs extra; it may be called when EARFUL_SIP_PREFIXES has the whole number"
            )
        user = plain if self.plus else plain.removeprefix("+")
        return plain, Target(user, self.trunk.host, self.trunk.transport, None, self.trunk)


def _read(uri: str) -> tuple[str, str, str, Transport | None]:
    """Return user, host, `:port` or nothing, and the transport that the URI names."""
    found = _URI.fullmatch(uri.strip())
    if found is None:
        raise BadTarget("that is not a SIP address; one looks like sip:user@host")
    port = found["port"]
    if port is not None and not 0 < int(port) < 65536:
        raise BadTarget(f"{port} is not a port")
    transport: Transport | None = "tls" if found["scheme"].lower() == "sips" else None
    for parameter in found["parameters"].split(";"):
        name, _, value = parameter.partition("=")
        if name.lower() == "transport":
            transport = transport or _transport(value)
    return found["user"], found["host"], f":{int(port)}" if port else "", transport


def _transport(value: str | None) -> Transport | None:
    if value is None:
        return None
    for known in _TRANSPORTS:
        if value.strip().lower() == known:
            return known
    raise BadTarget(f"transport {value.strip()[:20]!r} is not spoken; udp, tcp and tls are")


def _covers(pattern: str, host: str) -> bool:
    return pattern == "*" or (pattern.startswith("*.") and host.endswith(pattern[1:]))


async def _public_address(host: str) -> str:
    try:
        async with asyncio.timeout(_LOOK_UP_S):
            found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError, TimeoutError):
        raise BadTarget(f"the name {host} could not be resolved") from None
    addresses = [ip_address(str(entry[4][0]).split("%")[0]) for entry in found]
    if not addresses or not all(is_public(address) for address in addresses):
        raise NotAllowed(
            f"{host} is in a private network; it may be called when EARFUL_SIP_DOMAINS names that very host"
        )
    address = addresses[0]
    return f"[{address}]" if address.version == 6 else str(address)


def _number(number: str) -> tuple[phonenumbers.PhoneNumber, str]:
    digits = re.sub(r"[\s()./\-]", "", number)
    digits = digits.removeprefix("+").removeprefix("00")
    if not digits.isascii() or not digits.isdigit():
        raise BadTarget("phoneNumber must be a number with its country code, such as +15550100123")
    try:
        parsed = phonenumbers.parse(f"+{digits}", None)
    except NumberParseException:
        raise BadTarget(f"+{digits} is not a telephone number: no country has that code") from None
    if not phonenumbers.is_possible_number(parsed):
        raise BadTarget(f"+{digits} is not a telephone number: it is too short or too long for its country")
    return parsed, phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
