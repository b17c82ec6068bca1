"""`python -m evals.hotwords`: what custom vocabulary does to rare words and to everything else.

Synthesised: twelve sentences with names, medicines and products, written before any was heard, spoken by
espeak-ng and flite (those that are installed). Real: the rare words of the recordings' own transcripts, by
a rule fixed beforehand: five letters or more, and not in the
pronunciation dictionary of PocketSphinx (134 000 English words; names that it has count as
common). For each, errors on listed words without the list, with it at each score, and the word errors of all
recordings with a hundred listed words that nobody says.
"""

import argparse
import json
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from earful.audio.files import read_blocks
from earful.audio.types import Samples
from earful.speech.types import Hotword, StreamOptions
from evals.hotwords.words import SENTENCES, UNUSED, rare_words, recalled
from evals.live import LiveEar
from evals.wer.items import data_dir, load_items
from evals.wer.scoring import Score, score, standard

SCORES = (0.0, 2.0, 5.0)
"""Bonus per token: none (no list), the default, and a strong one."""

VOICES: dict[str, tuple[str, ...]] = {
    "espeak-ng en-us": ("espeak-ng", "-v", "en-us", "-s", "150", "-w", "{out}", "{text}"),
    "espeak-ng en-gb": ("espeak-ng", "-v", "en-gb", "-s", "150", "-w", "{out}", "{text}"),
    "flite slt": ("flite", "-voice", "slt", "-t", "{text}", "-o", "{out}"),
    "flite rms": ("flite", "-voice", "rms", "-t", "{text}", "-o", "{out}"),
}
"""How each synthetic voice is run."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A recording with what is said in it and which of its words are listed."""

    group: str
    samples: Samples
    text: str
    listed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """Listed words said and heard, and word errors, of one group with one list."""

    group: str
    listed: str
    said: int
    found: int
    errors: int
    words: int


def synthesised(work: Path) -> list[Spoken]:
    """Speak the sentences with every voice whose program is here."""
    spoken = []
    for voice, command in VOICES.items():
        if shutil.which(command[0]) is None:
            continue
        for number, (text, listed) in enumerate(SENTENCES):
            out = work / f"{voice.replace(' ', '-')}-{number}.wav"
            subprocess.run(
                [part.format(out=out, text=text) for part in command], check=True, capture_output=True
            )
            quiet = np.zeros(8_000, np.float32)
            samples = np.concatenate([quiet, *read_blocks(out), quiet])
            spoken.append(Spoken(voice.split()[0], samples, text, listed))
    return spoken


def real(folder: Path) -> list[Spoken]:
    """Return the scored recordings with the rare words of their transcripts."""
    items = [item for item in load_items(folder) if item.text]
    common = _dictionary()
    return [
        Spoken("recordings", item.samples(), item.text or "", rare_words(item.text or "", common))
        for item in items
    ]


def measure(ear: LiveEar, group: str, spoken: Sequence[Spoken], bonus: float, *, unused: bool = False) -> Row:
    """Hear a group once; its words listed at `bonus`, or the unused ones."""
    said = found = 0
    total = Score()
    everything = tuple(dict.fromkeys(word for one in spoken for word in one.listed))
    phrases = (UNUSED if unused else everything) if bonus else ()
    options = StreamOptions(partials=False, hotwords=tuple(Hotword(phrase, bonus) for phrase in phrases))
    for one in track(spoken, f"{group} {bonus}", console=Console(stderr=True), transient=True):
        text = " ".join(final.text for final in ear.hear([one.samples], options) if final.is_final)
        counts = recalled(one.listed, one.text, text)
        said, found = said + counts[0], found + counts[1]
        total += score(one.text, text, standard)
    names = f"{len(phrases)} {'unused' if unused else 'rare'} words, score {bonus:g}" if bonus else "nothing"
    return Row(group, names, said, found, total.errors, total.words)


def table(rows: Sequence[Row]) -> Table:
    """Return a row for each group and list."""
    view = Table(title="custom vocabulary, live finals", title_justify="left")
    for name in ("speech", "listed"):
        view.add_column(name)
    for name in ("rare words", "missed", "change", "WER", "change of WER"):
        view.add_column(name, justify="right")
    for row in rows:
        base = next(one for one in rows if one.group == row.group)
        missed, before = row.said - row.found, base.said - base.found
        view.add_row(
            row.group,
            row.listed,
            str(row.said),
            str(missed),
            f"{missed / before - 1:+.0%}" if before else "–",
            f"{row.errors / max(1, row.words):.3f}",
            f"{row.errors / base.errors - 1:+.1%}" if base.errors else "–",
        )
    return view


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; what is missing here (voices, data) is said in one line and left out."""
    parser = argparse.ArgumentParser(prog="python -m evals.hotwords", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything here as well")
    options = parser.parse_args(arguments)
    console = Console(width=150)
    rows = []
    with LiveEar() as ear, tempfile.TemporaryDirectory(prefix="earful-hotwords-") as work:
        spoken = synthesised(Path(work))
        for group in dict.fromkeys(one.group for one in spoken):
            chosen = [one for one in spoken if one.group == group]
            rows += [measure(ear, group, chosen, bonus) for bonus in SCORES]
        folder = data_dir()
        if folder is not None:
            recordings = real(folder)
            rows += [measure(ear, "recordings", recordings, bonus) for bonus in SCORES]
            rows += [measure(ear, "recordings", recordings, bonus, unused=True) for bonus in SCORES[1:]]
    if not spoken:
        console.print("evals.hotwords: neither espeak-ng nor flite is here; no synthesised speech")
    if folder is None:
        console.print("evals.hotwords: no evaluation audio here (set EARFUL_DATA to its folder)")
    if rows:
        console.print(table(rows))
    if options.json:
        options.json.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")
    return 0


def _dictionary() -> set[str]:
    """Return the words that PocketSphinx's dictionary has."""
    from pocketsphinx import get_model_path

    lines = (Path(get_model_path()) / "en-us" / "cmudict-en-us.dict").read_text().splitlines()
    return {line.split()[0].split("(")[0] for line in lines if line}


if __name__ == "__main__":
    raise SystemExit(main())
