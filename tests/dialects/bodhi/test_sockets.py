"""Bodhi's WebSocket over real sockets: handshakes, streaming, bad input, and calls beside each other."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from earful.dialects.bodhi.access import Meter
from earful.speech.types import Hypothesis
from tests.dialects.bodhi.server import UUID, BodhiServer, config, read_all, serving
from tests.support.telephone import read_speech

EOF = '{"eof": 1}'
TONE = (np.sin(np.arange(8000) * 0.3) * 2000 + 9000).astype("<i2").tobytes()
"""One second of sound at 8 kHz: two of the scripted recognizer's words."""


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[BodhiServer]:
    async with serving(tmp_path) as server:
        yield server


async def call(server: BodhiServer, *messages: str | bytes, path: str = "/") -> list[dict[str, Any]]:
    """Connect, send everything before reading anything, and return what came until the close."""
    async with server.connect(path) as socket:
        with contextlib.suppress(ConnectionClosed):
            for message in messages:
                await socket.send(message)
        return await read_all(socket)


def complete_texts(messages: list[dict[str, Any]]) -> list[str]:
    return [m["text"] for m in messages if m.get("type") == "complete" and m["text"]]


async def refusal(server: BodhiServer, headers: dict[str, str]) -> tuple[int, dict[str, Any]]:
    with pytest.raises(InvalidStatus) as refused:
        async with server.connect(headers=headers):
            pass
    response = refused.value.response
    return response.status_code, json.loads(response.body or b"")


# -- the handshake --------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/bodhi"])
async def test_a_call_is_heard_at_the_root_and_at_its_own_name(server: BodhiServer, path: str) -> None:
    messages = await call(server, config(), TONE, EOF, path=path)
    assert complete_texts(messages) == ["word word"]
    assert messages[-1]["eos"] is True


async def test_quirk_11_a_wrong_key_is_refused_before_the_upgrade(server: BodhiServer) -> None:
    status, body = await refusal(server, {"x-api-key": "ek_wrong", "x-customer-id": UUID})
    assert status == 401
    assert set(body) == {"error", "message", "code", "timestamp"}
    assert (body["error"], body["code"]) == ("unauthorized", 401)
    assert body["message"] == "Invalid API key or customer ID"


async def test_no_key_at_all_is_refused(server: BodhiServer) -> None:
    assert (await refusal(server, {}))[0] == 401


async def test_another_customers_id_with_a_good_key_is_refused(server: BodhiServer) -> None:
    other = await server.accounts.create("other")
    headers = server.headers | {"x-customer-id": other.customer_id}
    assert (await refusal(server, headers))[0] == 401


async def test_quirk_11_a_customer_without_balance_is_refused_before_the_upgrade(server: BodhiServer) -> None:
    await server.accounts.set_balance("mine", 0.0)
    status, body = await refusal(server, server.headers)
    assert (status, body["error"]) == (402, "insufficient_balance")


async def test_quirk_11_a_deactivated_customer_is_refused_before_the_upgrade(server: BodhiServer) -> None:
    await server.accounts.set_active("mine", False)
    status, body = await refusal(server, server.headers)
    assert (status, body["error"]) == (403, "inactive_customer")


@pytest.mark.parametrize("carrier", ["x-api-key", "X-API-KEY", "Authorization"])
async def test_a_key_alone_is_enough(server: BodhiServer, carrier: str) -> None:
    key = server.credentials.api_key
    headers = {carrier: f"Bearer {key}" if carrier == "Authorization" else key}
    async with server.connect(headers=headers) as socket:
        await socket.send(config() + EOF)
        assert (await read_all(socket))[-1]["eos"] is True


async def test_a_server_may_insist_on_the_customer_id(tmp_path: Path) -> None:
    async with serving(tmp_path, bodhi_require_customer_id=True) as server:
        assert (await refusal(server, {"x-api-key": server.credentials.api_key}))[0] == 401
        assert (await call(server, config(), EOF))[-1]["eos"] is True


async def test_a_full_server_refuses_before_the_upgrade(server: BodhiServer) -> None:
    server.speech.limit = 0
    status, body = await refusal(server, server.headers)
    assert (status, body["error"]) == (503, "service_unavailable")


# -- streaming ------------------------------------------------------------------------------------


async def test_quirk_12_a_whole_file_at_once_read_late_is_heard_in_order(server: BodhiServer) -> None:
    frames = [TONE[at : at + 4096] for at in range(0, len(TONE), 4096)] * 5
    messages = await call(server, config(), *frames, EOF)
    texts = [m["text"] for m in messages if m["type"] == "partial" and m["text"]]
    assert texts == sorted(texts, key=len)
    assert complete_texts(messages) == [" ".join(["word"] * 10)]


@pytest.mark.parametrize("size", [1, 3, 320, 1001])
async def test_frames_of_any_size_odd_ones_too_give_the_same_samples(server: BodhiServer, size: int) -> None:
    audio = TONE[:4000]
    await call(server, config(), *[audio[at : at + size] for at in range(0, len(audio), size)], EOF)
    await call(server, config(), audio, EOF)
    one, whole = (stream.samples for stream in server.speech.streams)
    assert one.size == whole.size == 4000
    assert np.allclose(one, whole, atol=1e-4)


async def test_a_half_sample_at_the_end_is_left_out(server: BodhiServer) -> None:
    messages = await call(server, config(), TONE + b"\1", EOF)
    assert complete_texts(messages) == ["word word"]


async def test_two_channels_are_mixed(server: BodhiServer) -> None:
    mono = np.frombuffer(TONE, "<i2")
    stereo = np.repeat(mono, 2).astype("<i2").tobytes()
    await call(server, config(channels=2), stereo, EOF)
    assert server.speech.streams[0].samples.size == 16_000


async def test_quirk_13_only_text_frames_are_sent(server: BodhiServer) -> None:
    async with server.connect() as socket:
        for message in (config(), TONE, EOF):
            await socket.send(message)
        assert all(isinstance(message, str) for message in [m async for m in socket])
        assert socket.close_code == 1000


async def test_silence_is_answered_with_empty_partials_while_it_lasts(server: BodhiServer) -> None:
    async with server.connect() as socket:
        await socket.send(config())
        for _ in range(60):
            await socket.send(b"\0" * 320)
            await asyncio.sleep(0.02)
        first = json.loads(await asyncio.wait_for(socket.recv(), 60))
        assert (first["type"], first["text"]) == ("partial", "")


async def test_the_language_is_identified_among_those_that_have_a_model(server: BodhiServer) -> None:
    """The scripted service says that the last of the languages it is asked about is spoken."""
    server.speech.languages = {"hi-IN", "ta-IN"}
    messages = await call(server, config(at_start_lid=True), read_speech(8000, 5.0), EOF)
    first, chosen = server.speech.streams
    assert (first.options.language, chosen.options.language) == ("en-IN", "ta-IN")
    assert first.closed
    told = [message for message in messages if message["text"]]
    assert told
    assert {message["language_code"] for message in told} == {"ta"}
    assert all("language_code" not in m or m["language_code"] == "ta" for m in messages)


async def test_without_another_model_the_language_is_the_models_own(server: BodhiServer) -> None:
    messages = await call(server, config(at_start_lid=True), TONE, EOF)
    assert {message["language_code"] for message in messages} == {"en"}
    assert len(server.speech.streams) == 1


# -- bad input, and the calls beside it -----------------------------------------------------------

BAD: dict[str, list[str | bytes]] = {
    "no model": [config(model=None)],
    "unknown model": [config(model="xx-nothing-v1")],
    "a language without a model": [config(model="hi-banking-v2-8khz")],
    "no transaction id": [config(transaction_id=None)],
    "wrong sample rate": [config(sample_rate=100)],
    "text instead of audio": [config(), "AAAA"],
    "audio before config": [TONE],
    "config twice": [config(), TONE, config()],
    "broken json": ['{"config": {'],
    "a frame too large": [config(), b"\0" * 2_000_000],
    "a WAV that is no 16-bit PCM": [
        config(),
        b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\3\0\1\0\x40\x1f\0\0\0\x7d\0\0\4\0\x20\0data\0\0\0\0",
    ],
}


@pytest.mark.parametrize("messages", BAD.values(), ids=BAD)
async def test_bad_input_is_answered_and_leaves_the_call_beside_it_alone(
    server: BodhiServer, messages: list[str | bytes]
) -> None:
    async with server.connect() as good:
        await good.send(config())
        await good.send(TONE)
        bad = await call(server, *messages)
        await good.send(TONE)
        await good.send(EOF)
        assert complete_texts(await read_all(good)) == ["word word word word"]
    (error,) = [message for message in bad if "error" in message]
    assert bad[-1] is error
    assert (error["error"], error["code"]) == ("bad_request", 400)


async def test_the_close_after_an_error_is_a_policy_violation(server: BodhiServer) -> None:
    async with server.connect() as socket:
        await socket.send("nonsense")
        await read_all(socket)
        assert socket.close_code == 1008


async def test_a_client_without_eof_is_charged_and_its_stream_freed(server: BodhiServer) -> None:
    async with server.connect() as socket:
        await socket.send(config())
        await socket.send(TONE)
        while not (server.speech.streams and server.speech.streams[0].words):
            await asyncio.sleep(0.01)
    await _until(lambda: server.speech.streams[0].closed)
    await _until_async(lambda: _used(server), 1.0)


async def test_an_idle_client_gets_its_last_words_and_is_closed(tmp_path: Path) -> None:
    async with serving(tmp_path, bodhi_idle_timeout=1.0) as server:
        messages = await call(server, config(), TONE)
        assert complete_texts(messages) == ["word word"]
        assert messages[-1]["eos"] is True


async def test_a_client_that_stops_reading_is_cut_off_and_harms_no_other(tmp_path: Path) -> None:
    async with (
        serving(tmp_path, bodhi_idle_timeout=120.0) as server,
        server.connect() as deaf,
        server.connect() as good,
    ):
        deaf.transport.pause_reading()
        await deaf.send(config())
        stream = await _stream_of(server, 0)
        for at in range(20_000):
            stream.tell(Hypothesis(at, "word " * 300, 0.0, 1.0, is_final=True, audio_end=1.0))
            if at % 50 == 0:
                await asyncio.sleep(0)
            if stream.closed:
                break
        await _until(lambda: stream.closed, seconds=60)
        for message in (config(), TONE, EOF):
            await good.send(message)
        assert complete_texts(await read_all(good)) == ["word word"]


async def test_a_decoder_that_breaks_ends_only_its_own_call_with_500(server: BodhiServer) -> None:
    server.speech.fail_on_flush = True
    (*_, last) = await call(server, config(), TONE, EOF)
    assert (last["error"], last["code"]) == ("internal_server_error", 500)
    server.speech.fail_on_flush = False
    assert complete_texts(await call(server, config(), TONE, EOF)) == ["word word"]


# -- usage ----------------------------------------------------------------------------------------


async def test_usage_is_recorded_in_seconds_of_audio(server: BodhiServer) -> None:
    await call(server, config(), TONE, TONE, EOF)
    await _until_async(lambda: _used(server), 2.0)
    await call(server, config(sample_rate=16000), TONE, EOF)
    await _until_async(lambda: _used(server), 2.5)
    (day,) = await server.accounts.usage("mine")
    assert day.sessions == 2


async def test_what_could_not_be_written_down_is_charged_the_next_time(
    server: BodhiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer = server.credentials.customer_id
    meter = Meter(server.accounts, customer)
    await meter.settle(1.0)

    async def broken(*_: Any, **__: Any) -> None:
        raise OSError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(server.accounts, "charge", broken)
        with pytest.raises(OSError, match="full"):
            await meter.settle(3.0)
    await meter.settle(4.0)
    (day,) = await server.accounts.usage("mine")
    assert (day.audio_s, day.sessions) == (pytest.approx(4.0), 1)


async def test_a_customer_whose_balance_runs_out_during_a_call_is_told(
    server: BodhiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("earful.dialects.bodhi.sockets._SETTLE_S", 0.1)
    await server.accounts.set_balance("mine", 0.5)
    (*_, last) = await call(server, config(), TONE)
    assert (last["error"], last["code"]) == ("insufficient_balance", 402)


async def test_a_customer_deactivated_during_a_call_is_told(
    server: BodhiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("earful.dialects.bodhi.sockets._SETTLE_S", 0.1)
    async with server.connect() as socket:
        await socket.send(config())
        await server.accounts.set_active("mine", False)
        (*_, last) = await read_all(socket)
    assert (last["error"], last["code"]) == ("inactive_customer", 403)


async def test_a_server_that_stops_tells_the_last_words_first(server: BodhiServer) -> None:
    async with server.connect() as socket:
        await socket.send(config())
        await socket.send(TONE)
        await _until(lambda: bool(server.speech.streams and server.speech.streams[0].words))
        await server.bodhi.close(5.0)
        messages = await read_all(socket)
        assert complete_texts(messages) == ["word word"]
        assert messages[-1]["code"] == 503
        assert socket.close_code == 1001
    assert (await refusal(server, server.headers))[0] == 503


async def _stream_of(server: BodhiServer, number: int) -> Any:
    await _until(lambda: len(server.speech.streams) > number)
    return server.speech.streams[number]


async def _used(server: BodhiServer) -> float:
    return sum(day.audio_s for day in await server.accounts.usage("mine"))


async def _until(true: Any, seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.01)


async def _until_async(value: Any, wanted: float) -> None:
    async with asyncio.timeout(60):
        while await value() != pytest.approx(wanted, abs=0.01):
            await asyncio.sleep(0.02)
