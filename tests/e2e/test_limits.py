"""What a server of its own is needed for: its limits, its end, and its sudden death."""

from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path

import httpx
import pytest
import websockets

from tests.dialects.twilio import frames as twilio
from tests.e2e.client import SUBSCRIBE, connect, two_cities
from tests.support.server import EarfulServer, start_server

STOP = {"type": "stop_request"}


def messages(server: EarfulServer, conversation_id: str) -> str:
    answer = httpx.get(
        f"{server.base_url}/v1/conversations/{conversation_id}/messages",
        headers={"x-api-key": server.token()},
        trust_env=False,
    )
    answer.raise_for_status()
    return " ".join(message["text"] for message in answer.json()["messages"])


async def test_what_was_sent_as_final_survives_a_kill_of_the_server(tmp_path: Path) -> None:
    with start_server(tmp_path) as server:
        async with connect(server, "room") as client:
            await client.start(speaker={"userId": "rosa@example.net"})
            await client.speak(two_cities(12))
            await client.until_kind("message_response")
            server.process.send_signal(signal.SIGKILL)
            server.process.wait()
            await client.closed()
    assert client.finals
    with start_server(tmp_path, name="again") as again:
        again_as_before = EarfulServer(
            again.base_url, server.app_id, server.app_secret, tmp_path, again.log, again.process
        )
        kept = messages(again_as_before, client.conversation_id)
    assert " ".join(client.finals) in kept


async def test_a_server_told_to_stop_lets_live_conversations_end_in_order(tmp_path: Path) -> None:
    with start_server(tmp_path) as server:
        async with connect(server, "room") as client, connect(server, "room", path=SUBSCRIBE) as listener:
            await client.start()
            await client.until_kind("recognition_started")
            await client.speak(two_cities(4))
            server.process.send_signal(signal.SIGTERM)
            assert await client.closed() == 1000
            await listener.closed()
        assert server.process.wait(30) == 0
    assert "best of times" in " ".join(client.finals).lower()
    assert client.kinds[-2:] == ["recognition_stopped", "conversation_completed"]
    assert listener.kinds[-1] == "conversation_completed"


async def test_a_full_server_says_so_at_once_and_takes_others_when_there_is_room(tmp_path: Path) -> None:
    with start_server(tmp_path, {"EARFUL_MAX_STREAMS": "1"}) as server:
        async with connect(server, "early") as early, connect(server, "first") as first:
            await first.start()
            await first.until_kind("recognition_started")
            with pytest.raises(websockets.InvalidStatus) as refused:
                async with connect(server, "second"):
                    pass
            assert refused.value.response.status_code == 503
            assert int(refused.value.response.headers["Retry-After"]) > 0
            assert "capacity" in json.loads(refused.value.response.body)["message"]
            await early.start()
            assert await early.closed() == 1013
            assert "capacity" in early.errors[0]
            async with websockets.connect(f"{server.ws_url}/v1/twilio", proxy=None) as call:
                await call.send(twilio.connected())
                await call.send(twilio.start(["inbound", "outbound"], apiKey=server.token()))
                await asyncio.wait_for(call.wait_closed(), 60)
            assert call.close_code == 1013
            assert "capacity" in (call.close_reason or "")
            async with connect(server, "first", path=SUBSCRIBE) as listener:
                await listener.until_kind("conversation_created")
            await first.speak(two_cities(4))
            await first.send(STOP)
            await first.closed()
            assert "best of times" in " ".join(first.finals).lower()
        async with connect(server, "third") as third:
            await third.start()
            await third.until_kind("recognition_started")


async def test_an_application_may_hold_only_so_many_sockets(tmp_path: Path) -> None:
    with start_server(tmp_path, {"EARFUL_MAX_SOCKETS_PER_APPLICATION": "2"}) as server:
        async with connect(server, "a") as first, connect(server, "b", path=SUBSCRIBE):
            with pytest.raises(websockets.InvalidStatus) as refused:
                async with connect(server, "c"):
                    pass
            assert refused.value.response.status_code == 429
            assert "message" in json.loads(refused.value.response.body)
            await first.start()
            await first.until_kind("recognition_started")
            await first.send(STOP)
            await first.closed()
            await first.socket.wait_closed()
        async with connect(server, "d") as later:
            await later.start()
            await later.until_kind("recognition_started")
