"""Words with their places, and folding that moves nothing."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from earful.insight.text import fold, skip_fillers, tokens


def test_tokens_keep_their_offsets() -> None:
    """Every token is the piece of the text that its offsets say."""
    text = "Don't pay $1,200.50 — it's Ana's."
    assert [token.text for token in tokens(text)][:4] == ["Don't", "pay", "$", "1,200.50"]
    assert all(text[token.start : token.end] == token.text for token in tokens(text))


def test_curly_apostrophes_read_like_plain_ones() -> None:
    """`lower` has one kind of apostrophe only."""
    assert tokens("I’ll")[0].lower == "i'll"


def test_fold_drops_accents_and_case() -> None:
    """Accents and case do not matter to whoever compares folded texts."""
    assert fold("Café ŁÓDŹ Ümlaut") == fold("cafe Łodz umlaut")


@given(st.text())
def test_fold_keeps_the_length(text: str) -> None:
    """An offset into the folded text is an offset into the text."""
    assert len(fold(text)) == len(text)


@given(st.text())
def test_tokens_are_in_order_and_apart(text: str) -> None:
    """Tokens never overlap and never go back."""
    found = tokens(text)
    assert all(a.end <= b.start for a, b in pairwise(found))


def test_fillers_are_skipped_to_the_first_real_word() -> None:
    """The sentence begins after "um, so"."""
    words = tokens("Um, so okay, where is it?")
    assert words[skip_fillers(words)].text == "where"
