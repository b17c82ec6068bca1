"""The things that a client has named itself, found in talk by their words."""

import re
from collections.abc import Sequence
from functools import lru_cache

from earful.conversation.types import CustomEntity, Entity

__all__ = ["CUSTOM", "find_custom_entities"]

CUSTOM = "Custom"
"""The category of entities that clients define."""


def find_custom_entities(text: str, wanted: Sequence[CustomEntity]) -> tuple[Entity, ...]:
    """Return where the wanted words stand in a text, whole words in any letter case, in order.

    Of several that overlap the longest counts: "cargo bike" hides "bike". The same words may stand for
    things of several types.
    """
    found: list[Entity] = []
    taken: list[tuple[int, int]] = []
    for entity in sorted(wanted, key=lambda one: -len(one.text)):
        pattern = _pattern(entity.text)
        for hit in pattern.finditer(text) if pattern else ():
            start, end = hit.span()
            if any(start < other[1] and other[0] < end and (start, end) != other for other in taken):
                continue
            taken.append((start, end))
            found.append(Entity(entity.type, hit.group(), start, entity.value, CUSTOM))
    return tuple(sorted(found, key=lambda one: one.offset))


_GAP = r"\s+"


@lru_cache(maxsize=4096)
def _pattern(phrase: str) -> re.Pattern[str] | None:
    words = [re.escape(word) for word in phrase.split()]
    return re.compile(rf"(?<!\w){_GAP.join(words)}(?!\w)", re.IGNORECASE) if words else None
