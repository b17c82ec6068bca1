"""`Job` under its path in Symbl's package."""

from symbl._jobs import Job

__all__ = ["Job"]
