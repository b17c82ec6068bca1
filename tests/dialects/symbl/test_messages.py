from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

from earful.conversation.types import (
    Conversation,
    Entity,
    EntityMatch,
    Insight,
    Member,
    Message,
    MessageRef,
    Topic,
    TrackerMatch,
    Word,
)
from earful.dialects.symbl import messages
from earful.live.bus import Delivery
from earful.live.events import (
    ConversationCreated,
    EntitiesFound,
    Event,
    Fault,
    InsightsFound,
    MessagesAdded,
    TopicsFound,
    TrackersFound,
    Transcribed,
)
from earful.speech.types import Hypothesis

ROSA = Member("m-1", "Rosa", "rosa@example.net", "rosa@example.net")
CONVERSATION = Conversation(
    "4893210077665432",
    "app",
    datetime(2026, 3, 2, 9, 15, tzinfo=UTC),
    timezone_offset_min=120,
    members=(ROSA,),
)
MESSAGE = Message("m1", CONVERSATION.id, "Ship it Friday.", 12.3, 13.45, "m-1", (Word("Ship", 12.3, 12.52),))


def frame(event: Event, sequence: int = 0) -> Any:
    text = messages.result(Delivery(event, sequence, CONVERSATION))
    assert text is not None
    return json.loads(text)


def test_a_recognition_result_has_words_with_seconds_and_nanos_as_strings() -> None:
    hypothesis = Hypothesis(
        2, "It is", 12.3, 13.0, True, 0.94321, (Word("It", 12.3, 12.52), Word("is", 12.52, 13.0))
    )
    assert frame(Transcribed("p", ROSA, hypothesis)) == {
        "type": "message",
        "message": {
            "type": "recognition_result",
            "isFinal": True,
            "payload": {
                "raw": {
                    "alternatives": [
                        {
                            "transcript": "It is",
                            "confidence": 0.943,
                            "words": [
                                {
                                    "word": "It",
                                    "startTime": {"seconds": "12", "nanos": "300000000"},
                                    "endTime": {"seconds": "12", "nanos": "520000000"},
                                },
                                {
                                    "word": "is",
                                    "startTime": {"seconds": "12", "nanos": "520000000"},
                                    "endTime": {"seconds": "13", "nanos": "0"},
                                },
                            ],
                        }
                    ]
                }
            },
            "punctuated": {"transcript": "It is"},
            "user": {"id": "m-1", "userId": "rosa@example.net", "name": "Rosa"},
        },
        "timeOffset": 12300,
    }


def test_an_interim_result_of_nobody_in_particular_has_no_user_and_still_a_transcript() -> None:
    message = frame(Transcribed("p", None, Hypothesis(0, "so", 0, 1, False)))["message"]
    assert message["isFinal"] is False
    assert message["punctuated"] == {"transcript": "so"}
    assert "user" not in message


def test_a_message_response_carries_its_words_as_text_within_the_text() -> None:
    body = frame(MessagesAdded((MESSAGE,)), 4)
    (message,) = body["messages"]
    assert (body["type"], body["sequenceNumber"]) == ("message_response", 4)
    assert message["from"] == {"id": "m-1", "name": "Rosa", "userId": "rosa@example.net"}
    assert message["payload"] == {"content": "Ship it Friday.", "contentType": "text/plain"}
    assert message["duration"] == {
        "startTime": "2026-03-02T09:15:12.300Z",
        "endTime": "2026-03-02T09:15:13.450Z",
        "timeOffset": 12.3,
        "duration": 1.15,
    }
    assert json.loads(message["metadata"]["words"]) == [
        {"word": "Ship", "startTime": "2026-03-02T09:15:12.300Z", "endTime": "2026-03-02T09:15:12.520Z"}
    ]
    assert message["metadata"]["timezoneOffset"] == 120
    assert "sentiment" not in message
    assert "sentiment" not in body


def test_a_message_of_nobody_in_particular_has_an_empty_from() -> None:
    message = Message("m1", CONVERSATION.id, "Hi.", 0, 1)
    assert frame(MessagesAdded((message,)))["messages"][0]["from"] == {}


def test_sentiment_and_entities_are_sent_when_they_were_found() -> None:
    message = Message(
        "m1", CONVERSATION.id, "x 123", 0, 1, sentiment=0.4, entities=(Entity("SSN", "123", 2),)
    )
    body = frame(MessagesAdded((message,)))
    assert body["sentiment"] is True
    assert body["messages"][0]["sentiment"] == {"polarity": {"score": 0.4}, "suggested": "positive"}
    assert body["messages"][0]["entities"] == [
        {
            "type": "SSN",
            "subType": "SSN",
            "category": "Managed",
            "value": "123",
            "text": "123",
            "detectedValue": "123",
            "offset": 2,
        }
    ]


def test_an_insight_says_the_same_in_text_and_in_payload_and_dates_are_local() -> None:
    insight = Insight(
        "i1",
        "action_item",
        "Rosa will ship.",
        0.93,
        ("m1",),
        member_id="m-1",
        assignee_id="m-1",
        due_by=datetime(2026, 3, 4, 22, 0, tzinfo=UTC),
        entities=(Entity("date", "Thursday", 5, "2026-03-05"),),
    )
    (item,) = frame(InsightsFound((insight,)))["insights"]
    assert item["text"] == item["payload"]["content"] == "Rosa will ship."
    assert (item["type"], item["confidence"]) == ("action_item", 0.93)
    assert item["assignee"] == item["from"] == {"id": "m-1", "name": "Rosa", "userId": "rosa@example.net"}
    assert item["dueBy"] == {"value": "2026-03-05T00:00:00+02:00"}
    assert item["messageReference"] == {"id": "m1"}
    assert all(isinstance(hint["value"], str) for hint in item["hints"])
    assert item["tags"] == [
        {
            "type": "date",
            "text": "Thursday",
            "beginOffset": 5,
            "value": {"value": {"datetime": "2026-03-05"}},
        }
    ]


def test_an_insight_without_date_or_known_people_leaves_them_open() -> None:
    insight = Insight("i1", "question", "Who?", 0.8, (), assignee_name="Omar")
    (item,) = frame(InsightsFound((insight,)))["insights"]
    assert "dueBy" not in item
    assert "messageReference" not in item
    assert item["assignee"] == {"name": "Omar"}
    assert item["from"] == {}


def test_a_topics_phrases_are_one_string() -> None:
    (topic,) = frame(TopicsFound((Topic("t", "rollout plan", 0.86, ("m1",), ("rollout",)),)))["topics"]
    assert topic == {
        "id": "t",
        "type": "topic",
        "phrases": "rollout plan",
        "rootWords": [{"text": "rollout"}],
        "score": 0.86,
        "messageReferences": [{"id": "m1", "relation": "text instance"}],
    }


def test_tracker_hits_are_grouped_and_timed_and_always_list_insights() -> None:
    matches = (
        TrackerMatch("", "Pricing", "too dear", (MessageRef("m1", "Ship it Friday.", 8),)),
        TrackerMatch("", "Pricing", "cost", (MessageRef("m0", "The cost.", 4),)),
        TrackerMatch("77", "Closing", "sign", ()),
    )
    body = frame(TrackersFound(matches, messages=(MESSAGE,)))
    pricing, closing = body["trackers"]
    assert body["isFinal"] is True
    assert "id" not in pricing
    assert closing["id"] == "77"
    assert [match["value"] for match in pricing["matches"]] == ["too dear", "cost"]
    assert pricing["matches"][0]["messageRefs"] == [
        {
            "id": "m1",
            "text": "Ship it Friday.",
            "offset": 8,
            "startTime": "2026-03-02T09:15:12.300Z",
            "endTime": "2026-03-02T09:15:13.450Z",
        }
    ]
    assert all(match["insightRefs"] == [] for match in pricing["matches"])


def test_entities_say_where_they_were_said() -> None:
    match = EntityMatch(Entity("person", "Omar", 11), (MessageRef("m1", "Send it to Omar.", 11),))
    (entity,) = frame(EntitiesFound((match,)))["entities"]
    assert entity["type"] == "person"
    assert entity["matches"] == [
        {
            "detectedValue": "Omar",
            "messageRefs": [{"id": "m1", "text": "Send it to Omar.", "offset": 11}],
        }
    ]


def test_start_messages_have_nothing_but_the_conversation_id_under_data() -> None:
    created = json.loads(messages.conversation_created("17"))
    assert created == {
        "type": "message",
        "message": {"type": "conversation_created", "data": {"conversationId": "17"}},
    }
    assert frame(ConversationCreated("17")) == created
    assert json.loads(messages.started_listening())["message"] == {"type": "started_listening"}
    assert json.loads(messages.recognition_started("17"))["message"]["data"] == {"conversationId": "17"}


def test_completion_says_the_id_twice_and_where_to_look() -> None:
    message = json.loads(messages.conversation_completed("17", "https://host"))["message"]
    assert message["conversationId"] == message["data"]["conversationId"] == "17"
    prefix, _, session = message["summaryUrl"].rpartition("/")
    assert prefix == "https://host/meeting/#"
    assert json.loads(base64.b64decode(session)) == {"sessionId": "17"}


def test_a_fatal_error_has_two_forms_and_another_one_is_nested_only() -> None:
    nested, top = (json.loads(text) for text in messages.fatal_error("too slow", "Invalid start_request"))
    assert nested == {"type": "message", "message": {"type": "error", "details": "too slow"}}
    assert top == {"type": "error", "details": "too slow", "message": "Invalid start_request"}
    assert json.loads(messages.error("too slow")) == nested


def test_session_modified_keeps_its_payload_out_of_data() -> None:
    assert json.loads(messages.session_modified("LINEAR16", 8000.0))["message"] == {
        "type": "session_modified",
        "encoding": "LINEAR16",
        "sampleRateHertz": 8000,
    }


def test_half_a_surrogate_pair_in_a_name_can_be_sent() -> None:
    member = Member("m-2", "\ud800")
    text = messages.result(
        Delivery(Transcribed("p", member, Hypothesis(0, "hi", 0, 1, True)), 0, CONVERSATION)
    )
    assert text is not None
    text.encode("utf-8")


def test_events_that_are_not_for_clients_have_no_frame() -> None:
    assert messages.result(Delivery(Fault("p", "x"), 0, CONVERSATION)) is None
