"""`python -m evals.words`: how far the word times of finals are off.

The references. "synthesised": sentences spoken by flite, which says when each sound ends: exact, and made
by nothing that Earful uses; "over telephone" is the same at 8 kHz in µ-law, "in noise" with white noise 10 dB
below the speech. "alignment": PocketSphinx's own
forced alignment of the human transcript to the whole recording. Earful's aligner shares its acoustic model,
not its search and not its treatment of noise, so errors of the model do not show; those of recognition, of
cutting into segments and of the search do. "marked by hand" (with `--marked`): words whose edges people set
in Praat. "turns": where people marked the start of the first word and the end of the last one of turns: few,
and rough; where two people marked the same edge, how far they are apart is said as well. Only words that both
transcripts have in the same order are compared.

A second table says whether the words of finals that are right have higher confidences than those that are
wrong: AUC is how often that is so of a right and a wrong word.
"""

import argparse
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from earful.audio.files import read_blocks
from earful.conversation.types import Word
from earful.speech.types import Samples, StreamOptions
from evals.diarization.__main__ import read_rttm
from evals.diarization.der import Span
from evals.live import LiveEar
from evals.wer.items import data_dir, load_items
from evals.wer.telephone import narrowed
from evals.words import synthesised
from evals.words.confidence import Sureness, sureness
from evals.words.pocketsphinx_aligner import PocketSphinxAligner
from evals.words.textgrid import marked_words
from evals.words.times import Distance, Timed, compare
from evals.words.turns import Edge, between, second_marks, turn_edges

BAR_S = 0.060
KINDS = ("clean", "spontaneous", "short")
"""Kinds whose transcript is one speaker's, word for word, as forced alignment needs it."""

KNOWN = ("gold", "text")
"""How good a transcript must be to call a word wrong by it."""

METHODS = {"estimated": StreamOptions(words=True), "aligned": StreamOptions(words=True, align=True)}


@dataclass(frozen=True, slots=True)
class Outcome:
    """One recording: how far each method is from each reference."""

    id: str
    kind: str
    reference: str
    distances: dict[str, Distance]


@dataclass(slots=True)
class Recorded:
    """What was found on recordings. `sure` are the confidences by kind, `twice` the edges of turns that a
    second person has marked, and where; `unaligned` transcripts could not be aligned."""

    outcomes: list[Outcome] = field(default_factory=list)
    sure: dict[str, Sureness] = field(default_factory=dict)
    twice: list[tuple[Edge, float]] = field(default_factory=list)
    unaligned: int = 0


def synthesised_outcomes(ear: LiveEar) -> list[Outcome]:
    """Compare the words of synthetic speech with when they were spoken."""
    outcomes = []
    with tempfile.TemporaryDirectory(prefix="earful-words-") as work:
        for voice in synthesised.VOICES:
            for sentence in track(synthesised.SENTENCES, voice, console=Console(stderr=True), transient=True):
                samples, said = synthesised.speak(voice, sentence, Path(work) / "sentence.wav")
                lines = {
                    "synthesised": samples,
                    "over telephone": narrowed(samples),
                    "in noise": with_noise(samples),
                }
                for line, heard in lines.items():
                    found = {
                        name: compare(said, heard_words(ear, heard, how)) for name, how in METHODS.items()
                    }
                    outcomes.append(Outcome(f"{voice}: {sentence}", voice, line, found))
    return outcomes


def with_noise(samples: Samples) -> Samples:
    """Return speech (float32 [n]) with white noise as loud as its mean, less 10 dB."""
    level = np.sqrt(np.mean(np.square(samples)) / 10)
    noise = np.random.default_rng(len(samples)).normal(0, level, len(samples))
    return np.clip(samples + noise, -1, 1).astype(np.float32)


def final_words(ear: LiveEar, samples: Samples, options: StreamOptions) -> list[Word]:
    """Return the words of the finals of a live stream (float32 [n], 16 kHz)."""
    told = ear.hear([samples], options)
    return [word for one in told if one.is_final for word in one.words]


def heard_words(ear: LiveEar, samples: Samples, options: StreamOptions) -> list[Timed]:
    """Return when the words of the finals of a live stream were said."""
    return _timed(final_words(ear, samples, options))


def _timed(words: Sequence[Word]) -> list[Timed]:
    return [Timed(word.text, word.start, word.end) for word in words]


def marked_outcomes(ear: LiveEar, folder: Path) -> list[Outcome]:
    """Compare the recordings of a folder with the words in the TextGrid beside each."""
    outcomes = []
    for grid in sorted(folder.glob("*.TextGrid")):
        samples = np.concatenate(list(read_blocks(grid.with_suffix(".wav"))))
        said = marked_words(grid)
        found = {name: compare(said, heard_words(ear, samples, how)) for name, how in METHODS.items()}
        outcomes.append(Outcome(grid.stem, "sentences", "marked by hand", found))
    return outcomes


def recorded(ear: LiveEar, folder: Path) -> Recorded:
    """Compare recordings with their references."""
    rows = {row["id"]: row for row in map(json.loads, (folder / "manifest.jsonl").read_text().splitlines())}
    aligner = PocketSphinxAligner()
    found = Recorded()
    for item in track(load_items(folder), "words", console=Console(stderr=True), transient=True):
        row, samples = rows[item.id], item.samples()
        turns = row.get("turns") or [] if "turns" in row["tags"] else []
        reference = None
        if item.kind in KINDS and row["text_quality"] == "gold":
            reference = aligner.align(samples, (item.text or "").split())
            found.unaligned += reference is None
        judged = item.text is not None and item.kind != "meetings" and row["text_quality"] in KNOWN
        if reference is None and not turns and not judged:
            continue
        words = {method: final_words(ear, samples, how) for method, how in METHODS.items()}
        timed = {method: _timed(said) for method, said in words.items()}
        if judged:
            found.sure[item.kind] = found.sure.get(item.kind, Sureness()) + sureness(
                item.text or "", words["aligned"]
            )
        if reference is not None:
            distances = {method: compare(reference, said) for method, said in timed.items()}
            found.outcomes.append(Outcome(item.id, item.kind, "alignment", distances))
        if turns:
            length = len(samples) / 16_000
            edges = {method: turn_edges(turns, said, length) for method, said in timed.items()}
            distances = {method: between(ends) for method, ends in edges.items()}
            found.outcomes.append(Outcome(item.id, item.kind, "turns", distances))
            spans = read_rttm((folder / "rttm" / f"{item.id}.rttm").read_text())
            if not _copied(spans, turns):
                found.twice += second_marks(edges["aligned"], spans)
    return found


def _copied(spans: Sequence[Span], turns: Sequence[dict[str, Any]]) -> bool:
    """Return whether spans are nobody's own marks but those of the turns."""
    edges = {(round(span.start, 2), round(span.end, 2)) for span in spans}
    return edges == {(round(turn["start"], 2), round(turn["end"], 2)) for turn in turns}


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


def sure_table(sure: dict[str, Sureness]) -> Table:
    """Return a row for each kind, and one for all."""
    view = Table(title="confidences of the words of finals", title_justify="left")
    view.add_column("kind")
    for name in ("right words", "mean", "wrong words", "mean", "AUC"):
        view.add_column(name, justify="right")
    for kind, found in _with_all(sure).items():
        cells = [f"{np.mean(part):.2f}" if part else "–" for part in (found.right, found.wrong)]
        auc = "–" if found.auc is None else f"{found.auc:.2f}"
        view.add_row(kind, str(len(found.right)), cells[0], str(len(found.wrong)), cells[1], auc)
    return view


def _with_all(sure: dict[str, Sureness]) -> dict[str, Sureness]:
    return {**sure, "all": sum(sure.values(), Sureness())}


def disagreement(twice: Sequence[tuple[Edge, float]]) -> dict[str, float]:
    """Return the mean distances in seconds between two people's marks, and of Earful from each."""
    pairs = {
        "betweenMarks": [abs(edge.marked - other) for edge, other in twice],
        "fromFirst": [abs(edge.heard - edge.marked) for edge, _ in twice],
        "fromSecond": [abs(edge.heard - other) for edge, other in twice],
    }
    return {name: float(np.mean(values)) for name, values in pairs.items()}


def as_json(outcomes: Sequence[Outcome], found: Recorded) -> dict[str, Any]:
    """Return the sums in seconds, the bar, and how sure right and wrong words were."""
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
        "markedTwice": {"edges": len(found.twice), **disagreement(found.twice)} if found.twice else None,
        "confidence": {
            kind: {"right": len(sure.right), "wrong": len(sure.wrong), "auc": sure.auc}
            for kind, sure in _with_all(found.sure).items()
        },
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; 0 also when there is no data, which is said in one line."""
    parser = argparse.ArgumentParser(prog="python -m evals.words", description=__doc__)
    parser.add_argument(
        "--marked",
        type=Path,
        metavar="DIR",
        help="recordings (WAV) with words marked in a TextGrid beside each",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything here as well")
    options = parser.parse_args(arguments)
    console = Console(width=150)
    outcomes: list[Outcome] = []
    found = Recorded()
    with LiveEar() as ear:
        if synthesised.installed():
            outcomes += synthesised_outcomes(ear)
        else:
            console.print("evals.words: flite is not here (apt-get install flite); no synthesised reference")
        if options.marked is not None:
            outcomes += marked_outcomes(ear, options.marked)
        folder = data_dir()
        if folder is None:
            console.print("evals.words: no evaluation audio here (set EARFUL_DATA to its folder)")
        else:
            found = recorded(ear, folder)
            outcomes += found.outcomes
    if not outcomes:
        return 0
    console.print(table(outcomes))
    console.print(
        "synthesised: exact. alignment: PocketSphinx's own alignment of the human transcript to the whole "
        "recording, with the same acoustic model as Earful's aligner. turns, marked by hand: by people."
    )
    if found.unaligned:
        console.print(f"{found.unaligned} recordings left out: their transcript could not be aligned.")
    if found.twice:
        apart = [f"{seconds * 1000:.0f} ms" for seconds in disagreement(found.twice).values()]
        console.print(
            f"{len(found.twice)} edges of turns were marked by two people: {apart[0]} apart (mean); Earful "
            f"is {apart[1]} and {apart[2]} from them."
        )
    if found.sure:
        console.print(sure_table(found.sure))
    if options.json:
        options.json.write_text(json.dumps(as_json(outcomes, found), indent=1) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
