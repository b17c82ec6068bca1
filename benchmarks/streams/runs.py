"""One run at one number of callers, and the search for the largest number that is still good."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from benchmarks.common import Refusal, Server, call, knock
from benchmarks.measure import Figures, Log, figures, lost_words, percentile, percentiles
from benchmarks.streams.peer import run_peer
from benchmarks.tracks import Track

__all__ = ["Bar", "Run", "find_capacity", "run_earful", "run_full", "run_moonshine"]

_KNOCK_EVERY_S = 0.25


@dataclass(frozen=True, slots=True)
class Bar:
    """What "holds" means. Seconds; `lost` is a share of the words.

    More than `cores` of processor time for each second of a run on one core says that the work went on after
    the speech had ended: it fell behind.
    """

    partial_age_p95: float = 1.0
    final_p99_beyond_silence: float = 0.42
    silence: float = 0.5
    lost: float = 0.01
    cores: float = 1.05


@dataclass(frozen=True, slots=True)
class Run:
    """What N callers got. `cpu` in cores, `memory_mib` resident; `lost` words against each alone.

    `others` is how much of the server's core something else took, on a machine that should be quiet.
    """

    system: str
    callers: int
    found: Figures
    cpu: float
    memory_mib: float
    lost: int
    words: int
    errors: tuple[str, ...]
    loop_late_s: float | None = None
    partials_per_s: float | None = None
    others: float | None = None

    def holds(self, bar: Bar) -> bool:
        """Whether every caller was served as the bar says."""
        age = percentile(self.found.age, 95)
        final = percentile(self.found.final, 99)
        return (
            not self.errors
            and age is not None
            and age <= bar.partial_age_p95
            and (final is None or final <= bar.silence + bar.final_p99_beyond_silence)
            and self.lost <= bar.lost * self.words
            and self.cpu <= bar.cores
        )

    def as_json(self) -> dict[str, Any]:
        """Return the run as plain values."""
        return {
            "system": self.system,
            "callers": self.callers,
            "partialAge": percentiles(self.found.age),
            "wordToPartial": percentiles(self.found.word),
            "speechEndToFinal": percentiles(self.found.final),
            "unmatchedEnds": self.found.unmatched,
            "cores": round(self.cpu, 3),
            "coresPerStream": round(self.cpu / self.callers, 4),
            "memoryMib": round(self.memory_mib),
            "lostWords": self.lost,
            "words": self.words,
            "eventLoopLatestSeconds": self.loop_late_s,
            "partialsPerStreamSecond": self.partials_per_s,
            "coreTakenByOthers": self.others,
            "errors": list(self.errors),
        }


def run_earful(server: Server, tracks: Sequence[Track], alone: Sequence[str], seconds: float) -> Run:
    """Let every track call the server at once, a little apart, in real time."""
    return run_full(server, tracks, alone, seconds, 0)[0]


def run_full(
    server: Server, tracks: Sequence[Track], alone: Sequence[str], seconds: float, more: int
) -> tuple[Run, list[Refusal]]:
    """Let every track call as `run_earful` does, and meanwhile `more` callers who find the server full."""
    server.metrics()
    began, busy, before = time.monotonic(), server.core_s(), server.usage()
    logs, refusals = asyncio.run(_all(server, tracks, seconds, more))
    after, busy_now, took = server.usage(), server.core_s(), time.monotonic() - began
    late = server.metrics()["earful_event_loop_latest_seconds"]
    run = _run("earful", logs, tracks, alone, (after.cpu_s - before.cpu_s) / seconds, after.memory_mib)
    partials = sum(not result.is_final for log in logs for result in log.results)
    rate = round(partials / seconds / len(tracks), 3)
    others = None
    if busy is not None and busy_now is not None:
        others = round(max(0.0, busy_now - busy - (after.cpu_s - before.cpu_s)) / took, 3)
    return replace(run, loop_late_s=round(late, 4), partials_per_s=rate, others=others), refusals


def run_moonshine(
    tracks: Sequence[Track], alone: Sequence[str], seconds: float, *, on: Sequence[int], interval_s: float
) -> Run:
    """Let every track speak to moonshine-voice at once. Words are lost against its run with one caller."""
    logs, cpu_s, memory = run_peer(tracks, on=on, interval_s=interval_s, seconds=seconds)
    return _run("moonshine-voice", logs, tracks, alone, cpu_s / seconds, memory)


def find_capacity(
    run: Callable[[int], Run], holds: Callable[[Run], bool], *, first: int, most: int
) -> list[Run]:
    """Double the callers until they are too many, then halve the gap; return every run, in order made.

    The capacity is the largest number among the runs that hold.
    """
    runs: list[Run] = []
    good, bad = 0, most + 1
    callers = first
    while good + 1 < bad:
        runs.append(run(callers))
        if holds(runs[-1]):
            good = callers
        else:
            bad = callers
        doubled = min(good * 2, most)
        callers = doubled if bad > most and doubled > good else (good + bad) // 2
        if bad - good <= max(1, good // 16):
            break
    return runs


async def _all(
    server: Server, tracks: Sequence[Track], seconds: float, more: int
) -> tuple[list[Log], list[Refusal]]:
    apart = 1.0 / len(tracks)
    calls = (call(server, one, starts_in=apart * n, seconds=seconds) for n, one in enumerate(tracks))
    knocks = (knock(server, starts_in=seconds / 3 + _KNOCK_EVERY_S * n) for n in range(more))
    logs, refusals = await asyncio.gather(asyncio.gather(*calls), asyncio.gather(*knocks))
    return list(logs), list(refusals)


def _run(
    system: str, logs: Sequence[Log], tracks: Sequence[Track], alone: Sequence[str], cpu: float, memory: float
) -> Run:
    found = Figures()
    for log, track in zip(logs, tracks, strict=True):
        found += figures(log, track)
    return Run(
        system=system,
        callers=len(tracks),
        found=found,
        cpu=cpu,
        memory_mib=memory,
        lost=sum(lost_words(wanted, log.text) for wanted, log in zip(alone, logs, strict=True)),
        words=sum(len(wanted.split()) for wanted in alone),
        errors=tuple(log.error for log in logs if log.error is not None),
    )
