"""`Text` under its path in Symbl's package."""

from symbl._processing import Text

__all__ = ["Text"]
