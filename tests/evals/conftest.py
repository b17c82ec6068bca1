"""The speech fixture of the audio tests, here too."""

from tests.audio.conftest import speech

__all__ = ["speech"]
