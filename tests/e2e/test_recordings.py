"""Recordings and texts sent to a real server: understood, survived, refused."""

import itertools
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.receiver import Receiver
from tests.support.server import EarfulServer, start_server

SAMPLE = Path(__file__).parents[2] / "examples" / "sample" / "conversation.ogg"
SECONDS = 120.0


@contextmanager
def api(server: EarfulServer, token: str | None = None) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.base_url, trust_env=False, timeout=60) as client:
        client.headers["x-api-key"] = token or server.token()
        yield client


def ended(client: httpx.Client, job_id: str) -> dict[str, Any]:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        job: dict[str, Any] = client.get(f"/v1/job/{job_id}").json()
        if job["status"] in {"completed", "failed"}:
            return job
        time.sleep(0.1)
    raise TimeoutError(f"the job did not end: {job}")


def words(client: httpx.Client, conversation_id: str) -> list[str]:
    messages = client.get(f"/v1/conversations/{conversation_id}/messages").json()["messages"]
    return " ".join(message["text"] for message in messages).lower().replace(",", "").replace(".", "").split()


def test_a_recording_is_written_down_and_understood(earful_server: EarfulServer) -> None:
    with api(earful_server) as client:
        sent = client.post("/v1/process/audio", content=SAMPLE.read_bytes(), params={"name": "Moving"}).json()
        job = ended(client, sent["jobId"])
        assert job == {"id": sent["jobId"], "status": "completed", "progress": 1.0}
        heard = words(client, sent["conversationId"])
        assert {"warehouse", "inspection", "budget"} <= set(heard)
        path = f"/v1/conversations/{sent['conversationId']}"
        assert client.get(path).json()["name"] == "Moving"
        assert len(client.get(f"{path}/questions").json()["questions"]) >= 2
        assert client.get(f"{path}/action-items").json()["actionItems"]
        assert client.get(f"{path}/topics").json()["topics"]
        assert list((earful_server.data_dir / "recordings").iterdir()) == []


def test_a_text_gives_what_the_same_words_mean_and_can_be_added_to(earful_server: EarfulServer) -> None:
    def item(text: str, name: str) -> dict[str, Any]:
        return {"payload": {"content": text}, "from": {"name": name, "userId": f"{name}@example.com"}}

    with api(earful_server) as client:
        first = {"messages": [item("Could you send the revised quote by Friday?", "Ines")]}
        sent = client.post("/v1/process/text", json=first).json()
        more = {"messages": [item("Yes, I will email the quote to Ines tomorrow morning.", "Tomasz")]}
        added = client.put(f"/v1/process/text/{sent['conversationId']}", json=more).json()
        assert ended(client, added["jobId"])["status"] == "completed"
        path = f"/v1/conversations/{sent['conversationId']}"
        messages = client.get(f"{path}/messages").json()["messages"]
        assert [message["from"]["name"] for message in messages] == ["Ines", "Tomasz"]
        assert messages[1]["timeOffset"] > 0
        (question,) = client.get(f"{path}/questions").json()["questions"]
        assert question["messageIds"] == [messages[0]["id"]]
        promised = client.get(f"{path}/action-items").json()["actionItems"]
        promised += client.get(f"{path}/follow-ups").json()["followUps"]
        assert any(
            "Tomasz" in insight["text"] and messages[1]["id"] in insight["messageIds"] for insight in promised
        )
        # A vector is made of each message in the background, and goes with its conversation.
        asked = {"q": "sending somebody the new offer", "mode": "meaning", "conversationId": path[18:]}
        deadline = time.monotonic() + SECONDS
        while not (found := client.get("/v1/search", params=asked).json()["results"]):
            assert time.monotonic() < deadline, "no vector was made"
            time.sleep(0.1)
        assert found[0]["messageId"] == messages[0]["id"]
        assert client.delete(path).is_success
        assert client.get("/v1/search", params=asked).json() == {"results": []}


def test_what_is_asked_for_when_adding_is_found_in_what_was_said_before(earful_server: EarfulServer) -> None:
    late = [{"name": "Late", "vocabulary": ["was late"]}]
    with api(earful_server) as client:

        def send(method: str, path: str, text: str, **more: Any) -> str:
            body = {"messages": [{"payload": {"content": text}}], "trackers": late, **more}
            sent = client.request(method, f"/v1/process/text{path}", json=body).json()
            assert ended(client, sent["jobId"])["status"] == "completed"
            return f"/v1/conversations/{sent['conversationId']}"

        path = send("POST", "", "The house blend was late.", trackers=[])
        blend = [{"customType": "product", "text": "house blend"}]
        for _ in range(2):
            send("PUT", f"/{path.rpartition('/')[2]}", "And now it was late again.", entities=blend)
        (tracker,) = client.get(f"{path}/trackers").json()
        (match,) = tracker["matches"]
        assert [ref["offset"] for ref in match["messageRefs"]] == [16, 11, 11]
        (entity,) = client.get(f"{path}/entities").json()["entities"]
        assert [ref["text"] for ref in entity["messageRefs"]] == ["The house blend was late."]


def test_a_file_that_is_no_recording_fails_with_a_reason(earful_server: EarfulServer) -> None:
    with api(earful_server) as client:
        sent = client.post("/v1/process/video", content=b"this is no video " * 100).json()
        job = ended(client, sent["jobId"])
        assert job["status"] == "failed"
        assert "the recording is not an audio or video file" in job["error"]


def test_an_address_of_this_machine_is_not_fetched(earful_server: EarfulServer) -> None:
    with api(earful_server) as client:
        body = {"url": f"{earful_server.base_url}/health"}
        sent = client.post("/v1/process/audio/url", json=body).json()
        job = ended(client, sent["jobId"])
        assert job["status"] == "failed"
        assert "private network" in job["error"]


@pytest.mark.timeout(600)
def test_nothing_is_lost_whenever_the_server_is_killed(tmp_path: Path, receiver: Receiver) -> None:
    """While it takes an upload, recognises, understands, and when a webhook call is due."""
    data = tmp_path / "data"
    recording = b"".join([SAMPLE.read_bytes()] * 2)  # chained Ogg: the conversation twice
    said = [f"Item number {at} of the list is the price of {at} chairs." for at in range(250)]
    text = {
        "webhookUrl": receiver.url,
        "messages": [{"payload": {"content": one}, "from": {"name": "Ines"}} for one in said],
    }

    with killed(data, "upload") as (server, client):
        token = client.headers["x-api-key"]

        def half() -> Iterator[bytes]:
            yield recording[: len(recording) // 2]
            while not any((data / "recordings").glob("*")):
                time.sleep(0.01)
            server.process.kill()
            yield recording[len(recording) // 2 :]

        with pytest.raises(httpx.TransportError):
            client.post("/v1/process/audio", content=half())
    with killed(data, "recognition", token) as (_, client):
        assert client.get("/v1/conversations").json() == {"conversations": []}
        assert list((data / "recordings").iterdir()) == []
        heard = client.post("/v1/process/audio", content=recording).json()
        further(client, heard["jobId"], 0.02)
    with killed(data, "understanding", token) as (_, client):
        assert ended(client, heard["jobId"])["status"] == "completed"
        written = client.post("/v1/process/text", json=text).json()
        further(client, written["jobId"], 0.3)
    receiver.statuses = [503]
    with killed(data, "webhook", token) as (_, client):
        assert ended(client, written["jobId"])["status"] == "completed"
    with killed(data, "end", token) as (_, client):
        deadline = time.monotonic() + SECONDS
        while receiver.told[-1:] != ["completed"] or receiver.statuses:
            assert time.monotonic() < deadline, receiver.told
            time.sleep(0.05)
        states = [state for state, _ in itertools.groupby(receiver.told)]
        assert states == ["scheduled", "in_progress", "completed"]
        path = f"/v1/conversations/{written['conversationId']}"
        messages = client.get(f"{path}/messages").json()["messages"]
        assert [message["text"] for message in messages] == said
        assert len(client.get(f"{path}/members").json()["members"]) == 1
        assert {"warehouse", "inspection", "budget"} <= set(words(client, heard["conversationId"]))
        messages = client.get(f"/v1/conversations/{heard['conversationId']}/messages").json()["messages"]
        places = [(message["timeOffset"], message["text"]) for message in messages]
        assert len(set(places)) == len(places)
        assert list((data / "recordings").iterdir()) == []


@contextmanager
def killed(data: Path, name: str, token: str | None = None) -> Iterator[tuple[EarfulServer, httpx.Client]]:
    """Run a server, and kill it at the end of the block; `name` is that of an application it gets."""
    settings = {"EARFUL_SPEECH_THREADS": "1", "EARFUL_ALLOW_PRIVATE_ADDRESSES": "true"}
    with start_server(data, settings, name=name) as server:
        with api(server, token) as client:
            yield server, client
            server.process.send_signal(signal.SIGKILL)
        server.process.wait(30)


def further(client: httpx.Client, job_id: str, progress: float) -> None:
    """Wait until a job that goes on is that far."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        job = client.get(f"/v1/job/{job_id}").json()
        assert job["status"] in {"scheduled", "in_progress"}, "it was too quick for this test"
        if job["progress"] >= progress:
            return
        time.sleep(0.02)
    raise TimeoutError(f"the job did not get on: {job}")
