"""`python -m benchmarks.insight [--json]`: the time that one message takes, median and 95th percentile.

Messages are the project's own business calls, said over and over in new conversations. All runs that runs
live: sentences, questions, actions, topics, sentiment, entities, trackers by meaning, redaction.
"""

import argparse
import json
import os
import statistics
import time
from datetime import UTC, datetime

from evals.insight.actions import business_calls

from earful.conversation.types import Conversation, Member, Redaction, Tracker
from earful.insight.encoder import shared_encoder
from earful.insight.service import LocalInsightService
from earful.insight.types import InsightOptions, Utterance

_ROUNDS = 3
_OPTIONS = InsightOptions(
    sentiment=True,
    entities=True,
    phrases=True,
    trackers=(
        Tracker("Delay", ("it is late", "we have to wait"), "1"),
        Tracker("Price", ("too expensive",), "2"),
    ),
    redaction=Redaction(identify=True, redact=True),
)


def measure() -> list[float]:
    """Return the milliseconds of each message, on one core."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    taken: list[float] = []
    for turn_round in range(_ROUNDS + 1):
        shared_encoder.cache_clear()  # a new one has no phrase of the last round in its memory
        service = LocalInsightService()
        for _ in range(10):
            shared_encoder().sense("This is said to warm up.")
            shared_encoder().vectors(["warm up"])
        for call in business_calls():
            people = {name: Member(name, name) for name in call["speakers"]}
            conversation = Conversation("c", "a", datetime.now(UTC), members=tuple(people.values()))
            session = service.open(conversation, _OPTIONS)
            for at, turn in enumerate(call["turns"]):
                utterance = Utterance(turn["text"], 6.0 * at, 6.0 * at + 5, people[turn["speaker"]])
                begin = time.perf_counter()
                found = session.observe(utterance)
                lasted = (time.perf_counter() - begin) * 1000
                if turn_round and found.messages:  # the first round warms up
                    taken += [lasted / len(found.messages)] * len(found.messages)
    return taken


def main() -> None:
    """Print the median, the 95th percentile and the mean."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.insight", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    arguments = parser.parse_args()
    taken = measure()
    result = {
        "messages": len(taken),
        "median_ms": round(statistics.median(taken), 2),
        "p95_ms": round(statistics.quantiles(taken, n=20)[-1], 2),
        "mean_ms": round(statistics.fmean(taken), 2),
    }
    if arguments.json:
        print(json.dumps(result))
        return
    print("| messages | median ms | 95th percentile ms | mean ms |\n| --- | --- | --- | --- |")
    print("| " + " | ".join(str(value) for value in result.values()) + " |")


if __name__ == "__main__":
    main()
