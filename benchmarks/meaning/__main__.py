"""`python -m benchmarks.meaning [--times N] [--json OUT]`: what understanding a message costs on one core.

The project's own business calls are gone through as live talk is, as written and bare (lower case, no
punctuation), with all that runs live: sentences, questions, actions, topics, sentiment, entities, trackers by
meaning, redaction. A new encoder each time has no phrase of the last time in its memory.
"""

import argparse
import os
import re
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from evals.insight.actions import business_calls
from rich.console import Console
from rich.table import Table

from benchmarks.common import write_json
from earful.conversation.types import Conversation, Member, Redaction, Tracker
from earful.insight.encoder import TextEncoder, shared_encoder
from earful.insight.service import LocalInsightService
from earful.insight.types import InsightOptions, Utterance

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


class _Clock:
    """Times what one network of the encoder takes."""

    def __init__(self, network: Any) -> None:
        self._network = network
        self.seconds = 0.0

    def run(self, *inputs: Any) -> Any:
        begun = time.perf_counter()
        try:
            return self._network.run(*inputs)
        finally:
            self.seconds += time.perf_counter() - begun


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.meaning", description=__doc__)
    parser.add_argument("--times", type=int, default=3, help="how often each call is gone through")
    parser.add_argument("--json", type=Path, help="also write the figures there")
    given = parser.parse_args()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    _measure(1, bare=True)  # what is loaded and compiled once is no message's cost
    figures = {form: _measure(given.times, bare=form == "bare") for form in ("written", "bare")}
    table = Table(title="milliseconds a message, one core")
    for name in ("text", *figures["written"]):
        table.add_column(name, justify="left" if name == "text" else "right")
    for form, row in figures.items():
        table.add_row(form, *(f"{value:g}" for value in row.values()))
    Console().print(table)
    write_json(given.json, lambda: figures)


def _measure(times: int, *, bare: bool) -> dict[str, float]:
    took: list[float] = []
    networks = 0.0
    for _ in range(times):
        shared_encoder.cache_clear()
        clocks = _clocked(shared_encoder())
        service = LocalInsightService()
        for call in business_calls():
            people = {name: Member(name, name) for name in call["speakers"]}
            conversation = Conversation(
                call["id"],
                "benchmark",
                datetime(2024, 5, 14, 10, tzinfo=UTC),
                members=tuple(people.values()),
            )
            session = service.open(conversation, _OPTIONS)
            for at, turn in enumerate(call["turns"]):
                text = re.sub(r"[^\w\s']", " ", turn["text"].lower()) if bare else turn["text"]
                utterance = Utterance(text, 6.0 * at, 6.0 * at + 5, people[turn["speaker"]])
                begun = time.perf_counter()
                found = session.observe(utterance)
                lasted = 1000 * (time.perf_counter() - begun)
                took += [lasted / len(found.messages)] * len(found.messages)
        networks += 1000 * sum(clock.seconds for clock in clocks)
    return {
        "messages": len(took),
        "median": round(float(np.median(took)), 2),
        "p95": round(float(np.quantile(took, 0.95)), 2),
        "mean": round(float(np.mean(took)), 2),
        "of it networks": round(networks / len(took), 2),
    }


def _clocked(encoder: TextEncoder) -> list[_Clock]:
    """Put a clock around each network of an encoder that is used by nobody else."""
    clocks = []
    for part in ("_trunk", "_vector", "_sense", "_marks"):
        clocks.append(_Clock(getattr(encoder, part)))
        setattr(encoder, part, clocks[-1])
    return clocks


if __name__ == "__main__":
    main()
