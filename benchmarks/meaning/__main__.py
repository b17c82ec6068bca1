"""`python -m benchmarks.meaning [--times N] [--json OUT]`: processor time of all that runs on a message.

The project's own business calls are gone through as live talk is, once as written and once bare (lower
case, no punctuation), with every finder on. Times are of the process, on one core.
"""

import argparse
import re
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from evals.insight.actions import business_calls

from benchmarks.common import write_json
from earful.conversation.types import Conversation, Member
from earful.insight.service import LocalInsightService
from earful.insight.types import InsightOptions, Utterance

_WARM = 10  # messages


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.meaning", description=__doc__)
    parser.add_argument("--times", type=int, default=3, help="how often each call is gone through")
    parser.add_argument("--json", type=Path, help="also write the figures there")
    given = parser.parse_args()
    service = LocalInsightService()
    figures = {form: _measure(service, given.times, bare=form == "bare") for form in ("written", "bare")}
    for form, row in figures.items():
        print(f"{form}: " + ", ".join(f"{name} {value:.1f}" for name, value in row.items()))
    if given.json:
        write_json(given.json, figures)


def _measure(service: LocalInsightService, times: int, *, bare: bool) -> dict[str, float]:
    took: list[float] = []
    for _ in range(times):
        for call in business_calls():
            conversation = Conversation(call["id"], "benchmark", datetime(2024, 5, 14, 10, tzinfo=UTC))
            session = service.open(conversation, InsightOptions(sentiment=True, entities=True, phrases=True))
            for at, turn in enumerate(call["turns"]):
                text = turn["text"]
                if bare:
                    text = re.sub(r"[^\w\s']", " ", text.lower())
                speaker = Member(turn["speaker"], turn["speaker"])
                begun = time.process_time()
                session.observe(Utterance(text, 6.0 * at, 6.0 * at + 5, speaker))
                took.append(1000 * (time.process_time() - begun))
    late = np.array(took[_WARM:])
    return {
        "utterances": float(len(late)),
        "mean ms": float(late.mean()),
        "p50 ms": float(np.median(late)),
        "p95 ms": float(np.quantile(late, 0.95)),
    }


if __name__ == "__main__":
    main()
