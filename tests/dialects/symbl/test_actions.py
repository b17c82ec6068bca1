"""Actions of a request: as the clients write them, and as they must not."""

from typing import Any

import pytest

from earful.dialects.symbl.actions import MailAction, read_actions

GOOD: dict[str, Any] = {
    "invokeOn": "stop",
    "name": "sendSummaryEmail",
    "parameters": {"emails": ["rosa@example.net"]},
}
READ = MailAction("stop", ("rosa@example.net",))


@pytest.mark.parametrize("nothing", [None, {}, [], ""])
def test_no_actions_are_written_in_several_ways(nothing: object) -> None:
    assert read_actions(nothing) == ()


def test_an_action_is_read_with_or_without_a_list_around_it() -> None:
    assert read_actions([GOOD]) == read_actions(GOOD) == (READ,)
    assert read_actions([{**GOOD, "invokeOn": "start"}]) == (MailAction("start", READ.emails),)


def test_actions_that_are_not_known_are_left_alone() -> None:
    assert read_actions([{"invokeOn": "stop", "name": "playMusic"}, GOOD]) == (READ,)


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("mail me", "must be a list"),
        ([GOOD] * 21, "at most 20"),
        (["sendSummaryEmail"], r"actions\[0\] must be an object"),
        ([{**GOOD, "name": None}], r"actions\[0\]\.name is missing"),
        ([GOOD, {**GOOD, "invokeOn": "later"}], r"actions\[1\]\.invokeOn must be start or stop"),
        ([{**GOOD, "parameters": None}], "parameters.emails must be"),
        ([{**GOOD, "parameters": {"emails": []}}], "parameters.emails must be"),
        ([{**GOOD, "parameters": {"emails": "rosa@example.net"}}], "parameters.emails must be"),
        ([{**GOOD, "parameters": {"emails": [7]}}], "parameters.emails must be"),
    ],
)
def test_what_makes_no_sense_is_told(value: object, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        read_actions(value)
