from __future__ import annotations

import json

from earful.conversation.types import Conversation
from earful.dialects.symbl.streaming import Close, Send
from earful.dialects.symbl.subscribe import SubscriberSession
from earful.live.bus import Delivery
from earful.live.events import ConversationCompleted, ConversationCreated, Event, Fault, Transcribed
from earful.speech.types import Hypothesis
from tests.live.fakes import STARTED


def told(event: Event) -> Delivery:
    return Delivery(event, 0, Conversation("17", "app", STARTED))


def test_a_subscriber_learns_of_the_conversation_and_hears_every_speaker() -> None:
    session = SubscriberSession()
    (created,) = session.event(told(ConversationCreated("17")))
    assert isinstance(created, Send)
    assert json.loads(created.text)["message"]["data"] == {"conversationId": "17"}
    (partial,) = session.event(told(Transcribed("anyone", None, Hypothesis(0, "so", 0, 1, False))))
    assert isinstance(partial, Send)
    assert partial.droppable


def test_completion_is_told_and_closes() -> None:
    completed, close = SubscriberSession("http://h").event(told(ConversationCompleted("17")))
    assert isinstance(completed, Send)
    assert json.loads(completed.text)["message"]["type"] == "conversation_completed"
    assert close == Close(1000)


def test_a_subscriber_may_ping() -> None:
    assert SubscriberSession().text("__PING__") == [Send("__PONG__")]


def test_requests_of_a_subscriber_are_ignored() -> None:
    session = SubscriberSession()
    for text in ("{'type': 'stop_request'}", '{"type":"start_request","config":7}', '{"type":"x"}'):
        assert session.text(text) == []


def test_text_that_is_no_message_is_told() -> None:
    (error,) = SubscriberSession().text("nonsense")
    assert isinstance(error, Send)
    assert json.loads(error.text)["message"]["type"] == "error"


def test_faults_of_a_speaker_are_not_for_subscribers() -> None:
    assert SubscriberSession().event(told(Fault("me", "lost"))) == []
