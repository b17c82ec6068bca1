"""`symbl.Connection` as a module name of Symbl's package."""

from symbl._telephony import Connection

__all__ = ["Connection"]
