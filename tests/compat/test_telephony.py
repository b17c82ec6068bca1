"""The vendor's own published clients make telephone calls through the real server to a real phone."""

from __future__ import annotations

import asyncio

from tests.compat.conftest import run_node, run_vendor
from tests.support.phone import phone
from tests.support.server import EarfulServer


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
