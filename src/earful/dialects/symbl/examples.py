"""What the API documentation shows as answers: one small conversation, written by this project."""

from typing import Any

__all__ = ["EXAMPLES"]

_INES = {
    "id": "8b0f6f0e-0a67-4a53-9d63-5be4c8f0aa01",
    "name": "Ines",
    "email": "ines@example.com",
    "userId": "ines@example.com",
}
_TOMASZ = {
    "id": "8b0f6f0e-0a67-4a53-9d63-5be4c8f0aa02",
    "name": "Tomasz",
    "email": "tomasz@example.com",
    "userId": "tomasz@example.com",
}
_CONVERSATION = {
    "id": "5104417326284800",
    "type": "meeting",
    "name": "Roastery weekly call",
    "startTime": "2026-03-02T09:00:00.000Z",
    "endTime": "2026-03-02T09:00:21.300Z",
    "members": [_INES, _TOMASZ],
    "metadata": {"label": "supplier"},
}
_MESSAGE = {
    "id": "5917306402816000",
    "text": "Yes, I will email the quote to Ines tomorrow morning.",
    "from": _TOMASZ,
    "startTime": "2026-03-02T09:00:06.900Z",
    "endTime": "2026-03-02T09:00:11.200Z",
    "timeOffset": 6.9,
    "duration": 4.3,
    "conversationId": "5104417326284800",
    "phrases": [{"type": "action_phrase", "text": "email the quote to Ines"}],
    "sentiment": {"polarity": {"score": 0.12}, "suggested": "neutral"},
}
_QUESTION = {
    "id": "4655097321177099",
    "type": "question",
    "text": "Could you send the revised quote by Friday?",
    "score": 0.97,
    "messageIds": ["4832016577331200"],
    "entities": [{"type": "date", "text": "Friday", "offset": 36, "value": "2026-03-06"}],
    "phrases": [],
    "from": _INES,
    "assignee": {},
    "definitive": True,
}
_ACTION_ITEM = {
    "id": "4655097321177088",
    "type": "action_item",
    "text": "Tomasz will email the quote to Ines tomorrow morning.",
    "score": 0.94,
    "messageIds": ["5917306402816000"],
    "entities": [],
    "phrases": [{"type": "action_phrase", "text": "email the quote to Ines"}],
    "from": _TOMASZ,
    "assignee": _TOMASZ,
    "definitive": True,
    "dueBy": "2026-03-03T12:00:00.000Z",
}
_FOLLOW_UP = {**_ACTION_ITEM, "id": "4655097321177077", "type": "follow_up"}
_MESSAGE_REF = {"id": "4832016577331200", "text": "Could you send the revised quote by Friday?", "offset": 19}

EXAMPLES: dict[str, Any] = {
    "conversation": _CONVERSATION,
    "conversations": {"conversations": [_CONVERSATION]},
    "messages": {"messages": [_MESSAGE]},
    "topics": {
        "topics": [
            {
                "id": "6011225547309056",
                "text": "revised quote",
                "type": "topic",
                "score": 0.71,
                "messageIds": ["4832016577331200", "5917306402816000"],
                "parentRefs": [{"type": "topic", "text": "supplier call"}],
            }
        ]
    },
    "questions": {"questions": [_QUESTION]},
    "action-items": {"actionItems": [_ACTION_ITEM]},
    "follow-ups": {"followUps": [_FOLLOW_UP]},
    "insights": {"insights": [_QUESTION, _ACTION_ITEM]},
    "members": {"members": [_INES, _TOMASZ]},
    "trackers": [
        {
            "id": "5771233914257408",
            "name": "Quotes",
            "matches": [
                {
                    "type": "vocabulary",
                    "value": "revised quote",
                    "messageRefs": [_MESSAGE_REF],
                    "insightRefs": [],
                }
            ],
        }
    ],
    "entities": {
        "entities": [
            {
                "type": "date",
                "text": "Friday",
                "value": "2026-03-06",
                "subType": "DATE",
                "category": "Managed",
                "messageRefs": [{**_MESSAGE_REF, "offset": 36}],
                "matches": [
                    {
                        "detectedValue": "Friday",
                        "messageRefs": [
                            {
                                **_MESSAGE_REF,
                                "offset": 36,
                                "startTime": "2026-03-02T09:00:00.000Z",
                                "endTime": "2026-03-02T09:00:04.100Z",
                            }
                        ],
                    }
                ],
            }
        ]
    },
    "analytics": {
        "metrics": [
            {"type": "total_silence", "percent": 20.0, "seconds": 15.0},
            {"type": "total_talk_time", "percent": 80.0, "seconds": 60.0},
            {"type": "total_overlap", "percent": 0.0, "seconds": 0.0},
        ],
        "members": [
            {
                "id": _INES["id"],
                "name": "Ines",
                "userId": "ines@example.com",
                "pace": {"wpm": 128},
                "talkTime": {"percentage": 100.0, "seconds": 60.0},
                "listenTime": {"percentage": 0.0, "seconds": 0.0},
                "overlap": {},
            }
        ],
    },
    "transcript": {
        "transcript": {
            "contentType": "text/markdown",
            "payload": "Tomasz: Yes, I will <mark>email the quote to Ines</mark> tomorrow morning.<br/><br/>",
        }
    },
}
"""Answers by the last part of the path they belong to."""
