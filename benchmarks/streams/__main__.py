"""`python -m benchmarks.streams`: live calls per core, the floor, and moonshine-voice in the same run."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.common import DIALECTS, Refusal, cores, pin, running_server, write_json
from benchmarks.measure import percentile
from benchmarks.streams.floor import alone
from benchmarks.streams.runs import Bar, Run, find_capacity, run_earful, run_full, run_moonshine
from benchmarks.tracks import Track, load_clips, make_track

MOST = 256
_HANGING_UP_S = 1.0
_WIDE = 160


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; 1 when not even one caller was held."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.streams", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="length of each run (real time)")
    parser.add_argument(
        "--callers", type=int, nargs="*", default=[1, 4, 8, 16, 32], help="numbers to show in any case"
    )
    parser.add_argument("--talk", type=float, default=1.0, help="share of speech; 0.5 is two-party talk")
    parser.add_argument("--search", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--peer", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument(
        "--beyond", type=int, default=0, help="callers to come to a server of default limits that is full"
    )
    parser.add_argument("--dialect", choices=DIALECTS, default="symbl", help="wire protocol of the calls")
    parser.add_argument(
        "--diarize",
        action="store_true",
        help="the callers ask who speaks (the voices of several readers, one after the other)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here as well")
    options = parser.parse_args(arguments)
    if options.diarize and options.dialect != "symbl":
        parser.error("--diarize: only the symbl dialect tells who speaks")
    console = Console(width=None if sys.stdout.isatty() else _WIDE)
    mine = cores()
    if len(mine) < 2:
        console.print("only one core here: the callers will disturb the server", style="yellow")
    ours, theirs = mine[:1], mine[1:]
    clips, bar = load_clips(), Bar()
    made: dict[int, tuple[Track, str]] = {}
    pin(ours)
    probe = [make_track(clips, n, options.seconds, pause=0.8, talk=options.talk) for n in range(4)]
    _, floor = alone(probe)
    pin(theirs)

    def callers(count: int) -> tuple[list[Track], list[str]]:
        missing = [n for n in range(count) if n not in made]
        tracks = [make_track(clips, n * 5, options.seconds, pause=0.8, talk=options.talk) for n in missing]
        tracks = [_cut(track, options.seconds) for track in tracks]
        texts = alone(tracks)[0] if tracks else []
        made.update(zip(missing, zip(tracks, texts, strict=True), strict=True))
        chosen = [made[n] for n in range(count)]
        return [track for track, _ in chosen], [text for _, text in chosen]

    callers(max(options.callers, default=1))
    runs: list[Run] = []
    with running_server(
        on=ours,
        settings={"EARFUL_SPEECH_THREADS": "1", "EARFUL_MAX_STREAMS": str(MOST)},
        dialect=options.dialect,
        diarize=options.diarize,
    ) as server:
        console.print(f"server ready in {server.ready_s:.1f} s, {server.usage().memory_mib:.0f} MiB idle")

        def earful(count: int) -> Run:
            made_run = run_earful(server, *callers(count), options.seconds)
            console.print(_line(made_run, bar))
            return made_run

        runs += [earful(count) for count in options.callers]
        if options.search:
            known = max((run.callers for run in runs if run.holds(bar)), default=1)
            runs += find_capacity(earful, lambda run: run.holds(bar), first=max(2, known), most=MOST)
    full: tuple[Run, list[Refusal]] | None = None
    if options.beyond:
        with running_server(
            on=ours,
            settings={"EARFUL_SPEECH_THREADS": "1"},
            dialect=options.dialect,
            diarize=options.diarize,
        ) as server:
            limit = round(server.metrics()["earful_streams_limit"])
            full = run_full(server, *callers(limit), options.seconds, options.beyond)
        console.print(f"a full server: {_line(full[0], bar)}")
    if options.peer:
        loose = Bar(partial_age_p95=bar.partial_age_p95 + 1.0, final_p99_beyond_silence=1e9, lost=1.0)

        def moonshine(count: int) -> Run:
            tracks, _ = callers(count)
            made_run = run_moonshine(tracks, [""] * count, options.seconds, on=ours, interval_s=1.0)
            console.print(_line(made_run, loose))
            return made_run

        runs += find_capacity(moonshine, lambda run: run.holds(loose), first=1, most=MOST)
    else:
        loose = bar
    held = {
        system: max((r.callers for r in runs if r.system == system and r.holds(limit)), default=0)
        for system, limit in (("earful", bar), ("moonshine-voice", loose))
    }
    console.print(_table(runs, bar, loose))
    console.print(_verdict(held, runs, floor, bar, loose))
    if full is not None:
        console.print(_told(*full))
    write_json(
        options.json,
        lambda: {
            "dialect": options.dialect,
            "diarize": options.diarize,
            "secondsPerRun": options.seconds,
            "talk": options.talk,
            "floorCoresPerStream": round(floor, 4),
            "capacity": held,
            "runs": [run.as_json() for run in runs],
            "full": None if full is None else {**full[0].as_json(), "refused": [asdict(r) for r in full[1]]},
        },
    )
    return 0 if held["earful"] else 1


def _cut(track: Track, seconds: float) -> Track:
    """Return exactly the part of a track that will be spoken.

    All callers hang up within a second. An end of speech that is told by that, and not by silence, does not
    count as one.
    """
    words = tuple(word for word in track.words if word.end <= seconds)
    ends = (at for at in track.lasts if at < len(words) and words[at].end <= seconds - _HANGING_UP_S)
    return Track(track.pcm[: round(seconds * 16_000) * 2], words, tuple(ends))


def _line(run: Run, bar: Bar) -> str:
    state = "holds" if run.holds(bar) else f"too many {run.errors[:1] or ''}"
    others = f", {run.others:.0%} of the core taken by others" if run.others else ""
    return f"{run.system}: {run.callers} callers, {run.cpu:.2f} cores{others}, {state}"


def _table(runs: Sequence[Run], bar: Bar, loose: Bar) -> Table:
    table = Table(title="live streams on one core, seconds")
    for heading in (
        "system",
        "callers",
        "age p50",
        "age p95",
        "word p50",
        "p95",
        "final p50",
        "p95",
        "p99",
        "cores",
        "per stream",
        "MiB",
        "loop late",
        "lost words",
        "",
    ):
        table.add_column(heading, justify="left" if heading in ("system", "") else "right")
    for run in sorted(runs, key=lambda run: (run.system, run.callers)):
        limit = bar if run.system == "earful" else loose
        figures = [percentile(run.found.age, 50), percentile(run.found.age, 95)]
        figures += [percentile(run.found.word, 50), percentile(run.found.word, 95)]
        figures += [percentile(run.found.final, rank) for rank in (50, 95, 99)]
        table.add_row(
            run.system,
            str(run.callers),
            *(f"{value}" for value in figures),
            f"{run.cpu:.2f}",
            f"{run.cpu / run.callers:.4f}",
            f"{run.memory_mib:.0f}",
            "" if run.loop_late_s is None else f"{run.loop_late_s:.3f}",
            f"{run.lost}/{run.words}" if run.system == "earful" else "",
            "" if run.holds(limit) else "too many",
        )
    return table


def _verdict(held: dict[str, int], runs: Sequence[Run], floor: float, bar: Bar, loose: Bar) -> str:
    lines = [
        f"Earful holds {held['earful']} streams: partial age p95 ≤ {bar.partial_age_p95:g} s, finals "
        f"p99 ≤ {bar.silence + bar.final_p99_beyond_silence:g} s after speech, {bar.lost:.0%} of words lost."
    ]
    if held["moonshine-voice"]:
        ratio = held["earful"] / held["moonshine-voice"]
        lines.append(
            f"moonshine-voice holds {held['moonshine-voice']}, asked only for partial age p95 ≤ "
            f"{loose.partial_age_p95:g} s (it updates once a second). Earful holds {ratio:.1f} times as many."
        )
    lines.append(f"Floor (finals alone): {floor:.4f} of a core a stream, {1 / floor:.0f} streams.")
    full = [run for run in runs if run.system == "earful" and run.callers == held["earful"]]
    if full:
        lines.append(
            f"At capacity a stream costs {full[0].cpu / full[0].callers / floor:.1f} times the floor."
        )
    ours = sorted((run for run in runs if run.system == "earful"), key=lambda run: run.callers)
    if len(ours) > 1 and ours[-1].callers > ours[0].callers:
        more = (ours[-1].memory_mib - ours[0].memory_mib) / (ours[-1].callers - ours[0].callers)
        lines.append(f"Each further stream takes {more:.1f} MiB.")
    return "\n".join(lines)


def _told(run: Run, refusals: Sequence[Refusal]) -> str:
    """Say how those were told who came when the server was full, and what that did to the others."""
    times = [refusal.after_s for refusal in refusals]
    words = {
        "let in" if r.status is None else f"HTTP {r.status}, Retry-After {r.retry_after}" for r in refusals
    }
    return (
        f"A server of default limits with {run.callers} callers told {len(refusals)} more so in "
        f"{percentile(times, 50)} s (p50), {max(times):.3f} s at most: {'; '.join(sorted(words))}. Meanwhile "
        f"partial age p95 {percentile(run.found.age, 95)} s, finals p99 {percentile(run.found.final, 99)} s."
    )


if __name__ == "__main__":
    raise SystemExit(main())
