"""The text frames that only telephone calls have. Source: symbl-telephony.md §4.2, and additions of ours."""

import json
from typing import Any

from earful.dialects.symbl import messages
from earful.live.bus import Delivery
from earful.live.events import Transcribed
from earful.telephony.calls import Call

__all__ = ["call_status", "farewell", "transcript_response"]


def transcript_response(delivery: Delivery) -> str:
    """Return what was heard, partial or final."""
    event = delivery.event
    assert isinstance(event, Transcribed), "only of hypotheses"
    body: dict[str, Any] = {
        "type": "transcript_response",
        "isFinal": event.hypothesis.is_final,
        "payload": {"content": event.hypothesis.text, "contentType": "text/plain"},
    }
    if event.speaker is not None:
        user_id = event.speaker.user_id or event.speaker.email
        body["user"] = {"id": event.speaker.id, "name": event.speaker.name, "userId": user_id}
    return _json(body)


def call_status(call: Call) -> str:
    """Return how far the call is: `dialling`, `ringing`, `answered`, `ended`."""
    return _message({"type": "call_status", "data": {**_identity(call), "status": call.status}})


def farewell(call: Call, base_url: str) -> list[str]:
    """Return the last frames: what went wrong if something did, why the call is over, and the end."""
    end = call.end
    frames = []
    if end is not None:
        if end.is_failure:
            frames.append(messages.error(end.details))
        data = {**_identity(call), "reason": end.reason, "details": end.details}
        if end.sip_status is not None:
            data["sipStatus"] = end.sip_status
        frames.append(_message({"type": "call_ended", "data": data}))
    frames.append(messages.conversation_completed(call.conversation_id, base_url))
    return frames


def _identity(call: Call) -> dict[str, Any]:
    return {"connectionId": call.id, "conversationId": call.conversation_id, "direction": call.direction}


def _message(message: dict[str, Any]) -> str:
    return _json({"type": "message", "message": message})


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))
