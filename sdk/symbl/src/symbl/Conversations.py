"""`from symbl.Conversations import Conversation`, as programs for Symbl's package write it."""

from symbl._conversation import Conversation

__all__ = ["Conversation"]
