"""`wrap_keyboard_interrupt` under its path in Symbl's package."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from symbl._threads import join_all

__all__ = ["wrap_keyboard_interrupt"]

P = ParamSpec("P")
R = TypeVar("R")


def wrap_keyboard_interrupt(function: Callable[P, R]) -> Callable[P, R | None]:
    """On Ctrl-C wait for this package's threads and return `None`."""

    @functools.wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R | None:
        try:
            return function(*args, **kwargs)
        except KeyboardInterrupt:
            logging.getLogger("symbl").info("Closing all connections")
            join_all()
            return None

    return wrapper
