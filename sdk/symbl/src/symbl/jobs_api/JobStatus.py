"""`JobStatus` under its path in Symbl's package."""

from symbl._jobs import JobStatus

__all__ = ["JobStatus"]
