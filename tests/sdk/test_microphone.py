"""The microphone, played by modules that only look like sounddevice and PyAudio."""

from __future__ import annotations

import sys
import threading
from types import SimpleNamespace
from typing import Any

import pytest

import symbl
from tests.sdk.conftest import CREDENTIALS
from tests.support.microphone import FakeSounddevice

CONFIG = {"speechRecognition": {"sampleRateHertz": 16000}}


def without(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    for name in names:
        monkeypatch.setitem(sys.modules, name, None)  # type: ignore[arg-type]


def play(monkeypatch: pytest.MonkeyPatch, pcm: bytes) -> FakeSounddevice:
    fake = FakeSounddevice(pcm, 16000)
    monkeypatch.setitem(sys.modules, "sounddevice", fake)
    return fake


def test_microphone_is_sent_until_ctrl_c(
    service: symbl.MockTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every sample arrives, in tenths of a second, then the stream is stopped and the script goes on."""
    pcm = bytes(range(256)) * 50
    fake = play(monkeypatch, pcm)
    connection = symbl.Streaming.start_connection(config=CONFIG)
    assert connection.send_audio_from_mic(device=3) is None
    assert service.streams[0].audio.rstrip(b"\0") == pcm.rstrip(b"\0")
    assert service.streams[0].messages[-1] == {"type": "stop_request"}
    assert fake.opened == {
        "samplerate": 16000,
        "blocksize": 1600,
        "channels": 1,
        "dtype": "int16",
        "device": 3,
    }
    assert not fake.running


def test_chunks_never_exceed_the_documented_size(
    service: symbl.MockTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At 44.1 kHz a chunk is 4 096 samples, 8 192 bytes."""
    fake = play(monkeypatch, bytes(20_000))
    symbl.Streaming.start_connection().send_audio_from_mic()
    assert fake.opened["blocksize"] == 4096


def test_server_ending_the_stream_ends_the_microphone(
    service: symbl.MockTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After its end message that is no error."""
    fake = play(monkeypatch, bytes(16_000 * 60))
    done = {"type": "message", "message": {"type": "conversation_completed", "conversationId": "1"}}
    service.frames = [done]
    connection = symbl.Streaming.start_connection(config=CONFIG)
    threading.Timer(0.05, service.streams[0].close).start()
    fake.speed = 20
    connection.send_audio_from_mic()
    assert not fake.running


def test_lost_line_ends_the_microphone_with_an_error(
    service: symbl.MockTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the device is given back."""
    fake = play(monkeypatch, bytes(16_000 * 60))
    connection = symbl.Streaming.start_connection(config=CONFIG)
    service.streams[0].close(1006)
    with pytest.raises(symbl.ConnectionLost):
        connection.send_audio_from_mic()
    assert not fake.running


def test_missing_libraries_name_the_fix(
    service: symbl.MockTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What to install, in the error."""
    without(monkeypatch, "sounddevice", "pyaudio")
    with (
        symbl.Streaming.start_connection() as connection,
        pytest.raises(symbl.MicrophoneError, match=r"earful-symbl\[mic\]"),
    ):
        connection.send_audio_from_mic()


def test_missing_portaudio_names_the_fix(
    service: symbl.MockTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """sounddevice raises OSError on import when the system library is missing."""

    def load(name: str) -> Any:
        raise OSError("PortAudio library not found")

    monkeypatch.setattr("symbl._microphone.importlib", SimpleNamespace(import_module=load))
    with symbl.Streaming.start_connection() as connection, pytest.raises(symbl.MicrophoneError) as caught:
        connection.send_audio_from_mic()
    assert "PortAudio library not found" in str(caught.value)
    assert "apt-get install libportaudio2" in str(caught.value)
    assert "brew install portaudio" in str(caught.value)


def test_device_that_cannot_be_opened_names_the_choices(
    service: symbl.MockTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PortAudio's own words and how to list the devices."""
    fake = play(monkeypatch, b"")
    fake.refusal = "Invalid sample rate [PaErrorCode -9997]"
    with symbl.Streaming.start_connection() as connection, pytest.raises(symbl.MicrophoneError) as caught:
        connection.send_audio_from_mic(device=99)
    assert "PaErrorCode -9997" in str(caught.value)
    assert "python -m sounddevice" in str(caught.value)


def test_pyaudio_is_used_when_sounddevice_is_missing(
    service: symbl.MockTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The library of the vendor's newer releases works, device and all."""
    without(monkeypatch, "sounddevice")
    chunks = iter([b"ab", b"cd"])
    opened: dict[str, Any] = {}
    closed: list[str] = []

    def read(frames: int, exception_on_overflow: bool) -> bytes:
        try:
            return next(chunks)
        except StopIteration:
            raise KeyboardInterrupt from None

    def open_(**options: Any) -> Any:
        opened.update(options)
        return SimpleNamespace(read=read, close=lambda: closed.append("stream"))

    audio = SimpleNamespace(open=open_, terminate=lambda: closed.append("audio"))
    module = SimpleNamespace(PyAudio=lambda: audio, paInt16=8)
    monkeypatch.setitem(sys.modules, "pyaudio", module)  # type: ignore[arg-type]
    symbl.Streaming.start_connection(config=CONFIG).send_audio_from_mic(device=2)
    assert service.streams[0].audio == b"abcd"
    assert (opened["input_device_index"], opened["rate"]) == (2, 16000)
    assert closed == ["stream", "audio"]
    with (
        symbl.Streaming.start_connection() as connection,
        pytest.raises(symbl.MicrophoneError, match="a number"),
    ):
        connection.send_audio_from_mic(device="USB")


async def test_microphone_in_asyncio(service: symbl.MockTransport, monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends when the stream is stopped from elsewhere."""
    fake = play(monkeypatch, bytes(range(256)) * 100_000)
    async with symbl.AsyncClient(transport=service, credentials=CREDENTIALS) as client:
        service.frames = [{"type": "message_response"}]
        connection = await client.streaming.start_connection(config=CONFIG)

        async def stop(frame: Any) -> None:
            await connection.stop()

        connection.subscribe({"message_response": stop})
        await connection.send_audio_from_mic()
        await connection.stop()
    assert not fake.running
