"""Names for server processes, by which others know whether one that held something is no more."""

import os
import socket

__all__ = ["is_gone", "this_process"]


def this_process() -> str:
    """Return the name of this process: its machine's and its number."""
    return f"{socket.gethostname()[:32]}/{os.getpid()}"


def is_gone(process: str) -> bool:
    """Return whether a process of this machine has ended; when in doubt it has not.

    A mistake (two machines of one name) must cost no more than work done twice.
    """
    host, _, number = process.rpartition("/")
    if host != socket.gethostname()[:32] or not number.isdecimal() or int(number) == os.getpid():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False
