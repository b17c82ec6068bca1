"""Recordings and texts: what is sent, and jobs until they end."""

from __future__ import annotations

import asyncio
import json
import threading
from pathlib import Path
from typing import Any

import pytest

import symbl
from symbl._jobs import JobStatus
from symbl.jobs_api.Job import Job
from tests.sdk.conftest import CREDENTIALS

IDS = {"conversationId": "7", "jobId": "j1"}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("symbl._jobs.FIRST_DELAY", 0.001)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """A file of some size."""
    path = tmp_path / "call.wav"
    path.write_bytes(b"RIFF" * 200_000)
    return path


def job(service: symbl.MockTransport, *statuses: str) -> None:
    for status in statuses:
        service.answer("GET", "/v1/job/j1", {"id": "j1", "status": status})


def test_file_is_uploaded_as_it_is(service: symbl.MockTransport, recording: Path) -> None:
    """Raw bytes with their length; parameters in the query; the call waits for the job."""
    service.answer("POST", "/v1/process/audio", IDS, status=201)
    job(service, "scheduled", "in_progress", "completed")
    parameters = {"name": "Call", "enableSpeakerDiarization": True, "customVocabulary": ["Kestrel"]}
    conversation = symbl.Audio.process_file(file_path=str(recording), parameters=parameters)
    assert (conversation.conversation_id, conversation.job_id) == ("7", "j1")
    assert conversation.get_job_status() == "completed"
    upload = service.requests[1]
    assert upload.content == recording.read_bytes()
    assert upload.headers["content-length"] == "800000"
    assert "content-type" not in upload.headers
    assert dict(upload.url.params) == {
        "name": "Call",
        "enableSpeakerDiarization": "true",
        "customVocabulary": '["Kestrel"]',
    }


def test_video_says_so_and_an_explicit_type_is_kept(service: symbl.MockTransport, recording: Path) -> None:
    """The documented default for video; for audio what the caller says."""
    service.answer("PUT", "/v1/process/video/7", IDS)
    service.answer("PUT", "/v1/process/audio/7", IDS)
    job(service, "completed")
    symbl.Video.append_file(recording, 7)
    assert service.requests[1].headers["content-type"] == "video/mp4"
    symbl.Audio.append_file(recording, "7", content_type="audio/wav")
    assert service.requests[3].headers["content-type"] == "audio/wav"


@pytest.mark.parametrize(
    "arguments", [{"payload": {"url": "http://f"}}, {"payload": "http://f"}, {"url": "http://f"}]
)
def test_url_is_taken_in_every_documented_form(
    service: symbl.MockTransport, arguments: dict[str, Any]
) -> None:
    """A dict, a string, or by the name `url`."""
    service.answer("POST", "/v1/process/audio/url", IDS)
    service.answer("PUT", "/v1/process/audio/url/7", IDS)
    job(service, "completed")
    symbl.Audio.process_url(**arguments)
    symbl.Audio.append_url(conversation_id=7, **arguments)
    bodies = [json.loads(request.content) for request in service.requests if "url" in request.url.path]
    assert bodies == [{"url": "http://f"}] * 2


def test_text_is_submitted_and_appended(service: symbl.MockTransport) -> None:
    """`content_type` is accepted, as documented."""
    service.answer("POST", "/v1/process/text", IDS)
    service.answer("PUT", "/v1/process/text/7", IDS)
    job(service, "completed")
    payload = {"messages": [{"payload": {"content": "Hello."}}]}
    symbl.Text.process(payload=payload, content_type="application/json")
    symbl.Text.append(payload, 7, parameters={"webhookUrl": "http://w"})
    assert json.loads(service.requests[1].content) == payload
    assert service.requests[3].url.params["webhookUrl"] == "http://w"


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: symbl.Audio.process_file(None), ValueError, "valid file_path"),
        (lambda: symbl.Audio.process_file("no-such-file"), FileNotFoundError, "no-such-file"),
        (lambda: symbl.Audio.append_file("x", ""), ValueError, "valid conversation_id"),
        (lambda: symbl.Audio.process_url({"url": None}), ValueError, "valid url"),
        (lambda: symbl.Video.append_url({"url": "http://f"}, None), ValueError, "valid conversation_id"),
        (lambda: symbl.Text.process(None), ValueError, "valid payload"),
        (lambda: symbl.Text.append({}, None), ValueError, "valid conversation_id"),
    ],
)
def test_missing_arguments_are_named(
    service: symbl.MockTransport, call: Any, error: type[Exception], words: str
) -> None:
    """Before anything is sent."""
    with pytest.raises(error, match=words):
        call()


def test_refused_upload_is_raised(service: symbl.MockTransport, recording: Path) -> None:
    """Submitting is never masked."""
    service.answer("POST", "/v1/process/audio", {"message": "not audio"}, status=400)
    with pytest.raises(symbl.ApiException, match="not audio"):
        symbl.Audio.process_file(recording)


def test_without_wait_the_callback_comes_once(service: symbl.MockTransport) -> None:
    """Also to whoever registers after the end."""
    service.answer("POST", "/v1/process/text", IDS)
    job(service, "in_progress", "completed")
    ended = threading.Event()
    calls: list[str | None] = []

    def complete(conversation: symbl.Conversation) -> None:
        calls.append(conversation.job_id)
        ended.set()

    conversation = symbl.Text.process({}, wait=False).on_complete(complete).on_error(complete)
    assert ended.wait(5)
    conversation.on_complete(complete)
    assert calls == ["j1", "j1"]


def test_job_tells_how_far_it_is_and_why_it_failed(service: symbl.MockTransport) -> None:
    """What Earful adds to the status; another server need not."""
    service.answer("POST", "/v1/process/text", IDS)
    reason = {"id": "j1", "status": "failed", "progress": 0.4, "error": "the recording is broken"}
    service.answer("GET", "/v1/job/j1", reason)
    conversation = symbl.Text.process({"messages": []})
    assert conversation.get_job_progress() == 0.4
    assert conversation.get_job_error() == "the recording is broken"


def test_failed_job_calls_on_error(service: symbl.MockTransport) -> None:
    """And not on_complete."""
    service.answer("POST", "/v1/process/text", IDS)
    job(service, "failed")
    called: list[str] = []
    conversation = symbl.Text.process({})
    conversation.on_complete(lambda it: called.append("complete")).on_error(lambda it: called.append("error"))
    assert called == ["error"]
    assert conversation.get_job_status() == "failed"


def test_polling_that_breaks_calls_on_error_with_the_cause(service: symbl.MockTransport) -> None:
    """Nothing dies unheard on a thread."""
    service.answer("POST", "/v1/process/text", IDS)
    ended = threading.Event()
    conversation = symbl.Text.process({}, wait=False).on_error(lambda it: ended.set())
    assert ended.wait(5)
    assert conversation._job is not None
    assert isinstance(conversation._job.error, symbl.ApiException)


def test_polling_that_breaks_is_raised_when_waiting(service: symbl.MockTransport) -> None:
    """With the HTTP status."""
    service.answer("POST", "/v1/process/text", IDS)
    with pytest.raises(symbl.ApiException) as caught:
        symbl.Text.process({})
    assert caught.value.status == 404


def test_unknown_status_is_an_error(service: symbl.MockTransport) -> None:
    """As in the vendor's package."""
    service.answer("POST", "/v1/process/text", IDS)
    job(service, "exploded")
    with pytest.raises(ValueError, match="exploded"):
        symbl.Text.process({})


def test_job_class_of_the_vendor(service: symbl.MockTransport) -> None:
    """Its methods answer, and its enum compares with anything."""
    job(service, "completed")
    it = Job("j1", "7")
    it.monitor_job("conversation", interval=0)
    assert (it.get_job_id(), it.getConversationId(), it.get_job_status()) == ("j1", "7", "completed")
    assert JobStatus.COMPLETED.ended
    assert JobStatus.COMPLETED != "completed"


async def test_asyncio_submits_and_waits(service: symbl.MockTransport, recording: Path) -> None:
    """Upload, address and text, with the same arguments."""
    for method, path in (
        ("POST", "audio"),
        ("PUT", "video/7"),
        ("POST", "audio/url"),
        ("PUT", "audio/url/7"),
        ("POST", "text"),
        ("PUT", "text/7"),
    ):
        service.answer(method, f"/v1/process/{path}", IDS)
    job(service, "in_progress", "completed")
    async with symbl.AsyncClient(transport=service, credentials=CREDENTIALS) as client:
        uploaded = await client.audio.process_file(recording)
        assert service.requests[1].content == recording.read_bytes()
        assert service.requests[1].headers["content-length"] == "800000"
        assert (uploaded.get_job_id(), uploaded.get_job_status()) == ("j1", "completed")
        assert (await client.video.append_file(recording, 7)).get_job_status() == "completed"
        assert (await client.audio.process_url("http://f")).conversation_id == "7"
        assert (await client.audio.append_url("http://f", 7)).conversation_id == "7"
        assert (await client.text.append({}, 7)).get_conversation_id() == "7"
        later = await client.text.process({}, wait=False)
        assert later.get_job_status() == "in_progress"
        assert await later.wait() == "completed"


@pytest.mark.parametrize(("status", "told"), [("completed", "done"), ("failed", "failed")])
async def test_in_asyncio_one_callback_comes_too(
    service: symbl.MockTransport, status: str, told: str
) -> None:
    """Once each, plain or async, also when the job has ended before."""
    service.answer("POST", "/v1/process/text", IDS)
    job(service, "in_progress", status)
    heard: list[tuple[str, object]] = []
    ended = asyncio.Event()

    async def done(conversation: symbl.AsyncConversation) -> None:
        heard.append(("done", conversation))
        ended.set()

    def failed(conversation: symbl.AsyncConversation) -> None:
        heard.append(("failed", conversation))
        ended.set()

    async with symbl.AsyncClient(transport=service, credentials=CREDENTIALS) as client:
        conversation = await client.text.process({}, wait=False)
        assert conversation.on_complete(done).on_error(failed) is conversation
        await asyncio.wait_for(ended.wait(), 10)
        ended.clear()
        conversation.on_complete(done).on_error(failed)
        await asyncio.wait_for(ended.wait(), 10)
    assert heard == [(told, conversation)] * 2


async def test_in_asyncio_polling_that_breaks_calls_on_error(service: symbl.MockTransport) -> None:
    """The cause is logged; a live conversation has no job and is complete."""
    service.answer("POST", "/v1/process/text", IDS)
    service.answer("GET", "/v1/job/j1", {"message": "no"}, status=404)
    ended: asyncio.Queue[object] = asyncio.Queue()
    async with symbl.AsyncClient(transport=service, credentials=CREDENTIALS) as client:
        conversation = await client.text.process({}, wait=False)
        conversation.on_error(ended.put_nowait)
        assert await asyncio.wait_for(ended.get(), 10) is conversation
        live = symbl.AsyncConversation("7", session=client.conversations._session).on_complete(ended.put)
        assert await asyncio.wait_for(ended.get(), 10) is live
