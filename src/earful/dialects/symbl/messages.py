"""What the core tells, as the text frames of Symbl's Streaming and Subscribe APIs.

Each function of a `Delivery` depends on nothing else, so that `Delivery.form` makes its JSON once
for all sockets.
"""

import base64
import json
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta, timezone
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
from earful.dialects.symbl.shapes import iso_time
from earful.live.bus import Delivery
from earful.live.events import (
    ConversationCreated,
    EntitiesFound,
    InsightsFound,
    MessagesAdded,
    TopicsFound,
    TrackersFound,
    Transcribed,
)

__all__ = [
    "PONG",
    "conversation_completed",
    "conversation_created",
    "error",
    "fatal_error",
    "recognition_started",
    "recognition_stopped",
    "result",
    "session_modified",
    "started_listening",
    "summary_url",
]

PONG = "__PONG__"


# -- platform messages ----------------------------------------------------------------------------


def conversation_created(conversation_id: str) -> str:
    return _platform({"type": "conversation_created", "data": {"conversationId": conversation_id}})


def started_listening() -> str:
    return _platform({"type": "started_listening"})


def recognition_started(conversation_id: str) -> str:
    return _platform({"type": "recognition_started", "data": {"conversationId": conversation_id}})


def recognition_stopped() -> str:
    return _platform({"type": "recognition_stopped"})


def conversation_completed(conversation_id: str, base_url: str) -> str:
    """Older clients read the flat fields, the Go client `data`."""
    return _platform(
        {
            "type": "conversation_completed",
            "conversationId": conversation_id,
            "summaryUrl": summary_url(conversation_id, base_url),
            "data": {"conversationId": conversation_id},
        }
    )


def summary_url(conversation_id: str, base_url: str) -> str:
    """Return where people look at the conversation; `base_url` has no slash at its end."""
    session = base64.b64encode(_json({"sessionId": conversation_id}).encode()).decode()
    return f"{base_url}/meeting/#/{session}"


def session_modified(encoding: str, sample_rate_hz: float) -> str:
    return _platform(
        {"type": "session_modified", "encoding": encoding, "sampleRateHertz": _whole(sample_rate_hz)}
    )


def error(details: str) -> str:
    """Return the form of an error after which the session goes on."""
    return _platform({"type": "error", "details": details})


def fatal_error(details: str, message: str) -> tuple[str, str]:
    """Return both forms of an error after which the socket is closed: nested, then top-level."""
    return error(details), _json({"type": "error", "details": details, "message": message})


# -- results --------------------------------------------------------------------------------------


def result(delivery: Delivery) -> str | None:
    """Return the frame of an event that all clients get in the same form, None for other events."""
    event = delivery.event
    match event:
        case Transcribed():
            return _platform(_recognition_result(event), timeOffset=round(event.hypothesis.start * 1000))
        case ConversationCreated():
            return conversation_created(event.conversation_id)
        case MessagesAdded():
            body = _message_response(event.messages, delivery)
        case InsightsFound():
            body = _insight_response(event.insights, delivery)
        case TopicsFound():
            body = {"type": "topic_response", "topics": [_topic(topic) for topic in event.topics]}
        case TrackersFound():
            body = _tracker_response(event, delivery)
        case EntitiesFound():
            body = _entity_response(event.matches, delivery)
        case _:
            return None
    return _json(body)


def _recognition_result(event: Transcribed) -> dict[str, Any]:
    hypothesis = event.hypothesis
    alternative: dict[str, Any] = {"transcript": hypothesis.text}
    if hypothesis.confidence is not None:
        alternative["confidence"] = round(hypothesis.confidence, 3)
    alternative["words"] = [
        {"word": word.text, "startTime": _seconds(word.start), "endTime": _seconds(word.end)}
        for word in hypothesis.words
    ]
    message: dict[str, Any] = {
        "type": "recognition_result",
        "isFinal": hypothesis.is_final,
        "payload": {"raw": {"alternatives": [alternative]}},
        "punctuated": {"transcript": hypothesis.text},
    }
    if event.speaker is not None:
        message["user"] = _person(event.speaker)
    return message


def _message_response(messages: Iterable[Message], delivery: Delivery) -> dict[str, Any]:
    conversation = delivery.conversation
    items = [_message(message, conversation) for message in messages]
    body: dict[str, Any] = {"type": "message_response", "sequenceNumber": delivery.sequence}
    if any("sentiment" in item for item in items):
        body["sentiment"] = True
    body["messages"] = items
    return body


def _message(message: Message, conversation: Conversation) -> dict[str, Any]:
    def at(seconds: float) -> str:
        return iso_time(conversation.started_at + timedelta(seconds=seconds))

    def spoken(word: Word) -> dict[str, Any]:
        return {"word": word.text, "startTime": at(word.start), "endTime": at(word.end)}

    item: dict[str, Any] = {
        "id": message.id,
        "from": _member(message.member_id, conversation),
        "payload": {"content": message.text, "contentType": "text/plain"},
        "channel": {"id": "realtime-api"},
        "metadata": {
            "disablePunctuation": True,
            "timezoneOffset": conversation.timezone_offset_min,
            "originalContent": message.text,
            "originalMessageId": message.id,
            # Text within text: that is what clients parse.
            "words": _json([spoken(word) for word in message.words]),
        },
        "dismissed": False,
        "duration": {
            "startTime": at(message.start),
            "endTime": at(message.end),
            "timeOffset": round(message.start, 3),
            "duration": round(message.end - message.start, 3),
        },
        "entities": [_message_entity(entity) for entity in message.entities],
    }
    if message.sentiment is not None:
        item["sentiment"] = _sentiment(message.sentiment)
    return item


def _message_entity(entity: Entity) -> dict[str, Any]:
    return {
        "type": entity.type,
        "subType": entity.type,
        "category": entity.category or "Managed",
        "value": entity.text if entity.value is None else entity.value,
        "text": entity.text,
        "detectedValue": entity.text,
        "offset": entity.offset,
    }


def _insight_response(insights: Iterable[Insight], delivery: Delivery) -> dict[str, Any]:
    return {
        "type": "insight_response",
        "sequenceNumber": delivery.sequence,
        "insights": [_insight(insight, delivery.conversation) for insight in insights],
    }


def _insight(insight: Insight, conversation: Conversation) -> dict[str, Any]:
    item: dict[str, Any] = {
        "id": insight.id,
        "type": insight.kind,
        "text": insight.text,
        "confidence": round(insight.score, 3),
        "hints": [{"key": "confidenceScore", "value": f"{insight.score:.3f}"}],
        "assignee": _member(insight.assignee_id, conversation, insight.assignee_name),
        "tags": [_tag(entity) for entity in insight.entities],
        "entities": None,
        "dismissed": False,
        "payload": {"content": insight.text, "contentType": "text/plain"},
        "from": _member(insight.member_id, conversation),
    }
    if insight.due_by is not None:
        item["dueBy"] = {"value": _local_time(insight.due_by, conversation)}
    if insight.message_ids:
        item["messageReference"] = {"id": insight.message_ids[0]}
    return item


def _tag(entity: Entity) -> dict[str, Any]:
    value = entity.text if entity.value is None else entity.value
    if not isinstance(value, dict):
        value = {"name": value, "alias": value} if entity.type == "person" else {"datetime": value}
    return {
        "type": entity.type,
        "text": entity.text,
        "beginOffset": entity.offset,
        "value": {"value": value},
    }


def _topic(topic: Topic) -> dict[str, Any]:
    item: dict[str, Any] = {
        "id": topic.id,
        "type": "topic",
        "phrases": topic.text,
        "rootWords": [{"text": word} for word in topic.root_words or topic.text.split()[:1]],
        "score": round(topic.score, 3),
        "messageReferences": [{"id": id, "relation": "text instance"} for id in topic.message_ids],
    }
    if topic.sentiment is not None:
        item["sentiment"] = _sentiment(topic.sentiment)
    return item


def _tracker_response(event: TrackersFound, delivery: Delivery) -> dict[str, Any]:
    began = delivery.conversation.started_at
    spoken = {message.id: message for message in event.messages}

    def timed(ref: MessageRef) -> dict[str, Any]:
        item = _message_ref(ref)
        if (message := spoken.get(ref.message_id)) is not None:
            item["startTime"] = iso_time(began + timedelta(seconds=message.start))
            item["endTime"] = iso_time(began + timedelta(seconds=message.end))
        return item

    grouped: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for match in event.matches:
        grouped.setdefault((match.tracker_id, match.tracker_name), []).append(_tracker_match(match, timed))
    trackers = []
    for (id, name), matches in grouped.items():
        tracker: dict[str, Any] = {"id": id} if id else {}
        trackers.append({**tracker, "name": name, "matches": matches})
    return {
        "type": "tracker_response",
        "isFinal": event.is_final,
        "sequenceNumber": delivery.sequence,
        "trackers": trackers,
    }


def _tracker_match(match: TrackerMatch, timed: Callable[[MessageRef], dict[str, Any]]) -> dict[str, Any]:
    return {
        "type": "vocabulary",
        "value": match.phrase,
        "messageRefs": [timed(ref) for ref in match.message_refs],
        "insightRefs": [
            {"id": ref.insight_id, "type": ref.kind, "text": ref.text, "offset": ref.offset}
            for ref in match.insight_refs
        ],
    }


def _entity_response(matches: Iterable[EntityMatch], delivery: Delivery) -> dict[str, Any]:
    return {
        "type": "entity_response",
        "sequenceNumber": delivery.sequence,
        "entities": [
            {
                "type": match.entity.type,
                "subType": match.entity.type,
                "category": match.entity.category or "Managed",
                "matches": [
                    {
                        "detectedValue": match.entity.text,
                        "messageRefs": [_message_ref(ref) for ref in match.message_refs],
                    }
                ],
            }
            for match in matches
        ],
    }


def _message_ref(ref: MessageRef) -> dict[str, Any]:
    return {"id": ref.message_id, "text": ref.text, "offset": ref.offset}


# -- pieces ---------------------------------------------------------------------------------------


def _member(member_id: str | None, conversation: Conversation, name: str | None = None) -> dict[str, Any]:
    """Return a person; clients look into it unasked, so an unknown one is an empty object."""
    for member in conversation.members:
        if member.id == member_id:
            return _person(member)
    return {"name": name} if name else {}


def _person(member: Member) -> dict[str, Any]:
    person = {"id": member.id}
    if name := member.name or member.user_id:
        person["name"] = name
    if user_id := member.user_id or member.email:
        person["userId"] = user_id
    return person


def _sentiment(score: float) -> dict[str, Any]:
    suggested = "negative" if score < -0.3 else "positive" if score > 0.3 else "neutral"
    return {"polarity": {"score": round(score, 3)}, "suggested": suggested}


def _seconds(time: float) -> dict[str, str]:
    """Return seconds and nanoseconds as strings, rounded to the millisecond."""
    milliseconds = max(0, round(time * 1000))
    return {"seconds": str(milliseconds // 1000), "nanos": str(milliseconds % 1000 * 1_000_000)}


def _local_time(moment: datetime, conversation: Conversation) -> str:
    zone = timezone(timedelta(minutes=conversation.timezone_offset_min))
    return moment.astimezone(zone).isoformat(timespec="seconds")


def _whole(number: float) -> float | int:
    return int(number) if number == int(number) else number


def _platform(message: dict[str, Any], **beside: Any) -> str:
    return _json({"type": "message", "message": message, **beside})


def _json(value: Any) -> str:
    # ASCII only: names may hold halves of surrogate pairs, which no text frame can carry.
    return json.dumps(value, separators=(",", ":"))
