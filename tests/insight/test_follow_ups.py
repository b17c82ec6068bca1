"""Actions that carry the conversation on, by kind."""

from datetime import datetime

import pytest

from earful.conversation.types import Member
from earful.insight.action_items import find_action
from earful.insight.follow_ups import follow_up_kind

NOW = datetime(2022, 3, 1, 9)
ROSA = Member("r", "Rosa")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Let's schedule a call with the warehouse next Tuesday.", "call"),
        ("I'll call you tomorrow at three.", "call"),
        ("I'll set up a meeting with legal for Thursday.", "meeting"),
        ("Let's meet again next Monday.", "meeting"),
        ("I'll send you an email with the details.", "email"),
        ("I will email you tomorrow.", "email"),
        ("I'll book a table for four on Friday.", "booking"),
        ("Please reserve the hotel for two nights.", "booking"),
        ("I'll get back to you on Friday.", "call"),
        ("I will follow up on Friday.", "meeting"),
        ("Let's take thirty minutes tomorrow after the review.", "meeting"),
        ("I'd like to see you again in two weeks.", "meeting"),
        ("I'll phone the broker today.", "call"),
        ("I'll set up a second interview for Friday.", "meeting"),
        ("I'll book the DJ this week.", "booking"),
    ],
)
def test_follow_ups_by_kind(text: str, kind: str) -> None:
    """E-mails to people, calls, meetings and bookings carry the conversation on."""
    action = find_action(text, ROSA, (ROSA,), NOW)
    assert action is not None
    assert follow_up_kind(action) == kind


@pytest.mark.parametrize(
    "text",
    [
        "I'll email the quote to Ines tomorrow.",
        "I'll fix the login page today.",
        "I'll write the report.",
        "I will order two more laptops.",
        "I'll speak to the supervisor about the costs tonight.",
        "I'll book the invoice in April.",
    ],
)
def test_other_work_is_no_follow_up(text: str) -> None:
    """Work on a thing is an action item, also when the thing is sent."""
    action = find_action(text, ROSA, (ROSA,), NOW)
    assert action is not None
    assert follow_up_kind(action) is None
