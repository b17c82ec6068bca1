"""A phone call streamed by Twilio into a conversation of the real server."""

import asyncio
import json
from typing import Any

import httpx
import numpy as np
import pytest
import soxr
from evals.wer.items import data_dir
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from earful.audio.files import read_channels
from tests.dialects.twilio.frames import CALL, connected, dtmf, frames, mark, start, stop
from tests.support.server import EarfulServer
from tests.support.telephone import TWO_CITIES_WORDS, read_speech


async def stream(server: EarfulServer, path: str, messages: list[str]) -> int | None:
    """Send messages as Twilio does, and return the code that the server closes with."""
    async with connect(server.ws_url + path, proxy=None) as socket:
        try:
            for message in messages:
                await socket.send(message)
            await asyncio.wait_for(socket.wait_closed(), 60)
        except ConnectionClosed:
            pass
        return socket.close_code


async def get(server: EarfulServer, path: str) -> dict[str, Any]:
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(
            server.base_url + path, headers={"Authorization": f"Bearer {server.token()}"}
        )
        answer.raise_for_status()
        body: dict[str, Any] = answer.json()
        return body


async def test_both_sides_of_a_call_become_one_conversation(earful_server: EarfulServer) -> None:
    caller, agent = frames(read_speech(8000, 6.0)), frames(read_speech(8000, 6.0, "beckett"), "outbound")
    media = [frame for pair in zip(caller, agent, strict=True) for frame in pair]
    opening = start(["inbound", "outbound"], apiKey=earful_server.token(), outboundName="Priya")
    path = f"/v1/subscribe/{CALL}?access_token={earful_server.token()}"
    async with connect(earful_server.ws_url + path, proxy=None) as subscriber:
        assert await stream(earful_server, "/v1/twilio", [connected(), opening, *media, stop()]) == 1000
        created = next(
            message
            for message in [json.loads(await asyncio.wait_for(subscriber.recv(), 60)) for _ in range(3)]
            if "conversationId" in json.dumps(message)
        )
    conversation = _find(created, "conversationId")
    messages = (await get(earful_server, f"/v1/conversations/{conversation}/messages"))["messages"]
    said = dict.fromkeys(("Caller", "Priya"), "")
    for message in messages:
        said[message["from"]["name"]] += " " + message["text"].lower()
    assert all(word in said["Caller"] for word in TWO_CITIES_WORDS)
    assert said["Priya"]
    assert "best of times" not in said["Priya"]


RECORDED = data_dir()


@pytest.mark.skipif(RECORDED is None, reason="no evaluation audio here")
async def test_a_recorded_telephone_call_is_heard_on_both_tracks(earful_server: EarfulServer) -> None:
    """Half a minute of a real call between a customer and an agent, each on a channel of their own."""
    assert RECORDED is not None
    channels = np.concatenate(list(read_channels(RECORDED / "swoz_sng0072.flac", block_s=30.0)), axis=-1)
    sides = [
        frames((soxr.resample(side[: 20 * 16_000], 16_000, 8000) * 32767).astype("<i2").tobytes(), track)
        for side, track in zip(channels, ("inbound", "outbound"), strict=True)
    ]
    media = [frame for pair in zip(*sides, strict=True) for frame in pair]
    between = [mark(), dtmf("1"), *media[:100], mark("later"), *media[100:]]
    opening = start(["inbound", "outbound"], apiKey=earful_server.token(), name="A recorded call")
    room = "recorded-call"
    path = f"/v1/subscribe/{room}?access_token={earful_server.token()}"
    async with connect(earful_server.ws_url + path, proxy=None) as subscriber:
        sent = [connected(), opening, *between, stop()]
        assert await stream(earful_server, f"/v1/twilio/{room}", sent) == 1000
        created = [json.loads(await asyncio.wait_for(subscriber.recv(), 60)) for _ in range(3)]
    conversation = _find(created, "conversationId")
    messages = (await get(earful_server, f"/v1/conversations/{conversation}/messages"))["messages"]
    said = {"Caller": "", "Agent": ""}
    for message in messages:
        said[message["from"]["name"]] += " " + message["text"].lower()
    user, agent = sorted(said.values(), key=lambda text: "cambridge" not in text)
    assert "i am trav" in user
    assert "how can i help you" in agent
    assert "cambridge" not in agent


@pytest.mark.parametrize("parameters", [{}, {"apiKey": "ek_wrong"}])
async def test_a_call_without_a_good_key_is_refused(
    earful_server: EarfulServer, parameters: dict[str, str]
) -> None:
    assert await stream(earful_server, "/v1/twilio", [connected(), start(**parameters)]) == 1008


async def test_a_language_without_a_model_is_refused(earful_server: EarfulServer) -> None:
    opening = start(apiKey=earful_server.token(), language="xx-XX")
    assert await stream(earful_server, "/v1/twilio/room", [opening]) == 1008


def _find(value: Any, key: str) -> Any:
    if isinstance(value, dict):
        if key in value:
            return value[key]
        value = list(value.values())
    if isinstance(value, list):
        return next((found for one in value if (found := _find(one, key)) is not None), None)
    return None
