"""What clients ask of the Async API, in every form in which real ones send it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earful.conversation.types import CustomEntity, Tracker
from earful.dialects.symbl.errors import BadRequest, describe
from earful.dialects.symbl.parameters import ProcessParameters, TextBody, UrlBody, gather, parse
from earful.jobs.requests import ChannelSpeaker

WORDS = ["Kestrel", "Kestrel Cloud"]
QUERY = "customVocabulary"


def asked(*query: tuple[str, str], body: dict[str, Any] | None = None) -> ProcessParameters:
    return parse(ProcessParameters, gather(query, body))


@pytest.mark.parametrize(
    "query",
    [
        [(QUERY, json.dumps(WORDS))],
        [(QUERY, word) for word in WORDS],
        [(QUERY, "Kestrel,Kestrel Cloud")],
        [(QUERY, character) for character in json.dumps(WORDS)],
        [(QUERY, "[Kestrel,Kestrel Cloud]")],
        [(QUERY, '["Kestrel", Kestrel Cloud]')],
    ],
    ids=["json", "repeated", "commas", "a key for each character", "brackets", "half quoted"],
)
def test_a_list_is_the_same_list_in_every_form(query: list[tuple[str, str]]) -> None:
    assert asked(*query).custom_vocabulary == tuple(WORDS)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), min_size=1, max_size=4))
def test_the_vendors_list_spread_over_characters_is_read_whatever_is_in_it(words: list[str]) -> None:
    spread = [(QUERY, character) for character in json.dumps(words)]
    assert asked(*spread).custom_vocabulary == tuple(words)


def test_lists_and_objects_may_be_spread_over_names_with_brackets() -> None:
    values = asked(
        ("customVocabulary[]", "Kestrel"),
        ("customVocabulary[]", "Kestrel Cloud"),
        ("trackers[0][name]", "Late"),
        ("trackers[0][vocabulary][1]", "still waiting"),
        ("trackers[0][vocabulary][0]", "was late"),
        ("trackers[1][id]", "7"),
        ("trackers[1][id][deeper]", "ignored"),
        ("channelMetadata[0][channel]", "2"),
        ("channelMetadata[0][speaker][name]", "Ines"),
        ("features[featureList][]", "callScore"),
        ("metadata[" + "9" * 5000 + "]", "far"),
    )
    assert values.custom_vocabulary == tuple(WORDS)
    assert values.inline_trackers() == (Tracker("Late", ("was late", "still waiting"), None),)
    assert values.tracker_ids() == ("7",)
    assert values.speakers() == (ChannelSpeaker(2, "Ines"),)
    assert values.wanted(()).call_score


def test_what_is_empty_counts_as_left_out() -> None:
    names = ("name", "confidenceThreshold", "languageCode", "timezoneOffset", "startTime", "mode", "metadata")
    assert asked(*((name, "") for name in names)) == asked(body=dict.fromkeys(names, "")) == asked()


def test_a_language_may_be_written_with_an_underscore() -> None:
    assert asked(("languageCode", "en_GB")).language_code == "en-GB"


def test_what_is_wrong_is_said_in_words_that_a_client_knows() -> None:
    with pytest.raises(BadRequest, match=r"^languageCode: has to be a language tag such as en-US$"):
        asked(("languageCode", "klingon!"))
    places = [("body", "path"), ("path",), ("query", "limit"), ("body",), ()]
    problems = [{"type": "missing", "loc": loc, "msg": "Field required"} for loc in places]
    said = ("path", "path", "limit", "the request body", "the request body")
    assert describe(problems) == "; ".join(f"{name}: Field required" for name in said)
    reason = "Input should be a valid dictionary or object to extract fields from"
    assert (
        describe([{"type": "x", "loc": ("body",), "msg": reason}])
        == "the request body: Input should be an object"
    )


def test_what_kind_of_talk_it_is_becomes_a_label() -> None:
    assert asked(("conversationType", '["sales"]')).labels() == {"conversationType": "sales"}
    given_ = {"conversationType": "sales", "metadata": {"salesStage": "demo", "size": 5}}
    assert asked(body=given_).labels() == {"conversationType": "sales", "salesStage": "demo"}


def test_one_word_alone_is_a_list_of_one() -> None:
    assert asked((QUERY, "Kestrel")).custom_vocabulary == ("Kestrel",)
    assert asked(body={QUERY: "Kestrel"}).custom_vocabulary == ("Kestrel",)
    assert asked((QUERY, "")).custom_vocabulary == ()


@pytest.mark.parametrize(("text", "value"), [("true", True), ("True", True), ("false", False), ("", False)])
def test_booleans_come_as_words(text: str, value: bool) -> None:
    assert asked(("enableSpeakerDiarization", text)).enable_speaker_diarization is value
    assert asked(body={"enableSpeakerDiarization": text}).enable_speaker_diarization is value


def test_numbers_come_as_words() -> None:
    given_ = asked(
        body={"diarizationSpeakerCount": "2", "confidenceThreshold": "0.6", "timezoneOffset": "120"}
    )
    assert given_.diarization_speaker_count == 2
    wanted = given_.wanted(())
    assert (wanted.confidence_threshold, wanted.timezone_offset_min) == (0.6, 120)


def test_the_body_counts_for_more_than_the_query() -> None:
    assert asked(("name", "query"), ("mode", "phone"), body={"name": "body"}).name == "body"
    assert asked(("mode", "phone"), body={"name": "body"}).mode == "phone"


def test_trackers_are_given_in_full_or_by_id() -> None:
    both = [{"name": "Price", "vocabulary": ["too expensive"]}, {"id": "5310998877665544"}]
    given_ = asked(("trackers", json.dumps(both)))
    assert given_.inline_trackers() == (Tracker("Price", ("too expensive",)),)
    assert given_.tracker_ids() == ("5310998877665544",)
    assert asked(body={"trackers": both}).trackers == given_.trackers
    assert asked(body={"trackers": None}).trackers == ()


def test_a_custom_entity_alone_is_a_list_of_one_and_its_value_defaults_to_its_text() -> None:
    wanted = asked(body={"entities": {"customType": "product", "text": "house blend"}}).wanted(())
    assert wanted.custom_entities == (CustomEntity("product", "house blend", "house blend"),)
    assert not wanted.entities


def test_channels_have_speakers() -> None:
    channels = [{"channel": 1, "speaker": {"name": "Ines", "email": "ines@example.com"}}, {"channel": "2"}]
    given_ = asked(("channelMetadata", json.dumps(channels)))
    assert given_.speakers() == (ChannelSpeaker(1, "Ines", "ines@example.com"), ChannelSpeaker(2))


def test_features_redaction_and_labels_come_as_objects_or_json_text() -> None:
    redaction = {"identifyContent": "true", "redactContent": True, "redactionString": "[x]"}
    for values in (
        asked(("features", '{"featureList": ["callScore"]}'), ("redaction", json.dumps(redaction))),
        asked(body={"features": {"featureList": ["callScore"]}, "redaction": redaction}),
        asked(body={"features": '{"featureList": ["callScore"]}', "redaction": json.dumps(redaction)}),
    ):
        wanted = values.wanted(())
        assert wanted.call_score
        assert (wanted.redaction.identify, wanted.redaction.redact, wanted.redaction.mask) == (
            True,
            True,
            "[x]",
        )


def test_what_is_not_known_is_ignored() -> None:
    odd = asked(('{"verbose": true}', ""), ("parentRefs", "true"), ("sentiment", "true"), body={"new": [1]})
    assert odd == asked()


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"confidenceThreshold": 1.5}, "confidenceThreshold"),
        ({"confidenceThreshold": "much"}, "confidenceThreshold"),
        ({"diarizationSpeakerCount": "zero"}, "diarizationSpeakerCount"),
        ({"diarizationSpeakerCount": 0}, "diarizationSpeakerCount"),
        ({"mode": "loud"}, "mode"),
        ({"trackers": "x"}, "trackers"),
        ({"trackers": [{"name": "Late"}]}, "vocabulary"),
        ({"features": "x"}, "features"),
        ({"redaction": {"redactionString": "x" * 17}}, "redactionString"),
        ({"channelMetadata": [{"channel": 0}]}, "channel"),
        ({"enableSummary": "perhaps"}, "enableSummary"),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_name(body: dict[str, Any], named: str) -> None:
    with pytest.raises(BadRequest, match=named):
        asked(body=body)


def test_a_text_needs_its_messages_and_each_its_content() -> None:
    with pytest.raises(BadRequest, match="messages"):
        parse(TextBody, gather([], {}))
    with pytest.raises(BadRequest, match=r"messages\.0\.payload"):
        parse(TextBody, gather([], {"messages": [{"from": {"name": "x"}}]}))
    assert parse(TextBody, gather([], {"messages": []})).messages == ()


def test_an_items_sender_and_times_may_be_null_or_empty_and_ids_numbers() -> None:
    items: list[dict[str, Any]] = [
        {"payload": {"content": "a"}, "from": None, "duration": None},
        {"payload": {"content": "b"}, "from": {"userId": 5, "name": 7}, "duration": {"startTime": ""}},
    ]
    first, second = parse(TextBody, gather([], {"messages": items})).messages
    assert (first.sender.name, first.duration.start_time) == (None, None)
    assert (second.sender.user_id, second.sender.name, second.duration.start_time) == ("5", "7", None)


def test_a_recording_by_address_needs_the_address() -> None:
    with pytest.raises(BadRequest, match="url"):
        parse(UrlBody, gather([], {}))
    assert (
        parse(UrlBody, gather([("enableSpeakerDiarization", "true")], {"url": "http://x/"})).url
        == "http://x/"
    )
