"""Who is talking on a line that many share: events of the meeting's own software, and what they mean."""

from collections.abc import Mapping

from earful.conversation.speakers import SpeakerEvent, Turn, turns
from earful.conversation.types import Member

__all__ = ["Speaking"]

_LATE_S = 0.5


class Speaking:
    """The talk of one conversation, as told while it goes on. Times are seconds since it began."""

    def __init__(self) -> None:
        self._events: list[SpeakerEvent] = []
        self._members: dict[str, Member] = {}

    @property
    def people(self) -> Mapping[str, Member]:
        """Everyone who was named, by key."""
        return self._members

    @property
    def count(self) -> int:
        """How many events there have been."""
        return len(self._events)

    @property
    def turns(self) -> tuple[Turn, ...]:
        """Who spoke when."""
        return turns(self._events)

    def know(self, member: Member) -> None:
        """Take note of a person (again, under the id that the store gave)."""
        self._members[_key(member)] = member

    def started(self, member: Member, at: float) -> None:
        """That person began to speak."""
        self._members.setdefault(_key(member), member)
        self._events.append(SpeakerEvent("started_speaking", _key(member), at))

    def stopped(self, member: Member, at: float) -> None:
        """That person stopped."""
        self._members.setdefault(_key(member), member)
        self._events.append(SpeakerEvent("stopped_speaking", _key(member), at))

    def during(self, start: float, end: float) -> Member | None:
        """Return who spoke most between two times; of several who spoke all of it, who began last."""
        shares: dict[str, tuple[float, float]] = {}
        for turn in self.turns:
            together = min(turn.end, end + _LATE_S) - max(turn.start, start - _LATE_S)
            if together > 0:
                share, _ = shares.get(turn.speaker, (0.0, 0.0))
                shares[turn.speaker] = (share + together, turn.start)
        if not shares:
            return None
        return self._members[max(shares, key=lambda speaker: shares[speaker])]


def _key(member: Member) -> str:
    return (member.user_id or member.email or member.name or member.id).casefold()
