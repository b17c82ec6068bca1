"""`TelephonyApi` under its path in Symbl's package."""

from symbl._telephony import TelephonyApi

__all__ = ["TelephonyApi"]
