"""`python -m benchmarks.latency`: end of word → partial, end of speech → final, one live stream."""

import argparse
import asyncio
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.common import DIALECTS, call, cores, pin, running_server, write_json
from benchmarks.measure import figures, first_partials, percentiles
from benchmarks.tracks import load_clips, make_track


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the measurement; 1 when the stream failed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.latency", description=__doc__)
    parser.add_argument("--seconds", type=float, default=120.0, help="how long to speak (real time)")
    parser.add_argument("--silence", type=float, default=0.5, help="end-of-speech silence, 0.3 to 1.2 s")
    parser.add_argument("--dialect", choices=DIALECTS, default="symbl", help="wire protocol of the call")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here as well")
    options = parser.parse_args(arguments)
    console = Console()
    track = make_track(load_clips(), 0, options.seconds, pause=options.silence + 0.7)
    mine = cores()
    with running_server(on=mine[:1], dialect=options.dialect, silence_s=options.silence) as server:
        pin(mine[1:])
        before = server.usage()
        log = asyncio.run(call(server, track))
        after = server.usage()
        ready_s = server.ready_s
    if log.error is not None:
        console.print(f"the stream failed: {log.error}", style="red")
        return 1
    found = figures(log, track)
    beyond = [late - options.silence for late in found.final]
    first = first_partials(log, track)
    rows = {
        "start of speech → first transcript": percentiles(first),
        "end of word → first transcript that holds it": percentiles(found.word),
        "age of a partial when it arrives": percentiles(found.age),
        "end of speech → final on the wire": percentiles(found.final),
        f"  of which beyond the silence of {options.silence:g} s": percentiles(beyond),
    }
    table = Table(
        title=f"latency of one live stream ({options.dialect}), {track.seconds:.0f} s of speech, seconds"
    )
    for heading in ("", "p50", "p95", "p99", "count"):
        table.add_column(heading, justify="left" if not heading else "right")
    for name, values in rows.items():
        table.add_row(name, *(f"{values[key]}" for key in ("p50", "p95", "p99", "count")))
    console.print(table)
    cpu = (after.cpu_s - before.cpu_s) / track.seconds
    console.print(
        f"server: ready in {ready_s:.1f} s, {cpu:.3f} of a core, {after.memory_mib:.0f} MiB; "
        f"{found.unmatched} ends of speech without a final of their own"
    )
    write_json(
        options.json,
        lambda: {
            "dialect": options.dialect,
            "seconds": track.seconds,
            "endpointSilence": options.silence,
            "speechStartToPartial": percentiles(first),
            "wordToPartial": percentiles(found.word),
            "partialAge": percentiles(found.age),
            "speechEndToFinal": percentiles(found.final),
            "unmatchedEnds": found.unmatched,
            "serverCores": round(cpu, 4),
            "serverReadySeconds": round(ready_s, 2),
            "serverMemoryMib": round(after.memory_mib),
        },
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
