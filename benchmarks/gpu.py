"""`python -m benchmarks.gpu`: a model on an NVIDIA GPU and on the CPU, by Earful's own code.

`--model FOLDER` takes a folder as `earful models path` prints it; without it, it is the English model
that comes along. Of a Moonshine model it prints, for each batch size, milliseconds for the encoder (a
segment at a time, as in use) and the decoder, and the seconds of speech recognised in a second. Of a
Whisper model it prints milliseconds for a final and a partial of one segment, and the seconds of speech
recognised in a second with as many segments at once as are taken in use. Without a GPU it says so and
measures the CPU alone.
"""

import argparse
import json
import statistics
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from earful.audio.files import read_blocks
from earful.speech.devices import Processor, processor_for_onnx, processor_for_whisper
from earful.speech.moonshine import MoonshineModel, token_ceiling
from earful.speech.types import StreamOptions
from earful.speech.whisper import WhisperDecoder

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


def measure_whisper(model: WhisperDecoder, audio: np.ndarray, repeats: int) -> dict[str, Any]:
    """Return median milliseconds of a final and a partial, the speed over real time, and what was heard."""
    length = round(SECONDS * 16_000)
    segments = [audio[at : at + length] for at in range(0, len(audio) - length + 1, length)] * repeats
    options = StreamOptions(language="en", words=False)

    def hear(segment: np.ndarray, final: bool = True) -> tuple[float, str]:
        start = time.perf_counter()
        text = model.decode(segment, options, final=final).text
        return time.perf_counter() - start, text

    hear(segments[0])
    finals = [hear(segment) for segment in segments]
    partials = [hear(segment, final=False) for segment in segments]
    start = time.perf_counter()
    with ThreadPoolExecutor(model.workers) as pool:
        list(pool.map(hear, segments))
    together = time.perf_counter() - start
    return {
        "final_ms": round(1000 * statistics.median(took for took, _ in finals), 1),
        "partial_ms": round(1000 * statistics.median(took for took, _ in partials), 1),
        "at_once": model.workers,
        "times_real_time": round(len(segments) * SECONDS / together, 1),
        "texts": [text for _, text in finals[: len(segments) // repeats]],
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; 0 also without a GPU."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__)
    parser.add_argument(
        "--model", type=Path, help="folder of a Moonshine or Whisper model; else the built-in"
    )
    parser.add_argument("--audio", type=Path, help="a recording of half a minute or more")
    parser.add_argument("--threads", type=int, default=4, help="CPU threads for the comparison")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything here as well")
    options = parser.parse_args(arguments)
    recording = options.audio or Path(str(files("moonshine_voice"))) / "assets" / "two_cities.wav"
    audio = np.concatenate(list(read_blocks(recording)))
    whisper = options.model is not None and (options.model / "model.bin").exists()
    there = (processor_for_whisper if whisper else processor_for_onnx)("cuda")
    processors: list[Processor] = ["cuda", "cpu"] if there == "cuda" else ["cpu"]
    results: dict[str, Any] = {"segment_s": SECONDS, "cpu_threads": options.threads}
    for processor in processors:
        rows = []
        for row in _rows(options, audio, processor, whisper=whisper):
            shown = (f"{name} {value}" for name, value in row.items() if name != "texts")
            print(processor, *shown, sep="  ", flush=True)
            rows.append(row)
        results[processor] = rows
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")
    return 0


def _rows(
    options: argparse.Namespace, audio: np.ndarray, processor: Processor, *, whisper: bool
) -> Iterator[dict[str, Any]]:
    if whisper:
        decoder = WhisperDecoder(options.model, threads=options.threads, processor=processor)
        yield measure_whisper(decoder, audio, options.repeats)
        return
    for batch in BATCHES:
        model = MoonshineModel(options.model, threads=options.threads, batch=batch, processor=processor)
        yield measure(model, audio, batch, options.repeats)


if __name__ == "__main__":
    raise SystemExit(main())
