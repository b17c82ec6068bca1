"""Language identification on a real server, by a tiny Whisper model to which all human speech is Hindi."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect

from tests.dialects.bodhi.server import config, read_all
from tests.support.models.whisper import make_whisper
from tests.support.server import EarfulServer, start_server
from tests.support.telephone import TWO_CITIES_WORDS, read_speech

EOF = '{"eof": 1}'


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EarfulServer]:
    """A server on which somebody has pulled `whisper-small`, as its log would tell them to."""
    folder = tmp_path_factory.mktemp("languages")
    made = make_whisper(folder / "made")
    earful = str(Path(sys.executable).with_name("earful"))
    pull = [
        earful,
        "models",
        "pull",
        "whisper-small",
        "--from",
        str(made),
        "--data-dir",
        str(folder / "data"),
    ]
    subprocess.run(pull, check=True, capture_output=True)
    with start_server(folder / "data") as server:
        yield server


@pytest.fixture(scope="module")
def key(server: EarfulServer) -> str:
    return server.create_app("languages")["apiKey"]


async def said(server: EarfulServer, key: str, **fields: Any) -> list[dict[str, Any]]:
    """Return the messages with text of a call in English."""
    headers = {"x-api-key": key}
    async with connect(server.ws_url, additional_headers=headers, proxy=None, compression=None) as socket:
        await socket.send(config(**fields))
        audio = read_speech(8000, 6.0)
        for at in range(0, len(audio), 3200):
            await socket.send(audio[at : at + 3200])
        await socket.send(EOF)
        return [message for message in await read_all(socket) if message.get("text")]


async def test_a_call_is_recognised_by_the_model_of_the_language_that_is_identified(
    server: EarfulServer, key: str
) -> None:
    messages = await said(server, key, at_start_lid=True)
    assert {message["language_code"] for message in messages} == {"hi"}
    assert all("tone" in message["text"] for message in messages), "what the tiny model says"
    lines = [json.loads(line) for line in server.log.read_text().splitlines() if line.startswith("{")]
    (line,) = [line for line in lines if line["event"] == "language identified"]
    assert line["language"] == "hi-IN"


async def test_without_identification_the_models_own_language_is_recognised(
    server: EarfulServer, key: str
) -> None:
    english = await said(server, key)
    text = " ".join(message["text"] for message in english).lower()
    assert all(word in text for word in TWO_CITIES_WORDS)
    assert {m["language_code"] for m in english if m["type"] == "complete"} == {"en"}
    hindi = await said(server, key, model="hi-banking-v2-8khz")
    assert {m["language_code"] for m in hindi if m["type"] == "complete"} == {"hi"}
    assert all("tone" in message["text"] for message in hindi)
