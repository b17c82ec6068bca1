"""How threads that compute behave towards the others of the process."""

import contextlib
import os
import threading

__all__ = ["give_way"]

_YIELDS = 5


def give_way(by: int = _YIELDS) -> None:
    """Let the calling thread yield to the others of the process, which carry what comes and goes.

    It does so the more the higher `by` is, where the system can do that for one thread (Linux).
    """
    if hasattr(os, "setpriority"):
        thread = threading.get_native_id()
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + by)
