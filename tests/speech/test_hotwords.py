"""Custom vocabulary."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from earful.audio.files import read_blocks
from earful.speech.hotwords import HotwordBias
from earful.speech.moonshine import Decoded, MoonshineModel
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


def heard(model: MoonshineModel, text: str) -> Decoded:
    """Return a hypothesis of this text."""
    tokens = tuple(model.tokenizer.encode(text))
    return Decoded(tokens, text, 0.5, (-0.5,) * len(tokens))


class Judge:
    """Scores texts: `likely` ones at -1 in all, every other at -50; keeps what it was asked."""

    def __init__(self, model: MoonshineModel, *likely: str) -> None:
        self.tokenizer = model.tokenizer
        self.likely = likely
        self.asked: list[str] = []

    def __call__(self, sequences: Sequence[Sequence[int]]) -> list[list[float]]:
        texts = [self.tokenizer.decode(sequence) for sequence in sequences]
        self.asked += texts
        return [
            [0.0] * len(sequence) + [-1.0 if text in self.likely else -50.0]
            for text, sequence in zip(texts, sequences, strict=True)
        ]


def test_words_that_sound_like_a_listed_phrase_become_it(model: MoonshineModel) -> None:
    """Two in one sentence, punctuation kept; the scores of the new tokens are told."""
    bias = HotwordBias(model.tokenizer, [Hotword("Petrescu"), Hotword("Capgemini")])
    judge = Judge(
        model,
        "I met pet rescue of Capgemini.",
        "I met Petrescu of cap jimmy.",
        "I met Petrescu of Capgemini.",
    )
    found = bias.review(heard(model, "I met pet rescue of cap jimmy."), judge)
    assert found.text == "I met Petrescu of Capgemini."
    assert len(found.token_logprobs) == len(found.tokens)
    assert found.end_logprob == -1.0


def test_what_the_audio_does_not_allow_stays(model: MoonshineModel) -> None:
    """However alike it sounds."""
    bias = HotwordBias(model.tokenizer, [Hotword("Petrescu", 10.0)])
    said = heard(model, "The pet rescue came.")
    assert bias.review(said, Judge(model, said.text)) is said


def test_the_more_a_phrase_is_favoured_the_less_likely_it_may_be(model: MoonshineModel) -> None:
    """The score decides a near thing."""
    said = heard(model, "The pet rescue came.")

    def judge(sequences: Sequence[Sequence[int]]) -> list[list[float]]:
        return [
            [0.0] * len(sequence) + [-1.0 if tuple(sequence) == said.tokens else -9.0]
            for sequence in sequences
        ]

    texts = [
        HotwordBias(model.tokenizer, [Hotword("Petrescu", score)]).review(said, judge).text
        for score in (0.5, 4.0)
    ]
    assert texts == ["The pet rescue came.", "The Petrescu came."]


def test_where_nothing_sounds_alike_the_decoder_is_not_asked(model: MoonshineModel) -> None:
    """Unused words cost no pass, nor does a phrase that was heard as it is."""
    judge = Judge(model)
    bias = HotwordBias(model.tokenizer, [Hotword("Kubernetes"), Hotword("Petrescu")])
    for text in ("Good morning everyone.", "Is Petrescu there?", ""):
        said = heard(model, text)
        assert bias.review(said, judge) is said
    assert judge.asked == []


def test_listed_names_are_heard_in_speech(model: MoonshineModel, tmp_path: Path) -> None:
    """The real decoder judges real sound."""
    out = tmp_path / "said.wav"
    text = "Bogdan Petrescu will send the report on Friday"
    subprocess.run(["espeak-ng", "-v", "en-us", "-s", "150", "-w", str(out), text], check=True)
    quiet = np.zeros(8_000, np.float32)
    samples = np.concatenate([quiet, *read_blocks(out), quiet])
    bias = HotwordBias(model.tokenizer, [Hotword("Bogdan"), Hotword("Petrescu"), Hotword("Kubernetes")])
    assert "Petrescu" not in model.decode([samples])[0].text
    assert model.decode([samples], bias=bias)[0].text.startswith("Bogdan Petrescu")
    assert "Petrescu" not in model.decode([samples], bias=bias, final=False)[0].text
