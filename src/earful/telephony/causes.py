"""What baresip says when a call is over, as a cause and a sentence. No I/O."""

import re
from http import HTTPStatus

from earful.telephony.engine import Cause, Hung

__all__ = ["cause_of"]

_STATUS = re.compile(r"^(\d{3})\b ?(.*)")
_BY_STATUS: dict[int, Cause] = {
    401: "unauthorized",
    402: "rejected",
    403: "rejected",
    404: "not_found",
    407: "unauthorized",
    408: "no_answer",
    410: "not_found",
    480: "no_answer",
    484: "not_found",
    485: "not_found",
    486: "busy",
    487: "no_answer",
    502: "unreachable",
    503: "unreachable",
    504: "unreachable",
    600: "busy",
    603: "declined",
    604: "not_found",
    607: "declined",
}
_SENTENCES: dict[Cause, str] = {
    "busy": "the line is busy",
    "declined": "the call was declined",
    "no_answer": "nobody answered",
    "not_found": "there is no such number or address",
    "unauthorized": "the user name or password was refused",
    "unreachable": "the other side cannot be reached",
    "rejected": "the call was rejected",
    "remote_hangup": "the other side hung up",
    "local_hangup": "this side hung up",
    "failed": "the call failed",
}
_UNKNOWN_CHALLENGE = (
    "the other side asks for the password in a way that this version of baresip does not know, such as "
    "SHA-256; have it ask with MD5 alone"
)


def cause_of(text: str, *, answered: bool) -> Hung:
    """Return why the call is over. `text` begins with a SIP status, or is an error of the system."""
    if found := _STATUS.match(text):
        status = int(found[1])
        cause = _BY_STATUS.get(status, "rejected" if 400 <= status < 700 else "failed")
        reason = found[2].strip() or _phrase(status)
        return Hung(cause, status, f"{_SENTENCES[cause]} ({status} {reason})".replace(" )", ")"))
    lowered = text.lower()
    if "reset by peer" in lowered:
        return _plain("remote_hangup")
    if "reset by user" in lowered:
        return _plain("local_hangup")
    if "not implemented" in lowered and not answered:
        # What baresip says to a challenge that it cannot meet, even where it could meet another beside it.
        return Hung("unauthorized", None, _UNKNOWN_CHALLENGE)
    if answered:
        return Hung("failed", None, f"the call broke off ({_short(text)})")
    return Hung("unreachable", None, f"{_SENTENCES['unreachable']} ({_short(text)})")


def _plain(cause: Cause) -> Hung:
    return Hung(cause, None, _SENTENCES[cause])


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _short(text: str) -> str:
    return " ".join(text.split())[:100] or "no reason was given"
