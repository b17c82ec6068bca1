"""The evaluations of meaning that need no data but the project's own."""

import pytest
from evals.insight import same, sayings, talk_masked, times, trackers
from evals.insight.said_times import SAID, SAID_LATER
from evals.insight.spoken_generated import generated
from evals.insight.spoken_hard import FIRST, LATER, NOTHING
from evals.insight.spoken_harder import HARDER, NOT_PERSONAL
from evals.insight.topics import churn
from evals.insight.tracker_texts import HELD_OUT


@pytest.mark.parametrize("name", [name for name in same.conversations() if name.startswith("call")])
def test_a_live_conversation_means_what_it_means_as_a_recording(name: str) -> None:
    """Every finding of one way has its equal in the other."""
    tally, different = same.compare(same.conversations()[name])
    assert different == []
    assert tally.right > 20


def test_trackers_are_rarely_found_by_accident() -> None:
    """Of what is reported on sentences that no threshold was chosen on, nine in ten are right."""
    both, meant = trackers.tally(HELD_OUT, similar=True)
    assert both.precision >= 0.9
    assert meant.precision >= 0.9
    assert meant.right >= 5


def test_a_live_list_of_topics_is_calm() -> None:
    """On average less than a twentieth of the first topics changes with a message."""
    turns = [text for turns in same.conversations().values() for _, text, *_ in turns]
    assert churn(turns[:150] if len(turns) > 60 else turns * 4) < 0.05


def test_generated_personal_data_is_the_same_every_time_and_marked_where_it_stands() -> None:
    items = generated(60)
    assert items == generated(60)
    assert all(item.text[start:end].strip() for item in items for start, end in item.spans)
    assert any(item.before for item in items)


@pytest.mark.parametrize(("said", "at_least"), [(SAID, 0.98), (SAID_LATER, 0.95)])
def test_times_mean_what_was_meant(said: times.Said, at_least: float) -> None:
    """Of all times said, nearly every one is resolved to the day or minute that was meant."""
    tally = times.tally(said)
    assert tally.precision >= at_least
    assert tally.recall >= at_least


@pytest.mark.parametrize("said", [FIRST, LATER])
def test_little_that_is_personal_is_heard_and_nothing_else_is_masked(said: tuple[str, ...]) -> None:
    """Of the personal words said in hard ways nearly all are masked; talk without any stays as it is."""
    mask = talk_masked.ours()
    assert talk_masked.tally(said, mask).recall >= 0.95
    assert talk_masked.tally(NOTHING, mask).wrong == 0


def test_harder_talk_is_masked_and_plain_numbers_are_left() -> None:
    mask = talk_masked.ours()
    tally = talk_masked.tally([*HARDER, *NOT_PERSONAL], mask)
    assert tally.recall >= 0.95
    assert tally.precision >= 0.97


def test_calls_keep_their_order_numbers_and_hide_their_people() -> None:
    tally = talk_masked.calls_tally(talk_masked.masked)
    assert tally.recall >= 0.95
    assert tally.precision >= 0.9


def test_what_is_told_of_a_call_is_all_that_was_said() -> None:
    """Without anything to mask each turn keeps its words, so that counting them is fair."""
    for turns in talk_masked.read_calls():
        for _, marked in turns:
            plain = talk_masked.unmarked(marked)
            assert talk_masked.counted(marked, plain).right == 0


def test_business_talk_says_who_is_to_do_what_until_when() -> None:
    """Most is found, and of what is found nearly all has the right person, day and words."""
    rates = {row.task.removeprefix("business sayings (own)"): row for row in sayings.rows()}
    assert rates[""].f1 >= 0.85
    assert rates[", bare"].f1 >= 0.8
    for part in (": kind", ": assignee", ": due date", ": definitive", ": text"):
        assert rates[part].precision >= 0.9, part
