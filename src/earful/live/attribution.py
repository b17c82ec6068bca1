"""Whose words they are, where several people speak into one stream: hypotheses pass here in order.

A final waits until its voices are told apart, in a thread; a partial goes on at once with who seems to speak,
unless a final from before it is still waiting.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from typing import TypeVar

import structlog

from earful.conversation.types import Member
from earful.speech.following import VoiceFollower
from earful.speech.types import Hypothesis, Samples

__all__ = ["Attribution"]

log = structlog.get_logger(__name__)

Result = TypeVar("Result")

Placed = tuple[Hypothesis, float]
"""A hypothesis and what to add to its times to have them in the conversation, in seconds."""


class Attribution:
    """The voices of one stream and the members they are.

    `meet` makes a new member for a voice that is heard for the first time; `tell` is given each hypothesis,
    or the parts of it, with the offset and the member, None where no voice was heard well enough.
    """

    def __init__(
        self,
        follower: VoiceFollower,
        executor: Executor,
        meet: Callable[[], Awaitable[Member]],
        tell: Callable[[Hypothesis, float, Member | None], None],
    ) -> None:
        self._follower = follower
        self._executor = executor
        self._meet = meet
        self._tell = tell
        self._members: dict[int, Member] = {}
        self._finals: deque[Placed] = deque()
        self._partial: Placed | None = None
        self._task: asyncio.Task[None] | None = None

    def restart(self) -> None:
        """Begin at the first sample of another stream."""
        self._follower.restart()

    def feed(self, samples: Samples) -> None:
        """Take the audio that the stream takes."""
        self._follower.feed(samples)

    def take(self, hypothesis: Hypothesis, offset: float) -> None:
        """Take what the stream reports, in the order it reports it."""
        if hypothesis.is_final:
            self._finals.append((hypothesis, offset))
            self._partial = None
        else:
            if not self._finals:
                self._pass_on(hypothesis, offset)
            self._partial = hypothesis, offset
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    async def settled(self) -> None:
        """Return when all that was taken has been told."""
        while self._task is not None:
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        try:
            while self._finals or self._partial:
                if self._finals:
                    await self._settle(*self._finals[0])
                    self._finals.popleft()
                    if not self._finals and self._partial:
                        self._pass_on(*self._partial)
                elif self._partial:
                    (hypothesis, _), self._partial = self._partial, None
                    await self._in_thread(self._follower.listen, hypothesis)
        except Exception:
            log.exception("a voice could not be followed")
        finally:
            self._task = None

    async def _settle(self, hypothesis: Hypothesis, offset: float) -> None:
        try:
            parts = await self._in_thread(self._follower.attribute, hypothesis)
        except Exception:
            log.exception("the voices of an utterance were not told apart")
            parts = [(None, hypothesis)]
        for number, part in parts:
            self._tell(part, offset, await self._member(number))

    async def _member(self, number: int | None) -> Member | None:
        if number is not None and number not in self._members:
            try:
                self._members[number] = await self._meet()
            except Exception:
                log.exception("a voice could not be made a member")
        return self._members.get(number) if number is not None else None

    def _pass_on(self, hypothesis: Hypothesis, offset: float) -> None:
        number = self._follower.likely(hypothesis)
        self._tell(hypothesis, offset, self._members.get(number) if number is not None else None)

    async def _in_thread(self, function: Callable[[Hypothesis], Result], hypothesis: Hypothesis) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._executor, function, hypothesis)
