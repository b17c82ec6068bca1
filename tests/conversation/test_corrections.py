"""A sentence put right: its words keep their times, and what it no longer says is dropped."""

from hypothesis import given
from hypothesis import strategies as st

from earful.conversation.corrections import corrected
from earful.conversation.types import Entity, Message, Phrase, Word

HEARD = Message(
    "1",
    "c",
    "I will call Danielle on Friday.",
    2.0,
    5.0,
    words=tuple(
        Word(text, 2.0 + place / 2, 2.5 + place / 2, 0.9)
        for place, text in enumerate(["I", "will", "call", "Danielle", "on", "Friday."])
    ),
    phrases=(Phrase("action_phrase", "call Danielle"), Phrase("action_phrase", "on Friday")),
    entities=(Entity("person", "Danielle", 12, "danielle"), Entity("date", "Friday", 24, "2026-03-06")),
)


def test_words_that_stay_keep_their_times_and_new_ones_share_those_they_replace() -> None:
    fixed = corrected(HEARD, "I will call Dan and Ella on Friday.")
    assert fixed.text == "I will call Dan and Ella on Friday."
    assert [(word.text, word.start, word.end) for word in fixed.words] == [
        ("I", 2.0, 2.5),
        ("will", 2.5, 3.0),
        ("call", 3.0, 3.5),
        ("Dan", 3.5, 3.667),
        ("and", 3.667, 3.833),
        ("Ella", 3.833, 4.0),
        ("on", 4.0, 4.5),
        ("Friday.", 4.5, 5.0),
    ]
    assert [word.confidence for word in fixed.words[2:5]] == [0.9, None, None]


def test_phrases_and_entities_that_are_gone_are_dropped_and_others_move() -> None:
    fixed = corrected(HEARD, "I will call Dan and Ella on Friday.")
    assert fixed.phrases == (Phrase("action_phrase", "on Friday"),)
    assert fixed.entities == (Entity("date", "Friday", 28, "2026-03-06"),)


@given(st.text())
def test_whatever_the_text_becomes_its_words_are_in_order_and_in_its_time(text: str) -> None:
    fixed = corrected(HEARD, text)
    assert [word.text for word in fixed.words] == text.split()
    times = [time for word in fixed.words for time in (word.start, word.end)]
    assert times == sorted(times)
    assert all(HEARD.start <= time <= HEARD.end for time in times)
    assert all(text[one.offset :].startswith(one.text) for one in fixed.entities)
