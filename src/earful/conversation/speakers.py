"""Who spoke when, told afterwards: events of a meeting service, and the messages they belong to."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

from earful.conversation.types import Message

__all__ = ["SpeakerEvent", "Turn", "attributed", "turns"]


@dataclass(frozen=True, slots=True)
class SpeakerEvent:
    """Someone began or stopped to speak, `at` seconds since the conversation began."""

    kind: Literal["started_speaking", "stopped_speaking"]
    speaker: str
    at: float


@dataclass(frozen=True, slots=True)
class Turn:
    """A stretch of time in which someone spoke, in seconds; `end` may be infinite."""

    speaker: str
    start: float
    end: float


def turns(events: Iterable[SpeakerEvent]) -> tuple[Turn, ...]:
    """Pair the events, which may come in any order, of each speaker.

    A start without a stop lasts until the end, a stop without a start before it says nothing. A second
    start while one already speaks changes nothing.
    """
    found: list[Turn] = []
    began: dict[str, float] = {}
    # At the same moment the old turn ends before a new one begins.
    for event in sorted(events, key=lambda one: (one.at, one.kind == "started_speaking")):
        if event.kind == "started_speaking":
            began.setdefault(event.speaker, event.at)
        elif (start := began.pop(event.speaker, None)) is not None and event.at > start:
            found.append(Turn(event.speaker, start, event.at))
    found += [Turn(speaker, start, float("inf")) for speaker, start in began.items()]
    return tuple(sorted(found, key=lambda turn: turn.start))


def attributed(messages: Iterable[Message], spoken: Sequence[Turn]) -> Mapping[str, str]:
    """Return the speaker of each message by message id: who spoke longest during it.

    Where nobody did, the message is left out. Of equals the one who began first counts.
    """
    found: dict[str, str] = {}
    ordered = sorted(spoken, key=lambda turn: turn.start)
    starts = [turn.start for turn in ordered]
    # The latest end so far: before the first that is past a message's start, no turn can reach it.
    reach = list(accumulate((turn.end for turn in ordered), max))
    for message in messages:
        shares: dict[str, float] = {}
        for turn in ordered[bisect_right(reach, message.start) : bisect_right(starts, message.end)]:
            together = min(turn.end, message.end) - max(turn.start, message.start)
            # A message of no length still lies in a turn.
            inside = message.start == message.end and turn.start <= message.start < turn.end
            if together > 0 or inside:
                shares[turn.speaker] = shares.get(turn.speaker, 0.0) + max(together, 0.0)
        if shares:
            found[message.id] = max(shares, key=lambda speaker: shares[speaker])
    return found
