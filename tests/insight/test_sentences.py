"""Utterances cut into sentences with their words and times."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earful.conversation.types import Word
from earful.insight.sentences import cut, ends_open, spans
from earful.insight.types import Utterance


def _sentences(text: str) -> list[str]:
    return [text[begin:end] for begin, end in spans(text)]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("We are done. Thank you!", ["We are done.", "Thank you!"]),
        ("Really? Yes. Good.", ["Really?", "Yes.", "Good."]),
        ("Ask Dr. Okafor about it. She knows.", ["Ask Dr. Okafor about it.", "She knows."]),
        ("It costs 3.5 million. That is a lot.", ["It costs 3.5 million.", "That is a lot."]),
        ("See you at 5 p.m. tomorrow.", ["See you at 5 p.m. tomorrow."]),
        ("We close at 5 p.m. Come earlier.", ["We close at 5 p.m.", "Come earlier."]),
        ("Bring pens, paper, etc. and a cable.", ["Bring pens, paper, etc. and a cable."]),
        ("J. Alvarez signed it. So did I.", ["J. Alvarez signed it.", "So did I."]),
        ("I was thinking... maybe not.", ["I was thinking... maybe not."]),
        ("He said no... Then he left.", ["He said no...", "Then he left."]),
        ("no punctuation at all here", ["no punctuation at all here"]),
        ('She said "stop." Then we stopped.', ['She said "stop."', "Then we stopped."]),
        ("   ", []),
        ("", []),
        ("You and I. That is all.", ["You and I.", "That is all."]),
    ],
)
def test_sentences_end_where_a_reader_ends_them(text: str, sentences: list[str]) -> None:
    """Full stops of abbreviations, initials and decimals do not end a sentence."""
    assert _sentences(text) == sentences


def test_an_endless_sentence_is_cut_at_a_conjunction() -> None:
    """Sixty words without a stop become several messages, none of them cut inside a clause."""
    clause = "we talked to the people in the warehouse about the pallets that came late"
    text = f"{clause}, and {clause}, but {clause}, so {clause}, and {clause}, but {clause}"
    parts = _sentences(text)
    assert len(parts) > 1
    assert all(part.split()[0] in ("we", "and", "but", "so") for part in parts)
    assert " ".join(parts) == text


@given(st.text(alphabet="ab .?!,1\n\"'"))
def test_no_character_but_blanks_is_lost(text: str) -> None:
    """The sentences together are the text."""
    assert "".join("".join(_sentences(text)).split()) == "".join(text.split())


def test_words_go_to_their_sentence_and_give_it_its_times() -> None:
    """A sentence begins with its first word and ends with its last."""
    words = tuple(
        Word(text, start, start + 0.2) for text, start in (("Yes.", 1.0), ("Who", 2.0), ("asked?", 2.5))
    )
    first, second = cut(Utterance("Yes. Who asked?", 0.9, 3.0, words=words))
    assert (first.text, first.start, first.end) == ("Yes.", 1.0, 1.2)
    assert [word.text for word in second.words] == ["Who", "asked?"]
    assert (second.start, second.end) == (2.0, 2.7)


def test_times_are_shared_out_by_length_without_words() -> None:
    """Without word times the longer sentence gets more of the time."""
    short, long = cut(Utterance("No. That is not what we agreed on.", 10.0, 20.0))
    assert short.start == 10.0
    assert long.end == 20.0
    assert short.end <= long.start
    assert long.end - long.start > short.end - short.start


def test_words_that_do_not_fit_the_text_are_left_out() -> None:
    """Words of another text do not end up on the wrong sentence."""
    pieces = cut(Utterance("Yes. No.", 0, 2, words=(Word("Maybe", 0, 1),)))
    assert [piece.words for piece in pieces] == [(), ()]


@pytest.mark.parametrize(
    "text", ["I will send the", "so we could,", "because", "and then I'll", "we need to..."]
)
def test_broken_off_sentences_are_open(text: str) -> None:
    """A sentence without its end waits for more."""
    assert ends_open(text)


@pytest.mark.parametrize("text", ["I sent it.", "Really?", "Great!", ""])
def test_finished_sentences_are_not_open(text: str) -> None:
    """A sentence with its end does not wait."""
    assert not ends_open(text)
