"""Filters over conversations: what they match, and what they refuse."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earful.conversation.types import Conversation
from earful.dialects.symbl.rsql import Comparison, RsqlError, matches, parse_rsql

CALL = Conversation(
    id="5104417326284800",
    application_id="a",
    started_at=datetime(2022, 3, 1, 9, tzinfo=UTC),
    name="Roastery weekly call",
    metadata={"agentId": "ines", "label": "supplier call"},
)


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        ("conversation.metadata.agentId==ines", True),
        ("conversation.metadata.agentId==tomasz", False),
        ("conversation.metadata.agentId!=tomasz", True),
        ("conversation.metadata.agentId==ines and conversation.metadata.label=='supplier call'", True),
        ('conversation.metadata.agentId==ines;conversation.metadata.label=="supplier"', False),
        ("(conversation.metadata.agentId==ines;conversation.metadata.agentId!=x)", True),
        ("conversation.metadata.agentId=in=(ines,tomasz)", True),
        ("conversation.metadata.agentId=out=(ines,tomasz)", False),
        ("conversation.metadata.missing==x", False),
        ("conversation.metadata.missing!=x", True),
        ("conversation.metadata.missing=out=(x)", True),
        ("conversation.name=='Roastery*'", True),
        ("conversation.name=='*weekly*'", True),
        ("conversation.name=='Roaster?'", False),
        ("conversation.name=gt=A", True),
        ("conversation.startTime>=2022-03-01T09:00:00Z", True),
        ("conversation.startTime=gt='2022-03-01T09:00:00Z'", False),
        ("conversation.startTime=lt=2022-03-01T11:00:00+01:00", True),
        ("conversation.startDate==2022-03-01T10:00:00+01:00", True),
        ("conversation.startTime>2022-02-01;conversation.startTime<2022-04-01", True),
        ("conversation.endTime<2030-01-01", False),
        ("conversation.id==5104417326284800", True),
        ("conversation.type==meeting", True),
    ],
)
def test_a_filter_holds_or_not(expression: str, holds: bool) -> None:
    assert matches(CALL, parse_rsql(expression)) is holds


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("", "a field"),
        ("conversation.name", "an operator"),
        ("conversation.name==", "a value"),
        ("conversation.name==a,conversation.name==b", "OR is not supported"),
        ("conversation.name==a or conversation.name==b", "OR is not supported"),
        ("conversation.secret==a", "no field"),
        ("conversation.metadata.==a", "no field"),
        ("__class__==a", "no field"),
        ("(conversation.name==a", r"\) was expected"),
        ("conversation.name==a)", "more than was expected"),
        ("conversation.name=in=a", r"\( was expected"),
        ("conversation.startTime>yesterday", "no time"),
        ("conversation.name=='a", "cannot be read"),
        ("(" * 5000, "parentheses within each other"),
        (
            "conversation.name==a;conversation.id==b;conversation.type==c",
            "at most 2 different fields",
        ),
    ],
)
def test_what_cannot_be_used_is_refused_with_the_place(expression: str, said: str) -> None:
    with pytest.raises(RsqlError, match=said):
        parse_rsql(expression)


def test_quoted_values_keep_what_they_hold() -> None:
    (comparison,) = parse_rsql(r"""conversation.name=="it's \"so\" (a,b);c" """)
    assert comparison == Comparison("conversation.name", "==", ('it\'s "so" (a,b);c',))


@given(st.text(max_size=60))
def test_no_text_does_worse_than_be_refused(text: str) -> None:
    try:
        comparisons = parse_rsql(text)
    except RsqlError:
        return
    matches(CALL, comparisons)


@given(st.lists(st.sampled_from(
    ["conversation.name", "==", "(", ")", ";", ",", "and", "or", "=in=", "'a b'", "x", ">", "2022-01-01"]
), max_size=8))  # fmt: skip
def test_no_arrangement_of_its_words_does_worse_than_be_refused(parts: list[str]) -> None:
    try:
        comparisons = parse_rsql(" ".join(parts))
    except RsqlError:
        return
    matches(CALL, comparisons)
