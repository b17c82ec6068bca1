"""`symbl.Telephony` against the real server and a real phone."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

import symbl
from tests.support import sip_scripts
from tests.support.phone import phone, sipp
from tests.support.server import EarfulServer


@pytest.fixture(autouse=True)
def _server(calls_server: EarfulServer) -> None:
    symbl.configure(base_url=calls_server.base_url, credentials=calls_server.credentials)


async def test_an_address_is_called_and_heard() -> None:
    """Events come to the callbacks in this thread until the call is over; then all of it can be read."""

    def talk(address: str) -> tuple[symbl.Connection, list[str], list[Any]]:
        connection = symbl.Telephony.start_sip(
            address, data={"session": {"name": "Reading"}}, languages=["en-US"], timezone="Europe/Lisbon"
        )
        connection.push_speaker_event("started_speaking", {"userId": "rosa@example.net", "name": "Rosa"})
        heard: list[str] = []
        frames: list[Any] = []

        def message(event: Any) -> None:
            heard.extend(one["payload"]["content"] for one in event["messages"])
            if "worst of times" in " ".join(heard).lower():
                threading.Thread(target=connection.stop).start()

        connection.subscribe({"message_response": message, "transcript_response": frames.append})
        return connection, heard, frames

    async with phone() as other:
        connection, heard, frames = await asyncio.to_thread(talk, other.address)
    assert frames[-1]["isFinal"] is True
    assert frames[0]["payload"]["content"]

    def read() -> None:
        messages = connection.conversation.get_messages()
        assert messages is not None
        assert [one.text for one in messages.messages] == heard
        assert messages.messages[0]._from.name == "Rosa"
        again = symbl.Telephony.stop(connection.connectionId)
        assert again.conversation_id == connection.conversation_id
        assert again.summary_info is not None
        assert again.summary_info[0].user.user_id == "rosa@example.net"
        conversation = connection.conversation.get_conversation()
        assert conversation is not None
        assert conversation.name == "Reading"
        assert conversation.metadata["callEnd"] == "stopped"

    await asyncio.to_thread(read)


async def test_a_number_that_is_busy_ends_the_subscription(trunk_port: int) -> None:
    """Without an exception; the frame says why."""

    def talk() -> list[Any]:
        frames: list[Any] = []
        connection = symbl.Telephony.start_pstn("+12025550123", dtmf=",,12#")
        connection.subscribe({"message": frames.append})
        return frames

    async with sipp(sip_scripts.refuses("486 Busy Here"), trunk_port):
        frames = await asyncio.to_thread(talk)
    ends = [frame["message"]["data"] for frame in frames if frame["message"]["type"] == "call_ended"]
    assert [(end["reason"], end["sipStatus"]) for end in ends] == [("busy", 486)]


def test_what_the_server_refuses_is_an_exception() -> None:
    with pytest.raises(symbl.ApiException, match="EARFUL_SIP_DOMAINS") as refused:
        symbl.Telephony.start_sip("sip:anyone@elsewhere.example.com")
    assert refused.value.status == 403
    with pytest.raises(symbl.ApiException) as unknown:
        symbl.Telephony.stop("3f1d8a52-6f0b-4c55-9a41-0f2f6f6a9d10")
    assert unknown.value.status == 404
