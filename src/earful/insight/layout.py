"""How a message and what was said before it are laid out for the text encoder.

    [CLS] other : the one before the last [SEP] same : the last [SEP] the message [SEP]

"same" when the person of the message said it too. Training and use share this one place. Training lays all of
it out as one text; in use each message is read by itself, once, and its states are put together so
(`MARKERS`, `shown`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers import Encoding, Tokenizer

__all__ = ["END_MARKS", "MARKERS", "Laid", "Near", "laid_out", "shown"]

Near = tuple[bool, str]
"""A message close by: whether the same person said it, and its text."""

_CLS, _SEP = 101, 102
_SAME, _OTHER = [2168, 1024], [2060, 1024]  # "same :", "other :"
MARKERS = {same: (_CLS, *tokens, _SEP) for same, tokens in ((True, _SAME), (False, _OTHER))}
"""What stands before a message close by, as a text of its own."""
END_MARKS = frozenset((999, 1012, 1029, 1529))  # ! . ? …
_BEFORE_TOKENS, _EACH_BEFORE, _TEXT_TOKENS = 40, 24, 96
_LONG = 500  # characters


@dataclass(frozen=True, slots=True)
class Laid:
    """Token ids; which of them are the message (`first` to before `last`); their offsets in its text."""

    ids: list[int]
    first: int
    last: int
    offsets: list[tuple[int, int]]


def _tokens(tokenizer: "Tokenizer", text: str) -> "Encoding":
    return (_remembered if len(text) < _LONG else _cut)(tokenizer, text)


def _cut(tokenizer: "Tokenizer", text: str) -> "Encoding":
    return tokenizer.encode(text, add_special_tokens=False)


# A message comes again as the neighbour of those after it.
_remembered = lru_cache(maxsize=256)(_cut)


def laid_out(tokenizer: "Tokenizer", text: str, before: Sequence[Near] = ()) -> Laid:
    """Return the tokens of a message after its neighbours; `before` is in the order it was said."""
    said = [(same, _tokens(tokenizer, other).ids) for same, other in before if other]
    ids = [_CLS]
    for (same, tokens), size in zip(said, shown([len(tokens) + 1 for _, tokens in said]), strict=True):
        if size:
            ids += [*MARKERS[same][1:-1], *tokens[1 - size :], _SEP]
    first = len(ids)
    encoded = _tokens(tokenizer, text)
    ids += encoded.ids[:_TEXT_TOKENS]
    last = len(ids)
    ids.append(_SEP)
    return Laid(ids, first, last, encoded.offsets[:_TEXT_TOKENS])


def shown(lengths: Sequence[int]) -> list[int]:
    """Return how many of the last tokens of each message before are shown, its marker not counted.

    `lengths` are in the order they were said, of text and end; the latest are shown first.
    """
    left, sizes = _BEFORE_TOKENS, list[int]()
    for length in reversed(lengths):
        size = min(length, min(_EACH_BEFORE, left) - len(_SAME))
        size = size if size > 1 else 0
        left -= size + len(_SAME)
        sizes.append(size)
    return sizes[::-1]
