"""`python -m benchmarks.gpu`: a Moonshine model on an NVIDIA GPU and on the CPU, by Earful's own code.

For each batch size it prints milliseconds for the encoder (a segment at a time, as in use) and the decoder,
and the seconds of speech recognised in a second. `--model FOLDER` takes a folder as `earful models path`
prints it, best of a float model (`earful models pull moonshine-tiny-en-float`): the 8-bit operations of the
English model that comes along have no CUDA kernels. Without a GPU it says so and measures the CPU alone.
"""

import argparse
import json
import statistics
import time
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from earful.audio.files import read_blocks
from earful.speech.devices import Processor, processor_for_onnx
from earful.speech.moonshine import MoonshineModel, token_ceiling

SECONDS = 6.0
BATCHES = (1, 4, 8, 16, 32, 64)


def measure(model: MoonshineModel, audio: np.ndarray, batch: int, repeats: int) -> dict[str, float]:
    """Return median milliseconds of encoding and decoding `batch` segments, and the speed over real time."""
    length = round(SECONDS * 16_000)
    hop = max(1, (len(audio) - length) // max(1, batch))
    segments = [audio[at * hop : at * hop + length] for at in range(batch)]
    ceilings = [token_ceiling(length)] * batch
    encoding, decoding = [], []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        frames = [model.encode(segment) for segment in segments]
        middle = time.perf_counter()
        model.decode_frames(frames, ceilings)
        encoding.append(middle - start)
        decoding.append(time.perf_counter() - middle)
    # The first round loads kernels and memory.
    encoder, decoder = statistics.median(encoding[1:]), statistics.median(decoding[1:])
    return {
        "batch": batch,
        "encoder_ms": round(encoder * 1000, 2),
        "decoder_ms": round(decoder * 1000, 2),
        "times_real_time": round(batch * SECONDS / (encoder + decoder), 1),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; 0 also without a GPU."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__)
    parser.add_argument("--model", type=Path, help="a Moonshine model's folder; the built-in one otherwise")
    parser.add_argument("--audio", type=Path, help="a recording of half a minute or more")
    parser.add_argument("--threads", type=int, default=4, help="CPU threads for the comparison")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything here as well")
    options = parser.parse_args(arguments)
    recording = options.audio or Path(str(files("moonshine_voice"))) / "assets" / "two_cities.wav"
    audio = np.concatenate(list(read_blocks(recording)))
    processors: list[Processor] = ["cpu"]
    if processor_for_onnx("cuda") == "cuda":
        processors.insert(0, "cuda")
    results: dict[str, Any] = {"segment_s": SECONDS, "cpu_threads": options.threads}
    for processor in processors:
        rows = []
        for batch in BATCHES:
            model = MoonshineModel(options.model, threads=options.threads, batch=batch, processor=processor)
            rows.append(measure(model, audio, batch, options.repeats))
            print(processor, *(f"{name} {value}" for name, value in rows[-1].items()), sep="  ", flush=True)
        results[processor] = rows
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
