"""`python -m evals.wer`: the word errors of Earful and its peers in one table."""

import argparse
import json
import resource
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import track

from evals.wer.items import KINDS, Item, data_dir, load_items
from evals.wer.report import NEAR_SILENCE, Run, as_json, table
from evals.wer.scoring import NORMALISERS
from evals.wer.systems import SYSTEMS
from evals.wer.telephone import over_telephone

QUICK = ("earful streaming", "earful files", "moonshine-voice")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the comparison; 0 also when there is no data, which is said in one line."""
    parser = argparse.ArgumentParser(prog="python -m evals.wer", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything here as well")
    parser.add_argument("--only", action="append", default=[], choices=[*KINDS, NEAR_SILENCE], metavar="KIND")
    parser.add_argument("--systems", action="append", default=[], choices=list(SYSTEMS), metavar="SYSTEM")
    parser.add_argument(
        "--telephone",
        action="store_true",
        help="let every recording first pass a telephone line (8 kHz µ-law)",
    )
    parser.add_argument("--quick", action="store_true", help="leave out the slow peers")
    options = parser.parse_args(arguments)
    console = Console()
    folder = data_dir()
    if folder is None:
        console.print("evals.wer: no evaluation audio here (set EARFUL_DATA to its folder); nothing to score")
        return 0
    items = load_items(folder, options.only)
    names = options.systems or (QUICK if options.quick else list(SYSTEMS))
    with tempfile.TemporaryDirectory(prefix="earful-wer-") as lines:
        if options.telephone:
            items = [over_telephone(item, Path(lines)) for item in items]
        runs = [run_system(name, items, console) for name in names]
    for normaliser in NORMALISERS:
        console.print(table(runs, items, normaliser))
    console.print("Meetings and other overlapping talk are scored against the flat text (turns by start).")
    if options.json:
        options.json.write_text(json.dumps(as_json(runs, items), indent=1, ensure_ascii=False) + "\n")
    return 0


def run_system(name: str, items: Sequence[Item], console: Console) -> Run:
    """Load one system and let it hear every item."""
    system = SYSTEMS[name]()
    try:
        before = _cpu()
        heard = {
            item.id: system.transcribe(item)
            for item in track(items, name, console=Console(stderr=True), transient=True)
        }
        return Run(name, heard, _cpu() - before)
    finally:
        system.close()


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    raise SystemExit(main())
