"""Spoken numbers as digits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from indic_numtowords import num2words

from earful.speech.indian_numbers import INDIAN_LANGUAGES
from earful.speech.numbers import LANGUAGES, parse_numbers


@pytest.mark.parametrize(
    ("spoken", "written"),
    [
        # digits said one by one
        ("Call nine one one now.", "Call 911 now."),
        ("zero zero seven", "007"),
        ("oh nine eight", "098"),
        ("four nine two five", "4925"),
        ("9 1 1", "911"),
        ("ninety eight seventy six five four three two one oh", "9876543210"),
        # doubled digits
        ("double five", "55"),
        ("my number is double five, triple zero seven", "my number is 55, 0007"),
        ("double oh seven", "007"),
        # years
        ("twenty twenty five", "2025"),
        ("nineteen ninety nine", "1999"),
        ("nineteen oh five", "1905"),
        # cardinals and decimals
        ("two hundred and fifty", "250"),
        ("Twenty-five thousand three hundred", "25300"),
        ("one thousand and one nights", "1001 nights"),
        ("a hundred people", "100 people"),
        ("three point five", "3.5"),
        ("it was one point two million dollars", "it was 1200000 dollars"),
        # Indian numbers
        ("one lakh", "100000"),
        ("a lakh", "100000"),
        ("one lakh and fifty thousand", "150000"),
        ("Two crore five lakh ten thousand rupees.", "20510000 rupees."),
        ("1.5 lakh", "150000"),
        ("two lakh crore", "2000000000000"),
        # money, percent, dates
        ("one rupee", "1 rupee"),
        ("fifty percent", "50 percent"),
        ("first of May", "1st of May"),
        ("may second", "may 2nd"),
        ("twenty fifth of may nineteen ninety nine", "25th of may 1999"),
        ("press one", "press 1"),
        # several numbers stay several
        ("I have twenty, thirty maybe", "I have 20, 30 maybe"),
        ("one, two, three", "1, 2, 3"),
        ("seven thirty", "7 30"),
        ("two three days", "2 3 days"),
        ("code four two please", "code 42 please"),
        ("pin code five six zero zero zero one", "pin code 560001"),
        # halves, ranges, points
        ("one and a half lakh", "150000"),
        ("two and a half thousand rupees", "2500 rupees"),
        ("half a million", "500000"),
        ("half a crore", "5000000"),
        ("three and a half", "3 and a half"),
        ("five to ten lakh", "500000 to 1000000"),
        ("two or three thousand people", "2000 or 3000 people"),
        ("point five percent", "0.5 percent"),
        ("version three point one point four", "version 3.1.4"),
        # times of day, international numbers
        ("at three thirty pm", "at 3:30 pm"),
        ("seven oh five a.m.", "7:05 a.m."),
        ("ten forty five pm.", "10:45 pm."),
        (
            "plus nine one nine eight two zero one two three four five six",
            "+919820123456",
        ),
    ],
)
def test_english_numbers_become_digits(spoken: str, written: str) -> None:
    assert parse_numbers(spoken, "en") == written


@pytest.mark.parametrize(
    "text",
    [
        "one of them",
        "I have one",
        "just a second",
        "the first thing",
        "hundreds of people",
        "lakhs of people",
        "oh no",
        "Double check it",
        "1,200 dollars",
        "A",
        "",
        "   ",
        "well-known sixty-five-year-old",
        "blood group o",
        "o positive",
    ],
)
def test_english_words_that_only_look_like_numbers_stay(text: str) -> None:
    assert parse_numbers(text, "en") == text


@pytest.mark.parametrize(
    ("spoken", "written"),
    [
        ("दो सौ पचास", "250"),
        ("एक लाख", "100000"),
        ("पाँच करोड़ रुपये", "50000000 रुपये"),
        ("पांच हज़ार", "5000"),
        ("नौ एक एक", "911"),
        ("पच्चीस हजार तीन सौ रुपये।", "25300 रुपये।"),
        ("मुझे दस चाहिए, बीस नहीं", "मुझे 10 चाहिए, 20 नहीं"),
        ("एक आदमी", "एक आदमी"),
        ("मुझे अपना खाता देखना", "मुझे अपना खाता देखना"),
        # spellings that the library does not write
        ("कुल पन्द्रह रुपये", "कुल 15 रुपये"),
        ("पंद्रह", "15"),
        ("निन्यानबे", "99"),
        ("तीन लाख पचास हजार", "350000"),
        # halves and quarters
        ("डेढ़ लाख", "150000"),
        ("ढाई हज़ार", "2500"),
        ("साढ़े तीन सौ", "350"),
        ("सवा लाख", "125000"),
        ("पौने दो लाख", "175000"),
        ("डेढ़ बजे", "डेढ़ बजे"),
        # years, points, digits said one by one
        ("उन्नीस सौ सैंतालीस में", "1947 में"),
        ("तीन दशमलव पाँच प्रतिशत", "3.5 प्रतिशत"),
        ("नौ आठ सात छह डबल पाँच शून्य", "9876550"),
        ("दो तीन दिन", "2 3 दिन"),
        ("ओटीपी है चार दो।", "ओटीपी है 42।"),
    ],
)
def test_hindi_numbers_become_digits(spoken: str, written: str) -> None:
    assert parse_numbers(spoken, "hi") == written


@pytest.mark.parametrize("language", INDIAN_LANGUAGES)
def test_numbers_are_read_as_the_library_writes_them(language: str) -> None:
    """Every thirteenth number below ten thousand, and some up to ten crores."""
    numbers = [*range(2, 10_000, 13), *range(10_007, 100_000_000, 1_234_567)]
    wrong = {
        number: words
        for number in numbers
        if parse_numbers(words := num2words(number, lang=language), language) != str(number)
    }
    # The library itself cuts some Kannada numbers off.
    assert len(wrong) <= (0 if language != "kn" else len(numbers) * 0.1), wrong


@pytest.mark.parametrize(
    ("language", "spoken", "written"),
    [
        ("mr", "मला दोनशे पन्नास रुपये हवेत", "मला 250 रुपये हवेत"),
        ("mr", "दीड लाख", "150000"),
        ("gu", "મને બસો પચાસ રૂપિયા જોઈએ", "મને 250 રૂપિયા જોઈએ"),
        ("ta", "இரண்டு லட்சம்", "200000"),
        ("bn", "একজন মানুষ", "একজন মানুষ"),
    ],
)
def test_other_indian_numbers_stand_in_sentences(language: str, spoken: str, written: str) -> None:
    assert parse_numbers(spoken, language) == written


def test_a_language_without_a_reader_keeps_its_words() -> None:
    assert parse_numbers("dos cientos", "es") == "dos cientos"


words = st.sampled_from(
    [
        *("a", "one", "two", "nine", "ten", "twenty", "thirty", "hundred", "thousand", "lakh", "crore"),
        *("and", "point", "double", "oh", "of", "second", "first", ",", ".", "5", "1,5", "-"),
        *("half", "to", "pm", "plus", "o"),
    ]
)


@given(st.lists(words, max_size=12).map(" ".join))
def test_any_row_of_number_words_is_read_without_an_error(text: str) -> None:
    assert parse_numbers(text, "en").count("lakh") <= text.count("lakh")


@given(st.text(max_size=80), st.sampled_from(LANGUAGES))
def test_text_without_number_words_or_digits_is_never_broken(text: str, language: str) -> None:
    """Whatever comes in, nothing is raised, and what stands before and after stays."""
    assert parse_numbers(f"hello {text} world", language).startswith("hello")
