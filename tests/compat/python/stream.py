"""A live stream with the vendor's package, then everything that can be asked about its conversation."""

import time

from redirect import CREDENTIALS, finish, speech

import symbl
from symbl.utils import Thread

frames = []
connection = symbl.Streaming.start_connection(
    credentials=CREDENTIALS,
    insight_types=["question", "action_item", "follow_up"],
    speaker={"name": "Maya", "email": "maya@example.com"},
    config={"speechRecognition": {"sampleRateHertz": 16000}, "meetingTitle": "Moving the warehouse"},
    trackers=[{"name": "Place", "vocabulary": ["warehouse"]}],
)
events = ("message", "message_response", "insight_response", "topic_response", "tracker_response")
connection.subscribe(dict.fromkeys(events, frames.append))
for block in speech():
    connection.send_audio(block)
    time.sleep(0.05)
connection.stop()
for thread in Thread.getInstance().threads:
    thread.join()

conversation = connection.conversation


def plain(answer):
    """Models, lists and dicts as JSON."""
    if isinstance(answer, list):
        return [plain(item) for item in answer]
    return answer.to_dict() if hasattr(answer, "to_dict") else answer


reads = [
    "messages",
    "topics",
    "questions",
    "action_items",
    "follow_ups",
    "members",
    "conversation",
    "trackers",
]
reads += ["entities", "analytics"]
finish(
    {
        "frames": frames,
        "conversation_id": conversation.get_conversation_id(),
        "answers": {name: plain(getattr(conversation, "get_" + name)()) for name in reads},
        "verbose": plain(conversation.get_messages(parameters={"verbose": True, "sentiment": True})),
        "by_id": plain(
            symbl.Conversations.get_messages(conversation.get_conversation_id(), credentials=CREDENTIALS)
        ),
        "unknown": plain(symbl.Conversations.get_messages("1234567890123456", credentials=CREDENTIALS)),
    }
)
