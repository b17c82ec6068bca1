"""Helpers under their path in Symbl's package."""

from symbl.utils.Decorators import wrap_keyboard_interrupt
from symbl.utils.Logger import Log
from symbl.utils.Threads import Thread

__all__ = ["Log", "Thread", "wrap_keyboard_interrupt"]
