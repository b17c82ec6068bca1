"""One source of audio in a live conversation: a speaker's connection."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import structlog

from earful.conversation.ids import new_uuid
from earful.conversation.types import Member
from earful.live.attribution import Attribution
from earful.live.bus import Listener
from earful.live.clock import Clock
from earful.live.digest import Heard
from earful.live.options import SessionOptions
from earful.live.voice_thread import VoiceThread
from earful.speech.following import VoiceFollower
from earful.speech.types import Hypothesis, Samples, SpeechService, SpeechStream
from earful.speech.voices import VoiceModel

if TYPE_CHECKING:
    from earful.live.room import Room

__all__ = ["Participant", "Voices"]

log = structlog.get_logger(__name__)

_RATE = 16_000
_GAP_S = 2.0


@dataclass(frozen=True, slots=True)
class Voices:
    """What tells voices apart, and the thread in which it does."""

    model: VoiceModel
    thread: VoiceThread


class Participant:
    """A source of audio, and a listener to all that happens in its conversation.

    It listens from when it joined until it leaves or is cut off, whether its audio is being
    recognised (`listening`) or has been stopped for the time being.
    """

    def __init__(self, speech: SpeechService, clock: Clock, voices: Voices) -> None:
        self.id = new_uuid()
        self.member: Member | None = None
        self._speech = speech
        self._voices = voices
        self._attribution: Attribution | None = None
        self._clock = clock
        self._room: Room | None = None
        self._stream: SpeechStream | None = None
        self._options = SessionOptions()
        self._stopping = asyncio.Lock()
        self._stop_listening: Callable[[], None] = lambda: None
        self._whose: Callable[[float, float], Member | None] | None = None
        self._fed = 0.0
        self._offsets: list[tuple[float, float]] = []

    @property
    def conversation_id(self) -> str:
        """The conversation it takes part in."""
        return self._joined.conversation.id

    @property
    def began_at(self) -> datetime:
        """When the conversation began."""
        return self._joined.conversation.started_at

    @property
    def listening(self) -> bool:
        """Whether audio is being recognised."""
        return self._stream is not None

    @property
    def ahead(self) -> float:
        """How many seconds more audio has come than time has passed since it began to come."""
        if not self._offsets:
            return 0.0
        return self._offsets[-1][1] + self._fed - self._clock.time()

    # -- for the one who sends the audio ----------------------------------------------------------

    def feed(self, samples: Samples) -> None:
        """Take audio (float32 [n], 16 kHz). Ignored while stopped. Never waits."""
        stream = self._stream
        if stream is None or not samples.size:
            return
        began = self._clock.time() - samples.size / _RATE
        # The place of the audio in the conversation: by the clock when it begins and after a gap, by
        # counting samples in between.
        if not self._offsets or began - self._fed - self._offsets[-1][1] > _GAP_S:
            self._offsets = [*self._offsets[-15:], (self._fed, began - self._fed)]
        self._fed += samples.size / _RATE
        stream.feed(samples)
        if self._attribution is not None:
            self._attribution.feed(samples)

    async def stop(self) -> None:
        """Stop recognising: everything fed so far is recognised, stored and told before this returns."""
        async with self._stopping:
            stream, self._stream = self._stream, None
            if stream is not None:
                try:
                    await stream.flush()
                except Exception:
                    log.exception("the end of a stream was not recognised")
                finally:
                    await stream.close()
            if self._attribution is not None:
                await self._attribution.settled()
        await self._joined.digest.settled(self.id)

    async def resume(self, options: SessionOptions, speaker: Member | None) -> None:
        """Recognise again, or go on with other options. Raises `SpeechBusy`, `LanguageNotAvailable`.

        When it raises, what was before goes on.
        """
        if self._stream is None:
            await self.open(options)
        elif _recognition(options) != _recognition(self._options):
            before = self._options
            await self.stop()
            try:
                await self.open(options)
            except Exception:
                await self.open(before)
                raise
        await self._joined.welcome(self, options, speaker)

    async def leave(self) -> None:
        """Stop, and leave for good: with the last who leaves, the conversation is complete."""
        await self.stop()
        await self._joined.depart(self, for_good=True)

    async def cut(self) -> None:
        """Stop, because the connection was lost: the conversation may wait for the speaker's return."""
        await self.stop()
        await self._joined.depart(self, for_good=False)

    # -- for one whose audio is that of several people ----------------------------------------------

    def attribute(self, whose: Callable[[float, float], Member | None]) -> None:
        """Ask `whose` who spoke between two times (seconds since the conversation began).

        Where it knows nobody, the talk is that of the participant's own member.
        """
        self._whose = whose

    async def know(self, person: Member) -> Member:
        """Make someone a member of the conversation, or find them there; return the one to use."""
        return await self._joined.know(person)

    # -- for the room -----------------------------------------------------------------------------

    async def open(self, options: SessionOptions) -> None:
        """Open the speech stream. Raises `SpeechBusy`, `LanguageNotAvailable`."""
        stream = await self._speech.open(options.speech, self._heard)
        self._fed, self._offsets = 0.0, []
        if options.diarize and (self._attribution is None or options.speakers != self._options.speakers):
            follower = VoiceFollower(self._voices.model, options.speakers)
            self._attribution = Attribution(follower, self._voices.thread, self._meet, self._say)
        elif options.diarize and self._attribution is not None:
            self._attribution.restart()
        else:
            self._attribution = None
        self._stream, self._options = stream, options

    async def abandon(self) -> None:
        """Drop the speech stream unheard."""
        stream, self._stream = self._stream, None
        if stream is not None:
            await stream.close()

    def enter(self, room: "Room", listener: Listener) -> None:
        """Belong to a room, and hear what happens there."""
        self._room = room
        self._stop_listening = room.listen(listener)

    def exit(self) -> None:
        """Hear nothing more."""
        self._stop_listening()

    @property
    def _joined(self) -> "Room":
        assert self._room is not None, "the participant has joined"
        return self._room

    def _heard(self, hypothesis: Hypothesis) -> None:
        room = self._joined
        if hypothesis.text:
            room.spoken()
        offset = self._offset_at(hypothesis.start)
        if self._attribution is not None:
            self._attribution.take(hypothesis, offset)
            return
        speaker = None
        if self._whose is not None:
            speaker = self._whose(hypothesis.start + offset, hypothesis.end + offset)
        self._say(hypothesis, offset, speaker)

    def _say(self, hypothesis: Hypothesis, offset: float, speaker: Member | None) -> None:
        self._joined.digest.take(Heard(self.id, speaker or self.member, hypothesis, offset))

    async def _meet(self) -> Member:
        return await self._joined.meet_voice()

    def _offset_at(self, stream_time: float) -> float:
        """Return what to add to a time in the stream to have it in the conversation."""
        offset = 0.0
        for since, value in self._offsets:
            if since > stream_time + 0.1:
                break
            offset = value
        return max(0.0, offset - self._joined.began)


def _recognition(options: SessionOptions) -> tuple[object, ...]:
    """Return what takes another stream when it is changed."""
    return options.speech, options.diarize, options.speakers
