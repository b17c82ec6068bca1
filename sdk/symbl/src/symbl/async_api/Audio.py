"""`Audio` under its path in Symbl's package."""

from symbl._processing import Audio
from symbl.utils.Helper import correct_boolean_values

__all__ = ["Audio", "correct_boolean_values"]
