"""The Conversation API: shapes, parameters, errors, and who sees what."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from earful.conversation.types import Entity, EntityMatch, Member, Topic
from earful.dialects.symbl import bodies
from earful.dialects.symbl.examples import EXAMPLES
from earful.insight.types import Findings
from earful.store.database import Database
from tests.dialects.symbl.rest import Rest, rest_api
from tests.store.samples import (
    ACTION_ITEM,
    ASKED,
    CID,
    EVERYTHING,
    INES,
    PROMISED,
    START,
    TOMASZ,
    UNNAMED,
    conversation,
)

NOT_FOUND = {"statusCode": 404, "message": "The conversationId is either invalid or does not exist."}
AT = f"/v1/conversations/{CID}"
INES_BODY = {"id": INES.id, "name": "Ines", "email": INES.email, "userId": INES.email}
TOMASZ_BODY = {"id": TOMASZ.id, "name": "Tomasz", "userId": "tomasz-7"}


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'earful.db'}"


@pytest.fixture
async def rest(database: Database) -> AsyncIterator[Rest]:
    async with rest_api(database) as rest:
        await rest.store.create(conversation(rest.mine.application.id))
        await rest.store.add_findings(CID, EVERYTHING)
        yield rest


@pytest.fixture
async def api(rest: Rest) -> httpx.AsyncClient:
    return rest.mine.http


async def get(api: httpx.AsyncClient, path: str, **params: Any) -> Any:
    answer = await api.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


# -- one conversation -----------------------------------------------------------------------------


async def test_a_conversation_has_its_shape(rest: Rest, api: httpx.AsyncClient) -> None:
    await rest.store.finish(CID, START + timedelta(seconds=21.3))
    assert await get(api, AT) == {
        "id": CID,
        "type": "meeting",
        "name": "Roastery weekly call",
        "startTime": "2026-03-02T09:00:00.000Z",
        "endTime": "2026-03-02T09:00:21.300Z",
        "members": [INES_BODY, TOMASZ_BODY],
        "metadata": {"label": "supplier"},
    }


async def test_one_that_goes_on_ends_where_its_last_message_does(api: httpx.AsyncClient) -> None:
    assert (await get(api, AT))["endTime"] == "2026-03-02T09:00:14.000Z"


async def test_one_without_a_name_or_anything_else_is_complete(rest: Rest, api: httpx.AsyncClient) -> None:
    bare = conversation(rest.mine.application.id, "2", name=None, members=(), metadata={})
    await rest.store.create(bare)
    found = await get(api, "/v1/conversations/2")
    assert (found["name"], found["members"], found["metadata"]) == ("2", [], {})
    for part, empty in {
        "messages": {"messages": []},
        "topics": {"topics": []},
        "questions": {"questions": []},
        "action-items": {"actionItems": []},
        "follow-ups": {"followUps": []},
        "insights": {"insights": []},
        "intents": {"intents": []},
        "members": {"members": []},
        "entities": {"entities": []},
        "trackers": [],
        "trackers-detected": [],
    }.items():
        assert await get(api, f"/v1/conversations/2/{part}") == empty
    analytics = await get(api, "/v1/conversations/2/analytics")
    assert analytics["members"] == []
    assert {metric["seconds"] for metric in analytics["metrics"]} == {0}


# -- messages -------------------------------------------------------------------------------------


async def test_messages_have_their_shape(api: httpx.AsyncClient) -> None:
    asked, promised, unnamed = (await get(api, f"{AT}/messages"))["messages"]
    assert asked == {
        "id": ASKED.id,
        "text": ASKED.text,
        "from": INES_BODY,
        "startTime": "2026-03-02T09:00:00.500Z",
        "endTime": "2026-03-02T09:00:03.000Z",
        "timeOffset": 0.0,
        "duration": 2.5,
        "conversationId": CID,
        "phrases": [],
        "entities": [{"type": "date", "text": "Friday", "offset": 36, "value": "2026-03-06"}],
    }
    assert "entities" not in promised
    assert promised["from"] == TOMASZ_BODY
    assert (promised["timeOffset"], promised["duration"]) == (6.4, 4.3)
    assert promised["phrases"] == [{"type": "action_phrase", "text": "email the quote to Ines"}]
    assert unnamed["from"] == {}


@pytest.mark.parametrize("yes", ["true", "True", "TRUE", "1"])
async def test_verbose_adds_words(api: httpx.AsyncClient, yes: str) -> None:
    asked, promised, _ = (await get(api, f"{AT}/messages", verbose=yes))["messages"]
    assert asked["words"] == [
        {
            "word": "Could",
            "startTime": "2026-03-02T09:00:00.500Z",
            "endTime": "2026-03-02T09:00:00.700Z",
            "score": 0.97,
            "timeOffset": 0.0,
            "duration": 0.2,
        },
        {
            "word": "you",
            "startTime": "2026-03-02T09:00:00.700Z",
            "endTime": "2026-03-02T09:00:00.900Z",
            "speakerTag": 2,
            "timeOffset": 0.2,
            "duration": 0.2,
        },
    ]
    # What was written, not spoken: over the message's time, and nobody has heard it.
    words = promised["words"]
    assert [word["word"] for word in words] == PROMISED.text.split()
    assert (words[0]["timeOffset"], words[-1]["endTime"]) == (6.4, promised["endTime"])
    assert sum(word["duration"] for word in words) == pytest.approx(promised["duration"], abs=0.1)
    assert "score" not in words[0]


@pytest.mark.parametrize("no", ["false", "False", "0", ""])
async def test_verbose_may_be_refused_in_many_ways(api: httpx.AsyncClient, no: str) -> None:
    messages = (await get(api, f"{AT}/messages", verbose=no, sentiment=no))["messages"]
    assert not any("words" in message or "sentiment" in message for message in messages)


async def test_sentiment_is_what_was_stored_or_else_worked_out(api: httpx.AsyncClient) -> None:
    messages = (await get(api, f"{AT}/messages", sentiment="true"))["messages"]
    assert [message["sentiment"] for message in messages] == [
        {"polarity": {"score": -0.5}, "suggested": "negative"},
        {"polarity": {"score": 0.9}, "suggested": "positive"},
        {"polarity": {"score": 0.0}, "suggested": "neutral"},
    ]


async def test_what_is_read_with_a_mask_names_nothing(api: httpx.AsyncClient) -> None:
    messages = (await get(api, f"{AT}/messages", redact="true"))["messages"]
    assert not any("entities" in message for message in messages)


async def test_unknown_parameters_do_no_harm(api: httpx.AsyncClient) -> None:
    strange = await api.get(f'{AT}/messages?{{"verbose": true}}&page=2&exclude=["X"]')
    assert strange.status_code == 200


async def test_a_get_may_say_that_it_has_json(api: httpx.AsyncClient) -> None:
    answer = await api.get(f"{AT}/messages", headers={"Content-Type": "application/json"})
    assert answer.status_code == 200


# -- topics, insights -----------------------------------------------------------------------------


async def test_topics_have_their_shape(api: httpx.AsyncClient) -> None:
    assert (await get(api, f"{AT}/topics"))["topics"][0] == {
        "id": "t1",
        "text": "revised quote",
        "type": "topic",
        "score": 0.71,
        "messageIds": [ASKED.id, PROMISED.id],
        "parentRefs": [],
    }


async def test_parents_and_sentiment_of_topics_may_be_asked_for_together(
    rest: Rest, api: httpx.AsyncClient
) -> None:
    unfelt = Topic("t3", "both", 0.2, (ASKED.id, PROMISED.id, "gone"))
    nowhere = Topic("t4", "nowhere", 0.1, ())
    await rest.store.add_findings(CID, Findings(topics=(*(EVERYTHING.topics or ()), unfelt, nowhere)))
    topics = (await get(api, f"{AT}/topics", parentRefs="true", sentiment="true"))["topics"]
    assert topics[0]["parentRefs"] == [{"type": "topic", "text": "supplier"}]
    assert topics[0]["sentiment"]["polarity"]["score"] == 0.1
    assert topics[1]["parentRefs"] == []
    assert topics[2]["sentiment"] == {"polarity": {"score": 0.2}, "suggested": "neutral"}
    assert "sentiment" not in topics[3]


async def test_an_action_item_has_its_shape(api: httpx.AsyncClient) -> None:
    (item,) = (await get(api, f"{AT}/action-items"))["actionItems"]
    assert item == {
        "id": "a1",
        "type": "action_item",
        "text": ACTION_ITEM.text,
        "score": 0.94,
        "messageIds": [PROMISED.id],
        "entities": [
            {
                "type": "person",
                "text": "Tomasz",
                "offset": 0,
                "value": {"assignee": True, "name": "Tomasz", "id": TOMASZ.id, "userId": "tomasz-7"},
            },
            {
                "type": "datetimerange",
                "text": "tomorrow morning",
                "offset": 36,
                "start": "2026-03-03 08:00:00",
            },
        ],
        "phrases": [{"type": "action_phrase", "text": "email the quote to Ines"}],
        "from": TOMASZ_BODY,
        "assignee": TOMASZ_BODY,
        "definitive": True,
        "dueBy": "2026-03-03T12:00:00.000Z",
    }


async def test_a_question_has_nobody_to_do_it_and_no_date(api: httpx.AsyncClient) -> None:
    (question,) = (await get(api, f"{AT}/questions"))["questions"]
    assert (question["type"], question["from"], question["assignee"]) == ("question", INES_BODY, {})
    assert "dueBy" not in question


async def test_a_follow_up_may_be_for_somebody_who_is_not_there(api: httpx.AsyncClient) -> None:
    (follow_up,) = (await get(api, f"{AT}/follow-ups"))["followUps"]
    assert follow_up["from"] == {}
    assert follow_up["assignee"] == {"name": "the sales team"}


async def test_insights_are_all_kinds_together_without_topics(api: httpx.AsyncClient) -> None:
    insights = (await get(api, f"{AT}/insights"))["insights"]
    assert [insight["type"] for insight in insights] == ["question", "action_item", "follow_up"]


# -- members --------------------------------------------------------------------------------------


async def test_members_are_listed_as_they_came(api: httpx.AsyncClient) -> None:
    assert await get(api, f"{AT}/members") == {"members": [INES_BODY, TOMASZ_BODY]}


async def test_a_member_given_another_name_has_it_everywhere(api: httpx.AsyncClient) -> None:
    body = {"id": TOMASZ.id, "name": "Tomasz K.", "email": "tk@example.com"}
    answer = await api.put(f"{AT}/members/{TOMASZ.id}", json=body)
    assert answer.status_code == 200
    assert answer.json()["message"].startswith(
        f"Member with id: {TOMASZ.id} for conversationId: {CID} updated"
    )
    changed = {"id": TOMASZ.id, "name": "Tomasz K.", "email": "tk@example.com", "userId": "tomasz-7"}
    assert (await get(api, f"{AT}/members"))["members"][1] == changed
    assert (await get(api, f"{AT}/messages"))["messages"][1]["from"] == changed
    (item,) = (await get(api, f"{AT}/action-items"))["actionItems"]
    assert item["from"] == item["assignee"] == changed
    assert item["entities"][0]["value"]["name"] == "Tomasz K."


async def test_a_member_with_anothers_address_becomes_that_member(api: httpx.AsyncClient) -> None:
    answer = await api.put(f"{AT}/members/{TOMASZ.id}", json={"name": "Ines", "email": INES.email})
    assert answer.status_code == 200
    assert (await get(api, f"{AT}/members"))["members"] == [INES_BODY]
    assert (await get(api, f"{AT}/messages"))["messages"][1]["from"] == INES_BODY
    (item,) = (await get(api, f"{AT}/action-items"))["actionItems"]
    assert item["entities"][0]["value"]["id"] == item["assignee"]["id"] == INES.id
    assert (await api.put(f"{AT}/members/{TOMASZ.id}", json={"name": "x"})).status_code == 404


async def test_a_user_who_is_known_by_an_address_gets_the_new_one_as_id_too(api: httpx.AsyncClient) -> None:
    body = {"id": 5, "name": "Ines", "email": "new@example.com"}
    assert (await api.put(f"{AT}/members/{INES.id}", json=body)).status_code == 200
    ines = (await get(api, f"{AT}/members"))["members"][0]
    assert (ines["email"], ines["userId"]) == ("new@example.com", "new@example.com")


async def test_an_unknown_member_is_a_404(api: httpx.AsyncClient) -> None:
    answer = await api.put(f"{AT}/members/nobody", json={"id": "nobody", "name": "x"})
    assert answer.status_code == 404
    assert answer.json() == {
        "statusCode": 404,
        "message": "The memberId is either invalid or does not exist.",
    }


@pytest.mark.parametrize(
    "body", [{}, {"name": ""}, {"name": 3}, {"id": TOMASZ.id}, {"name": "x", "email": 1}]
)
async def test_a_member_without_a_proper_name_is_a_400(api: httpx.AsyncClient, body: dict[str, Any]) -> None:
    answer = await api.put(f"{AT}/members/{TOMASZ.id}", json=body)
    assert answer.status_code == 400
    assert set(answer.json()) == {"statusCode", "message"}


async def test_a_member_known_only_by_address_is_shown_under_it(rest: Rest, api: httpx.AsyncClient) -> None:
    await rest.store.put_member(CID, Member("m3", user_id="omar@example.com"))
    address = "omar@example.com"
    assert (await get(api, f"{AT}/members"))["members"][2] == {
        "id": "m3",
        "name": address,
        "email": address,
        "userId": address,
    }


# -- trackers, entities, analytics ----------------------------------------------------------------


@pytest.mark.parametrize("path", ["trackers", "trackers-detected"])
async def test_trackers_are_an_array_on_both_paths(api: httpx.AsyncClient, path: str) -> None:
    assert await get(api, f"{AT}/{path}") == [
        {
            "id": "7",
            "name": "Late delivery",
            "matches": [
                {
                    "type": "vocabulary",
                    "value": "delivery was late",
                    "messageRefs": [{"id": UNNAMED.id, "text": UNNAMED.text, "offset": 4}],
                    "insightRefs": [{"id": "q1", "type": "question", "text": ASKED.text, "offset": -1}],
                }
            ],
        }
    ]


async def test_a_tracker_has_one_match_for_each_phrase(rest: Rest, api: httpx.AsyncClient) -> None:
    other = replace(EVERYTHING.trackers[0], phrase="still waiting")
    await rest.store.add_findings(CID, Findings(trackers=(other,)))
    (tracker,) = await get(api, f"{AT}/trackers")
    assert [match["value"] for match in tracker["matches"]] == ["delivery was late", "still waiting"]


async def test_an_entity_has_the_classic_and_the_newer_shape(api: httpx.AsyncClient) -> None:
    ref = {"id": ASKED.id, "text": ASKED.text, "offset": 36}
    times = {"startTime": "2026-03-02T09:00:00.500Z", "endTime": "2026-03-02T09:00:03.000Z"}
    assert (await get(api, f"{AT}/entities"))["entities"] == [
        {
            "type": "date",
            "text": "Friday",
            "value": "2026-03-06",
            "subType": "DATE",
            "category": "Managed",
            "messageRefs": [ref],
            "matches": [{"detectedValue": "Friday", "messageRefs": [{**ref, **times}]}],
        }
    ]


async def test_custom_entities_and_ranges_have_their_own_fields(rest: Rest, api: httpx.AsyncClient) -> None:
    blend = EntityMatch(Entity("product", "house blend", 0, "house blend", "Custom"))
    week = EntityMatch(Entity("daterange", "next week", 0, {"start": "2026-03-09", "end": "2026-03-15"}))
    plain = EntityMatch(Entity("person", "Omar", 0))
    member = EntityMatch(Entity("person", "Ines", 0, {"name": "Ines Sol", "id": INES.id}))
    await rest.store.add_findings(CID, Findings(entities=(blend, week, plain, member)))
    _, custom, span, person, ines = (await get(api, f"{AT}/entities"))["entities"]
    assert (ines["text"], ines["value"]) == ("Ines", "ines sol")
    assert (custom["type"], custom["customType"], custom["category"]) == ("custom", "product", "Custom")
    assert (span["start"], span["end"]) == ("2026-03-09", "2026-03-15")
    assert "value" not in span
    assert (person["value"], person["messageRefs"]) == ("Omar", [])


async def test_analytics_have_their_shape(api: httpx.AsyncClient) -> None:
    analytics = await get(api, f"{AT}/analytics")
    assert analytics["metrics"] == [
        {"type": "total_silence", "percent": 37.143, "seconds": 5.2},
        {"type": "total_talk_time", "percent": 62.857, "seconds": 8.8},
        {"type": "total_overlap", "percent": 0.0, "seconds": 0.0},
    ]
    ines, tomasz, unnamed = analytics["members"]
    assert ines == {
        "id": INES.id,
        "name": "Ines",
        "userId": INES.email,
        "pace": {"wpm": 48},
        "talkTime": {"percentage": 28.409, "seconds": 2.5},
        "listenTime": {"percentage": 71.591, "seconds": 6.3},
        "overlap": {},
    }
    assert tomasz["name"] == "Tomasz"
    assert "id" not in unnamed


async def test_overlap_names_with_whom(rest: Rest, api: httpx.AsyncClient) -> None:
    await rest.store.add_findings(CID, Findings(messages=(replace(PROMISED, start=2.0, end=4.5),)))
    ines, tomasz, _ = (await get(api, f"{AT}/analytics"))["members"]
    assert ines["overlap"] == {
        "overlapDuration": 1.0,
        "overlappingMembers": [
            {"id": TOMASZ.id, "name": "Tomasz", "userId": "tomasz-7", "percent": 20.0, "seconds": 1.0}
        ],
    }
    assert tomasz["overlap"]["overlappingMembers"][0]["id"] == INES.id


# -- transcript -----------------------------------------------------------------------------------


async def transcript(api: httpx.AsyncClient, **body: Any) -> str:
    answer = await api.post(f"{AT}/transcript", json=body)
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {"transcript"}
    assert answer.json()["transcript"]["contentType"] == body["contentType"]
    return str(answer.json()["transcript"]["payload"])


async def test_a_transcript_is_running_text_unless_more_is_asked_for(api: httpx.AsyncClient) -> None:
    text = await transcript(api, contentType="text/markdown")
    assert text == f"{ASKED.text} {PROMISED.text} {UNNAMED.text}"


async def test_a_transcript_can_name_speakers_and_mark_phrases(api: httpx.AsyncClient) -> None:
    text = await transcript(
        api,
        contentType="text/markdown",
        createParagraphs="true",
        showSpeakerSeparation="True",
        phrases={"highlightOnlyInsightKeyPhrases": "true"},
    )
    assert text == (
        f"Ines: {ASKED.text}<br/><br/>"
        "Tomasz: Yes, I will <mark>email the quote to Ines</mark> tomorrow morning.<br/><br/>"
        f"{UNNAMED.text}<br/><br/>"
    )


async def test_all_key_phrases_include_those_of_messages(rest: Rest, api: httpx.AsyncClient) -> None:
    await rest.store.add_findings(
        CID, Findings(insights=(replace(ACTION_ITEM, phrases=()),), messages=(PROMISED,))
    )
    only = {"highlightOnlyInsightKeyPhrases": True}
    assert "<mark>" not in await transcript(api, contentType="text/markdown", phrases=only)
    both = {"highlightAllKeyPhrases": True}
    assert "<mark>" in await transcript(api, contentType="text/markdown", phrases=both)


async def test_captions_are_valid_srt(api: httpx.AsyncClient) -> None:
    text = await transcript(api, contentType="text/srt", showSpeakerSeparation=True)
    assert text.split("\n\n")[1] == f"2\n00:00:06,900 --> 00:00:11,200\nTomasz: {PROMISED.text}"


@pytest.mark.parametrize(
    "body",
    [{}, {"contentType": "text/html"}, {"contentType": "text/srt", "createParagraphs": "maybe"}, [], None],
)
async def test_a_transcript_of_another_kind_is_a_400(api: httpx.AsyncClient, body: Any) -> None:
    answer = await api.post(f"{AT}/transcript", json=body)
    assert answer.status_code == 400
    assert set(answer.json()) == {"statusCode", "message"}


# -- changing and deleting ------------------------------------------------------------------------


async def test_metadata_that_no_database_can_hold_is_told_as_it_is_kept(api: httpx.AsyncClient) -> None:
    answer = await api.put(AT, content=b'{"metadata": {"a\\ud800": "b\\u0000c"}}')
    assert answer.json() == {"id": CID, "metadata": {"a?": "bc"}}
    assert (await get(api, AT))["metadata"] == {"a?": "bc"}


async def test_metadata_is_replaced_whole(api: httpx.AsyncClient) -> None:
    answer = await api.put(AT, json={"metadata": {"agentId": "ines"}})
    assert (answer.status_code, answer.json()) == (200, {"id": CID, "metadata": {"agentId": "ines"}})
    assert (await get(api, AT))["metadata"] == {"agentId": "ines"}
    await api.put(AT, json={"metadata": {}})
    assert (await get(api, AT))["metadata"] == {}


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"metadata": null}',
        '{"metadata": {"a": 1}}',
        '{"metadata": {"a": {"b": "c"}}}',
        '{"metadata": {"a": "1", "a": "2"}}',
        json.dumps({"metadata": {"a": "x" * 129}}),
        "\xff",
        "[" * 100_000,
    ],
)
async def test_metadata_that_breaks_the_rules_is_a_400_and_changes_nothing(
    api: httpx.AsyncClient, body: str
) -> None:
    answer = await api.put(AT, content=body.encode("latin-1"))
    assert answer.status_code == 400
    assert set(answer.json()) == {"statusCode", "message"}
    assert (await get(api, AT))["metadata"] == {"label": "supplier"}


async def test_a_deleted_conversation_is_gone_with_all_its_parts(api: httpx.AsyncClient) -> None:
    answer = await api.delete(AT)
    assert (answer.status_code, answer.json()) == (200, {"message": "successfully deleted the conversation"})
    for path in (AT, f"{AT}/messages", f"{AT}/topics", f"{AT}/analytics"):
        assert (await api.get(path)).status_code == 404
    assert (await api.delete(AT)).json() == NOT_FOUND


# -- errors and isolation -------------------------------------------------------------------------

READS = (
    "",
    "/messages",
    "/topics",
    "/questions",
    "/action-items",
    "/follow-ups",
    "/insights",
    "/intents",
    "/members",
    "/trackers",
    "/trackers-detected",
    "/entities",
    "/analytics",
)


@pytest.mark.parametrize("part", READS)
@pytest.mark.parametrize("cid", ["1", "0" * 16, "abc", "%00", "%ff", "x" * 5000, "'; DROP TABLE messages"])
async def test_an_unknown_conversation_is_a_404(api: httpx.AsyncClient, cid: str, part: str) -> None:
    answer = await api.get(f"/v1/conversations/{cid}{part}")
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


@pytest.mark.parametrize("part", READS)
async def test_anothers_conversation_is_as_good_as_unknown(rest: Rest, part: str) -> None:
    answer = await rest.theirs.http.get(AT + part)
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


async def test_anothers_conversation_cannot_be_changed(rest: Rest, api: httpx.AsyncClient) -> None:
    before = [await get(api, AT + part) for part in READS]
    http = rest.theirs.http
    for answer in (
        await http.put(AT, json={"metadata": {}}),
        await http.delete(AT),
        await http.put(f"{AT}/members/{INES.id}", json={"name": "x"}),
        await http.post(f"{AT}/transcript", json={"contentType": "text/srt"}),
    ):
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
    assert [await get(api, AT + part) for part in READS] == before


async def test_wrong_methods_and_paths_are_said_in_the_same_form(api: httpx.AsyncClient) -> None:
    for method, path, status in (
        ("POST", AT, 405),
        ("DELETE", f"{AT}/messages", 405),
        ("GET", f"{AT}/nonsense", 404),
        ("GET", "/v2/conversations", 404),
    ):
        answer = await api.request(method, path)
        assert answer.status_code == status
        assert set(answer.json()) == {"statusCode", "message"}


@pytest.mark.parametrize(
    ("part", "params"), [("messages", {"verbose": "perhaps"}), ("topics", {"parentRefs": "7"})]
)
async def test_a_flag_that_is_neither_true_nor_false_is_a_400(
    api: httpx.AsyncClient, part: str, params: dict[str, str]
) -> None:
    answer = await api.get(f"{AT}/{part}", params=params)
    assert answer.status_code == 400
    assert next(iter(params)) in answer.json()["message"]


# -- the list -------------------------------------------------------------------------------------


@pytest.fixture
async def recent(rest: Rest, api: httpx.AsyncClient) -> httpx.AsyncClient:
    """Three conversations of the last days, beside the one of long ago."""
    now = datetime.now(UTC)
    for number in range(3):
        began = now - timedelta(days=3 - number)
        await rest.store.create(
            conversation(
                rest.mine.application.id,
                str(number),
                name="cab"[number],
                started_at=began,
                ended_at=began + timedelta(hours=1),
            )
        )
    return api


async def listed(api: httpx.AsyncClient, **params: Any) -> str:
    found = await get(api, "/v1/conversations", **params)
    assert set(found) == {"conversations"}
    return "".join(one["id"] for one in found["conversations"])


async def test_a_bare_list_is_the_last_seven_days(recent: httpx.AsyncClient) -> None:
    assert await listed(recent) == "012"


async def test_a_recording_sent_a_moment_ago_is_listed_though_it_would_not_be_over_yet(
    recent: httpx.AsyncClient, rest: Rest
) -> None:
    now = datetime.now(UTC)
    mine = rest.mine.application.id
    await rest.store.create(conversation(mine, "3", started_at=now, ended_at=now + timedelta(hours=1)))
    assert await listed(recent) == "0123"


async def test_a_list_is_cut_turned_and_sorted(recent: httpx.AsyncClient) -> None:
    assert await listed(recent, limit=1, offset=1) == "1"
    assert await listed(recent, order="desc") == await listed(recent, order="DESC") == "210"
    assert await listed(recent, sort="conversation.name") == await listed(recent, sort="name") == "120"
    assert await listed(recent, sort="conversation.type, conversation.startTime", order="desc") == "210"
    assert await listed(recent, limit=0) == ""
    assert await listed(recent, limit=65536) == "012"


async def test_a_list_has_a_window(recent: httpx.AsyncClient) -> None:
    now = datetime.now(UTC)
    since = (now - timedelta(days=2, hours=12)).isoformat()
    until = (now - timedelta(days=1, hours=12)).isoformat()
    assert await listed(recent, startTime=since) == "12"
    assert await listed(recent, endTime=until) == "01"
    assert await listed(recent, startTime=since, endTime=until) == "1"


async def test_a_window_of_long_ago_finds_what_was_then(recent: httpx.AsyncClient, rest: Rest) -> None:
    old = datetime(2020, 1, 1, tzinfo=UTC)
    await rest.store.create(
        conversation(rest.mine.application.id, "9", started_at=old, ended_at=old + timedelta(hours=1))
    )
    assert await listed(recent, startTime="2019-12-31T00:00:00.000Z", endTime="2020-01-02") == "9"
    assert await listed(recent, endTime="2020-01-02T00:00:00Z") == "9"
    assert await listed(recent, endTime="0001-01-02T00:00:00Z") == ""


@pytest.mark.parametrize(
    "params",
    [
        {"limit": "-1"},
        {"limit": "65537"},
        {"limit": "many"},
        {"offset": "-1"},
        {"offset": str(2**63)},
        {"order": "up"},
        {"sort": "conversation.mood"},
        {"startTime": "yesterday"},
        {"startTime": "2999-01-01T00:00:00Z"},
        {"startTime": "2020-01-02T00:00:00Z", "endTime": "2020-01-01T00:00:00Z"},
        {"filter": "nonsense"},
    ],
)
async def test_a_list_that_cannot_be_made_is_a_400(recent: httpx.AsyncClient, params: dict[str, str]) -> None:
    answer = await recent.get("/v1/conversations", params=params)
    assert answer.status_code == 400
    assert set(answer.json()) == {"statusCode", "message"}


async def test_a_list_holds_only_ones_own(recent: httpx.AsyncClient, rest: Rest) -> None:
    assert await listed(rest.theirs.http) == ""


async def test_a_filter_picks_by_name_and_labels_whatever_the_age(
    recent: httpx.AsyncClient, rest: Rest
) -> None:
    old = datetime(2020, 1, 1, tzinfo=UTC)
    labelled = conversation(
        rest.mine.application.id, "9", started_at=old, ended_at=old, metadata={"agentId": "ines"}
    )
    await rest.store.create(labelled)
    assert await listed(recent, filter="conversation.metadata.agentId==ines") == "9"
    recently = "conversation.metadata.agentId!=ines;conversation.startTime>2026-06-01"
    assert await listed(recent, filter=recently) == "012"
    assert await listed(recent, filter=recently, limit=1, offset=1) == "1"
    assert await listed(recent, filter="conversation.startTime<2021-01-01") == "9"
    assert await listed(rest.theirs.http, filter="conversation.metadata.agentId==ines") == ""


async def test_a_group_lists_the_conversations_that_meet_its_criteria_now(
    recent: httpx.AsyncClient, rest: Rest
) -> None:
    made = await recent.post(
        "/v1/manage/group", json={"name": "Ines", "criteria": "conversation.metadata.agentId==ines"}
    )
    path = f"/v1/groups/{made.json()['group']['id']}/conversations"
    assert (await recent.get(path)).json() == {"conversations": []}
    found = (await recent.get("/v1/conversations")).json()["conversations"][1]
    await recent.put(f"/v1/conversations/{found['id']}", json={"metadata": {"agentId": "ines"}})
    assert [one["id"] for one in (await recent.get(path)).json()["conversations"]] == [found["id"]]
    assert (await rest.theirs.http.get(path)).status_code == 404


# -- the documentation ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("conversation", bodies.ConversationBody),
        ("conversations", bodies.ConversationList),
        ("messages", bodies.MessageList),
        ("topics", bodies.TopicList),
        ("questions", bodies.Questions),
        ("action-items", bodies.ActionItems),
        ("follow-ups", bodies.FollowUps),
        ("insights", bodies.Insights),
        ("members", bodies.MemberList),
        ("entities", bodies.EntityList),
        ("analytics", bodies.AnalyticsBody),
        ("transcript", bodies.Transcript),
    ],
)
async def test_the_documented_example_has_the_fields_of_the_real_answer(
    api: httpx.AsyncClient, name: str, body: type[bodies.Body]
) -> None:
    def fields(value: Any, schema: dict[str, Any], defs: dict[str, Any], where: str) -> None:
        if "$ref" in schema:
            schema = defs[schema["$ref"].rsplit("/", 1)[1]]
        for option in schema.get("anyOf", ()):
            if "$ref" in option:
                schema = defs[option["$ref"].rsplit("/", 1)[1]]
        if isinstance(value, dict) and "properties" in schema:
            assert set(value) <= set(schema["properties"]), where
            assert set(schema.get("required", ())) <= set(value), where
            for key, item in value.items():
                fields(item, schema["properties"][key], defs, f"{where}.{key}")
        if isinstance(value, list) and "items" in schema:
            for item in value:
                fields(item, schema["items"], defs, f"{where}[]")

    schema = body.model_json_schema(mode="serialization")
    fields(EXAMPLES[name], schema, schema.get("$defs", {}), name)


def test_every_route_is_documented_with_what_may_go_wrong(rest: Rest) -> None:
    paths = rest.app.openapi()["paths"]
    assert len(paths) >= 18
    for path, methods in paths.items():
        for operation in methods.values():
            assert operation["summary"], path
            assert operation["description"], path
            assert "401" in operation["responses"], path
