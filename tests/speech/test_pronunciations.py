"""The dictionary."""

import pytest

from earful.speech.pronunciations import pronunciations


@pytest.mark.parametrize(
    ("word", "ways"),
    [
        ("the", ("DH AH", "DH IY")),
        ("colonel", ("K ER N AH L",)),
        ("a", ("AH", "EY")),
        ("a's", ("EY Z",)),
        ("'bout", ("B AW T",)),
        ("zywicki", ("Z IH W IH K IY",)),
        ("", ()),
        ("eppok", ()),
        ("the ", ()),
        ("日本", ()),
        ("zzzz", ()),
    ],
)
def test_all_ways_of_saying_a_word_are_found_the_usual_first(word: str, ways: tuple[str, ...]) -> None:
    """The first and the last word of the file, words with apostrophes, and ones that are not there."""
    assert pronunciations(word) == ways
