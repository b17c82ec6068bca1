"""One small conversation with everything that can be found in one."""

from datetime import UTC, datetime

from earful.conversation.types import (
    Conversation,
    Entity,
    EntityMatch,
    Insight,
    InsightRef,
    Member,
    Message,
    MessageRef,
    Phrase,
    Topic,
    TrackerMatch,
    Word,
)
from earful.insight.types import Findings

CID = "5104417326284800"
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
INES = Member("m-ines", "Ines", "ines@example.com", "ines@example.com")
TOMASZ = Member("m-tomasz", "Tomasz", None, "tomasz-7")

ASKED = Message(
    id="4832016577331200",
    conversation_id=CID,
    text="Could you send the revised quote by Friday?",
    start=0.5,
    end=3.0,
    member_id=INES.id,
    words=(Word("Could", 0.5, 0.7, 0.97), Word("you", 0.7, 0.9, None, 2)),
    confidence=0.93,
    sentiment=-0.5,
    entities=(Entity("date", "Friday", 36, "2026-03-06"),),
)
PROMISED = Message(
    id="5917306402816000",
    conversation_id=CID,
    text="Yes, I will email the quote to Ines tomorrow morning.",
    start=6.9,
    end=11.2,
    member_id=TOMASZ.id,
    phrases=(Phrase("action_phrase", "email the quote to Ines"),),
)
UNNAMED = Message(
    id="6240181957246976", conversation_id=CID, text="The delivery was late.", start=12.0, end=14.0
)
QUESTION = Insight("q1", "question", ASKED.text, 0.97, (ASKED.id,), INES.id)
ACTION_ITEM = Insight(
    id="a1",
    kind="action_item",
    text="Tomasz will email the quote to Ines tomorrow morning.",
    score=0.94,
    message_ids=(PROMISED.id,),
    member_id=TOMASZ.id,
    assignee_id=TOMASZ.id,
    assignee_name="Tomasz",
    due_by=datetime(2026, 3, 3, 12, tzinfo=UTC),
    phrases=(Phrase("action_phrase", "email the quote to Ines"),),
    entities=(
        Entity("person", "Tomasz", 0, {"assignee": True, "name": "Tomasz", "id": TOMASZ.id}),
        Entity("datetimerange", "tomorrow morning", 36, {"start": "2026-03-03 08:00:00"}),
    ),
)
FOLLOW_UP = Insight(
    "f1", "follow_up", "Ines will call Harbour Cafe.", 0.8, (UNNAMED.id,), assignee_name="the sales team"
)
QUOTE = Topic("t1", "revised quote", 0.71, (ASKED.id, PROMISED.id), ("quote",), "supplier", 0.1)
DELIVERY = Topic("t2", "late delivery", 0.4, (UNNAMED.id,))
LATE = TrackerMatch(
    tracker_id="7",
    tracker_name="Late delivery",
    phrase="delivery was late",
    message_refs=(MessageRef(UNNAMED.id, UNNAMED.text, 4),),
    insight_refs=(InsightRef("q1", "question", QUESTION.text, -1),),
)
FRIDAY = EntityMatch(Entity("date", "Friday", 36, "2026-03-06"), (MessageRef(ASKED.id, ASKED.text, 36),))

EVERYTHING = Findings(
    messages=(ASKED, PROMISED, UNNAMED),
    insights=(QUESTION, ACTION_ITEM, FOLLOW_UP),
    topics=(QUOTE, DELIVERY),
    trackers=(LATE,),
    entities=(FRIDAY,),
)


def conversation(application_id: str, id: str = CID, **changes: object) -> Conversation:
    """Return the conversation as it is created: members known, nothing said."""
    fields: dict[str, object] = {
        "id": id,
        "application_id": application_id,
        "started_at": START,
        "name": "Roastery weekly call",
        "members": (INES, TOMASZ),
        "metadata": {"label": "supplier"},
        **changes,
    }
    return Conversation(**fields)  # type: ignore[arg-type]
