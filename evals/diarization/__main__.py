"""`python -m evals.diarization`: the diarization error rate by kind of recording.

What is scored is what a user gets: the segments of `earful transcribe --diarize`, each with its speaker.
Recordings with a channel for each speaker are heard as they are and mixed down to one voice track.
"live" is the recording as a stream, with the speakers that its finals are given when they are told.

With `--voices` conversations are made up from recordings of single voices: settings are chosen on those.
"""

import argparse
import json
import tempfile
import wave
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from earful.audio.files import read_blocks
from earful.audio.types import Samples
from earful.speech.files import FileTranscriber
from earful.speech.following import VoiceFollower
from earful.speech.types import StreamOptions
from earful.speech.voices import VoiceModel
from evals.diarization.der import Errors, Span, diarization_errors
from evals.diarization.made_up import load_voices, make_conversations
from evals.live import LiveEar
from evals.wer.items import data_dir

COLLARS = (0.25, 0.0)
_PARTIAL_S = 0.5
KNOWN = ", number known"
MODES = ("voices", f"voices{KNOWN}", "live", f"live{KNOWN}", "channels")


@dataclass(frozen=True, slots=True)
class Recording:
    """One recording with who speaks when."""

    id: str
    kind: str
    path: Path
    channels: int
    spans: tuple[Span, ...]

    @property
    def speakers(self) -> int:
        """How many people speak."""
        return len({span.speaker for span in self.spans})


@dataclass(frozen=True, slots=True)
class Result:
    """What one mode made of one recording."""

    recording: Recording
    mode: str
    found: int
    errors: dict[float, Errors]


def recordings(folder: Path) -> list[Recording]:
    """Return the recordings of the manifest that have turns."""
    found = []
    for line in (folder / "manifest.jsonl").read_text().splitlines():
        row = json.loads(line)
        rttm = folder / "rttm" / f"{row['id']}.rttm"
        if rttm.is_file():
            path = folder / Path(row["path"]).name
            spans = tuple(read_rttm(rttm.read_text()))
            found.append(Recording(row["id"], _kind(set(row["tags"])), path, row["channels"], spans))
    return found


def read_rttm(text: str) -> list[Span]:
    """Return the speaker turns of an RTTM file."""
    rows = (line.split() for line in text.splitlines() if line.startswith("SPEAKER"))
    return [Span(row[7], float(row[3]), float(row[3]) + float(row[4])) for row in rows]


def score(recording: Recording, mode: str, transcriber: FileTranscriber, ear: LiveEar, work: Path) -> Result:
    """Let Earful say who speaks when, and compare."""
    path = recording.path
    if recording.channels > 1 and mode != "channels":
        path = mixed(recording.path, work / f"{recording.id}.wav")
    speakers = recording.speakers if mode.endswith(KNOWN) else None
    if mode.startswith("live"):
        heard = followed(path, speakers, ear)
    else:
        transcript = transcriber.transcribe(path, diarize=True, speakers=speakers)
        heard = [Span(str(part.speaker), part.start, part.end) for part in transcript.segments]
    errors = {collar: diarization_errors(recording.spans, heard, collar=collar) for collar in COLLARS}
    return Result(recording, mode, len({span.speaker for span in heard}), errors)


def followed(path: Path, speakers: int | None, ear: LiveEar) -> list[Span]:
    """Return what is told of a stream of the recording: when each final was said, and by which voice.

    Its voices are heard twice a second while it goes on, as on a machine that makes every partial.
    """
    samples = np.concatenate(list(read_blocks(path)))
    follower = VoiceFollower(VoiceModel(), speakers)
    spans: list[Span] = []
    fed = 0
    for told in ear.hear([samples], StreamOptions(align=True, partials=False)):
        for end in (*np.arange(told.start + _PARTIAL_S, told.end, _PARTIAL_S).tolist(), told.audio_end):
            until = round(end * 16_000)
            follower.feed(samples[fed:until])
            fed = max(fed, until)
            if end < told.end:
                follower.listen(replace(told, end=end, is_final=False))
        spans += [Span(str(voice), part.start, part.end) for voice, part in follower.attribute(told)]
    return spans


def mixed(path: Path, target: Path) -> Path:
    """Write a recording mixed down to one channel of 16 kHz."""
    if not target.exists():
        write(target, np.concatenate(list(read_blocks(path))))
    return target


def write(target: Path, samples: Samples) -> None:
    """Write one channel (float32 [n], 16 kHz) as WAV."""
    with wave.open(str(target), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16_000)
        out.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())


def made_up(voices: Path, count: int, work: Path) -> list[Recording]:
    """Write made-up conversations of the voices in a folder of folders, and return them."""
    found = []
    for talk in make_conversations(load_voices(voices), count):
        path = work / f"{talk.id}.wav"
        write(path, talk.samples)
        found.append(Recording(talk.id, f"made up, {talk.line}", path, 1, talk.spans))
    return found


def table(results: Sequence[Result]) -> Table:
    """Return a row for each kind and mode, then for each recording."""
    view = Table(title="diarization errors, share of the time spoken", title_justify="left")
    for name in ("recordings", "mode", "speakers", "found"):
        view.add_column(name)
    for name in ("DER, 0.25 s collar", "DER, no collar", "missed", "false alarm", "confused"):
        view.add_column(name, justify="right")
    kinds = dict.fromkeys(result.recording.kind for result in results)
    groups: list[tuple[str, Callable[[Result], bool]]] = [
        (f"all {kind}", lambda result, kind=kind: result.recording.kind == kind) for kind in kinds
    ]
    names = dict.fromkeys(result.recording.id for result in results)
    groups += [(name, lambda result, name=name: result.recording.id == name) for name in names]
    for title, belongs in groups:
        for mode in MODES:
            chosen = [result for result in results if result.mode == mode and belongs(result)]
            if chosen:
                view.add_row(title, mode, *_cells(chosen), end_section=title == f"all {list(kinds)[-1]}")
    return view


def _cells(results: Sequence[Result]) -> list[str]:
    sums = {collar: sum((result.errors[collar] for result in results), Errors()) for collar in COLLARS}
    bare = sums[0.0]
    counts = [
        str(sum(numbers)) for numbers in zip(*((r.recording.speakers, r.found) for r in results), strict=True)
    ]
    speech = bare.speech or 1.0
    shares = (bare.missed / speech, bare.false_alarm / speech, bare.confused / speech)
    return [*counts, f"{sums[0.25].rate:.3f}", f"{bare.rate:.3f}", *(f"{share:.3f}" for share in shares)]


def as_json(results: Sequence[Result]) -> dict[str, Any]:
    """Return everything that was measured."""
    return {
        "scored": "segments of FileTranscriber.transcribe(diarize=True), or finals of a live stream as "
        "VoiceFollower attributes them, against the RTTM of each recording",
        "results": [
            {
                "id": result.recording.id,
                "kind": result.recording.kind,
                "mode": result.mode,
                "speakers": result.recording.speakers,
                "found": result.found,
                "errors": {
                    f"collar {collar}": {**asdict(errors), "rate": round(errors.rate, 4)}
                    for collar, errors in result.errors.items()
                },
            }
            for result in results
        ],
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; 0 also when there is no data, which is said in one line."""
    parser = argparse.ArgumentParser(prog="python -m evals.diarization", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything here as well")
    parser.add_argument("--only", action="append", default=[], metavar="ID", help="only this recording")
    parser.add_argument(
        "--voices",
        type=Path,
        metavar="DIR",
        help="make conversations up: a folder of recordings for each voice",
    )
    parser.add_argument("--conversations", type=int, default=27, metavar="N", help="so many of them")
    options = parser.parse_args(arguments)
    console = Console(width=150)
    folder = data_dir()
    if folder is None and options.voices is None:
        console.print("evals.diarization: no evaluation audio here (set EARFUL_DATA to its folder)")
        return 0
    transcriber = FileTranscriber()
    with tempfile.TemporaryDirectory(prefix="earful-der-") as work, LiveEar() as ear:
        if options.voices is not None:
            every = made_up(options.voices, options.conversations, Path(work))
        else:
            every = recordings(folder) if folder is not None else []
        chosen = [one for one in every if not options.only or one.id in options.only]
        plan = [(one, mode) for one in chosen for mode in MODES if mode != "channels" or one.channels > 1]
        results = [
            score(one, mode, transcriber, ear, Path(work))
            for one, mode in track(plan, "diarization", console=Console(stderr=True), transient=True)
        ]
    console.print(table(results))
    console.print("The split into missed, false alarm and confused is that without a collar.")
    if options.json:
        options.json.write_text(json.dumps(as_json(results), indent=1) + "\n")
    return 0


def _kind(tags: set[str]) -> str:
    if "near-silence" in tags:
        return "near-silence"
    if "meeting" in tags:
        return "meetings"
    return "calls on two channels" if "channels" in tags else "two people, one channel"


if __name__ == "__main__":
    raise SystemExit(main())
