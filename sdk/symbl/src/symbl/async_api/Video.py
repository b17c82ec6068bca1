"""`Video` under its path in Symbl's package."""

from symbl._processing import Video
from symbl.utils.Helper import correct_boolean_values

__all__ = ["Video", "correct_boolean_values"]
