"""The Telephony API on a server that may not call, or not that, or has nothing to call with."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from earful.accounts.service import Accounts
from earful.server import create_app
from earful.settings import Settings
from tests.live.fakes import ScriptedInsight, ScriptedSpeech
from tests.support.phone import phone, require_phone
from tests.support.receiver import Receiver

CONNECT = "/v1/endpoint:connect"
Serve = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]


@pytest.fixture
def serve(tmp_path: Path) -> Serve:
    """Runs the application in this process under the given settings; a client of its default application."""

    @asynccontextmanager
    async def running(**settings: Any) -> AsyncIterator[httpx.AsyncClient]:
        app = create_app(
            Settings(data_dir=tmp_path, **settings), speech=ScriptedSpeech(), insight=ScriptedInsight()
        )
        async with app.router.lifespan_context(app):
            accounts: Accounts = app.state.rooms.accounts
            await accounts.ensure_default()
            token = (await accounts.issue_default_token()).token
            transport = httpx.ASGITransport(app, raise_app_exceptions=False)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://test", headers={"x-api-key": token}
            ) as client:
                yield client

    return running


SIP = {"operation": "start", "endpoint": {"type": "sip", "uri": "sip:a@pbx.example.com"}}
PSTN = {"operation": "start", "endpoint": {"type": "pstn", "phoneNumber": "+12025550123"}}


async def test_without_baresip_it_says_which_package_to_install(serve: Serve) -> None:
    async with serve(baresip="no-such-program", sip_domains=("pbx.example.com",)) as client:
        answer = await client.post(CONNECT, json=SIP)
    assert answer.status_code == 501
    assert "apt-get install baresip-core" in answer.json()["message"]


async def test_nothing_is_called_until_it_is_allowed(serve: Serve) -> None:
    require_phone()
    async with serve() as client:
        for body, setting in ((SIP, "EARFUL_SIP_DOMAINS"), (PSTN, "EARFUL_SIP_TRUNK")):
            answer = await client.post(CONNECT, json=body)
            assert answer.status_code == 403
            assert setting in answer.json()["message"]


def _mail(to: str) -> dict[str, Any]:
    return {"invokeOn": "stop", "name": "sendSummaryEmail", "parameters": {"emails": [to]}}


REFUSED: list[tuple[dict[str, Any], int, str]] = [
    ({"operation": "start"}, 400, "endpoint"),
    ({}, 400, "operation"),
    ({"operation": "stop"}, 400, "connectionId"),
    ({"operation": "stop", "connectionId": "never seen"}, 404, "no call"),
    ({"endpoint": {"type": "sip", "uri": "sip:a@elsewhere.example.com"}}, 403, "EARFUL_SIP_DOMAINS"),
    ({"endpoint": {"type": "sip", "uri": "sip:a@10.0.0.1"}}, 403, "EARFUL_SIP_DOMAINS"),
    ({"endpoint": {"type": "sip", "uri": "pbx.example.com"}}, 400, "SIP address"),
    ({"endpoint": {"type": "pstn", "phoneNumber": "+442079460123"}}, 403, "EARFUL_SIP_PREFIXES"),
    ({"endpoint": {"type": "pstn", "phoneNumber": "12"}}, 400, "telephone number"),
    ({"endpoint": {"type": "sip", "uri": "sip:a@pbx.example.com", "dtmf": "1;quit"}}, 400, "dtmf"),
    ({**SIP, "timezone": "Nowhere"}, 400, "timezone"),
    ({**SIP, "endpoint": {"type": "sip"}}, 400, "uri is required"),
    ({**SIP, "actions": [{"invokeOn": "stop", "name": "sendSummaryEmail"}]}, 400, "emails"),
    ({**SIP, "actions": [_mail("not an address")]}, 400, "not an address"),
    ({**SIP, "endpointWebhookUrl": "file:///etc/passwd"}, 400, "endpointWebhookUrl: only http"),
    ({**SIP, "callbackUrl": "https://u:p@example.com"}, 400, "callbackUrl"),
    ({**SIP, "insightTypes": "question"}, 400, "insightTypes"),
]


async def test_what_cannot_be_done_is_refused(serve: Serve) -> None:
    require_phone()
    allowed = {"sip_domains": ("pbx.example.com",), "sip_trunk": "trunk.example.com", "sip_prefixes": ("+1",)}
    async with serve(**allowed) as client:
        for body, status, says in REFUSED:
            answer = await client.post(CONNECT, json=body)
            assert answer.status_code == status, body
            assert says in answer.json()["message"], body


async def test_events_need_a_call_and_a_token(serve: Serve) -> None:
    async with serve() as client:
        event = {"type": "joined", "user": {"userId": "a"}}
        assert (await client.post("/v1/event/unknown", json=event)).status_code == 404
        assert (await client.post("/v1/event/unknown", json={})).status_code == 400
        client.headers.pop("x-api-key")
        for path in ("/v1/event/unknown", CONNECT):
            assert (await client.post(path, json=event)).status_code == 401


async def test_whoever_wants_it_is_told_how_far_a_call_is(serve: Serve, receiver: Receiver) -> None:
    """In order, each as a signed POST, and by the end with the reason."""
    require_phone()
    allowed = {"sip_domains": ("127.0.0.1",), "sip_address": "127.0.0.1", "allow_private_addresses": True}
    async with phone() as other, serve(**allowed) as client:
        endpoint = {"type": "sip", "uri": other.address}
        answer = await client.post(CONNECT, json={"endpoint": endpoint, "endpointWebhookUrl": receiver.url})
        assert answer.status_code == 201
        await other.until_event("CALL_ESTABLISHED")
        await other.do("hangup")
        async with asyncio.timeout(60):
            while len(receiver.calls) < 3:
                await asyncio.sleep(0.02)
    assert receiver.told == ["ringing", "answered", "ended"]
    assert all("x-earful-signature" in headers for headers, _ in receiver.calls)
    last = json.loads(receiver.calls[-1][1])
    about = {"connectionId", "conversationId"}
    assert {key: last[key] for key in about} == {key: answer.json()[key] for key in about}
    assert (last["direction"], last["reason"]) == ("outgoing", "remote_hangup")
