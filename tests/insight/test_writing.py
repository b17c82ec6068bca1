"""Marks and capitals put back into bare talk."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earful.conversation.types import Word
from earful.insight.encoder import NamedSpan, shared_encoder
from earful.insight.types import Utterance
from earful.insight.writing import is_bare, restored, without_commas, written


@pytest.mark.parametrize(
    "text", ["okay", "so i think we should go", "I think I'm done", "it costs 3.5 million"]
)
def test_text_without_marks_and_capitals_is_bare(text: str) -> None:
    """ "I" and the point of a number are no signs of writing."""
    assert is_bare(text)


@pytest.mark.parametrize("text", ["", "  ", "Okay", "so, i think", "is it", "is it?", "we met Ines", "OK"])
def test_written_text_is_not_bare(text: str) -> None:
    """One mark or capital is enough to leave a text as it is; so is nothing at all."""
    assert is_bare(text) == (text == "is it")


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("what time does it leave", "What time does it leave?"),
        ("okay i'll sign the contract this week", "I'll sign the contract this week."),
        ("send the invoice to the client on monday", "Send the invoice to the client on Monday."),
    ],
)
def test_bare_talk_is_written_out(text: str, written: str) -> None:
    """Sentences get their capitals, full stops and question marks."""
    assert restored(shared_encoder(), text).endswith(written)


def test_an_unfinished_sentence_gets_no_full_stop() -> None:
    """What breaks off is left open for what comes next."""
    assert restored(shared_encoder(), "i will") == "I will"


def test_several_sentences_are_told_apart() -> None:
    """A sentence ends where its words say so, without any pause."""
    text = "we talked to the vendor yesterday and he said it's fine what do you think should we go ahead"
    assert "fine. What do you think" in restored(shared_encoder(), text)


def test_numbers_and_addresses_stay_in_one_piece() -> None:
    """No mark and no capital comes between the parts of what is spelt out."""
    text = "my number is five five five one two three four and my mail is john dot smith at gmail dot com"
    written = restored(shared_encoder(), text)
    assert "five five five one two three four" in written
    assert "john dot smith at gmail dot com" in written


def test_long_talk_is_read_in_parts() -> None:
    """No word is lost or changed beyond what the encoder reads at once."""
    text = "so we went through the list and everybody had something to say about the price " * 20
    written = restored(shared_encoder(), text.strip())
    assert [word.strip(".,?").lower() for word in written.split()] == text.split()


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=80))
def test_words_stay_one_for_one(text: str) -> None:
    """Whatever the input, there are as many words after as before."""
    assert len(restored(shared_encoder(), text).split()) == len(text.split())


def test_words_are_written_as_the_text_is() -> None:
    """Each word keeps its times and takes its mark and capital."""
    said = "what time does it leave"
    words = tuple(Word(text, at, at + 0.5) for at, text in enumerate(said.split()))
    made = written(shared_encoder(), Utterance(said, 0, 5, words=words))
    assert [word.text for word in made.words] == made.text.split()
    assert [word.start for word in made.words] == [word.start for word in words]


def test_commas_stand_where_a_reader_expects_them() -> None:
    """After a yes, and before a clause that says otherwise."""
    text = "yes i can do that but she is away until monday"
    assert restored(shared_encoder(), text) == "Yes, I can do that, but she is away until Monday."


def test_names_are_placed_in_the_text_with_its_commas() -> None:
    """What is found in a text without commas keeps its words."""
    text = "Well, ask Anna, Ben Smith, or 1,000 others"
    plain, _ = without_commas(text)
    assert plain == "Well ask Anna Ben Smith or 1,000 others"
    found = tuple(
        NamedSpan(plain.index(name), plain.index(name) + len(name), "PERSON", 1.0)
        for name in ("Well", "Anna", "Ben Smith", "1,000")
    )
    _, placed = without_commas(text, found)
    assert [text[name.start : name.end] for name in placed] == ["Well", "Anna", "Ben Smith", "1,000"]
