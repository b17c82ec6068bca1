"""How people talked, worked out from times."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earful.conversation.types import Message, Word
from earful.insight.analytics import Analytics, Share, analyse


def said(who: str | None, start: float, end: float, text: str = "one two three") -> Message:
    return Message("m", "c", text, start, end, member_id=who)


def member(analytics: Analytics, who: str | None) -> Any:
    return next(one for one in analytics.members if one.member_id == who)


def test_two_people_in_turn_share_the_time() -> None:
    analytics = analyse([said("a", 0, 36), said("b", 51, 75)])
    assert analytics.silence == Share(15.0, 20.0)
    assert analytics.talk == Share(60.0, 80.0)
    assert analytics.overlap == Share(0.0, 0.0)
    assert member(analytics, "a").talk == Share(36.0, 60.0)
    assert member(analytics, "a").listen == Share(24.0, 40.0)
    assert member(analytics, "b").talk == Share(24.0, 40.0)
    assert member(analytics, "b").overlaps == ()


def test_time_when_two_speak_counts_for_both_and_is_overlap() -> None:
    analytics = analyse([said("a", 0, 36), said("b", 33, 57)])
    assert analytics.talk.seconds == 60
    assert analytics.silence.seconds == 0
    assert analytics.overlap == Share(3.0, 5.0)
    overlap = member(analytics, "a").overlaps[0]
    assert (overlap.member_id, overlap.share) == ("b", Share(3.0, 5.0))
    assert member(analytics, "b").overlaps[0].member_id == "a"
    assert member(analytics, "b").overlap_seconds == 3


def test_three_at_once_overlap_in_pairs() -> None:
    analytics = analyse([said("a", 0, 10), said("b", 0, 10), said("c", 5, 15)])
    assert analytics.overlap.seconds == 10 + 5 + 5
    assert member(analytics, "c").overlap_seconds == 10
    assert [one.member_id for one in member(analytics, "c").overlaps] == ["a", "b"]


def test_a_lone_speaker_talks_all_the_time_and_never_listens() -> None:
    analytics = analyse([said("a", 0, 10)])
    assert member(analytics, "a").talk == Share(10.0, 100.0)
    assert member(analytics, "a").listen == Share(0.0, 0.0)


def test_silence_before_the_first_word_counts_and_after_the_last_does_not() -> None:
    assert analyse([said("a", 5, 10)]).silence.seconds == 5


def test_pace_counts_recognised_words_or_else_those_of_the_text() -> None:
    counted = Message("m", "c", "two words", 0, 30, "a", words=tuple(Word("x", 0, 1) for _ in range(64)))
    assert member(analyse([counted]), "a").words_per_minute == 128
    assert member(analyse([said("a", 0, 2)]), "a").words_per_minute == 90


def test_text_without_times_divides_by_nothing() -> None:
    analytics = analyse([said("a", 0, 0), said("b", 0, 0)])
    assert analytics.talk == analytics.silence == analytics.overlap == Share(0.0, 0.0)
    assert member(analytics, "a").words_per_minute == 0


def test_nothing_said_is_nothing() -> None:
    assert analyse([]) == Analytics(Share(0.0, 0.0), Share(0.0, 0.0), Share(0.0, 0.0), ())


def test_a_member_who_was_silent_is_listed() -> None:
    analytics = analyse([said("a", 0, 10)], ["a", "b"])
    assert member(analytics, "b").talk == Share(0.0, 0.0)
    assert member(analytics, "b").listen == Share(10.0, 100.0)


def test_speech_that_nobody_is_named_for_is_one_member() -> None:
    analytics = analyse([said(None, 0, 1), said("a", 1, 2), said(None, 2, 3)])
    assert member(analytics, None).talk.seconds == 2


def test_figures_have_three_decimals() -> None:
    analytics = analyse([said("a", 0, 1), said("b", 1, 3)])
    assert member(analytics, "a").talk.percent == 33.333


spans = st.tuples(st.sampled_from(["a", "b", "c", None]), st.floats(0, 1000), st.floats(0, 60)).map(
    lambda t: said(t[0], t[1], t[1] + t[2])
)


@given(st.lists(spans, max_size=12))
def test_the_parts_always_make_the_whole(messages: list[Message]) -> None:
    analytics = analyse(messages)
    total = sum(one.talk.seconds for one in analytics.members)
    assert total == pytest.approx(analytics.talk.seconds, abs=0.01)
    assert analytics.silence.seconds >= 0
    for one in analytics.members:
        assert one.talk.seconds + one.listen.seconds == pytest.approx(analytics.talk.seconds, abs=0.01)
        assert all(overlap.share.percent <= 50.001 for overlap in one.overlaps)
    pairs = sum(one.overlap_seconds for one in analytics.members)
    assert pairs == pytest.approx(2 * analytics.overlap.seconds, abs=0.02)
