"""Bodies of the Telephony API as Symbl's clients send them, and as nobody should."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from earful.dialects.symbl.endpoint_body import ConnectBody, SpeakerEventBody

WINTER = datetime(2026, 1, 15, tzinfo=UTC)
PSTN = {"type": "pstn", "phoneNumber": "123", "dtmf": None}


def test_what_python_sends_for_a_number() -> None:
    body = ConnectBody.model_validate(
        {"operation": "start", "endpoint": PSTN, "actions": {}, "data": {}, "pushSpeakerEvents": True}
    )
    assert body.endpoint is not None
    assert (body.endpoint.type, body.endpoint.phone_number, body.endpoint.dtmf) == ("pstn", "123", None)
    assert (body.actions, body.push_speaker_events) == ({}, True)
    assert body.spoken_language("en-GB") == "en-GB"
    assert body.timezone_offset_min(WINTER) == 0


def test_what_javascript_sends_for_an_address() -> None:
    endpoint = {
        "type": "SIP",
        "uri": "sip:a@b",
        "providerName": "AnyMeeting",
        "transportConfig": "transport=TCP;providerName=AnyMeeting;audioTransport=RTP",
        "audioConfig": {"encoding": "opus", "sampleRate": "48000", "sampleSize": 16},
    }
    data = {"session": {"name": "Standup", "location": {"timeZone": {"name": "Europe/Lisbon"}}}}
    body = ConnectBody.model_validate(
        {"operation": "start", "endpoint": endpoint, "languages": [{"code": "ja-JP"}], "data": data}
    )
    assert body.endpoint is not None
    assert (body.endpoint.type, body.endpoint.transport) == ("sip", "TCP")
    assert body.spoken_language("en-US") == "ja-JP"
    assert body.data.session.name == "Standup"
    assert body.timezone_offset_min(WINTER) == 0


def test_what_is_to_be_told_and_where() -> None:
    """Kinds that are not known count for nothing; without any, everything is told."""
    body = ConnectBody.model_validate(
        {"insightTypes": ["question", "topic", "Action_Item"], "callbackUrl": ""}
    )
    assert (body.told_kinds, body.webhook_url) == ({"question", "action_item"}, None)
    urls = {"endpointWebhookUrl": "https://a.example", "callbackUrl": "https://b.example"}
    assert ConnectBody.model_validate(urls).webhook_url == "https://a.example"
    assert ConnectBody.model_validate({"insightTypes": {}}).told_kinds == frozenset()


def test_the_time_zone_outside_counts_and_may_have_an_old_name() -> None:
    body = ConnectBody.model_validate(
        {"endpoint": PSTN, "timezone": "US/Pacific",
         "data": {"session": {"location": {"timeZone": {"name": "Europe/Lisbon"}}}}}
    )  # fmt: skip
    assert body.timezone_offset_min(WINTER) == -480
    assert ConnectBody.model_validate({"timezone": {}}).timezone_offset_min(WINTER) == 0
    for bad in ("Mars/Olympus", "../../etc/passwd", "\0"):
        with pytest.raises(ValueError, match="timezone"):
            ConnectBody.model_validate({"timezone": bad}).timezone_offset_min(WINTER)


def test_people() -> None:
    body = ConnectBody.model_validate(
        {
            "endpoint": PSTN,
            "language": "fr-FR",
            "data": {"session": {"users": [{"user": {"userId": "r@x.y", "name": "Rosa"}, "status": "joined"}],
                                 "user": [{"user": {"name": "Omar"}}]}},
        }
    )  # fmt: skip
    assert body.spoken_language("en-US") == "fr-FR"
    rosa, omar = (one.user.member() for one in (*body.data.session.users, *body.data.session.user))
    assert rosa is not None
    assert omar is not None
    assert (rosa.name, rosa.email, omar.user_id) == ("Rosa", "r@x.y", "Omar")


def test_a_stop_needs_no_endpoint_and_minds_none() -> None:
    body = ConnectBody.model_validate(
        {"operation": "STOP", "connectionId": "x", "endpoint": {"type": "nothing"}}
    )
    assert (body.operation, body.endpoint) == ("stop", None)


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({"endpoint": {}}, "type"),
        ({"endpoint": {"type": "fax"}}, "type"),
        ({"endpoint": {"type": "pstn"}}, "phoneNumber"),
        ({"endpoint": {"type": "pstn", "phoneNumber": " "}}, "phoneNumber"),
        ({"endpoint": {"type": "sip"}}, "uri"),
        ({"endpoint": {"type": "sip", "uri": "x", "audioConfig": {"encoding": "MP3"}}}, "encoding"),
        ({"endpoint": {"type": "sip", "uri": ["x"]}}, "uri"),
        ({"operation": "dance"}, "operation"),
        ({"actions": "x"}, "actions"),
        ({"languages": [1, {}]}, "languages"),
        ({"data": {"session": {"users": "x"}}}, "users"),
    ],
)
def test_what_is_wrong_is_named(body: dict[str, Any], names: str) -> None:
    with pytest.raises(ValidationError, match=names):
        ConnectBody.model_validate(body)


def test_events() -> None:
    event = SpeakerEventBody.model_validate(
        {"topic": "speaker", "type": "started_speaking", "user": {"userId": "r@x.y"},
         "timestamp": "2026-03-02T09:15:12.300Z"}
    )  # fmt: skip
    assert event.user is not None
    assert event.timestamp == datetime(2026, 3, 2, 9, 15, 12, 300_000, UTC)
    SpeakerEventBody.model_validate(
        {"topic": "speaker", "type": "stopped", "timestamp": "2026-03-02T09:15:12Z"}
    )
    for bad in (
        {},
        {"type": "joined"},
        {"type": "joined", "user": {}},
        {"type": "x", "user": {"userId": "a"}},
    ):
        with pytest.raises(ValidationError):
            SpeakerEventBody.model_validate(bad)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)
FIELDS = st.sampled_from(
    ["operation", "endpoint", "actions", "data", "languages", "language", "timezone", "connectionId"]
)


@given(st.dictionaries(FIELDS, JSON))
def test_nothing_else_is_ever_raised(body: dict[str, Any]) -> None:
    try:
        read = ConnectBody.model_validate(body)
        read.timezone_offset_min(WINTER)
        read.spoken_language("en-US")
    except ValueError:
        pass
