"""Whether a message means a phrase, by the signs of both and by learnt weights."""

import numpy as np

from earful.insight.alike import Alike, Meant, shared_alike, signs_of
from earful.insight.encoder import Sense


def _text(*content: str, polarity: float) -> Meant:
    return Meant(frozenset(content), 6, False, Sense(0.0, 0.0, 0.0, polarity, ()))


def test_an_opposite_is_less_alike_than_a_paraphrase_that_is_as_near() -> None:
    """Praise is less like a complaint than another complaint is."""
    phrase = _text("heating", "broken", polarity=-0.5)

    def odds(said: Meant) -> float:
        return float(shared_alike().odds([signs_of(said, phrase, 0.5, [0.5])])[0])

    assert odds(_text("boiler", "fine", polarity=0.6)) < odds(_text("boiler", "dead", polarity=-0.5))


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
