"""Registering: signed in, at the address that the registrar sees, renewed, taken back; over TCP and TLS."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import structlog

from earful.settings import SettingsError
from earful.telephony.digest import Gate, Unanswerable, authorization
from tests.support.phone import make_certificate
from tests.support.registrar import ScriptedRegistrar
from tests.telephony.conftest import Open
from tests.telephony.fakes import answers, request


def at(registrar: ScriptedRegistrar, **settings: Any) -> dict[str, Any]:
    """Settings to register there and nowhere listen else."""
    account = {"sip_registrar_user": "earful", "sip_registrar_password": "s3cret/y"}
    address = f"127.0.0.1:{registrar.port}"
    return {"sip_listen": None, "sip_sources": (), "sip_registrar": address, **account, **settings}


def test_the_published_example_is_answered() -> None:
    """RFC 7616 §3.9.1."""
    fields = 'realm="http-auth@example.org", qop="auth, auth-int", '
    fields += 'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"'
    challenges = [f"Digest {fields}, algorithm={name}, opaque=FQhe" for name in ("MD5", "SHA-256")]
    cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
    given: tuple[Any, ...] = ("GET", "/dir/index.html", "Mufasa", "Circle of Life")
    sha = authorization(challenges, *given, cnonce=cnonce)
    assert 'response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"' in sha
    md5 = authorization(challenges[:1], *given, cnonce=cnonce)
    assert 'response="8ca523f5e9506fed4657c9700eebdbec"' in md5
    with pytest.raises(Unanswerable):
        authorization(['Basic realm="x"', "Digest algorithm=NEW"], *given)


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
async def test_it_signs_in_and_takes_calls_that_come_from_there(opened: Open, algorithm: str) -> None:
    with ScriptedRegistrar(algorithm) as registrar:
        async with opened(**at(registrar)):
            (contact,) = await asyncio.to_thread(registrar.wait_for, 1)
            found = re.fullmatch(r"sip:earful@127\.0\.0\.1:(\d+)", contact)
            assert found
            heard: asyncio.Queue[bytes] = asyncio.Queue()

            class Listener(asyncio.DatagramProtocol):
                def datagram_received(self, data: bytes, addr: Any) -> None:
                    heard.put_nowait(data)

            probe, _ = await asyncio.get_running_loop().create_datagram_endpoint(
                Listener, remote_addr=("127.0.0.1", int(found[1]))
            )
            await asyncio.sleep(0.05)
            probe.sendto(request("OPTIONS"))
            assert (await asyncio.wait_for(heard.get(), 60)).startswith(b"SIP/2.0 200 OK")
            probe.close()
        assert registrar.contacts == [], "it is taken back"
    assert len(registrar.requests) == 4, "each time it is asked for the password once"


async def test_a_proxy_is_gone_through(opened: Open) -> None:
    """It takes the requests, which name the registrar; calls come from it."""
    with ScriptedRegistrar() as proxy:
        settings = at(proxy, sip_registrar="pbx.invalid", sip_registrar_proxy=f"127.0.0.1:{proxy.port}")
        async with opened(**settings) as door:
            await asyncio.to_thread(proxy.wait_for, 1)
            assert proxy.requests[-1].startswith("REGISTER sip:pbx.invalid SIP/2.0")
            assert "To: <sip:earful@pbx.invalid>" in proxy.requests[-1]
            async with asyncio.timeout(60):
                while not door.incoming._is_registrar("127.0.0.1"):  # known when its answer has been read
                    await asyncio.sleep(0.01)
            assert not door.incoming._is_registrar("127.0.0.2")


async def test_behind_address_translation_the_address_that_is_seen_is_registered(opened: Open) -> None:
    with ScriptedRegistrar(seen_as=("203.0.113.5", 40_001)) as registrar:
        async with opened(**at(registrar)):
            contacts = await asyncio.to_thread(registrar.wait_for, 2)
            assert contacts[1] == "sip:earful@203.0.113.5:40001"
            removed = f"<{contacts[0]}>;expires=0"
            assert removed in registrar.requests[-1], "and the other one removed"


async def test_lost_requests_are_sent_again_and_a_longer_time_is_granted(opened: Open) -> None:
    with ScriptedRegistrar(drop=1, shortest=900) as registrar:
        async with opened(**at(registrar)):
            await asyncio.to_thread(registrar.wait_for, 1)
            assert registrar.requests[0] == registrar.requests[1], "the same transaction"
            assert "Expires: 900" in registrar.requests[-1]


async def test_it_is_renewed_before_it_runs_out(opened: Open) -> None:
    with ScriptedRegistrar(grants=6) as registrar:
        async with opened(**at(registrar)):
            contacts = await asyncio.to_thread(registrar.wait_for, 2)
            assert contacts[0] == contacts[1]
            assert registrar.pings, "the way is kept open"


async def test_a_wrong_password_is_told_and_not_tried_without_end(opened: Open) -> None:
    with ScriptedRegistrar(password="another") as registrar, structlog.testing.capture_logs() as logs:
        async with opened(**at(registrar)):
            async with asyncio.timeout(60):
                while not any(line["event"] == "not registered" for line in logs):
                    await asyncio.sleep(0.01)
        (line,) = [line for line in logs if line["event"] == "not registered"]
        assert line["why"] == "the user name or password was refused"
        assert "s3cret" not in str(logs)
        assert len(registrar.requests) == 2


@asynccontextmanager
async def stream_registrar(context: ssl.SSLContext | None) -> AsyncIterator[tuple[int, asyncio.Queue[Any]]]:
    """Takes anyone over TCP or TLS; gives what was registered and the way to it."""
    came: asyncio.Queue[Any] = asyncio.Queue()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        names = ("Via", "From", "To", "Call-ID", "CSeq")
        kept = [line for line in head.split("\r\n")[1:] if line.split(":")[0] in names]
        writer.write("\r\n".join(["SIP/2.0 200 OK", *kept, "Content-Length: 0", "", ""]).encode())
        came.put_nowait((head, reader, writer))

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    yield server.sockets[0].getsockname()[1], came
    server.close()


@pytest.mark.parametrize("transport", ["tcp", "tls"])
async def test_over_a_connection_calls_come_in_the_same_way(
    opened: Open, tmp_path: Path, transport: str
) -> None:
    """A lost connection is made again."""
    context, ca = None, {}
    if transport == "tls":
        certificate = make_certificate(tmp_path)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
        ca = {"sip_ca_file": certificate}
    async with stream_registrar(context) as (port, came):
        account = {"sip_registrar_user": "earful", "sip_registrar": f"127.0.0.1:{port};transport={transport}"}
        async with opened(sip_listen=None, sip_sources=(), **account, **ca) as door:
            head, reader, writer = await asyncio.wait_for(came.get(), 60)
            assert f";transport={transport}>" in head
            while not door.incoming._is_registrar("127.0.0.1"):
                await asyncio.sleep(0.01)
            writer.write(request("OPTIONS"))
            assert await answers(reader, 1) == ["SIP/2.0 200 OK"]
            writer.close()


async def test_a_registrar_needs_a_user(opened: Open) -> None:
    with pytest.raises(SettingsError, match="EARFUL_SIP_REGISTRAR_USER"):
        async with opened(sip_registrar="pbx.example.com"):
            pass
    with pytest.raises(SettingsError, match="transport"):
        async with opened(sip_registrar="pbx.example.com;transport=carrier-pigeon", sip_registrar_user="x"):
            pass


def test_a_challenge_is_good_for_one_call_and_one_minute() -> None:
    gate = Gate("pbx", "s3cret")
    challenge = gate.challenge("one", 1000.0)
    right = authorization([challenge], "INVITE", "sip:x@y", "pbx", "s3cret")
    wrong = authorization([challenge], "INVITE", "sip:x@y", "pbx", "other")
    stranger = authorization([challenge], "INVITE", "sip:x@y", "root", "s3cret")
    assert gate.admits("INVITE", "one", [wrong, right], 1059.0)
    assert not gate.admits("INVITE", "two", [right], 1059.0)
    assert not gate.admits("INVITE", "one", [right], 1061.0)
    assert not gate.admits("BYE", "one", [right], 1059.0)
    nonsense = ["", "Digest", "Basic eA==", 'Digest nonce="²."', "Digest username=pbx, nonce=x"]
    assert not gate.admits("INVITE", "one", [wrong, stranger, *nonsense], 1059.0)
