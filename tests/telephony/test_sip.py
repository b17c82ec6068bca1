"""SIP messages are read and changed as RFC 3261 has them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earful.telephony.sip import BadMessage, address_parts, answer, read_message

INVITE = (
    b"INVITE sip:a@b SIP/2.0\r\n"
    b"v: SIP/2.0/UDP one.example:5070;branch=z9hG4bKx;rport, SIP/2.0/TCP two.example\r\n"
    b"Via: SIP/2.0/TLS [2001:db8::1]:5061;branch=z9hG4bKy\r\n"
    b'From: "Rosa, \\"R\\"" <sip:rosa@example.net>;tag=1\r\n'
    b"To: <sip:earful@example.com>\r\n"
    b"i: abc@one\r\n"
    b"CSeq: 1 INVITE\r\n"
    b"Subject: folded\r\n  over two lines\r\n"
    b"Route: <sip:p1;lr>,<sip:p2,x;lr>\r\n"
    b"l: 4\r\n\r\nv=0\nleft over"
)


def test_short_and_long_names_and_shared_lines_are_the_same() -> None:
    message = read_message(INVITE)
    assert (message.method, message.uri, message.call_id) == ("INVITE", "sip:a@b", "abc@one")
    assert len(list(message.all("via"))) == 3
    assert message.via.branch == "z9hG4bKx"
    assert list(message.all("route")) == ["<sip:p1;lr>", "<sip:p2,x;lr>"]
    assert message.first("subject") == "folded over two lines"
    assert message.body == b"v=0\n"


def test_hops_are_added_and_taken_away_on_top() -> None:
    message = read_message(INVITE)
    message.put_on_top("via", "SIP/2.0/UDP me:1;branch=z9hG4bKme")
    again = read_message(bytes(message))
    assert again.via.host == "me"
    again.pop_via()
    again.pop_via()
    assert (again.via.transport, again.via.back) == ("TCP", ("two.example", 5060))
    again.pop_via()
    assert again.via.back == ("2001:db8::1", 5061)


def test_an_answer_goes_back_where_the_request_came_from() -> None:
    message = read_message(INVITE)
    via = message.via
    via.parameters |= {"received": "192.0.2.7", "rport": "40123"}
    message.put_via(via)
    assert read_message(bytes(message)).via.back == ("192.0.2.7", 40123)


def test_an_answer_has_what_it_must() -> None:
    response = read_message(bytes(answer(read_message(INVITE), 486, "Busy Here", "me", ("retry-after", "5"))))
    assert response.method is None
    assert response.start == "SIP/2.0 486 Busy Here"
    assert response.first("to") == "<sip:earful@example.com>;tag=me"
    assert response.first("retry-after") == "5"
    assert len(list(response.all("via"))) == 3


@pytest.mark.parametrize(
    ("value", "parts"),
    [
        ('"Rosa, \\"R\\"" <sip:rosa@example.net>;tag=1', ('Rosa, "R"', "rosa", "example.net")),
        ("Rosa <sip:rosa@example.net;x=y>", ("Rosa", "rosa", "example.net")),
        ("sip:1001@10.0.0.5:5060;tag=2", ("", "1001", "10.0.0.5:5060")),
        ("<sip:example.net>", ("", "", "example.net")),
        ("<tel:+12025550123>", ("", "", "+12025550123")),
        ("", ("", "", "")),
    ],
)
def test_who_calls_is_read(value: str, parts: tuple[str, str, str]) -> None:
    assert address_parts(value) == parts


@pytest.mark.parametrize(
    "data",
    [b"", b"\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"INVITE sip:a@b SIP/2.0\r\nno colon\r\n\r\n",
     b"INVITE sip:a@b SIP/2.0\r\nl: 9\r\n\r\nshort", b"INVITE sip:a@b SIP/2.0\r\nl: x\r\n\r\n",
     b"INVITE sip:a@b SIP/2.0\r\n" + b"a: b\r\n" * 300 + b"\r\n"],
)  # fmt: skip
def test_what_is_no_message_is_refused(data: bytes) -> None:
    with pytest.raises(BadMessage):
        read_message(data)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """Nothing that comes over the network raises anything else."""
    for head in (b"", b"INVITE sip:a@b SIP/2.0\r\n", b"INVITE sip:a@b SIP/2.0\r\nVia: "):
        try:
            message = read_message(head + data + b"\r\n\r\n")
            assert message.via.back
            read_message(bytes(message))
        except BadMessage:
            pass
