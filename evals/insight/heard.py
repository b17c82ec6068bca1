"""What the shipped encoder says of the evaluation texts, remembered so that each is read once."""

from functools import lru_cache

from earful.insight.encoder import Sense, shared_encoder

__all__ = ["hear"]


@lru_cache(maxsize=50_000)
def hear(text: str, before: str = "", same_speaker: bool = False) -> Sense:
    """Return what a message is, after the one before it."""
    return shared_encoder().sense(text, before, same_speaker=same_speaker)
