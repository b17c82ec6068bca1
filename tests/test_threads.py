"""How threads that compute behave towards the others of the process."""

import os
import sys
import threading

import pytest

from earful.threads import give_way


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has priorities for one thread")
@pytest.mark.parametrize("by", [5, 10])
def test_a_thread_gives_way_by_itself_and_the_others_stay(by: int) -> None:
    found: list[int] = []

    def run() -> None:
        give_way(by)
        found.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert found == [min(19, before + by)]
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == before
