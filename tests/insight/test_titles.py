"""How much phrases are like titles."""

import numpy as np

from earful.insight.encoder import shared_encoder
from earful.insight.titles import Signs, Titles, shared_titles

_SIGNS = Signs(0.5, 2.0, 0.0, 0.0, 0.5, 0.5, 0.2, 0.0)


def test_what_is_discussed_is_more_like_a_title_than_a_quality() -> None:
    """With all other signs alike the phrases themselves decide, measured about their mean."""
    phrases = ["project budget", "funding for schools", "bright red", "left finger"]
    vectors = np.stack([shared_encoder().vectors([phrase])[0] for phrase in phrases])
    found = shared_titles().likeness(np.array([_SIGNS] * len(phrases), np.float32), vectors)
    assert min(found[:2]) > max(found[2:])
    assert abs(float(found.sum())) < 1e-4


def test_weights_are_kept_as_they_are_read() -> None:
    """What training writes is what is read again."""
    titles = Titles(_SIGNS, np.arange(384, dtype=np.float32))
    kept = titles.as_dict()
    assert kept["signs"] == _SIGNS._asdict()
    assert kept["direction"] == list(range(384))
