"""What Bodhi clients say, read without a server."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earful.dialects.bodhi.errors import BodhiError
from earful.dialects.bodhi.protocol import (
    Config,
    EndOfAudio,
    KeepAlive,
    Unknown,
    read_config,
    read_hotwords,
    read_text,
)
from earful.speech.types import Hotword

UUID = "5e0c9a34-1f0b-4c3e-8a6e-7b1d2c3f4a55"
MINIMAL: dict[str, Any] = {"model": "en-general-v2-8khz", "transaction_id": UUID, "sample_rate": 8000}


def config(**fields: Any) -> Config:
    return read_config(MINIMAL | fields)


def test_a_config_with_every_field_is_read() -> None:
    read = config(
        channels=2,
        parse_number=True,
        exclude_partial=True,
        aux=True,
        hotwords=[{"phrase": "किस्त"}, {"phrase": "ब्याज दर", "score": 2.5}],
        endpoint_silence_duration=0.6,
        at_start_lid=True,
        transliterate=True,
    )
    assert read == Config(
        model="en-general-v2-8khz",
        transaction_id=UUID,
        sample_rate=8000,
        channels=2,
        parse_number=True,
        exclude_partial=True,
        aux=True,
        hotwords=(Hotword("किस्त", 1.5), Hotword("ब्याज दर", 2.5)),
        endpoint_silence=0.6,
        at_start_lid=True,
        transliterate=True,
    )


def test_defaults_are_the_documented_ones() -> None:
    assert config() == Config("en-general-v2-8khz", UUID, 8000, endpoint_silence=0.44)


def test_fields_that_are_null_are_as_if_absent() -> None:
    names = ("channels", "parse_number", "exclude_partial", "aux", "hotwords", "endpoint_silence_duration")
    assert config(**dict.fromkeys(names)) == config()


@pytest.mark.parametrize(
    ("asked", "got"), [(0.1, 0.44), (0.44, 0.44), (0.9, 0.9), (1.2, 1.2), (7, 1.2), (-1, 0.44)]
)
def test_the_endpoint_silence_is_clamped_and_never_refused(asked: float, got: float) -> None:
    assert config(endpoint_silence_duration=asked).endpoint_silence == got


def test_numbers_and_booleans_as_strings_are_tolerated() -> None:
    read = config(sample_rate="16000", aux="true", parse_number="False", endpoint_silence_duration="0.8")
    assert (read.sample_rate, read.aux, read.parse_number, read.endpoint_silence) == (16000, True, False, 0.8)


def test_unknown_keys_are_ignored() -> None:
    assert config(something={"else": 1}) == config()


@pytest.mark.parametrize("rate", [8000, 16000, 44100, 48000])
def test_the_rates_of_telephones_and_sound_cards_are_taken(rate: int) -> None:
    assert config(sample_rate=rate).sample_rate == rate


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"model": None}, "'model' is required"),
        ({"model": "  "}, "'model' is required"),
        ({"transaction_id": None}, "'transaction_id' is required"),
        ({"transaction_id": "not-a-uuid"}, "'transaction_id' must be a UUID"),
        ({"sample_rate": None}, "'sample_rate' is required"),
        ({"sample_rate": 0}, "'sample_rate' 0 is not supported"),
        ({"sample_rate": 4000}, "'sample_rate' 4000 is not supported"),
        ({"sample_rate": 1_000_000}, "'sample_rate' 1e+06 is not supported"),
        ({"sample_rate": 8000.5}, "'sample_rate' 8000.5 is not supported"),
        ({"sample_rate": "fast"}, "invalid value for 'sample_rate'"),
        ({"sample_rate": float("nan")}, "invalid value for 'sample_rate'"),
        ({"sample_rate": [8000]}, "invalid value for 'sample_rate'"),
        ({"channels": 0}, "'channels' must be 1 to 8"),
        ({"channels": 99}, "'channels' must be 1 to 8"),
        ({"aux": "perhaps"}, "invalid value for 'aux'"),
        ({"model": {"name": "en"}}, "invalid value for 'model'"),
    ],
)
def test_a_config_that_cannot_be_used_is_refused_with_the_reason(fields: dict[str, Any], told: str) -> None:
    with pytest.raises(BodhiError) as refused:
        config(**fields)
    assert refused.value.code == 400
    assert refused.value.message.startswith(told)


def test_a_rate_may_be_left_out_where_the_model_knows_it() -> None:
    assert read_config({"model": "m", "transaction_id": UUID}, default_rate=8000).sample_rate == 8000


def test_a_score_of_null_is_as_if_absent() -> None:
    assert read_hotwords([{"phrase": "loan", "score": None}]) == (Hotword("loan", 1.5),)


@pytest.mark.parametrize(
    "entry",
    [
        {"phrase": ""},
        {"phrase": "₹500"},
        {"phrase": "call 911"},
        {"phrase": 5},
        {"score": 2},
        {"phrase": "loan", "score": "much"},
        {"phrase": "loan", "score": -1},
        {"phrase": "loan", "score": float("nan")},
        {"phrase": "x" * 101},
        None,
        17,
    ],
)
def test_hotwords_that_cannot_be_used_are_left_out_and_the_others_kept(entry: Any) -> None:
    assert read_hotwords([entry, {"phrase": "loan"}]) == (Hotword("loan", 1.5),)


def test_hotwords_in_another_shape_are_ignored() -> None:
    assert read_hotwords({"phrase": "loan"}) == ()


def test_a_very_high_score_is_held_to_what_the_decoder_takes() -> None:
    assert read_hotwords([{"phrase": "loan", "score": 99}]) == (Hotword("loan", 10.0),)


@pytest.mark.parametrize("text", ['{"eof": 1}', '{"eof": "1"}', '{"eof": true}', '{"type": "CloseStream"}'])
def test_every_end_of_stream_seen_in_the_wild_is_understood(text: str) -> None:
    assert read_text(text) == [EndOfAudio()]


def test_keep_alives_are_recognised() -> None:
    assert read_text('{"type": "KeepAlive"}') == [KeepAlive()]


def test_other_objects_are_unknown_and_no_error() -> None:
    assert read_text('{"type": "Metadata", "eof": 0}') == [Unknown(("type", "eof"))]


def test_objects_glued_into_one_frame_are_taken_in_turn() -> None:
    glued = json.dumps({"config": MINIMAL}) + '{"eof": "1"}\n'
    first, second = read_text(glued)
    assert isinstance(first, Config)
    assert second == EndOfAudio()


@pytest.mark.parametrize(
    "text", ["", "   ", "hello", "UklGRiQAAABXQVZF", '{"config":', "[1, 2]", '"eof"', "1", "[" * 100_000]
)
def test_text_that_is_no_json_object_is_refused(text: str) -> None:
    with pytest.raises(BodhiError) as refused:
        read_text(text)
    assert refused.value.code == 400


def test_a_config_that_is_no_object_is_refused() -> None:
    with pytest.raises(BodhiError, match="'config' must be an object"):
        read_text('{"config": "en"}')


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from([*MINIMAL, "hotwords", "channels", "aux", "x"]), json_values))
def test_any_config_is_either_read_or_refused(fields: dict[str, Any]) -> None:
    """No value of any type comes out as another exception."""
    with contextlib.suppress(BodhiError):
        assert 8000 <= read_config(fields).sample_rate <= 48_000
