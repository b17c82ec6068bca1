"""`python -m benchmarks.silence`: memory, messages and processor time of hours in which nobody speaks."""

import argparse
import asyncio
import time
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

import soxr
from rich.console import Console

from benchmarks.common import write_json
from benchmarks.silence.call import RATE, quiet_call
from earful.audio.files import read_blocks


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; 1 when the sentence at the end was not heard."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.silence", description=__doc__)
    parser.add_argument("--hours", type=float, default=8.0, help="how long nobody speaks")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here as well")
    options = parser.parse_args(arguments)
    used = time.process_time()
    call = asyncio.run(quiet_call(options.hours * 3600, _sentence()))
    used = time.process_time() - used
    console = Console()
    console.print("resident MiB by the hour: " + " ".join(f"{value:.0f}" for value in call.memory_mib))
    console.print(
        f"{call.messages} messages; {used / options.hours:.0f} processor seconds an hour; "
        f"then heard: {call.texts}"
    )
    write_json(
        options.json,
        lambda: {
            "hours": options.hours,
            "memoryMib": [round(value, 1) for value in call.memory_mib],
            "messages": call.messages,
            "cpuSecondsPerHour": round(used / options.hours, 1),
            "heard": call.texts,
        },
    )
    return 0 if call.texts else 1


def _sentence() -> bytes:
    path = Path(str(files("moonshine_voice"))) / "assets" / "two_cities.wav"
    samples = next(iter(read_blocks(path)))[: 5 * 16_000]
    pcm = (soxr.resample(samples, 16_000, RATE) * 32767).astype("<i2")
    return bytes(pcm.tobytes())


if __name__ == "__main__":
    raise SystemExit(main())
