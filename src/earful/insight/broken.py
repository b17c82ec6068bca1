"""Sentences that a pause broke, held until their other half comes or can come no more."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from earful.insight.action_items import Action
from earful.insight.encoder import Sense
from earful.insight.layout import Near
from earful.insight.types import HELD_FOR_S

__all__ = ["Broken", "BrokenSentences"]

_MAX_SPEAKERS = 64
_MAX_CHARS = 300


@dataclass(frozen=True, slots=True)
class Broken:
    """The beginning of a sentence, and what it would mean if it were all.

    `near` is what was said before it; `now` and `end` say when it was said.
    """

    text: str
    message_ids: tuple[str, ...]
    member_id: str | None
    now: datetime
    end: float
    near: Sequence[Near]
    sense: Sense
    action: Action | None

    def with_rest(self, text: str, sense: Sense) -> str:
        """Return the sentence with its other half, whose beginning has a capital only if it is a name."""
        first = text.split(" ", 1)[0]
        named = any(name.start == 0 and name.kind != "TIME" for name in sense.names)
        if not named and (first == "A" or first[1:].islower()) and not first.startswith(("I'", "I’")):
            text = text[0].lower() + text[1:]
        return f"{self.text.rstrip(' .…,?-–—')} {text}"


class BrokenSentences:
    """The broken sentences of a conversation: at most one of each speaker, and of few speakers."""

    def __init__(self) -> None:
        self._held: OrderedDict[str | None, Broken] = OrderedDict()

    def hold(self, broken: Broken) -> list[Broken]:
        """Hold a sentence; return those that are held no longer, to make room."""
        self._held[broken.member_id] = broken
        self._held.move_to_end(broken.member_id)
        return [self._held.popitem(last=False)[1] for _ in range(len(self._held) - _MAX_SPEAKERS)]

    @staticmethod
    def may_hold(text: str) -> bool:
        """Tell whether a text is short enough to be the beginning of a sentence."""
        return len(text) < _MAX_CHARS

    def take(self, member_id: str | None) -> Broken | None:
        """Return what is held of a speaker, and hold it no longer."""
        return self._held.pop(member_id, None)

    def holds(self, member_id: str | None) -> bool:
        """Tell whether a sentence of that speaker is held."""
        return member_id in self._held

    def overdue(self, now: float | None = None) -> list[Broken]:
        """Return, and hold no longer, what has waited too long at a time of the conversation.

        Without a time, everything has.
        """
        late = [key for key, held in self._held.items() if now is None or now - held.end > HELD_FOR_S]
        return [self._held.pop(key) for key in late]
