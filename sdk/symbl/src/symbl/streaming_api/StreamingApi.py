"""`StreamingApi` under its path in Symbl's package."""

from symbl._streaming import StreamingApi

__all__ = ["StreamingApi"]
