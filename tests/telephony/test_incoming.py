"""The door for calls: who is let in, over which transports, and what nonsense does to it."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from pathlib import Path
from typing import Any, cast

import pytest

from earful.settings import SettingsError
from tests.support.phone import make_certificate
from tests.telephony.conftest import Open
from tests.telephony.fakes import MissingEngine, answers, request


async def test_several_requests_may_come_in_one_piece_and_in_many(opened: Open) -> None:
    async with opened() as door:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.ports["sip_port"])
        stream = b"\r\n\r\n" + request("OPTIONS") + request("REGISTER") + request("BYE")
        for at in range(0, len(stream), 97):
            writer.write(stream[at : at + 97])
            await writer.drain()
        assert await reader.readexactly(4) == b"\r\n\r\n", "keep-alives are answered"
        assert await answers(reader, 3) == [
            "SIP/2.0 200 OK",
            "SIP/2.0 405 Method Not Allowed",
            "SIP/2.0 481 Call/Transaction Does Not Exist",
        ]
        writer.close()


async def test_over_tls(opened: Open, tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path)
    async with opened(sip_listen=None, sip_tls_listen="127.0.0.1:0", sip_tls_certificate=certificate) as door:
        context = ssl.create_default_context(cafile=str(certificate))
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", door.ports["sip_tls_port"], ssl=context, server_hostname="127.0.0.1"
        )
        writer.write(request("OPTIONS"))
        assert await answers(reader, 1) == ["SIP/2.0 200 OK"]
        writer.close()
        await writer.wait_closed()


async def test_a_call_that_cannot_be_taken_is_refused_and_forgotten(opened: Open) -> None:
    """No process for it: the caller hears 500, and the next INVITE is a new one."""
    async with opened() as door:
        for call_id in ("one", "two"):
            reader, writer = await asyncio.open_connection("127.0.0.1", door.ports["sip_port"])
            writer.write(request("INVITE", call_id) + request("ACK", call_id))
            assert await answers(reader, 2) == ["SIP/2.0 100 Trying", "SIP/2.0 500 Server Internal Error"]
            writer.close()


async def test_an_application_that_does_not_exist_takes_no_calls(opened: Open) -> None:
    async with opened(sip_application="nobody") as door:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.ports["sip_port"])
        writer.write(request("INVITE"))
        assert (await answers(reader, 2))[1] == "SIP/2.0 503 Service Unavailable"
        writer.close()


async def test_nonsense_does_no_harm(opened: Open) -> None:
    async with opened() as door:
        port = door.ports["sip_port"]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n")
        assert await asyncio.wait_for(reader.read(), 60) == b""
        writer.close()
        loop = asyncio.get_running_loop()
        heard: asyncio.Queue[bytes] = asyncio.Queue()

        class Listener(asyncio.DatagramProtocol):
            def datagram_received(self, data: bytes, addr: Any) -> None:
                heard.put_nowait(data)

        probe, _ = await loop.create_datagram_endpoint(Listener, remote_addr=("127.0.0.1", port))
        for data in (b"\0" * 500, b"INVITE sip:a@b SIP/2.0\r\n\r\n", b"SIP/2.0 200 OK\r\n\r\n", b"\r\n\r\n"):
            cast(asyncio.DatagramTransport, probe).sendto(data)
        cast(asyncio.DatagramTransport, probe).sendto(request("OPTIONS"))
        assert (await asyncio.wait_for(heard.get(), 60)).startswith(b"SIP/2.0 200 OK")
        probe.close()


async def test_others_are_not_let_in(opened: Open) -> None:
    async with opened(sip_sources=("10.0.0.0/8",)) as door:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.ports["sip_port"])
        writer.write(request("OPTIONS"))
        with contextlib.suppress(ConnectionError):
            assert await asyncio.wait_for(reader.read(), 60) == b""
        writer.close()


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"sip_sources": ()}, "EARFUL_SIP_SOURCES"),
        ({"sip_listen": "nowhere"}, "EARFUL_SIP_LISTEN"),
        ({"sip_listen": "203.0.113.1:5060"}, "cannot listen"),
        ({"sip_tls_listen": "127.0.0.1:0"}, "EARFUL_SIP_TLS_CERTIFICATE"),
        ({"sip_tls_listen": "127.0.0.1:0", "sip_tls_certificate": "/dev/null"}, "cannot be used"),
        ({"engine": MissingEngine()}, "baresip-core"),
    ],
)
async def test_settings_that_cannot_be_are_named(opened: Open, settings: dict[str, Any], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        async with opened(**settings):
            pass


async def test_without_settings_the_door_is_shut(opened: Open) -> None:
    async with opened(sip_listen=None) as door:
        assert door.ports == {}
