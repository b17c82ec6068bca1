"""A conversation's name and days as people read them."""

from datetime import UTC, datetime

import pytest

from earful.conversation.display import day, file_name
from earful.conversation.types import Conversation

START = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Standup", "Standup"),
        ("../../etc/passwd", "etc passwd"),
        ('Q1: "plan" / <b>Übersicht</b>\r\nX', "Q1 plan b Übersicht b X"),
        ("🐸", "conversation-7"),
        ("x" * 300, "x" * 80),
        (None, "Conversation of 2 March 2026"),
    ],
)
def test_a_name_is_the_name_of_a_file_without_what_no_file_may_have(name: str | None, shown: str) -> None:
    assert file_name(Conversation("7", "app", START, name=name)) == shown


def test_a_day_is_that_of_those_who_took_part() -> None:
    assert day(START, Conversation("7", "app", START, timezone_offset_min=60)) == "Tue 3 Mar"
