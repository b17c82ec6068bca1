"""SIPp scenarios: how the other side of a call behaves, message by message."""

from __future__ import annotations

__all__ = ["answers", "challenges", "redirects", "refuses", "rings_for_ever", "wants_another_password"]

_HEAD = """<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="test">
"""
_COPY = "[last_Via:]\n[last_From:]\n[last_To:];tag=sipp[call_number]\n[last_Call-ID:]\n[last_CSeq:]"
_CONTACT = "Contact: <sip:sipp@[local_ip]:[local_port];transport=[transport]>"


def _send(status: str, *headers: str, sdp: bool = False) -> str:
    body = ""
    if sdp:
        headers = (*headers, "Content-Type: application/sdp")
        body = (
            "v=0\no=sipp 1 1 IN IP[local_ip_type] [local_ip]\ns=-\nc=IN IP[media_ip_type] [media_ip]\nt=0 0\n"
            "m=audio [media_port] RTP/AVP 0 101\na=rtpmap:0 PCMU/8000\na=rtpmap:101 telephone-event/8000\n"
        )
    text = "\n".join((f"SIP/2.0 {status}", _COPY, _CONTACT, *headers, "Content-Length: [len]", "", body))
    return f"<send><![CDATA[\n\n{text}\n]]></send>\n"


def _receive(request: str, inside: str = "", **attributes: str) -> str:
    extra = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f'<recv request="{request}"{extra}>{inside}</recv>\n'


def _scenario(*steps: str) -> str:
    return _HEAD + "".join(steps) + "</scenario>\n"


def refuses(status: str) -> str:
    """The call is refused, such as with `486 Busy Here`, and that must be acknowledged."""
    return _scenario(_receive("INVITE"), _send("100 Trying"), _send(status), _receive("ACK"))


def redirects(to: str) -> str:
    """The caller is sent to another address; asked to find that, this side does not know it."""
    moved = _send("302 Moved Temporarily").replace(_CONTACT, f"Contact: <{to}>")
    asked = (_receive("INVITE"), moved, _receive("ACK"))
    return _scenario(*asked, _receive("INVITE"), _send("404 Not Found"), _receive("ACK"))


def rings_for_ever() -> str:
    """It rings until the caller gives up, which must be done in order."""
    number = '<action><ereg regexp="[0-9]+" search_in="hdr" header="CSeq:" assign_to="cseq"/></action>'
    return _scenario(
        _receive("INVITE", number),
        _send("180 Ringing"),
        _receive("CANCEL"),
        _send("200 OK"),
        _send("487 Request Terminated").replace("[last_CSeq:]", "CSeq: [$cseq] INVITE"),
        _receive("ACK"),
    )


def challenges(status: str, user: str, password: str) -> str:
    """A user name and password are asked for; the call is taken when they come, until it is ended.

    With 401 they are checked; SIPp cannot check those that answer a 407, only that they are there.
    """
    proxy = status.startswith("407")
    ask = "Proxy-Authenticate" if proxy else "WWW-Authenticate"
    if proxy:
        check = (
            f'<ereg regexp="Digest username=.{user}." search_in="hdr" header="Proxy-Authorization:" '
            'check_it="true" assign_to="good"/>'
        )
    else:
        check = f'<verifyauth assign_to="good" username="{user}" password="{password}"/>'
    return _scenario(
        _receive("INVITE"),
        _send(status, f'{ask}: Digest realm="test", nonce="4bd0c1f2", algorithm=MD5'),
        _receive("ACK"),
        _receive("INVITE", f"<action>{check}</action>", next="taken", test="good"),
        _send("403 Forbidden"),
        _receive("ACK", next="over"),
        '<label id="taken"/>\n',
        _send("200 OK", sdp=True),
        _receive("ACK"),
        _receive("BYE"),
        _send("200 OK"),
        '<label id="over"/>\n',
    )


def wants_another_password() -> str:
    """Whatever comes is not it."""
    ask = 'WWW-Authenticate: Digest realm="test", nonce="{}", algorithm=MD5'
    steps = []
    for nonce in ("4bd0c1f2", "77aa01de"):
        steps += [_receive("INVITE"), _send("401 Unauthorized", ask.format(nonce)), _receive("ACK")]
    return _scenario(*steps)


def answers() -> str:
    """The call is taken, nothing is said, and it is ended by the caller."""
    begin = (_receive("INVITE"), _send("180 Ringing"), _send("200 OK", sdp=True), _receive("ACK"))
    return _scenario(*begin, _receive("BYE"), _send("200 OK"))
