"""Only what the settings name may be called, however it is written."""

import pytest

from earful.telephony.engine import Trunk
from earful.telephony.targets import AllowList, BadTarget, NotAllowed, check_keys, parse_trunk

TRUNK = Trunk("trunk.example.com", "tls", "user", "secret")


async def test_nothing_may_be_called_until_a_setting_says_so() -> None:
    allowed = AllowList()
    assert allowed.nothing
    with pytest.raises(NotAllowed, match="EARFUL_SIP_DOMAINS"):
        await allowed.sip("sip:a@example.com")
    with pytest.raises(NotAllowed, match="EARFUL_SIP_TRUNK"):
        allowed.number("+12025550123")
    with pytest.raises(NotAllowed, match="EARFUL_SIP_PREFIXES"):
        AllowList(trunk=TRUNK).number("+12025550123")


async def test_a_named_host_may_be_called_also_in_a_private_network() -> None:
    target = await AllowList(("10.0.0.5", "pbx.local")).sip("sip:standup@10.0.0.5:5070;transport=tcp")
    assert (target.user, target.host, target.transport, target.via) == (
        "standup",
        "10.0.0.5:5070",
        "tcp",
        None,
    )
    assert target.uri == "sip:standup@10.0.0.5:5070;transport=tcp"
    assert (await AllowList(("pbx.local",)).sip("SIPS:x@PBX.local.")).transport == "tls"


@pytest.mark.parametrize(
    "uri",
    [
        "sip:x@127.0.0.1",
        "sip:x@10.1.2.3",
        "sip:x@[::1]",
        "sip:x@169.254.169.254",
        "sip:x@localhost",
        "sip:x@0.0.0.0",
    ],
)
async def test_everyone_does_not_mean_private_networks(uri: str) -> None:
    with pytest.raises((NotAllowed, BadTarget)):
        await AllowList(("*",)).sip(uri)


async def test_what_a_pattern_covers_is_called_at_the_address_that_was_checked() -> None:
    assert (await AllowList(("*",)).sip("sip:x@8.8.8.8")).via == "8.8.8.8:5060"
    assert (await AllowList(("*",)).sip("sip:x@8.8.8.8;transport=tls")).via == "8.8.8.8:5061"


@pytest.mark.parametrize("host", ["other.example.com", "example.com.evil.net", "xexample.com", "10.0.0.6"])
async def test_other_hosts_may_not_be_called(host: str) -> None:
    with pytest.raises(NotAllowed):
        await AllowList(("example.com", "*.pbx.example.com", "10.0.0.5")).sip(f"sip:a@{host}")


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "standup@example.com",
        "http://example.com",
        "sip:example.com",
        "sip:a b@example.com",
        "sip:a@example.com\r\nX: y",
        'sip:a"@example.com',
        "sip:a@example.com?Subject=x",
        "sip:a@example.com:0",
        "sip:a@example.com:70000",
        "sip:a@example.com;transport=sctp",
        "sip:a>@example.com",
        "sip:" + "a" * 200 + "@example.com",
    ],
)
async def test_what_is_no_address_is_refused(uri: str) -> None:
    with pytest.raises(BadTarget):
        await AllowList(("example.com",)).sip(uri)


async def test_the_transport_may_come_beside_the_address() -> None:
    allowed = AllowList(("example.com",))
    assert (await allowed.sip("sip:a@example.com", "TCP")).transport == "tcp"
    assert (await allowed.sip("sip:a@example.com;transport=udp", "TCP")).transport == "udp"


async def test_only_the_trunk_gets_the_credentials_of_the_trunk() -> None:
    allowed = AllowList(("trunk.example.com", "example.com"), trunk=TRUNK)
    assert (await allowed.sip("sip:a@trunk.example.com")).trunk == TRUNK
    assert (await allowed.sip("sip:a@example.com")).trunk is None


@pytest.mark.parametrize("number", ["12025550123", "+1 (202) 555-0123", "001.202.555.0123", "+12025550123"])
def test_numbers_are_taken_in_any_usual_form(number: str) -> None:
    plain, target = AllowList(prefixes=("+1202",), trunk=TRUNK).number(number)
    assert plain == "+12025550123"
    assert target.uri == "sip:+12025550123@trunk.example.com;transport=tls"


def test_a_trunk_may_want_numbers_without_plus() -> None:
    assert AllowList(prefixes=("+",), trunk=TRUNK, plus=False).number("12025550123")[1].user == "12025550123"


@pytest.mark.parametrize(
    "number", ["", "123", "+999123456789", "+1202555012345678", "+1202555abcd", "+１２０２５５５０１２３"]
)
def test_what_is_no_number_is_refused(number: str) -> None:
    with pytest.raises(BadTarget):
        AllowList(prefixes=("+",), trunk=TRUNK).number(number)


def test_numbers_elsewhere_and_dear_ones_are_refused() -> None:
    with pytest.raises(NotAllowed):
        AllowList(prefixes=("+1",), trunk=TRUNK).number("+442079460123")
    dear = "+449098790000"
    with pytest.raises(NotAllowed, match="costs extra"):
        AllowList(prefixes=("+", "+44"), trunk=TRUNK).number(dear)
    assert AllowList(prefixes=(dear,), trunk=TRUNK).number(dear)[0] == dear


def test_a_trunk_is_an_address_with_or_without_its_parts() -> None:
    assert parse_trunk("trunk.example.com") == Trunk("trunk.example.com")
    assert parse_trunk("sip:trunk.example.com:5070;transport=TCP").transport == "tcp"
    assert parse_trunk("sips:trunk.example.com", "u", "p") == Trunk("trunk.example.com", "tls", "u", "p")
    with pytest.raises(BadTarget):
        parse_trunk("not a host")


def test_keys_are_digits_and_pauses() -> None:
    assert check_keys(" ,,12 3#,,*A, ") == ",,123#,,*A"
    for bad in ("12x", "1;2", "1\n2" + "\x00", "1" * 129):
        with pytest.raises(BadTarget):
            check_keys(bad)
