"""Telephone calls through the whole server: a real phone speaks, and its words come back."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from tests.e2e.client import Client, connect
from tests.support import sip_scripts
from tests.support.mail import MailSink
from tests.support.phone import LossyNetwork, Phone, phone, sipp
from tests.support.registrar import ScriptedRegistrar
from tests.support.server import EarfulServer, start_server
from tests.support.telephone import TWO_CITIES_WORDS

CONNECT = "/v1/endpoint:connect"
RESULTS = "/session/subscribe/"
NUMBER = "+12025550123"
MAIL = {"invokeOn": "stop", "name": "sendSummaryEmail", "parameters": {"emails": ["rosa@example.net"]}}


@pytest.fixture
async def api(calls_server: EarfulServer) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"x-api-key": calls_server.token()}
    async with httpx.AsyncClient(
        base_url=calls_server.base_url, headers=headers, timeout=60, trust_env=False
    ) as client:
        yield client


@pytest.fixture
async def other() -> AsyncIterator[Phone]:
    async with phone() as made:
        yield made


async def begin(api: httpx.AsyncClient, endpoint: dict[str, Any], **body: Any) -> dict[str, Any]:
    answer = await api.post(CONNECT, json={"operation": "start", "endpoint": endpoint, **body})
    assert answer.status_code == 201, answer.text
    started: dict[str, Any] = answer.json()
    return started


async def stop(api: httpx.AsyncClient, connection_id: str, **body: Any) -> httpx.Response:
    return await api.post(CONNECT, json={"operation": "stop", "connectionId": connection_id, **body})


def sip(uri: str, **more: Any) -> dict[str, Any]:
    return {"type": "sip", "uri": uri, **more}


def heard(client: Client) -> str:
    messages = [message for frame in client.of("message_response") for message in frame["messages"]]
    return " ".join(message["payload"]["content"] for message in messages).lower()


def end_of(client: Client) -> dict[str, Any]:
    end: dict[str, Any] = client.of("call_ended")[0]["message"]["data"]
    return end


async def kept(api: httpx.AsyncClient, conversation_id: str) -> list[dict[str, Any]]:
    messages = (await api.get(f"/v1/conversations/{conversation_id}/messages")).json()["messages"]
    return list(messages)


async def test_a_call_is_heard_from_beginning_to_end(
    api: httpx.AsyncClient, calls_server: EarfulServer, calls_mail: MailSink, other: Phone
) -> None:
    """Captions, messages, trackers and keys while it goes on; after stop all of it is stored, and mailed."""
    await api.post("/v1/manage/trackers", json=[{"name": "Times", "vocabulary": ["best of times"]}])
    started = await begin(
        api,
        sip(other.address, dtmf=",4711#", audioConfig={"sampleRate": 16000, "sampleSize": "16"}),
        actions=[MAIL],
        data={"session": {"name": "Reading"}},
        languages=["en-US"],
        timezone="US/Pacific",
    )
    connection = started["connectionId"]
    assert started["eventUrl"] == f"{calls_server.base_url}/v1/event/{connection}"
    assert started["resultWebSocketUrl"] == f"{calls_server.ws_url}/events/{connection}"
    async with connect(calls_server, connection, path=RESULTS) as client:
        await client.until(lambda: all(word in heard(client) for word in TWO_CITIES_WORDS))
        await client.until_kind("tracker_response")
        await other.until(lambda: other.keys == "4711#")
        answer = await stop(api, connection)
        assert await client.closed() == 1000
    assert answer.status_code == 200
    page = answer.json()["summaryInfo"][0]
    assert page["user"] == {
        "userId": "rosa@example.net",
        "name": "rosa@example.net",
        "email": "rosa@example.net",
    }
    assert page["url"].startswith(f"{calls_server.base_url}/meeting/#/")
    assert answer.json() == {**started, "summaryInfo": [page]}
    assert (await other.until_event("CALL_CLOSED")).param == "Connection reset by peer"

    told = [frame["message"]["data"]["status"] for frame in client.of("call_status")]
    assert told[-1] == "answered"
    transcripts = client.of("transcript_response")
    assert {frame["isFinal"] for frame in transcripts} == {True, False}
    assert all(frame["payload"]["contentType"] == "text/plain" for frame in transcripts)
    assert len(client.of("recognition_result")) == len(transcripts)
    assert client.kinds[-2:] == ["call_ended", "conversation_completed"]
    assert end_of(client)["reason"] == "stopped"
    assert not client.errors
    conversation = (await api.get(f"/v1/conversations/{started['conversationId']}")).json()
    assert conversation["name"] == "Reading"
    text = " ".join(message["text"] for message in await kept(api, started["conversationId"])).lower()
    assert text == heard(client)
    assert (await stop(api, connection)).json()["conversationId"] == started["conversationId"], "again"
    mailed = ("rosa@example.net", "Summary: Reading")
    await asyncio.to_thread(
        calls_mail.wait, lambda sink: mailed in [(to, mail["Subject"]) for _, to, mail in sink.taken]
    )


async def test_the_other_side_hangs_up(
    api: httpx.AsyncClient, calls_server: EarfulServer, other: Phone
) -> None:
    started = await begin(api, sip(other.address))
    async with connect(calls_server, started["connectionId"], path="/events/") as client:
        await client.until_kind("transcript_response")
        await other.do("hangup")
        assert await client.closed() == 1000
    assert end_of(client) == {
        "connectionId": started["connectionId"],
        "conversationId": started["conversationId"],
        "direction": "outgoing",
        "reason": "remote_hangup",
        "details": "the other side hung up",
    }
    assert not client.errors
    answer = await stop(api, started["connectionId"])
    assert answer.status_code == 200
    async with connect(calls_server, started["connectionId"], path=RESULTS) as late:
        assert await late.closed() == 1000
    assert end_of(late)["reason"] == "remote_hangup", "who comes late is told too"


async def test_python_stops_over_the_socket(
    api: httpx.AsyncClient, calls_server: EarfulServer, other: Phone
) -> None:
    """With the text that Symbl's client sends; closing the socket alone does not end the call."""
    started = await begin(api, sip(other.address))
    async with connect(calls_server, started["connectionId"], path=RESULTS) as client:
        await client.until_kind("transcript_response")
    async with connect(calls_server, started["connectionId"], path=RESULTS) as client:
        await client.until_kind("transcript_response")
        await client.send("__PING__")
        await client.until(lambda: "__PONG__" in client.texts)
        await client.send("{'type': 'stop_request'}")
        assert await client.closed() == 1000
    assert end_of(client)["reason"] == "stopped"


@pytest.mark.parametrize(("status", "reason"), [("486 Busy Here", "busy"), ("404 Not Found", "not_found")])
async def test_a_call_that_is_refused(
    api: httpx.AsyncClient, calls_server: EarfulServer, trunk_port: int, status: str, reason: str
) -> None:
    """By the trunk; the reason is on the wire, and the conversation is over."""
    async with sipp(sip_scripts.refuses(status), trunk_port):
        started = await begin(api, {"type": "PSTN", "phoneNumber": NUMBER})
        async with connect(calls_server, started["connectionId"], path=RESULTS) as client:
            assert await client.closed() == 1000
    assert (end_of(client)["reason"], end_of(client)["sipStatus"]) == (reason, int(status[:3]))
    assert client.errors == [end_of(client)["details"]]
    assert client.kinds[-3:] == ["error", "call_ended", "conversation_completed"]
    assert await kept(api, started["conversationId"]) == []


async def test_nobody_answers(api: httpx.AsyncClient, calls_server: EarfulServer, trunk_port: int) -> None:
    """The call is given up in order after the time that is set."""
    async with sipp(sip_scripts.rings_for_ever(), trunk_port):
        started = await begin(api, {"type": "pstn", "phoneNumber": "12025550123"})
        async with connect(calls_server, started["connectionId"], path=RESULTS) as client:
            await client.closed()
    assert end_of(client)["reason"] == "no_answer"
    assert [frame["message"]["data"]["status"] for frame in client.of("call_status")][-1] == "ringing"


@pytest.mark.parametrize("status", ["401 Unauthorized", "407 Proxy Authentication Required"])
async def test_the_trunk_asks_for_the_password(
    api: httpx.AsyncClient, calls_server: EarfulServer, trunk_port: int, status: str
) -> None:
    async with sipp(sip_scripts.challenges(status, "rosa", "s3cret"), trunk_port):
        started = await begin(api, {"type": "pstn", "phoneNumber": NUMBER})
        async with connect(calls_server, started["connectionId"], path=RESULTS) as client:
            await client.until(
                lambda: any(f["message"]["data"]["status"] == "answered" for f in client.of("call_status"))
            )
            await stop(api, started["connectionId"])
            await client.closed()
    assert end_of(client)["reason"] == "stopped"
    assert "s3cret" not in calls_server.log.read_text()


async def test_words_come_through_hold_and_a_bad_network(
    api: httpx.AsyncClient, calls_server: EarfulServer, other: Phone
) -> None:
    """One packet in twenty is lost, and in the middle the call is put on hold by a re-INVITE."""
    async with LossyNetwork(other.port, loss=0.05) as network:
        started = await begin(api, sip(f"sip:phone@127.0.0.1:{network.port}"))
        async with connect(calls_server, started["connectionId"], path=RESULTS) as client:
            await client.until(lambda: "best of times" in heard(client) and "worst of times" in heard(client))
            await other.do("hold")
            before = len(client.of("message_response"))
            await other.do("resume")
            await client.until(lambda: len(client.of("message_response")) > before + 1)
            await stop(api, started["connectionId"])
    assert 0.02 < network.lost / (network.lost + network.passed) < 0.09
    assert not client.errors


async def test_who_speaks_is_told_by_events(
    api: httpx.AsyncClient, calls_server: EarfulServer, other: Phone
) -> None:
    """Over REST and over the socket; the words that are heard then are theirs, in frames and in the store."""
    rosa = {"userId": "rosa@example.net", "name": "Rosa"}
    omar = {"userId": "omar@example.net", "name": "Omar"}
    data = {"session": {"users": [{"user": omar, "status": "joined"}]}}
    started = await begin(api, sip(other.address), data=data, pushSpeakerEvents=True)
    url = started["eventUrl"].removeprefix(calls_server.base_url)
    assert (await api.post(url, json={"type": "started_speaking", "user": rosa})).status_code == 200
    async with connect(calls_server, started["connectionId"], path="/events/") as client:
        await client.until_kind("message_response")
        await client.send({"topic": "speaker", "type": "stopped_speaking", "user": rosa})
        await client.send({"topic": "speaker", "type": "started_speaking", "user": omar})
        before = len(client.of("message_response"))
        await client.until(lambda: len(client.of("message_response")) > before + 1)
        await client.send({"topic": "speaker", "type": "shouted"})
        await client.send({"topic": "speaker", "type": "left"})
        await client.send({"topic": "speaker", "type": "stopped"})
        await client.until(lambda: len(client.errors) == 1)
        answer = await stop(api, started["connectionId"])
    assert [error.endswith("user.userId is required") for error in client.errors] == [True]
    assert {entry["user"]["userId"] for entry in answer.json()["summaryInfo"]} == {
        "rosa@example.net", "omar@example.net",
    }  # fmt: skip
    frames = [m for f in client.of("message_response") for m in f["messages"]]
    assert frames[0]["from"]["name"] == "Rosa"
    assert frames[-1]["from"]["name"] == "Omar"
    stored = await kept(api, started["conversationId"])
    assert stored[0]["from"]["email"] == "rosa@example.net"
    assert stored[-1]["from"]["email"] == "omar@example.net"
    assert (await api.post(url, json={"type": "left", "user": rosa})).status_code == 200, (
        "too late, not wrong"
    )


async def test_an_application_has_only_so_many_calls(
    api: httpx.AsyncClient, calls_server: EarfulServer, other: Phone
) -> None:
    first = await begin(api, sip(other.address))
    async with phone() as another:
        second = await begin(api, sip(another.address))
        third = await api.post(CONNECT, json={"endpoint": sip(other.address)})
        assert third.status_code == 429
        assert third.headers["retry-after"]
        assert third.json()["message"] == "The limit of 2 concurrent calls is reached."
        await stop(api, first["connectionId"])
        await stop(api, second["connectionId"])
    server = psutil.Process(calls_server.process.pid)
    assert not [child for child in server.children() if "baresip" in child.name()]


async def test_calls_of_others_are_not_there(
    api: httpx.AsyncClient, calls_server: EarfulServer, other: Phone
) -> None:
    started = await begin(api, sip(other.address))
    made = calls_server.create_app("stranger")
    body = {"type": "application", "appId": made["appId"], "appSecret": made["appSecret"]}
    token = (await api.post("/oauth2/token:generate", json=body)).json()["accessToken"]
    theirs = {"headers": {"x-api-key": token}}
    wish = {"operation": "stop", "connectionId": started["connectionId"]}
    assert (await api.post(CONNECT, json=wish, **theirs)).status_code == 404
    event = {"type": "joined", "user": {"userId": "x"}}
    assert (await api.post(f"/v1/event/{started['connectionId']}", json=event, **theirs)).status_code == 404
    assert (await stop(api, started["connectionId"])).status_code == 200


@pytest.mark.parametrize("way", ["registered", "tcp"])
async def test_a_call_comes_in(
    api: httpx.AsyncClient,
    calls_server: EarfulServer,
    calls_registrar: ScriptedRegistrar,
    other: Phone,
    way: str,
) -> None:
    """It is answered, heard (through hold), and kept under the application that is set."""
    log = calls_server.log.read_text()
    found = re.search(r'"sip_port": (\d+)', log)
    assert found
    address = f"sip:standup@127.0.0.1:{found[1]};transport=tcp"
    if way == "registered":
        address = (await asyncio.to_thread(calls_registrar.wait_for, 1))[-1]
    await other.do("dial", address)
    await other.until_event("CALL_ESTABLISHED")
    line = await logged(calls_server, len(log), "call started", direction="incoming")
    assert (line["direction"], line["other_side"]) == ("incoming", "sip:phone@127.0.0.1")
    async with connect(calls_server, line["connection"], path=RESULTS) as client:
        await client.until(lambda: "best of times" in heard(client))
        await other.do("hold")
        await other.do("resume")
        before = len(client.of("transcript_response"))
        await client.until(lambda: len(client.of("transcript_response")) > before)
        await other.do("hangup")
        await client.closed()
    assert end_of(client)["reason"] == "remote_hangup"
    listed = (await api.get("/v1/conversations", params={"limit": 100})).json()["conversations"]
    mine = next(one for one in listed if one["id"] == line["conversation"])
    assert mine["name"] == f"Call from phone to {'standup' if way == 'tcp' else 'earful'}"
    assert [member["userId"] for member in mine["members"]] == ["sip:phone@127.0.0.1"]
    ended = await logged(calls_server, len(log), "call ended", connection=line["connection"])
    assert ended["reason"] == "remote_hangup"
    assert ended["answered"] is True
    assert ended["talked_s"] > 2


async def test_an_incoming_call_is_ended_from_here(
    api: httpx.AsyncClient, calls_server: EarfulServer, other: Phone
) -> None:
    log = calls_server.log.read_text()
    found = re.search(r'"sip_port": (\d+)', log)
    assert found
    await other.do("dial", f"sip:standup@127.0.0.1:{found[1]}")
    await other.until_event("CALL_ESTABLISHED")
    line = await logged(calls_server, len(log), "call started", direction="incoming")
    assert (await stop(api, line["connection"])).status_code == 200
    assert (await other.until_event("CALL_CLOSED")).param == "Connection reset by peer"


async def logged(server: EarfulServer, since: int, event: str, **fields: str) -> dict[str, Any]:
    """Return the first line of the log that says so, once it is there: calls of other tests end late."""
    wanted = {"event": event, **fields}.items()
    async with asyncio.timeout(60):
        while True:
            for row in server.log.read_text()[since:].splitlines():
                if row.startswith("{") and row.endswith("}"):
                    found: dict[str, Any] = json.loads(row)
                    if wanted <= found.items():
                        return found
            await asyncio.sleep(0.05)


def ask(port: int, source: str, method: str) -> str:
    """Send one request over UDP from an address, and return the first line of the answer."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((source, 0))
        probe.settimeout(60)
        own = probe.getsockname()[1]
        text = (
            f"{method} sip:x@127.0.0.1 SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {source}:{own};branch=z9hG4bK{method};rport\r\n"
            f"From: <sip:a@{source}>;tag=1\r\nTo: <sip:x@127.0.0.1>\r\nCall-ID: {method}@{source}\r\n"
            f"CSeq: 1 {method}\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
        )
        probe.sendto(text.encode(), ("127.0.0.1", port))
        return probe.recv(65_536).split(b"\r\n")[0].decode()


async def test_only_calls_of_named_sources_are_taken(calls_server: EarfulServer) -> None:
    found = re.search(r'"sip_port": (\d+)', calls_server.log.read_text())
    assert found
    port = int(found[1])
    assert await asyncio.to_thread(ask, port, "127.0.0.2", "INVITE") == "SIP/2.0 403 Forbidden"
    assert await asyncio.to_thread(ask, port, "127.0.0.1", "OPTIONS") == "SIP/2.0 200 OK"
    assert await asyncio.to_thread(ask, port, "127.0.0.1", "REGISTER") == "SIP/2.0 405 Method Not Allowed"
    assert (await asyncio.to_thread(ask, port, "127.0.0.1", "BYE")).startswith("SIP/2.0 481 ")
    assert "127.0.0.2" in calls_server.log.read_text()


async def test_calls_end_with_their_server_however_it_ends(tmp_path: Path, other: Phone) -> None:
    """Killed, it leaves no process, and tells afterwards what became of it; stopped, it ends in order."""
    settings = {"EARFUL_SIP_DOMAINS": "127.0.0.1", "EARFUL_SIP_ADDRESS": "127.0.0.1"}
    with start_server(tmp_path, settings) as server:
        headers = {"x-api-key": server.token()}
        async with httpx.AsyncClient(base_url=server.base_url, headers=headers, trust_env=False) as api:
            started = await begin(
                api, sip(other.address), data={"session": {"users": [{"user": {"userId": "a"}}]}}
            )
            with contextlib.suppress(ConnectionError):
                async with connect(server, started["connectionId"], path=RESULTS) as client:
                    await client.until_kind("message_response")
                    children = psutil.Process(server.process.pid).children()
                    server.process.kill()
                    server.process.wait(60)
        assert (await other.until_event("CALL_CLOSED")).param == "Connection reset by peer"
        await asyncio.to_thread(psutil.wait_procs, children, 60)
        assert children
        assert not any(child.is_running() for child in children)
    with start_server(tmp_path, settings, name="later") as revived:
        async with httpx.AsyncClient(base_url=revived.base_url, headers=headers, trust_env=False) as api:
            answer = await stop(api, started["connectionId"])
            assert answer.status_code == 200
            assert answer.json()["conversationId"] == started["conversationId"]
            assert [one["user"]["userId"] for one in answer.json()["summaryInfo"]] == ["a"]
            assert await kept(api, started["conversationId"])
            conversation = (await api.get(f"/v1/conversations/{started['conversationId']}")).json()
            event = {"type": "joined", "user": {"userId": "b"}}
            late = await api.post(f"/v1/event/{started['connectionId']}", json=event)
            assert late.status_code == 200
            headers_of_stranger = {"x-api-key": revived.token()}
            wish = {"operation": "stop", "connectionId": started["connectionId"]}
            theirs = await api.post(CONNECT, json=wish, headers=headers_of_stranger)
            assert theirs.status_code == 404
        assert conversation["endTime"] > conversation["startTime"]
        assert conversation["metadata"]["callEnd"] == "interrupted"
        async with connect(
            revived, started["connectionId"], path=RESULTS, token=headers["x-api-key"]
        ) as client:
            assert await client.closed() == 1000
        assert end_of(client)["reason"] == "interrupted"

        async with httpx.AsyncClient(base_url=revived.base_url, headers=headers, trust_env=False) as api:
            again = await begin(api, sip(other.address))
            token = headers["x-api-key"]
            async with connect(revived, again["connectionId"], path=RESULTS, token=token) as client:
                await client.until_kind("transcript_response")
                children = psutil.Process(revived.process.pid).children()
                assert children
                revived.process.terminate()
                await client.closed()
        assert end_of(client)["reason"] == "server_stopping"
        assert heard(client)
        assert (await other.until_event("CALL_CLOSED", 2)).param == "Connection reset by peer"
        assert await asyncio.to_thread(revived.process.wait, 60) == 0
        assert not any(child.is_running() for child in children)
