"""Every live conversation of this process, and the doors to them."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import structlog

from earful.conversation.types import Member
from earful.insight.types import InsightService
from earful.live.bus import Channel, EventBus, Listener, LocalBus
from earful.live.clock import Clock, LoopClock
from earful.live.options import SessionOptions
from earful.live.participant import Participant, Voices
from earful.live.room import Room, RoomServices
from earful.live.subscription import Subscription
from earful.live.voice_thread import VoiceThread
from earful.speech.types import SpeechService
from earful.speech.voices import VoiceModel
from earful.store.conversations import ConversationStore

__all__ = ["SILENCE_TIMEOUT_S", "HubClosing", "LiveHub"]

log = structlog.get_logger(__name__)

SILENCE_TIMEOUT_S = 1800.0


class HubClosing(Exception):
    """The server is being stopped and takes no new conversations."""


class LiveHub:
    """Rooms by application and name. Use from one event loop.

    Two applications that choose the same name have two rooms.
    """

    def __init__(
        self,
        speech: SpeechService,
        insight: InsightService,
        conversations: ConversationStore,
        *,
        bus: EventBus | None = None,
        clock: Clock | None = None,
        silence_timeout: float = SILENCE_TIMEOUT_S,
        insight_threads: int = 2,
        voices: VoiceModel | None = None,
    ) -> None:
        self.speech = speech
        self.clock = clock or LoopClock()
        self._bus = bus or LocalBus()
        self._executor = ThreadPoolExecutor(insight_threads, thread_name_prefix="insight")
        self._voices = Voices(voices or VoiceModel(), VoiceThread(lambda: speech.capacity().busy))
        self._services = RoomServices(
            insight=insight,
            conversations=conversations,
            bus=self._bus,
            clock=self.clock,
            executor=self._executor,
            silence_timeout=silence_timeout,
            spawn=self._spawn,
        )
        self._rooms: dict[Channel, Room] = {}
        self._opening: dict[Channel, asyncio.Future[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False

    @property
    def conversations(self) -> int:
        """How many conversations live."""
        return len(self._rooms)

    async def join(
        self,
        application_id: str,
        room_name: str,
        options: SessionOptions,
        speaker: Member | None,
        listener: Listener,
    ) -> Participant:
        """Take part in the room's living conversation, or begin one.

        `speaker` may carry a new id: who is known under the same user id keeps the old one.
        `listener` is called with every event from now on (see `earful.live.bus.Listener`).
        Raises `SpeechBusy`, `LanguageNotAvailable` and `HubClosing`; then nothing has been begun.
        """
        if self._closing:
            raise HubClosing("the server is being stopped")
        channel = Channel(application_id, room_name)
        participant = Participant(self.speech, self.clock, self._voices)
        await participant.open(options)
        room = None
        try:
            while True:
                room = await self._room(channel, options)
                if await room.admit(participant, options, speaker, listener):
                    return participant
        except BaseException:
            await participant.abandon()
            if room is not None:
                self._spawn(room.close_if_deserted())
            raise

    def subscribe(self, application_id: str, room_name: str, *, capacity: int = 512) -> Subscription:
        """Listen to a room, whether or not there is a conversation in it yet.

        When there is one, the first event is its `ConversationCreated`.
        """
        channel = Channel(application_id, room_name)
        subscription = Subscription(capacity)
        room = self._rooms.get(channel)
        if room is not None:
            subscription.put(room.created())
        subscription.attach(self._bus.listen(channel, subscription.put))
        return subscription

    async def close(self, grace: float) -> None:
        """Take no new participants, and bring every conversation to its end within `grace` seconds.

        What has not come to its end by then is abandoned; what was told as final is stored all the
        same. Idempotent.
        """
        self._closing = True
        rooms = list(self._rooms.values())
        if rooms:
            log.info("ending live conversations", conversations=len(rooms), grace_s=grace)
            ends = [asyncio.create_task(room.end()) for room in rooms]
            _, late = await asyncio.wait(ends, timeout=grace)
            for task in late:
                task.cancel()
            if late:
                log.warning("conversations were cut short", conversations=len(late))
        for task in list(self._tasks):
            task.cancel()
        self._executor.shutdown(wait=False, cancel_futures=True)
        self._voices.thread.close()

    async def _room(self, channel: Channel, options: SessionOptions) -> Room:
        """Return the living room, opening it if there is none; of several openers only one opens."""
        while (opening := self._opening.get(channel)) is not None:
            await asyncio.wait([opening])
        room = self._rooms.get(channel)
        if room is not None:
            return room
        opening = self._opening[channel] = asyncio.get_running_loop().create_future()
        try:
            room = await Room.open(channel, options, self._services, self._forget)
            self._rooms[channel] = room
            return room
        finally:
            del self._opening[channel]
            opening.set_result(None)

    def _forget(self, room: Room) -> None:
        if self._rooms.get(room.channel) is room:
            del self._rooms[room.channel]

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a background task failed", exc_info=error)
