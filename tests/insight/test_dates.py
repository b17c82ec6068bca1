"""Times as people say them, resolved against Tuesday, the first of March 2022, nine in the morning."""

from datetime import datetime, timedelta
from itertools import pairwise
from unittest.mock import patch

import pytest
from evals.insight.said_times import SAID, SAID_LATER
from hypothesis import given
from hypothesis import strategies as st

from earful.insight import dates, periods
from earful.insight.clock import CLOCK_RULES
from earful.insight.dates import DateSpan, find_dates
from earful.insight.days import DAY_RULES

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
        ("up from 20 last year", "daterange", "2021-01-01 00:00", "2021-12-31 00:00"),
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


def test_a_quarter_is_named_by_its_last_month() -> None:
    (span,) = find_dates("orders in the December quarter", datetime(2022, 11, 3, 9))
    assert (span.text, span.first, span.last) == (
        "the December quarter",
        datetime(2022, 10, 1),
        datetime(2022, 12, 31),
    )


def test_december_looks_into_next_january() -> None:
    """A month that has passed this year means the next one."""
    (span,) = find_dates("by January 10th", datetime(2022, 12, 20))
    assert span.first == datetime(2023, 1, 10)


@pytest.mark.parametrize("text", ["February 30th", "31/31/2022", "the 4th of never"])
def test_days_that_do_not_exist_do_no_harm(text: str) -> None:
    """An impossible date is not made into another."""
    assert all(span.kind != "date" or span.first is None for span in find_dates(text, NOW))


@pytest.mark.parametrize("count", ["9000", "99999999", "9" * 30])
@pytest.mark.parametrize("unit", ["minutes", "days", "weeks", "months", "years", "decades"])
def test_what_lies_beyond_the_calendar_is_no_day(count: str, unit: str) -> None:
    """Nor does it break the conversation in which it is said."""
    for text in (f"in {count} {unit}", f"{count} {unit} ago", f"the next {count} {unit}", f"year {count}"):
        for span in find_dates(text, NOW):
            assert span.first is None or 2 < span.first.year < 9998


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


def _by_every_rule(text: str, now: datetime) -> list[DateSpan]:
    """Return what is found when no rule is left out for want of its words."""
    every = (tuple(DAY_RULES), tuple(pattern for pattern, _ in CLOCK_RULES))
    dates._find_dates.cache_clear()
    with (
        patch.object(dates, "_rules", lambda known: every),
        patch.object(dates, "may_match", lambda needs, known: True),
        patch.object(periods, "may_match", lambda needs, known: True),
    ):
        found = find_dates(text, now)
    dates._find_dates.cache_clear()
    return found


@pytest.mark.parametrize("said", [*SAID, *SAID_LATER], ids=lambda said: said[1][:40])
def test_a_rule_left_out_would_have_found_nothing(said: tuple[str, str, tuple[str, ...]]) -> None:
    """The words that a rule needs are those that its pattern cannot match without."""
    now, text, _ = said
    for form in (text, text.lower()):
        assert find_dates(form, datetime.fromisoformat(now)) == _by_every_rule(
            form, datetime.fromisoformat(now)
        )


_MORE_PARTS = (
    "mid",
    "-",
    "h1",
    "Q2",
    "o'clock",
    "p.m.",
    "morning",
    "'19",
    "this",
    "first",
    "thing",
    "Monday",
    "ago",
    "every",
)


@given(st.lists(st.sampled_from([*_PARTS, *_MORE_PARTS, "year", "a", "for", "midmay"]), max_size=10))
def test_no_mixture_of_words_needs_more_rules(parts: list[str]) -> None:
    """Whatever stands beside each other: the rules left out would have found nothing."""
    text = " ".join(parts)
    assert find_dates(text, NOW) == _by_every_rule(text, NOW)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("We begin in mid-March.", "mid-March"),
        ("Sales in the first nine months of fiscal 2020 fell.", "the first nine months of fiscal 2020"),
        ("Compared to the same period last year it grew.", "the same period last year"),
        ("At the end of the first quarter of 2021 we had cash.", "the end of the first quarter of 2021"),
        ("The prior year quarter was better.", "The prior year quarter"),
        ("It grew over the last seven, eight weeks.", "the last seven, eight weeks"),
        ("In two short months we were done.", "two short months"),
        ("That pays off in year three.", "year three"),
        ("We'll know in a year or so.", "a year or so"),
        ("It closed at 4:05 PM Eastern Time.", "4:05 PM Eastern Time"),
        ("It has been so for years.", "years"),
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
        ("our second quarter will be fine", "our second quarter", "2022-04-01 00:00"),
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


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("We met on Monday.", "2022-02-28", "2022-02-28"),
        ("The meeting was moved to Monday.", "2022-03-07", "2022-03-07"),
        ("The office is closed on Monday.", "2022-03-07", "2022-03-07"),
        ("we hired two people in November", "2021-11-01", "2021-11-30"),
        ("we will hire in November", "2022-11-01", "2022-11-30"),
        ("In Q4 revenue fell, and we lost money.", "2021-10-01", "2021-12-31"),
        ("the first half of the year", "2022-01-01", "2022-06-30"),
        ("by the end of Q2", "2022-06-30", "2022-06-30"),
        ("the quarter ended June 30th, 2020", "2020-04-01", "2020-06-30"),
        ("last year's third quarter", "2021-07-01", "2021-09-30"),
        ("from the 3rd to the 5th of May", "2022-05-03", "2022-05-05"),
        ("the first Monday in May", "2022-05-02", "2022-05-02"),
        ("the last Friday of the month", "2022-03-25", "2022-03-25"),
        ("the first of next month", "2022-04-01", "2022-04-01"),
        ("the week after next", "2022-03-14", "2022-03-20"),
        ("in two to three weeks", "2022-03-15", "2022-03-22"),
        ("over the next six months", "2022-03-01", "2022-09-01"),
        ("early in 2021", "2021-01-01", "2021-05-02"),
        ("on Good Friday", "2022-04-15", "2022-04-15"),
        ("last Christmas", "2021-12-25", "2021-12-25"),
        ("between Christmas and New Year's", "2022-12-25", "2023-01-01"),
        ("on February 29th", "2024-02-29", "2024-02-29"),
        ("today, March 1st", "2022-03-01", "2022-03-01"),
    ],
)
def test_what_was_and_what_will_be(text: str, first: str, last: str) -> None:
    """Verbs say which Monday is meant; halves, edges and ranges of the calendar are exact."""
    (span,) = find_dates(text, NOW)
    assert (span.first, span.last) == (datetime.fromisoformat(first), datetime.fromisoformat(last))


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("tonight at eight there is a call", "20:00", "20:00"),
        ("tomorrow evening at seven", "19:00", "19:00"),
        ("at seven tomorrow morning", "07:00", "07:00"),
        ("three thirty tomorrow", "15:30", "15:30"),
        ("tomorrow between nine and eleven", "09:00", "11:00"),
        ("from nine to five on Tuesday", "09:00", "17:00"),
        ("in the next two hours", "09:00", "11:00"),
        ("in an hour and a half", "10:30", "10:30"),
    ],
)
def test_a_clock_belongs_to_the_day_beside_it(text: str, first: str, last: str) -> None:
    """A part of the day says which half of the clock is meant."""
    (span,) = find_dates(text, NOW)
    assert span.first is not None
    assert span.last is not None
    assert (f"{span.first:%H:%M}", f"{span.last:%H:%M}") == (first, last)


@pytest.mark.parametrize(
    "text", ["five to six times as much", "we went from five to ten people", "it costs twenty fifteen in all"]
)
def test_amounts_are_no_times(text: str) -> None:
    """Numbers beside what they count are amounts."""
    assert find_dates(text, NOW) == []


_ANY_DAY = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1))


@given(_ANY_DAY)
def test_stretches_hold_the_moment_they_are_said_at(now: datetime) -> None:
    """This week, month, quarter and year hold now; the next begin when these end; days are whole."""
    for unit in ("week", "month", "quarter", "year"):
        (this,) = find_dates(f"this {unit}", now)
        (following,) = find_dates(f"next {unit}", now)
        (before,) = find_dates(f"last {unit}", now)
        assert this.first is not None
        assert this.last is not None
        assert before.last is not None
        assert this.first.date() <= now.date() <= this.last.date()
        assert following.first == this.last + timedelta(days=1)
        assert before.last == this.first - timedelta(days=1)


@given(
    _ANY_DAY, st.sampled_from(["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"])
)
def test_a_weekday_is_within_a_week(now: datetime, name: str) -> None:
    """A weekday is the next one, or in a tale the last one, and on no other day of the week."""
    (ahead,) = find_dates(f"see you on {name}", now)
    (behind,) = find_dates(f"we met on {name}", now)
    assert ahead.first is not None
    assert behind.first is not None
    assert 1 <= (ahead.first.date() - now.date()).days <= 7
    assert 1 <= (now.date() - behind.first.date()).days <= 7
    assert f"{ahead.first:%A}" == f"{behind.first:%A}" == name


@given(_ANY_DAY, st.integers(1, 40))
def test_months_keep_their_day_or_end(now: datetime, months: int) -> None:
    """In some months it is the same day, or the last of a shorter month."""
    (span,) = find_dates(f"in {months} months", now)
    assert span.first is not None
    assert (span.first.year - now.year) * 12 + span.first.month - now.month == months
    assert span.first.day == now.day or (span.first + timedelta(days=1)).day == 1


@given(_ANY_DAY)
def test_the_end_of_a_week_is_still_to_come(now: datetime) -> None:
    """Its Friday, until that is over."""
    (span,) = find_dates("by the end of the week", now)
    assert span.last is not None
    assert span.last.date() >= now.date()
    assert span.last.weekday() in (4, 6)


@pytest.mark.parametrize(
    "text",
    [
        "Sales are up 10% year over year.",
        "We take it day to day.",
        "room 2020 is upstairs",
        "gate 1998, please",
        "We make 3 million tons a year.",
        "Morning, everyone.",
        "A quarter of the world is online.",
    ],
)
def test_comparisons_rates_and_numbered_things_are_no_times(text: str) -> None:
    assert find_dates(text, NOW) == []


@pytest.mark.parametrize(
    ("text", "said", "first", "last"),
    [
        (
            "the first and second quarters of 2021",
            "the first and second quarters of 2021",
            datetime(2021, 1, 1),
            datetime(2021, 6, 30),
        ),
        ("in H2 2021", "H2 2021", datetime(2021, 7, 1), datetime(2021, 12, 31)),
        (
            "early in the second quarter",
            "early in the second quarter",
            datetime(2022, 4, 1),
            datetime(2022, 6, 30),
        ),
        ("you get it within the hour", "the hour", datetime(2022, 3, 1, 10), datetime(2022, 3, 1, 10)),
        ("over a decade ago", "over a decade ago", datetime(2012, 3, 1), datetime(2012, 3, 1)),
        ("it will end this year", "this year", datetime(2022, 1, 1), datetime(2022, 12, 31)),
    ],
)
def test_parts_of_years_and_hours(text: str, said: str, first: datetime, last: datetime) -> None:
    (span,) = find_dates(text, NOW)
    assert (span.text, span.first, span.last) == (said, first, last)


@pytest.mark.parametrize(
    ("text", "year"),
    [("We open again in May.", 2023), ("We will open in May.", 2023), ("Sales in May were good.", 2022)],
)
def test_a_plan_lies_ahead(text: str, year: int) -> None:
    """In July, a plan for May is for the next one."""
    (span,) = find_dates(text, datetime(2022, 7, 10, 10))
    assert span.first is not None
    assert span.first.year == year


@pytest.mark.parametrize(
    ("text", "said", "first", "last"),
    [
        ("The stores open in Q1 of FY21.", "Q1 of FY21", "2021-01-01", "2021-03-31"),
        ("Guidance for fiscal 21 is unchanged.", "fiscal 21", "2021-01-01", "2021-12-31"),
        ("The second half of 21 is strong.", "The second half of 21", "2021-07-01", "2021-12-31"),
        ("We compare it to 2Q19.", "2Q19", "2019-04-01", "2019-06-30"),
        ("It was good in late '19.", "late '19", "2019-09-01", "2019-12-31"),
        (
            "Over the trailing twelve months we grew.",
            "the trailing twelve months",
            "2018-06-05",
            "2019-06-05",
        ),
        ("We were closed in the last week of May.", "the last week of May", "2019-05-25", "2019-05-31"),
        ("We open in the fall.", "the fall", "2019-09-01", "2019-11-30"),
        ("We move in March next year.", "March next year", "2020-03-01", "2020-03-31"),
        ("Christmas last year was quiet.", "Christmas last year", "2018-12-25", "2018-12-25"),
        ("It was opened one year prior.", "one year prior", "2018-06-05", "2018-06-05"),
        ("Today, June 6th, 2019, we report.", "Today, June 6th, 2019", "2019-06-06", "2019-06-06"),
        (
            "For the three and six months ended March 31, 2019 we lost.",
            "the three and six months ended March 31, 2019",
            "2018-10-01",
            "2019-03-31",
        ),
    ],
)
def test_times_of_business_talk(text: str, said: str, first: str, last: str) -> None:
    """Fiscal years in two figures, quarters in short, and years said beside a month or holiday."""
    now = datetime(2019, 6, 5, 10)
    (found,) = find_dates(text, now)
    assert (found.text, str(found.first)[:10], str(found.last)[:10]) == (said, first, last)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("It rose in the second quarter of 201.", "the second quarter of 201"),
        ("We will be there by the end of 202.", "the end of 202"),
        ("That continues into 202.", "202"),
        ("We check it every 15 seconds.", "every 15 seconds"),
        ("We sell most over the holidays.", "the holidays"),
    ],
)
def test_a_time_without_a_place_in_the_calendar(text: str, said: str) -> None:
    """A year that lost its last figure is a time, though nobody knows which."""
    (found,) = find_dates(text, NOW)
    assert (found.text, found.first) == (said, None)


@pytest.mark.parametrize(
    "text",
    [
        "Half of 21 shops are closed.",
        "A quarter of 19 percent is little.",
        "The share price rose to 202.",
        "There are 201 of them.",
        "The holiday party was fun.",
    ],
)
def test_counts_are_no_years(text: str) -> None:
    """What is counted, or what stands before another noun, is no time."""
    assert find_dates(text, NOW) == []
