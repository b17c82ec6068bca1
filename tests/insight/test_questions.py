"""Questions with and without a question mark; rhetoric and small talk are none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earful.insight.questions import question_score

ASKED = [
    "Could you send the revised quote by Friday?",
    "When does the contract end?",
    "what time does the truck arrive",
    "how many seats do we need",
    "so do you want to start with the budget",
    "um are we still on for thursday",
    "Is that the final version?",
    "okay who is taking the notes",
    "why was the invoice sent twice",
    "did anybody talk to the landlord",
    "have you tried turning it off",
    "well should we move the meeting to next week",
    "and what about the second warehouse",
    "can you tell me where the files are",
    "I was wondering whether you got my email",
    "which of the two suppliers is cheaper",
    "You already paid it, right?",
    "that's the blue one, isn't it?",
    "Tomasz, is the pallet back?",
    "Any questions about the plan?",
    "where did this come from",
    "will the price change in april",
]
NOT_ASKED = [
    "We will send it on Friday.",
    "What I want is a simple answer.",
    "when we get there we will see",
    "which is fine by me",
    "How nice of you.",
    "that is what they told us",
    "I don't know how they did it",
    "If you do that it breaks.",
    "do not touch the red button",
    "Don't worry about it.",
    "we are done for today",
    "",
    "...",
    "Okay.",
    "there is a problem with the order",
    "whoever does it should write it down",
]
SMALL_TALK = [
    "How are you?",
    "how are you doing today",
    "Hi Ben, how's it going?",
    "How was your weekend?",
    "You know what I mean?",
    "Can you hear me?",
    "Who knows?",
    "Really?",
    "Right?",
    "Okay?",
    "Did you have a good trip?",
    "What's up?",
]


@pytest.mark.parametrize("text", ASKED)
def test_a_question_is_found(text: str) -> None:
    """What wants an answer scores at least a half, marked or not."""
    assert question_score(text) >= 0.5


@pytest.mark.parametrize("text", NOT_ASKED)
def test_a_statement_is_no_question(text: str) -> None:
    """Subordinate clauses and imperatives are no questions."""
    assert question_score(text) < 0.5


@pytest.mark.parametrize("text", SMALL_TALK)
def test_small_talk_is_ignored(text: str) -> None:
    """Greetings and phrases that nobody answers are no questions, even with a question mark."""
    assert question_score(text) < 0.5


@pytest.mark.parametrize("text", ASKED)
def test_the_question_mark_adds_certainty(text: str) -> None:
    """A question mark never makes a question less likely."""
    assert question_score(text.rstrip("?.") + "?") >= question_score(text.rstrip("?."))


@given(st.text())
def test_the_score_is_a_chance(text: str) -> None:
    """Whatever was recognised, the score lies between none and one."""
    assert 0.0 <= question_score(text) <= 1.0


@pytest.mark.parametrize(
    "text", ["Good morning, Maya?", "Of course.", "Thanks, Bob?", "Oh, hello?", "That works for me?"]
)
def test_courtesies_ask_nothing(text: str) -> None:
    """A greeting, thanks or agreement is no question, however it was punctuated."""
    assert question_score(text, 0.95) < 0.5


def test_a_question_after_a_greeting_is_one() -> None:
    """A greeting in front does not hide what is asked."""
    assert question_score("Good morning Maya, any news?", 0.9) >= 0.5
