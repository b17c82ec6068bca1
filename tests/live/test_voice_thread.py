"""The thread that listens to voices: urgent work first, and what is no longer wanted is not done."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from earful.live import voice_thread
from earful.live.voice_thread import VoiceThread


@pytest.fixture
def thread() -> Iterator[VoiceThread]:
    thread = VoiceThread()
    yield thread
    thread.close()


def held(thread: VoiceThread) -> Callable[[], None]:
    """Keep the thread at work until what is returned is called."""
    begun, let_go = threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        assert let_go.wait(30)

    thread.submit(work, urgent=True)
    assert begun.wait(30)
    return let_go.set


def test_urgent_work_comes_before_what_came_earlier(thread: VoiceThread) -> None:
    """In order otherwise; what was cancelled is left out, and what fails fails alone."""
    let_go, done = held(thread), list[str]()
    futures = {
        name: thread.submit(lambda name=name: done.append(name), urgent=name in "cd") for name in "abcde"
    }
    assert futures["b"].cancel()
    broken = thread.submit(lambda: 1 // 0, urgent=False)
    last = thread.submit(lambda: "told", urgent=False)
    let_go()
    assert last.result(30) == "told"
    assert done == ["c", "d", "a", "e"]
    with pytest.raises(ZeroDivisionError):
        broken.result(0)


def test_there_is_less_work_while_it_waits_too_long(
    thread: VoiceThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(voice_thread, "_LATE_S", 0.0)
    assert not thread.is_pressed
    let_go = held(thread)
    waiting = thread.submit(lambda: None, urgent=False)
    assert thread.is_pressed
    let_go()
    waiting.result(30)


def test_what_is_not_begun_at_the_end_is_cancelled(thread: VoiceThread) -> None:
    let_go = held(thread)
    waiting = thread.submit(lambda: None, urgent=False)
    thread.close()
    let_go()
    assert waiting.cancelled()
    with pytest.raises(RuntimeError, match="no longer"):
        thread.submit(lambda: None, urgent=True)


def test_where_recognition_is_busy_there_is_less_work() -> None:
    """Before anything has waited: finals come first."""
    busy = 0.5
    thread = VoiceThread(lambda: busy)
    assert not thread.is_pressed
    busy = 0.95
    assert thread.is_pressed
