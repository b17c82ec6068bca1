"""`earful bench`: how fast this machine recognises speech, and how many calls it will hold."""

import json
import math
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from earful.commands.options import settings_or_exit
from earful.logs import configure_logging

if TYPE_CHECKING:
    from earful.bench import Bench

__all__ = ["app", "bench", "render"]

app = typer.Typer()


@app.command("bench")
def bench(
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
    seconds: Annotated[
        float, typer.Option("--seconds", min=5, max=3600, help="How long to listen in real time.")
    ] = 90.0,
) -> None:
    """Measure this machine for two minutes and say how many calls it will hold.

    The speech is a recording that comes with Earful; nothing leaves the machine. Run it while the machine
    does what it usually does beside.
    """
    from earful.bench import bundled_speech, measure

    settings = settings_or_exit()
    configure_logging("warning")  # standard output is for the figures
    with _progress(Console(stderr=True)) as report:
        found = measure(settings, bundled_speech(), report, live_s=seconds)
    if as_json:
        figures = asdict(found)
        for part in ("latency", "tried"):
            known = figures[part].items()
            figures[part] = {name: None if math.isnan(value) else value for name, value in known}
        json.dump(figures, sys.stdout, indent=2)
        sys.stdout.write("\n")
    else:
        sys.stdout.write(render(found))


def render(found: "Bench") -> str:
    """Return the figures as text for people."""
    ms = {
        name: "?" if math.isnan(value) else round(1000 * value)
        for name, value in [*asdict(found.latency).items(), ("tried", found.tried.final_p99)]
    }
    held = min(found.streams_talk, found.limit) if found.limit else found.streams_talk
    lines = [
        f"one second of speech costs {1000 * found.costs.finals:.1f} ms of processor time for finals alone,",
        f"and {1000 * found.costs.with_partials:.1f} ms with partials twice a second",
        f"partials come {ms['partial_p50']} ms after what they hold (95 %: {ms['partial_p95']} ms)",
        f"finals come {ms['final_p50']} ms after the last word (95 %: {ms['final_p95']} ms)",
        f"with {found.tried.streams} streams at once finals come {ms['tried']} ms after the last word (99 %)",
        "",
        f"On {found.cores} cores this machine will hold about {found.streams_talk} streams of ordinary "
        f"two-party talk,",
        f"or {found.streams_unbroken} of unbroken speech. A call with a stream for each party is two.",
    ]
    if held < found.streams_talk:
        lines.append(f"EARFUL_MAX_STREAMS lets {found.limit} in; raise it to use the rest.")
    return "\n".join([*lines, ""])


@contextmanager
def _progress(console: Console) -> Iterator[Callable[[float], None]]:
    """Show a bar when someone is there to see it."""
    if not console.is_terminal:
        yield lambda share: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("measuring", total=1.0)
        yield lambda share: bar.update(task, completed=share)
