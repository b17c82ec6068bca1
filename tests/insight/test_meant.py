"""What "it" stands for in an action, where what was said before names one thing."""

import pytest

from earful.insight.meant import with_thing

DUE = "The donor report is due on the first of June and it's nowhere near done."


@pytest.mark.parametrize(
    ("text", "phrase", "before", "told"),
    [
        (
            "Paul will take care of it by Friday.",
            "take care of it by Friday",
            [DUE],
            "it (the donor report) by",
        ),
        (
            "Neil will cancel it.",
            "cancel it",
            ["I don't think we'll need the second truck."],
            "it (the second truck).",
        ),
        (
            "Joana needs to look into it before Friday.",
            "look into it before Friday",
            ["The door seals keep failing in the cold room.", "I know, maintenance replaced them in March."],
            "it (the door seals) before",
        ),
    ],
)
def test_the_one_thing_that_was_named_is_told(text: str, phrase: str, before: list[str], told: str) -> None:
    """The thing stands beside the pronoun, whose words stay."""
    assert told in with_thing(text, phrase, before)


@pytest.mark.parametrize(
    ("phrase", "before"),
    [
        ("cancel it", []),
        ("cancel it", ["We have to compare the contract with the invoice."]),  # which of the two?
        ("send them", ["Where is the invoice?"]),  # one is not many
        ("send that report on Monday", [DUE]),  # points at its noun
        ("call it", [DUE]),
        ("take care of it", ["The customer was angry."]),  # a person is no "it"
        ("send the plan", [DUE]),
    ],
)
def test_nothing_is_made_up(phrase: str, before: list[str]) -> None:
    """Where it could be another thing, or none, the text stays as it was said."""
    text = f"Paul will {phrase}."
    assert with_thing(text, phrase, before) == text
