"""`Thread` under its path in Symbl's package: starts threads and waits for them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from symbl import _threads

__all__ = ["Thread"]


class Thread:
    """The threads of this package, reached through `Thread.getInstance()`."""

    _instance: Thread | None = None
    threads: list[threading.Thread] = _threads._running

    @staticmethod
    def getInstance() -> Thread:
        """The one object of this class."""
        Thread._instance = Thread._instance or Thread()
        return Thread._instance

    def start_on_thread(self, target: Callable[..., Any], *args: Any) -> None:
        """Run a function on a thread that keeps the program alive."""
        _threads.start_thread(lambda: target(*args), getattr(target, "__name__", "symbl"))

    def stop_all_threads(self) -> None:
        """Wait for all threads to end."""
        _threads.join_all()
