"""The one thread that listens to the voices of all streams: what a final waits for comes first."""

import heapq
import itertools
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from earful.threads import give_way

__all__ = ["VoiceThread"]

Result = TypeVar("Result")

_LATE_S = 0.25
_FULL = 0.9
"""Share of recognition's time in use from which finals would wait for voices."""


class VoiceThread:
    """Does work in turn, urgent work first; started with the first of it. It yields to the rest of the
    process, as recognition does. `busy` tells how busy that is, 0..1."""

    def __init__(self, busy: Callable[[], float] = lambda: 0.0) -> None:
        self._busy = busy
        self._waiting: list[tuple[bool, int, float, Future[Any], Callable[[], Any]]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._delay = 0.0

    @property
    def is_pressed(self) -> bool:
        """Whether there should be less work: it has lately waited long, or recognition needs the time."""
        if self._busy() > _FULL:
            return True
        with self._changed:
            oldest = min((since for _, _, since, *_ in self._waiting), default=None)
        waits = 0.0 if oldest is None else time.monotonic() - oldest
        return max(waits, self._delay) > _LATE_S

    def submit(self, work: Callable[[], Result], *, urgent: bool) -> "Future[Result]":
        """Have `work` done; until it is begun, the future can be cancelled.

        Raises `RuntimeError` when closed.
        """
        future: Future[Result] = Future()
        with self._changed:
            if self._closed:
                raise RuntimeError("the voices are no longer listened to")
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="voices", daemon=True)
                self._thread.start()
            heapq.heappush(self._waiting, (not urgent, next(self._numbers), time.monotonic(), future, work))
            self._changed.notify()
        return future

    def close(self) -> None:
        """Cancel what is not yet begun, and do no more. Idempotent."""
        with self._changed:
            self._closed = True
            waiting, self._waiting = self._waiting, []
            self._changed.notify()
        for *_, future, _ in waiting:
            future.cancel()

    def _run(self) -> None:
        give_way()
        while True:
            with self._changed:
                while not self._waiting and not self._closed:
                    self._changed.wait()
                if self._closed:
                    return
                _, _, since, future, work = heapq.heappop(self._waiting)
                self._delay += (time.monotonic() - since - self._delay) / 8
            if not future.set_running_or_notify_cancel():
                continue
            try:
                result = work()
            except BaseException as error:
                future.set_exception(error)
            else:
                future.set_result(result)
