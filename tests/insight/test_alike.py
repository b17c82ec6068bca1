"""Whether a message means a phrase, by the signs of both and by learnt weights."""

import numpy as np

from earful.insight.alike import Alike, Meant, shared_alike, signs_of


def _text(*content: str, polarity: float = 0.0) -> Meant:
    return Meant(frozenset(content), 6, False, polarity)


def _odds(said: Meant, phrases: list[Meant], closeness: list[float]) -> float:
    return float(shared_alike().odds([signs_of(said, phrases, closeness)])[0])


def test_an_opposite_is_less_alike_than_a_paraphrase_that_is_as_near() -> None:
    """Praise is less like a complaint than another complaint is."""
    phrase = _text("heating", "broken", polarity=-0.5)
    fine, dead = _text("boiler", "fine", polarity=0.6), _text("boiler", "dead", polarity=-0.5)
    assert _odds(fine, [phrase], [0.5]) < _odds(dead, [phrase], [0.5])


def test_the_nearer_a_message_lies_to_a_phrase_the_more_it_means_it() -> None:
    phrase, said = _text("heating", "broken"), _text("boiler", "dead")
    odds = [_odds(said, [phrase], [near]) for near in (0.2, 0.35, 0.5, 0.65)]
    assert odds == sorted(odds)


def test_a_second_phrase_that_is_near_too_makes_it_likelier() -> None:
    phrases, said = [_text("heating", "broken"), _text("cold", "flat")], _text("boiler", "dead")
    assert _odds(said, phrases, [0.5, 0.48]) > _odds(said, phrases, [0.5, 0.1])


def test_a_network_is_one_hidden_layer_and_is_written_down_as_it_is() -> None:
    learnt = Alike(
        np.zeros(2, np.float32),
        np.ones(2, np.float32),
        [(np.eye(2, dtype=np.float32), np.zeros(2, np.float32), np.array([1, -1], np.float32), 0.5)],
    )
    assert learnt.odds([(2, 1), (-1, 3)]).tolist() == [1.5, -2.5]
    assert learnt.as_dict() == {
        "middle": [0, 0],
        "spread": [1, 1],
        "networks": [[[[1, 0], [0, 1]], [0, 0], [1, -1], 0.5]],
    }
