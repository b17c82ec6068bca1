"""Whose words they are, where several people speak into one stream: hypotheses pass here in order.

A final waits until its voices are told apart, in a thread, but not for long: on a machine too full for that
it goes on with who seems to speak. A partial does so at once, unless a final from before it is still waiting.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from functools import partial

import structlog

from earful.conversation.types import Member
from earful.live.voice_thread import VoiceThread
from earful.speech import metrics
from earful.speech.following import VoiceFollower
from earful.speech.types import Hypothesis, Samples

__all__ = ["Attribution"]

log = structlog.get_logger(__name__)

PATIENCE_S = 0.15
"""How long a final waits for the thread to begin with it: a third of the time in which it must be told."""

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
        thread: VoiceThread,
        meet: Callable[[], Awaitable[Member]],
        tell: Callable[[Hypothesis, float, Member | None], None],
    ) -> None:
        self._follower = follower
        self._thread = thread
        self._meet = meet
        self._tell = tell
        self._members: dict[int, Member] = {}
        self._finals: deque[Placed] = deque()
        self._partial: Placed | None = None
        self._task: asyncio.Task[None] | None = None
        self._listening: Future[None] | None = None

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
            if self._listening is not None:
                self._listening.cancel()
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
                    await self._listen(hypothesis)
        except Exception:
            log.exception("a voice could not be followed")
        finally:
            self._task = None

    async def _listen(self, hypothesis: Hypothesis) -> None:
        """Hear an utterance that goes on, unless its final comes before the thread begins with that."""
        work = partial(self._follower.listen, hypothesis, sparing=self._thread.is_pressed)
        self._listening = self._thread.submit(work, urgent=False)
        await asyncio.wait([heard := asyncio.wrap_future(self._listening)])
        self._listening = None
        if not heard.cancelled():
            heard.result()

    async def _settle(self, hypothesis: Hypothesis, offset: float) -> None:
        try:
            parts = await self._parts(hypothesis)
        except Exception:
            log.exception("the voices of an utterance were not told apart")
            parts = [(None, hypothesis)]
        for number, part in parts:
            self._tell(part, offset, await self._member(number))

    async def _parts(self, hypothesis: Hypothesis) -> list[tuple[int | None, Hypothesis]]:
        work = partial(self._follower.attribute, hypothesis, sparing=self._thread.is_pressed)
        future = self._thread.submit(work, urgent=True)
        await asyncio.wait([told := asyncio.wrap_future(future)], timeout=PATIENCE_S)
        if future.cancel():
            metrics.VOICES_LATE.inc()
            return self._follower.guess(hypothesis)
        return await told

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
