"""`POST /api/transcribe` over a real server and a scripted recognizer."""

import io
import json
import wave
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from earful.speech.types import Hotword
from tests.dialects.bodhi.server import UUID, BodhiServer, serving
from tests.dialects.bodhi.test_sockets import TONE

FORM = {"model": "en-general-v2-8khz", "transaction_id": UUID}


def wav(pcm: bytes = TONE, rate: int = 8000) -> bytes:
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(pcm)
    return target.getvalue()


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[BodhiServer]:
    async with serving(tmp_path, max_upload_bytes=1_048_576) as server:
        yield server


async def post(
    server: BodhiServer,
    audio: bytes | None = None,
    form: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
    **more: Any,
) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        return await client.post(
            f"http://{server.address}/api/transcribe",
            headers=server.headers if headers is None else headers,
            data=FORM if form is None else form,
            files=None if audio is None else {"audio_file": ("call.wav", audio, "audio/wav")},
            **more,
        )


async def test_a_wav_is_answered_with_its_text(server: BodhiServer) -> None:
    answer = await post(server, wav())
    assert answer.status_code == 200
    body = answer.json()
    assert set(body) == {"call_id", "text", "status"}
    assert (body["text"], body["status"]) == ("word word", "success")


@pytest.mark.parametrize("flag", ["true", "TRUE", '"true"'])
async def test_aux_is_asked_for_in_any_case(server: BodhiServer, flag: str) -> None:
    aux = (await post(server, wav(), FORM | {"aux": flag})).json()["aux_info"]
    assert aux["received_request_time"] > 1_700_000_000
    assert 0 <= aux["request_time"] < 30
    assert aux["processed_audio_duration"] == pytest.approx(1.0, abs=0.01)


async def test_aux_false_is_none(server: BodhiServer) -> None:
    assert "aux_info" not in (await post(server, wav(), FORM | {"aux": "false"})).json()


async def test_values_in_quotes_are_understood(server: BodhiServer) -> None:
    quoted = {name: f'"{value}"' for name, value in FORM.items()}
    assert (await post(server, wav(), quoted)).status_code == 200


async def test_hotwords_come_as_json_text(server: BodhiServer) -> None:
    hotwords = json.dumps([{"phrase": "loan", "score": 2.5}])
    await post(server, wav(), FORM | {"hotwords": hotwords})
    assert server.speech.streams[0].options.hotwords == (Hotword("loan", 2.5),)


async def test_headerless_pcm_that_is_called_a_wav_is_taken_at_the_models_rate(server: BodhiServer) -> None:
    assert (await post(server, TONE)).json()["text"] == "word word"
    assert server.speech.streams[0].samples.size == 16_000


async def test_a_wav_of_another_rate_is_taken_at_its_own(server: BodhiServer) -> None:
    assert (await post(server, wav(TONE + TONE, 16_000))).json()["text"] == "word word"


async def test_usage_is_recorded(server: BodhiServer) -> None:
    await post(server, wav())
    (day,) = await server.accounts.usage("mine")
    assert (day.audio_s, day.sessions) == (pytest.approx(1.0, abs=0.01), 1)


async def test_a_bare_post_tells_a_good_key_from_a_bad_one(server: BodhiServer) -> None:
    """One product probes credentials so."""
    assert (await post(server, form={})).status_code == 400
    assert (await post(server, form={}, headers={"x-api-key": "ek_bad"})).status_code == 401


@pytest.mark.parametrize(
    ("form", "audio", "told"),
    [
        (FORM | {"model": ""}, wav(), "'model' is required"),
        (FORM | {"model": "xx-nothing"}, wav(), "model 'xx-nothing' is not available"),
        (FORM | {"model": "hi-banking-v2-8khz"}, wav(), "model 'hi-banking-v2-8khz' is not available"),
        (FORM | {"transaction_id": "7"}, wav(), "'transaction_id' must be a UUID"),
        (FORM | {"hotwords": "[{"}, wav(), "'hotwords' is not valid JSON"),
        (FORM | {"aux": "maybe"}, wav(), "invalid value for 'aux'"),
        (FORM, b"", "'audio_file' is empty"),
        (FORM, None, "'audio_file' is required"),
        (FORM, b"OggS" + b"\0" * 500, "the recording cannot be read"),
        (FORM, wav(b"\0" * 1_100_000), "the recording is larger than"),
    ],
)
async def test_what_cannot_be_transcribed_is_refused_with_the_reason(
    server: BodhiServer, form: dict[str, str], audio: bytes | None, told: str
) -> None:
    answer = await post(server, audio, form)
    body = answer.json()
    assert answer.status_code == 400
    assert set(body) == {"status", "error", "message", "code", "timestamp"}
    assert (body["status"], body["error"], body["code"]) == ("error", "bad_request", 400)
    assert body["message"].startswith(told)
    assert (await post(server, wav())).status_code == 200
    assert server.speech.capacity().streams == 0


async def test_customers_without_balance_or_deactivated_are_refused(server: BodhiServer) -> None:
    await server.accounts.set_balance("mine", 0.0)
    assert (await post(server, wav())).status_code == 402
    await server.accounts.set_active("mine", False)
    assert (await post(server, wav())).status_code == 403


async def test_a_full_server_says_so(server: BodhiServer) -> None:
    server.speech.limit = 0
    answer = await post(server, wav())
    assert (answer.status_code, answer.json()["error"]) == (503, "service_unavailable")


async def test_a_recognizer_that_breaks_is_a_500(server: BodhiServer) -> None:
    server.speech.fail_on_flush = True
    answer = await post(server, wav())
    assert (answer.status_code, answer.json()["error"]) == (500, "internal_server_error")
