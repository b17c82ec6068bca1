"""A killed server: what a client was sent as final is there when the server comes back."""

import json
import signal
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from earful.audio.files import read_blocks
from tests.support.server import start_server

SAMPLE = Path(__file__).parents[1] / "examples" / "sample" / "conversation.ogg"
START = {
    "type": "start_request",
    "insightTypes": ["question", "action_item", "follow_up"],
    "config": {"speechRecognition": {"encoding": "LINEAR16", "sampleRateHertz": 16000}},
    "speaker": {"userId": "ines@example.com", "name": "Ines"},
}


def test_what_was_sent_as_final_survives_kill_9(tmp_path: Path) -> None:
    told: dict[str, list[Any]] = {"messages": [], "insights": []}
    with start_server(tmp_path / "data") as server:
        headers = {"x-api-key": server.token()}
        with connect(f"{server.ws_url}/v1/streaming/doomed", additional_headers=headers) as socket:
            socket.send(json.dumps(START))
            for block in read_blocks(SAMPLE):
                for part in np.array_split(block, max(1, len(block) // 4000)):
                    socket.send((part * 32767).astype("<i2").tobytes())
            conversation = ""
            try:
                for frame in socket:
                    event = json.loads(frame)
                    if event["type"] == "message" and event["message"]["type"] == "conversation_created":
                        conversation = event["message"]["data"]["conversationId"]
                    told["messages"] += event.get("messages", [])
                    told["insights"] += event.get("insights", [])
                    if len(told["messages"]) >= 3:
                        server.process.send_signal(signal.SIGKILL)
            except ConnectionClosed:
                pass
        assert server.process.wait(30) == -signal.SIGKILL
        assert len(told["messages"]) >= 3

    with (
        start_server(tmp_path / "data", name="later") as revived,
        httpx.Client(base_url=revived.base_url, trust_env=False) as client,
    ):
        # The token was signed with a key that survived too.
        client.headers.update(headers)
        kept = client.get(f"/v1/conversations/{conversation}/messages").json()["messages"]
        texts = {message["id"]: message["text"] for message in kept}
        for message in told["messages"]:
            assert texts[message["id"]] == message["payload"]["content"]
        insights = client.get(f"/v1/conversations/{conversation}/insights").json()["insights"]
        assert {insight["id"] for insight in told["insights"]} <= {insight["id"] for insight in insights}
        found = client.get(f"/v1/conversations/{conversation}").json()
        assert found["members"][0]["name"] == "Ines"
        assert found["endTime"] > found["startTime"]
