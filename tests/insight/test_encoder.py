"""The text encoder that ships: vectors that mean something, and what messages are and name."""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import earful.insight
from earful.insight.encoder import TextEncoder, chance, shared_encoder

_MODELS = Path(earful.insight.__file__).parent / "models"


@pytest.fixture(scope="module")
def encoder() -> TextEncoder:
    return shared_encoder()


def test_vectors_have_length_one(encoder: TextEncoder) -> None:
    """One float32 row of 384 for each text, repeated texts included."""
    vectors = encoder.vectors(["a quote", "an invoice", "a quote"])
    assert vectors.shape == (3, 384)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)
    assert np.array_equal(vectors[0], vectors[2])


def test_no_texts_no_vectors(encoder: TextEncoder) -> None:
    """An empty list is fine."""
    assert encoder.vectors([]).shape == (0, 384)


def test_like_meanings_lie_close(encoder: TextEncoder) -> None:
    """A paraphrase is closer than another subject."""
    asked, same, other = encoder.vectors(
        ["Please give me my money back.", "I would like a refund.", "The train leaves at nine."]
    )
    assert asked @ same > asked @ other + 0.2


def test_a_vector_does_not_depend_on_its_company(encoder: TextEncoder) -> None:
    """Padding beside a longer text changes next to nothing."""
    alone = encoder.vectors(["the price of the house blend"])[0]
    fresh = TextEncoder(_MODELS)
    together = fresh.vectors(["the price of the house blend", "a much longer text " * 8])[0]
    assert alone @ together > 0.97


def test_what_is_said_lies_nearer_to_a_phrase_that_means_it_in_vectors_for_trackers(
    encoder: TextEncoder,
) -> None:
    """They are another way through the same layers; the published one is not touched by it."""
    texts = ["printer is jammed", "The copier has eaten another sheet and won't go on"]
    published = encoder.vectors(texts)
    fresh = TextEncoder(_MODELS)
    phrase, said = fresh.vectors(texts, meant=True)
    assert phrase @ said > published[0] @ published[1]
    assert np.array_equal(fresh.vectors(texts), published)
    assert np.linalg.norm(said) == pytest.approx(1, abs=1e-3)


def test_questions_are_heard_without_punctuation(encoder: TextEncoder) -> None:
    """The order of words tells a question from a statement."""
    asked = encoder.sense("so what time does the truck get there").question
    told = encoder.sense("so the truck gets there at nine").question
    assert asked > 0 > told


def test_promises_are_heard(encoder: TextEncoder) -> None:
    """A promise is more of an action than an account of the past."""
    promised = encoder.sense("I'll send you the contract tomorrow.").action
    told = encoder.sense("We had a lot of rain last year.").action
    assert promised > 0 > told


def test_feelings_are_heard(encoder: TextEncoder) -> None:
    """Praise is positive and complaint negative."""
    assert encoder.sense("This is wonderful, thank you so much!").polarity > 0.2
    assert encoder.sense("This is the worst service I ever had.").polarity < -0.2


def test_names_are_found_at_their_place(encoder: TextEncoder) -> None:
    """A name no word list knows is found, with offsets into the text."""
    text = "We met Thandiwe Mokoena in Katowice."
    names = {(text[name.start : name.end], name.kind) for name in encoder.sense(text).names}
    assert ("Thandiwe Mokoena", "PERSON") in names
    assert ("Katowice", "LOC") in names


def test_the_message_before_does_not_shift_the_names(encoder: TextEncoder) -> None:
    """Offsets count from the message itself, whatever stands before it."""
    text = "Zbigniew flew to Katowice."
    names = encoder.sense(text, [(False, "Who was it that flew there in the end?")]).names
    assert "Katowice" in {text[name.start : name.end] for name in names}


def test_a_message_before_is_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The shared layers read each text once: as a message, for its vector, and before the next."""
    encoder = TextEncoder(_MODELS)
    read: list[object] = []
    trunk = encoder._trunk
    counted = SimpleNamespace(run=lambda *inputs: (read.append(inputs), trunk.run(*inputs))[1])
    monkeypatch.setattr(encoder, "_trunk", counted)
    asked, told = "Who sends the invoice?", "I will do it tomorrow"
    encoder.sense(asked)
    encoder.sense(told, [(False, asked)])
    encoder.word_forms(told)
    encoder.vectors([told])
    assert len(read) == 3  # and what stands for somebody else
    encoder.sense("Thanks!", [(True, asked), (False, told)])
    assert len(read) == 5


def test_what_is_remembered_changes_nothing() -> None:
    """Live talk and a recording, whose messages come alone or after others, are heard alike."""
    before = [(True, "We met Katowice Steel."), (False, "Did they sign it?")]
    fresh, used = TextEncoder(_MODELS), TextEncoder(_MODELS)
    for _, text in before:
        used.sense(text)
        used.vectors([text])
    assert fresh.sense("Not yet.", before) == used.sense("Not yet.", before)
    assert fresh.sense("Not yet.", before) != fresh.sense("Not yet.")


def test_assent_is_heard_after_a_request(encoder: TextEncoder) -> None:
    """What was said before tells what "I will" promises."""
    asked = "Okay, so can you send us the revised quote by Friday?"
    assert encoder.sense("Okay, I will.", [(False, asked)]).action > 0 > encoder.sense("Okay, I will.").action


@pytest.mark.parametrize("text", ["", " ", "...", "😀", "a" * 5000, "word " * 500])
def test_odd_texts_are_fine(encoder: TextEncoder, text: str) -> None:
    """Nothing, signs alone and endless texts have chances like any other."""
    sense = encoder.sense(text, [(False, text), (True, text)])
    assert 0 <= chance(sense.question) <= 1
    assert 0 <= chance(sense.action) <= 1
    assert 0 <= chance(sense.linked) <= 1
    assert -1 <= sense.polarity <= 1


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=80))
def test_names_lie_inside_the_text(text: str) -> None:
    """Spans are in order, not empty, and within the text."""
    names = shared_encoder().sense(text).names
    assert all(0 <= name.start < name.end <= len(text) for name in names)
    assert all(a.end <= b.start for a, b in pairwise(names))


def test_threads_may_share_it(encoder: TextEncoder) -> None:
    """The same text gives the same answer from every thread."""
    texts = [f"could you send invoice {number % 7}" for number in range(40)]
    with ThreadPoolExecutor(4) as pool:
        chances = list(pool.map(lambda text: encoder.sense(text).question, texts))
    assert all(chances[i] == chances[i % 7] for i in range(40))


def test_the_models_stay_small() -> None:
    """All that ships weighs no more than thirty megabytes."""
    assert sum(path.stat().st_size for path in _MODELS.iterdir()) < 30e6
