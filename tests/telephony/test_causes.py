"""What baresip says at the end of a call becomes a cause and a sentence."""

import pytest

from earful.telephony.causes import cause_of


@pytest.mark.parametrize(
    ("text", "cause", "status"),
    [
        ("486 Busy Here", "busy", 486),
        ("600 Busy Everywhere", "busy", 600),
        ("603 Decline", "declined", 603),
        ("404 Not Found", "not_found", 404),
        ("484 Address Incomplete", "not_found", 484),
        ("480 Temporarily Unavailable", "no_answer", 480),
        ("401 Unauthorized", "unauthorized", 401),
        ("407 Proxy Authentication Required", "unauthorized", 407),
        ("403 Forbidden", "rejected", 403),
        ("488 Not Acceptable Here", "rejected", 488),
        ("503 ", "unreachable", 503),
        ("Connection refused", "unreachable", None),
        ("Function not implemented", "unauthorized", None),
        ("Destination address required", "unreachable", None),
        ("", "unreachable", None),
    ],
)
def test_a_call_that_was_not_answered(text: str, cause: str, status: int | None) -> None:
    hung = cause_of(text, answered=False)
    assert (hung.cause, hung.status) == (cause, status)
    assert hung.details


def test_a_call_that_was_answered() -> None:
    assert cause_of("Connection reset by peer", answered=True).cause == "remote_hangup"
    assert cause_of("Connection reset by user", answered=True).cause == "local_hangup"
    assert cause_of("Protocol error", answered=True).cause == "failed"
