"""What this machine can carry: a measurement short enough to wait for, and what follows from it.

One stream of real speech is recognised alone: finals only (the floor that nothing can go under), then with
partials, both as fast as they go, counted in processor time; then once in real time, for latency. How many
calls the machine holds is worked out from the processor time of one, so it is an estimate: a load test with
real connections is the proof.
"""

import asyncio
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from earful.audio.files import read_blocks
from earful.settings import Settings
from earful.speech.service import LocalSpeechService
from earful.speech.types import Hypothesis, Samples, StreamOptions

__all__ = ["Bench", "Costs", "Latency", "bundled_speech", "measure", "percentile", "verdict"]

RATE = 16_000
FRAME = 320
USABLE = 0.85
"""Share of the processor that recognition may fill before latency suffers, with some room left."""

TALKING = 0.5
"""Share of the time that one party of an ordinary conversation speaks."""

SERVING_S = 0.004
"""Processor seconds that a WebSocket and its frames take for each second of a stream."""

Report = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Costs:
    """Processor seconds for each second of unbroken speech."""

    finals: float
    with_partials: float


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds: the age of the audio of partials when they come, and from the end of speech to its final."""

    partial_p50: float
    partial_p95: float
    final_p50: float
    final_p95: float


@dataclass(frozen=True, slots=True)
class Bench:
    """What was measured, and how many calls follow from it."""

    cores: int
    costs: Costs
    latency: Latency
    streams_unbroken: int
    streams_talk: int
    limit: int


def bundled_speech() -> Samples:
    """Return 44 s of a man reading (float32 [n], 16 kHz), which comes with moonshine-voice."""
    spec = find_spec("moonshine_voice")
    if spec is None or spec.origin is None:
        raise FileNotFoundError(
            "the moonshine-voice package, which carries the speech to test with, is missing"
        )
    return np.concatenate(list(read_blocks(Path(spec.origin).parent / "assets" / "two_cities.wav")))


def measure(settings: Settings, speech: Samples, report: Report, *, live_s: float = 60.0) -> Bench:
    """Run the whole measurement; blocks for `live_s` and some. `report` is told the share done (0..1)."""
    return asyncio.run(_measure(settings, speech, report, live_s))


async def _measure(settings: Settings, speech: Samples, report: Report, live_s: float) -> Bench:
    service = LocalSpeechService(settings)
    await service.start()
    try:
        await _cost(service, speech[: 5 * RATE], partials=True)  # the first run of a model is slower
        report(0.02)
        finals = await _cost(service, speech, partials=False)
        report(0.1)
        partials = await _cost(service, speech, partials=True)
        report(0.25)
        latency = await _latency(service, speech, live_s, lambda share: report(0.25 + 0.75 * share))
        limit = service.capacity().limit or 0
    finally:
        await service.close()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    cores = min(cores, settings.speech_threads or cores)
    costs = Costs(finals, max(finals, partials))
    return Bench(cores, costs, latency, *verdict(costs, cores), limit)


def verdict(costs: Costs, cores: int) -> tuple[int, int]:
    """Return how many streams of unbroken speech, and of ordinary two-party talk, the cores will hold."""
    budget = cores * USABLE
    unbroken = budget / (costs.with_partials + SERVING_S)
    talk = budget / (costs.with_partials * TALKING + SERVING_S)
    return max(0, int(unbroken)), max(0, int(talk))


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that `share` of the values do not exceed; NaN of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


async def _cost(service: LocalSpeechService, speech: Samples, *, partials: bool) -> float:
    """Return the processor seconds per second of audio of one stream that is fed at twenty times real time,
    slowly enough that every partial is made."""
    stream = await service.open(StreamOptions(partials=partials, words=False), lambda hypothesis: None)
    used = time.process_time()
    for start in range(0, len(speech), FRAME):
        stream.feed(speech[start : start + FRAME])
        if start % (FRAME * 10) == 0:
            await asyncio.sleep(0.01)
    await stream.flush()
    used = time.process_time() - used
    await stream.close()
    return used / (len(speech) / RATE)


async def _latency(service: LocalSpeechService, speech: Samples, seconds: float, report: Report) -> Latency:
    """Play speech in real time for `seconds` and note when each result comes."""
    ages: list[float] = []
    waits: list[float] = []
    began = time.monotonic()

    def note(heard: Hypothesis) -> None:
        now = time.monotonic() - began
        if heard.is_final:
            waits.append(now - heard.end)
        else:
            ages.append(now - heard.audio_end)

    stream = await service.open(StreamOptions(words=False), note)
    frames = round(seconds * RATE / FRAME)
    for number in range(frames):
        start = number * FRAME % (len(speech) - FRAME)
        stream.feed(speech[start : start + FRAME])
        ahead = (number + 1) * FRAME / RATE - (time.monotonic() - began)
        if ahead > 0:
            await asyncio.sleep(ahead)
        if number % 50 == 0:
            report(number / frames)
    await stream.close()
    report(1.0)
    return Latency(
        percentile(ages, 0.5), percentile(ages, 0.95), percentile(waits, 0.5), percentile(waits, 0.95)
    )
