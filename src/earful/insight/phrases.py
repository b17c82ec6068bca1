"""Key phrases of a message: what it says is to be done."""

from earful.conversation.types import Phrase
from earful.insight.action_items import Action

__all__ = ["action_phrases"]


def action_phrases(action: Action | None) -> tuple[Phrase, ...]:
    """Return the action phrase of a message or insight, none when nothing is to be done."""
    return (Phrase("action_phrase", action.phrase),) if action and action.phrase else ()
