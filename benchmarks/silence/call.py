"""One Bodhi call of many silent hours, with the server's own session, decoder and speech engine.

Only the clock and the socket are not there: the audio goes through as fast as the engine hears it.
"""

import asyncio
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

import psutil  # type: ignore[import-untyped]

from earful.audio.decoders import open_stream_decoder
from earful.dialects.bodhi.models import ModelTable
from earful.dialects.bodhi.session import Effect, Open, Send, Session
from earful.settings import load_settings
from earful.speech import metrics
from earful.speech.service import LocalSpeechService
from earful.speech.types import Hypothesis

__all__ = ["QuietCall", "quiet_call"]

RATE = 8000
_FRAME_S = 0.1
_AHEAD_S = 20.0


@dataclass(slots=True)
class QuietCall:
    """Resident memory in MiB, at the start and after each `report_s`; messages sent; complete texts."""

    memory_mib: list[float] = field(default_factory=list)
    messages: int = 0
    texts: list[str] = field(default_factory=list)


async def quiet_call(seconds: float, speech: bytes, *, report_s: float = 3600.0) -> QuietCall:
    """Hold a call with so many seconds of digital silence, then say `speech` (16-bit PCM, 8 kHz)."""
    call, process = QuietCall(), psutil.Process()
    service = LocalSpeechService(load_settings(speech_threads=1))
    await service.start()
    session = Session(ModelTable.load(), str(uuid.uuid4()), now=0.0)
    fields = {"model": "en-general-v2-8khz", "transaction_id": str(uuid.uuid4()), "sample_rate": RATE}
    (opened,) = session.receive_text(json.dumps({"config": fields}), 0.0)
    assert isinstance(opened, Open)
    now = 0.0

    def take(effects: Sequence[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Send):
                call.messages += 1
                if effect.message["type"] == "complete" and effect.message["text"]:
                    call.texts.append(effect.message["text"])

    def hear(heard: Hypothesis) -> None:
        take(session.hear(heard, now))

    stream = await service.open(opened.options, hear)
    decoder = open_stream_decoder("LINEAR16", RATE)
    before = _heard_s()
    silence = bytes(round(_FRAME_S * RATE) * 2)
    pieces = [speech[at : at + len(silence)] for at in range(0, len(speech), len(silence))]
    quiet = round(seconds / _FRAME_S)
    for number in range(quiet + len(pieces)):
        if number % round(report_s / _FRAME_S) == 0:
            call.memory_mib.append(process.memory_info().rss / 2**20)
        now += _FRAME_S
        piece = silence if number < quiet else pieces[number - quiet]
        session.receive_bytes(piece, now)
        stream.feed(decoder.feed(piece))
        take(session.tick(now))
        while now - (_heard_s() - before) > _AHEAD_S:  # noqa: ASYNC110 (a counter tells nobody)
            await asyncio.sleep(0.005)
    session.receive_text('{"eof": 1}', now)
    await stream.flush()
    take(session.flushed(now))
    await stream.close()
    await service.close()
    call.memory_mib.append(process.memory_info().rss / 2**20)
    return call


def _heard_s() -> float:
    """Return how many seconds of audio the engine has heard in this process."""
    return next(sample.value for sample in next(iter(metrics.AUDIO.collect())).samples)
