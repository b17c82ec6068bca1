"""Custom vocabulary."""

import numpy as np
import pytest

from earful.speech.hotwords import HotwordBias
from earful.speech.moonshine import MoonshineModel
from earful.speech.tokenizer import END
from earful.speech.types import Hotword, Samples


def scores(model: MoonshineModel, **at: float) -> np.ndarray:
    """Return logits of -20 but for the named tokens."""
    logits = np.full(len(model.tokenizer), -20.0, np.float32)
    for token, value in at.items():
        logits[int(token[1:])] = value
    return logits


def test_the_rest_of_a_begun_phrase_is_favoured(model: MoonshineModel) -> None:
    """After its first token the next one gets the score."""
    first, second, *_ = model.tokenizer.encode("Maarika")
    bias = HotwordBias(model.tokenizer, [Hotword("Maarika", 3.0)])
    logits = scores(model, t5000=0.0, **{f"t{second}": -2.0})
    bias.adjust([700, first], logits)
    assert logits[second] == pytest.approx(1.0)
    assert logits[5000] == 0.0


def test_a_phrase_that_was_not_begun_is_not_favoured(model: MoonshineModel) -> None:
    """Unused words cost nothing: scores stay as they were."""
    bias = HotwordBias(model.tokenizer, [Hotword("Maarika", 10.0), Hotword("Kubernetes", 10.0)])
    logits = np.random.default_rng(0).normal(size=len(model.tokenizer)).astype(np.float32)
    before = logits.copy()
    bias.adjust([], logits)
    bias.adjust([700, 701], logits)
    np.testing.assert_array_equal(logits, before)


def test_capitals_do_not_matter(model: MoonshineModel) -> None:
    """A phrase listed in lower case is found as the decoder writes names."""
    bias = HotwordBias(model.tokenizer, [Hotword("maarika", 3.0)])
    first, second, *_ = model.tokenizer.encode("Maarika")
    logits = scores(model, t5000=0.0, **{f"t{second}": -2.0})
    bias.adjust([first], logits)
    assert logits[second] == pytest.approx(1.0)


def test_where_the_decoder_stops_nothing_is_added(model: MoonshineModel) -> None:
    """Silence is not filled with listed words."""
    bias = HotwordBias(model.tokenizer, [Hotword("Maarika", 10.0)])
    first, second, *_ = model.tokenizer.encode("Maarika")
    logits = scores(model, **{f"t{END}": 0.0, f"t{second}": -1.0})
    bias.adjust([first], logits)
    assert int(logits.argmax()) == END


def test_the_impossible_is_not_favoured(model: MoonshineModel) -> None:
    """A token far below the first choice stays there."""
    bias = HotwordBias(model.tokenizer, [Hotword("Maarika", 10.0)])
    first, second, *_ = model.tokenizer.encode("Maarika")
    logits = scores(model, t5000=0.0)
    bias.adjust([first], logits)
    assert logits[second] == -20.0


@pytest.mark.parametrize("hotwords", [[], [Hotword("  ")], [Hotword("word", 0.0)]])
def test_empty_lists_are_no_bias(model: MoonshineModel, hotwords: list[Hotword]) -> None:
    """Blank phrases and scores of nothing are left out."""
    assert not HotwordBias(model.tokenizer, hotwords)


def test_a_hundred_unused_words_leave_real_speech_alone(model: MoonshineModel, beckett: Samples) -> None:
    """The text is the same with and without them."""
    heads = ("Zor", "Qui", "Xan", "Vel", "Tro", "Mip", "Gla", "Dre", "Bru", "Ska")
    tails = ("vex", "lock", "tharn", "misk", "duro", "plim", "garth", "zone", "wick", "fane")
    words = [head + tail for head in heads for tail in tails]
    bias = HotwordBias(model.tokenizer, [Hotword(word, 4.0) for word in words])
    assert model.decode([beckett], bias=bias)[0].tokens == model.decode([beckett])[0].tokens
