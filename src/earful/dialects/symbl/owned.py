"""The conversation that a request is about, for the routes that need one."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends

from earful.accounts.service import Accounts
from earful.accounts.types import Application
from earful.conversation.types import Conversation
from earful.dialects.symbl.auth import application_dependency
from earful.dialects.symbl.errors import ConversationNotFound
from earful.store.conversations import ConversationStore

__all__ = ["conversation_dependency"]


def conversation_dependency(
    accounts: Accounts, store: ConversationStore
) -> Callable[..., Awaitable[Conversation]]:
    """Return the FastAPI dependency that gives a route the caller's conversation, or answers 404."""
    Caller = Annotated[Application, Depends(application_dependency(accounts))]  # noqa: N806 (a type)

    async def conversation_of(conversation_id: str, application: Caller) -> Conversation:
        conversation = await store.get(application.id, conversation_id)
        if conversation is None:
            raise ConversationNotFound
        return conversation

    return conversation_of
