"""Things to do, told again once it is known who said them: "I will send it" becomes "Tom will send it"."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from earful.conversation.types import Entity, Insight, Member, Message
from earful.insight.action_items import find_action
from earful.insight.phrases import action_phrases, assignee_entity

__all__ = ["retold"]


_SOME_DAY = datetime(2000, 1, 1)
"""Until when a thing is to be done is not found again."""


def retold(insight: Insight, said: Sequence[Message], members: Sequence[Member]) -> Insight:
    """Return an action item or follow-up as it reads with the people there are now.

    `said` are its messages, and its `member_id` is who said them. What is told in other words than those of
    its messages (masked, corrected) stays as it is, and so do questions.
    """
    if insight.kind == "question":
        return insight
    speaker = next((member for member in members if member.id == insight.member_id), None)
    action = find_action(" ".join(message.text for message in said), speaker, members, _SOME_DAY)
    if action is None or not insight.phrases or action_phrases(action) != insight.phrases:
        return insight
    entities = [assignee_entity(action)] if action.text.startswith(action.assignee_name or "\0") else []
    for entity in insight.entities:
        at = action.text.lower().find(entity.text.lower())
        if at >= 0 and not _is_assignee(entity):
            entities.append(replace(entity, offset=at))
    return replace(
        insight,
        text=action.text,
        assignee_id=action.assignee.id if action.assignee else None,
        assignee_name=action.assignee_name,
        entities=tuple(entities),
    )


def _is_assignee(entity: Entity) -> bool:
    return isinstance(entity.value, dict) and bool(entity.value.get("assignee"))
