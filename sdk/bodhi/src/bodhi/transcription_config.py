"""The config under the vendor package's module name."""

from bodhi._config import (
    Hotword,
    TranscriptionConfig,
)

__all__ = [
    "Hotword",
    "TranscriptionConfig",
]
