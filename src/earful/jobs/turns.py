"""Turns at the processor: long work is cut into slices, so that short work beside it is done soon."""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

__all__ = ["Stopped", "Turn", "Turns"]

T = TypeVar("T")

_SLICE_S = 0.5
_THREADS = 32


class Stopped(Exception):
    """The work was cancelled while a thread was at it."""


class Turn:
    """One piece of work's place in the round."""

    def __init__(self, turns: "Turns") -> None:
        self._turns = turns
        self.stopped = False
        self.until = 0.0
        self.held = False

    def go_on(self) -> None:
        """Say between two steps that the work goes on: others go first where its slice is over.

        Raises `Stopped` when the work was cancelled.
        """
        if self.stopped:
            raise Stopped
        self._turns.pass_on(self)


class Turns:
    """Lets `at_once` pieces of work go on at a time, one slice each, in the order in which they wait.

    Work runs in threads of its own: what waits for its turn keeps nobody else's thread.
    """

    def __init__(self, at_once: int, *, slice_s: float = _SLICE_S) -> None:
        self._free = at_once
        self._slice_s = slice_s
        self._waiting: deque[Turn] = deque()
        self._changed = threading.Condition()
        self._threads = ThreadPoolExecutor(_THREADS, "job")

    async def run(self, work: Callable[[Turn], T]) -> T:
        """Do the work in a thread; when the task is cancelled, tell the thread and wait for it to stop."""
        turn = Turn(self)
        running = asyncio.get_running_loop().run_in_executor(self._threads, self._work, turn, work)
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            with self._changed:
                turn.stopped = True
                self._changed.notify_all()
            await asyncio.gather(running, return_exceptions=True)
            raise

    def close(self) -> None:
        """Let the threads end once their work has."""
        self._threads.shutdown(wait=False)

    def pass_on(self, turn: Turn) -> None:
        """Let those who wait go first, if the slice of this one is over."""
        if self._waiting and time.monotonic() >= turn.until:
            self._give_back(turn)
            self._take(turn)

    def _work(self, turn: Turn, work: Callable[[Turn], T]) -> T:
        try:
            self._take(turn)
            return work(turn)
        finally:
            self._give_back(turn)

    def _take(self, turn: Turn) -> None:
        with self._changed:
            self._waiting.append(turn)
            self._changed.wait_for(lambda: turn.stopped or (self._free and self._waiting[0] is turn))
            self._waiting.remove(turn)
            # The next in line may have been waiting for no more than this one to step out of its way.
            self._changed.notify_all()
            if turn.stopped:
                raise Stopped
            self._free -= 1
            turn.held = True
            turn.until = time.monotonic() + self._slice_s

    def _give_back(self, turn: Turn) -> None:
        with self._changed:
            if turn.held:
                turn.held = False
                self._free += 1
                self._changed.notify_all()
