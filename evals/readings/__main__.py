"""`python -m evals.readings`: word errors of the decoder's first readings, and of those that are kept.

Every recording is heard as it is, over a telephone, over one in noise and across a room, cut as recordings
are, each piece by itself: in eight bits a piece's text depends on its batch, which hides what is compared.
"""

import argparse
import json
import sys
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from earful.audio.files import read_blocks
from earful.audio.types import Samples
from earful.audio.vad import FRAME, VadModel, VadState
from earful.speech.endpoint import Segmenter
from earful.speech.files import RULES
from earful.speech.moonshine import MoonshineModel
from earful.speech.readings import SURE
from evals.diarization.made_up import LINES, over
from evals.wer.items import data_dir, load_items
from evals.wer.scoring import NORMALISERS, Score, score

NOISY = "telephone in noise"
_NOISE_DB = 15.0
_WIDE = 110

Key = tuple[str, str, str]
"""A line, a normaliser, and whether the first readings or the kept ones are meant."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the comparison; 0 also when there is no data, which is said in one line."""
    parser = argparse.ArgumentParser(prog="python -m evals.readings", description=__doc__)
    parser.add_argument(
        "--listed", type=Path, metavar="FILE", help="lines of a recording's path, a tab, its text"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here as well")
    options = parser.parse_args(arguments)
    console = Console(width=None if sys.stdout.isatty() else _WIDE)
    folder = data_dir()
    if options.listed:
        items = list(listed(options.listed))
    elif folder is not None:
        items = [(item.path, item.text) for item in load_items(folder) if item.text is not None]
    else:
        console.print(
            "evals.readings: no evaluation audio here (set EARFUL_DATA to its folder); nothing to score"
        )
        return 0
    found = compare(items, console)
    console.print(table(found))
    if options.json:
        rows = [
            {"line": line, "normaliser": rule, "readings": kept, "words": one.words, "errors": one.errors}
            for (line, rule, kept), one in found.items()
        ]
        options.json.write_text(json.dumps(rows, indent=1) + "\n")
    return 0


def listed(path: Path) -> Iterator[tuple[Path, str]]:
    """Yield the recordings of a list with what is said in them; paths are relative to the list."""
    for line in path.read_text(encoding="utf-8").splitlines():
        name, _, text = line.partition("\t")
        if text.strip():
            yield path.parent / name, text.strip()


def compare(items: Sequence[tuple[Path, str]], console: Console) -> dict[Key, Score]:
    """Return the errors of both kinds of readings, summed over the recordings."""
    model = MoonshineModel()
    ear = VadModel()
    found: dict[Key, Score] = {}
    for path, text in track(items, "readings", console=Console(stderr=True), transient=True):
        samples = np.concatenate(list(read_blocks(path)))
        for line in (*LINES, NOISY):
            pieces = cut(ear, heard_over(line, samples, zlib.crc32(path.name.encode())))
            for kept, sure in (("first", 0.0), ("kept", SURE)):
                heard = " ".join(model.decode([piece], sure=sure)[0].text for piece in pieces)
                for rule, normalise in NORMALISERS.items():
                    key = line, rule, kept
                    found[key] = found.get(key, Score()) + score(text, heard, normalise)
    return found


def cut(ear: VadModel, samples: Samples) -> list[Samples]:
    """Return the pieces in which someone speaks."""
    whole = np.concatenate([samples, np.zeros(-len(samples) % FRAME, np.float32)])
    segmenter = Segmenter(RULES)
    segments = segmenter.push(whole, ear.probabilities(whole, VadState())) + segmenter.flush()
    return [segment.audio(segment.end) for segment in segments]


def heard_over(line: str, samples: Samples, seed: int) -> Samples:
    """Return samples (float32 [n], 16 kHz) as they arrive over a line, the same for the same seed."""
    random = np.random.default_rng(seed)
    if line == NOISY:
        spectrum = np.fft.rfft(random.normal(0, 1, len(samples)))
        noise = np.fft.irfft(spectrum / np.sqrt(np.maximum(np.arange(len(spectrum)), 1)), len(samples))
        loud = samples[np.abs(samples) > 0.02 * np.abs(samples).max(initial=0)]
        level = np.sqrt(np.mean(np.square(loud))) if len(loud) else 0.0
        noise *= level * 10 ** (-_NOISE_DB / 20) / max(float(np.sqrt(np.mean(np.square(noise)))), 1e-9)
        samples, line = (samples + noise).astype(np.float32), "telephone"
    return over(line, samples, random)


def table(found: dict[Key, Score]) -> Table:
    """Return a row for each line."""
    view = Table(title="word errors of first readings, and of those that are kept", title_justify="left")
    view.add_column("line")
    for rule in NORMALISERS:
        view.add_column(f"{rule}: first", justify="right")
        view.add_column("kept", justify="right")
    for line in dict.fromkeys(line for line, *_ in found):
        cells = [found[line, rule, kept] for rule in NORMALISERS for kept in ("first", "kept")]
        view.add_row(line, *(f"{one.errors}/{one.words}  {one.rate:.3f}" for one in cells))
    return view


if __name__ == "__main__":
    raise SystemExit(main())
