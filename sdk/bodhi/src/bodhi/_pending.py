"""Audio that the server has not answered for good yet, kept in case the connection is lost."""

from __future__ import annotations

from collections import deque

__all__ = ["PendingAudio"]


class PendingAudio:
    """The end of a session's audio, at most `capacity` bytes. Positions are bytes since the session began.

    What falls out at the front because the window is full matters only if the connection is lost before the
    server answers it; pieces that were never sent and fall out are counted in `lost`.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._sent: deque[bytes] = deque()
        self._unsent: deque[bytes] = deque()
        self.start = 0
        self.end = 0
        self.lost = 0

    def append(self, data: bytes) -> None:
        """Keep one more piece, to be sent."""
        self._unsent.append(data)
        self.end += len(data)
        while self.end - self.start > self._capacity and len(self._sent) + len(self._unsent) > 1:
            self._drop()

    def next(self) -> bytes | None:
        """The next piece to send (it counts as sent from now on), None when there is none."""
        if not self._unsent:
            return None
        piece = self._unsent.popleft()
        self._sent.append(piece)
        return piece

    def forget(self, position: int) -> None:
        """Drop the sent pieces that end before a position: they have been answered."""
        while self._sent and self.start + len(self._sent[0]) <= position:
            self._drop()

    def rewind(self, frame: int = 1) -> int:
        """Everything kept is to be sent again; return the position where it begins.

        It begins with a whole frame (of so many bytes), wherever the pieces were cut.
        """
        self._sent.extend(self._unsent)
        self._unsent, self._sent = self._sent, deque()
        while self._unsent and self.start % frame:
            first = self._unsent.popleft()
            rest = first[-self.start % frame :]
            self.start += len(first) - len(rest)
            if rest:
                self._unsent.appendleft(rest)
        return self.start

    def _drop(self) -> None:
        if self._sent:
            size = len(self._sent.popleft())
        else:
            size = len(self._unsent.popleft())
            self.lost += size
        self.start += size
