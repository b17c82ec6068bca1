"""What the runs amount to: sums by kind and half, as a table for people and as JSON."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.table import Table

from evals.wer.items import KINDS, Item
from evals.wer.scoring import NORMALISERS, Score, score

__all__ = ["Run", "as_json", "table", "totals"]

NEAR_SILENCE = "near-silence"


@dataclass(frozen=True, slots=True)
class Run:
    """What one system heard in every item, and the processor time it took."""

    system: str
    heard: dict[str, str]
    cpu_s: float


def totals(run: Run, items: Sequence[Item], normaliser: str) -> dict[str, Score]:
    """Return the scores of a run by kind, with "total", "half 0" and "half 1".

    Under "near-silence" every word is an insertion; it is not part of the total.
    """
    normalise = NORMALISERS[normaliser]
    sums = defaultdict(Score, {"total": Score(), "half 0": Score(), "half 1": Score()})
    for item in items:
        heard = run.heard[item.id]
        if item.text is None:
            sums[item.kind] += score("", heard, normalise)
            continue
        found = score(item.text, heard, normalise)
        for key in (item.kind, "total", f"half {item.half}"):
            sums[key] += found
    return dict(sums)


def table(runs: Sequence[Run], items: Sequence[Item], normaliser: str) -> Table:
    """Return errors / words and rate by kind (rows) and system (columns)."""
    columns = [totals(run, items, normaliser) for run in runs]
    hours = sum(item.duration_s for item in items) / 3600
    view = Table(title=f"word errors, {normaliser} normaliser", title_justify="left")
    view.add_column("kind")
    for run in runs:
        view.add_column(run.system, justify="right")
    rows = [*(kind for kind in KINDS if any(kind in c for c in columns)), "total", "half 0", "half 1"]
    for row in rows:
        view.add_row(row, *(_cell(c.get(row, Score())) for c in columns), end_section=row == rows[-4])
    if any(NEAR_SILENCE in c for c in columns):
        said = (f"{c.get(NEAR_SILENCE, Score()).inserted} words" for c in columns)
        view.add_row("invented on near-silence", *said)
    view.add_row("CPU s per hour of audio", *(f"{run.cpu_s / hours:.0f}" for run in runs))
    return view


def as_json(runs: Sequence[Run], items: Sequence[Item]) -> dict[str, Any]:
    """Return everything: sums under each normaliser, and what was said and heard in every item."""
    return {
        "systems": {
            run.system: {
                "cpuSeconds": round(run.cpu_s, 2),
                "scores": {
                    name: {key: _score_json(value) for key, value in totals(run, items, name).items()}
                    for name in NORMALISERS
                },
            }
            for run in runs
        },
        "items": [
            {
                "id": item.id,
                "kind": item.kind,
                "half": item.half,
                "seconds": item.duration_s,
                "said": item.text,
                "heard": {run.system: run.heard[item.id] for run in runs},
            }
            for item in items
        ],
    }


def _score_json(value: Score) -> dict[str, float]:
    return {**asdict(value), "errors": value.errors, "rate": round(value.rate, 4)}


def _cell(value: Score) -> str:
    return f"{value.errors}/{value.words}  {value.rate:.3f}"
