"""Decoding with the real weights."""

import math

import numpy as np
import pytest

from earful.speech.moonshine import (
    Decoded,
    MoonshineModel,
    loop_length,
    prepare,
    token_ceiling,
    with_prefix_logprobs,
)
from earful.speech.tokenizer import END
from earful.speech.types import Samples

SECOND = 16_000


@pytest.fixture(scope="module")
def sentences(two_cities: Samples) -> list[Samples]:
    """Four utterances of different length."""
    spans = [(1.0, 8.5), (8.7, 13.0), (13.3, 17.0), (21.1, 24.3)]
    return [two_cities[int(a * SECOND) : int(b * SECOND)] for a, b in spans]


def test_speech_is_recognised(model: MoonshineModel, sentences: list[Samples]) -> None:
    """The opening of the book comes out as it is written."""
    decoded = model.decode([sentences[0]])[0]
    assert decoded.text.lower().startswith("it was the best of times, it was the worst of times")
    assert 0.8 < decoded.confidence <= 1.0
    assert len(decoded.token_logprobs) == len(decoded.tokens)
    assert all(value <= 0 for value in decoded.token_logprobs)
    assert not decoded.looped


def test_a_batch_says_what_single_decoding_says(model: MoonshineModel, sentences: list[Samples]) -> None:
    """Padding and masking do not leak between segments of different lengths; answers keep their order."""
    alone = [model.decode([segment])[0].text.split() for segment in sentences]
    together = [decoded.text.split() for decoded in model.decode(sentences)]
    for one, other in zip(alone, together, strict=True):
        same = sum(a == b for a, b in zip(one, other, strict=False))
        assert same >= 0.9 * max(len(one), len(other))


def test_more_segments_than_a_batch_holds_are_all_recognised(
    model: MoonshineModel, sentences: list[Samples]
) -> None:
    """Twelve segments take two batches."""
    decoded = model.decode([*sentences, *sentences, *sentences])
    assert len(decoded) == 12
    assert all(one.text for one in decoded)


def test_a_prefix_is_kept_and_continued(model: MoonshineModel, sentences: list[Samples]) -> None:
    """What was agreed stays, and the rest follows it."""
    whole = model.decode([sentences[0]])[0]
    prefix = whole.tokens[:8]
    again = model.decode([sentences[0]], prefixes=[prefix])[0]
    assert again.tokens[:8] == prefix
    assert all(math.isnan(value) for value in again.token_logprobs[:8])
    assert again.text.lower().endswith("foolishness.")


def test_prefixes_of_different_lengths_share_a_batch(model: MoonshineModel, sentences: list[Samples]) -> None:
    """Longer prefixes are forced while shorter ones already choose."""
    whole = model.decode(sentences)
    prefixes = [decoded.tokens[: 3 + at] for at, decoded in enumerate(whole)]
    again = model.decode(sentences, prefixes=prefixes)
    for decoded, prefix in zip(again, prefixes, strict=True):
        assert decoded.tokens[: len(prefix)] == prefix
        assert len(decoded.tokens) > len(prefix)


@pytest.mark.parametrize("kept", [0.4, 0.8, 1.0])
def test_a_good_draft_does_not_change_the_words(
    model: MoonshineModel, sentences: list[Samples], kept: float
) -> None:
    """A draft is checked, not believed."""
    whole = model.decode([sentences[0]])[0]
    draft = whole.tokens[: int(len(whole.tokens) * kept)]
    again = model.decode([sentences[0]], drafts=[draft])[0]
    assert again.text.lower().split()[:10] == whole.text.lower().split()[:10]
    assert not any(math.isnan(value) for value in again.token_logprobs)


def test_a_wrong_draft_is_thrown_away(model: MoonshineModel, sentences: list[Samples]) -> None:
    """Another sentence's words do not get in."""
    draft = model.tokenizer.encode("Completely different words about the weather in Spain.")
    again = model.decode([sentences[1]], drafts=[draft])[0]
    assert "epoch" in again.text
    assert "Spain" not in again.text


def test_a_draft_that_goes_on_too_long_is_cut_where_the_model_stops(
    model: MoonshineModel, sentences: list[Samples]
) -> None:
    """The end token wins over what the draft would add."""
    whole = model.decode([sentences[1]])[0]
    draft = [*whole.tokens, *model.tokenizer.encode("and so on and so forth")]
    again = model.decode([sentences[1]], drafts=[draft])[0]
    assert "so forth" not in again.text


def test_no_more_tokens_than_speech_can_hold(model: MoonshineModel, beckett: Samples) -> None:
    """The ceiling holds whatever the decoder wants."""
    frames = [model.encode(beckett)]
    assert len(model.decode_frames(frames, [5])[0].tokens) == 5
    assert token_ceiling(SECOND * 10) == 68


def test_no_segments_give_no_answers(model: MoonshineModel) -> None:
    """An empty list is harmless."""
    assert model.decode([]) == []


@pytest.mark.parametrize("length", [0, 1, 100, 1600])
def test_very_short_audio_is_no_error(model: MoonshineModel, length: int) -> None:
    """Less than a word still makes a valid call."""
    (decoded,) = model.decode([np.zeros(length, np.float32)])
    assert len(decoded.tokens) <= token_ceiling(length)


class Favourite:
    """Favours one token without measure, and notes what it was told."""

    def __init__(self, token: int) -> None:
        self.token = token
        self.told: list[int] = []

    def adjust(self, tokens, logits) -> None:  # type: ignore[no-untyped-def]
        self.told.append(len(tokens))
        logits[self.token] += 1000

    def review(self, decoded, score):  # type: ignore[no-untyped-def]
        return decoded


def test_a_bias_steers_only_its_own_row(model: MoonshineModel, sentences: list[Samples]) -> None:
    """One stream's hotwords are nothing to its neighbour in the batch."""
    bias = Favourite(END)
    first, second = model.decode(sentences[:2], bias=[bias, None])
    assert first.tokens == ()
    assert "epoch" in second.text
    assert bias.told == [0]


def test_a_loop_is_cut_and_told(model: MoonshineModel, sentences: list[Samples]) -> None:
    """A decoder that only repeats itself is stopped early."""
    token = model.tokenizer.encode("no")[0]
    decoded = model.decode([sentences[0]], bias=Favourite(token))[0]
    assert decoded.looped
    assert decoded.text == "no"


@pytest.mark.parametrize(
    ("tokens", "extra"),
    [
        ([1, 2, 3, 4], 0),
        ([5] * 6, 0),
        ([5] * 7, 6),
        ([1, 2] * 4, 0),
        ([9, *([1, 2] * 5)], 8),
        ([1, 2, 3] * 3, 0),
        ([1, 2, 3] * 4, 9),
        (list(range(12)) * 2, 0),
        (list(range(12)) * 3, 24),
    ],
)
def test_what_counts_as_a_loop(tokens: list[int], extra: int) -> None:
    """People repeat themselves a little; decoders without end."""
    assert loop_length(tokens) == extra


def test_quiet_speech_is_raised_and_loud_speech_left_alone(beckett: Samples) -> None:
    """Loudness is evened out without clipping, with silence before and after."""
    quiet = prepare(beckett * 0.05, lead=0.1, tail=0.3, loudness=0.08)
    assert len(quiet) == len(beckett) + 6400
    assert not quiet[:1600].any()
    assert not quiet[-4800:].any()
    assert np.abs(quiet).max() == pytest.approx(min(10 * np.abs(beckett * 0.05).max(), 1.0), rel=0.2)
    loud = prepare(np.full(SECOND, 0.9, np.float32), lead=0, tail=0, loudness=0.08)
    np.testing.assert_array_equal(loud, np.full(SECOND, 0.9, np.float32))


def test_silence_stays_silence() -> None:
    """Nothing is made of nothing."""
    assert not prepare(np.zeros(100, np.float32), lead=0.1, tail=0.1, loudness=0.08).any()


def test_a_prefix_gets_its_probabilities_back() -> None:
    """NaN is filled from what was known; what was chosen now stays."""
    decoded = Decoded((7, 8, 9), "x", 0.5, (math.nan, math.nan, -1.0))
    merged = with_prefix_logprobs(decoded, (-0.2, -0.4, -9.0))
    assert merged.token_logprobs == (-0.2, -0.4, -1.0)
    assert merged.confidence == pytest.approx(math.exp(-1.6 / 3))
