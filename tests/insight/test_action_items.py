"""Who is to do what, by when: said in a call between Ines and Tomasz on Tuesday, 1 March 2022."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earful.conversation.types import Member
from earful.insight.action_items import Action, find_action
from earful.insight.encoder import Sense

NOW = datetime(2022, 3, 1, 9)
INES = Member("i", "Ines Duarte", "ines@example.com")
TOMASZ = Member("t", "Tomasz", "tomasz@example.com")
ROSA = Member("r", "Rosa")


def _find(text: str, *members: Member) -> Action | None:
    found = find_action(text, INES, members or (INES, TOMASZ), NOW)
    return found if found and found.score >= 0.5 else None


@pytest.mark.parametrize(
    ("text", "rewritten"),
    [
        ("I'll send the plan to Omar on Thursday.", "Ines Duarte will send the plan to Omar on Thursday."),
        (
            "Yes, I will email the quote tomorrow morning.",
            "Ines Duarte will email the quote tomorrow morning.",
        ),
        ("okay i'm going to book the room", "Ines Duarte will book the room."),
        (
            "Could you send me the revised quote by Friday?",
            "Tomasz needs to send Ines the revised quote by Friday.",
        ),
        ("Please update the price list.", "Tomasz needs to update the price list."),
        (
            "Tomasz will call the carrier about the damaged pallet.",
            "Tomasz will call the carrier about the damaged pallet.",
        ),
        (
            "Let me check the stock levels with the warehouse.",
            "Ines Duarte will check the stock levels with the warehouse.",
        ),
        ("Tomasz, can you order the new labels?", "Tomasz needs to order the new labels."),
        (
            "I will bring my laptop and set up the projector.",
            "Ines Duarte will bring their laptop and set up the projector.",
        ),
    ],
)
def test_the_text_says_who(text: str, rewritten: str) -> None:
    """Promises and requests are rewritten with a name in place of "I" and "you"."""
    action = _find(text)
    assert action is not None
    assert action.text == rewritten


def test_a_promise_belongs_to_the_speaker() -> None:
    """Who says "I'll" is the one to do it, and means it."""
    action = _find("I'll send the invoice tomorrow.")
    assert action is not None
    assert (action.assignee, action.definitive) == (INES, True)


def test_a_request_belongs_to_the_only_other_person() -> None:
    """In a conversation of two, "you" is the other one."""
    action = _find("Could you send the invoice tomorrow?")
    assert action is not None
    assert action.assignee == TOMASZ


def test_a_request_to_one_of_many_belongs_to_who_is_named() -> None:
    """Among three, "Rosa, could you" is Rosa; without a name nobody is guessed."""
    named = _find("Rosa, could you send the invoice tomorrow?", INES, TOMASZ, ROSA)
    assert named is not None
    assert named.assignee == ROSA
    open_to_all = _find("Could you send the invoice tomorrow?", INES, TOMASZ, ROSA)
    assert open_to_all is not None
    assert open_to_all.assignee is None


def test_an_unknown_speaker_keeps_the_words() -> None:
    """Without a name the text stays as it was said."""
    action = find_action("I'll send the invoice tomorrow.", None, (), NOW)
    assert action is not None
    assert action.text == "I'll send the invoice tomorrow."
    assert action.assignee is None


def test_the_due_date_is_the_date_in_the_text() -> None:
    """By Friday is the coming Friday."""
    action = _find("I'll send the invoice by Friday.")
    assert action is not None
    assert action.due is not None
    assert action.due.last == datetime(2022, 3, 4)


def test_the_date_of_a_condition_is_no_due_date() -> None:
    """When the other has to decide says nothing of when it is to be done; what follows the condition does."""
    action = _find(
        "If you sign before the end of the year we save a lot, but I need to check with my manager."
    )
    assert action is not None
    assert action.due is None
    action = _find("If that suits you, on Friday I will send you the contract.")
    assert action is not None
    assert action.due is not None
    assert action.due.text == "Friday"


def test_a_text_does_not_end_on_before() -> None:
    action = _find("Tomasz, please write down a rollback plan before then.")
    assert action is not None
    assert action.text == "Tomasz needs to write down a rollback plan before then."


def test_a_past_date_is_no_due_date() -> None:
    """What should have been done yesterday has no date to come."""
    action = find_action("I'll fix the bug from yesterday.", INES, (INES,), NOW)
    assert action is None or action.due is None


def test_a_hedged_promise_is_not_definitive() -> None:
    """Maybe is not yes."""
    action = find_action("Maybe I'll send the report to the board tomorrow.", INES, (INES,), NOW)
    assert action is not None
    assert not action.definitive


@pytest.mark.parametrize(
    "text",
    [
        "I'll be honest, that was hard.",
        "Let me see.",
        "We'll see.",
        "I would have sent it if I had known.",
        "I sent the invoice yesterday.",
        "If I send it now they will complain.",
        "You can find it in the settings.",
        "I won't send anything.",
        "We don't need to send the invoice.",
        "I will never understand this printer.",
        "Tomasz will be fine.",
        "It will rain tomorrow.",
        "Let's move on.",
        "Who will send the invoice?",
        "What should we do about the prices?",
        "I have to say it looks great.",
        "They used to check every box.",
        "You know what I mean.",
        "",
        "Okay.",
        "I can hear you now.",
        "let's get started",
    ],
)
def test_what_nobody_has_to_do_is_no_action(text: str) -> None:
    """The past, the hypothetical, the negated and mere phrases are not actions."""
    assert _find(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "we need to finish the report before monday",
        "please make sure the invoices are paid by friday",
        "action item: update the onboarding guide",
        "so i'll draft the agenda and share it tonight",
        "Don't forget to renew the domain.",
        "We agreed to order the second crane this week.",
        "I need you to approve the budget today.",
        "somebody should check... no, Tomasz, please check the meter",
    ],
)
def test_actions_in_other_words(text: str) -> None:
    """Needs, reminders and decisions to act count too, punctuated or not."""
    assert _find(text) is not None


@given(st.text())
def test_no_text_breaks_the_finder(text: str) -> None:
    """Scores lie between none and one, and the phrase is in the text."""
    action = find_action(text, INES, (INES, TOMASZ), NOW)
    assert action is None or 0.0 <= action.score <= 1.0


def test_a_part_of_today_that_is_over_is_no_due_date() -> None:
    """What was discussed this morning is not due then; an hour that has passed is tomorrow's."""
    late = NOW.replace(hour=15)
    action = find_action("I'll send the notes we took this morning.", INES, (INES,), late)
    assert action is not None
    assert action.due is None
    call = find_action("I'll call the bank at 9 am.", INES, (INES,), late)
    assert call is not None
    assert call.due is not None
    assert call.due.last == late.replace(hour=9) + timedelta(days=1)


def test_this_week_is_due_on_friday() -> None:
    """A week of work ends on its Friday."""
    action = _find("I will get the budget approved this week.")
    assert action is not None
    assert action.due is not None
    assert action.due.last is not None
    assert action.due.last.date().isoformat() == "2022-03-04"


def test_a_date_of_the_sentence_before_is_not_the_due_date() -> None:
    """What is to be done is due when its own sentence says."""
    action = _find("The contract ends on Thursday. I will send you the report by Friday.")
    assert action is not None
    assert action.due is not None
    assert action.due.text == "Friday"
    other = _find("The contract ends on Thursday. I will send you the report.")
    assert other is not None
    assert other.due is None


MIA, NOAH, LEO = Member("m", "Mia"), Member("n", "Noah"), Member("l", "Leo")


@pytest.mark.parametrize(
    ("text", "rewritten", "who"),
    [
        ("Mia, call them tomorrow about it.", "Mia needs to call them tomorrow about it.", "m"),
        ("You'll have it by end of day Wednesday.", "Leo will provide it by end of day Wednesday.", "l"),
        ("I'll have the floor plan ready for you.", "Leo will have the floor plan ready for you.", "l"),
        ("I'll forward it as soon as I have it.", "Leo will forward it as soon as they have it.", "l"),
        ("My assistant will send it on Friday.", "Leo's assistant will send it on Friday.", None),
        ("Somebody needs to update the allergen list.", "Somebody needs to update the allergen list.", None),
    ],
)
def test_ways_to_say_what_is_to_be_done(text: str, rewritten: str, who: str | None) -> None:
    """Orders by name, promises from the other's side, things made ready, other people's work."""
    action = find_action(text, LEO, (MIA, NOAH, LEO), NOW)
    assert action is not None
    assert action.score >= 0.5
    assert action.text == rewritten
    assert (action.assignee.id if action.assignee else None) == who


def test_the_day_said_before_is_the_day_of_a_time() -> None:
    """ "Thursday is fine, I'll book you in for half past five" is due on Thursday."""
    action = find_action("Thursday is fine, I'll book you in for half past five.", LEO, (MIA, LEO), NOW)
    assert action is not None
    assert action.due is not None
    assert action.due.last is not None
    assert (action.due.last.weekday(), action.due.last.hour, action.due.last.minute) == (3, 17, 30)


@pytest.mark.parametrize(
    "text", ["Let me share my screen for a second.", "If you ask me, you'll have it soon."]
)
def test_what_is_done_at_once_is_no_action(text: str) -> None:
    """Showing something in the call is not left to do."""
    action = find_action(text, LEO, (MIA, LEO), NOW)
    assert action is None or action.score < 0.5


@pytest.mark.parametrize(
    ("text", "told", "assignee"),
    [
        ("Let's have Tom review the draft.", "Tom will review the draft.", None),
        (
            "I'll need a copy of the police report.",
            "Tomasz needs to provide a copy of the police report.",
            TOMASZ,
        ),
        ("Alright, go ahead and replace the brakes then.", "Tomasz needs to replace the brakes.", TOMASZ),
        ("Would you mind copying me on the contract?", "Tomasz needs to copy Ines on the contract.", TOMASZ),
        ("I'm also going to credit your account.", "Ines Duarte will credit Tomasz's account.", INES),
        ("Maya's team is going to migrate it tonight.", "Maya's team will migrate it tonight.", None),
    ],
)
def test_orders_and_promises_in_other_words(text: str, told: str, assignee: Member | None) -> None:
    action = _find(text)
    assert action is not None
    assert (action.text, action.assignee) == (told, assignee)


@pytest.mark.parametrize(
    "text",
    [
        "I was going to write the newsletter but that can wait.",
        "I'll hold off on the deposit for now.",
        "I'll need access to the room.",
        "Let me finish.",
        "Thank you, please.",
    ],
)
def test_waiting_and_needing_is_nothing_to_do(text: str) -> None:
    assert _find(text) is None


@pytest.mark.parametrize(
    ("text", "now", "due"),
    [
        ("I'll send the plan before the weekend.", datetime(2022, 3, 1, 9), datetime(2022, 3, 4)),
        ("I'll send the plan before next week.", datetime(2022, 3, 1, 9), datetime(2022, 3, 4)),
        ("I'll send the plan this week.", datetime(2022, 3, 5, 9), datetime(2022, 3, 11)),  # a Saturday
    ],
)
def test_what_is_due_before_a_stretch_of_days_is_due_on_a_working_day(
    text: str, now: datetime, due: datetime
) -> None:
    action = find_action(text, INES, (INES, TOMASZ), now)
    assert action is not None
    assert action.due is not None
    assert action.due.last == due


def test_a_polite_request_is_no_doubt() -> None:
    """ "Could you" asks; "maybe" doubts."""
    asked = _find("Could you send the invoice tomorrow?")
    assert asked is not None
    assert asked.definitive


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Give her a ring when you get a minute.", "give her a ring"),
        ("Just run it by me before it goes out.", "run it by"),
        ("Get me ten minutes with their lawyer next week.", "ten minutes"),
        ("I'll put it on the first van tomorrow.", "first van"),
        ("Shall we speak again on Friday?", "speak again"),
        ("Could you torque the bolts on the flange again?", "torque the bolts"),
    ],
)
def test_orders_in_fixed_words_and_verbs_of_every_trade_are_found(text: str, words: str) -> None:
    people = [Member("1", "Ann"), Member("2", "Bo")]
    found = find_action(text, people[0], people, datetime(2024, 5, 14, 10))
    assert found is not None
    assert found.score >= 0.5
    assert words in found.text


def test_work_that_is_shared_out_by_name_is_found() -> None:
    people = [Member("1", "Ann"), Member("2", "Bo"), Member("3", "Cy")]
    found = find_action(
        "Bo takes the north, Cy takes the south.", people[0], people, datetime(2024, 5, 14, 10)
    )
    assert found is not None
    assert found.assignee == people[1]
    assert find_action("Bo runs the shop.", people[0], people, datetime(2024, 5, 14, 10)) is None


def test_an_hour_that_has_passed_is_meant_at_night_while_that_is_to_come() -> None:
    people = [Member("1", "Ann"), Member("2", "Bo")]
    found = find_action("Please check his dressing at ten.", people[0], people, datetime(2024, 5, 14, 19))
    assert found is not None
    assert found.due is not None
    assert found.due.last == datetime(2024, 5, 14, 22)


@pytest.mark.parametrize("people", [2, 4])
def test_what_is_promised_for_a_later_day_is_not_doubted(people: int) -> None:
    """The encoder's doubts weigh little where the speaker names a day to come, and much elsewhere."""
    doubting = Sense(question=-5.0, action=-4.0, linked=-9.0, polarity=0.0, names=())

    def score(text: str) -> float:
        found = find_action(text, INES, (INES, TOMASZ), NOW, doubting, people=people)
        assert found is not None
        return found.score

    assert score("I'll get back to you tomorrow.") >= 0.5
    assert score("Tomasz, can you fix it?") >= 0.5
    assert score("I'll do that on the board.") < 0.5


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("I'd like to see you again in two weeks.", "Ines Duarte will see Tomasz again in two weeks."),
        ("We need a number by the end of the week.", "We need a number by the end of the week."),
        ("I'd like to see you again some day, who wouldn't?", None),
        ("We need a number.", None),
    ],
)
def test_wishes_and_needs_with_a_time_are_plans(text: str, told: str | None) -> None:
    """To want to see somebody again is a plan once it says when, and so is what all need."""
    found = _find(text)
    assert (found.text if found else None) == told


def _heard(action: float, linked: float = -9.0) -> Sense:
    return Sense(question=-5.0, action=action, linked=linked, polarity=0.0, names=())


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("I'll update the invite.", True),
        ("I'll take care of the catering.", True),
        ("I'll do it on the board.", False),
    ],
)
def test_in_meetings_a_promise_of_plain_work_needs_less_from_the_encoder(text: str, told: bool) -> None:
    """Most promises in meetings are about the meeting; those of work that has a name are less often."""
    found = find_action(text, INES, (INES, TOMASZ, ROSA), NOW, _heard(1.0), people=3)
    assert found is not None
    assert (found.score >= 0.5) is told


@pytest.mark.parametrize(
    "text",
    [
        "For me, I worked on the export.",
        "When do you think it will be ready?",
        "Last time nobody could find the plan.",
        "Works for me.",
        "Please do.",
    ],
)
def test_what_is_asked_or_told_of_the_past_is_not_linked_to_actions(text: str) -> None:
    """Annotators link such turns of meetings to what is to be done; a reader would not."""
    assert find_action(text, INES, (INES, TOMASZ, ROSA), NOW, _heard(3.0, 3.0), people=3) is None


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("I'll ask about a discount if you sign before Friday.", None),
        ("I'll check if they can send it by Friday.", datetime(2022, 3, 4)),
        ("Somebody also needs to review the plan, it's been open since Monday.", None),
    ],
)
def test_a_date_of_a_condition_or_of_a_beginning_is_no_due_date(text: str, due: datetime | None) -> None:
    found = _find(text)
    assert found is not None
    assert (found.due.last.date() if found.due and found.due.last else None) == (due.date() if due else None)


def test_a_word_of_agreement_is_nobodys_name() -> None:
    found = _find("Absolutely, you'll get a text before.")
    assert found is None or "Absolutely" not in found.text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "I'm going to order a blood test, the nurse will take it.",
            "Ines Duarte will order a blood test.",
        ),
        (
            "I'll write the announcement and Tomasz, you review it.",
            "Ines Duarte will write the announcement.",
        ),
    ],
)
def test_what_others_do_is_no_part_of_the_task(text: str, told: str) -> None:
    found = _find(text)
    assert found is not None
    assert found.text == told


def test_between_two_people_plain_work_is_doubted_less() -> None:
    """What is asked for with a verb of work, "go ahead and replace the brakes", is mostly meant."""
    found = find_action("Alright, go ahead and replace the brakes.", INES, (INES, TOMASZ), NOW, _heard(-4.0))
    assert found is not None
    assert found.score >= 0.5
