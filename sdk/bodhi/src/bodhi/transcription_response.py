"""Responses under the vendor package's module name."""

from bodhi._responses import (
    SegmentMeta,
    TranscriptionResponse,
    Word,
)

__all__ = [
    "SegmentMeta",
    "TranscriptionResponse",
    "Word",
]
