"""The messages of one application by their meaning: ever closer looks at ever fewer of them.

Of each number of a vector two bits stay in memory, its sign and whether it is large: 96 bytes a message.
Signs that differ from those of the question are counted for all messages (numpy does a million in about
20 ms); the closest few in a hundred are compared with the question by both bits; of the best thousand the
kept vectors are read and compared exactly.
"""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from earful.store.vectors import DIMENSIONS, VectorRow, unpack

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["MeaningIndex", "similarities"]

_WORDS = DIMENSIONS // 64
_BLOCK = 65_536
# Half of the numbers of a vector of length one are larger; these count three times as much.
_LARGE = 0.6745 / DIMENSIONS**0.5
_AT_LEAST, _SHARE = 20_000, 25
_SAMPLE = 16
_FEW = 2048
_LEVEL_BITS = 3


class MeaningIndex:
    """Two bits of each number of vectors, by the vectors' ids. Not to be changed while it is being asked."""

    def __init__(self) -> None:
        import numpy as np

        self._size = 0
        self._signs = np.zeros((_WORDS, 0), np.uint64)
        self._large = np.zeros((_WORDS, 0), np.uint64)
        self._ids = np.zeros(0, np.int64)
        self._places = np.zeros(0, np.int32)
        self._place_of: dict[str, int] = {}

    def __len__(self) -> int:
        return self._size

    def add(self, rows: Sequence[VectorRow]) -> None:
        """Take in vectors that are not in yet."""

        if not rows:
            return
        self.reserve(len(rows))
        end = self._size + len(rows)
        ids, conversations, packed = zip(*rows, strict=True)
        signs, large = _bits(unpack(packed))
        self._signs[:, self._size : end] = signs.T
        self._large[:, self._size : end] = large.T
        self._ids[self._size : end] = ids
        for conversation_id in dict.fromkeys(conversations):
            self._place_of.setdefault(conversation_id, len(self._place_of))
        self._places[self._size : end] = [self._place_of[one] for one in conversations]
        self._size = end

    def nearest(
        self, vector: "NDArray[np.float32]", count: int, *, only: Sequence[str] | None = None
    ) -> "NDArray[np.int64]":
        """Return the ids of about `count` vectors that are most like `vector` (float32 [384]).

        With `only`, among those conversations.
        """
        import numpy as np

        asked = _packed(vector[np.newaxis] > 0)[0]
        if only is None:
            apart, at = _apart(self._signs[:, : self._size], asked), None
        else:
            wanted = np.zeros(len(self._place_of), bool)
            wanted[[self._place_of[one] for one in only if one in self._place_of]] = True
            at = np.flatnonzero(wanted[self._places[: self._size]])
            apart = _apart(self._signs[:, at], asked)
        closest = _closest(apart, max(_AT_LEAST, len(apart) // _SHARE, 4 * count))
        at = closest if at is None else at[closest]
        if len(at) > count:
            signs = [np.take(word, at, mode="clip") for word in self._signs]
            large = [np.take(word, at, mode="clip") for word in self._large]
            alike = _alike(vector, asked, signs, large)
            at = at[np.argpartition(-alike, count)[:count]]
        return self._ids[at]

    def drop(self, ids: Collection[int]) -> None:
        """Forget vectors that are no longer kept."""
        import numpy as np

        self._retain(~np.isin(self._ids[: self._size], np.fromiter(ids, np.int64)))

    def retain(self, conversations: Collection[str]) -> None:
        """Forget the vectors of all other conversations."""
        import numpy as np

        there = np.zeros(len(self._place_of), bool)
        there[[place for one, place in self._place_of.items() if one in conversations]] = True
        self._retain(there[self._places[: self._size]])

    def _retain(self, wanted: "NDArray[np.bool_]") -> None:
        import numpy as np

        kept = np.flatnonzero(wanted)
        self._size = len(kept)
        self._signs[:, : self._size] = self._signs[:, kept]
        self._large[:, : self._size] = self._large[:, kept]
        self._ids[: self._size] = self._ids[kept]
        self._places[: self._size] = self._places[kept]

    def reserve(self, more: int) -> None:
        """Make room for that many more; what is not used of it takes no memory."""
        import numpy as np

        size, room = self._size + more, len(self._ids)
        if size <= room:
            return
        room = max(size, 1024, room + room // 2)
        signs, large = np.zeros((_WORDS, room), np.uint64), np.zeros((_WORDS, room), np.uint64)
        ids, places = np.zeros(room, np.int64), np.zeros(room, np.int32)
        signs[:, : self._size] = self._signs[:, : self._size]
        large[:, : self._size] = self._large[:, : self._size]
        ids[: self._size], places[: self._size] = self._ids[: self._size], self._places[: self._size]
        self._signs, self._large, self._ids, self._places = signs, large, ids, places


def similarities(vector: "NDArray[np.float32]", packed: Sequence[bytes]) -> "NDArray[np.float32]":
    """Return how like `vector` (float32 [384]) each kept vector is: cosines, float32 [n]."""
    import numpy as np

    kept = unpack(packed).astype(np.float32)
    lengths = np.maximum(np.linalg.norm(kept, axis=1) * float(np.linalg.norm(vector)), 1e-12)
    return np.asarray(kept @ vector / lengths, np.float32)


def _bits(vectors: "NDArray[np.int8]") -> "tuple[NDArray[np.uint64], NDArray[np.uint64]]":
    """Return a bit for each number of vectors: is it positive, and is it large; uint64 [n, 6] each."""
    import numpy as np

    signs, large = (np.empty((len(vectors), _WORDS), np.uint64) for _ in range(2))
    # A few at a time, which stay in the processor's cache.
    for start in range(0, len(vectors), _FEW):
        some = slice(start, start + _FEW)
        numbers = vectors[some]
        exact = numbers.astype(np.float32)
        bound = _LARGE * np.sqrt(np.einsum("ij,ij->i", exact, exact))
        signs[some] = _packed(numbers > 0)
        large[some] = _packed(np.abs(numbers) > np.floor(bound).astype(np.int8)[:, np.newaxis])
    return signs, large


def _packed(flags: "NDArray[np.bool_]") -> "NDArray[np.uint64]":
    import numpy as np

    return np.packbits(flags, axis=1).view(np.uint64)


def _apart(signs: "NDArray[np.uint64]", asked: "NDArray[np.uint64]") -> "NDArray[np.uint16]":
    """Count for each column of `signs` (uint64 [6, n]) how many signs are not as in `asked` ([6])."""
    import numpy as np

    apart = np.empty(signs.shape[1], np.uint16)
    for start in range(0, len(apart), _BLOCK):
        block = slice(start, start + _BLOCK)
        # A byte holds the count of three words, not that of six.
        halves = []
        for first in (0, _WORDS // 2):
            count = np.bitwise_count(signs[first, block] ^ asked[first])
            for word in range(first + 1, first + _WORDS // 2):
                count += np.bitwise_count(signs[word, block] ^ asked[word])
            halves.append(count)
        np.add(halves[0], halves[1], out=apart[block], dtype=np.uint16)
    return apart


def _closest(apart: "NDArray[np.uint16]", count: int) -> "NDArray[np.int64]":
    """Return where the smallest are: about `count`, or all when there are no more."""
    import numpy as np

    if len(apart) <= count:
        return np.arange(len(apart))
    step = _SAMPLE if count >= 1000 * _SAMPLE else 1
    within = np.cumsum(np.bincount(apart[::step], minlength=DIMENSIONS + 1))
    return np.flatnonzero(apart <= np.searchsorted(within, count // step))


def _alike(
    vector: "NDArray[np.float32]",
    asked: "NDArray[np.uint64]",
    signs: "Sequence[NDArray[np.uint64]]",
    large: "Sequence[NDArray[np.uint64]]",
) -> "NDArray[np.int16]":
    """Estimate how like `vector` (its signs are `asked`) vectors are, from their bits (six uint64 [n] each).

    The sizes in `vector` are rounded to eight levels. For each bit of a level it is counted how many
    numbers agree in sign, and again how many of those that are large; so everything is counting bits.
    """
    import numpy as np

    sizes = np.abs(vector)
    top = 2**_LEVEL_BITS - 1
    levels = np.clip(np.round(sizes / max(float(np.quantile(sizes, 0.97)), 1e-12) * top), 0, top)
    weights = levels.astype(np.uint8)[np.newaxis]
    planes = [_packed((weights >> bit & 1).astype(bool))[0] for bit in range(_LEVEL_BITS)]
    alike = np.zeros(len(signs[0]), np.int16)
    for start in range(0, len(alike), _BLOCK // 4):
        block = slice(start, start + _BLOCK // 4)
        total = alike[block]
        for word in range(_WORDS):
            size = large[word][block]
            agree = ~(signs[word][block] ^ asked[word])
            agree_large = agree & size
            for bit, plane in enumerate(planes):
                count = np.bitwise_count(agree_large & plane[word]).astype(np.int16)
                count += count
                count += np.bitwise_count(agree & plane[word])
                count -= np.bitwise_count(size & plane[word])
                total += count << bit
    return alike
