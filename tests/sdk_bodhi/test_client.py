"""The bodhi client against a scripted server."""

import asyncio
import builtins
import json
import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest

import bodhi
from bodhi import (
    EOF_SIGNAL,
    AudioDownloadError,
    AuthenticationError,
    BodhiAPIError,
    BodhiClient,
    ConfigurationError,
    Disconnected,
    EmptyAudioError,
    ForbiddenError,
    Hotword,
    InvalidAudioFormatError,
    InvalidJSONError,
    InvalidURLError,
    LiveTranscriptionEvents,
    PaymentRequiredError,
    StreamingError,
    TranscriptionConfig,
    WebSocketConnectionClosedError,
    WebSocketTimeoutError,
)
from bodhi._errors import error_from_status
from tests.sdk_bodhi.fakes import KEY, ScriptedConnection, answer, client_of, eos, events_of
from tests.support.telephone import write_wav

MODEL = "en-general-v2-8khz"
AUDIO = b"\1\0" * 160


def config(**fields: Any) -> TranscriptionConfig:
    return TranscriptionConfig(MODEL, sample_rate=8000, **fields)


def names(events: list[tuple[str, Any]]) -> list[str]:
    return [name for name, _ in events]


# -- settings -------------------------------------------------------------------------------------


def test_settings_come_from_arguments_then_the_environment_then_defaults(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    customer = str(uuid.uuid4())
    monkeypatch.setenv("BODHI_API_KEY", "ek_env")
    monkeypatch.setenv("BODHI_CUSTOMER_ID", customer)
    client = BodhiClient()
    assert (client.api_key, client.customer_id) == ("ek_env", customer)
    assert client.websocket_url == "ws://127.0.0.1:8000"
    monkeypatch.setenv("BODHI_URL", "https://speech.example:9000/bodhi")
    assert BodhiClient().websocket_url == "wss://speech.example:9000/bodhi"
    assert BodhiClient(uri="ws://other:1").websocket_url == "ws://other:1"
    assert BodhiClient(api_key="ek_given").api_key == "ek_given"


@pytest.mark.parametrize(
    "arguments",
    [{}, {"api_key": KEY, "customer_id": "me"}, {"api_key": KEY, "uri": "ftp://x"}, {"api_key": " "}],
)
def test_settings_that_cannot_be_used_are_refused_at_once(
    arguments: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("BODHI_API_KEY", "BODHI_CUSTOMER_ID", "BODHI_URL"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ConfigurationError) as refused:
        BodhiClient(**arguments)
    assert json.loads(str(refused.value))["code"] == 400


def test_the_bare_names_of_the_samples_are_not_read_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("BODHI_API_KEY", raising=False)
    monkeypatch.setenv("API_KEY", "something else's")
    with pytest.raises(ConfigurationError):
        BodhiClient()


def test_no_secret_is_in_the_repr() -> None:
    assert KEY not in repr(BodhiClient(KEY))


def test_the_config_sends_only_what_was_set() -> None:
    sent = TranscriptionConfig(MODEL).to_dict()
    assert uuid.UUID(sent.pop("transaction_id"))
    assert sent == {"model": MODEL, "sample_rate": 8000, "at_start_lid": False, "transliterate": False}


def test_the_config_keeps_the_vendors_order_of_arguments() -> None:
    words = [Hotword("loan"), Hotword("rate", 2.5)]
    made = TranscriptionConfig(MODEL, "id", True, words, True, True, 16000, 0.6, True, True)
    assert made.to_dict() == {
        "model": MODEL,
        "transaction_id": "id",
        "parse_number": True,
        "hotwords": [{"phrase": "loan"}, {"phrase": "rate", "score": 2.5}],
        "aux": True,
        "exclude_partial": True,
        "sample_rate": 16000,
        "endpoint_silence_duration": 0.6,
        "at_start_lid": True,
        "transliterate": True,
    }


# -- a session ------------------------------------------------------------------------------------


async def test_a_session_sends_config_audio_and_eof_and_returns_the_complete_texts() -> None:
    connection = ScriptedConnection(
        on_audio=[answer("he", kind="partial"), answer("hello"), answer("", 1, "partial")],
        on_eof=[answer("world", 1), eos(2)],
    )
    client = client_of(connection, customer_id="7e7fe9ff-a4df-4720-88b0-f887298a6c26")
    await client.start_connection(config())
    await client.send_audio_stream(AUDIO)
    assert await client.close_connection() == ["hello", "world"]
    assert connection.config["model"] == MODEL
    assert connection.sent[1:] == [AUDIO, EOF_SIGNAL]
    assert connection.closed
    ((uri, headers),) = client.mock.opened  # type: ignore[attr-defined]
    assert uri == "ws://127.0.0.1:8000"
    assert headers == {"x-api-key": KEY, "x-customer-id": "7e7fe9ff-a4df-4720-88b0-f887298a6c26"}


async def test_events_come_in_the_documented_order_and_close_once() -> None:
    connection = ScriptedConnection(
        on_eof=[answer("", 0, "partial"), answer("he", 0, "partial"), answer("hello"), eos()]
    )
    client = client_of(connection)
    events = events_of(client)
    await client.start_connection(config())
    await client.close_connection()
    assert names(events) == [
        "Transcript",
        "SpeechStarted",
        "Transcript",
        "Transcript",
        "UtteranceEnd",
        "Transcript",
        "UtteranceEnd",
        "Close",
    ]


async def test_payloads_serve_both_styles_of_reading_them() -> None:
    client = client_of(ScriptedConnection(on_eof=[answer("hello"), eos()]))
    events = events_of(client)
    await client.start_connection(config())
    await client.close_connection()
    payloads = dict(reversed(events))
    started, ended = payloads["SpeechStarted"], payloads["UtteranceEnd"]
    assert started == started.start_time == 1.0
    assert ended == {"start_time": 1.0, "end_time": 1.5}
    assert (ended.start_time, ended.end_time) == (1.0, 1.5)


async def test_responses_keep_word_times_aux_and_the_raw_message() -> None:
    words = [
        {"word": "hi", "confidence": 0.8, "start_time": 0.1, "end_time": 0.3},
        {"word": "x", "confidence": 1.0},
    ]
    meta = {"tokens": [], "timestamps": [], "start_time": 2, "confidence": 0.7, "words": words}
    message = answer("hi x", segment_meta=meta, aux_info={"request_time": 0.1}, language_code="en")
    client = client_of(ScriptedConnection(on_eof=[message, eos()]))
    seen: list[bodhi.TranscriptionResponse] = []
    client.on("Transcript", seen.append)
    await client.start_connection(config())
    await client.close_connection()
    first = seen[0]
    assert first.is_complete
    assert first.segment_meta.words[0] == bodhi.Word("hi", 0.8, 0.1, 0.3)
    assert first.segment_meta.words[1].end_time is None
    assert first.aux_info == {"request_time": 0.1}
    assert first.language_code == "en"
    assert first.raw == json.loads(message)


async def test_several_listeners_plain_and_async_hear_each_event_until_removed() -> None:
    client = client_of(*(ScriptedConnection(on_eof=[eos()]) for _ in range(3)))
    seen: list[str] = []

    async def slow(response: bodhi.TranscriptionResponse) -> None:
        await asyncio.sleep(0)
        seen.append("slow")

    def quick(response: bodhi.TranscriptionResponse) -> None:
        seen.append("quick")

    client.on(LiveTranscriptionEvents.Transcript, slow)
    client.on(LiveTranscriptionEvents.Transcript, quick)
    client.on(LiveTranscriptionEvents.Transcript, quick)
    for expected in (["slow", "quick"], ["slow", "quick", "quick"], ["slow", "quick", "quick"]):
        await client.start_connection(config())
        await client.close_connection()
        assert seen == expected
        if expected == ["slow", "quick"]:
            client.off(LiveTranscriptionEvents.Transcript, slow)
        else:
            client.off(LiveTranscriptionEvents.Transcript)


def test_what_cannot_listen_is_refused() -> None:
    client = BodhiClient(KEY)
    with pytest.raises(TypeError):
        client.on(LiveTranscriptionEvents.Transcript, None)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="Nothing"):
        client.on("Nothing", print)


async def test_a_listener_that_raises_is_told_to_the_error_listeners_and_the_session_goes_on() -> None:
    client = client_of(ScriptedConnection(on_eof=[answer("hello"), eos()]))
    errors: list[Exception] = []

    def broken(response: bodhi.TranscriptionResponse) -> None:
        raise LookupError("mine")

    client.on("Transcript", broken)
    client.on("Error", errors.append)
    await client.start_connection(config())
    assert await client.close_connection() == ["hello"]
    assert [type(error) for error in errors] == [LookupError, LookupError]


async def test_a_listener_may_close_the_connection() -> None:
    connection = ScriptedConnection(on_audio=[answer("stop")], on_eof=[eos()])
    client = client_of(connection)
    results: list[list[str]] = []

    async def stop(response: bodhi.TranscriptionResponse) -> None:
        if response.text:
            results.append(await client.close_connection())

    client.on("Transcript", stop)
    await client.start_connection(config())
    await client.send_audio_stream(AUDIO)
    assert await client.close_connection() == ["stop"]
    assert results == [["stop"]]


async def test_the_eof_text_may_be_sent_by_hand_once_or_twice() -> None:
    connection = ScriptedConnection(on_eof=[eos()])
    client = client_of(connection)
    await client.start_connection(config())
    await client.send_audio_stream(EOF_SIGNAL)
    await client.send_audio_stream(AUDIO)
    assert await client.close_connection() == []
    assert connection.sent[1:] == [EOF_SIGNAL]


async def test_a_config_without_a_rate_takes_that_of_telephones() -> None:
    connection = ScriptedConnection(on_eof=[eos()])
    client = client_of(connection)
    await client.start_connection(TranscriptionConfig(MODEL))
    await client.close_connection()
    assert connection.config["sample_rate"] == 8000


async def test_a_client_may_have_one_session_after_another() -> None:
    client = client_of(*(ScriptedConnection(on_eof=[answer(text), eos()]) for text in "ab"))
    events = events_of(client)
    for text in "ab":
        await client.start_connection(config())
        assert await client.close_connection() == [text]
    assert names(events).count("SpeechStarted") == 2
    assert names(events).count("Close") == 2


async def test_keep_alives_are_sent_while_there_is_no_audio() -> None:
    connection = ScriptedConnection(on_eof=[eos()])
    client = client_of(connection, keep_alive_interval=0.02)
    await client.start_connection(config())
    async with asyncio.timeout(60):
        while '{"type": "KeepAlive"}' not in connection.sent:
            await asyncio.sleep(0.01)
    await client.close_connection()


async def test_leaving_the_client_gives_up_its_session() -> None:
    connection = ScriptedConnection()
    async with client_of(connection) as client:
        await client.start_connection(config())
    assert connection.closed


# -- errors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "kind", "message"),
    [
        (400, bodhi.ConnectionError, "Bad Request"),
        (401, AuthenticationError, "Authentication Error"),
        (402, PaymentRequiredError, "Insufficient Credits"),
        (403, ForbiddenError, "Forbidden"),
        (503, bodhi.ConnectionError, "Internal Server Error"),
    ],
)
async def test_a_refused_handshake_is_told_and_raised(
    status: int, kind: type[Exception], message: str
) -> None:
    client = client_of(error_from_status(status))
    events = events_of(client)
    with pytest.raises(kind) as refused:
        await client.start_connection(config())
    told = json.loads(str(refused.value))
    assert (told["code"], told["message"]) == (status, message)
    assert events == [("Error", refused.value)]


@pytest.mark.parametrize("given", [None, TranscriptionConfig()])
async def test_a_session_needs_a_config_with_a_model(given: TranscriptionConfig | None) -> None:
    with pytest.raises(ConfigurationError):
        await client_of().start_connection(given)


async def test_an_error_message_of_the_server_is_told_and_raised_with_what_came_before() -> None:
    payload = json.dumps({"error": "bad_request", "message": "no", "code": 400})
    client = client_of(ScriptedConnection(on_audio=[answer("hello"), payload]))
    events = events_of(client)
    await client.start_connection(config())
    await client.send_audio_stream(AUDIO)
    with pytest.raises(BodhiAPIError) as raised:
        await client.close_connection()
    assert str(raised.value) == payload
    assert raised.value.code == 400
    assert raised.value.results == ["hello"]
    assert names(events)[-2:] == ["Error", "Close"]


async def test_sending_after_the_session_ended_with_an_error_raises_that_error() -> None:
    payload = json.dumps({"error": "insufficient_balance", "message": "no", "code": 402})
    client = client_of(ScriptedConnection(on_config=[payload]))
    closed = asyncio.Event()
    client.on("Close", closed.set)
    await client.start_connection(config())
    await closed.wait()
    with pytest.raises(PaymentRequiredError):
        await client.send_audio_stream(AUDIO)


async def test_without_a_session_sending_and_closing_are_errors() -> None:
    client = client_of()
    with pytest.raises(StreamingError):
        await client.send_audio_stream(AUDIO)
    with pytest.raises(bodhi.ConnectionError):
        await client.close_connection()


async def test_text_is_no_audio() -> None:
    client = client_of(ScriptedConnection(on_eof=[eos()]))
    await client.start_connection(config())
    with pytest.raises(StreamingError):
        await client.send_audio_stream("AAAA")
    assert await client.close_connection() == []


async def test_a_second_session_at_a_time_is_refused() -> None:
    client = client_of(ScriptedConnection(on_eof=[eos()]), ScriptedConnection())
    await client.start_connection(config())
    with pytest.raises(bodhi.ConnectionError):
        await client.start_connection(config())
    assert await client.close_connection() == []


@pytest.mark.parametrize("message", ["not json", "[]", '{"hello": 1}', answer("x", segment_meta=None)])
async def test_a_message_that_is_not_the_protocol_ends_the_session(message: str) -> None:
    client = client_of(ScriptedConnection(on_config=[message]))
    await client.start_connection(config())
    with pytest.raises(InvalidJSONError):
        await client.close_connection()


async def test_a_server_that_falls_silent_is_a_timeout() -> None:
    client = client_of(ScriptedConnection(), silence_timeout=0.05)
    await client.start_connection(config())
    with pytest.raises(WebSocketTimeoutError) as raised:
        await client.close_connection()
    assert raised.value.code == 504


async def test_errors_may_be_only_told_as_the_vendors_package_does() -> None:
    client = client_of(raise_errors=False)
    events = events_of(client)
    await client.send_audio_stream(AUDIO)
    assert await client.close_connection() == []
    assert await client.transcribe_local_file("nowhere.wav", config()) == []
    assert await client.transcribe_remote_url("file:///x", config()) == []
    kinds = [type(error) for _, error in events]
    assert kinds == [StreamingError, bodhi.ConnectionError, bodhi.FileNotFoundError, InvalidURLError]


def test_the_errors_that_share_a_name_with_builtins_are_caught_as_those_too() -> None:
    assert issubclass(bodhi.ConnectionError, builtins.ConnectionError)
    assert issubclass(bodhi.FileNotFoundError, builtins.FileNotFoundError)


# -- a lost connection ----------------------------------------------------------------------------


async def test_a_lost_connection_is_made_again_and_unanswered_audio_sent_once_more() -> None:
    first = ScriptedConnection()
    second = ScriptedConnection(on_eof=[answer("world"), eos()])
    client = client_of(first, second, reconnects=1)
    events = events_of(client)
    await client.start_connection(config(transaction_id="5e0c9a34-1f0b-4c3e-8a6e-7b1d2c3f4a55"))
    pieces = [bytes([n, 0]) * 1600 for n in range(20)]
    for piece in pieces:
        await client.send_audio_stream(piece)
    first.say(answer("hello"))  # ends at 1.5 s: seven pieces of 0.2 s
    first.say(Disconnected())
    assert await client.close_connection() == ["hello", "world"]
    assert second.config == first.config
    assert second.audio == b"".join(pieces[7:])
    responses = [payload for name, payload in events if name == "Transcript" and payload.text]
    assert [response.segment_id for response in responses] == [0, 1]
    assert responses[1].segment_meta.start_time == pytest.approx(1.4 + 1.0)
    assert names(events).count("Reconnected") == 1
    assert names(events).count("Close") == 1


async def test_audio_sent_while_there_is_no_connection_is_kept_up_to_the_limit() -> None:
    first = ScriptedConnection()
    second = ScriptedConnection(on_eof=[eos()])
    client = client_of(first, second, reconnects=1, buffer_seconds=0.5)
    await client.start_connection(config())
    first.say(Disconnected())
    async with asyncio.timeout(60):
        while not first.closed:
            await asyncio.sleep(0)
    for n in range(10):
        await client.send_audio_stream(bytes([n, 0]) * 800)
    await client.close_connection()
    assert second.audio == b"".join(bytes([n, 0]) * 800 for n in range(5, 10))


async def test_a_connection_that_cannot_be_made_again_is_an_error_with_what_came_before() -> None:
    unreachable = error_from_status(503)
    client = client_of(ScriptedConnection(), unreachable, unreachable, reconnects=2)
    first_events = events_of(client)
    await client.start_connection(config())
    client._session._connection.say(answer("hello"))  # type: ignore[union-attr]
    client._session._connection.say(Disconnected())  # type: ignore[union-attr]
    with pytest.raises(WebSocketConnectionClosedError) as raised:
        await client.close_connection()
    assert raised.value.results == ["hello"]
    assert names(first_events)[-2:] == ["Error", "Close"]


UNAVAILABLE = '{"error": "service_unavailable", "message": "the server is being stopped", "code": 503}'


async def test_a_server_that_is_restarted_is_found_again() -> None:
    first = ScriptedConnection(on_audio=[answer("hello"), UNAVAILABLE])
    second = ScriptedConnection(on_eof=[answer("world"), eos()])
    client = client_of(first, second, reconnects=1)
    events = events_of(client)
    await client.start_connection(config())
    await client.send_audio_stream(b"\0" * 3200)
    assert await client.close_connection() == ["hello", "world"]
    assert "Error" not in names(events)


async def test_a_server_that_stays_unavailable_is_an_error_in_its_own_words() -> None:
    """Connections that open and end at once are not made again for ever."""
    connections = [ScriptedConnection(on_config=[UNAVAILABLE]) for _ in range(4)]
    client = client_of(*connections, reconnects=3)
    await client.start_connection(config())
    with pytest.raises(BodhiAPIError) as raised:
        await client.close_connection()
    assert raised.value.code == 503


async def test_audio_that_is_sent_again_begins_with_a_whole_sample() -> None:
    first = ScriptedConnection()
    second = ScriptedConnection(on_eof=[eos()])
    client = client_of(first, second, reconnects=1, buffer_seconds=1.0)
    await client.start_connection(config())
    audio = bytes(range(256)) * 125
    for at in range(0, len(audio), 3333):
        await client.send_audio_stream(audio[at : at + 3333])
    first.say(Disconnected())
    await client.close_connection()
    again = second.audio
    assert audio.endswith(again)
    assert (len(audio) - len(again)) % 2 == 0
    assert len(again) > 8_000


async def test_a_refusal_while_reconnecting_is_final() -> None:
    client = client_of(ScriptedConnection(on_config=[Disconnected()]), error_from_status(401), reconnects=3)
    await client.start_connection(config())
    with pytest.raises(AuthenticationError):
        await client.close_connection()


async def test_reconnecting_may_be_turned_off() -> None:
    client = client_of(ScriptedConnection(on_config=[Disconnected()]), reconnects=0)
    await client.start_connection(config())
    with pytest.raises(WebSocketConnectionClosedError):
        await client.close_connection()


# -- files ----------------------------------------------------------------------------------------


async def test_a_local_file_is_sent_whole_at_its_own_rate(tmp_path: Path) -> None:
    pcm = bytes(range(250)) * 40
    connection = ScriptedConnection(on_eof=[answer("hello"), eos()])
    wanted = TranscriptionConfig(MODEL, sample_rate=8000)
    path = write_wav(tmp_path / "call.wav", pcm, 16_000)
    assert await client_of(connection).transcribe_local_file(path, wanted) == ["hello"]
    assert connection.audio == pcm
    assert connection.config["sample_rate"] == wanted.sample_rate == 16_000
    assert max(len(piece) for piece in connection.sent if isinstance(piece, bytes)) == 640


async def test_a_stereo_file_says_that_it_has_two_channels(tmp_path: Path) -> None:
    connection = ScriptedConnection(on_eof=[eos()])
    path = write_wav(tmp_path / "call.wav", AUDIO * 4, 8000, channels=2)
    await client_of(connection).transcribe_local_file(path, config())
    assert connection.config["channels"] == 2


async def test_files_that_cannot_be_sent_are_errors(tmp_path: Path) -> None:
    (tmp_path / "text.wav").write_text("hello")
    write_wav(tmp_path / "empty.wav", b"", 8000)
    for name, kind in (
        ("nowhere.wav", builtins.FileNotFoundError),
        ("text.wav", InvalidAudioFormatError),
        ("empty.wav", EmptyAudioError),
    ):
        with pytest.raises(kind):
            await client_of().transcribe_local_file(tmp_path / name, config())


async def test_an_error_in_the_middle_of_a_file_is_raised(tmp_path: Path) -> None:
    payload = json.dumps({"error": "internal_server_error", "message": "x", "code": 500})
    path = write_wav(tmp_path / "call.wav", AUDIO * 100, 8000)
    with pytest.raises(BodhiAPIError):
        await client_of(ScriptedConnection(on_audio=[payload])).transcribe_local_file(path, config())


def web(status: int, content: bytes = b"") -> httpx.MockTransport:
    return httpx.MockTransport(lambda request: httpx.Response(status, content=content))


async def test_a_remote_file_is_downloaded_and_sent(tmp_path: Path) -> None:
    content = write_wav(tmp_path / "call.wav", AUDIO, 8000).read_bytes()
    connection = ScriptedConnection(on_eof=[answer("hello"), eos()])
    client = client_of(connection, http_transport=web(200, content))
    assert await client.transcribe_remote_url("http://x/loan.wav", config()) == ["hello"]
    assert connection.audio == AUDIO


@pytest.mark.parametrize(
    ("url", "status", "kind"),
    [
        ("ftp://x/a.wav", 200, InvalidURLError),
        ("loan.wav", 200, InvalidURLError),
        ("http://[::1/a.wav", 200, InvalidURLError),
        ("http://x/a.wav", 404, AudioDownloadError),
        ("http://x/a.wav", 200, AudioDownloadError),
    ],
)
async def test_a_remote_file_that_cannot_be_had_is_an_error(
    url: str, status: int, kind: type[Exception]
) -> None:
    with pytest.raises(kind):
        await client_of(http_transport=web(status)).transcribe_remote_url(url, config())


# -- the namespace --------------------------------------------------------------------------------


def test_the_public_names_are_sorted_and_there() -> None:
    assert list(bodhi.__all__) == sorted(
        bodhi.__all__, key=lambda n: (not n.isupper(), n.startswith("__"), n)
    )
    for name in bodhi.__all__:
        assert hasattr(bodhi, name)


def test_the_vendors_module_names_lead_to_the_same_things() -> None:
    from bodhi.events import LiveTranscriptionEvents as Events
    from bodhi.transcription_config import TranscriptionConfig as Config
    from bodhi.transcription_response import TranscriptionResponse as Response
    from bodhi.utils.error_utils import BodhiErrors, make_error_response
    from bodhi.utils.exceptions import AuthenticationError as Refused
    from bodhi.utils.logger import logger

    assert (Events, Config, Response) == (
        LiveTranscriptionEvents,
        TranscriptionConfig,
        bodhi.TranscriptionResponse,
    )
    assert Refused is AuthenticationError
    assert logger.name == "bodhi"
    made = make_error_response("no", BodhiErrors.ClientClosed, extra={"a": 1})
    assert (made["error"], made["code"], made["details"]) == ("bodhi_error", 499, {"a": 1})


def test_the_client_needs_nothing_of_earful() -> None:
    source = Path(bodhi.__file__).parent
    assert not any("earful." in file.read_text() for file in source.rglob("*.py"))
