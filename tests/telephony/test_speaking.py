"""Who was talking is known from the events that came."""

from earful.conversation.types import Member
from earful.telephony.speaking import Speaking

ROSA = Member("1", "Rosa", user_id="rosa@example.net")
OMAR = Member("2", "Omar", user_id="omar@example.net")


def test_nobody_is_known_before_anyone_is_named() -> None:
    assert Speaking().during(0, 10) is None


def test_the_one_who_spoke_most_in_between_is_taken() -> None:
    speaking = Speaking()
    speaking.started(ROSA, 1)
    speaking.stopped(ROSA, 4)
    speaking.started(OMAR, 4)
    assert speaking.during(1, 4) == ROSA
    assert speaking.during(3, 9) == OMAR
    assert speaking.during(20, 25) == OMAR, "who has not stopped goes on"


def test_of_two_who_speak_together_the_later_counts() -> None:
    speaking = Speaking()
    speaking.started(ROSA, 0)
    speaking.started(OMAR, 3)
    assert speaking.during(5, 8) == OMAR
    speaking.stopped(OMAR, 9)
    assert speaking.during(12, 14) == ROSA


def test_a_person_under_another_spelling_of_the_id_is_the_same() -> None:
    speaking = Speaking()
    speaking.know(Member("stored", "Rosa", user_id="Rosa@Example.net"))
    speaking.started(ROSA, 0)
    found = speaking.during(0, 1)
    assert found is not None
    assert found.id == "stored"
    assert speaking.count == 1
