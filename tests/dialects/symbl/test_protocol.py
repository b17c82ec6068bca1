from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earful.conversation.types import Redaction, Tracker
from earful.dialects.symbl.protocol import (
    MalformedMessage,
    ModifyRequest,
    Ping,
    Speaker,
    StartRequest,
    StopRequest,
    UnknownRequest,
    parse,
)


def start(**fields: Any) -> StartRequest:
    request = parse(json.dumps({"type": "start_request", **fields}))
    assert isinstance(request, StartRequest)
    return request


def test_a_start_request_needs_nothing_but_its_type() -> None:
    assert start() == StartRequest()
    assert (start().encoding, start().sample_rate_hz) == ("LINEAR16", 16_000)


def test_the_python_clients_smallest_start_request_is_understood() -> None:
    request = parse(
        '{"type":"start_request","insightTypes":[],"speaker":null,"trackers":null,'
        '"config":{"confidenceThreshold":0.5,"languageCode":"en-US",'
        '"speechRecognition":{"encoding":"LINEAR16","sampleRateHertz":44100}}}'
    )
    assert request == StartRequest(sample_rate_hz=44_100)


def test_every_documented_field_is_read() -> None:
    request = start(
        insightTypes=["question", "action_item", "follow_up", "topic"],
        customVocabulary=["Kestrel", " ", "Kestrel Cloud", "Kestrel"],
        trackers=[{"name": "Pricing", "vocabulary": ["too expensive"]}],
        config={
            "meetingTitle": "Weekly sync",
            "confidenceThreshold": 0.6,
            "languageCode": "en-GB",
            "timezoneOffset": 120,
            "sentiment": True,
            "detectEntities": True,
            "trackers": {"interimResults": True, "enableAllTrackers": True},
            "redaction": {"identifyContent": True, "redactContent": True, "redactionString": "[PII]"},
            "speechRecognition": {"encoding": "FLAC", "sampleRateHertz": 48000, "interimResults": False},
            "enableSpeakerDiarization": True,
            "diarizationSpeakerCount": 3,
        },
        speaker={"userId": "rosa@example.net", "name": "Rosa"},
        noConnectionTimeout=300,
        disconnectOnStopRequest=False,
        disconnectOnStopRequestTimeout=600,
    )
    assert request == StartRequest(
        insight_kinds=frozenset({"question", "action_item", "follow_up"}),
        custom_vocabulary=("Kestrel", "Kestrel Cloud"),
        trackers=(Tracker("Pricing", ("too expensive",)),),
        enable_all_trackers=True,
        interim_trackers=True,
        meeting_title="Weekly sync",
        confidence_threshold=0.6,
        language="en-GB",
        timezone_offset_min=120,
        sentiment=True,
        detect_entities=True,
        redaction=Redaction(identify=True, redact=True, mask="[PII]"),
        encoding="FLAC",
        sample_rate_hz=48_000,
        interim_results=False,
        speaker=Speaker("rosa@example.net", "Rosa", "rosa@example.net"),
        no_connection_timeout=300,
        disconnect_on_stop=False,
        stopped_timeout=600,
        diarize=True,
        speakers=3,
    )


def test_names_that_other_clients_use_mean_the_same() -> None:
    request = start(
        meetingTitle="Standup",
        sentiments=True,
        enableAllTrackers=True,
        config={"encoding": "opus", "sampleRateHertz": 48000.0},
    )
    assert (request.meeting_title, request.sentiment, request.enable_all_trackers) == ("Standup", True, True)
    assert (request.encoding, request.sample_rate_hz) == ("opus", 48_000)


@pytest.mark.parametrize(
    ("given_speaker", "read"),
    [
        (None, None),
        ({}, None),
        ({"name": "Rosa"}, Speaker(None, "Rosa", None)),
        ({"name": "Jo", "email": "jo@example.com"}, Speaker("jo@example.com", "Jo", "jo@example.com")),
        ({"userID": "u-1"}, Speaker("u-1", None, None)),
        ({"userId": 17}, Speaker("17", None, None)),
        ({"userId": "x", "email": "x@y.z"}, Speaker("x", None, "x@y.z")),
    ],
)
def test_speakers_are_read_however_they_are_named(given_speaker: Any, read: Speaker | None) -> None:
    assert start(speaker=given_speaker).speaker == read


@pytest.mark.parametrize(
    ("value", "seconds"), [(None, 0), (True, 1800), (False, 0), (5, 5), ("30", 30), (9999, 1800), (-1, 0)]
)
def test_no_connection_timeout_takes_booleans_and_is_clamped(value: Any, seconds: float) -> None:
    assert start(noConnectionTimeout=value).no_connection_timeout == seconds


@pytest.mark.parametrize(("value", "count"), [(None, None), ("", None), (2, 2), ("2", 2)])
def test_voices_are_told_apart_as_in_the_async_api(value: Any, count: int | None) -> None:
    """Booleans and numbers may be text, and stand in `config` or beside it."""
    for request in (
        start(enableSpeakerDiarization="true", diarizationSpeakerCount=value),
        start(config={"enableSpeakerDiarization": True, "diarizationSpeakerCount": value}),
    ):
        assert (request.diarize, request.speakers) == (True, count)


@pytest.mark.parametrize(("value", "seconds"), [(None, 1800), (0, 0), (3600, 3600), (9999, 3600)])
def test_the_stop_timeout_is_clamped_at_an_hour(value: Any, seconds: float) -> None:
    assert start(disconnectOnStopRequestTimeout=value).stopped_timeout == seconds


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({"config": "fast"}, "config must be an object"),
        ({"config": {"diarizationSpeakerCount": 0}}, "config.diarizationSpeakerCount must be a number"),
        ({"enableSpeakerDiarization": "many"}, "enableSpeakerDiarization must be true or false"),
        ({"insightTypes": "question"}, "insightTypes"),
        ({"trackers": {"name": "x"}}, "trackers must be a list"),
        ({"trackers": ["x"]}, "trackers[0]"),
        ({"trackers": [{"vocabulary": ["x"]}]}, "trackers[0].name"),
        ({"trackers": [{"name": "x", "vocabulary": "y"}]}, "trackers[0].vocabulary"),
        ({"customVocabulary": [1]}, "customVocabulary"),
        ({"config": {"confidenceThreshold": 1.5}}, "config.confidenceThreshold"),
        ({"config": {"confidenceThreshold": "high"}}, "config.confidenceThreshold"),
        ({"config": {"timezoneOffset": 99999}}, "config.timezoneOffset"),
        ({"config": {"sentiment": "maybe"}}, "config.sentiment"),
        ({"config": {"languageCode": 5}}, "config.languageCode"),
        ({"config": {"speechRecognition": {"sampleRateHertz": "fast"}}}, "sampleRateHertz"),
        ({"config": {"speechRecognition": {"encoding": 16}}}, "encoding"),
        ({"config": {"redaction": {"redactionString": "x" * 17}}}, "redactionString"),
        ({"speaker": "Rosa"}, "speaker must be an object"),
        ({"noConnectionTimeout": "long"}, "noConnectionTimeout"),
    ],
)
def test_a_field_that_cannot_be_taken_is_named(fields: dict[str, Any], names: str) -> None:
    with pytest.raises(MalformedMessage, match=names.replace("[", r"\[").replace(".", r"\.")) as raised:
        start(**fields)
    assert raised.value.request == "start_request"


def test_a_rate_of_zero_is_not_mistaken_for_no_rate() -> None:
    assert start(config={"speechRecognition": {"sampleRateHertz": 0}}).sample_rate_hz == 0


@pytest.mark.parametrize(
    "text",
    [
        '{"type":"stop_request"}',
        "{'type': 'stop_request'}",
        '{"type":"stop_recognition"}',
        ' {"type": "stop_request", "more": 1}\n',
    ],
)
def test_every_known_form_of_stop_is_a_stop(text: str) -> None:
    assert parse(text) == StopRequest()


def test_modify_request_keeps_what_it_does_not_name() -> None:
    text = '{"type":"modify_request","speechRecognition":{"sampleRateHertz":8000}}'
    assert parse(text) == ModifyRequest(None, 8000)
    with pytest.raises(MalformedMessage, match="names neither"):
        parse('{"type":"modify_request"}')


def test_a_bare_ping_is_a_ping() -> None:
    assert parse("__PING__") == Ping()


def test_an_unknown_type_is_no_error() -> None:
    assert parse('{"type":"user_defined"}') == UnknownRequest("user_defined")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        '{"type":"start_request"',
        "[]",
        "17",
        "null",
        "{}",
        '{"type":5}',
        "{'type': open('x')}",
        "{" * 5000,
        "[" * 100_000,
        "{'a'" + "," * 4000,
        '{"type":"start_request","config":{"timezoneOffset":' + "9" * 6000 + "}}",
        '{"type":"start_request","config":{"timezoneOffset":NaN}}',
        "{'type': '\\d'",
    ],
)
def test_what_cannot_be_understood_is_malformed_and_nothing_worse(text: str) -> None:
    with pytest.raises(MalformedMessage):
        parse(text)


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "config", "speechRecognition", "encoding", "sampleRateHertz", "trackers", "name",
                    "vocabulary", "speaker", "userId", "redaction", "redactionString", "insightTypes",
                    "noConnectionTimeout", "timezoneOffset", "meetingTitle", "customVocabulary",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)  # fmt: skip


@given(fields=st.dictionaries(st.text(max_size=12), _JSON, max_size=4), inner=_JSON)
def test_no_start_request_breaks_the_parser(fields: dict[str, Any], inner: Any) -> None:
    text = json.dumps({**fields, "type": "start_request", "config": inner, "speaker": inner})
    with contextlib.suppress(MalformedMessage):
        assert isinstance(parse(text), StartRequest)


@given(st.text(max_size=200))
def test_no_text_breaks_the_parser(text: str) -> None:
    with contextlib.suppress(MalformedMessage):
        assert parse(text) is not None
