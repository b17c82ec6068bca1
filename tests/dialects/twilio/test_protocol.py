"""The rules of a Twilio stream, driven with its messages."""

import json

import numpy as np
import pytest

from earful.audio.decoders import open_stream_decoder
from earful.dialects.twilio.protocol import Begin, End, Hear, Refuse, TwilioSession
from tests.dialects.twilio.frames import CALL, connected, dtmf, frames, mark, media, mulaw, start, stop


def begun() -> TwilioSession:
    session = TwilioSession()
    session.receive(start(apiKey="ek_x"))
    return session


def test_a_call_begins_is_heard_and_ends() -> None:
    session = TwilioSession()
    assert session.receive(connected()) == []
    assert session.receive(start(apiKey="ek_x", name="Support", language="en-IN")) == [
        Begin("ek_x", CALL, {"inbound": "Caller"}, "en-IN", "Support")
    ]
    assert session.receive(media(b"\xff" * 160)) == [Hear("inbound", b"\xff" * 160)]
    assert session.receive(stop()) == [End()]
    assert session.receive(media(b"\xff")) == []


def test_both_sides_of_a_call_have_names() -> None:
    (begin,) = TwilioSession().receive(start(["inbound", "outbound"], outboundName="Priya"))
    assert isinstance(begin, Begin)
    assert begin.tracks == {"inbound": "Caller", "outbound": "Priya"}


def test_a_key_of_the_handshake_serves_when_there_is_no_parameter() -> None:
    (begin,) = TwilioSession(presented="ek_header").receive(start())
    assert isinstance(begin, Begin)
    assert begin.key == "ek_header"


@pytest.mark.parametrize("message", [mark(), dtmf(), '{"event": "something"}', "{}"])
def test_other_events_are_passed_over(message: str) -> None:
    assert begun().receive(message) == []


@pytest.mark.parametrize("text", ["", "hello", "[]", "1", "[" * 50_000])
def test_what_is_no_message_ends_the_stream(text: str) -> None:
    (refusal,) = begun().receive(text)
    assert isinstance(refusal, Refuse)
    assert refusal.code == 1008


def test_audio_before_the_start_is_refused() -> None:
    assert isinstance(TwilioSession().receive(media(b"x"))[0], Refuse)


def test_a_second_start_is_refused() -> None:
    assert isinstance(begun().receive(start())[0], Refuse)


def test_another_audio_format_is_refused() -> None:
    (refusal,) = TwilioSession().receive(start(sampling=16000))
    assert isinstance(refusal, Refuse)
    assert refusal.code == 1003


@pytest.mark.parametrize("body", [None, {}, {"payload": 5}, {"payload": "not base64!"}, {"payload": "abc"}])
def test_damaged_audio_is_counted_and_the_call_goes_on(body: object) -> None:
    session = begun()
    assert session.receive(json.dumps({"event": "media", "media": body})) == []
    assert session.damaged == 1
    assert session.receive(media(b"\xff")) == [Hear("inbound", b"\xff")]


def test_a_track_that_was_not_announced_is_ignored() -> None:
    assert begun().receive(media(b"\xff", track="outbound")) == []


def test_the_frames_of_these_tests_are_what_the_decoder_takes_them_for() -> None:
    """The coder of the tests and the decoder of the server agree to within a µ-law step."""
    pcm = (np.sin(np.arange(1600) * 0.05) * 20_000).astype("<i2")
    decoder = open_stream_decoder("MULAW", 8000)
    decoded = np.concatenate([decoder.feed(mulaw(pcm.tobytes())), decoder.flush()])
    straight = open_stream_decoder("LINEAR16", 8000)
    expected = np.concatenate([straight.feed(pcm.tobytes()), straight.flush()])
    assert np.abs(decoded - expected).max() < 0.03
    assert len(frames(pcm.tobytes())) == 10
