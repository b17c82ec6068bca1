"""Identifiers in the forms that existing clients expect.

Conversations, messages, topics, insights and trackers carry a 16-digit decimal string; members,
jobs and customers a UUID. The decimal identifiers are random, not sequential, so that knowing one
says nothing of another.
"""

import secrets
import uuid

__all__ = ["new_numeric_id", "new_uuid"]

_LOWEST = 10**15
_SPAN = 9 * 10**15 - _LOWEST


def new_numeric_id() -> str:
    """Return a random 16-digit decimal string, below 2**53 so that JavaScript keeps it exact."""
    return str(_LOWEST + secrets.randbelow(_SPAN))


def new_uuid() -> str:
    """Return a random UUID in its canonical text form."""
    return str(uuid.uuid4())
