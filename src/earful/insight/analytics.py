"""How people talked: talk and listen time, silence, overlap and pace, from the messages' times.

Let t(i) be the sum of member i's message durations, T the sum of all t(i), S the time between the
beginning of the conversation and the end of its last message when nobody speaks, and o(i, j) the
time when i and j speak together. The formulas are those of the Symbl dialect's contract
(symbl-conversation.md §14); every division by zero gives 0.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from earful.conversation.types import Message

__all__ = ["Analytics", "Overlap", "Share", "Speaking", "analyse"]

Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Share:
    """A length of time in seconds, and which part of some whole it is in percent."""

    seconds: float
    percent: float


@dataclass(frozen=True, slots=True)
class Overlap:
    """How long a member spoke together with another, and which part of their joint talk that is."""

    member_id: str | None
    share: Share


@dataclass(frozen=True, slots=True)
class Speaking:
    """How one member talked; `member_id` is None for all speech that nobody is named for."""

    member_id: str | None
    talk: Share
    listen: Share
    words_per_minute: int
    overlaps: tuple[Overlap, ...]

    @property
    def overlap_seconds(self) -> float:
        """Seconds spoken together with others, counted once for each other."""
        return _rounded(sum(overlap.share.seconds for overlap in self.overlaps))


@dataclass(frozen=True, slots=True)
class Analytics:
    """How a conversation went."""

    silence: Share
    talk: Share
    overlap: Share
    members: tuple[Speaking, ...]


def analyse(messages: Sequence[Message], member_ids: Iterable[str] = ()) -> Analytics:
    """Return the analytics of a conversation. `member_ids` lists members, also those who were silent."""
    spoken: dict[str | None, list[Message]] = {member_id: [] for member_id in member_ids}
    for message in messages:
        spoken.setdefault(message.member_id, []).append(message)
    talked = {who: sum(_duration(message) for message in said) for who, said in spoken.items()}
    spans = {who: _union((m.start, m.end) for m in said) for who, said in spoken.items()}
    together = {
        (one, other): seconds
        for one, other in combinations(spoken, 2)
        if (seconds := _intersection(spans[one], spans[other])) > 0
    }
    total = sum(talked.values())
    end = max((message.end for message in messages), default=0.0)
    heard = _length(_union((max(m.start, 0.0), m.end) for m in messages))
    silence = max(end - heard, 0.0)
    overlapped = sum(together.values())
    return Analytics(
        silence=_share(silence, silence + total),
        talk=_share(total, silence + total),
        overlap=_share(overlapped, total),
        members=tuple(
            Speaking(
                member_id=who,
                talk=_share(talked[who], total),
                listen=_share(total - talked[who], total),
                words_per_minute=_pace(said, talked[who]),
                overlaps=_overlaps_of(who, together, talked),
            )
            for who, said in spoken.items()
        ),
    )


def _overlaps_of(
    who: str | None,
    together: dict[tuple[str | None, str | None], float],
    talked: dict[str | None, float],
) -> tuple[Overlap, ...]:
    found = []
    for pair, seconds in together.items():
        if who in pair:
            other = pair[1] if pair[0] == who else pair[0]
            found.append(Overlap(other, _share(seconds, talked[who] + talked[other])))
    return tuple(found)


def _pace(said: Sequence[Message], seconds: float) -> int:
    words = sum(len(message.words) or len(message.text.split()) for message in said)
    return round(words * 60 / seconds) if seconds >= 0.001 else 0


def _duration(message: Message) -> float:
    return max(message.end - message.start, 0.0)


def _union(spans: Iterable[Span]) -> list[Span]:
    """Return the spans in order, with those that touch made into one and empty ones left out."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if end <= start:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def _length(spans: Iterable[Span]) -> float:
    return sum(end - start for start, end in spans)


def _intersection(one: Sequence[Span], other: Sequence[Span]) -> float:
    """Return how long both are going on. Each is in order and free of overlaps."""
    seconds = 0.0
    i = j = 0
    while i < len(one) and j < len(other):
        seconds += max(min(one[i][1], other[j][1]) - max(one[i][0], other[j][0]), 0.0)
        if one[i][1] < other[j][1]:
            i += 1
        else:
            j += 1
    return seconds


def _share(seconds: float, whole: float) -> Share:
    return Share(_rounded(seconds), _rounded(100 * seconds / whole) if whole > 0 else 0.0)


def _rounded(value: float) -> float:
    return round(value, 3)
