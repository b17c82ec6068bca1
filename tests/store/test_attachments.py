"""What the attachments of a conversation promise, and speakers told afterwards, on either database."""

import pytest

from earful.accounts.types import Application
from earful.conversation.types import Member
from earful.store.attachments import Attachment, AttachmentStore
from earful.store.conversations import ConversationStore, UnknownConversation
from earful.store.database import Database
from tests.store.samples import ASKED, CID, EVERYTHING, INES, PROMISED, TOMASZ, UNNAMED, conversation


@pytest.fixture
async def conversations(database: Database, application: Application) -> ConversationStore:
    store = ConversationStore(database)
    await store.create(conversation(application.id))
    await store.add_findings(CID, EVERYTHING)
    return store


@pytest.fixture
def store(database: Database, conversations: ConversationStore) -> AttachmentStore:
    return AttachmentStore(database)


async def test_attachments_are_kept_replaced_and_removed(
    store: AttachmentStore, application: Application
) -> None:
    owner = application.id
    await store.put(owner, CID, "bookmark", [Attachment("1", {"a": 1}), Attachment("2", {})])
    await store.put(owner, CID, "summary", [Attachment("1", {"other": "kind"})])
    await store.put(owner, CID, "bookmark", [Attachment("1", {"a": 2})])
    assert await store.list(owner, CID, "bookmark") == (Attachment("1", {"a": 2}), Attachment("2", {}))
    await store.put(owner, CID, "bookmark", [Attachment("3", {})], only=True)
    assert await store.list(owner, CID, "bookmark") == (Attachment("3", {}),)
    assert await store.remove(owner, CID, "bookmark", "3")
    assert not await store.remove(owner, CID, "bookmark", "3")
    assert len(await store.list(owner, CID, "summary")) == 1


async def test_strangers_see_and_change_nothing(store: AttachmentStore, stranger: Application) -> None:
    with pytest.raises(UnknownConversation):
        await store.list(stranger.id, CID, "summary")
    with pytest.raises(UnknownConversation):
        await store.put(stranger.id, CID, "summary", [Attachment("1", {})])
    with pytest.raises(UnknownConversation):
        await store.remove(stranger.id, CID, "summary", "1")


async def test_they_go_with_their_conversation(
    store: AttachmentStore, conversations: ConversationStore, application: Application
) -> None:
    await store.put(application.id, CID, "summary", [Attachment("1", {})])
    await conversations.delete(application.id, CID)
    await conversations.create(conversation(application.id))
    assert await store.list(application.id, CID, "summary") == ()


async def test_messages_insights_and_members_follow_the_speakers(
    conversations: ConversationStore, application: Application
) -> None:
    rosa = Member("m-rosa", "Rosa", "rosa@example.com", "rosa@example.com")
    again = Member("m-other", "Ines B.", "INES@example.com", None)
    said = {PROMISED.id: "r", UNNAMED.id: "i"}
    await conversations.reattribute(application.id, CID, {"r": rosa, "i": again}, lambda _: said)
    messages = await conversations.messages(application.id, CID)
    assert {one.id: one.member_id for one in messages} == {
        ASKED.id: INES.id,
        PROMISED.id: rosa.id,
        UNNAMED.id: INES.id,
    }
    (item,) = await conversations.insights(application.id, CID, "action_item")
    assert (item.member_id, item.assignee_id) == (rosa.id, rosa.id)
    members = {one.id: one.name for one in await conversations.members(application.id, CID)}
    assert members == {INES.id: "Ines B.", rosa.id: "Rosa"}
    assert TOMASZ.id not in members
