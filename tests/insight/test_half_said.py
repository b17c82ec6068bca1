"""What a partial keeps back because it may become personal."""

import pytest

from earful.insight.half_said import half_said


def _kept(text: str, before: str = "") -> str:
    """Return what of a text is shown."""
    hidden = half_said(text, before, [])
    return "".join(
        "" if any(start <= at < end for start, end in hidden) else char for at, char in enumerate(text)
    ).strip()


@pytest.mark.parametrize(
    ("text", "before", "shown"),
    [
        ("my number is four", "", "my number is"),
        ("five seven", "What is your passport number?", ""),
        ("we're at forty one Cedar", "", "we're at"),
        ("my email is maria underscore", "", "my email is"),
        ("sales at acme dot", "", ""),
        ("the plate is K L", "", "the plate is"),
        ("born on the fourteenth of", "", "born on"),
        ("my son is nine", "", "my son is"),
        ("my name is Bartholomew", "", "my name is"),
    ],
)
def test_the_beginning_of_something_personal_is_not_shown(text: str, before: str, shown: str) -> None:
    assert _kept(text, before) == shown


@pytest.mark.parametrize(
    "text",
    [
        "we sold twenty five",
        "the meeting starts at three and then we",
        "my email is full and I can't open it but we will see",
        "that was the best quarter in years",
        "I will send the report",
        "",
    ],
)
def test_other_talk_is_shown_as_it_is_said(text: str) -> None:
    assert _kept(text) == text
