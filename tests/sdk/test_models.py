"""Answers as objects."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from symbl import ResponseError
from symbl import _models as models

MESSAGE: dict[str, Any] = {
    "id": "1",
    "text": "Send it.",
    "from": {"id": "m1", "name": "Ines", "email": "ines@example.com"},
    "startTime": "2026-03-01T09:00:06.400Z",
    "endTime": "soon",
    "phrases": [{"type": "action_phrase", "text": "send it"}],
    "sentiment": {"polarity": {"score": 0.4}, "suggested": "positive"},
    "words": [{"word": "Send", "startTime": "2026-03-01T09:00:06.400Z", "speakerTag": 2}],
    "timeOffset": 6.4,
}


@pytest.fixture
def message() -> models.Message:
    """A message with every kind of field."""
    return models.Messages.read({"messages": [MESSAGE]}).messages[0]


def test_fields_are_attributes_in_snake_case(message: models.Message) -> None:
    """Nested objects and lists are read too."""
    assert message.words is not None
    assert message.sentiment is not None
    assert message.sentiment.polarity is not None
    assert (message.id, message.sentiment.polarity.score, message.words[0].speaker_tag) == ("1", 0.4, 2)


def test_from_has_two_attribute_names_and_two_keys(message: models.Message) -> None:
    """The reserved word is reachable every way."""
    assert message._from is message.from_ is message["from"] is message["_from"]
    assert message._from.name == "Ines"


def test_times_are_datetimes_in_utc(message: models.Message) -> None:
    """A time with Z is aware; text that is no time stays text."""
    assert message.start_time == datetime(2026, 3, 1, 9, 0, 6, 400_000, tzinfo=UTC)
    assert message.end_time == "soon"


def test_keys_work_in_both_spellings(message: models.Message) -> None:
    """A dict reader's habits work."""
    assert message["startTime"] == message["start_time"] == message.get("startTime")
    assert "startTime" in message
    assert "nothing" not in message
    assert message.get("nothing", 3) == 3
    assert dict(message)["text"] == "Send it."
    with pytest.raises(KeyError, match="nothing"):
        message["nothing"]


def test_missing_fields_are_none_and_unknown_ones_are_kept(message: models.Message) -> None:
    """The server may send less and more than is known here."""
    assert message.conversation_id is None
    assert message.time_offset == 6.4
    with pytest.raises(AttributeError, match="Message has no 'nothing'"):
        message.nothing  # noqa: B018


def test_to_dict_is_plain_and_str_shows_it(message: models.Message) -> None:
    """A printed object reads as its dict."""
    plain = message.to_dict()
    assert plain["_from"]["email"] == "ines@example.com"
    assert plain["phrases"] == [{"type": "action_phrase", "text": "send it"}]
    assert str(message) == message.to_str() == repr(message)
    assert "'text': 'Send it.'" in str(message)


def test_equality_is_by_content(message: models.Message) -> None:
    """Two reads of one answer are equal; another kind is not."""
    assert message == models.Message(MESSAGE)
    assert message != models.Message({**MESSAGE, "text": "No."})
    assert message != models.Question(MESSAGE)


@pytest.mark.parametrize(
    ("model", "data"),
    [
        (models.Messages, {}),
        (models.Topics, {"topics": None}),
        (models.Members, []),
        (models.Entities, {"entities": None}),
    ],
)
def test_answer_without_its_list_is_an_error(model: Any, data: Any) -> None:
    """A list that is always sent must be there."""
    with pytest.raises(ResponseError):
        model.read(data)


def test_trackers_are_a_list() -> None:
    """That one answer has no envelope."""
    refs = [{"id": "1", "text": "late", "offset": 0}]
    found = models.read_trackers([{"name": "Late", "matches": [{"value": "late", "messageRefs": refs}]}])
    assert found[0].matches is not None
    assert found[0].matches[0].message_refs is not None
    assert found[0].matches[0].message_refs[0].offset == 0
    with pytest.raises(ResponseError, match="expected a list, got dict"):
        models.read_trackers({"trackers": []})


def test_entities_are_a_dict_with_attributes_and_dates() -> None:
    """`["entities"]` and `.entities` are the same; dates are read, empty fields dropped."""
    found = models.Entities.read(
        {
            "entities": [
                {
                    "type": "date",
                    "value": "2026-03-04",
                    "text": "Friday",
                    "messageRefs": [{"id": "1"}],
                    "customType": None,
                },
                {"type": "datetimerange", "start": "2026-03-02 08:00:00", "text": "x", "messageRefs": []},
            ]
        }
    )
    first, second = found["entities"]
    assert isinstance(found, dict)
    assert found.entities[0] is first
    assert first == {
        "type": "date",
        "value": datetime(2026, 3, 4),
        "text": "Friday",
        "message_refs": [{"id": "1"}],
    }
    assert first.text == "Friday"
    assert second.start == datetime(2026, 3, 2, 8)
    assert found.to_dict()["entities"][0] == first
    with pytest.raises(AttributeError):
        found.nothing  # noqa: B018
    assert models.Entities.read({"entities": []}).entities == []


def test_analytics_nest_deeply() -> None:
    """Numbers three levels down are attributes."""
    overlap = {"overlapDuration": 3.0, "overlappingMembers": [{"name": "T", "percent": 5.0}]}
    found = models.Analytics.read({"metrics": [], "members": [{"pace": {"wpm": 128}, "overlap": overlap}]})
    assert found.members is not None
    member = found.members[0]
    assert member.pace is not None
    assert member.pace.wpm == 128
    assert member.overlap.overlapping_members[0].percent == 5.0  # type: ignore[union-attr, index]
