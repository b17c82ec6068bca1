"""`python -m benchmarks.soak`: many hours of speech on one stream, faster than real time."""

import argparse
import asyncio
import gc
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import psutil  # type: ignore[import-untyped]
from rich.console import Console
from rich.table import Table

from benchmarks.common import write_json
from benchmarks.tracks import SAMPLE_RATE
from earful.audio.types import Samples
from earful.bench import bundled_speech
from earful.settings import load_settings
from earful.speech.service import LocalSpeechService
from earful.speech.types import Hypothesis, StreamOptions

_BLOCK = SAMPLE_RATE // 5
_AHEAD_S = 20.0
_SLOWER = 1.15
_GROWTH_MIB = 20.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; 1 when memory grew or the stream became slower."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--hours", type=float, default=8.0, help="hours of speech")
    parser.add_argument("--parts", type=int, default=8, help="how many parts to show")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here as well")
    options = parser.parse_args(arguments)
    parts = asyncio.run(_soak(options.hours * 3600 / options.parts, options.parts))
    table = Table(title=f"{options.hours:g} hours on one stream")
    for heading in ("hours", "MiB", "CPU s per hour", "finals", "partials"):
        table.add_column(heading, justify="right")
    for number, part in enumerate(parts):
        table.add_row(
            f"{(number + 1) * options.hours / options.parts:.2f}",
            f"{part['mib']:.1f}",
            f"{part['cpuPerHour']:.1f}",
            f"{part['finals']:.0f}",
            f"{part['partials']:.0f}",
        )
    console = Console()
    console.print(table)
    # The first part loads and fills what is kept for the stream's whole life.
    grown = parts[-1]["mib"] - parts[min(1, len(parts) - 1)]["mib"]
    slower = parts[-1]["cpuPerHour"] / parts[min(1, len(parts) - 1)]["cpuPerHour"]
    console.print(f"After the first part memory grew by {grown:.1f} MiB, cost is {slower:.2f} times as high.")
    write_json(options.json, lambda: {"hours": options.hours, "parts": parts, "grownMib": round(grown, 1)})
    return 0 if grown < _GROWTH_MIB and slower < _SLOWER else 1


async def _soak(seconds: float, parts: int) -> list[dict[str, float]]:
    service = LocalSpeechService(load_settings(speech_threads=1))
    await service.start()
    counts = {True: 0, False: 0}

    heard_s = 0.0

    def note(heard: Hypothesis) -> None:
        nonlocal heard_s
        counts[heard.is_final] += 1
        heard_s = max(heard_s, heard.audio_end)

    speech = bundled_speech()
    stream = await service.open(StreamOptions(), note)
    found: list[dict[str, float]] = []
    fed = 0
    for part in range(parts):
        counts.update({True: 0, False: 0})
        used = time.process_time()
        while fed < (part + 1) * seconds * SAMPLE_RATE:
            stream.feed(_from(speech, fed))
            fed += _BLOCK
            await asyncio.sleep(0.004)
            while fed / SAMPLE_RATE - heard_s > _AHEAD_S:  # noqa: ASYNC110 (results come from a thread)
                await asyncio.sleep(0.01)
        cpu = time.process_time() - used
        gc.collect()
        found.append(
            {
                "mib": round(psutil.Process().memory_info().rss / 2**20, 1),
                "cpuPerHour": round(cpu / seconds * 3600, 2),
                "finals": counts[True],
                "partials": counts[False],
            }
        )
    await stream.flush()
    await stream.close()
    await service.close()
    return found


def _from(speech: Samples, start: int) -> Samples:
    """Return a block of the speech, which goes round."""
    # `np.take` would wrap one round at a time: after hours that costs more than it feeds.
    return speech[np.arange(start, start + _BLOCK) % len(speech)]


if __name__ == "__main__":
    raise SystemExit(main())
