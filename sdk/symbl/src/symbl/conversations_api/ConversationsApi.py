"""`ConversationsApi` under its path in Symbl's package."""

from symbl._conversations_api import ConversationsApi

__all__ = ["ConversationsApi"]
