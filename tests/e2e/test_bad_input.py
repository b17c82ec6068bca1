"""Whatever one client does, it gets a clear answer, and a live stream beside it loses nothing."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
import websockets

from tests.e2e.client import STREAMING, SUBSCRIBE, Client, connect, two_cities
from tests.support.server import EarfulServer

STOP = {"type": "stop_request"}
MAX_FRAME = 1_048_576


@pytest.fixture
async def bystander(earful_server: EarfulServer, room: str) -> AsyncIterator[None]:
    """Another stream, live while the test does its worst; afterwards, all its words must be there."""
    async with connect(earful_server, f"bystander-{room}") as client:
        await client.start()
        await client.until_kind("recognition_started")
        speaking = asyncio.create_task(client.speak(two_cities(7), speed=4))
        yield
        await speaking
        await client.send(STOP)
        assert await client.closed() == 1000
    said = " ".join(client.finals).lower()
    assert "best of times" in said
    assert "worst of times" in said
    assert client.errors == []


pytestmark = pytest.mark.usefixtures("bystander")


async def refused(server: EarfulServer, path: str, **how: Any) -> websockets.Response:
    with pytest.raises(websockets.InvalidStatus) as raised:
        async with connect(server, "x", path=path, **how):
            pass
    return raised.value.response


async def test_a_handshake_where_there_is_nothing_is_refused_with_404(earful_server: EarfulServer) -> None:
    """With a body that says so; and to refuse is no error of the server, whatever strangers ask for."""
    since = len(earful_server.log.read_text())
    answer = await refused(earful_server, "/v1/nothing/")
    assert answer.status_code == 404
    assert json.loads(answer.body) == {"statusCode": 404, "message": "There is nothing at /v1/nothing/x."}
    assert '"level": "error"' not in earful_server.log.read_text()[since:]


@pytest.mark.parametrize("path", [STREAMING, "/v1/realtime/insights/", SUBSCRIBE, "/session/subscribe/"])
@pytest.mark.parametrize(
    "how",
    [
        {"headers": {}},
        {"token": "not.a.token"},
        {"headers": {"x-api-key": "wrong"}},
        {"subprotocols": ["wrong"]},
    ],
)
async def test_without_a_valid_token_the_handshake_is_refused_with_401(
    earful_server: EarfulServer, path: str, how: dict[str, Any]
) -> None:
    response = await refused(earful_server, path, **how)
    assert response.status_code == 401
    assert json.loads(response.body) == {
        "statusCode": 401,
        "message": "Token validation failed for provided token.",
    }


async def test_text_where_audio_should_be_gets_an_error_and_the_session_goes_on(
    earful_server: EarfulServer, room: str
) -> None:
    async with connect(earful_server, room) as client:
        await client.start()
        await client.send("RIFF....WAVEfmt")
        await client.until_kind("error")
        await works(client)
    assert client.errors == ["the message is not valid JSON"]


async def works(client: Client) -> None:
    """The session still turns speech into text."""
    await client.speak(two_cities(4))
    await client.send(STOP)
    assert await client.closed() == 1000
    assert "best of times" in " ".join(client.finals).lower()


async def test_audio_before_the_start_is_ignored(earful_server: EarfulServer, room: str) -> None:
    async with connect(earful_server, room) as client:
        await client.speak(two_cities(4))
        await client.start()
        await client.send(STOP)
        assert await client.closed() == 1000
    assert client.finals == []
    assert client.errors == []


@pytest.mark.parametrize("frame", [b"\x00" * 10_485_760, "x" * 10_485_760])
async def test_a_frame_of_10_mb_gets_an_error_and_the_session_goes_on(
    earful_server: EarfulServer, room: str, frame: str | bytes
) -> None:
    async with connect(earful_server, room) as client:
        await client.start()
        await client.send(frame)
        await client.until_kind("error")
        await works(client)
    assert client.errors == [
        f"a frame of 10485760 bytes is over the limit of {MAX_FRAME} bytes and was ignored"
    ]


async def test_a_frame_beyond_all_measure_ends_its_connection(earful_server: EarfulServer, room: str) -> None:
    async with connect(earful_server, room) as client:
        await client.start()
        await client.until_kind("recognition_started")
        with contextlib.suppress(websockets.ConnectionClosed):
            await client.send(b"\x00" * 20_000_000)
        assert await client.closed() == 1009


async def test_an_unknown_message_type_is_ignored(earful_server: EarfulServer, room: str) -> None:
    async with connect(earful_server, room) as client:
        await client.start()
        await client.send({"type": "make_coffee"})
        await works(client)
    assert client.errors == []


@pytest.mark.parametrize("text", ['{"type":"start_request"', "[" * 50_000, "\x00", '{"type":{}}'])
async def test_broken_json_gets_an_error_and_the_session_goes_on(
    earful_server: EarfulServer, room: str, text: str
) -> None:
    async with connect(earful_server, room) as client:
        await client.start()
        await client.send(text)
        await client.until_kind("error")
        await works(client)
    assert len(client.errors) == 1


@pytest.mark.parametrize(
    ("recognition", "says"),
    [
        ({"sampleRateHertz": 1}, "sampleRateHertz 1 is not supported"),
        ({"sampleRateHertz": -16000}, "not supported"),
        ({"sampleRateHertz": 1e300}, "not supported"),
        ({"encoding": "SPEEX"}, "encoding 'SPEEX' is not supported"),
        ({"encoding": "FLAC", "sampleRateHertz": 4000}, "not supported for FLAC"),
    ],
)
async def test_audio_that_cannot_be_decoded_is_refused_in_both_error_forms(
    earful_server: EarfulServer, room: str, recognition: dict[str, Any], says: str
) -> None:
    async with connect(earful_server, room) as client:
        await client.start(config={"speechRecognition": recognition})
        assert await client.closed() == 1008
    nested, top_level = client.frames
    assert nested["message"]["type"] == top_level["type"] == "error"
    assert says in nested["message"]["details"]
    assert top_level["details"] == nested["message"]["details"]
    assert isinstance(top_level["message"], str)


async def test_a_javascript_client_with_a_bad_request_is_closed_in_a_way_that_it_does_not_repeat(
    earful_server: EarfulServer, room: str
) -> None:
    async with connect(earful_server, room, query="source=js_sdk") as client:
        await client.start(config={"speechRecognition": {"sampleRateHertz": 1}})
        assert await client.closed() == 1000


async def test_a_language_without_a_model_is_refused_with_the_command_that_helps(
    earful_server: EarfulServer, room: str
) -> None:
    async with connect(earful_server, room) as client:
        await client.start(config={"languageCode": "tlh-QO"})
        await client.closed()
    assert "earful models" in client.errors[0]


async def test_two_start_requests_begin_one_conversation_and_lose_no_word(
    earful_server: EarfulServer, room: str
) -> None:
    async with connect(earful_server, room) as client:
        await client.start()
        await client.start()
        await client.until_kind("recognition_started", 2)
        await works(client)
    assert len({f["message"]["data"]["conversationId"] for f in client.of("conversation_created")}) == 1


async def test_a_bad_second_start_request_leaves_the_first_in_force(
    earful_server: EarfulServer, room: str
) -> None:
    async with connect(earful_server, room) as client:
        await client.start()
        await client.start(config={"speechRecognition": {"sampleRateHertz": 1}})
        await client.until_kind("error")
        await works(client)


async def test_audio_that_is_not_what_it_was_said_to_be_is_told_and_may_be_put_right(
    earful_server: EarfulServer, room: str
) -> None:
    async with connect(earful_server, room) as client:
        await client.start(config={"speechRecognition": {"encoding": "FLAC", "sampleRateHertz": 16_000}})
        for _ in range(20):
            await client.send(two_cities(4)[16_000:24_000])
        await client.until_kind("error")
        await client.send(
            {
                "type": "modify_request",
                "speechRecognition": {"encoding": "LINEAR16", "sampleRateHertz": 16_000},
            }
        )
        await client.until_kind("session_modified")
        await works(client)
    assert len(client.errors) <= 2


async def test_opus_packets_that_are_noise_are_told_once_not_for_each(
    earful_server: EarfulServer, room: str
) -> None:
    async with connect(earful_server, room) as client:
        await client.start(config={"speechRecognition": {"encoding": "Opus", "sampleRateHertz": 48_000}})
        for _ in range(100):
            await client.send(b"\xff" * 60)
        await client.send(STOP)
        assert await client.closed() == 1000
    assert 1 <= len(client.errors) <= 3
    assert client.finals == []


async def test_a_socket_cut_in_the_middle_of_a_frame_ends_its_conversation_and_nothing_else(
    earful_server: EarfulServer, room: str
) -> None:
    async with connect(earful_server, room, path=SUBSCRIBE) as listener:
        async with connect(earful_server, room) as client:
            await client.start()
            await client.until_kind("recognition_started")
            await client.speak(two_cities(4))
            # The head of a masked binary frame that promises 60 000 bytes, and then a few of them.
            client.socket.transport.write(b"\x82\xfe\xea\x60\x01\x02\x03\x04" + b"\x00" * 100)
            await asyncio.sleep(0.1)
            client.abort()
        assert await listener.closed() == 1000
    assert "best of times" in " ".join(listener.finals).lower()


async def test_text_that_is_not_utf_8_ends_its_connection_with_a_line_in_the_log(
    earful_server: EarfulServer, room: str
) -> None:
    since = len(earful_server.log.read_text())
    async with connect(earful_server, room) as client:
        await client.start()
        await client.until_kind("recognition_started")
        await client.socket.send(b"\xff\xfe{", text=True)
        assert await client.closed() == 1007
    log = earful_server.log.read_text()[since:]
    assert "a text message is not UTF-8" in log
    assert "Traceback" not in log


async def test_frames_against_the_protocol_end_their_connection(
    earful_server: EarfulServer, room: str
) -> None:
    async with connect(earful_server, room) as client:
        await client.start()
        await client.until_kind("recognition_started")
        client.socket.transport.write(b"\xf3\x85\x00\x00\x00\x00hello")
        await client.closed()
        assert client.socket.close_code == 1002


async def test_thirty_sockets_left_silent_hold_up_nobody(earful_server: EarfulServer, room: str) -> None:
    async with contextlib.AsyncExitStack() as stack:
        idle = [
            await stack.enter_async_context(connect(earful_server, f"{room}-{n}", token=token))
            for token in [earful_server.token()]
            for n in range(30)
        ]
        for client in idle[:8]:
            await client.start()
        for client in idle[:8]:
            await client.until_kind("recognition_started")
        async with connect(earful_server, room) as client:
            await client.start()
            await works(client)
        assert not any(client.done for client in idle)


async def test_a_client_that_never_reads_is_cut_off_and_does_not_swell_the_server(
    earful_server: EarfulServer, room: str
) -> None:
    token = earful_server.token()
    host, port = earful_server.base_url.removeprefix("http://").split(":")
    deaf = socket.create_connection((host, int(port)))
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    handshake = (
        f"GET {STREAMING}{room}?access_token={token} HTTP/1.1\r\nHost: {host}\r\n"
        "Upgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    deaf.sendall(handshake.encode())
    # Every one of these is answered, and no answer is read.
    frame = b"\x81\x88\x00\x00\x00\x00" + b"nonsense"
    deaf.settimeout(30)

    def pester() -> int:
        sent = 0
        try:
            while sent < 400_000:
                sent += deaf.send(frame * 500) // len(frame)
        except OSError:
            pass
        return sent

    sent = await asyncio.to_thread(pester)
    deaf.close()
    assert sent < 400_000
    memory = resident_mb(earful_server)
    assert memory < 900


def resident_mb(server: EarfulServer) -> float:
    with open(f"/proc/{server.process.pid}/status") as status:
        line = next(line for line in status if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


async def test_the_server_is_still_healthy(earful_server: EarfulServer) -> None:
    answer = httpx.get(f"{earful_server.base_url}/health", trust_env=False)
    assert answer.json()["status"] == "ready"


async def settled(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.1)


async def test_nothing_is_left_over_from_those_who_went_away(earful_server: EarfulServer, room: str) -> None:
    def open_streams() -> int:
        answer = httpx.get(f"{earful_server.base_url}/health", trust_env=False)
        return int(answer.json()["streams"]["open"])

    async with connect(earful_server, room) as client:
        await client.start()
        await client.until_kind("recognition_started")
        assert open_streams() == 2
    await settled(lambda: open_streams() == 1)
