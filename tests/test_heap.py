"""What a server loaded is left alone by the garbage collector; what its work leaves behind is not."""

import subprocess
import sys

_PROGRAM = """
import gc, weakref
from earful.heap import hold, settle

class Thing: pass

hold()
lasting = [[] for _ in range(50_000)]
assert not gc.isenabled()
settle()
assert gc.isenabled()
assert gc.get_freeze_count() > 50_000
assert sum(gc.get_count()) < 2_000 and len(gc.get_objects()) < 2_000
circle = Thing()
circle.itself = circle
gone = weakref.ref(circle)
del circle
kept = [[] for _ in range(100_000)]
assert gone() is None
"""


def test_a_settled_heap_is_not_walked_again_and_new_circles_are_still_collected() -> None:
    subprocess.run([sys.executable, "-c", _PROGRAM], check=True, timeout=60)
