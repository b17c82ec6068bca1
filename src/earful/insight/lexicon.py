"""The word lists of this room, read from `lexicon/*.txt` once each."""

from functools import lru_cache
from importlib.resources import files

__all__ = ["lines", "word_set"]


@lru_cache(maxsize=64)
def _read(name: str) -> str:
    return (files("earful.insight") / "lexicon" / f"{name}.txt").read_text(encoding="utf-8")


def word_set(name: str) -> frozenset[str]:
    """Return the words of a list, separated by blanks in its file."""
    return frozenset(_read(name).split())


def lines(name: str) -> tuple[str, ...]:
    """Return the lines of a list, without empty ones."""
    return tuple(line.strip() for line in _read(name).splitlines() if line.strip())
