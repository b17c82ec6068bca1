"""`python -m evals.insight.idle_trackers`: what trackers of calls find in meetings about something else.

The trackers of the fourth set, beside every turn of whole design meetings (AMI): power cuts, prescriptions,
customs and the like are no matter there, so that next to all that is found is found by accident.
"""

from earful.insight.encoder import shared_encoder
from earful.insight.trackers import TrackerSet

from .data import read
from .tracker_texts import FOURTH
from .trackers import parse

__all__ = ["main"]


def main() -> None:
    trackers, _ = parse(FOURTH)
    tracker_set, encoder = TrackerSet(trackers), shared_encoder()
    hours, turns, found = 0.0, 0, list[tuple[str, str]]()
    for meeting in read("meetings_ami"):
        hours += (meeting["turns"][-1]["end"] - meeting["turns"][0]["start"]) / 3600
        for turn in meeting["turns"]:
            turns += 1
            hits = tracker_set.find_similar(turn["text"], encoder)
            found += [(hit.tracker_name, hit.text) for hit in hits]
    for name, text in found:
        print(f"{name}: {text}")
    print(
        f"{len(found)} found by {len(trackers)} trackers in {turns} turns of {hours:.1f} hours, "
        f"{len(found) / hours:.1f} an hour"
    )


if __name__ == "__main__":
    main()
