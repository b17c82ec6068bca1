"""A real phone calls the door: over TLS, with encrypted sound, signed in or not, and for too long."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import structlog

from earful.telephony.baresip import Baresip
from earful.telephony.calls import CallsLimits
from tests.support.phone import make_certificate, phone
from tests.telephony.conftest import Door, Open

Make = Callable[..., Baresip]


async def heard(door: Door) -> None:
    """Wait until the phone's voice has been heard."""
    async with asyncio.timeout(60):
        while not door.speech.streams or door.speech.streams[-1].loudest < 0.05:
            await asyncio.sleep(0.02)


def ended(logs: list[Any]) -> dict[str, Any]:
    (line,) = [line for line in logs if line["event"] == "call ended"]
    return dict(line)


@pytest.mark.parametrize("encryption", ["srtp-mand", "dtls_srtp"])
async def test_a_whole_call_over_tls_with_encrypted_sound(
    opened: Open, make_engine: Make, tmp_path: Path, encryption: str
) -> None:
    """As the caller offers it, whatever is set for calls that are made here; hold, and the end from here."""
    certificate = make_certificate(tmp_path)
    tls = {"sip_tls_listen": "127.0.0.1:0", "sip_tls_certificate": certificate}
    with structlog.testing.capture_logs() as logs:
        async with (
            phone(certificate=certificate, encryption=encryption) as other,
            opened(make_engine(), sip_listen=None, **tls) as door,
        ):
            await other.do("dial", f"sip:standup@127.0.0.1:{door.ports['sip_tls_port']};transport=tls")
            await other.until_event("CALL_ESTABLISHED")
            await heard(door)
            await other.do("hold")
            await other.do("resume")
            door.speech.streams[-1].loudest = 0.0
            await heard(door)
            await door.incoming.stop()
            await door.calls.close(10)
            assert (await other.until_event("CALL_CLOSED")).param == "Connection reset by peer"
    line = ended(logs)
    assert (line["reason"], line["codec"], line["answered"]) == ("server_stopping", "PCMU", True)


async def test_sound_that_is_not_encrypted_is_refused_where_it_must_be(
    opened: Open, make_engine: Make
) -> None:
    async with phone() as plain, opened(make_engine(), sip_media_encryption="srtp-mand") as door:
        await plain.do("dial", f"sip:x@127.0.0.1:{door.ports['sip_port']}")
        assert (await plain.until_event("CALL_CLOSED")).param.startswith("488 ")
        assert door.calls.active == 0


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_callers_sign_in(opened: Open, make_engine: Make, transport: str) -> None:
    """Without the password they are refused; with it, from anywhere, they are heard."""
    settings = {"sip_sources": (), "sip_user": "pbx", "sip_password": "s3cret"}
    async with opened(make_engine(), **settings) as door:
        address = f"sip:x@127.0.0.1:{door.ports['sip_port']};transport={transport}"
        async with phone(sign_in=("pbx", "wrong")) as stranger, phone(sign_in=("pbx", "s3cret")) as other:
            await stranger.do("dial", address)
            assert (await stranger.until_event("CALL_CLOSED")).param.startswith("401 ")
            assert door.calls.active == 0
            await other.do("dial", address)
            await heard(door)
            await other.do("hangup")
            async with asyncio.timeout(60):
                while door.calls.active:
                    await asyncio.sleep(0.02)


async def test_a_call_that_comes_in_has_a_longest_time_and_a_line_in_the_log(
    opened: Open, make_engine: Make
) -> None:
    limits = CallsLimits(per_application=1, longest_s=0.6)
    with structlog.testing.capture_logs() as logs:
        async with phone() as other, opened(make_engine(), limits) as door:
            await other.do("dial", f"sip:standup@127.0.0.1:{door.ports['sip_port']}")
            assert (await other.until_event("CALL_CLOSED")).param == "Connection reset by peer"
            async with asyncio.timeout(60):
                while door.calls.active:
                    await asyncio.sleep(0.02)
    line = ended(logs)
    assert line["direction"] == "incoming"
    assert line["other_side"] == "sip:phone@127.0.0.1"
    assert line["reason"] == "time_limit"
    assert {"connection", "conversation", "application", "sip_status", "rang_s", "codec"} <= set(line)
    assert 0.6 <= line["talked_s"] < 5
