"""What this machine can carry: a measurement short enough to wait for, and what follows from it.

One stream of real speech is recognised alone: finals only (the floor that nothing can go under), then with
partials, both as fast as they go, counted in processor time; then once in real time, for latency. How many
calls the machine holds is worked out from the processor time of finals, since partials give way when it is
full, and then tried: so many streams speak at once, and where their finals are late it is said to hold fewer.
It remains an estimate: a load test with real connections is the proof.
"""

import asyncio
import functools
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

__all__ = [
    "Bench",
    "Costs",
    "Latency",
    "Trial",
    "bundled_speech",
    "is_late",
    "measure",
    "percentile",
    "verdict",
]

RATE = 16_000
FRAME = 320
USABLE = 0.7
"""Share of the processor that what cannot wait, finals and connections, may take by what is measured here:
with more, finals that come together are late. Set so that what `python -m benchmarks.streams` found to hold
on a core is promised: 20 streams of unbroken speech and 30 of talk."""

LATE_S = 0.42
"""Finals come late where one in a hundred takes so much longer than the silence that ends them."""

TALKING = 0.5
"""Share of the time that one party of an ordinary conversation speaks."""

SERVING = 0.5
"""What a connection, its messages and voice activity in its pauses take of the processor, as a share of what
finals of unbroken speech do."""

_FEWER = 0.85
_ANY = 1_000_000

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
class Trial:
    """Streams of unbroken speech that were tried at once, and seconds from their ends of speech to finals."""

    streams: int
    final_p99: float


@dataclass(frozen=True, slots=True)
class Bench:
    """What was measured, and how many calls follow from it."""

    cores: int
    costs: Costs
    latency: Latency
    streams_unbroken: int
    streams_talk: int
    limit: int
    tried: Trial


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
    limit = LocalSpeechService(settings).capacity().limit or 0
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    cores = min(cores, settings.speech_threads or cores)
    service = LocalSpeechService(settings.model_copy(update={"max_streams": _ANY}))
    await service.start()
    try:
        await _cost(service, speech[: 5 * RATE], partials=True)  # the first run of a model is slower
        report(0.02)
        finals = await _cost(service, speech, partials=False)
        report(0.1)
        partials = await _cost(service, speech, partials=True)
        report(0.25)
        costs = Costs(finals, max(finals, partials))
        latency = await _latency(service, speech, live_s / 3, lambda share: report(0.25 + 0.25 * share))
        held = verdict(costs, cores)
        for share_done in (0.5, 0.75):
            share = functools.partial(_from, report, share_done)
            tried = await _trial(service, speech, max(1, held[0]), live_s / 3, share)
            if not is_late(tried):
                break
            held = int(held[0] * _FEWER), int(held[1] * _FEWER)
    finally:
        await service.close()
    report(1.0)
    return Bench(cores, costs, latency, *held, limit, tried)


def _from(report: Report, begin: float, share: float) -> None:
    report(begin + 0.25 * share)


def verdict(costs: Costs, cores: int) -> tuple[int, int]:
    """Return how many streams of unbroken speech, and of ordinary two-party talk, the cores will hold."""
    budget = cores * USABLE
    unbroken, talk = (budget / (costs.finals * (share + SERVING)) for share in (1.0, TALKING))
    return int(unbroken + 0.5), int(talk + 0.5)


def is_late(tried: Trial) -> bool:
    """Return whether finals came too late for so many streams to be held; of no finals it is not known."""
    return tried.final_p99 > StreamOptions().endpoint_silence + LATE_S


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
    ages, waits = await _play(service, speech, 1, seconds, report)
    return Latency(
        percentile(ages, 0.5), percentile(ages, 0.95), percentile(waits, 0.5), percentile(waits, 0.95)
    )


async def _trial(
    service: LocalSpeechService, speech: Samples, streams: int, seconds: float, report: Report
) -> Trial:
    _, waits = await _play(service, speech, streams, seconds, report)
    return Trial(streams, percentile(waits, 0.99))


async def _play(
    service: LocalSpeechService, speech: Samples, streams: int, seconds: float, report: Report
) -> tuple[list[float], list[float]]:
    """Play speech in real time for `seconds` to streams that begin within a second, each elsewhere in it.

    Returns how old the audio of each partial was, and how long after its end of speech each final came.
    """
    ages: list[float] = []
    waits: list[float] = []
    began = time.monotonic()

    def listener(late: float) -> Callable[[Hypothesis], None]:
        def note(heard: Hypothesis) -> None:
            now = time.monotonic() - began - late
            if heard.is_final:
                waits.append(now - heard.end)
            else:
                ages.append(now - heard.audio_end)

        return note

    frames = round(seconds * RATE / FRAME)
    late = [number * (RATE // FRAME) // streams for number in range(streams)]
    first = [number * (len(speech) // streams) // FRAME for number in range(streams)]
    opened = [
        await service.open(StreamOptions(words=False), listener(frame * FRAME / RATE)) for frame in late
    ]
    began = time.monotonic()
    for number in range(frames):
        for stream, after, at in zip(opened, late, first, strict=True):
            if number >= after:
                start = (at + number - after) * FRAME % (len(speech) - FRAME)
                stream.feed(speech[start : start + FRAME])
        ahead = (number + 1) * FRAME / RATE - (time.monotonic() - began)
        await asyncio.sleep(max(0.0, ahead))
        if number % 50 == 0:
            report(number / frames)
    for stream in opened:
        await stream.close()
    return ages, waits
