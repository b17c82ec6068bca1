"""The coarse look at all vectors, and the exact one at some."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earful.store.meaning import MeaningIndex, similarities
from earful.store.vectors import DIMENSIONS, VectorRow, pack, unpack


def directions(count: int, seed: int = 0) -> np.ndarray:
    made = np.random.default_rng(seed).normal(size=(count, DIMENSIONS)).astype(np.float32)
    return made / np.linalg.norm(made, axis=1, keepdims=True)


def indexed(vectors: np.ndarray, *, per_conversation: int = 10, first: int = 1) -> MeaningIndex:
    index = MeaningIndex()
    rows = [
        VectorRow(first + at, f"c{at // per_conversation}", packed) for at, packed in enumerate(pack(vectors))
    ]
    for start in range(0, len(rows), 700):
        index.add(rows[start : start + 700])
    return index


def test_a_packed_vector_keeps_its_direction() -> None:
    vectors = directions(50)
    alike = [similarities(vector, [packed])[0] for vector, packed in zip(vectors, pack(vectors), strict=True)]
    assert min(alike) > 0.999
    assert unpack(pack(vectors)).shape == (50, DIMENSIONS)
    assert set(map(len, pack(vectors))) == {DIMENSIONS}


def test_packing_nothing_and_a_vector_of_zeros_works() -> None:
    assert pack(np.zeros((0, DIMENSIONS), np.float32)) == []
    assert unpack([]).shape == (0, DIMENSIONS)
    (zeros,) = pack(np.zeros((1, DIMENSIONS), np.float32))
    assert similarities(directions(1)[0], [zeros]) == pytest.approx([0.0])


def test_the_nearest_is_among_the_few_that_are_looked_at() -> None:
    vectors = directions(3000)
    index = indexed(vectors)
    assert len(index) == 3000
    for at in range(0, 3000, 271):
        asked = vectors[at] + 0.02 * directions(1, seed=at + 1)[0]
        near = index.nearest(asked, 20)
        assert at + 1 in near
        assert len(near) == 20


def test_all_are_returned_when_there_are_few() -> None:
    index = indexed(directions(7))
    assert index.nearest(directions(1)[0], 20).tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert len(MeaningIndex().nearest(directions(1)[0], 20)) == 0


def test_only_the_named_conversations_are_looked_at() -> None:
    index = indexed(directions(100))
    near = index.nearest(directions(1)[0], 50, only=["c3", "c7", "unknown"])
    assert sorted(near.tolist()) == [*range(31, 41), *range(71, 81)]
    assert len(index.nearest(directions(1)[0], 5, only=["unknown"])) == 0


@given(gone=st.sets(st.integers(1, 60)), conversations=st.sets(st.sampled_from([f"c{n}" for n in range(6)])))
def test_what_was_dropped_does_not_come_back(gone: set[int], conversations: set[str]) -> None:
    index = indexed(directions(60))
    index.drop(gone)
    index.retain(conversations)
    left = {at for at in range(1, 61) if at not in gone and f"c{(at - 1) // 10}" in conversations}
    assert set(index.nearest(directions(1)[0], 100).tolist()) == left
    index.add([VectorRow(99, "c9", pack(directions(1))[0])])
    assert set(index.nearest(directions(1)[0], 100).tolist()) == left | {99}
