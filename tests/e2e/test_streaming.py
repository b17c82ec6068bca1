from __future__ import annotations

import asyncio
import base64
import json
from urllib.parse import quote

import httpx
import pytest
import websockets

from tests.e2e.client import STREAMING, SUBSCRIBE, beckett, connect, two_cities
from tests.support.server import EarfulServer

STOP = {"type": "stop_request"}


def stored(server: EarfulServer, conversation_id: str, what: str = "messages") -> list[dict[str, object]]:
    answer = httpx.get(
        f"{server.base_url}/v1/conversations/{conversation_id}/{what}",
        headers={"x-api-key": server.token()},
        trust_env=False,
    )
    answer.raise_for_status()
    found: list[dict[str, object]] = answer.json()[what]
    return found


async def test_speech_becomes_captions_that_settle_and_messages_that_are_kept(
    earful_server: EarfulServer, room: str
) -> None:
    async with connect(earful_server, room) as client:
        await client.start(speaker={"userId": "rosa@example.net", "name": "Rosa"})
        await client.speak(two_cities(9))
        await client.send(STOP)
        assert await client.closed() == 1000
    assert client.kinds[:3] == ["conversation_created", "started_listening", "recognition_started"]
    assert client.kinds[-2:] == ["recognition_stopped", "conversation_completed"]
    partials = [f["message"] for f in client.of("recognition_result") if not f["message"]["isFinal"]]
    assert len(partials) >= 3
    said = " ".join(client.finals).lower()
    assert "best of times" in said
    assert "worst of times" in said
    sentences = [m["payload"]["content"] for f in client.of("message_response") for m in f["messages"]]
    kept = stored(earful_server, client.conversation_id)
    assert [message["text"] for message in kept] == sentences
    assert " ".join(sentences).split() == " ".join(client.finals).split()
    (member,) = stored(earful_server, client.conversation_id, "members")
    assert member["name"] == "Rosa"


async def test_nothing_is_lost_when_stop_comes_in_the_middle_of_a_word(
    earful_server: EarfulServer, room: str
) -> None:
    async with connect(earful_server, room) as client:
        await client.start()
        await client.speak(two_cities(3.4))
        await client.send("{'type': 'stop_request'}")
        await client.closed()
    assert "best of times" in " ".join(client.finals).lower()
    before_stop = client.kinds[: client.kinds.index("recognition_stopped")]
    assert before_stop.count("message_response") >= 1


async def test_a_client_that_closes_right_after_stop_loses_nothing(
    earful_server: EarfulServer, room: str
) -> None:
    async with connect(earful_server, room) as client:
        await client.start()
        await client.until_kind("recognition_started")
        await client.speak(two_cities(4))
        await client.send(STOP)
        await client.socket.close()
    async with asyncio.timeout(60):
        while not (kept := stored(earful_server, client.conversation_id)):
            await asyncio.sleep(0.2)
    assert "best of times" in str(kept[0]["text"]).lower()


async def test_two_speakers_and_a_subscriber_share_one_conversation(
    earful_server: EarfulServer, room: str
) -> None:
    async with (
        connect(earful_server, room, path=SUBSCRIBE) as listener,
        connect(earful_server, room) as rosa,
        connect(earful_server, room, path="/v1/realtime/insights/") as omar,
    ):
        await rosa.start(speaker={"userId": "rosa@example.net", "name": "Rosa"})
        await rosa.until_kind("recognition_started")
        await omar.start(speaker={"userId": "omar@example.net", "name": "Omar"})
        await omar.until_kind("recognition_started")
        await asyncio.gather(rosa.speak(two_cities(6)), omar.speak(beckett(6)))
        await rosa.send(STOP)
        assert await rosa.closed() == 1000
        assert not omar.done
        assert "conversation_completed" not in listener.kinds
        await omar.send(STOP)
        assert await omar.closed() == 1000
        assert await listener.closed() == 1000
    assert rosa.conversation_id == omar.conversation_id == listener.conversation_id
    assert listener.kinds.count("conversation_created") == 1
    assert listener.kinds[-1] == "conversation_completed"
    assert {f["message"]["user"]["name"] for f in rosa.of("recognition_result")} == {"Rosa"}
    assert {f["message"]["user"]["name"] for f in listener.of("recognition_result")} == {"Rosa", "Omar"}
    speakers = {m["from"]["name"] for f in listener.of("message_response") for m in f["messages"]}
    assert speakers == {"Rosa", "Omar"}
    assert [t for t in omar.texts if "message_response" in t] == [
        t for t in listener.texts if "message_response" in t
    ]
    assert len(stored(earful_server, rosa.conversation_id, "members")) == 2


async def test_a_speaker_who_is_cut_off_and_returns_in_time_carries_on(
    earful_server: EarfulServer, room: str
) -> None:
    fields = {"speaker": {"userId": "rosa@example.net", "name": "Rosa"}, "noConnectionTimeout": 60}
    async with connect(earful_server, room, path=SUBSCRIBE) as listener:
        async with connect(earful_server, room) as first:
            await first.start(**fields)
            await first.until_kind("recognition_started")
            await first.speak(two_cities(4))
            first.abort()
        await listener.until_kind("message_response")
        async with connect(earful_server, room) as second:
            await second.start(**fields)
            await second.until_kind("recognition_started")
            await second.speak(beckett(4))
            await second.send(STOP)
            assert await second.closed() == 1000
        assert await listener.closed() == 1000
    assert second.conversation_id == first.conversation_id
    texts = " ".join(str(m["text"]) for m in stored(earful_server, first.conversation_id)).lower()
    assert "best of times" in texts
    assert len(stored(earful_server, first.conversation_id, "members")) == 1
    assert len(texts.split()) > 10


async def test_without_a_timeout_a_lost_connection_ends_the_conversation_with_its_words_kept(
    earful_server: EarfulServer, room: str
) -> None:
    async with connect(earful_server, room, path=SUBSCRIBE) as listener:
        async with connect(earful_server, room) as client:
            await client.start()
            await client.until_kind("recognition_started")
            await client.speak(two_cities(4))
            client.abort()
        assert await listener.closed() == 1000
    assert listener.kinds[-1] == "conversation_completed"
    assert "best of times" in " ".join(listener.finals).lower()


async def test_a_stop_may_pause_and_a_start_resume_on_the_same_socket(
    earful_server: EarfulServer, room: str
) -> None:
    async with connect(earful_server, room) as client:
        await client.start(disconnectOnStopRequest=False, disconnectOnStopRequestTimeout=60)
        await client.speak(two_cities(4))
        await client.send(STOP)
        await client.until_kind("recognition_stopped")
        assert "conversation_completed" not in client.kinds
        await client.start()
        await client.until_kind("recognition_started", 2)
        await client.speak(beckett(4))
        await client.send(STOP)
        assert await client.closed() == 1000
    assert len({f["message"]["data"]["conversationId"] for f in client.of("conversation_created")}) == 1
    assert client.kinds.count("message_response") >= 2


async def test_a_stopped_socket_is_closed_when_its_time_is_up(earful_server: EarfulServer, room: str) -> None:
    async with connect(earful_server, room) as client:
        await client.start(disconnectOnStopRequest=False, disconnectOnStopRequestTimeout=0.2)
        await client.send(STOP)
        assert await client.closed() == 1000
    assert client.kinds[-2:] == ["recognition_stopped", "conversation_completed"]


async def test_modify_request_changes_the_rate_in_mid_stream(earful_server: EarfulServer, room: str) -> None:
    async with connect(earful_server, room) as client:
        await client.start(config={"speechRecognition": {"encoding": "LINEAR16", "sampleRateHertz": 48_000}})
        await client.speak(two_cities(4, 48_000), rate=48_000)
        await client.send({"type": "modify_request", "speechRecognition": {"sampleRateHertz": 8000}})
        await client.until_kind("session_modified")
        await client.speak(beckett(5, 8000), rate=8000)
        await client.send(STOP)
        await client.closed()
    assert "best of times" in " ".join(client.finals).lower()
    assert len(" ".join(client.finals).split()) > 10
    assert client.errors == []


async def test_redaction_masks_every_frame_and_what_is_kept(earful_server: EarfulServer, room: str) -> None:
    async with connect(earful_server, room) as client:
        await client.start(config={"redaction": {"redactContent": True, "redactionString": "[X]"}})
        await client.speak(two_cities(4))
        await client.send(STOP)
        await client.closed()
    kept = " ".join(str(m["text"]) for m in stored(earful_server, client.conversation_id))
    assert kept.split() == " ".join(client.finals).split()


@pytest.mark.parametrize("carrier", ["query", "x-api-key", "bearer", "bare", "subprotocol"])
async def test_a_token_is_taken_from_wherever_clients_put_it(
    earful_server: EarfulServer, room: str, carrier: str
) -> None:
    token = earful_server.token()
    headers = {
        "x-api-key": {"X-API-KEY": token},
        "bearer": {"Authorization": f"Bearer {token}"},
        "bare": {"Authorization": token},
    }.get(carrier)
    subprotocols = [token] if carrier == "subprotocol" else None
    async with connect(
        earful_server, room, token=token, headers=headers, subprotocols=subprotocols
    ) as client:
        assert client.socket.subprotocol == (token if subprotocols else None)
        await client.start()
        await client.until_kind("recognition_started")


@pytest.mark.parametrize(
    "name", ["cm9zYUBleGFtcGxlLm5ldA==", "a+b/c+d==", "-a1b2", "%C3%BCber uns", "a/b/c", "user@example.com"]
)
async def test_any_connection_id_is_a_room_and_percent_encoding_makes_no_difference(
    earful_server: EarfulServer, room: str, name: str
) -> None:
    name = room + name
    async with (
        connect(earful_server, quote(name, safe="")) as encoded,
        connect(earful_server, quote(name, safe="/=+@")) as plain,
    ):
        await encoded.start()
        await plain.start()
        await encoded.until_kind("recognition_started")
        await plain.until_kind("recognition_started")
        assert encoded.conversation_id == plain.conversation_id


async def test_subscribers_come_through_both_doors_and_learn_of_a_running_conversation(
    earful_server: EarfulServer, room: str
) -> None:
    async with connect(earful_server, room) as client:
        await client.start()
        await client.until_kind("recognition_started")
        for path in (SUBSCRIBE, "/session/subscribe/"):
            async with connect(earful_server, room, path=path) as listener:
                await listener.until_kind("conversation_created")
                assert listener.conversation_id == client.conversation_id
                await listener.send("__PING__")
                await listener.until(lambda listener=listener: "__PONG__" in listener.texts)  # type: ignore[misc]
                await listener.send(STOP)
        assert not client.done


async def test_another_applications_subscriber_hears_nothing(earful_server: EarfulServer, room: str) -> None:
    other = earful_server.create_app(f"other {room}")
    answer = httpx.post(
        f"{earful_server.base_url}/oauth2/token:generate",
        json={"type": "application", "appId": other["appId"], "appSecret": other["appSecret"]},
        trust_env=False,
    )
    token = answer.json()["accessToken"]
    async with (
        connect(earful_server, room, path=SUBSCRIBE, token=token) as stranger,
        connect(earful_server, room) as client,
    ):
        await client.start()
        await client.speak(two_cities(3.4))
        await client.send(STOP)
        await client.closed()
        assert stranger.frames == []


async def test_the_javascript_client_gets_its_end_messages_in_the_order_it_needs(
    earful_server: EarfulServer, room: str
) -> None:
    async with connect(earful_server, room, query="source=js_sdk") as client:
        await client.start()
        await client.send(STOP)
        assert await client.closed() == 1000
    assert client.kinds[-2:] == ["conversation_completed", "recognition_stopped"]
    completed = client.of("conversation_completed")[0]["message"]
    session = json.loads(base64.b64decode(completed["summaryUrl"].rpartition("/")[2]))
    assert session == {"sessionId": client.conversation_id}


async def test_fragmented_messages_are_put_together(earful_server: EarfulServer, room: str) -> None:
    async with connect(earful_server, room) as client:
        await client.start()
        await client.until_kind("recognition_started")
        pcm = two_cities(4)
        for at in range(0, len(pcm), 32_000):
            piece = pcm[at : at + 32_000]
            await client.socket.send(piece[i : i + 9999] for i in range(0, len(piece), 9999))
        await client.send(STOP)
        await client.closed()
    assert "best of times" in " ".join(client.finals).lower()


async def test_ids_are_case_sensitive(earful_server: EarfulServer, room: str) -> None:
    async with (
        connect(earful_server, room + "x") as lower,
        connect(earful_server, room + "X") as upper,
    ):
        await lower.start()
        await upper.start()
        await lower.until_kind("recognition_started")
        await upper.until_kind("recognition_started")
        assert lower.conversation_id != upper.conversation_id


async def test_a_socket_needs_a_connection_id(earful_server: EarfulServer) -> None:
    with pytest.raises(websockets.InvalidStatus) as refused:
        async with connect(earful_server, "", path=STREAMING):
            pass
    assert refused.value.response.status_code == 404


async def test_two_people_at_one_microphone_become_two_members(
    earful_server: EarfulServer, room: str
) -> None:
    """Asked for, and how many they are: each message is by a voice, and the members have numbers."""
    async with connect(earful_server, room) as client:
        config = {"enableSpeakerDiarization": True, "diarizationSpeakerCount": 2}
        await client.start(config=config, speaker={"name": "Meeting room"})
        await client.speak(two_cities(8) + bytes(32_000) + beckett(8) + bytes(32_000))
        await client.send(STOP)
        assert await client.closed() == 1000
    messages = [message for frame in client.of("message_response") for message in frame["messages"]]
    said = {"Speaker 1": "", "Speaker 2": "", "Meeting room": ""}
    for message in messages:
        said[message["from"]["name"]] += " " + message["payload"]["content"].lower()
    assert "best of times" in said["Speaker 1"]
    assert said["Speaker 2"]
    assert "best of times" not in said["Speaker 2"]
    members = stored(earful_server, client.conversation_id, "members")
    assert {str(member["name"]) for member in members} == set(said)
