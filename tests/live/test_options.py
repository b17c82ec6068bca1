from __future__ import annotations

from earful.conversation.types import Redaction, Tracker
from earful.insight.types import InsightOptions
from earful.live.options import unite


def test_whatever_either_asks_for_is_found() -> None:
    united = unite(
        InsightOptions(sentiment=True, confidence_threshold=0.8, topics=False),
        InsightOptions(entities=True, confidence_threshold=0.4, interim_trackers=True),
    )
    assert united.sentiment
    assert united.entities
    assert united.topics
    assert united.interim_trackers
    assert united.confidence_threshold == 0.4


def test_trackers_of_the_same_name_become_one_with_every_phrase() -> None:
    united = unite(
        InsightOptions(trackers=(Tracker("Price", ("too dear",)), Tracker("Close", ("sign",)))),
        InsightOptions(trackers=(Tracker("Price", ("too dear", "cost")), Tracker("price", ("x",)))),
    )
    assert united.trackers == (
        Tracker("Price", ("too dear", "cost")),
        Tracker("Close", ("sign",)),
        Tracker("price", ("x",)),
    )


def test_what_one_wants_masked_is_masked_with_their_text() -> None:
    plain, masking = InsightOptions(), InsightOptions(redaction=Redaction(redact=True, mask="[X]"))
    assert unite(plain, masking).redaction == Redaction(redact=True, mask="[X]")
    assert unite(masking, plain).redaction == Redaction(redact=True, mask="[X]")


def test_uniting_options_with_themselves_changes_nothing() -> None:
    options = InsightOptions(sentiment=True, trackers=(Tracker("a", ("b",)),))
    assert unite(options, options) == options
