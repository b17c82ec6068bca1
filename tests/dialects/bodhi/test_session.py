"""The rules of a Bodhi session, driven with lists: no server, no clock, no recognizer.

Tests named `test_quirk_N_...` are section 11 of the compatibility reference, one each or more.
"""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from earful.conversation.types import Word
from earful.dialects.bodhi.errors import BodhiError
from earful.dialects.bodhi.models import ModelTable
from earful.dialects.bodhi.session import Close, Effect, Feed, Flush, Open, Send, Session
from earful.speech.types import Hotword, Hypothesis

UUID = "5e0c9a34-1f0b-4c3e-8a6e-7b1d2c3f4a55"
CALL = "0b7c1c52-6a55-4d0e-9d55-2f7f2f7a9c11"
TABLE = ModelTable.load()
EOF = '{"eof": 1}'
FRAME = b"\0" * 320
"""20 ms at 8 kHz."""


def config(**fields: Any) -> str:
    fields = {"model": "en-general-v2-8khz", "transaction_id": UUID, "sample_rate": 8000} | fields
    return json.dumps({"config": fields})


def fresh() -> Session:
    return Session(TABLE, CALL, now=0.0)


def started(**fields: Any) -> Session:
    session = fresh()
    session.receive_text(config(**fields), 0.0)
    return session


def sent(effects: Sequence[Effect]) -> list[dict[str, Any]]:
    return [effect.message for effect in effects if isinstance(effect, Send)]


def partial(text: str, start: float = 1.0, end: float = 2.0, **more: Any) -> Hypothesis:
    return Hypothesis(0, text, start, end, is_final=False, audio_end=end, **more)


def final(text: str, start: float = 1.0, end: float = 2.0, **more: Any) -> Hypothesis:
    words = tuple(
        Word(word, start + 0.2 * at, start + 0.2 * at + 0.15, 0.9) for at, word in enumerate(text.split())
    )
    return Hypothesis(
        0, text, start, end, True, **{"confidence": 0.91, "words": words, "audio_end": end + 0.44} | more
    )


def refused(effects: Sequence[Effect]) -> tuple[int, str, int]:
    """Return the code, the message and the close code of a refusal."""
    (error,) = sent(effects)
    (close,) = [effect for effect in effects if isinstance(effect, Close)]
    assert set(error) == {"error", "message", "code", "timestamp"}
    return error["code"], error["message"], close.code


# -- the config -----------------------------------------------------------------------------------


def test_a_config_opens_a_stream_with_what_it_asks_for_and_is_not_acknowledged() -> None:
    (effect,) = fresh().receive_text(
        config(endpoint_silence_duration=5, hotwords=[{"phrase": "loan", "score": 2}], exclude_partial=True),
        0.0,
    )
    assert isinstance(effect, Open)
    assert effect.options.language == "en-IN"
    assert effect.options.endpoint_silence == 1.2
    assert effect.options.hotwords == (Hotword("loan", 2.0),)
    assert not effect.options.partials


@pytest.mark.parametrize(
    "text",
    [
        config(model=""),
        config(model="xx-nothing-v1"),
        config(transaction_id="1"),
        config(sample_rate=1),
        '{"hello": 1}',
        EOF,
        "not json",
        "[]",
    ],
)
def test_what_cannot_begin_a_session_is_refused_and_ends_it(text: str) -> None:
    session = fresh()
    code, _, close = refused(session.receive_text(text, 0.0))
    assert (code, close) == (400, 1008)
    assert session.receive_text(config(), 0.1) == []
    assert session.receive_bytes(FRAME, 0.1) == []


def test_an_unknown_model_is_named_in_the_answer() -> None:
    answer = refused(fresh().receive_text(config(model="xx-banking-v2-8khz"), 0.0))
    assert answer == (400, "model 'xx-banking-v2-8khz' is not available", 1008)


def test_audio_before_the_config_is_refused() -> None:
    code, told, close = refused(fresh().receive_bytes(FRAME, 0.0))
    assert (code, close) == (400, 1008)
    assert "before the config" in told


def test_a_second_config_is_refused() -> None:
    code, told, close = refused(started().receive_text(config(), 1.0))
    assert (code, close) == (400, 1008)
    assert "only once" in told


def test_a_transaction_id_may_be_used_by_several_sessions() -> None:
    for _ in range(2):
        assert isinstance(fresh().receive_text(config(), 0.0)[0], Open)


def test_text_instead_of_audio_is_refused() -> None:
    code, _, close = refused(started().receive_text("AAECAwQFBgcICQ==", 1.0))
    assert (code, close) == (400, 1008)


def test_a_client_that_never_sends_its_config_is_let_go() -> None:
    session = fresh()
    assert session.tick(14.9) == []
    assert refused(session.tick(15.0))[0] == 400


# -- audio ----------------------------------------------------------------------------------------


def test_audio_is_passed_on_as_it_comes_whatever_its_size() -> None:
    session = started()
    for data in (b"\1", b"\2\3\4", FRAME, b"x" * 100_001):
        assert session.receive_bytes(data, 0.1) == [Feed(data)]


def test_an_empty_frame_is_nothing() -> None:
    assert started().receive_bytes(b"", 0.1) == []


def test_audio_is_counted_in_seconds_of_its_rate_and_channels() -> None:
    session = started(sample_rate=16000, channels=2)
    session.receive_bytes(b"\0" * 64_000, 0.1)
    assert session.audio_seconds == 1.0


def test_audio_after_the_end_is_ignored_and_not_charged() -> None:
    session = started()
    session.receive_text(EOF, 1.0)
    assert session.receive_bytes(FRAME, 1.1) == []
    assert session.audio_seconds == 0.0


# -- results --------------------------------------------------------------------------------------


def test_a_partial_and_a_complete_have_the_documented_shape() -> None:
    session = started()
    (first,) = sent(session.hear(partial("hello"), 2.0))
    assert first == {
        "call_id": CALL,
        "segment_id": 0,
        "eos": False,
        "type": "partial",
        "text": "hello",
        "segment_meta": {
            "tokens": ["\u2581hello"],
            "timestamps": [0.0],
            "start_time": 1.0,
            "confidence": 0.0,
            "words": [],
        },
    }
    (last,) = sent(session.hear(final("hello there"), 2.5))
    assert last == {
        "call_id": CALL,
        "segment_id": 0,
        "eos": False,
        "type": "complete",
        "text": "hello there",
        "language_code": "en",
        "segment_meta": {
            "tokens": ["\u2581hello", "\u2581there"],
            "timestamps": [0.0, 0.2],
            "start_time": 1.0,
            "confidence": 0.91,
            "words": [
                {"word": "hello", "confidence": 0.9, "start_time": 0.0, "end_time": 0.15},
                {"word": "there", "confidence": 0.9, "start_time": 0.2, "end_time": 0.35},
            ],
        },
    }


def test_each_utterance_has_one_complete_and_the_next_number() -> None:
    session = started()
    heard = [partial("a"), final("a b"), partial("c"), partial("c d"), final("c d")]
    messages = [message for one in heard for message in sent(session.hear(one, 1.0))]
    assert [(m["segment_id"], m["type"]) for m in messages] == [
        (0, "partial"),
        (0, "complete"),
        (1, "partial"),
        (1, "partial"),
        (1, "complete"),
    ]


def test_a_partial_that_came_to_nothing_is_completed_empty_so_that_it_does_not_stay() -> None:
    session = started()
    session.hear(partial("uh"), 1.0)
    (message,) = sent(session.hear(final(""), 2.0))
    assert (message["type"], message["text"]) == ("complete", "")


def test_exclude_partial_leaves_only_completes() -> None:
    session = started(exclude_partial=True)
    assert session.hear(partial("hello"), 1.0) == []
    assert [m["type"] for m in sent(session.hear(final("hello"), 2.0))] == ["complete"]


def test_exclude_partial_still_says_something_before_the_sdk_gives_up() -> None:
    session = started(exclude_partial=True)
    said = []
    for tenth in range(1, 300):
        session.receive_bytes(FRAME * 5, tenth / 10)
        said += sent(session.tick(tenth / 10))
    assert [(m["type"], m["text"]) for m in said] == [("partial", "")] * 2


def test_parse_number_changes_the_text_only() -> None:
    session = started(parse_number=True)
    assert sent(session.hear(partial("call nine one one"), 1.0))[0]["text"] == "call 911"
    (message,) = sent(session.hear(final("call nine one one"), 2.0))
    assert message["text"] == "call 911"
    assert [word["word"] for word in message["segment_meta"]["words"]] == ["call", "nine", "one", "one"]


def test_numbers_stay_words_unless_asked_for() -> None:
    assert sent(started().hear(final("nine one one"), 1.0))[0]["text"] == "nine one one"


def test_aux_tells_what_the_answer_cost() -> None:
    session = started(aux=True)
    for at in range(100):
        session.receive_bytes(FRAME, 0.02 * (at + 1))
    (message,) = sent(session.hear(final("hello", start=0.5, end=1.5, audio_end=1.94), 2.1))
    assert message["aux_info"] == {
        "request_time": pytest.approx(2.1 - 1.94, abs=0.021),
        "eot_wait_time": 0.44,
        "processed_audio_duration": 1.94,
    }


def test_parse_number_leaves_the_tokens_of_a_partial_as_they_were_heard() -> None:
    (message,) = sent(started(parse_number=True).hear(partial("call nine one one"), 1.0))
    assert message["segment_meta"]["tokens"] == ["▁call", "▁nine", "▁one", "▁one"]


def test_transliterate_writes_everything_that_was_heard_in_latin_letters() -> None:
    session = started(transliterate=True)
    assert sent(session.hear(partial("मुझे अपना"), 1.0))[0]["text"] == "mujhe apna"
    (message,) = sent(session.hear(final("मुझे loan देखना है।"), 2.0))
    assert message["text"] == "mujhe loan dekhna hai."
    assert message["segment_meta"]["tokens"] == ["▁mujhe", "▁loan", "▁dekhna", "▁hai."]
    assert [word["word"] for word in message["segment_meta"]["words"]] == ["mujhe", "loan", "dekhna", "hai."]


def test_numbers_are_read_before_their_words_are_transliterated() -> None:
    session = started(model="hi-general-v2-8khz", parse_number=True, transliterate=True)
    assert sent(session.hear(final("दो सौ पचास रुपए"), 1.0))[0]["text"] == "250 rupae"


def test_aux_is_on_every_message_empty_ones_too() -> None:
    for message in everything_said(aux=True):
        assert set(message["aux_info"]) == {"request_time", "eot_wait_time", "processed_audio_duration"}
        assert all(seconds >= 0 for seconds in message["aux_info"].values())


def test_aux_is_not_sent_unasked() -> None:
    assert "aux_info" not in sent(started().hear(final("hello"), 2.0))[0]


def test_language_identification_asks_for_the_languages_of_the_table() -> None:
    (opened,) = fresh().receive_text(config(at_start_lid=True), 0.0)
    assert isinstance(opened, Open)
    assert {"hi", "ta", "te"} <= {model.code for model in opened.others}
    (opened,) = fresh().receive_text(config(), 0.0)
    assert isinstance(opened, Open)
    assert opened.others == ()


def test_no_language_is_told_before_it_is_known() -> None:
    session = started(at_start_lid=True)
    session.receive_bytes(FRAME, 0.9)
    (empty,) = sent(session.tick(1.0))
    assert "language_code" not in empty
    session.identified(TABLE.find("hi-banking-v2-8khz"))
    assert sent(session.hear(final("दो सौ"), 1.5))[0]["language_code"] == "hi"


def test_language_identification_puts_the_language_on_every_message() -> None:
    session = started(at_start_lid=True)
    session.identified(TABLE.find("en-general-v2-8khz"))
    assert sent(session.hear(partial("hello"), 1.0))[0]["language_code"] == "en"
    assert sent(session.hear(final("hello"), 1.0))[0]["language_code"] == "en"
    assert {message["language_code"] for message in everything_said(at_start_lid=True)} == {"en"}


# -- the end --------------------------------------------------------------------------------------


def test_eof_has_everything_settled_and_is_answered_with_eos_and_a_close() -> None:
    session = started()
    session.receive_bytes(FRAME * 50, 1.0)
    assert session.receive_text(EOF, 1.0) == [Flush()]
    (words,) = sent(session.hear(final("the last words"), 1.2))
    assert words["eos"] is False
    effects = session.flushed(1.3)
    (last,) = sent(effects)
    assert last == {
        "call_id": CALL,
        "segment_id": 1,
        "eos": True,
        "type": "complete",
        "text": "",
        "segment_meta": {"tokens": [], "timestamps": [], "start_time": 1.0, "confidence": 0.0, "words": []},
    }
    assert effects[-1] == Close(1000)


def test_a_second_eof_changes_nothing() -> None:
    session = started()
    session.receive_text(EOF, 1.0)
    assert session.receive_text(EOF, 1.1) == []
    assert len(sent(session.flushed(1.2))) == 1
    assert session.flushed(1.3) == []


def test_config_and_eof_in_one_frame_are_both_obeyed() -> None:
    opened, flush = fresh().receive_text(config() + EOF, 0.0)
    assert isinstance(opened, Open)
    assert flush == Flush()


def test_a_client_without_eof_is_ended_with_its_last_words_after_the_idle_time() -> None:
    session = started()
    session.receive_bytes(FRAME, 1.0)
    assert Flush() not in session.tick(15.9)
    assert session.tick(16.0) == [Flush()]
    assert session.flushed(16.1)[-1] == Close(1000)


def test_keep_alives_hold_a_session_open() -> None:
    session = started()
    for second in range(5, 100, 5):
        assert session.receive_text('{"type": "KeepAlive"}', second) == []
        assert Flush() not in session.tick(second + 4.9)


@pytest.mark.parametrize(
    ("code", "name", "close"),
    [
        (401, "unauthorized", 1008),
        (402, "insufficient_balance", 1008),
        (403, "inactive_customer", 1008),
        (500, "internal_server_error", 1011),
        (503, "service_unavailable", 1013),
    ],
)
def test_errors_during_a_session_are_told_by_name_and_end_it(code: int, name: str, close: int) -> None:
    effects = started().fail(BodhiError(code, "why"), 1.0)
    assert refused(effects) == (code, "why", close)
    assert sent(effects)[0]["error"] == name


def test_nothing_is_told_after_the_end() -> None:
    session = started()
    session.fail(BodhiError(500, "why"), 1.0)
    assert session.hear(final("late"), 1.1) == []
    assert session.tick(99.0) == []
    assert session.fail(BodhiError(500, "again"), 2.0) == []


def test_a_server_that_is_stopped_tells_the_last_words_and_then_why() -> None:
    session = started()
    assert session.shut_down() == [Flush()]
    assert sent(session.hear(final("last words"), 1.0))[0]["text"] == "last words"
    effects = session.flushed(1.1)
    assert sent(effects)[0]["code"] == 503
    assert effects[-1] == Close(1001)


# -- long and odd calls ---------------------------------------------------------------------------


def test_eight_hours_of_silence_cost_nothing_but_small_messages() -> None:
    session = started()
    said = 0
    for tenth in range(0, 8 * 36_000, 2):
        session.receive_bytes(b"\0" * 3200, tenth / 10)
        for effect in session.tick(tenth / 10):
            assert isinstance(effect, Send)
            assert effect.passing
            assert effect.message["text"] == ""
            said += 1
    assert session.audio_seconds == pytest.approx(8 * 3600)
    assert session.state == "streaming"
    assert len(session._arrivals) <= 4096
    assert said >= 8 * 3600
    assert sent(session.hear(final("hello", start=28_700.0, end=28_701.0), 28_800.0))


def test_sessions_do_not_know_of_each_other() -> None:
    one, other = started(), started()
    one.receive_text("not json", 1.0)
    assert one.state == "closed"
    assert other.receive_bytes(FRAME, 1.0) == [Feed(FRAME)]


# -- section 11 of the reference --------------------------------------------------------------------

REQUIRED = {"call_id", "segment_id", "eos", "type", "text", "segment_meta"}


def everything_said(**fields: Any) -> list[dict[str, Any]]:
    """Return every message of a session with silence, two utterances and an end."""
    session = started(**fields)
    session.identified(TABLE.find("en-general-v2-8khz"))
    said: list[dict[str, Any]] = []
    for tenth in range(1, 80):
        now = tenth / 10
        session.receive_bytes(b"\0" * 1600, now)
        if tenth in (20, 50):
            said += sent(session.hear(partial("hello"), now))
        if tenth in (25, 55):
            said += sent(session.hear(final("hello there", confidence=None if tenth == 55 else 0.9), now))
        said += sent(session.tick(now))
    session.receive_text(EOF, 8.0)
    return said + sent(session.flushed(8.1))


@pytest.mark.parametrize("fields", [{}, {"aux": True}, {"at_start_lid": True}, {"exclude_partial": True}])
def test_quirk_1_every_message_has_the_keys_that_the_sdk_needs(fields: dict[str, Any]) -> None:
    for message in everything_said(**fields):
        assert set(message) >= REQUIRED
        assert set(message["segment_meta"]) >= {"tokens", "timestamps", "start_time"}
        assert message["segment_meta"]["words"] is not None


def test_quirk_2_start_time_is_a_number_even_without_timestamps() -> None:
    for message in everything_said():
        assert isinstance(message["segment_meta"]["start_time"], float)
        assert len(message["segment_meta"]["tokens"]) == len(message["segment_meta"]["timestamps"])


def test_quirk_3_no_normal_message_has_an_error_key() -> None:
    assert all("error" not in message for message in everything_said())


def test_quirk_4_empty_partials_keep_flowing_after_an_utterance() -> None:
    session = started()
    session.hear(final("hello"), 1.0)
    times = []
    for tenth in range(11, 50):
        session.receive_bytes(FRAME * 5, tenth / 10)
        times += [tenth / 10 for message in sent(session.tick(tenth / 10)) if message["text"] == ""]
    assert times
    assert max(b - a for a, b in zip([1.0, *times], times, strict=False)) <= 0.5
    assert any(at >= 2.0 for at in times)


def test_quirk_4_no_empty_partial_breaks_into_an_utterance() -> None:
    session = started()
    session.hear(partial("hello"), 1.0)
    for tenth in range(11, 100):
        session.receive_bytes(FRAME * 5, tenth / 10)
        assert session.tick(tenth / 10) == []


def test_quirk_5_the_last_words_come_before_an_empty_eos() -> None:
    said = everything_said()
    assert [message["eos"] for message in said].count(True) == 1
    assert said[-1]["eos"] is True
    assert said[-1]["text"] == ""


def test_quirk_6_no_empty_completes_are_sprinkled_around() -> None:
    session = started()
    assert session.hear(final(""), 1.0) == []
    said = everything_said()
    assert [m["text"] for m in said if m["type"] == "complete"] == ["hello there", "hello there", ""]


def test_quirk_7_a_confidence_that_is_not_known_is_left_out() -> None:
    completes = [m["segment_meta"] for m in everything_said() if m["type"] == "complete" and m["text"]]
    assert completes[0]["confidence"] == 0.9
    assert "confidence" not in completes[1]


def test_quirk_8_a_partial_holds_the_whole_text_so_far() -> None:
    session = started()
    texts = [sent(session.hear(partial(text), 1.0))[0]["text"] for text in ("a", "a b", "a b c")]
    assert texts == ["a", "a b", "a b c"]


def test_quirk_9_texts_have_no_blanks_around_them() -> None:
    session = started()
    assert sent(session.hear(partial("  hello  there "), 1.0))[0]["text"] == "hello there"
    assert sent(session.hear(final(" hello  there\n"), 1.0))[0]["text"] == "hello there"


def test_quirk_10_an_eof_with_nothing_pending_is_answered_and_closed() -> None:
    session = started()
    assert session.receive_text('{"eof": "1"}', 0.1) == [Flush()]
    effects = session.flushed(0.2)
    assert sent(effects)[0]["eos"] is True
    assert effects[-1] == Close(1000)


def test_quirk_12_zero_filled_keep_alive_audio_is_audio() -> None:
    session = started()
    assert session.receive_bytes(b"\0" * 24_000, 1.0) == [Feed(b"\0" * 24_000)]


@pytest.mark.parametrize("rate", [44_100, 48_000])
def test_quirk_12_the_rates_of_sound_cards_are_taken(rate: int) -> None:
    assert isinstance(fresh().receive_text(config(sample_rate=rate), 0.0)[0], Open)
