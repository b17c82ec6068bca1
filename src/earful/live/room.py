"""One live conversation: who takes part, how long it waits for whom, and when it is complete."""

import asyncio
import contextlib
import itertools
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Any

import structlog

from earful.conversation.ids import new_numeric_id, new_uuid
from earful.conversation.types import Conversation, Member
from earful.insight.types import InsightOptions, InsightService
from earful.live.bus import Channel, Delivery, EventBus, Listener
from earful.live.clock import Clock, Timer
from earful.live.digest import Digest
from earful.live.events import ConversationCompleted, ConversationCreated, Event
from earful.live.options import SessionOptions, unite
from earful.live.participant import Participant
from earful.store.conversations import ConversationStore

__all__ = ["Room", "RoomServices"]

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class RoomServices:
    """What a room needs of the house. `spawn` runs a coroutine in the background and keeps hold of it."""

    insight: InsightService
    conversations: ConversationStore
    bus: EventBus
    clock: Clock
    executor: Executor
    silence_timeout: float
    spawn: Callable[[Coroutine[Any, Any, None]], None]


class Room:
    """A conversation while it lives.

    A participant who leaves for good is not waited for. One whose connection was cut is, for as long
    as anyone asked for (`no_connection_timeout`); when the room is empty and no one is awaited any
    more, the conversation is complete. It is complete, too, when nobody has said anything for
    `silence_timeout`. Who comes back under the same user id is the same member.
    """

    def __init__(
        self,
        channel: Channel,
        conversation: Conversation,
        digest: Digest,
        options: InsightOptions,
        services: RoomServices,
        on_closed: Callable[["Room"], None],
    ) -> None:
        self.channel = channel
        self.conversation = conversation
        self.digest = digest
        self.began = services.clock.time()
        self.closed = False
        self._options = options
        self._services = services
        self._on_closed = on_closed
        self._participants: dict[str, Participant] = {}
        self._awaited: dict[str | None, float] = {}
        self._patience = 0.0
        self._counts: Counter[type] = Counter()
        self._turn = asyncio.Lock()
        self._naming = asyncio.Lock()
        self._patience_timer: Timer | None = None
        self._silence_timer: Timer | None = None
        self._spoken_at = self.began

    @classmethod
    async def open(
        cls,
        channel: Channel,
        options: SessionOptions,
        services: RoomServices,
        on_closed: Callable[["Room"], None],
    ) -> "Room":
        """Begin a conversation: store it and tell those who listen."""
        conversation = Conversation(
            id=new_numeric_id(),
            application_id=channel.application_id,
            started_at=services.clock.now(),
            name=options.name,
            language=options.speech.language,
            timezone_offset_min=options.timezone_offset_min,
        )
        await services.conversations.create(conversation)
        session = await asyncio.get_running_loop().run_in_executor(
            services.executor, services.insight.open, conversation, options.insights
        )
        room: Room

        def publish(event: Event) -> None:
            room.publish(event)

        digest = Digest(
            conversation.id,
            session,
            services.conversations,
            services.executor,
            publish,
            options.insights,
            services.clock,
        )
        room = cls(channel, conversation, digest, options.insights, services, on_closed)
        room.publish(ConversationCreated(conversation.id))
        room._watch_silence(services.silence_timeout)
        log.info("conversation started", conversation=conversation.id, application=channel.application_id)
        return room

    # -- what happens is told ---------------------------------------------------------------------

    def publish(self, event: Event) -> None:
        """Tell everyone who listens."""
        kind = type(event)
        self._services.bus.publish(self.channel, Delivery(event, self._counts[kind], self.conversation))
        self._counts[kind] += 1

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with every event; return what ends that."""
        return self._services.bus.listen(self.channel, listener)

    def created(self) -> Delivery:
        """Return the news that the conversation exists, for one who listens from now on."""
        return Delivery(ConversationCreated(self.conversation.id), 0, self.conversation)

    def spoken(self) -> None:
        """Note that somebody says something."""
        self._spoken_at = self._services.clock.time()

    # -- coming and going -------------------------------------------------------------------------

    async def admit(
        self, participant: Participant, options: SessionOptions, speaker: Member | None, listener: Listener
    ) -> bool:
        """Let a participant in who has opened a speech stream; False when it is too late for that."""
        async with self._turn:
            if self.closed:
                return False
            await self._introduce(participant, options, speaker)
            participant.enter(self, listener)
            self._participants[participant.id] = participant
            return True

    async def welcome(
        self, participant: Participant, options: SessionOptions, speaker: Member | None
    ) -> None:
        """Take the new wishes of a participant who is in the room."""
        async with self._turn:
            if not self.closed:
                await self._introduce(participant, options, speaker)

    async def know(self, person: Member) -> Member:
        """Make someone a member who has no audio of their own; return the one to use."""
        async with self._turn:
            return await self._put(person)

    async def meet_voice(self) -> Member:
        """Make a voice that nobody has a name for a member: "Speaker 1" and so on."""
        # Not in turn: whoever ends the room waits there for the last voices.
        async with self._naming:
            taken = {known.name for known in self.conversation.members}
            number = next(n for n in itertools.count(1) if f"Speaker {n}" not in taken)
            return await self._put(Member(new_uuid(), f"Speaker {number}"))

    async def depart(self, participant: Participant, *, for_good: bool) -> None:
        """Let a participant go who has stopped."""
        async with self._turn:
            if self.closed or participant.id not in self._participants:
                return
            del self._participants[participant.id]
            key = _key(participant.member)
            # A client may have come back before its old connection was found to be dead.
            is_back = any(_key(other.member) == key for other in self._participants.values())
            if not for_good and self._patience > 0 and not is_back:
                self._awaited[key] = self._services.clock.time() + self._patience
            if not self._participants and not self._await_return():
                await self._complete()
            participant.exit()

    async def end(self) -> None:
        """Bring the conversation to its end, whoever is still there: what they said is kept and told."""
        async with self._turn:
            if self.closed:
                return
            await asyncio.gather(*(participant.stop() for participant in self._participants.values()))
            await self._complete()
            for participant in self._participants.values():
                participant.exit()
            self._participants.clear()

    async def _introduce(
        self, participant: Participant, options: SessionOptions, speaker: Member | None
    ) -> None:
        store = self._services.conversations
        if speaker is not None:
            if participant.member is not None and speaker.user_id is None:
                speaker = replace(speaker, id=participant.member.id)
            participant.member = await self._put(speaker)
        if options.name and not self.conversation.name:
            await store.rename(self.conversation.id, options.name)
            self.conversation = replace(self.conversation, name=options.name)
        self._options = unite(self._options, options.insights)
        self.digest.configure(self._options)
        self.digest.told_kinds |= options.told_kinds
        self._patience = max(self._patience, options.no_connection_timeout)
        self._awaited.pop(_key(participant.member), None)
        self._cancel_patience()
        self.spoken()

    async def _put(self, person: Member) -> Member:
        member = await self._services.conversations.put_member(self.conversation.id, person)
        others = tuple(known for known in self.conversation.members if known.id != member.id)
        self.conversation = replace(self.conversation, members=(*others, member))
        self.digest.meet(member)
        return member

    # -- waiting ----------------------------------------------------------------------------------

    def _await_return(self) -> bool:
        """Wait for those whose connection was cut; False when there is no one to wait for."""
        now = self._services.clock.time()
        self._awaited = {key: until for key, until in self._awaited.items() if until > now}
        if not self._awaited:
            return False
        self._cancel_patience()
        delay = max(self._awaited.values()) - now
        self._patience_timer = self._services.clock.call_later(
            delay, lambda: self._services.spawn(self.close_if_deserted())
        )
        return True

    def _cancel_patience(self) -> None:
        if self._patience_timer is not None:
            self._patience_timer.cancel()
            self._patience_timer = None

    async def close_if_deserted(self) -> None:
        """Complete the conversation if nobody is there and nobody is awaited."""
        async with self._turn:
            if not self.closed and not self._participants and not self._await_return():
                await self._complete()

    def _watch_silence(self, delay: float) -> None:
        self._silence_timer = self._services.clock.call_later(delay, self._check_silence)

    def _check_silence(self) -> None:
        timeout = self._services.silence_timeout
        silent = self._services.clock.time() - self._spoken_at
        if silent < timeout:
            self._watch_silence(timeout - silent)
        elif any(participant.listening for participant in self._participants.values()):
            log.info("conversation fell silent", conversation=self.conversation.id)
            self._services.spawn(self.end())
        else:
            # Nobody is being listened to: other limits say how long that may last.
            self._watch_silence(timeout)

    async def _complete(self) -> None:
        self._cancel_patience()
        if self._silence_timer is not None:
            self._silence_timer.cancel()
        await _shielded(self._settle_up())

    async def _settle_up(self) -> None:
        await self.digest.finish()
        try:
            await self._services.conversations.finish(self.conversation.id, self._services.clock.now())
        except Exception:
            log.exception("the end of a conversation was not stored", conversation=self.conversation.id)
        self.closed = True
        self._on_closed(self)
        self.publish(ConversationCompleted(self.conversation.id))
        log.info("conversation completed", conversation=self.conversation.id)


def _key(member: Member | None) -> str | None:
    """Return by what a person who comes back is recognised."""
    return None if member is None else member.user_id or member.id


async def _shielded(work: Awaitable[None]) -> None:
    """Finish the work even if the one who waits for it is cancelled."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        with contextlib.suppress(asyncio.CancelledError):
            await task
        raise
