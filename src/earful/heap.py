"""Keeps Python's garbage collector from stopping a server, and what loading freed from staying with it.

A pass over all that a server loads takes a tenth of a second, in which the event loop stands still. So there
is none while it starts, and then what is there is left out of all later ones: they see what came since.
"""

import contextlib
import ctypes
import gc

__all__ = ["hold", "settle"]


def hold() -> None:
    """Collect nothing for now: a start makes objects that stay."""
    gc.disable()


def settle() -> None:
    """Take what there is for lasting, and collect what becomes garbage from now on."""
    gc.freeze()
    # A full pass comes when there is a quarter more than the last one left: that is to be next to nothing.
    gc.collect()
    gc.enable()
    # What loading needed for a moment goes back to the system, where the C library can do that (glibc).
    with contextlib.suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
