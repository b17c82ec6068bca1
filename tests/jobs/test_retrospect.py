"""What an appended recording asks for is found in what was said before, once."""

from dataclasses import replace

from earful.conversation.types import (
    Entity,
    EntityMatch,
    InsightRef,
    Message,
    MessageRef,
    Tracker,
    TrackerMatch,
)
from earful.insight.types import Findings
from earful.jobs.retrospect import as_known, found_before

SAID = Message("1", "c", "The house blend was late.", 0.0, 2.0)
CUT = Message("2", "c", "So it was. And dear.", 2.0, 4.0)
LATE = TrackerMatch(
    "t", "Late", "was late", (MessageRef("a", SAID.text, 16),), (InsightRef("i", "question", "x"),)
)
BLEND = EntityMatch(
    Entity("product", "house blend", 4, "house blend", "Custom"), (MessageRef("a", SAID.text, 4),)
)
NAMES = {"a": "1", "b": "2"}


def test_what_was_not_looked_for_then_is_found_under_the_ids_that_are_kept() -> None:
    other = replace(LATE, phrase="dear", message_refs=(MessageRef("b", "And dear.", 4),))
    found = found_before(
        Findings(trackers=(LATE, other), entities=(BLEND,)), NAMES, (SAID, CUT), trackers=(), entities=()
    )
    here = MessageRef("1", SAID.text, 16)
    assert found.trackers == (replace(LATE, message_refs=(here,), insight_refs=()),)
    assert found.entities == (replace(BLEND, message_refs=(replace(here, offset=4),)),)


def test_what_is_kept_is_not_kept_twice() -> None:
    kept = replace(LATE, message_refs=(MessageRef("1", SAID.text, 16),))
    named = replace(BLEND, message_refs=(MessageRef("1", SAID.text, 4),))
    found = found_before(
        Findings(trackers=(LATE,), entities=(BLEND,)), NAMES, (SAID, CUT), trackers=(kept,), entities=(named,)
    )
    assert found == Findings()


def test_a_tracker_that_is_given_again_is_the_same_one() -> None:
    stored = Tracker("Late", ("was late",), "9")
    given = Tracker("Late", ("too late",)), Tracker("Price", ("dear",)), stored
    assert [one.id for one in as_known(given, (LATE,))] == ["t", None, "9"]
