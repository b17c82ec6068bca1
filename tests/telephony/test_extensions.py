"""What callers ask for that baresip does not know: renewed sessions, and reliable provisional responses."""

from __future__ import annotations

import asyncio

import pytest

from earful.telephony.baresip import Baresip
from earful.telephony.extensions import Asked, take_away, wishes
from earful.telephony.sip import Message, answer, read_message
from tests.telephony.conftest import Open
from tests.telephony.fakes import answers, request

SDP = (
    "v=0\r\no=x 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio 40000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
)


def invite(*headers: str, call_id: str = "renewed", number: int = 1, to: str = "", body: str = "") -> bytes:
    lines = [
        "INVITE sip:x@127.0.0.1 SIP/2.0",
        f"Via: SIP/2.0/TCP 127.0.0.1:5999;branch=z9hG4bK{call_id}{number}",
        "From: <sip:a@127.0.0.1>;tag=1",
        f"To: <sip:x@127.0.0.1>{to}",
        f"Call-ID: {call_id}",
        f"CSeq: {number} INVITE",
        "Contact: <sip:a@127.0.0.1:5999;transport=tcp>",
        *headers,
        *(["Content-Type: application/sdp"] if body else []),
        f"Content-Length: {len(body)}",
    ]
    return ("\r\n".join([*lines, "", ""]) + body).encode()


@pytest.mark.parametrize(
    ("headers", "wanted"),
    [
        ((), Asked()),
        (("Session-Expires: 1800", "Supported: timer, 100rel"), Asked(1800)),
        (("x: 90;refresher=uac", "k: replaces", "Require: timer"), Asked(90)),
        (("Session-Expires: 1800",), Asked()),  # no way to renew it
        (("Session-Expires: soon", "Supported: timer"), Asked()),
        (("Require: 100REL, timer, replaces",), Asked(None, True)),
    ],
)
def test_what_an_invite_asks_for(headers: tuple[str, ...], wanted: Asked) -> None:
    message = read_message(invite(*headers))
    assert wishes(message) == wanted
    take_away(message)
    assert list(message.all("require")) == (["replaces"] if "replaces" in " ".join(headers[-1:]) else [])


def test_an_answer_has_the_caller_renew_the_session() -> None:
    message = read_message(invite())
    wanted = Asked(1800)
    ringing, taken, refused = (answer(message, status, "-", "t") for status in (180, 200, 486))
    assert all(wanted.answered(one) for one in (ringing, taken, refused))
    assert taken.first("session-expires") == "1800;refresher=uac"
    assert taken.first("require") == "timer"
    assert ringing.first("session-expires") is refused.first("session-expires") is None


def test_a_caller_that_requires_reliable_responses_gets_only_final_ones() -> None:
    message = read_message(invite())
    told = [
        status
        for status in (100, 180, 183, 200, 486)
        if Asked(None, True).answered(answer(message, status, "-", "t"))
    ]
    assert told == [100, 200, 486]


async def test_sessions_that_are_too_short_are_refused_with_what_is_long_enough(opened: Open) -> None:
    async with opened() as door:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.ports["sip_port"])
        writer.write(invite("Session-Expires: 30", "Supported: timer") + request("OPTIONS"))
        response = read_message(await reader.readuntil(b"\r\n\r\n"))
        assert response.start == "SIP/2.0 422 Session Interval Too Small"
        assert response.first("min-se") == "90"
        assert await answers(reader, 1) == ["SIP/2.0 200 OK"]
        assert door.calls.active == 0
        writer.close()


async def test_a_call_that_requires_both_is_taken_and_renewed(opened: Open, engine: Baresip) -> None:
    async with opened(engine) as door:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.ports["sip_port"])

        async def final() -> tuple[list[str], Message]:
            before: list[str] = []
            while True:
                head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 60)
                length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
                message = read_message(head + await reader.readexactly(length))
                if message.method is None and message.start[8] != "1":
                    return before, message
                before.append(message.start)

        wish = ("Session-Expires: 1800;refresher=uac", "Supported: timer", "Require: timer, 100rel")
        to = ""
        for number in (1, 2):
            writer.write(invite(*wish, number=number, to=to, body=SDP))
            before, taken = await final()
            assert before in ([], ["SIP/2.0 100 Trying"])
            assert taken.start.startswith("SIP/2.0 200 ")
            assert taken.first("session-expires") == "1800;refresher=uac"
            to = ";" + (taken.first("to") or "").partition(";")[2]
            acknowledged = invite(number=number, to=to).replace(b"INVITE sip", b"ACK sip")
            writer.write(acknowledged.replace(b" INVITE\r\n", b" ACK\r\n"))
        assert door.calls.active == 1
        writer.close()
