"""`StreamingConnection` under its path in Symbl's package."""

from symbl._streaming import StreamingConnection

__all__ = ["StreamingConnection"]
