"""Words with their places, and folding that moves nothing."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from earful.insight.text import FIGURE, clues, fold, may_match, skip_fillers, tokens


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


def test_clues_are_words_with_and_without_their_endings() -> None:
    """A first look finds "today" in "Today’s" and knows that there are figures, not which."""
    found = clues("Today’s 3rd call, 12:30")
    assert {"today's", "today", "call", FIGURE} <= found
    assert may_match((frozenset({"today"}), frozenset({FIGURE})), found)
    assert not may_match((frozenset({"today"}), frozenset({"week"})), found)


@given(st.text())
def test_tokens_are_alike_however_a_text_is_cut(text: str) -> None:
    """Plain text goes a shorter way; its tokens are the same as within text that has other letters."""
    longer = tokens(f"{text} é")
    assert [token for token in longer if token.end <= len(text)] == tokens(text) or not text.isascii()
