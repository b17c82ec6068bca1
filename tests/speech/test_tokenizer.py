"""Moonshine's vocabulary."""

from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earful.speech.moonshine import MoonshineModel
from earful.speech.tokenizer import END, START, Tokenizer
from earful.speech.types import Samples


@pytest.mark.parametrize(
    "text", ["Hello world.", "It was the best of times, it was the worst of times", "3:45 p.m.", "naïve café"]
)
def test_text_comes_back_as_it_was(model: MoonshineModel, text: str) -> None:
    """Encoding and decoding are inverse."""
    assert model.tokenizer.decode(model.tokenizer.encode(text)) == text


def test_common_words_are_one_token_each(model: MoonshineModel) -> None:
    """Merging finds the longest common pieces, as the model was trained to write."""
    tokens = model.tokenizer.encode("it was the best of times")
    words = [model.tokenizer.decode([token]) for token in tokens]
    assert words == ["it", "was", "the", "best", "of", "times"]


def test_what_the_model_writes_is_what_the_encoder_writes(model: MoonshineModel, beckett: Samples) -> None:
    """Tokens from recognition agree with tokens encoded from its text, so that prefixes and hotwords fit."""
    decoded = model.decode([beckett[: 16_000 * 5]])[0]
    assert decoded.text
    assert tuple(model.tokenizer.encode(decoded.text)) == decoded.tokens


def test_a_character_outside_the_vocabulary_becomes_its_bytes(model: MoonshineModel) -> None:
    """Nothing is lost on rare characters."""
    assert model.tokenizer.decode(model.tokenizer.encode("𓀀 x")) == "𓀀 x"


def test_special_tokens_have_no_text(model: MoonshineModel) -> None:
    """Start, end and task markers are not shown."""
    assert model.tokenizer.decode([START, *model.tokenizer.encode("yes"), END, 32767]) == "yes"
    assert model.tokenizer.is_special(32767)


def test_nothing_encodes_to_nothing(model: MoonshineModel) -> None:
    """Blank text has no tokens."""
    assert model.tokenizer.encode("   ") == []


@given(st.lists(st.binary(min_size=0, max_size=300), max_size=20))
def test_any_lengths_of_pieces_are_read_back(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes]
) -> None:
    """One length byte up to 127, two above."""
    path = tmp_path_factory.mktemp("vocabulary") / "tokenizer.bin"
    lengths = [[len(p)] if len(p) < 128 else [128 + len(p) % 128, len(p) // 128] for p in pieces]
    path.write_bytes(b"".join(bytes(n) + p for n, p in zip(lengths, pieces, strict=True)))
    with patch("earful.speech.tokenizer._FIRST_PIECE", 1_000_000):
        assert Tokenizer.load(path).pieces == tuple(pieces)


@pytest.mark.parametrize("data", [b"\x05ab", b"\x85"])
def test_a_file_cut_short_is_refused(tmp_path: Path, data: bytes) -> None:
    """A damaged vocabulary is told from a sound one."""
    path = tmp_path / "tokenizer.bin"
    path.write_bytes(data)
    with pytest.raises(ValueError, match="ends inside a piece"):
        Tokenizer.load(path)
