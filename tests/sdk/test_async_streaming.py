"""The asyncio streaming connection against a service in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

import symbl
from tests.sdk.conftest import CREDENTIALS

FINAL = {"type": "message_response", "messages": [{"payload": {"content": "Hello."}}]}
TOPIC = {"type": "topic_response", "topics": []}


@pytest.fixture
async def client(service: symbl.MockTransport) -> AsyncIterator[symbl.AsyncClient]:
    """A client of the service in memory."""
    async with symbl.AsyncClient(transport=service, credentials=CREDENTIALS) as client:
        yield client


async def test_stream_from_start_to_stop(client: symbl.AsyncClient, service: symbl.MockTransport) -> None:
    """The method names are those of the blocking one; plain and async callbacks both work."""
    service.frames, service.last_frames = [FINAL], [TOPIC]
    heard: list[Any] = []

    async def slow(frame: Any) -> None:
        await asyncio.sleep(0.01)
        heard.append(frame)

    connection = await client.streaming.start_connection(speaker={"name": "Rosa"}, insight_types=["question"])
    connection.subscribe({"message_response": slow, "topic_response": heard.append})
    await connection.send_audio(b"ab")
    await connection.stop()
    assert heard == [FINAL, TOPIC]
    assert service.streams[0].audio == b"ab"
    assert service.streams[0].messages[0]["insightTypes"] == ["question"]
    assert len(asyncio.all_tasks()) == 1


async def test_conversation_can_be_read(client: symbl.AsyncClient, service: symbl.MockTransport) -> None:
    """The connection's conversation answers, awaited."""
    service.answer(
        "GET", f"/v1/conversations/{service.conversation_id}/topics", {"topics": [{"text": "quote"}]}
    )
    async with await client.streaming.start_connection() as connection:
        topics = await connection.conversation.get_topics()
    assert topics is not None
    assert topics.topics[0].text == "quote"


async def test_iterating_gives_every_frame(client: symbl.AsyncClient, service: symbl.MockTransport) -> None:
    """`async for` instead of callbacks, until the stream is over."""
    service.frames = [FINAL, TOPIC]
    connection = await client.streaming.start_connection()
    kinds = []
    async for frame in connection:
        kinds.append(frame["type"])
        if frame["type"] == "topic_response":
            await connection.stop()
    assert kinds == ["message", "message_response", "topic_response", "message", "message"]


async def test_exception_of_a_callback_reaches_the_next_call(
    client: symbl.AsyncClient, service: symbl.MockTransport
) -> None:
    """As in the blocking one, and later frames still arrive."""
    service.frames = [FINAL, TOPIC]
    heard: list[Any] = []

    async def fail(frame: Any) -> None:
        raise KeyError("mine")

    connection = await client.streaming.start_connection()
    connection.subscribe({"message_response": fail, "topic_response": heard.append})
    with pytest.raises(KeyError, match="mine"):
        await connection.stop()
    assert heard == [TOPIC]


async def test_stop_from_a_callback(client: symbl.AsyncClient, service: symbl.MockTransport) -> None:
    """There it only asks the server to stop."""
    service.frames = [FINAL]
    asked = asyncio.Event()

    async def stop(frame: Any) -> None:
        await connection.stop()
        asked.set()

    connection = await client.streaming.start_connection()
    connection.subscribe({"message_response": stop})
    await asyncio.wait_for(asked.wait(), 60)
    await connection.stop()
    assert service.streams[0].messages[-1] == {"type": "stop_request"}


async def test_lost_connection_is_raised(client: symbl.AsyncClient, service: symbl.MockTransport) -> None:
    """From the next call."""
    connection = await client.streaming.start_connection()
    service.streams[0].close(1006)
    with pytest.raises(symbl.ConnectionLost):
        await connection.send_audio(b"ab")
    await connection.close()


async def test_refused_handshake_carries_the_status(
    client: symbl.AsyncClient, service: symbl.MockTransport
) -> None:
    """As in the blocking one."""
    service.refuse = 401
    with pytest.raises(symbl.HandshakeRefused) as caught:
        await client.streaming.start_connection()
    assert caught.value.status == 401


async def test_server_that_never_finishes_is_a_timeout(
    client: symbl.AsyncClient, service: symbl.MockTransport
) -> None:
    """stop() gives up after the time it was given, and closes."""
    connection = await client.streaming.start_connection()
    service.streams[0]._receive = lambda frame: None  # type: ignore[method-assign]
    with pytest.raises(symbl.StreamTimeout):
        await connection.stop(timeout=0.05)
    assert service.streams[0].closed
    assert len(asyncio.all_tasks()) == 1


async def test_server_that_does_not_close_is_left(
    client: symbl.AsyncClient, service: symbl.MockTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After conversation_completed the client closes on its own."""
    monkeypatch.setattr("symbl._async_streaming.GRACE_SECONDS", 0.05)
    connection = await client.streaming.start_connection()
    stream = service.streams[0]
    done = {"type": "message", "message": {"type": "conversation_completed", "conversationId": "1"}}
    stream._receive = lambda frame: stream.send(done)  # type: ignore[method-assign]
    await connection.stop()
    assert stream.closed


async def test_leaving_by_an_error_closes_at_once(
    client: symbl.AsyncClient, service: symbl.MockTransport
) -> None:
    """No stop_request, no task left."""
    with pytest.raises(ZeroDivisionError):
        async with await client.streaming.start_connection():
            raise ZeroDivisionError
    assert [message["type"] for message in service.streams[0].messages] == ["start_request"]
    assert len(asyncio.all_tasks()) == 1


async def test_cancelled_stop_leaves_nothing_running(
    client: symbl.AsyncClient, service: symbl.MockTransport
) -> None:
    """Cancellation passes through and the socket is closed."""
    connection = await client.streaming.start_connection()
    service.streams[0]._receive = lambda frame: None  # type: ignore[method-assign]
    stopping = asyncio.create_task(connection.stop())
    await asyncio.sleep(0.01)
    stopping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stopping
    assert service.streams[0].closed
    assert "open" not in repr(connection)
