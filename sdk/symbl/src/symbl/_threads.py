"""Threads that keep the program alive until their work is done, and the list of those that run."""

from __future__ import annotations

import threading
from collections.abc import Callable

__all__ = ["join_all", "start_thread"]

_running: list[threading.Thread] = []


def start_thread(target: Callable[[], None], name: str) -> threading.Thread:
    """Start a non-daemon thread."""
    _running[:] = [thread for thread in _running if thread.is_alive()]
    thread = threading.Thread(target=target, name=name, daemon=False)
    _running.append(thread)
    thread.start()
    return thread


def join_all() -> None:
    """Wait for every thread this package has started, except the one that asks."""
    for thread in _running:
        if thread is not threading.current_thread():
            thread.join()
