"""The microphone as chunks of LINEAR16, through sounddevice or PyAudio, whichever is installed."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from symbl._errors import MicrophoneError

__all__ = ["open_microphone"]

MAX_FRAMES = 4096
CHUNKS_PER_SECOND = 10
INSTALL = (
    'Install the microphone extra with `pip install "earful-symbl[mic]"` and the PortAudio library with '
    "`apt-get install libportaudio2` (Debian, Ubuntu) or `brew install portaudio` (macOS)."
)
CHOOSE = "`python -m sounddevice` lists the devices; pass one as send_audio_from_mic(device=…)."


@contextmanager
def open_microphone(rate: int, device: int | str | None = None) -> Iterator[Callable[[], bytes]]:
    """Open an input device and give a function that blocks for the next chunk, int16 mono at `rate` Hz.

    Raises:
        MicrophoneError: a library or device is missing; the message says what to do.
    """
    frames = min(MAX_FRAMES, max(1, rate // CHUNKS_PER_SECOND))
    sounddevice = _load("sounddevice")
    if sounddevice is None:
        pyaudio = _load("pyaudio")
        if pyaudio is None:
            raise MicrophoneError(f"No library to read the microphone with. {INSTALL}")
        with _pyaudio(pyaudio, rate, frames, device) as read:
            yield read
        return
    with _sounddevice(sounddevice, rate, frames, device) as read:
        yield read


def _load(name: str) -> Any:
    """The module, or `None` when it is not installed."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise MicrophoneError(f"{name} cannot be loaded: {error}. {INSTALL}") from error
        return None
    except (ImportError, OSError) as error:
        raise MicrophoneError(f"{name} cannot be loaded: {error}. {INSTALL}") from error


@contextmanager
def _sounddevice(
    sounddevice: Any, rate: int, frames: int, device: int | str | None
) -> Iterator[Callable[[], bytes]]:
    try:
        stream = sounddevice.RawInputStream(
            samplerate=rate, blocksize=frames, channels=1, dtype="int16", device=device
        )
    except (sounddevice.PortAudioError, ValueError) as error:
        raise MicrophoneError(
            f"The microphone cannot be opened at {rate} Hz: {error}. {CHOOSE} {INSTALL}"
        ) from error

    def read() -> bytes:
        try:
            data, _overflowed = stream.read(frames)
        except sounddevice.PortAudioError as error:
            raise MicrophoneError(f"The microphone stopped: {error}") from error
        return bytes(data)

    with stream:
        yield read


@contextmanager
def _pyaudio(pyaudio: Any, rate: int, frames: int, device: int | str | None) -> Iterator[Callable[[], bytes]]:
    if isinstance(device, str):
        raise MicrophoneError(f"With PyAudio a device is a number, not {device!r}. {INSTALL}")
    audio = pyaudio.PyAudio()
    try:
        try:
            stream = audio.open(
                format=pyaudio.paInt16,
                channels=1,
                rate=rate,
                input=True,
                frames_per_buffer=frames,
                input_device_index=device,
            )
        except (OSError, ValueError) as error:
            raise MicrophoneError(
                f"The microphone cannot be opened at {rate} Hz: {error}. {INSTALL}"
            ) from error
        try:
            yield lambda: bytes(stream.read(frames, exception_on_overflow=False))
        finally:
            stream.close()
    finally:
        audio.terminate()
