from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from earful.conversation.types import Conversation, CustomEntity, Message, Redaction, Tracker
from earful.dialects.symbl.actions import MailAction
from earful.dialects.symbl.protocol import Speaker, StartRequest
from earful.dialects.symbl.streaming import (
    IDLE_TIMEOUT_S,
    CancelTimer,
    Close,
    Effect,
    Leave,
    Mail,
    Retune,
    Send,
    SetTimer,
    Start,
    Stop,
    StreamingSession,
    member,
    session_options,
)
from earful.live.bus import Delivery
from earful.live.events import (
    ConversationCompleted,
    ConversationCreated,
    Event,
    Fault,
    MessagesAdded,
    Transcribed,
)
from earful.speech.types import Hotword, Hypothesis
from tests.live.fakes import STARTED

CONVERSATION = Conversation("17", "app", STARTED)


def told(event: Event) -> Delivery:
    return Delivery(event, 0, CONVERSATION)


def spoken(text: str, *, by: str = "me", is_final: bool = True) -> Delivery:
    return told(Transcribed(by, None, Hypothesis(0, text, 0, 1, is_final)))


def kinds(effects: Sequence[Effect]) -> list[Any]:
    """What is sent, by the name of each frame, and every other effect as it is."""
    found: list[Any] = []
    for effect in effects:
        if isinstance(effect, Send):
            frame = json.loads(effect.text) if effect.text.startswith("{") else effect.text
            if isinstance(frame, dict):
                frame = frame["message"]["type"] if frame["type"] == "message" else frame["type"]
            found.append(frame)
        else:
            found.append(effect)
    return found


def started(source: str | None = None, **fields: Any) -> StreamingSession:
    session = StreamingSession(source=source, base_url="http://host")
    session.opened()
    (_, start) = session.text(json.dumps({"type": "start_request", **fields}))
    assert isinstance(start, Start)
    session.started("17", "me")
    return session


STOP = "{'type': 'stop_request'}"


def test_an_open_socket_may_wait_half_an_hour_before_it_starts() -> None:
    session = StreamingSession()
    assert session.opened() == [SetTimer(IDLE_TIMEOUT_S)]
    assert session.timer_expired() == [Close(1000, "no start_request")]
    assert session.text('{"type":"start_request"}') == []


def test_starting_is_answered_by_three_messages_in_order() -> None:
    session = StreamingSession()
    assert not session.listening
    assert session.text('{"type":"start_request"}') == [CancelTimer(), Start(StartRequest())]
    assert not session.listening
    effects = session.started("17", "me")
    assert kinds(effects) == ["conversation_created", "started_listening", "recognition_started"]
    assert session.listening


def test_events_before_the_start_messages_are_sent_after_them() -> None:
    session = StreamingSession()
    session.text('{"type":"start_request"}')
    assert session.event(told(MessagesAdded((Message("1", "17", "hi", 0, 1),)))) == []
    assert kinds(session.started("17", "me"))[-2:] == ["recognition_started", "message_response"]


def test_results_go_to_the_speakers_own_socket_and_what_they_mean_to_every_socket() -> None:
    session = started()
    assert kinds(session.event(spoken("mine"))) == ["recognition_result"]
    assert session.event(spoken("theirs", by="another")) == []
    assert kinds(session.event(told(MessagesAdded(())))) == ["message_response"]


def test_only_interim_results_may_be_dropped_for_a_slow_client() -> None:
    session = started()
    (partial,) = session.event(spoken("so", is_final=False))
    (final,) = session.event(spoken("so"))
    assert isinstance(partial, Send)
    assert isinstance(final, Send)
    assert (partial.droppable, final.droppable) == (True, False)


def test_a_client_who_wants_no_interim_results_gets_none() -> None:
    session = started(config={"speechRecognition": {"interimResults": False}})
    assert session.event(spoken("so", is_final=False)) == []
    assert kinds(session.event(spoken("so"))) == ["recognition_result"]


def test_a_conversation_that_was_created_is_told_only_once() -> None:
    assert started().event(told(ConversationCreated("17"))) == []


@pytest.mark.parametrize(
    ("source", "order"),
    [
        (None, ["recognition_stopped", "conversation_completed"]),
        ("python_sdk", ["recognition_stopped", "conversation_completed"]),
        ("web_sdk", ["recognition_stopped", "conversation_completed"]),
        ("js_sdk", ["conversation_completed", "recognition_stopped"]),
    ],
)
def test_a_stop_ends_with_both_messages_in_the_order_the_client_needs(
    source: str | None, order: list[str]
) -> None:
    session = started(source)
    assert session.text(STOP) == [Leave()]
    assert not session.listening
    assert kinds(session.left()) == [CancelTimer(), *order, Close(1000)]


def test_results_found_while_stopping_are_still_sent() -> None:
    session = started()
    session.text(STOP)
    assert kinds(session.event(spoken("last words"))) == ["recognition_result"]


def test_completion_by_the_last_who_leaves_is_told_once() -> None:
    session = started()
    session.text(STOP)
    ended = session.event(told(ConversationCompleted("17")))
    assert kinds(ended)[1:] == ["recognition_stopped", "conversation_completed", Close(1000)]
    assert session.left() == []


def test_a_conversation_ended_by_the_server_ends_in_the_same_way() -> None:
    ended = started().event(told(ConversationCompleted("17")))
    assert kinds(ended) == [
        CancelTimer(),
        "recognition_stopped",
        "conversation_completed",
        Close(1000),
    ]


def test_a_stop_may_leave_the_socket_open_for_a_while() -> None:
    session = started(disconnectOnStopRequest=False, disconnectOnStopRequestTimeout=600)
    assert session.text(STOP) == [Stop()]
    assert kinds(session.stopped()) == ["recognition_stopped", SetTimer(600)]
    assert session.stopped_by_client
    assert session.timer_expired() == [Leave()]
    assert kinds(session.left()) == [CancelTimer(), "conversation_completed", Close(1000)]


def test_a_stopped_session_may_be_resumed_and_stopped_again() -> None:
    session = started(disconnectOnStopRequest=False)
    session.text(STOP)
    session.stopped()
    again = '{"type":"start_request","disconnectOnStopRequest":true}'
    assert [type(effect) for effect in session.text(again)] == [CancelTimer, Start]
    assert kinds(session.started("17", "me"))[0] == "conversation_created"
    assert session.listening
    assert session.text(STOP) == [Leave()]
    assert kinds(session.left())[1:3] == ["recognition_stopped", "conversation_completed"]


def test_a_second_stop_is_answered_again() -> None:
    session = started(disconnectOnStopRequest=False)
    session.text(STOP)
    session.stopped()
    assert kinds(session.text(STOP)) == ["recognition_stopped"]


def test_a_stop_timeout_of_zero_closes_at_once() -> None:
    session = started(disconnectOnStopRequest=False, disconnectOnStopRequestTimeout=0)
    assert session.text(STOP) == [Leave()]


def test_a_stop_before_any_start_just_closes() -> None:
    session = StreamingSession()
    assert session.text(STOP) == [CancelTimer(), Close(1000)]


def test_a_second_start_while_listening_reconfigures_and_is_answered_like_the_first() -> None:
    session = started()
    effects = session.text('{"type":"start_request","disconnectOnStopRequest":false}')
    assert [type(effect) for effect in effects] == [CancelTimer, Start]
    assert len(session.started("17", "me")) == 3
    assert session.text(STOP) == [Stop()]


def test_a_second_start_that_fails_changes_nothing() -> None:
    session = started()
    session.text('{"type":"start_request","disconnectOnStopRequest":false}')
    assert kinds(session.start_failed("no such encoding")) == ["error"]
    assert session.listening
    assert session.text(STOP) == [Leave()]


def test_a_resumption_that_fails_waits_on() -> None:
    session = started(disconnectOnStopRequest=False, disconnectOnStopRequestTimeout=60)
    session.text(STOP)
    session.stopped()
    session.text('{"type":"start_request"}')
    assert kinds(session.start_failed("full")) == ["error", SetTimer(60)]
    assert not session.listening


@pytest.mark.parametrize(("source", "code"), [(None, 1008), ("python_sdk", 1008), ("js_sdk", 1000)])
def test_a_start_that_cannot_be_is_told_in_both_forms_and_closes(source: str | None, code: int) -> None:
    session = StreamingSession(source=source)
    session.text('{"type":"start_request"}')
    effects = session.start_failed("sampleRateHertz 1 is not supported")
    assert kinds(effects) == [CancelTimer(), "error", "error", Close(code, "Invalid start_request")]
    frames = [json.loads(effect.text) for effect in effects if isinstance(effect, Send)]
    assert frames[0]["message"]["details"] == frames[1]["details"] == "sampleRateHertz 1 is not supported"


def test_a_full_server_closes_with_a_code_that_says_so() -> None:
    session = StreamingSession(source="js_sdk")
    session.text('{"type":"start_request"}')
    assert session.start_failed("full", 1013)[-1] == Close(1013, "Invalid start_request")


def test_a_malformed_start_closes_the_socket_but_not_a_running_session() -> None:
    bad = '{"type":"start_request","config":7}'
    assert kinds(StreamingSession().text(bad))[-1] == Close(1008, "Invalid start_request")
    session = started()
    assert kinds(session.text(bad)) == ["error"]
    assert session.listening


@pytest.mark.parametrize("text", ["nonsense", '{"type":', "[1]", '{"no":"type"}'])
def test_text_that_is_no_message_is_told_and_forgotten(text: str) -> None:
    session = started()
    assert kinds(session.text(text)) == ["error"]
    assert session.listening


def test_unknown_messages_are_ignored() -> None:
    assert started().text('{"type":"user_defined"}') == []


def test_a_ping_is_answered_at_any_time_but_after_the_end() -> None:
    session = StreamingSession()
    assert session.text("__PING__") == [Send("__PONG__")]
    session.text(STOP)
    assert session.text("__PING__") == []


def test_modifying_keeps_the_encoding_and_is_confirmed() -> None:
    session = started(config={"speechRecognition": {"encoding": "MULAW", "sampleRateHertz": 8000}})
    modify = '{"type":"modify_request","speechRecognition":{"sampleRateHertz":16000}}'
    assert session.text(modify) == [Retune("MULAW", 16_000)]
    (confirmed,) = session.retuned("MULAW", 16_000)
    assert isinstance(confirmed, Send)
    assert json.loads(confirmed.text)["message"] == {
        "type": "session_modified",
        "encoding": "MULAW",
        "sampleRateHertz": 16000,
    }
    encoding_only = '{"type":"modify_request","speechRecognition":{"encoding":"LINEAR16"}}'
    assert session.text(encoding_only) == [Retune("LINEAR16", 16_000)]


def test_a_modification_that_cannot_be_leaves_things_as_they_were() -> None:
    session = started()
    session.text('{"type":"modify_request","speechRecognition":{"sampleRateHertz":1}}')
    assert kinds(session.retune_failed("no")) == ["error"]
    assert session.listening


def test_there_is_nothing_to_modify_before_the_start() -> None:
    modify = '{"type":"modify_request","speechRecognition":{"sampleRateHertz":8000}}'
    assert kinds(StreamingSession().text(modify)) == ["error"]


def test_the_same_trouble_with_audio_is_not_told_for_every_frame() -> None:
    session = started()
    assert kinds(session.audio_broken("corrupt", 10.0)) == ["error"]
    assert session.audio_broken("corrupt", 10.02) == []
    assert kinds(session.audio_broken("something else", 10.04)) == ["error"]
    assert kinds(session.audio_broken("something else", 13.0)) == ["error"]


def test_a_frame_too_large_is_told_with_its_size_and_the_limit() -> None:
    (effect,) = started().oversized(10_485_760, 1_048_576)
    assert isinstance(effect, Send)
    details = json.loads(effect.text)["message"]["details"]
    assert "10485760" in details
    assert "1048576" in details


def test_a_fault_is_told_to_the_speaker_concerned() -> None:
    session = started()
    assert kinds(session.event(told(Fault("me", "lost")))) == ["error"]
    assert session.event(told(Fault("another", "lost"))) == []


def test_a_lost_connection_is_no_stop() -> None:
    assert not started().stopped_by_client


def test_nothing_is_said_after_the_end() -> None:
    session = started()
    session.text(STOP)
    session.left()
    assert session.text('{"type":"start_request"}') == []
    assert session.event(spoken("late")) == []
    assert session.audio_broken("late", 0) == []
    assert session.failed("late") == []
    assert session.timer_expired() == []


def test_a_start_request_becomes_options_of_the_core() -> None:
    request = StartRequest(
        insight_kinds=frozenset({"question"}),
        custom_vocabulary=("Kestrel",),
        trackers=(Tracker("t", ("x",)),),
        meeting_title="Weekly",
        confidence_threshold=0.7,
        language="en-GB",
        timezone_offset_min=60,
        sentiment=True,
        detect_entities=True,
        redaction=Redaction(redact=True),
        no_connection_timeout=9,
    )
    options = session_options(request, endpoint_silence=0.7)
    assert options.speech.language == "en-GB"
    assert options.speech.endpoint_silence == 0.7
    assert options.speech.hotwords == (Hotword("Kestrel"),)
    assert options.told_kinds == {"question"}
    assert options.insights.kinds == {"question", "action_item", "follow_up"}
    assert options.insights.confidence_threshold == 0.7
    assert options.insights.trackers == request.trackers
    assert options.insights.sentiment
    assert options.insights.entities
    assert options.insights.redaction.redact
    assert (options.name, options.timezone_offset_min, options.no_connection_timeout) == ("Weekly", 60, 9)


def test_voices_are_told_apart_by_exact_word_times() -> None:
    options = session_options(StartRequest(diarize=True, speakers=2), endpoint_silence=0.5)
    assert (options.diarize, options.speakers, options.speech.align) == (True, 2, True)
    assert not session_options(StartRequest(), endpoint_silence=0.5).diarize


def test_partials_are_recognised_when_trackers_need_them_even_if_nobody_sees_them() -> None:
    quiet = StartRequest(interim_results=False)
    assert not session_options(quiet, endpoint_silence=0.5).speech.partials
    tracking = StartRequest(interim_results=False, interim_trackers=True)
    assert session_options(tracking, endpoint_silence=0.5).speech.partials


def test_a_speaker_becomes_a_member() -> None:
    found = member(Speaker("u", "Rosa", "r@e.n"))
    assert found is not None
    assert (found.user_id, found.name, found.email) == ("u", "Rosa", "r@e.n")
    assert member(None) is None


def test_stored_trackers_and_entities_join_the_inline_ones() -> None:
    """Stored trackers count when all are asked for or when they are named by id."""
    stored = [Tracker("Late", ("was late",), "7"), Tracker("Price", ("too dear",), "8")]
    inline = Tracker("Mine", ("my phrase",))
    entity = CustomEntity("Bike", "cargo bike", "cb")

    def tracked(request: StartRequest) -> list[str]:
        options = session_options(
            request, endpoint_silence=0.5, stored_trackers=stored, custom_entities=[entity]
        )
        assert options.insights.custom_entities == (entity,)
        return [tracker.name for tracker in options.insights.trackers]

    assert tracked(StartRequest(trackers=(inline,))) == ["Mine"]
    assert tracked(StartRequest(trackers=(inline, Tracker("", (), "8")))) == ["Mine", "Price"]
    assert tracked(StartRequest(trackers=(inline,), enable_all_trackers=True)) == ["Mine", "Late", "Price"]
    assert not StartRequest(trackers=(inline,)).stored_trackers
    assert StartRequest(trackers=(Tracker("", (), "8"),)).stored_trackers


MAIL = {"invokeOn": "stop", "name": "sendSummaryEmail", "parameters": {"emails": ["rosa@example.net"]}}


def test_mails_are_asked_for_at_the_start_and_at_the_stop() -> None:
    session = StreamingSession()
    session.opened()
    session.text(json.dumps({"type": "start_request", "actions": [MAIL]}))
    effects = session.started("17", "me")
    assert [one for one in effects if isinstance(one, Mail)] == [
        Mail(MailAction("stop", ("rosa@example.net",)))
    ]
    stop = {"type": "stop_request", "actions": [{**MAIL, "parameters": {"emails": ["omar@example.net"]}}]}
    assert session.text(json.dumps(stop)) == [Mail(MailAction("stop", ("omar@example.net",))), Leave()]


def test_a_speaker_known_by_an_address_is_mailed_without_being_asked_for() -> None:
    session = StreamingSession()
    session.text(json.dumps({"type": "start_request", "speaker": {"userId": "rosa@example.net"}}))
    effects = session.started("17", "me")
    assert Mail(MailAction("stop", ("rosa@example.net",)), asked=False) in effects
    assert not any(isinstance(one, Mail) for one in started_effects(speaker={"userId": "4711"}))


def started_effects(**fields: Any) -> Sequence[Effect]:
    session = StreamingSession()
    session.text(json.dumps({"type": "start_request", **fields}))
    return session.started("17", "me")


def test_a_stop_with_actions_that_make_no_sense_is_a_stop_all_the_same() -> None:
    session = started()
    told, leave = session.text(json.dumps({"type": "stop_request", "actions": ["mail me"]}))
    assert isinstance(told, Send)
    assert "actions[0] must be an object" in told.text
    assert leave == Leave()
