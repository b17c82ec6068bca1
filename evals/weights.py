"""Where the published Whisper weights lie that `scripts/weights.py` fetched."""

from pathlib import Path

__all__ = ["whisper_weights"]


def whisper_weights(name: str) -> Path | None:
    """Return a model's folder ("whisper-tiny.en", "whisper-base"), in CTranslate2's format, if it is here."""
    folder = Path(__file__).resolve().parent.parent / ".weights" / name
    return folder if (folder / "model.bin").exists() else None
