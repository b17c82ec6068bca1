"""Putting right what was heard: an addition of ours to Symbl's Conversation API."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import Field

from earful.accounts.service import Accounts
from earful.conversation.types import Conversation
from earful.dialects.symbl.bodies import Body, MessageBody
from earful.dialects.symbl.errors import ApiError, ErrorMessage
from earful.dialects.symbl.owned import conversation_dependency
from earful.dialects.symbl.shapes import People, message_body
from earful.store.conversations import ConversationStore, UnknownMessage

__all__ = ["correction_router"]

_ERRORS: dict[int | str, dict[str, Any]] = {
    400: {"model": ErrorMessage, "description": "There is no text, or too much."},
    401: {"model": ErrorMessage, "description": "No valid token."},
    404: {
        "model": ErrorMessage,
        "description": "There is no such conversation or message.",
    },
}


class Correction(Body):
    """What was said in truth."""

    text: str = Field(min_length=1, max_length=10_000, pattern=r"\S", examples=["Could you send the quote?"])


def correction_router(accounts: Accounts, store: ConversationStore) -> APIRouter:
    """Return the route that corrects a message."""
    router = APIRouter(prefix="/v1", tags=["Conversations"], responses=_ERRORS)
    Owned = Annotated[Conversation, Depends(conversation_dependency(accounts, store))]  # noqa: N806 (a type)

    @router.patch(
        "/conversations/{conversation_id}/messages/{message_id}",
        summary="Correct a message",
        response_model_exclude_none=True,
    )
    async def correct(conversation: Owned, message_id: str, body: Correction) -> MessageBody:
        """Give a message another text. Its words keep their times as far as they are still there."""
        text = " ".join(body.text.split())
        try:
            message = await store.correct(conversation.application_id, conversation.id, message_id, text)
        except UnknownMessage:
            raise ApiError(404, "There is no such message.") from None
        first = (await store.messages(conversation.application_id, conversation.id))[0]
        return message_body(
            message,
            conversation,
            People(conversation.members),
            first_start=first.start,
            words=True,
            polarity=message.sentiment,
        )

    return router
