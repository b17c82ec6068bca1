"""A small process that has the calls of this one hang up when this one dies, whatever kills it.

The kernel could tell each call's process itself (`PR_SET_PDEATHSIG`), but does so once for each thread of
the parent that dies. Baresip sets its handler anew with each signal, and a second one that comes before that
ends it without a BYE. This process tells each of them once.
"""

import subprocess
from pathlib import Path

__all__ = ["Guard", "note"]

_PID = "pid"

# Its input ends when the last of us is gone. Numbers of processes are used again: where one works says
# whether it is still ours.
_SCRIPT = f"""
while read -r _; do :; done
for file in "$1"/*/{_PID}; do
  [ -e "$file" ] && read -r pid <"$file" && [ "/proc/$pid/cwd" -ef "${{file%/*}}" ] && kill -TERM "$pid"
done
rm -rf -- "$1"
"""


class Guard:
    """Watches over the calls whose folders are in one folder, and removes it when we are gone."""

    def __init__(self, folder: Path) -> None:
        self._process = subprocess.Popen(  # noqa: S603 (a script of ours, and a folder that we made)
            ["sh", "-c", _SCRIPT, "earful-calls", str(folder)],  # noqa: S607
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
        )

    @property
    def alive(self) -> bool:
        """Whether it still watches."""
        return self._process.poll() is None

    def close(self) -> None:
        """Let it go, with what is still in the folder. It is gone when this returns."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def note(folder: Path, pid: int) -> None:
    """Put the process `pid`, which works in this call's folder, under guard."""
    (folder / _PID).write_text(f"{pid}\n")
