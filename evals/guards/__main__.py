"""`python -m evals.guards`: words heard in ten minutes each of sounds that hold none; they must be 0.

The sounds are made by the program and go through the live recogniser, 20 ms at a time, as fast as it takes
them; partials count too. With evaluation data here, its nearly silent meeting recordings follow: these hold a
few far-off words, so what is heard in them is shown and not judged.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from earful.speech.types import Hypothesis
from evals.guards.sounds import SOUNDS, blocks
from evals.live import LiveEar
from evals.wer.items import data_dir, load_items


@dataclass(frozen=True, slots=True)
class Heard:
    """What was told of one sound: words of finals, words of the longest partial, and the text."""

    sound: str
    seconds: float
    judged: bool
    words: int
    partial_words: int
    text: str


def heard(sound: str, seconds: float, told: Sequence[Hypothesis], *, judged: bool) -> Heard:
    """Count the words in everything that was told."""
    text = " ".join(one.text for one in told if one.is_final)
    partial = max((len(one.text.split()) for one in told if not one.is_final), default=0)
    return Heard(sound, seconds, judged, len(text.split()), partial, text)


def table(results: Sequence[Heard]) -> Table:
    """Return a row for each sound."""
    view = Table(title="words heard where nobody speaks", title_justify="left")
    view.add_column("sound")
    for name in ("seconds", "words", "words in the longest partial"):
        view.add_column(name, justify="right")
    view.add_column("text")
    for one in results:
        view.add_row(one.sound, f"{one.seconds:.0f}", str(one.words), str(one.partial_words), one.text)
    return view


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; the status is 1 when a word was heard in a sound that holds none."""
    parser = argparse.ArgumentParser(prog="python -m evals.guards", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything here as well")
    parser.add_argument("--minutes", type=float, default=10.0, help="of each sound (default: 10)")
    parser.add_argument("--only", action="append", default=[], choices=list(SOUNDS), metavar="SOUND")
    options = parser.parse_args(arguments)
    console = Console(width=150)
    seconds = options.minutes * 60
    results: list[Heard] = []
    with LiveEar() as ear:
        chosen = track(options.only or list(SOUNDS), "guards", console=Console(stderr=True), transient=True)
        results += [heard(name, seconds, ear.hear(blocks(name, seconds)), judged=True) for name in chosen]
        folder = data_dir() if not options.only else None
        quiet = load_items(folder, ["near-silence"]) if folder is not None else []
        results += [heard(one.id, one.duration_s, ear.hear([one.samples()]), judged=False) for one in quiet]
    console.print(table(results))
    if options.json:
        options.json.write_text(json.dumps([asdict(one) for one in results], indent=1) + "\n")
    return int(any(one.judged and one.words + one.partial_words for one in results))


if __name__ == "__main__":
    raise SystemExit(main())
