"""How English words are said: the dictionary that comes with PocketSphinx (CMUdict, BSD licence)."""

from functools import cache, lru_cache
from pathlib import Path

from pocketsphinx import get_model_path

__all__ = ["pronunciations"]


@lru_cache(maxsize=20_000)
def pronunciations(word: str) -> tuple[str, ...]:
    """Return the ways in which a word (lower case) is said, the usual one first, each as ARPAbet phones with
    spaces between; () when the dictionary lacks the word."""
    wanted = word.encode()
    text = _dictionary()
    found: list[str] = []
    at = _first(text, wanted)
    while at < len(text) and _word(text, at) == wanted:
        end = text.index(b"\n", at)
        found.append(text[text.index(b" ", at) + 1 : end].decode())
        at = end + 1
    return tuple(found)


@cache
def _dictionary() -> bytes:
    """The dictionary as it lies on disk (3 MB), sorted by word: parsed it would take 25."""
    return (Path(get_model_path()) / "en-us" / "cmudict-en-us.dict").read_bytes()


def _first(text: bytes, wanted: bytes) -> int:
    """Return where the first line begins whose word does not sort before the wanted one."""
    low, high = 0, len(text)
    while low < high:
        start = text.rfind(b"\n", low, (low + high) // 2) + 1 or low
        if _word(text, start) < wanted:
            low = text.index(b"\n", start) + 1
        else:
            high = start
    return low


def _word(text: bytes, at: int) -> bytes:
    """Return the word of the line that begins there, without the number of a further pronunciation."""
    return text[at : text.index(b" ", at)].partition(b"(")[0]
