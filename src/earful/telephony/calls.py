"""The calls of this server: begun, limited, heard, ended, and each with its line in the log.

    dialling ──▶ ringing ──▶ answered ──▶ ended
        └────────────┴───────────────────────▲

A call is a participant of a live conversation of its own, whose name is the call's connection id. It ends
for one reason, the first that comes up; what was said by then is recognised and stored before the
conversation is complete. The store keeps what became of it: a server that comes back after it was killed
knows its calls, and closes those that were cut off.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, cast

import structlog

from earful.conversation.ids import new_uuid
from earful.conversation.speakers import attributed
from earful.conversation.types import Member
from earful.insight.retelling import retold
from earful.jobs.processes import is_gone, this_process
from earful.live.bus import Delivery
from earful.live.events import ConversationCompleted, Transcribed
from earful.live.hub import LiveHub
from earful.live.options import SessionOptions
from earful.live.participant import Participant
from earful.store.calls import CallRecord, CallStore
from earful.store.conversations import ConversationStore
from earful.telephony.engine import (
    Answered,
    Audio,
    Cause,
    Engine,
    EngineFailed,
    Hung,
    Line,
    Ringing,
    Target,
    TelephonyError,
)
from earful.telephony.speaking import Speaking

__all__ = [
    "Action",
    "Call",
    "CallElsewhere",
    "CallEnd",
    "CallPlan",
    "Calls",
    "CallsLimits",
    "Status",
    "TooManyCalls",
]

log = structlog.get_logger(__name__)

Status = Literal["dialling", "ringing", "answered", "ended"]

Reason = Cause | Literal["stopped", "time_limit", "silence", "no_answer", "server_stopping", "interrupted"]

_CLOCK_SKEW_S = 10.0
_WATCH_S = 1.0
_SIGN_OF_LIFE_S = 5.0
_SILENT_FOR = timedelta(seconds=20)


class TooManyCalls(TelephonyError):
    """The application has as many calls as it may have at a time."""


@dataclass(frozen=True, slots=True)
class CallsLimits:
    """Bounds on calls: how many an application may have at a time, and seconds."""

    per_application: int = 10
    longest_s: float = 7200.0
    ring_s: float = 60.0
    keys_after_s: float = 1.0


@dataclass(frozen=True, slots=True)
class Action:
    """Mail people the summary when the conversation ends, or its address when it starts.

    `base_url` is how clients reach this server.
    """

    occasion: Literal["start", "stop"]
    emails: tuple[str, ...]
    base_url: str


@dataclass(frozen=True, slots=True)
class CallPlan:
    """A call to make, or to take.

    `shown` is the other side as logs and people see it; `speaker` is whose voice it is, if that is one
    person's; `members` are people who are said to take part. Without a word for `idle_s`, it ends.
    `webhook_url` is told how far it is.
    """

    options: SessionOptions
    shown: str
    speaker: Member | None = None
    keys: str = ""
    members: tuple[Member, ...] = ()
    actions: tuple[Action, ...] = ()
    idle_s: float | None = None
    webhook_url: str | None = None

    @property
    def emails(self) -> tuple[str, ...]:
        """Everyone who is to be mailed."""
        return tuple(dict.fromkeys(email for action in self.actions for email in action.emails))


@dataclass(frozen=True, slots=True)
class CallEnd:
    """Why a call is over: a word for programs, a sentence for people, the SIP status if there was one."""

    reason: Reason
    details: str
    sip_status: int | None = None

    @property
    def is_failure(self) -> bool:
        """Whether the call did not go as anyone meant it to."""
        return self.reason not in ("stopped", "remote_hangup", "local_hangup", "time_limit", "silence")


@dataclass(eq=False)
class Call:
    """One call. `other_side` is as logs and people see it, `emails` are those who get its summary."""

    id: str
    application_id: str
    conversation_id: str
    direction: Literal["outgoing", "incoming"]
    other_side: str
    emails: tuple[str, ...]
    started_at: datetime
    speaking: Speaking = field(default_factory=Speaking)
    status: Status = "dialling"
    end: CallEnd | None = None
    was_answered: bool = False
    over: asyncio.Event = field(default_factory=asyncio.Event)
    listeners: list[Callable[[], None]] = field(default_factory=list)
    _ending: asyncio.Event = field(default_factory=asyncio.Event)

    def hang_up(self, reason: Reason, details: str, sip_status: int | None = None) -> None:
        """Bring the call to its end for this reason, unless there was one before. Returns at once."""
        if self.end is None:
            self.end = CallEnd(reason, details, sip_status)
            self._ending.set()

    async def ending(self) -> None:
        """Return when the call is to end."""
        await self._ending.wait()

    def about(self, status: Status) -> dict[str, Any]:
        """Return how far the call is, as an address that its client named is told."""
        told: dict[str, Any] = {
            "connectionId": self.id,
            "conversationId": self.conversation_id,
            "direction": self.direction,
            "status": status,
        }
        if status == "ended" and self.end is not None:
            told |= {"reason": self.end.reason, "details": self.end.details}
            if self.end.sip_status is not None:
                told["sipStatus"] = self.end.sip_status
        return told

    def move(self, status: Status) -> None:
        """Note how far the call is, and tell those who watch."""
        self.status = status
        for listener in tuple(self.listeners):
            listener()


class CallElsewhere(TelephonyError):
    """Another server over the same database has that call."""


class Calls:
    """Every call of this process, and those that are over. Use from one event loop.

    `on_action` is called with a call and what its client wants done, once somebody has answered.
    """

    def __init__(
        self,
        engine: Engine,
        hub: LiveHub,
        conversations: ConversationStore,
        records: CallStore,
        limits: CallsLimits,
        on_action: Callable[[Call, Action], Awaitable[None]],
    ) -> None:
        self.engine = engine
        self.limits = limits
        self._hub = hub
        self._conversations = conversations
        self._records = records
        self._on_action = on_action
        self._calls: dict[str, Call] = {}
        self._alive: asyncio.Task[None] | None = None
        self._active: Counter[str] = Counter()
        self._participants: dict[str, Participant] = {}
        self._tasks: dict[asyncio.Task[None], Call] = {}

    @property
    def active(self) -> int:
        """How many calls go on."""
        return self._active.total()

    async def start(self) -> None:
        """Close the calls that were cut off with a server that was killed, now and from time to time."""
        await self._close_cut_off()
        self._alive = asyncio.create_task(self._give_signs_of_life(), name="earful calls")

    async def find(self, application_id: str, call_id: str) -> Call | None:
        """Return a call of that application, also one that is over.

        Raises `CallElsewhere` when it goes on, but not here.
        """
        call = self._calls.get(call_id)
        if call is not None:
            return call if call.application_id == application_id else None
        record = await self._records.get(application_id, call_id)
        if record is not None and record.ended_at is None:
            if not self._is_cut_off(record):
                raise CallElsewhere("another server has that call")
            await self._close_record(record)
            record = await self._records.get(application_id, call_id)
        return None if record is None else _past(record)

    async def dial(self, application_id: str, target: Target, plan: CallPlan) -> Call:
        """Begin a call and return at once; whether it is answered shows later.

        Raises `NotConfigured`, `TooManyCalls`, and what `LiveHub.join` raises.
        """
        self.engine.require()

        async def line() -> Line:
            return await self.engine.dial(target, longest=self.limits.longest_s + self.limits.ring_s)

        return await self._begin(application_id, plan, "outgoing", line)

    async def take(self, application_id: str, plan: CallPlan, line: Line) -> Call:
        """Begin a call that came in on `line`. Raises `TooManyCalls`, and what `LiveHub.join` raises."""

        async def taken() -> Line:
            return line

        return await self._begin(application_id, plan, "incoming", taken)

    def full(self, application_id: str) -> bool:
        """Whether that application may have no more calls for now."""
        return self._active[application_id] >= self.limits.per_application

    async def act(self, call: Call, action: Action) -> None:
        """Have something done for a call, if there is anything to tell of it."""
        if not call.was_answered:
            return
        try:
            await self._on_action(call, action)
        except Exception:
            log.exception("an action of a call failed", connection=call.id)

    async def introduce(self, call: Call, person: Member) -> Member:
        """Make someone a member of the call's conversation, or find them there."""
        participant = self._participants.get(call.id)
        if participant is None:
            return person
        member = await participant.know(person)
        call.speaking.know(member)
        return member

    def seconds_in(self, call: Call, moment: datetime | None) -> float:
        """Return a time of day as seconds in the call's conversation; now, if it cannot be right."""
        now = self._hub.clock.now()
        if moment is None or abs((now - moment).total_seconds()) > _CLOCK_SKEW_S:
            moment = now
        return max(0.0, (moment - call.started_at).total_seconds())

    async def close(self, grace: float) -> None:
        """Hang up every call, and return when all of it has been stored, or after `grace` seconds."""
        for call in self._tasks.values():
            call.hang_up("server_stopping", "the server is being stopped")
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=grace)
        if self._alive is not None:
            self._alive.cancel()
            await asyncio.wait([self._alive])

    # -- one call ---------------------------------------------------------------------------------

    async def _begin(
        self,
        application_id: str,
        plan: CallPlan,
        direction: Literal["outgoing", "incoming"],
        line: Callable[[], Coroutine[Any, Any, Line]],
    ) -> Call:
        if self.full(application_id):
            limit = self.limits.per_application
            raise TooManyCalls(f"The limit of {limit} concurrent calls is reached.")
        self._active[application_id] += 1
        participant: Participant | None = None
        call_id = new_uuid()
        try:
            watcher = _Watcher(self._hub)
            participant = await self._hub.join(
                application_id, call_id, plan.options, plan.speaker, watcher.hear
            )
            call = Call(
                call_id,
                application_id,
                participant.conversation_id,
                direction,
                plan.shown,
                plan.emails,
                participant.began_at,
            )
            self._calls[call.id] = call
            await self._records.add(_record(call, plan))
        except BaseException:
            self._release(application_id)
            self._calls.pop(call_id, None)
            if participant is not None:
                await participant.leave()
            raise
        watcher.call = call
        log.info(
            "call started",
            connection=call.id,
            conversation=call.conversation_id,
            application=application_id,
            direction=direction,
            other_side=plan.shown,
        )
        task = asyncio.create_task(self._run(call, plan, participant, watcher, line))
        self._tasks[task] = call
        task.add_done_callback(lambda done: self._tasks.pop(done))
        return call

    async def _run(
        self,
        call: Call,
        plan: CallPlan,
        participant: Participant,
        watcher: "_Watcher",
        line: Callable[[], Coroutine[Any, Any, Line]],
    ) -> None:
        began = self._hub.clock.time()
        answered_at: float | None = None
        up: Line | None = None
        participant.attribute(call.speaking.during)
        self._participants[call.id] = participant
        try:
            for person in plan.members:
                await self.introduce(call, person)
            up = await line()
            answered_at = await self._follow(call, plan, participant, watcher, up)
        except TelephonyError as error:
            call.hang_up("failed", str(error))
        except Exception:
            log.exception("a call failed", connection=call.id)
            call.hang_up("failed", "the server failed to go on with this call")
        finally:
            ending = asyncio.ensure_future(self._end(call, participant, up, began, answered_at))
            await asyncio.shield(ending)

    async def _follow(
        self, call: Call, plan: CallPlan, participant: Participant, watcher: "_Watcher", line: Line
    ) -> float | None:
        """Do what the line brings until the call is to end. Return when it was answered."""
        over = asyncio.create_task(self._watch(call, plan, watcher))
        following = asyncio.create_task(self._take_events(call, plan, participant, watcher, line))
        until = asyncio.create_task(call.ending())
        try:
            await asyncio.wait([following, until], return_when=asyncio.FIRST_COMPLETED)
            if following.done():
                following.result()
        finally:
            for task in (over, following, until):
                task.cancel()
            await asyncio.gather(over, following, until, return_exceptions=True)
        return watcher.answered_at

    async def _take_events(
        self, call: Call, plan: CallPlan, participant: Participant, watcher: "_Watcher", line: Line
    ) -> None:
        keys: asyncio.Task[None] | None = None
        try:
            async for event in line.events():
                match event:
                    case Audio(samples):
                        participant.feed(samples)
                    case Ringing() if call.status == "dialling":
                        call.move("ringing")
                        await self._note_status(call)
                    case Answered():
                        watcher.answered_at = watcher.spoken_at = self._hub.clock.time()
                        call.was_answered = True
                        call.move("answered")
                        await self._note_status(call)
                        if plan.keys:
                            keys = asyncio.create_task(self._press(line, call, plan.keys))
                        for action in plan.actions:
                            await self.act(call, action)
                    case Hung(cause, status, details):
                        call.hang_up(cause, details, status)
                        return
                    case _:
                        pass
        finally:
            if keys is not None:
                keys.cancel()

    async def _press(self, line: Line, call: Call, keys: str) -> None:
        await asyncio.sleep(self.limits.keys_after_s)
        with contextlib.suppress(EngineFailed):
            await line.press(keys)
            # Not which: they are often a meeting's passcode.
            log.info("keys pressed", connection=call.id, keys=len(keys))

    async def _watch(self, call: Call, plan: CallPlan, watcher: "_Watcher") -> None:
        """End the call when it has gone on, or rung, or been silent for too long."""
        clock = self._hub.clock
        began = clock.time()
        step = min(_WATCH_S, self.limits.longest_s, self.limits.ring_s, plan.idle_s or _WATCH_S)
        while True:
            await asyncio.sleep(step)
            now = clock.time()
            if watcher.answered_at is None:
                if now - began > self.limits.ring_s:
                    call.hang_up("no_answer", f"nobody answered within {self.limits.ring_s:g} seconds")
            elif now - watcher.answered_at > self.limits.longest_s:
                call.hang_up("time_limit", f"the call reached the limit of {self.limits.longest_s:g} seconds")
            elif plan.idle_s is not None and now - watcher.spoken_at > plan.idle_s:
                call.hang_up("silence", f"nobody has spoken for {plan.idle_s:g} seconds")

    async def _end(
        self,
        call: Call,
        participant: Participant,
        line: Line | None,
        began: float,
        answered_at: float | None,
    ) -> None:
        call.hang_up("failed", "the call was broken off")
        now = self._hub.clock.time()
        try:
            if line is not None:
                await line.hang_up()
            await participant.stop()
            await self._attribute(call)
            await self._note(call)
            await participant.leave()
        except Exception:
            log.exception("a call could not be ended in order", connection=call.id)
        finally:
            self._participants.pop(call.id, None)
            self._release(call.application_id)
            assert call.end is not None, "it was hung up"
            await self._keep_end(call, call.end, datetime.now(UTC))
            call.move("ended")
            self._calls.pop(call.id, None)
            log.info(
                "call ended",
                connection=call.id,
                conversation=call.conversation_id,
                application=call.application_id,
                direction=call.direction,
                other_side=call.other_side,
                reason=call.end.reason,
                sip_status=call.end.sip_status,
                answered=answered_at is not None,
                rang_s=round((answered_at or now) - began, 1),
                talked_s=0.0 if answered_at is None else round(now - answered_at, 1),
                codec=None if line is None else line.codec,
            )
            call.over.set()

    async def _attribute(self, call: Call) -> None:
        """Give each message to the one who spoke then, now that all of that is known."""
        spoken = call.speaking.turns
        if not spoken:
            return
        await self._conversations.reattribute(
            call.application_id,
            call.conversation_id,
            dict(call.speaking.people),
            lambda messages: attributed(messages, spoken),
            retold,
        )

    async def _note(self, call: Call) -> None:
        """Keep with the conversation what call it was."""
        kept = await self._conversations.get(call.application_id, call.conversation_id)
        if kept is None or call.end is None:
            return
        about = {"connectionId": call.id, "callDirection": call.direction, "callEnd": call.end.reason}
        other = {"callTo" if call.direction == "outgoing" else "callFrom": call.other_side}
        metadata = {**kept.metadata, **about, **other}
        await self._conversations.update_metadata(call.application_id, call.conversation_id, metadata)

    # -- what the store keeps -----------------------------------------------------------------------

    async def _note_status(self, call: Call) -> None:
        try:
            await self._records.note(call.id, call.about(call.status), answered=call.was_answered)
        except Exception:
            log.exception("how far a call is could not be kept", connection=call.id)

    async def _keep_end(self, call: Call, end: CallEnd, ended_at: datetime) -> None:
        try:
            await self._records.end(
                call.id,
                call.about("ended"),
                ended_at=ended_at,
                reason=end.reason,
                details=end.details,
                sip_status=end.sip_status,
            )
        except Exception:
            log.exception("the end of a call could not be kept", connection=call.id)

    async def _give_signs_of_life(self) -> None:
        while True:
            await asyncio.sleep(_SIGN_OF_LIFE_S)
            try:
                if self._calls:
                    await self._records.seen(tuple(self._calls))
                await self._close_cut_off()
            except Exception:
                log.exception("calls could not be looked after")

    async def _close_cut_off(self) -> None:
        for record in await self._records.going_on():
            if record.id not in self._calls and self._is_cut_off(record):
                await self._close_record(record)

    def _is_cut_off(self, record: CallRecord) -> bool:
        silent = datetime.now(UTC) - record.seen_at > _SILENT_FOR
        return silent or record.server == this_process() or is_gone(record.server)

    async def _close_record(self, record: CallRecord) -> None:
        """Give a call that was cut off with its server an end: the store's, and its conversation's."""
        call = _past(record)
        call.end = CallEnd("interrupted", "the server was cut off while the call went on")
        await self._keep_end(call, call.end, record.seen_at)
        await self._note(call)
        await self._conversations.finish(record.conversation_id, record.seen_at)
        log.info(
            "call ended",
            connection=call.id,
            conversation=call.conversation_id,
            application=call.application_id,
            direction=call.direction,
            other_side=call.other_side,
            reason=call.end.reason,
            sip_status=None,
            answered=call.was_answered,
        )

    def _release(self, application_id: str) -> None:
        self._active[application_id] -= 1
        if not self._active[application_id]:
            del self._active[application_id]


def _record(call: Call, plan: CallPlan) -> CallRecord:
    return CallRecord(
        id=call.id,
        application_id=call.application_id,
        conversation_id=call.conversation_id,
        direction=call.direction,
        other_side=call.other_side,
        started_at=call.started_at,
        seen_at=datetime.now(UTC),
        server=this_process(),
        emails=call.emails,
        webhook_url=plan.webhook_url,
    )


def _past(record: CallRecord) -> Call:
    """Return a call that is over, as the store has it."""
    call = Call(
        record.id,
        record.application_id,
        record.conversation_id,
        record.direction,
        record.other_side,
        record.emails,
        record.started_at,
    )
    call.status, call.was_answered = "ended", record.answered
    call.end = CallEnd(cast(Reason, record.reason), record.details or "", record.sip_status)
    call.over.set()
    return call


class _Watcher:
    """Hears what happens in the conversation of one call."""

    def __init__(self, hub: LiveHub) -> None:
        self._hub = hub
        self.call: Call | None = None
        self.answered_at: float | None = None
        self.spoken_at = hub.clock.time()

    def hear(self, delivery: Delivery) -> None:
        """Take an event (a bus listener)."""
        event = delivery.event
        if isinstance(event, Transcribed) and event.hypothesis.text.strip():
            self.spoken_at = self._hub.clock.time()
        elif isinstance(event, ConversationCompleted) and self.call is not None:
            # Not by us: then there is a reason already.
            self.call.hang_up("silence", "nobody has spoken for a long time")
