"""A segment is read in other ways where its decoder was in doubt."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from earful.speech.decoding import Decoded, Frames, Row, Scorer
from earful.speech.moonshine import MoonshineModel, prepare, token_ceiling
from earful.speech.readings import likeliest
from earful.speech.tokenizer import END
from earful.speech.types import Samples

A, B, C, D, E = 10, 11, 12, 13, 14
_VOCABULARY = 20
_FRAMES = np.zeros((1, 1, 1, 1), np.float32)

Table = Mapping[tuple[int, ...], Mapping[int, float]]
"""What follows a text, and with what chance."""


class TableNetwork:
    """A decoder that follows a table; it counts the texts that it was asked to end."""

    batch = 8

    def __init__(self, table: Table) -> None:
        self._table = table
        self.asked = 0

    def encode(self, sound: Samples) -> Frames:
        raise NotImplementedError

    def length(self, frames: Frames) -> int:
        raise NotImplementedError

    def score(self, frames: Frames, sequences: Sequence[Sequence[int]]) -> list[list[float]]:
        raise NotImplementedError

    def decode(self, rows: Sequence[Row]) -> None:
        self.asked += len(rows)
        for row in rows:
            row.begin(len(row.forced))
            while not row.ended:
                scores = np.full(_VOCABULARY, -30.0, np.float32)
                for token, chance in self._table.get(tuple(row.tokens), {END: 1.0}).items():
                    scores[token] = math.log(chance)
                row.choose(scores)


def read(table: Table, **given: object) -> tuple[Row, Row, TableNetwork]:
    """Return the first reading, the one that is kept, and the network that was asked."""
    network = TableNetwork(table)
    row = Row(_FRAMES, (), (), 20, None, watched=True, **given)  # type: ignore[arg-type]
    network.decode([row])
    (kept,) = likeliest(network, [row])
    return row, kept, network


LED_ASTRAY: Table = {
    (): {A: 0.55, B: 0.45},
    (A,): {C: 0.4, D: 0.3, E: 0.3},
    (B,): {C: 0.95, D: 0.05},
}


def test_a_reading_that_is_likelier_as_a_whole_is_kept() -> None:
    """The second choice at the beginning makes a text with twice the chance."""
    first, kept, _ = read(LED_ASTRAY)
    assert first.tokens == [A, C]
    assert kept.tokens == [B, C]
    assert kept.logprobs == pytest.approx([math.log(0.45), math.log(0.95)], abs=1e-3)
    assert kept.confidence == pytest.approx(math.sqrt(0.45 * 0.95), abs=1e-3)


def test_the_first_reading_stays_when_others_are_less_likely() -> None:
    """Doubt alone changes nothing."""
    first, kept, network = read({(): {A: 0.6, B: 0.4}, (A,): {C: 0.9, D: 0.1}, (B,): {C: 0.7, D: 0.3}})
    assert kept is first
    assert network.asked > 1


def test_what_was_never_in_doubt_costs_nothing() -> None:
    """The network is not asked again."""
    first, kept, network = read({(): {A: 0.95, B: 0.05}, (A,): {C: 0.99, D: 0.01}})
    assert kept is first
    assert network.asked == 1


def test_a_reading_that_falls_behind_is_given_up() -> None:
    """It is not spelt out to its end, which lies far off."""
    table = {(): {A: 0.6, B: 0.4}, (A,): {C: 0.8, D: 0.2}, (B,): dict.fromkeys(range(3, 9), 1 / 6)}
    network = TableNetwork({**table, **{(B, *range(3, 3 + n)): {3 + n: 1.0} for n in range(1, 12)}})
    row = Row(_FRAMES, (), (), 20, None, watched=True)
    network.decode([row])
    seen: list[Row] = []
    decode = network.decode

    def note(rows: Sequence[Row]) -> None:
        seen.extend(rows)
        decode(rows)

    network.decode = note  # type: ignore[method-assign]
    assert likeliest(network, [row]) == [row]
    assert [one for one in seen if one.given_up and one.tokens == [B, 3]]


def chain(
    begin: tuple[int, ...], rest: Sequence[int], chance: float = 0.99
) -> dict[tuple[int, ...], dict[int, float]]:
    """Return a table in which `rest` follows `begin`, all but surely."""
    return {(*begin, *rest[:at]): {token: chance, 19: 1 - chance} for at, token in enumerate(rest)}


@pytest.mark.parametrize(("at_rival", "wins"), [(0.45, True), (0.15, False)])
def test_a_reading_that_comes_back_is_read_on_with_the_rest(at_rival: float, wins: bool) -> None:
    """One word more, then the same text: that is asked for at once, and only if it is not behind."""
    rest = [C, D, E, 15, 16, 17, 18]
    table = {
        (): {A: 1 - at_rival, B: at_rival},
        (A,): {C: 0.3, 9: 0.25, 8: 0.25, 7: 0.2},
        **chain((A, C), rest[1:]),
        **chain((B,), [A, *rest]),
    }
    network = TableNetwork(table)
    drafts: list[tuple[int, ...]] = []
    decode = network.decode

    def note(rows: Sequence[Row]) -> None:
        drafts.extend(row.draft for row in rows if row.forced[:2] == (B, A))
        decode(rows)

    network.decode = note  # type: ignore[method-assign]
    row = Row(_FRAMES, (), (), 20, None, watched=True)
    network.decode([row])
    (kept,) = likeliest(network, [row])
    assert row.tokens == [A, *rest]
    assert (kept.tokens == [B, A, *rest]) == wins
    assert drafts == ([tuple(rest[1:])] if wins else [])


def test_a_reading_that_loops_is_not_kept() -> None:
    """However likely the loop is."""
    table = {
        (): {A: 0.55, B: 0.45},
        (A,): {C: 0.4, D: 0.3, E: 0.3},
        **{(B,) * n: {B: 1.0} for n in range(1, 20)},
    }
    _, kept, _ = read(table)
    assert kept.tokens[0] == A


def test_each_segment_keeps_its_own_reading() -> None:
    """Answers are in the order of what was asked; a row that was not watched stays."""
    network = TableNetwork(LED_ASTRAY)
    rows = [
        Row(_FRAMES, forced, (), 20, None, watched=watched) for forced, watched in (((), True), ((), False))
    ]
    network.decode(rows)
    kept = likeliest(network, rows)
    assert [row.tokens for row in kept] == [[B, C], [A, C]]


def test_what_was_forced_stays_forced() -> None:
    """Nothing is known of its chance, and nothing is tried in its place."""
    network = TableNetwork({(A,): {C: 0.4, D: 0.35, E: 0.25}, (A, C): {E: 0.5, D: 0.5}, (A, D): {E: 0.99}})
    row = Row(_FRAMES, (A,), (), 20, None, watched=True)
    network.decode([row])
    (kept,) = likeliest(network, [row])
    assert kept.tokens == [A, D, E]
    assert math.isnan(kept.logprobs[0])


class Favour:
    """Favours one token wherever it may stand."""

    def __init__(self, token: int, by: float) -> None:
        self._token, self._by = token, by

    def adjust(self, tokens: Sequence[int], logits: NDArray[np.float32]) -> None:
        logits[self._token] += self._by

    def review(self, decoded: Decoded, score: Scorer) -> Decoded:
        return decoded


def test_a_favoured_word_is_not_lost_to_another_reading() -> None:
    """What a bias adds counts when readings are compared, and not in how sure they are told to be."""
    network = TableNetwork(LED_ASTRAY)
    row = Row(_FRAMES, (), (), 20, Favour(A, 3.0), watched=True)
    network.decode([row])
    (kept,) = likeliest(network, [row])
    assert kept.tokens[0] == A
    assert kept.logprobs[0] == pytest.approx(math.log(0.55), abs=1e-3)


def test_real_speech_is_read_as_likely_or_likelier(model: MoonshineModel, beckett: Samples) -> None:
    """With noise over it, so that the decoder is in doubt: no final is less likely than its first reading."""
    noise = np.random.default_rng(5).normal(0, 0.02, len(beckett)).astype(np.float32)
    network = model._network
    changed = 0
    for start in range(0, len(beckett) - 32_000, 16_000):
        sound = (beckett + noise)[start : start + 32_000]
        frames = network.encode(prepare(sound, lead=0.1, tail=0.3, loudness=0.08))
        row = Row(frames, (), (), token_ceiling(len(sound)), None, trust=0.6, watched=True)
        network.decode([row])
        (kept,) = likeliest(network, [row])
        assert kept.worth / math.sqrt(len(kept.tokens) + 1) >= row.worth / math.sqrt(len(row.tokens) + 1)
        changed += kept is not row
        assert model.decode([sound])[0].tokens == tuple(kept.tokens)
    assert changed
