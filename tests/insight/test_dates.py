"""Times as people say them, resolved against Tuesday, the first of March 2022, nine in the morning."""

from datetime import datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earful.insight.dates import find_dates

NOW = datetime(2022, 3, 1, 9)


@pytest.mark.parametrize(
    ("text", "found", "day"),
    [
        ("Could you send it by Friday?", "Friday", "2022-03-04"),
        ("tomorrow works", "tomorrow", "2022-03-02"),
        ("the day after tomorrow", "the day after tomorrow", "2022-03-03"),
        ("we met yesterday", "yesterday", "2022-02-28"),
        ("see you next Tuesday", "next Tuesday", "2022-03-08"),
        ("Tuesday is fine", "Tuesday", "2022-03-08"),
        ("it broke last Monday", "last Monday", "2022-02-28"),
        ("on March 4th, 2023", "March 4th, 2023", "2023-03-04"),
        ("on the 4th of July", "the 4th of July", "2022-07-04"),
        ("3 October 1982", "3 October 1982", "1982-10-03"),
        ("March fifth", "March fifth", "2022-03-05"),
        ("on the 15th.", "the 15th", "2022-03-15"),
        ("2022-12-24", "2022-12-24", "2022-12-24"),
        ("on 3/4/2022", "3/4/2022", "2022-03-04"),
        ("by 25/12/2022", "25/12/2022", "2022-12-25"),
        ("in two weeks", "two weeks", "2022-03-15"),
        ("three days ago", "three days ago", "2022-02-26"),
        ("by the end of the month", "the end of the month", "2022-03-31"),
        ("by the end of next week", "the end of next week", "2022-03-11"),
        ("in a month", "a month", "2022-04-01"),
        ("on Christmas Eve", "Christmas Eve", "2022-12-24"),
    ],
)
def test_days(text: str, found: str, day: str) -> None:
    """A day is found with all its words and resolved to a date."""
    (span,) = find_dates(text, NOW)
    assert span.text == found
    assert span.kind == "date"
    assert span.first is not None
    assert span.first.date().isoformat() == day


@pytest.mark.parametrize(
    ("text", "kind", "first", "last"),
    [
        ("tomorrow morning", "datetimerange", "2022-03-02 08:00", "2022-03-02 12:00"),
        ("this afternoon", "datetimerange", "2022-03-01 12:00", "2022-03-01 17:00"),
        ("at 3 pm tomorrow", "datetime", "2022-03-02 15:00", "2022-03-02 15:00"),
        ("next Tuesday at half past two", "datetime", "2022-03-08 14:30", "2022-03-08 14:30"),
        ("Friday at 10:15", "datetime", "2022-03-04 10:15", "2022-03-04 10:15"),
        ("Thursday at three thirty", "datetime", "2022-03-03 15:30", "2022-03-03 15:30"),
        ("on Monday at a quarter to five", "datetime", "2022-03-07 16:45", "2022-03-07 16:45"),
        ("from 2 to 3 pm", "timerange", "2022-03-01 14:00", "2022-03-01 15:00"),
        ("from 2 to 3 pm on Thursday", "datetimerange", "2022-03-03 14:00", "2022-03-03 15:00"),
        ("between Monday and Wednesday", "daterange", "2022-03-07 00:00", "2022-03-09 00:00"),
        ("next week", "daterange", "2022-03-07 00:00", "2022-03-13 00:00"),
        ("last year", "daterange", "2021-01-01 00:00", "2021-12-31 00:00"),
        ("the second quarter of 2020", "daterange", "2020-04-01 00:00", "2020-06-30 00:00"),
        ("in April", "daterange", "2022-04-01 00:00", "2022-04-30 00:00"),
        ("in two hours", "datetime", "2022-03-01 11:00", "2022-03-01 11:00"),
        ("at noon", "time", "2022-03-01 12:00", "2022-03-01 12:00"),
        ("twenty twenty one", "daterange", "2021-01-01 00:00", "2021-12-31 00:00"),
        ("by end of day tomorrow", "datetime", "2022-03-02 17:00", "2022-03-02 17:00"),
        ("by end of day", "datetime", "2022-03-01 17:00", "2022-03-01 17:00"),
    ],
)
def test_times_and_ranges(text: str, kind: str, first: str, last: str) -> None:
    """Clock times, parts of the day and ranges resolve to their first and last moment."""
    (span,) = find_dates(text, NOW)
    assert span.kind == kind
    assert span.first is not None
    assert span.last is not None
    assert f"{span.first:%Y-%m-%d %H:%M}" == first
    assert f"{span.last:%Y-%m-%d %H:%M}" == last


@pytest.mark.parametrize(
    "text",
    [
        "we may go",
        "let us march on",
        "Good morning everyone",
        "about five people",
        "two or three of them",
        "he came second",
        "at one of the shops",
        "it is 40 percent",
    ],
)
def test_what_only_sounds_like_a_time_is_none(text: str) -> None:
    """Verbs, greetings and counts are no dates."""
    assert find_dates(text, NOW) == []


def test_a_duration_has_no_place_in_time() -> None:
    """Three years is how long, not when."""
    (span,) = find_dates("it took three years", NOW)
    assert (span.kind, span.first) == ("duration", None)


def test_a_weekday_said_on_that_day_is_a_week_ahead() -> None:
    """Whoever means today says today."""
    (span,) = find_dates("see you on Tuesday", NOW)
    assert span.first == datetime(2022, 3, 8)


def test_december_looks_into_next_january() -> None:
    """A month that has passed this year means the next one."""
    (span,) = find_dates("by January 10th", datetime(2022, 12, 20))
    assert span.first == datetime(2023, 1, 10)


@pytest.mark.parametrize("text", ["February 30th", "31/31/2022", "the 4th of never"])
def test_days_that_do_not_exist_do_no_harm(text: str) -> None:
    """An impossible date is not made into another."""
    assert all(span.kind != "date" or span.first is None for span in find_dates(text, NOW))


_PARTS = [
    "next",
    "last",
    "Friday",
    "March",
    "4th",
    "the",
    "of",
    "at",
    "3",
    "pm",
    "tomorrow",
    "from",
    "to",
    "between",
    "and",
    "noon",
    "in",
    "two",
    "weeks",
    "2020",
    "quarter",
    "end",
    "half",
    "past",
]


@given(
    st.lists(st.sampled_from(_PARTS), max_size=12), st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1))
)
def test_no_mixture_of_time_words_breaks_the_reader(parts: list[str], now: datetime) -> None:
    """Spans are in order, apart, and say the text at their place; ranges do not run backwards."""
    text = " ".join(parts)
    spans = find_dates(text, now)
    assert all(text[span.start : span.end] == span.text for span in spans)
    assert all(a.end <= b.start for a, b in pairwise(spans))
    assert all(span.first <= span.last for span in spans if span.first and span.last)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("We begin in mid-March.", "mid-March"),
        ("Sales in the first nine months of fiscal 2020 fell.", "the first nine months of fiscal 2020"),
        ("Compared to the same period last year it grew.", "the same period last year"),
        ("At the end of the first quarter of 2021 we had cash.", "the end of the first quarter of 2021"),
        ("The prior year quarter was better.", "The prior year quarter"),
    ],
)
def test_a_stretch_of_time_is_one_span(text: str, span: str) -> None:
    """What narrows a stretch down belongs to it."""
    assert span in [found.text for found in find_dates(text, datetime(2022, 3, 1, 9))]


@pytest.mark.parametrize(
    ("text", "said", "first"),
    [
        ("by close of business Friday", "close of business Friday", "2022-03-04 17:00"),
        ("a week from Friday", "a week from Friday", "2022-03-11 00:00"),
        ("at 5:30 in the afternoon", "5:30 in the afternoon", "2022-03-01 17:30"),
        ("the week of March 9th", "the week of March 9th", "2022-03-07 00:00"),
        ("between 2018 and 2022", "between 2018 and 2022", "2018-01-01 00:00"),
        ("it fell in most of May this year", "May this year", "2022-05-01 00:00"),
        ("our second quarter was fine", "our second quarter", "2022-04-01 00:00"),
    ],
)
def test_longer_phrases_resolve(text: str, said: str, first: str) -> None:
    """Words around a date belong to it and do not lose its moment."""
    spans = {span.text: span for span in find_dates(text, NOW)}
    assert said in spans
    found = spans[said].first
    assert found is not None
    assert f"{found:%Y-%m-%d %H:%M}" == first


@pytest.mark.parametrize("text", ["try to answer that one then", "about five new communities", "per year"])
def test_bare_numbers_are_no_clock_times(text: str) -> None:
    """A number before what it counts, and a rate, are no times."""
    assert find_dates(text, NOW) == []
