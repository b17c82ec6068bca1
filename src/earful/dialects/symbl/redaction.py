"""How an account wants personal data masked when messages are read. Source: symbl-management.md §7."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from earful.insight.reading import Masking

__all__ = ["masking"]


def masking(
    settings: Mapping[str, Any], redact: bool | None, exclude: Sequence[str] | None
) -> Masking | None:
    """Return how to mask, or None for not at all: what the request asks for, else what is set.

    Settings come as the client left them; what is not of the right form counts as not set.
    """
    kept = settings.get("redaction")
    given: Mapping[str, Any] = kept if isinstance(kept, Mapping) else {}
    if not (bool(given.get("default")) if redact is None else redact):
        return None
    custom = given.get("custom")
    texts = custom.items() if isinstance(custom, Mapping) else ()
    left = given.get("exclude") if exclude is None else _listed(exclude)
    kind = given.get("type")
    return Masking(
        kind if kind in ("obfuscation", "custom") else "default",
        frozenset(str(name).upper() for name in left) if isinstance(left, Iterable) else frozenset(),
        {_name(str(name)): str(text) for name, text in texts},
    )


def _name(name: str) -> str:
    return name if name == "default" else name.upper()


def _listed(given: Sequence[str]) -> list[str]:
    """Read JSON text, repeated keys and commas alike."""
    names: list[str] = []
    for item in given:
        try:
            value = json.loads(item)
        except (ValueError, RecursionError):
            value = item.strip("[]").split(",")
        names += [str(one).strip().strip("\"'") for one in (value if isinstance(value, list) else [value])]
    return [name for name in names if name]
