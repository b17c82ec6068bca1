"""The Async API over HTTP: what is taken, what is refused and how, and how a job stands."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from earful.accounts.service import Accounts
from earful.dialects.symbl.errors import install_error_handlers
from earful.dialects.symbl.management import Library
from earful.dialects.symbl.process import process_router
from earful.insight.types import Findings
from earful.jobs.processing import Processing
from earful.jobs.worker import Outcome, Report, Worker
from earful.server import create_app
from earful.settings import Settings
from earful.store.conversations import ConversationStore
from earful.store.database import Database
from earful.store.jobs import Job, JobStore
from earful.store.media import MediaStore
from earful.store.resources import Resource, ResourceStore

TEXT = {"messages": [{"payload": {"content": "Hello."}, "from": {"name": "Ines", "userId": "i@example.com"}}]}
UPLOADS = ["/v1/process/audio", "/v1/process/video"]
URLS = ["/v1/process/audio/url", "/v1/process/video/url"]


@dataclass
class Api:
    client: httpx.AsyncClient
    accounts: Accounts
    conversations: ConversationStore
    jobs: JobStore
    media: MediaStore
    application_id: str
    database: Database

    async def stored(self, answer: httpx.Response) -> Job:
        assert answer.status_code == 201, answer.text
        job = await self.jobs.get(self.application_id, answer.json()["jobId"])
        assert job is not None
        assert job.conversation_id == answer.json()["conversationId"]
        return job

    async def another(self) -> dict[str, str]:
        return {"x-api-key": (await self.accounts.create("another")).api_key}


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    database = Database(f"sqlite:///{tmp_path / 'earful.db'}")
    await database.start()
    accounts = Accounts(database)
    credentials = await accounts.create("tests")
    conversations = ConversationStore(database)
    jobs = JobStore(database, conversations)
    media = MediaStore(tmp_path / "media")

    async def run(job: Job, report: Report) -> Outcome:
        return Outcome(Findings(), datetime.now(UTC))

    # Its worker is never started: jobs stay as they were sent.
    worker = Worker(jobs, run, concurrency=1)
    processing = Processing(conversations, jobs, media, worker, max_open_jobs=3, max_upload_bytes=1000)
    app = FastAPI(strict_content_type=False)
    install_error_handlers(app)
    app.include_router(process_router(accounts, processing, Library(ResourceStore(database))))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://earful") as client:
        client.headers["x-api-key"] = credentials.api_key
        yield Api(client, accounts, conversations, jobs, media, credentials.customer_id, database)
    await database.close()


@pytest.mark.parametrize("path", UPLOADS)
@pytest.mark.parametrize(
    "content_type", ["", "audio/wav", "video/mp4", "application/octet-stream", "text/plain"]
)
async def test_an_upload_is_on_disk_when_it_is_acknowledged(api: Api, path: str, content_type: str) -> None:
    headers = {"content-type": content_type} if content_type else {}
    job = await api.stored(await api.client.post(path, content=b"RIFF", headers=headers))
    assert (job.kind, job.status) == ("media", "scheduled")
    assert api.media.path(job.request["media"]).read_bytes() == b"RIFF"


@pytest.mark.parametrize("path", UPLOADS)
async def test_an_upload_in_chunks_needs_no_length(api: Api, path: str) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"RI"
        yield b"FF"

    job = await api.stored(await api.client.post(path, content=chunks()))
    assert api.media.path(job.request["media"]).read_bytes() == b"RIFF"


async def test_parameters_of_an_upload_come_in_the_query(api: Api) -> None:
    query = {
        "name": "Call",
        "enableSpeakerDiarization": "true",
        "diarizationSpeakerCount": "2",
        "mode": "phone",
    }
    job = await api.stored(await api.client.post("/v1/process/audio", content=b"RIFF", params=query))
    assert (job.request["diarize"], job.request["speakers"]) == (True, 2)
    conversation = await api.conversations.get(api.application_id, job.conversation_id)
    assert conversation is not None
    assert conversation.name == "Call"


@pytest.mark.parametrize("path", URLS)
async def test_an_address_is_taken_with_its_parameters_in_the_body_or_the_query(api: Api, path: str) -> None:
    body = {"url": "https://example.com/call.mp3", "customVocabulary": ["Kestrel"]}
    answer = await api.client.post(path, json=body, params={"enableSpeakerDiarization": "true"})
    job = await api.stored(answer)
    assert job.request["url"] == "https://example.com/call.mp3"
    assert (job.request["vocabulary"], job.request["diarize"]) == (["Kestrel"], True)


async def test_a_text_is_taken_with_its_times_from_the_first_item_on(api: Api) -> None:
    spans = [("09:00:05", "09:00:06"), ("09:00:00", "09:00:04")]
    items = [
        {
            "payload": {"content": "Hello."},
            "duration": {"startTime": f"2022-03-01T{start}.000Z", "endTime": f"2022-03-01T{end}.000Z"},
        }
        for start, end in spans
    ]
    answer = await api.client.post(
        "/v1/process/text", json={"messages": items}, params={"webhookUrl": "https://example.com/hook"}
    )
    job = await api.stored(answer)
    assert [(item["start"], item["end"]) for item in job.request["remarks"]] == [(5.0, 6.0), (0.0, 4.0)]
    assert job.webhook_url == "https://example.com/hook"
    conversation = await api.conversations.get(api.application_id, job.conversation_id)
    assert conversation is not None
    assert conversation.started_at == datetime(2022, 3, 1, 9, tzinfo=UTC)


@pytest.mark.parametrize("time", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00"])
async def test_a_time_at_the_ends_of_the_calendar_is_refused_by_name(api: Api, time: str) -> None:
    item = {"payload": {"content": "Call me in three weeks."}, "duration": {"startTime": time}}
    for body, name in (
        ({"messages": [item]}, "messages.0.duration.startTime"),
        ({**TEXT, "startTime": time}, "startTime"),
    ):
        answer = await api.client.post("/v1/process/text", json=body)
        assert answer.status_code == 400
        assert answer.json()["message"] == f"{name}: the year has to lie between 1900 and 2200"


async def test_a_text_without_any_message_makes_an_empty_conversation(api: Api) -> None:
    await api.stored(await api.client.post("/v1/process/text", json={"messages": []}))


async def test_start_and_labels_are_the_conversations(api: Api) -> None:
    body = {**TEXT, "startTime": "2022-03-01T10:00:00+01:00", "metadata": {"salesStage": "demo", "n": 1}}
    job = await api.stored(await api.client.post("/v1/process/text", json=body))
    conversation = await api.conversations.get(api.application_id, job.conversation_id)
    assert conversation is not None
    assert conversation.started_at == datetime(2022, 3, 1, 9, tzinfo=UTC)
    assert conversation.metadata == {"salesStage": "demo"}


@pytest.mark.parametrize(
    ("given", "minutes"),
    [
        ({}, -300),
        ({"timezoneOffset": "60"}, 60),
        ({"startTime": "2022-03-01T23:00:00+05:30"}, 330),
    ],
)
async def test_times_tell_the_clock_that_dates_are_said_by(
    api: Api, given: dict[str, str], minutes: int
) -> None:
    item = {"payload": {"content": "Tomorrow."}, "duration": {"startTime": "2022-03-01T23:30:00-05:00"}}
    job = await api.stored(await api.client.post("/v1/process/text", json={"messages": [item], **given}))
    conversation = await api.conversations.get(api.application_id, job.conversation_id)
    assert conversation is not None
    assert conversation.timezone_offset_min == minutes
    assert job.request["wanted"]["timezone_offset_min"] == minutes
    appended = await api.stored(
        await api.client.put(f"/v1/process/text/{conversation.id}", json={"messages": [item]})
    )
    assert appended.request["began_at"] == "2022-03-01T23:30:00-05:00"


async def test_appending_keeps_the_conversation_and_makes_a_new_job(api: Api) -> None:
    first = await api.stored(await api.client.post("/v1/process/text", json=TEXT))
    owner = first.conversation_id
    second = await api.stored(await api.client.put(f"/v1/process/text/{owner}", json=TEXT))
    third = await api.stored(await api.client.put(f"/v1/process/audio/{owner}", content=b"RIFF"))
    assert {second.conversation_id, third.conversation_id} == {owner}
    assert len({first.id, second.id, third.id}) == 3


@pytest.mark.parametrize("path", ["text", "audio", "video", "audio/url", "video/url"])
async def test_appending_to_what_is_not_there_or_not_ones_own_is_refused(api: Api, path: str) -> None:
    made = await api.stored(await api.client.post("/v1/process/text", json=TEXT))
    stranger = await api.another()
    for headers, owner in ((stranger, made.conversation_id), ({}, "1234567890123456")):
        body = {**TEXT, "url": "https://example.com/a.mp3"}
        answer = await api.client.put(f"/v1/process/{path}/{owner}", json=body, headers=headers)
        assert answer.status_code == 404
        assert answer.json() == {
            "statusCode": 404,
            "message": "The conversationId is either invalid or does not exist.",
        }
    assert await api.jobs.media_keys() <= {job.id for job in [made]}


async def test_a_job_is_told_by_its_state_and_only_to_its_owner(api: Api) -> None:
    job = await api.stored(await api.client.post("/v1/process/text", json=TEXT))
    answer = await api.client.get(f"/v1/job/{job.id}")
    assert answer.json() == {"id": job.id, "status": "scheduled", "progress": 0.0}
    claimed = await api.jobs.claim("w", timedelta(seconds=30))
    assert claimed is not None
    await api.jobs.fail(claimed, "w", "the recording holds no audio")
    answer = await api.client.get(f"/v1/job/{job.id}")
    assert answer.json()["status"] == "failed"
    assert answer.json()["error"] == "the recording holds no audio"
    answer = await api.client.get(f"/v1/job/{job.id}", headers=await api.another())
    assert answer.status_code == 404
    assert set(answer.json()) == {"statusCode", "message"}


@pytest.mark.parametrize(
    ("path", "content", "said"),
    [
        ("/v1/process/text", b"{", "not valid JSON"),
        ("/v1/process/text", b"[]", "not a JSON object"),
        ("/v1/process/text", b"[" * 100_000, "not valid JSON"),
        ("/v1/process/text", b'{"messages": {}}', "messages: Input should be a list"),
        ("/v1/process/text", b'{"messages": [], "metadata": 1}', "metadata: Input should be an object"),
        ("/v1/process/audio?trackers=" + "%5B" * 5000, b"RIFF", "trackers"),
        ("/v1/process/text", b"{}", "messages"),
        ("/v1/process/text", b'{"messages": [{}]}', "payload"),
        ("/v1/process/text", b'{"messages": [], "confidenceThreshold": 7}', "confidenceThreshold"),
        ("/v1/process/text", b'{"messages": [], "webhookUrl": "file:///etc/passwd"}', "webhookUrl"),
        ("/v1/process/audio/url", b"{}", "url"),
        ("/v1/process/audio/url", b'{"url": "file:///etc/passwd"}', "url"),
        ("/v1/process/audio?diarizationSpeakerCount=many", b"RIFF", "diarizationSpeakerCount"),
        ("/v1/process/audio", b"", "empty"),
    ],
)
async def test_what_cannot_be_done_is_refused_with_its_reason(
    api: Api, path: str, content: bytes, said: str
) -> None:
    answer = await api.client.post(path, content=content)
    assert answer.status_code == 400
    assert said in answer.json()["message"]
    assert await api.jobs.count_open(api.application_id) == 0


async def test_an_upload_over_the_limit_leaves_nothing(api: Api, tmp_path: Path) -> None:
    answer = await api.client.post("/v1/process/audio", content=b"x" * 1001)
    assert answer.status_code == 413
    assert list((tmp_path / "media").iterdir()) == []


@pytest.mark.parametrize(
    "path", ["/v1/process/text", "/v1/process/audio", "/v1/process/audio/url", "/v1/job/x"]
)
async def test_without_a_token_nothing_is_done(api: Api, path: str) -> None:
    del api.client.headers["x-api-key"]
    answer = await api.client.request("GET" if "job" in path else "POST", path)
    assert answer.status_code == 401
    assert answer.json() == {"statusCode": 401, "message": "Token validation failed for provided token."}


async def test_more_jobs_than_allowed_are_refused_until_some_are_done(api: Api, tmp_path: Path) -> None:
    for _ in range(3):
        await api.stored(await api.client.post("/v1/process/text", json=TEXT))
    for path, content in (("/v1/process/text", None), ("/v1/process/audio", b"RIFF")):
        body: dict[str, Any] = {"json": TEXT} if content is None else {"content": content}
        answer = await api.client.post(path, **body)
        assert answer.status_code == 429
        assert "3 jobs" in answer.json()["message"]
        assert int(answer.headers["retry-after"]) > 0
    assert not (tmp_path / "media").exists()
    other = await api.client.post("/v1/process/text", json=TEXT, headers=await api.another())
    assert other.status_code == 201
    claimed = await api.jobs.claim("w", timedelta(seconds=30))
    assert claimed is not None
    await api.jobs.fail(claimed, "w", "no")
    await api.stored(await api.client.post("/v1/process/text", json=TEXT))


async def test_every_route_is_described_with_its_parameters(api: Api) -> None:
    described = (await api.client.get("/openapi.json")).json()["paths"]
    names = {parameter["name"] for parameter in described["/v1/process/audio"]["post"]["parameters"]}
    assert {"customVocabulary", "enableSpeakerDiarization", "trackers", "webhookUrl"} <= names
    text = described["/v1/process/text"]["post"]["requestBody"]["content"]["application/json"]
    assert "messages" in text["schema"]["properties"]


async def test_stored_trackers_and_entities_are_used_when_asked_for(api: Api) -> None:
    resources = ResourceStore(api.database)
    tracker = {"name": "Late", "vocabulary": ["was late"]}
    entity = {"type": "Vehicle", "subType": "Bike", "values": ["cargo bike"]}
    await resources.add(
        api.application_id,
        [Resource("7", "tracker", "Late", tracker), Resource("8", "entity", "x", entity)],
    )
    by_id = await api.client.post("/v1/process/text", json={**TEXT, "trackers": [{"id": "7"}]})
    assert (await api.stored(by_id)).request["wanted"]["trackers"][0]["vocabulary"] == ["was late"]
    everything = {**TEXT, "enableAllTrackers": True, "detectEntities": True}
    wanted = (await api.stored(await api.client.post("/v1/process/text", json=everything))).request["wanted"]
    assert [one["id"] for one in wanted["trackers"]] == ["7"]
    assert [one["text"] for one in wanted["custom_entities"]] == ["cargo bike"]
    unknown = await api.client.post("/v1/process/text", json={**TEXT, "trackers": [{"id": "9"}]})
    assert (unknown.status_code, unknown.json()["message"]) == (400, "trackers: there is no tracker '9'")


async def test_a_recording_may_be_a_file_of_a_form_with_its_parameters_beside_it(api: Api) -> None:
    content = bytes(range(256)) * 3 + b"\r\n--\r\n"
    answer = await api.client.post(
        "/v1/process/audio?name=Query&mode=phone",
        files={"file": ("a.wav", content, "audio/wav")},
        data={"name": "Föhn", "customVocabulary": ["Kestrel", "Cloud"], "enableSpeakerDiarization": "true"},
    )
    job = await api.stored(answer)
    assert api.media.path(job.request["media"]).read_bytes() == content
    assert (job.request["vocabulary"], job.request["diarize"]) == (["Kestrel", "Cloud"], True)
    conversation = await api.conversations.get(api.application_id, job.conversation_id)
    assert conversation is not None
    assert conversation.name == "Föhn"


FILE = b'--x\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\nRIFF\r\n'
NAME = b'--x\r\nContent-Disposition: form-data; name="mode"\r\n\r\n%b\r\n'


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (FILE, "before it was complete"),
        (NAME % b"phone" + b"--x--\r\n", "no file"),
        (FILE + FILE + b"--x--\r\n", "more than one file"),
        (FILE + NAME % b"loud" + b"--x--\r\n", "mode"),
        (FILE + NAME % (b"x" * 2**20) + b"y--x--\r\n", "more than 1048576 bytes"),
        (b"RIFF", "cannot be read"),
        (FILE.replace(b"RIFF", b"") + b"--x--\r\n", "empty"),
    ],
    ids=["cut off", "no file", "two files", "wrong field", "large field", "no form", "empty file"],
)
async def test_a_form_that_cannot_be_used_leaves_nothing(
    api: Api, tmp_path: Path, body: bytes, said: str
) -> None:
    headers = {"content-type": "multipart/form-data; boundary=x"}
    answer = await api.client.post("/v1/process/audio", content=body, headers=headers)
    assert answer.status_code == 400
    assert said in answer.json()["message"]
    assert list((tmp_path / "media").iterdir()) == []
    without = {"content-type": "multipart/form-data"}
    assert (await api.client.post("/v1/process/audio", content=FILE, headers=without)).status_code == 400


async def test_an_upload_of_which_nothing_more_comes_is_given_up(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("earful.dialects.symbl.process._STALLED_S", 0.05)

    async def halting() -> AsyncIterator[bytes]:
        yield b"RIFF"
        await asyncio.Event().wait()

    answer = await api.client.post("/v1/process/audio", content=halting())
    assert answer.status_code == 408
    assert list((tmp_path / "media").iterdir()) == []


async def test_a_language_that_nothing_recognises_is_refused_for_recordings_alone(
    tmp_path: Path,
) -> None:
    app = create_app(Settings(data_dir=tmp_path))
    await app.state.rooms.database.start()
    key = (await app.state.rooms.accounts.create("tests")).api_key
    headers = {"x-api-key": key, "content-type": "application/x-www-form-urlencoded"}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://earful", headers=headers
    ) as client:
        for path in ("audio?languageCode=xx-YY", "video/url?languageCode=xx-YY"):
            refused = await client.post(f"/v1/process/{path}", content=b'{"url": "http://example.com/"}')
            assert refused.status_code == 400
            assert "languageCode: no speech model for 'xx-YY'" in refused.json()["message"]
        # What `curl -d` calls a form is read as the JSON that it is.
        text = b'{"messages": [], "languageCode": "xx-YY"}'
        assert (await client.post("/v1/process/text", content=text)).status_code == 201
        tracker = b'{"name": "Late", "vocabulary": ["was late"]}'
        assert (await client.post("/v1/manage/tracker", content=tracker)).status_code == 201
    await app.state.rooms.database.close()


async def test_one_feature_need_not_be_in_a_list(api: Api) -> None:
    body = {"messages": [], "features": {"featureList": "callScore"}}
    job = await api.stored(await api.client.post("/v1/process/text", json=body))
    assert job.request["wanted"]["call_score"]
