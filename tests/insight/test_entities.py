"""Named things in a message, with values that mean something."""

from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earful.conversation.types import Member
from earful.insight.encoder import NamedSpan
from earful.insight.entities import find_entities

NOW = datetime(2022, 3, 1, 9)
INES = Member("i", "Ines Duarte", "ines@example.com")


def _find(text: str) -> dict[tuple[str, str], Any]:
    return {(entity.type, entity.text): entity.value for entity in find_entities(text, NOW, (INES,))}


@pytest.mark.parametrize(
    ("text", "kind", "said", "value"),
    [
        ("Send it by Friday.", "date", "Friday", "2022-03-04"),
        (
            "See you tomorrow morning.",
            "datetimerange",
            "tomorrow morning",
            {"start": "2022-03-02 08:00:00", "end": "2022-03-02 12:00:00"},
        ),
        ("From 2 to 3 pm.", "timerange", "2 to 3 pm", {"start": "14:00:00", "end": "15:00:00"}),
        ("Sometime next week.", "daterange", "next week", {"start": "2022-03-07", "end": "2022-03-13"}),
        ("Tomorrow at 3 pm.", "datetime", "Tomorrow at 3 pm", "2022-03-02 15:00:00"),
        ("It took three years.", "duration", "three years", "three years"),
        ("We have twenty three seats.", "number", "twenty three", 23),
        ("It costs $1,200.50 now.", "money", "$1,200.50", {"amount": 1200.5, "currency": "USD"}),
        ("It costs five hundred euros.", "money", "five hundred euros", {"amount": 500, "currency": "EUR"}),
        (
            "about 3.5 million dollars",
            "money",
            "about 3.5 million dollars",
            {"amount": 3_500_000, "currency": "USD"},
        ),
        ("twelve percent more", "percent", "twelve percent", 12),
        ("up by 7.5%", "percent", "7.5%", 7.5),
        ("the third door", "ordinal", "third", 3),
        ("Write to ana@example.com.", "email", "ana@example.com", "ana@example.com"),
        ("Call (212) 555-0147 now.", "phone_number", "(212) 555-0147", "+12125550147"),
        ("See www.example.org.", "url", "www.example.org", "www.example.org"),
        ("We fly to Berlin.", "location", "Berlin", "berlin"),
        ("She lives in New York City now.", "location", "New York City", "new york city"),
        ("He works for Greenfield Holdings.", "organization", "Greenfield Holdings", "greenfield holdings"),
        ("I met Dr. Okafor.", "person", "Okafor", {"name": "Okafor"}),
        ("Ask Marco Bianchi about it.", "person", "Marco Bianchi", {"name": "Marco Bianchi"}),
        ("Ines knows.", "person", "Ines", {"name": "Ines Duarte", "id": "i", "userId": "ines@example.com"}),
    ],
)
def test_entities_and_their_values(text: str, kind: str, said: str, value: Any) -> None:
    """Each kind is found with all its words and a normalised value."""
    assert _find(text)[(kind, said)] == value


@pytest.mark.parametrize(
    "text", ["", "okay then", "no one knows", "the other one", "we may go", "nice to meet you"]
)
def test_nothing_is_made_up(text: str) -> None:
    """Plain talk has no entities."""
    assert _find(text) == {}


def test_offsets_say_where() -> None:
    """The text at the offset is the entity's text."""
    text = "Marco pays $5 on Friday in Rome."
    entities = find_entities(text, NOW)
    assert [entity.type for entity in entities] == ["person", "money", "date", "location"]
    assert all(text[e.offset : e.offset + len(e.text)] == e.text for e in entities)


@given(st.text())
def test_no_text_breaks_the_finder(text: str) -> None:
    """Entities are in order and never overlap."""
    found = find_entities(text, NOW)
    assert all(a.offset + len(a.text) <= b.offset for a, b in pairwise(found))


@pytest.mark.parametrize(
    ("text", "kind", "said", "value"),
    [
        ("It rose 10 to 15%.", "percent", "10 to 15%", {"from": 10, "to": 15}),
        (
            "Between $50 and $60 million.",
            "money",
            "Between $50 and $60 million",
            {"amount": {"from": 50_000_000, "to": 60_000_000}, "currency": "USD"},
        ),
        ("We need two or three people.", "number", "two or three", {"from": 2, "to": 3}),
        ("A couple hundred people came.", "number", "A couple hundred", None),
        ("It cost millions of dollars.", "money", "millions of dollars", None),
        ("About a third of them left.", "number", "About a third", 0.333333),
        (
            "More than 300 metric tons.",
            "quantity",
            "More than 300 metric tons",
            {"amount": 300, "unit": "metric ton"},
        ),
        (
            "It was $1 billion $290 million.",
            "money",
            "$1 billion $290 million",
            {"amount": 1_290_000_000, "currency": "USD"},
        ),
        ("Secondly, we are late.", "ordinal", "Secondly", 2),
    ],
)
def test_amounts_with_what_belongs_to_them(text: str, kind: str, said: str, value: Any) -> None:
    """Ranges are one amount, vague amounts have no value, lead-ins and units belong to the span."""
    assert _find(text)[(kind, said)] == value


@pytest.mark.parametrize(
    "text", ["A one-time fee.", "5G is here.", "See Form 10K.", "The 737-Max flew.", "one on one"]
)
def test_numbers_in_names_are_no_amounts(text: str) -> None:
    """What belongs to a name or is no count is not reported."""
    assert not any(kind == "number" for kind, _ in _find(text))


@pytest.mark.parametrize(
    ("text", "said", "value"),
    [
        ("it cost half a million dollars", "half a million dollars", {"amount": 500000, "currency": "USD"}),
        ("three quarters of a million pounds", None, {"amount": 750000, "currency": "GBP"}),
        ("it is nineteen dollars and ninety nine cents", None, {"amount": 19.99, "currency": "USD"}),
        ("that was five pounds fifty", "five pounds fifty", {"amount": 5.5, "currency": "GBP"}),
        ("we paid $94 millions", "$94 millions", {"amount": 94000000, "currency": "USD"}),
        ("we paid EUR 20 million", "EUR 20 million", {"amount": 20000000, "currency": "EUR"}),
        ("it costs 2 lakh rupees", "2 lakh rupees", {"amount": 200000, "currency": "INR"}),
        (
            "from 5 to 7 million dollars",
            None,
            {"amount": {"from": 5000000, "to": 7000000}, "currency": "USD"},
        ),
        ("a 0.9 million increase", "0.9 million", 900000),
    ],
)
def test_amounts_are_what_was_meant(text: str, said: str | None, value: object) -> None:
    """Shares of a million, cents after dollars, codes before numbers: one amount with one value."""
    (entity,) = find_entities(text, datetime(2022, 3, 1, 9))
    assert entity.value == value
    assert said is None or entity.text == said


@pytest.mark.parametrize(
    ("text", "kind", "said", "value"),
    [
        ("We sold 748 000 of them.", "number", "748 000", 748000),
        ("The price is $720 000.", "money", "$720 000", {"amount": 720000, "currency": "USD"}),
        (
            "Cash flow was negative €33 million.",
            "money",
            "€33 million",
            {"amount": -33000000, "currency": "EUR"},
        ),
        ("It costs half a percent.", "percent", "half a percent", 0.5),
        ("It fell by a quarter of a percent.", "percent", "a quarter of a percent", 0.25),
        (
            "We need two to three hundred thousand.",
            "number",
            "two to three hundred thousand",
            {"from": 200000, "to": 300000},
        ),
        ("It takes 2 to 30 million.", "number", "2 to 30 million", {"from": 2000000, "to": 30000000}),
    ],
)
def test_amounts_as_they_are_written_and_said(text: str, kind: str, said: str, value: object) -> None:
    """Thousands with a blank, signs told before the amount, parts of a percent, scales of a range."""
    assert _find(text)[kind, said] == value


def test_a_change_is_two_amounts() -> None:
    """From five to seven percent: it was one, and is the other."""
    found = find_entities("It rose from 5% to 7%.", datetime(2022, 3, 1, 9))
    assert [(entity.type, entity.value) for entity in found] == [("percent", 5), ("percent", 7)]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("We met in New York.", "New York"),
        ("We met in New York's", "New York"),
        ("They are in the U.S.", "U.S."),
    ],
)
def test_a_name_that_the_encoder_found_ends_before_the_sentence_does(text: str, shown: str) -> None:
    start = text.index(shown)
    heard = [NamedSpan(start, len(text), "LOC", 0.9)]
    (found,) = find_entities(text, NOW, names=heard)
    assert (found.text, found.value) == (shown, shown.lower())


def test_amounts_below_nothing_keep_their_sign() -> None:
    """ "Minus 60%" is no 60%; "ten minus five" are two numbers."""
    found = _find("Margin was minus 60%, growth -1.3%, and ten minus five is left.")
    assert found["percent", "minus 60%"] == -60
    assert found["percent", "-1.3%"] == -1.3
    assert found["number", "ten"] == 10
    assert found["number", "five"] == 5


@pytest.mark.parametrize(
    ("text", "heard", "found"),
    [
        ("Today Wojciech joins us.", [("Wojciech", "ORG")], ("person", "Wojciech")),
        ("Jean-Marc will take it.", [("Jean", "PERSON"), ("Marc", "PERSON")], ("person", "Jean-Marc")),
        ("We fly to San Antonio.", [("San Antonio", "LOC")], ("location", "San Antonio")),
        ("Sites in Dallas and Houston", [("Dallas and Houston", "LOC")], ("location", "Houston")),
        ("Stores in Northern California", [("California", "LOC")], ("location", "Northern California")),
        ("We compete with DJ Khaled", [("DJ Khaled", "PERSON")], ("person", "DJ Khaled")),
        ("A call from Morgan Stanley", [("Morgan Stanley", "PERSON")], ("organization", "Morgan Stanley")),
        (
            "comes from the line of Rick Nelson with Stephens.",
            [("Rick Nelson", "PERSON"), ("Stephens", "PERSON")],
            ("organization", "Stephens"),
        ),
    ],
)
def test_what_stands_around_a_name_tells_its_kind_and_ends(
    text: str, heard: list[tuple[str, str]], found: tuple[str, str]
) -> None:
    names = [
        NamedSpan(text.index(said), text.index(said) + len(said), kind, 0.8)
        for said, kind in heard  # type: ignore[arg-type]
    ]
    assert found in [(entity.type, entity.text) for entity in find_entities(text, NOW, names=names)]


def test_titles_and_terms_name_nobody() -> None:
    text = "Back to Mr. and COVID"
    names = [NamedSpan(8, 11, "PERSON", 0.9), NamedSpan(16, 21, "ORG", 0.9)]
    assert find_entities(text, NOW, names=names) == []
