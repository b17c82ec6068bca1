from __future__ import annotations

from earful.conversation.types import Conversation
from earful.live.bus import Channel, Delivery, LocalBus
from earful.live.events import ConversationCreated
from tests.live.fakes import STARTED, Ear

CHANNEL = Channel("app", "room")


def delivery() -> Delivery:
    return Delivery(ConversationCreated("1"), 0, Conversation("1", "app", STARTED))


def test_an_event_reaches_every_listener_of_its_channel_and_no_other() -> None:
    bus, first, second, stranger = LocalBus(), Ear(), Ear(), Ear()
    bus.listen(CHANNEL, first)
    bus.listen(CHANNEL, second)
    bus.listen(Channel("another app", "room"), stranger)
    bus.publish(CHANNEL, delivery())
    assert (first.kinds, second.kinds, stranger.kinds) == (
        ["ConversationCreated"],
        ["ConversationCreated"],
        [],
    )


def test_a_listener_who_has_stopped_hears_nothing_more_and_may_stop_twice() -> None:
    bus, ear = LocalBus(), Ear()
    stop = bus.listen(CHANNEL, ear)
    stop()
    stop()
    bus.publish(CHANNEL, delivery())
    assert ear.events == []


def test_a_listener_that_fails_does_not_keep_the_others_from_hearing() -> None:
    bus, ear = LocalBus(), Ear()

    def fail(_delivery: Delivery) -> None:
        raise RuntimeError

    bus.listen(CHANNEL, fail)
    bus.listen(CHANNEL, ear)
    bus.publish(CHANNEL, delivery())
    assert ear.kinds == ["ConversationCreated"]


def test_a_form_of_an_event_is_made_once_for_all_listeners() -> None:
    made = []

    def make(delivery: Delivery) -> str:
        made.append(delivery)
        return "form"

    event = delivery()
    assert [event.form(make), event.form(make)] == ["form", "form"]
    assert len(made) == 1
