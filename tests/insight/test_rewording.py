"""Who is meant by "I" and "you" when an action is told with names."""

import pytest

from earful.conversation.types import Member
from earful.insight.rewording import retold, short_name

GREG, NADIA = Member("g", "Greg Pike"), Member("n", "Nadia")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("call you back tomorrow", "call Nadia back tomorrow"),
        ("push the client to your laptop", "push the client to Nadia's laptop"),
        (
            "send the photos you need as soon as I have them",
            "send the photos Nadia needs as soon as they have them",
        ),
        ("let you know when you're due", "let Nadia know when Nadia is due"),
        ("check what you have before my meeting", "check what Nadia has before their meeting"),
    ],
)
def test_a_promise_names_who_it_is_made_to(said: str, told: str) -> None:
    """Who promises is "they", the other has a name."""
    assert retold(said, GREG, NADIA, requested=False) == told


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("loop in your security team", "loop in their security team"),
        ("copy me when you send it", "copy Greg when they send it"),
        ("wait until I get back", "wait until Greg gets back"),
        ("send me what I asked for", "send Greg what Greg asked for"),
    ],
)
def test_a_request_names_who_asked(said: str, told: str) -> None:
    """Who is asked is "they", who asks has a name."""
    assert retold(said, GREG, NADIA, requested=True) == told


def test_without_a_name_the_words_stay() -> None:
    assert retold("call you back", GREG, None, requested=False) == "call you back"


def test_a_title_keeps_its_name() -> None:
    assert short_name(Member("o", "Dr Osei")) == "Dr Osei"
    assert short_name(GREG) == "Greg"


def test_a_voice_keeps_its_number() -> None:
    """Several voices are called "Speaker"; the number is what they are told apart by, and renamed by."""
    assert short_name(Member("1", "Speaker 2")) == "Speaker 2"
    assert retold("send you the report", GREG, Member("1", "Speaker 2"), requested=False) == (
        "send Speaker 2 the report"
    )
