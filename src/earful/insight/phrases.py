"""What a message says is to be done, as a key phrase, and who is to do it."""

from earful.conversation.types import Entity, Phrase
from earful.insight.action_items import Action

__all__ = ["action_phrases", "assignee_entity"]


def action_phrases(action: Action | None) -> tuple[Phrase, ...]:
    """Return the action phrase of a message or insight, none when nothing is to be done."""
    return (Phrase("action_phrase", action.phrase),) if action and action.phrase else ()


def assignee_entity(action: Action) -> Entity:
    """Return who is to do it as an entity at the beginning of the action's text."""
    name = action.assignee_name or ""
    value: dict[str, object] = {"assignee": True, "name": name}
    if action.assignee is not None:
        value |= {"id": action.assignee.id, "userId": action.assignee.user_id or action.assignee.email}
    return Entity("person", name, 0, value)
