"""Speaker events: how they are paired, and which messages they claim."""

from earful.conversation.speakers import SpeakerEvent, Turn, attributed, turns
from earful.conversation.types import Message


def started(speaker: str, at: float) -> SpeakerEvent:
    return SpeakerEvent("started_speaking", speaker, at)


def stopped(speaker: str, at: float) -> SpeakerEvent:
    return SpeakerEvent("stopped_speaking", speaker, at)


def message(id_: str, start: float, end: float) -> Message:
    return Message(id_, "c", "text", start, end)


def test_events_in_any_order_become_turns() -> None:
    assert turns([stopped("b", 9), started("b", 4), stopped("a", 5), started("a", 0)]) == (
        Turn("a", 0, 5),
        Turn("b", 4, 9),
    )


def test_a_stop_before_its_start_says_nothing_and_an_open_turn_lasts() -> None:
    assert turns([stopped("a", 15), started("a", 52)]) == (Turn("a", 52, float("inf")),)


def test_a_message_goes_to_who_spoke_longest_during_it() -> None:
    spoken = (Turn("a", 0, 4), Turn("b", 3, 10), Turn("a", 8, 9))
    found = attributed([message("1", 0, 5), message("2", 4, 9), message("3", 11, 12)], spoken)
    assert found == {"1": "a", "2": "b"}
