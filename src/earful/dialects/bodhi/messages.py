"""What the server says to Bodhi clients: hypotheses as the JSON objects they expect. No I/O.

Every object has `call_id`, `segment_id`, `eos`, `type`, `text` and `segment_meta`, and never a key
`error`: the published client ends its session on anything else.
"""

from dataclasses import replace
from typing import Any

from earful.conversation.types import Word
from earful.speech.types import Hypothesis

__all__ = ["complete", "end_of_stream", "partial", "silence"]

_PIECE = "\u2581"
"""What a token that begins a word begins with."""


def partial(call_id: str, segment: int, text: str, heard: Hypothesis) -> dict[str, Any]:
    """Return the message of text that may still change; tokens are the words as they were heard."""
    pieces = heard.text.split()
    if len(pieces) == len(heard.words):
        # The last word may have been shown without the full stop that it would end with.
        words = tuple(replace(word, text=piece) for word, piece in zip(heard.words, pieces, strict=True))
    else:
        words = _spread(heard.text, heard.start, heard.end)
    return _message(call_id, segment, "partial", text, _meta(words, heard.start, 0.0))


def complete(call_id: str, segment: int, text: str, heard: Hypothesis, language: str) -> dict[str, Any]:
    """Return the message of a settled segment; word times count from the segment's start."""
    words = heard.words or _spread(heard.text, heard.start, heard.end)
    meta = _meta(words, heard.start, heard.confidence)
    meta["words"] = [
        {
            "word": word.text,
            "confidence": round(_first(word.confidence, heard.confidence, 0.0), 3),
            "start_time": _since(word.start, heard.start),
            "end_time": _since(word.end, heard.start),
        }
        for word in heard.words
    ]
    return _message(call_id, segment, "complete", text, meta) | {"language_code": language}


def silence(call_id: str, segment: int, at: float) -> dict[str, Any]:
    """Return the empty partial that says that nobody speaks, `at` seconds into the audio."""
    return _message(call_id, segment, "partial", "", _meta((), at, 0.0))


def end_of_stream(call_id: str, segment: int, at: float) -> dict[str, Any]:
    """Return the last message of a session, `at` seconds into the audio."""
    return _message(call_id, segment, "complete", "", _meta((), at, 0.0)) | {"eos": True}


def _message(call_id: str, segment: int, kind: str, text: str, meta: dict[str, Any]) -> dict[str, Any]:
    return {
        "call_id": call_id,
        "segment_id": segment,
        "eos": False,
        "type": kind,
        "text": text,
        "segment_meta": meta,
    }


def _meta(words: tuple[Word, ...], start: float, confidence: float | None) -> dict[str, Any]:
    meta: dict[str, Any] = {
        "tokens": [_PIECE + word.text for word in words],
        "timestamps": [_since(word.start, start) for word in words],
        "start_time": round(start, 3),
    }
    if confidence is not None:
        meta["confidence"] = round(min(max(confidence, 0.0), 1.0), 3)
    return meta | {"words": []}


def _spread(text: str, start: float, end: float) -> tuple[Word, ...]:
    """Return the words of a text spread evenly, by letters, over its time: for hypotheses without words."""
    pieces = text.split()
    letters = sum(len(piece) for piece in pieces)
    words: list[Word] = []
    before = 0
    for piece in pieces:
        after = before + len(piece)
        span = (end - start) / letters
        words.append(Word(piece, start + before * span, start + after * span))
        before = after
    return tuple(words)


def _since(at: float, start: float) -> float:
    return round(max(0.0, at - start), 3)


def _first(*values: float | None) -> float:
    return next(value for value in values if value is not None)
