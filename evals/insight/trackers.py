"""Trackers: sentences that mean the vocabulary, and others about the same things, written for this.

A sentence is right when a tracker that it is marked for is found in it, and wrong when any is that it is not
marked for: every sentence is tried against every tracker of its set, so that most are hard "no"s.
"""

from dataclasses import dataclass

from earful.conversation.types import Tracker
from earful.insight.encoder import shared_encoder
from earful.insight.trackers import TrackerSet

from .measures import Row, Tally
from .tracker_texts import CALIBRATION, FOURTH, HELD_OUT, SECOND, THIRD

__all__ = ["parse", "rows", "tally"]


@dataclass(frozen=True, slots=True)
class Labelled:
    """A sentence, the tracker it was written for, and how it says that: `+` in other words, `=`, or `-`."""

    text: str
    tracker: str
    mark: str


def parse(source: str) -> tuple[list[Tracker], list[Labelled]]:
    """Read the trackers and sentences of a set."""
    trackers: list[Tracker] = []
    sentences: list[Labelled] = []
    for line in source.splitlines():
        mark, rest = line[0], line[2:]
        if mark == "#":
            name, vocabulary = rest.split(": ")
            trackers.append(Tracker(name, tuple(vocabulary.split(" / ")), str(len(trackers))))
        else:
            sentences.append(Labelled(rest, trackers[-1].name, mark))
    return trackers, sentences


def tally(source: str, *, similar: bool) -> tuple[Tally, Tally]:
    """Return the counts of all sentences, and of those said in other words only."""
    trackers, sentences = parse(source)
    tracker_set, encoder = TrackerSet(trackers), shared_encoder()
    both, meant = Tally(), Tally()
    for sentence in sentences:
        found = {hit.tracker_name for hit in tracker_set.find(sentence.text)}
        alike = (
            {hit.tracker_name for hit in tracker_set.find_similar(sentence.text, encoder)}
            if similar
            else set()
        )
        for tracker in trackers:
            true = sentence.mark != "-" and sentence.tracker == tracker.name
            both.add(tracker.name in found | alike, true)
            if sentence.mark != "=":
                meant.add(tracker.name in alike - found, true)
    return both, meant


def rows() -> list[Row]:
    """Score the set that no threshold was chosen on."""
    table = []
    for name, source in (
        ("held out", HELD_OUT),
        ("second set", SECOND),
        ("third set", THIRD),
        ("fourth set", FOURTH),
        ("calibration", CALIBRATION),
    ):
        both, meant = tally(source, similar=True)
        words, _ = tally(source, similar=False)
        table += [
            Row.of(f"trackers (own, {name})", "earful", both),
            Row.of(f"trackers (own, {name})", "words with inflections alone", words),
            Row.of(f"trackers (own, {name}), in other words", "earful", meant),
        ]
    return table
