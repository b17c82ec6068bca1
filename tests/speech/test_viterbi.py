"""The states of a sentence, and the search for the likeliest path through them."""

from itertools import pairwise

import numpy as np
import pytest

from earful.speech.acoustics import AcousticModel, load_model
from earful.speech.state_graph import NO_WORD, StateGraph, sentence_graph
from earful.speech.viterbi import Heard, best_paths


@pytest.fixture(scope="module")
def model() -> AcousticModel:
    return load_model()


def said(model: AcousticModel, *words: str) -> list[list[list[int]]]:
    """Return phones by number: "AH/EY" are two ways of saying a word."""
    return [[[model.phone(name) for name in way.split()] for way in word.split("/")] for word in words]


def by_hand(graph: StateGraph, scores: np.ndarray) -> float:
    """Return the score of the best path, found by trying every state after every state."""
    count = len(graph.senones)
    way = np.full((count, count), -np.inf)
    for state in range(count):
        way[state, state] = graph.stay[state]
    for state in set(range(count)) - set(graph.entries.tolist()):
        way[state - 1, state] = graph.leave[state - 1]
    for column, state in enumerate(graph.entries):
        for before in graph.before[:, column]:
            if before < count:
                way[before, state] = graph.leave[before]
    best = np.full(count, -np.inf)
    best[graph.starts] = scores[0, graph.starts]
    for row in scores[1:]:
        best = (best[:, None] + way).max(axis=0) + row
    return float(best[graph.ends].max())


def score_of(graph: StateGraph, scores: np.ndarray, states: list[int]) -> float:
    """Return the score of a path, a state for each frame."""
    total = float(scores[0, states[0]])
    for at, (one, other) in enumerate(pairwise(states), 1):
        total += float(graph.stay[one] if one == other else graph.leave[one]) + float(scores[at, other])
    return total


def test_the_path_found_is_the_best_there_is(model: AcousticModel) -> None:
    """Over random scores, for sentences alone and side by side, long and short ones."""
    random = np.random.default_rng(7)
    sentences = (
        said(model, "DH AH/DH IY", "EH P AH K", "AH V"),
        said(model, "AY"),
        said(model, "AH/EY", "OW", "B IH L IY F/B AH L IY F"),
    )
    graphs = [sentence_graph(model, words) for words in sentences]
    lengths = (70, 40, 70)
    fits = [random.normal(0, 5, (length, len(graph.senones))).astype(np.float32)
            for length, graph in zip(lengths, graphs, strict=True)]  # fmt: skip
    heard = [Heard(fit, np.arange(fit.shape[1])) for fit in fits]
    paths = best_paths(graphs, heard)
    for graph, fit, one, path in zip(graphs, fits, heard, paths, strict=True):
        assert path is not None
        assert best_paths([graph], [one]) == [path]
        states = [stretch.state for stretch in path for _ in range(stretch.start, stretch.end)]
        assert len(states) == len(fit)
        assert score_of(graph, fit, states) == pytest.approx(by_hand(graph, fit), abs=0.1)


def test_a_path_goes_through_every_word_in_order(model: AcousticModel) -> None:
    """With silence where there is any, and in one of the ways of saying each."""
    graph = sentence_graph(model, said(model, "AH/EY", "B IH G", "D EY"))
    scores = np.random.default_rng(3).normal(0, 3, (80, len(graph.senones))).astype(np.float32)
    (path,) = best_paths([graph], [Heard(scores, np.arange(scores.shape[1]))])
    assert path is not None
    words = [int(graph.words[stretch.state]) for stretch in path]
    assert [word for word in dict.fromkeys(words) if word != NO_WORD] == [0, 1, 2]
    assert path[0].start == 0
    assert path[-1].end == 80
    assert all(one.end == other.start for one, other in pairwise(path))


def test_too_few_frames_for_the_words_have_no_path(model: AcousticModel) -> None:
    """Three frames a phone are the least; another sentence beside it is not hurt."""
    graph = sentence_graph(model, said(model, "B IH G"))
    scores = np.zeros((9, len(graph.senones)), np.float32)
    columns = np.arange(scores.shape[1])
    short, enough = best_paths([graph, graph], [Heard(scores[:8], columns), Heard(scores, columns)])
    assert short is None
    assert enough is not None
    assert [stretch.end for stretch in enough] == list(range(1, 10))
    assert best_paths([], []) == []


def test_the_sound_of_a_words_edge_depends_on_its_neighbour(model: AcousticModel) -> None:
    """A way for each neighbour and one for silence, joined where they sound alike."""
    alone = sentence_graph(model, said(model, "B IH G"))
    followed = sentence_graph(model, said(model, "B IH G", "D EY"))
    senones = set(followed.senones.reshape(-1, 3)[followed.words[::3] == 0].reshape(-1).tolist())
    assert set(alone.senones[alone.words == 0].tolist()) < senones
