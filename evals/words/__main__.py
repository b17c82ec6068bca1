"""`python -m evals.words`: how far the word times of finals are off.

Three references. "synthesised": sentences spoken by flite, which says when each sound ends: exact, and made
by nothing that Earful uses; "over telephone" is the same at 8 kHz in µ-law. "alignment": PocketSphinx's own
forced alignment of the human transcript to the whole recording. Earful's aligner shares its acoustic model,
not its search and not its treatment of noise, so errors of the model do not show; those of recognition, of
cutting into segments and of the search do. "turns": where people marked the start of the first word and the
end of the last one of turns: few, but independent. Only words that both transcripts have in the same order
are compared.
"""

import argparse
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

from earful.speech.types import Samples, StreamOptions
from evals.live import LiveEar
from evals.wer.items import data_dir, load_items
from evals.wer.telephone import narrowed
from evals.words import synthesised
from evals.words.pocketsphinx_aligner import PocketSphinxAligner
from evals.words.times import Distance, Timed, compare, simple

BAR_S = 0.060
KINDS = ("clean", "spontaneous", "short")
"""Kinds whose transcript is one speaker's, word for word, as forced alignment needs it."""

METHODS = {"estimated": StreamOptions(words=True), "aligned": StreamOptions(words=True, align=True)}


@dataclass(frozen=True, slots=True)
class Outcome:
    """One recording: how far each method is from each reference."""

    id: str
    kind: str
    reference: str
    distances: dict[str, Distance]


def turn_edges(turns: Sequence[dict[str, Any]], heard: Sequence[Timed]) -> Distance:
    """Compare the first and last word of each turn (with text, overlapping no other) with what was heard
    inside it, where those words were recognised."""
    starts: list[float] = []
    ends: list[float] = []
    for turn in turns:
        clear = all(
            other is turn or other["end"] <= turn["start"] or other["start"] >= turn["end"] for other in turns
        )
        said = [simple(word) for word in turn.get("text", "").split() if simple(word)]
        inside = [word for word in heard if turn["start"] < (word.start + word.end) / 2 < turn["end"]]
        if not clear or not said or not inside:
            continue
        if simple(inside[0].text) == said[0]:
            starts.append(abs(inside[0].start - turn["start"]))
        if simple(inside[-1].text) == said[-1]:
            ends.append(abs(inside[-1].end - turn["end"]))
    return Distance(tuple(starts), tuple(ends))


def synthesised_outcomes(ear: LiveEar) -> list[Outcome]:
    """Compare the words of synthetic speech with when they were spoken."""
    outcomes = []
    with tempfile.TemporaryDirectory(prefix="earful-words-") as work:
        for voice in synthesised.VOICES:
            for sentence in track(synthesised.SENTENCES, voice, console=Console(stderr=True), transient=True):
                samples, said = synthesised.speak(voice, sentence, Path(work) / "sentence.wav")
                for line, heard in (("synthesised", samples), ("over telephone", narrowed(samples))):
                    found = {
                        name: compare(said, heard_words(ear, heard, how)) for name, how in METHODS.items()
                    }
                    outcomes.append(Outcome(f"{voice}: {sentence}", voice, line, found))
    return outcomes


def heard_words(ear: LiveEar, samples: Samples, options: StreamOptions) -> list[Timed]:
    """Return the words of the finals of a live stream (float32 [n], 16 kHz)."""
    told = ear.hear([samples], options)
    return [Timed(word.text, word.start, word.end) for one in told if one.is_final for word in one.words]


def recorded_outcomes(ear: LiveEar, folder: Path) -> tuple[list[Outcome], int]:
    """Compare recordings with their references; also how many transcripts could not be aligned."""
    rows = [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]
    turns = {row["id"]: row["turns"] for row in rows if "turns" in row["tags"] and row.get("turns")}
    gold = {row["id"] for row in rows if row["text_quality"] == "gold"}
    aligner = PocketSphinxAligner()
    outcomes: list[Outcome] = []
    unaligned = 0
    for item in track(load_items(folder), "words", console=Console(stderr=True), transient=True):
        reference = None
        if item.kind in KINDS and item.id in gold:
            reference = aligner.align(item.samples(), (item.text or "").split())
            unaligned += reference is None
        if reference is None and item.id not in turns:
            continue
        heard = {method: heard_words(ear, item.samples(), how) for method, how in METHODS.items()}
        if reference is not None:
            found = {method: compare(reference, words) for method, words in heard.items()}
            outcomes.append(Outcome(item.id, item.kind, "alignment", found))
        if item.id in turns:
            found = {method: turn_edges(turns[item.id], words) for method, words in heard.items()}
            outcomes.append(Outcome(item.id, item.kind, "turns", found))
    return outcomes, unaligned


def table(outcomes: Sequence[Outcome]) -> Table:
    """Return a row for each reference and kind."""
    view = Table(title="word times of live finals, absolute error in ms", title_justify="left")
    for name in ("reference", "kind"):
        view.add_column(name)
    for name in ("boundaries", *(f"{m}: {what}" for m in METHODS for what in ("mean", "median", "≤ 60 ms"))):
        view.add_column(name, justify="right")
    for (reference, kind), sums in totals(outcomes).items():
        cells = [cell for method in METHODS for cell in _cells(sums[method])]
        view.add_row(reference, kind, str(len(sums["aligned"].boundaries)), *cells)
    return view


def totals(outcomes: Sequence[Outcome]) -> dict[tuple[str, str], dict[str, Distance]]:
    """Return the sums by reference and kind, and by reference over all kinds."""
    sums: dict[tuple[str, str], dict[str, Distance]] = {}
    for outcome in outcomes:
        for kind in (outcome.kind, "all"):
            into = sums.setdefault((outcome.reference, kind), dict.fromkeys(METHODS, Distance()))
            for method in METHODS:
                into[method] += outcome.distances[method]
    return dict(sorted(sums.items()))


def _cells(distance: Distance) -> list[str]:
    if distance.mean is None or distance.median is None:
        return ["–", "–", "–"]
    return [f"{distance.mean * 1000:.0f}", f"{distance.median * 1000:.0f}", f"{distance.within(BAR_S):.0%}"]


def as_json(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return the sums in seconds, and the bar."""
    return {
        "barSeconds": BAR_S,
        "references": __doc__,
        "totals": [
            {
                "reference": reference,
                "kind": kind,
                **{
                    method: {
                        "boundaries": len(found.boundaries),
                        "mean": found.mean,
                        "median": found.median,
                        "withinBar": round(found.within(BAR_S), 4),
                    }
                    for method, found in sums.items()
                },
            }
            for (reference, kind), sums in totals(outcomes).items()
        ],
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; 0 also when there is no data, which is said in one line."""
    parser = argparse.ArgumentParser(prog="python -m evals.words", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything here as well")
    options = parser.parse_args(arguments)
    console = Console(width=150)
    outcomes: list[Outcome] = []
    unaligned = 0
    with LiveEar() as ear:
        if synthesised.installed():
            outcomes += synthesised_outcomes(ear)
        else:
            console.print("evals.words: flite is not here (apt-get install flite); no synthesised reference")
        folder = data_dir()
        if folder is None:
            console.print("evals.words: no evaluation audio here (set EARFUL_DATA to its folder)")
        else:
            recorded, unaligned = recorded_outcomes(ear, folder)
            outcomes += recorded
    if not outcomes:
        return 0
    console.print(table(outcomes))
    console.print(
        "synthesised: exact. alignment: PocketSphinx's own alignment of the human transcript to the whole "
        "recording, with the same acoustic model as Earful's aligner. turns: boundaries marked by people."
    )
    if unaligned:
        console.print(f"{unaligned} recordings left out: their transcript could not be aligned.")
    if options.json:
        options.json.write_text(json.dumps(as_json(outcomes), indent=1) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
