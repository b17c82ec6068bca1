"""`python -m evals.insight [--json]`: one table of precision, recall and F for everything found in talk."""

import argparse
import json
import sys
from dataclasses import asdict

from . import (
    actions,
    entities,
    personal,
    questions,
    same,
    sayings,
    sentiment,
    talk_masked,
    times,
    topics,
    trackers,
    writing,
)
from .data import DATA


def main() -> int:
    """Print the table; parts whose data is missing are left out, and said to be."""
    parser = argparse.ArgumentParser(prog="python -m evals.insight", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    arguments = parser.parse_args()
    table = [
        row
        for part in (
            questions,
            actions,
            sayings,
            entities,
            times,
            personal,
            talk_masked,
            topics,
            trackers,
            sentiment,
            writing,
            same,
        )
        for row in part.rows()
    ]
    if not (DATA / "text").is_dir():
        print(f"no evaluation data in {DATA} (set EARFUL_DATA): only the project's own sets", file=sys.stderr)
    if arguments.json:
        print(json.dumps([asdict(row) for row in table], indent=1))
        return 0
    print("| what | system | precision | recall | F | |")
    print("| --- | --- | --- | --- | --- | --- |")
    for row in table:
        rates = f"{row.precision:.3f} | {row.recall:.3f} | {row.f1:.3f}"
        print(f"| {row.task} | {row.system} | {rates} | {row.note} |")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
