"""The vendor's own published clients make telephone calls through the real server to a real phone."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.compat.conftest import run_node, run_ours, run_vendor
from tests.support.phone import phone
from tests.support.server import EarfulServer
from tests.support.telephone import read_speech, write_wav


async def test_the_python_package_calls_and_hears(calls_server: EarfulServer) -> None:
    """Its callbacks get texts, its stop over the socket ends the call, and its models take every answer."""
    async with phone() as other:
        result = await asyncio.to_thread(run_vendor, "telephony.py", calls_server, PHONE=other.address)
        await other.until_event("CALL_CLOSED")
    assert result["urls"] == [
        f"{calls_server.base_url}/v1/event/{result['connection_id']}",
        f"{calls_server.ws_url}/events/{result['connection_id']}",
    ]
    assert {frame["isFinal"] for frame in result["transcripts"]} == {True, False}
    assert "best of times" in " ".join(result["heard"]).lower()
    assert result["same"] is True
    assert "worst of times" in " ".join(result["messages"]).lower()
    assert result["conversation"]["name"] == "Reading"


async def test_the_javascript_package_says_who_speaks(calls_server: EarfulServer) -> None:
    async with phone() as other:
        result = await asyncio.to_thread(run_node, "telephony.cjs", calls_server, PHONE=other.address)
        await other.until_event("CALL_CLOSED")
    assert result["stopped"] == result["conversationId"]
    assert [entry["user"]["name"] for entry in result["summaryInfo"]] == ["Rosa"]
    assert {"transcript_response", "message_response"} <= set(result["kinds"])
    assert result["names"] == ["Rosa"]


NUMBER = "+12025550123"
KINDS = ["message_response", "transcript_response"]
EVERYTHING = [True] * 5


async def test_the_telephone_examples_of_the_vendors_repository(
    calls_server: EarfulServer, trunk_port: int, tmp_path: Path
) -> None:
    """All six, with either package at the same time: to a number through the trunk, and to an address."""
    speech = write_wav(tmp_path / "speech.wav", read_speech(8000, 4.0), 8000)
    (tmp_path / "symbl.conf").write_text(
        f"[credentials]\napp_id={calls_server.app_id}\napp_secret={calls_server.app_secret}\n"
        f"base_url={calls_server.base_url}\n"
    )
    async with (
        phone(speech=speech) as other,
        phone(speech=speech, port=trunk_port, name=NUMBER) as trunk,
    ):
        settings = {"PHONE": other.address, "NUMBER": NUMBER.removeprefix("+")}
        program = "telephone_examples.py"
        theirs, ours = await asyncio.gather(
            asyncio.to_thread(run_vendor, program, calls_server, tmp_path, CLIENT="vendor", **settings),
            asyncio.to_thread(run_ours, program, calls_server, tmp_path, CLIENT="ours", **settings),
        )
        await trunk.until(lambda: len(trunk.keys) >= 6 * len("47#"))
    deleted = "{'message': 'successfully deleted the conversation'}"
    for results, is_ours in ((theirs, False), (ours, True)):
        for way in ("pstn", "sip"):
            seen, said, others = results[f"telephony_{way}"]
            assert (seen, others) == (KINDS, EVERYTHING)
            assert "best of times" in " ".join(said).lower()
            # What the vendor's release documents and never sends: see test_examples.py.
            kinds, told = results[f"delete_api_telephony_{way}"]
            assert (kinds, told) == (KINDS, deleted if is_ours else "None")
            kinds, written = results[f"formatted_transcript_api_telephony_{way}"]
            assert kinds == KINDS
            assert ("best of times" in written.lower()) == is_ours
