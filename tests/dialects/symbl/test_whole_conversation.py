"""What is made of a conversation as a whole, corrected in it and shown of it, over the whole server."""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from earful.conversation.ids import new_uuid
from earful.insight.service import LocalInsightService
from earful.insight.types import Findings, InsightOptions, Utterance
from earful.server import create_app
from earful.settings import Settings
from earful.store.database import Database
from earful.store.jobs import Job
from tests.dialects.symbl.test_conversations import NOT_FOUND
from tests.store.samples import ACTION_ITEM, ASKED, CID, EVERYTHING, INES, PROMISED, UNNAMED, conversation

AT = f"/v1/conversations/{CID}"
BOOKMARK = {"label": "Quote", "description": "Promised", "user": {"name": "Ines"}}


@dataclass
class Api:
    http: httpx.AsyncClient
    rooms: Any
    application_id: str

    async def ok(self, method: str, path: str, **request: Any) -> Any:
        answer = await self.http.request(method, path, **request)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    async def job(self, **wanted: Any) -> Job:
        job = Job(new_uuid(), self.application_id, CID, "text", {"remarks": [], "wanted": wanted})
        await self.rooms.jobs.processing._jobs.submit(job)
        return job


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    app = create_app(Settings(data_dir=tmp_path), insight=LocalInsightService(object()))  # type: ignore[arg-type]
    rooms = app.state.rooms
    rooms.state = "ready"
    rooms._settled.set()
    database: Database = rooms.database
    await database.start()
    made = await rooms.accounts.create("mine")
    await rooms.conversations.create(conversation(made.customer_id))
    await rooms.conversations.add_findings(CID, EVERYTHING)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://earful") as http:
        http.headers["x-api-key"] = made.api_key
        yield Api(http, rooms, made.customer_id)
    await database.close()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "summary"),
        ("GET", "abstract-topics"),
        ("GET", "comprehensive/action-items"),
        ("GET", "callscore"),
        ("GET", "callscore/status"),
        ("GET", "bookmarks"),
        ("GET", "bookmarks-summary"),
    ],
)
async def test_another_applications_conversation_is_not_there(api: Api, method: str, path: str) -> None:
    other = (await api.rooms.accounts.create("theirs")).api_key
    answer = await api.http.request(method, f"{AT}/{path}", headers={"x-api-key": other})
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


async def test_a_summary_is_kept_until_it_is_refreshed(api: Api) -> None:
    first = (await api.ok("GET", f"{AT}/summary"))["summary"]
    assert "email the quote" in first[0]["text"]
    assert {ref["id"] for ref in first[0]["messageRefs"]} <= {ASKED.id, PROMISED.id, UNNAMED.id}
    assert (await api.ok("GET", f"{AT}/summary?refresh="))["summary"] == first
    assert (await api.ok("POST", f"{AT}/summary"))["summary"] == first
    late = {"startTime": "2099-01-01T00:00:00"}  # a time without a zone is UTC
    assert await api.ok("GET", f"{AT}/summary", params=late) == {"summary": []}
    anew = (await api.ok("GET", f"{AT}/summary", params={"refresh": "true"}))["summary"]
    assert anew[0]["text"] == first[0]["text"]
    assert anew[0]["id"] != first[0]["id"]


async def test_there_is_no_summary_while_a_job_runs(api: Api) -> None:
    await api.job(summary=True)
    answer = await api.http.get(f"{AT}/summary")
    assert answer.status_code == 404
    assert "processed" in answer.json()["message"]


async def test_action_items_come_with_the_question_that_led_to_them(api: Api) -> None:
    (item,) = (await api.ok("GET", f"{AT}/comprehensive/action-items"))["actionItems"]
    assert item["text"].endswith(ACTION_ITEM.text)
    assert item["text"].startswith("Ines asked: “Could you send")
    assert item["messageRefs"] == [{"id": ASKED.id}, {"id": PROMISED.id}]
    assert "messageIds" not in item
    entity = item["entities"][0]
    assert item["text"][entity["offset"] :].startswith(entity["text"])


async def test_themes_cover_a_part_of_the_conversation(api: Api) -> None:
    found = (await api.ok("GET", f"{AT}/abstract-topics"))["abstractTopics"]
    assert [(one["text"], one["score"], one["type"]) for one in found] == [
        ("revised quote", 0.667, "abstract_topic"),
        ("late delivery", 0.333, "abstract_topic"),
    ]


async def test_speaker_events_move_messages_and_insights(api: Api) -> None:
    user = {"id": "a1", "name": "Rosa", "email": "rosa@example.com"}
    events = [
        {"type": "stopped_speaking", "user": user, "offset": {"seconds": 0, "nanos": 11_500_000_000}},
        {"type": "started_speaking", "user": user, "offset": {"seconds": 6}},
    ]
    answer = await api.ok("PUT", f"{AT}/speakers", json={"speakerEvents": events})
    assert CID in answer["message"]
    names = [one["from"].get("name") for one in (await api.ok("GET", f"{AT}/messages"))["messages"]]
    assert names == ["Ines", "Rosa", None]
    (item,) = (await api.ok("GET", f"{AT}/action-items"))["actionItems"]
    assert item["from"]["email"] == item["assignee"]["email"] == "rosa@example.com"
    members = (await api.ok("GET", f"{AT}/members"))["members"]
    assert [one["name"] for one in members] == ["Ines", "Rosa"]


async def test_what_nobody_was_known_to_say_is_told_again_with_who_said_it(api: Api) -> None:
    said = (
        Utterance("Could you send the offer by Friday?", 100.0, 103.0),
        Utterance("I will send it tomorrow.", 104.0, 106.0),
    )
    session = LocalInsightService().open(conversation(api.application_id), InsightOptions())
    found = [session.observe(one) for one in said]
    messages = tuple(one for step in found for one in step.messages)
    insights = tuple(one for step in found for one in step.insights if one.kind == "action_item")
    await api.rooms.conversations.add_findings(CID, Findings(messages=messages, insights=insights))
    events = [
        {"type": kind, "user": {"id": who, "name": who}, "offset": {"seconds": at}}
        for who, start, end in (("Rosa", 100, 103), ("Tom", 104, 106))
        for kind, at in (("started_speaking", start), ("stopped_speaking", end))
    ]
    await api.ok("PUT", f"{AT}/speakers", json={"speakerEvents": events})
    items = (await api.ok("GET", f"{AT}/action-items"))["actionItems"]
    told = [one for one in items if one["from"].get("name") == "Tom"]
    assert [(one["text"], one["assignee"]["name"]) for one in told] == [("Tom will send it tomorrow.", "Tom")]
    assert [one["text"] for one in told[0]["entities"]] == ["Tom", "tomorrow"]
    assert told[0]["text"][told[0]["entities"][1]["offset"] :].startswith("tomorrow")


async def test_a_summary_is_made_anew_after_what_it_tells_of_was_changed(api: Api) -> None:
    """Who spoke, what they are called, what was said; a change of nothing leaves it."""

    async def summary() -> Any:
        return (await api.ok("GET", f"{AT}/summary"))["summary"][0]

    first = await summary()
    assert "Tomasz will email the quote" in first["text"]
    at = f"{AT}/messages/{PROMISED.id}"
    await api.ok("PATCH", at, json={"text": PROMISED.text})
    assert await summary() == first
    await api.ok("PATCH", at, json={"text": "Yes, I will email the bill to Ines tomorrow morning."})
    corrected = await summary()
    assert corrected["id"] != first["id"]
    await api.ok("PUT", f"{AT}/members/{INES.id}", json={"id": INES.id, "name": "Agnes", "email": INES.email})
    renamed = await summary()
    assert renamed["id"] != corrected["id"]
    user = {"id": "a1", "name": "Rosa", "email": "rosa@example.com"}
    events = [
        {"type": "started_speaking", "user": user, "offset": {"seconds": 6}},
        {"type": "stopped_speaking", "user": user, "offset": {"seconds": 11}},
    ]
    await api.ok("PUT", f"{AT}/speakers", json={"speakerEvents": events})
    assert (await summary())["id"] != renamed["id"]


@pytest.mark.parametrize("body", [{}, {"speakerEvents": []}, {"speakerEvents": [{"type": "sang"}]}])
async def test_bad_speaker_events_are_refused(api: Api, body: Any) -> None:
    assert (await api.http.put(f"{AT}/speakers", json=body)).status_code == 400


async def test_topics_are_ranked_anew(api: Api) -> None:
    found = (await api.ok("GET", f"{AT}/topics", params={"refresh": "true"}))["topics"]
    assert found
    assert {one["id"] for one in found}.isdisjoint({"t1", "t2"})
    assert (await api.ok("GET", f"{AT}/topics"))["topics"] == found


async def test_personal_data_is_masked_when_read(api: Api) -> None:
    def texts(answer: Any) -> str:
        return " ".join(one["text"] for one in answer["messages"])

    plain = texts(await api.ok("GET", f"{AT}/messages"))
    hidden = texts(await api.ok("GET", f"{AT}/messages", params={"redact": "true"}))
    kept = texts(
        await api.ok("GET", f"{AT}/messages", params={"redact": "true", "exclude": '["PERSON_NAME","DATE"]'})
    )
    assert "Ines" in plain
    assert "Ines" not in hidden
    assert "[PERSON_NAME]" in hidden
    assert "Ines" in kept
    change = [{"op": "add", "path": "/redaction", "value": {"default": True, "type": "obfuscation"}}]
    await api.ok("PATCH", "/v1/manage/settings", json=change)
    assert "quote to **** " in texts(await api.ok("GET", f"{AT}/messages"))
    assert texts(await api.ok("GET", f"{AT}/messages", params={"redact": "false"})) == plain


async def test_bookmarks_are_made_changed_summarised_and_deleted(api: Api) -> None:
    timed = await api.ok("POST", f"{AT}/bookmarks", json={**BOOKMARK, "beginTimeOffset": 6, "duration": 5})
    assert [ref["id"] for ref in timed["messageRefs"]] == [PROMISED.id]
    by_ref = {**BOOKMARK, "messageRefs": [{"id": ASKED.id}]}
    bulk = await api.ok("POST", f"{AT}/bookmarks/bulk", json=[by_ref])
    assert bulk["bookmarks"][0]["messageRefs"][0]["text"] == ASKED.text
    without = {**BOOKMARK, "beginTimeOffset": 6, "duration": 5, "messageRefs": []}
    spare = await api.ok("POST", f"{AT}/bookmarks", json=without)
    await api.ok("DELETE", f"{AT}/bookmarks/{spare['id']}")
    changed = await api.ok("PUT", f"{AT}/bookmarks/{timed['id']}", json={**by_ref, "label": "Other"})
    assert await api.ok("GET", f"{AT}/bookmarks/{timed['id']}") == changed
    assert len((await api.ok("GET", f"{AT}/bookmarks"))["bookmarks"]) == 2
    summary = (await api.ok("GET", f"{AT}/bookmarks/{timed['id']}/summary"))["summary"]
    assert summary[0]["bookmarkReference"] == {"id": timed["id"]}
    assert len((await api.ok("GET", f"{AT}/bookmarks-summary"))["bookmarksSummary"]) == 2
    await api.ok("DELETE", f"{AT}/bookmarks/{timed['id']}")
    assert (await api.http.get(f"{AT}/bookmarks/{timed['id']}")).status_code == 404


@pytest.mark.parametrize(
    "change", [{"description": ""}, {"label": None}, {"user": None}, {}, {"messageRefs": [{"id": "no"}]}]
)
async def test_a_bad_bookmark_is_refused(api: Api, change: Any) -> None:
    assert (await api.http.post(f"{AT}/bookmarks", json={**BOOKMARK, **change})).status_code == 400


async def test_a_call_score_is_there_when_it_was_asked_for(api: Api) -> None:
    assert (await api.http.get(f"{AT}/callscore/status")).status_code == 404
    job = await api.job(call_score=True)
    assert await api.ok("GET", f"{AT}/callscore/status") == {"jobId": job.id, "status": "scheduled"}
    assert (await api.http.get(f"{AT}/callscore")).status_code == 404


async def test_what_calls_are_scored_by_is_told(api: Api) -> None:
    criteria = await api.ok("GET", "/v1/manage/callscore/criteria")
    assert {one["name"] for one in criteria} == {
        "Communication and Engagement",
        "Question Handling",
        "Forward Motion",
        "Sales Process",
    }
    for one in criteria:
        assert await api.ok("GET", f"/v1/manage/callscore/criteria/{one['id']}") == one
        assert one["checklist"]
    assert (await api.http.get("/v1/manage/callscore/criteria/other")).status_code == 404


async def test_an_experience_opens_without_sign_in(api: Api) -> None:
    body = {"name": "audio-summary", "audioURL": "https://media.example/call.mp3", "readOnly": True}
    made = await api.ok("POST", f"{AT}/experiences", json=body)
    assert made["name"] == "audio-summary"
    address = urlsplit(made["url"])
    path = f"{address.path}?{address.query}"
    async with httpx.AsyncClient(transport=api.http._transport, base_url="http://earful") as nobody:
        page = await nobody.get(path)
        assert page.status_code == 200
        for shown in (ASKED.text, "revised quote", "Tomasz", "https://media.example/call.mp3"):
            assert shown in page.text
        assert "media-src 'self' https://media.example" in page.headers["content-security-policy"]
        assert (await nobody.get(path[:-3] + "abc")).status_code == 403
        assert (await nobody.get(f"/experiences/123?{address.query}")).status_code == 403
        member = await nobody.post(f"{address.path}/members/m-ines?{address.query}", content="name=Eve")
        assert member.status_code == 403


@pytest.mark.parametrize(("lifetime_s", "status"), [(60, 403), (3600, 200), (0, 200)])
async def test_an_address_opens_until_it_has_run_out(
    api: Api, monkeypatch: pytest.MonkeyPatch, lifetime_s: int, status: int
) -> None:
    """Made ten minutes ago; nothing shows a minute's, and for ever is for ever."""
    body = {"name": "verbose-text-summary", "summaryURLExpiresIn": lifetime_s}
    now = time.time()
    with monkeypatch.context() as earlier:
        earlier.setattr("earful.accounts.shares.time.time", lambda: now - 600)
        made = await api.ok("POST", f"{AT}/experiences", json=body)
    address = urlsplit(made["url"])
    async with httpx.AsyncClient(transport=api.http._transport, base_url="http://earful") as nobody:
        page = await nobody.get(f"{address.path}?{address.query}")
    assert page.status_code == status
    assert (ASKED.text in page.text) == (status == 200)


async def test_a_message_can_be_corrected_by_its_owner_and_under_an_address_that_may(api: Api) -> None:
    at = f"{AT}/messages/{ASKED.id}"
    fixed = await api.ok("PATCH", at, json={"text": "Could you send  the invoice by Friday?"})
    assert fixed["text"] == "Could you send the invoice by Friday?"
    assert [word["word"] for word in fixed["words"][:2]] == ["Could", "you"]
    for bad in ({}, {"text": ""}, {"text": " "}, {"text": "a" * 10_001}):
        assert (await api.http.patch(at, json=bad)).status_code == 400
    assert (await api.http.patch(f"{AT}/messages/1", json={"text": "No."})).status_code == 404
    made = await api.ok("POST", f"{AT}/experiences", json={"name": "verbose-text-summary"})
    address = urlsplit(made["url"])
    where = f"{address.path}/messages/{ASKED.id}?{address.query}"
    assert (await api.http.post(where, content="text=Could+you+send+it%3F")).status_code == 303
    assert (await api.ok("GET", f"{AT}/messages"))["messages"][0]["text"] == "Could you send it?"
    for bad, status in (("text=", 400), ("text=" + "a" * 10_001, 400), ("text=" + "a" * 70_000, 413)):
        answer = await api.http.post(where, content=bad, headers={"Accept": "application/json"})
        assert answer.status_code == status
        assert answer.json()["message"]


async def test_an_address_that_may_change_things_names_attendees(api: Api) -> None:
    made = await api.ok("POST", f"{AT}/summary", json={"name": "verbose-text-summary"})
    address = urlsplit(made["url"])
    where = f"{address.path}/members/m-ines?{address.query}"
    assert (await api.http.post(where, content="name=In%C3%A9s")).status_code == 303
    assert (await api.ok("GET", f"{AT}/members"))["members"][0]["name"] == "Inés"


@pytest.mark.parametrize(
    "body",
    [{}, {"name": "no-such"}, {"name": "video-summary", "videoUrl": "javascript:alert(1)"},
     {"name": "video-summary", "color": {"background": "red; }"}}],
)  # fmt: skip
async def test_a_bad_experience_is_refused(api: Api, body: Any) -> None:
    assert (await api.http.post(f"{AT}/experiences", json=body)).status_code == 400


async def test_list_and_details_have_addresses(api: Api) -> None:
    at = "/v1/conversations/experiences/insights"
    for path in (f"{at}/list", f"{at}/details/{CID}"):
        address = urlsplit((await api.ok("GET", path))["url"])
        page = await api.http.get(f"{address.path}?{address.query}")
        assert page.status_code == 200
        assert "Roastery weekly call" in page.text
