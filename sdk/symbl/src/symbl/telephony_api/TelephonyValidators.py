"""The checks of telephony requests under their path in Symbl's package."""

from symbl._telephony import validateActions, validateEndpoint

__all__ = ["validateActions", "validateEndpoint"]
