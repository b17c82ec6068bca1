"""The least that recognition can cost, and what a stream says when it is alone."""

import asyncio
import time
from collections.abc import Sequence

from benchmarks.tracks import SAMPLE_RATE, Track
from earful.settings import load_settings
from earful.speech.service import LocalSpeechService
from earful.speech.types import Hypothesis, StreamOptions

__all__ = ["alone"]

_FRAME = 320


def alone(tracks: Sequence[Track]) -> tuple[list[str], float]:
    """Recognise each track by itself, finals only, in this process.

    Returns the finals of each, and the processor seconds per second of audio: voice activity and one pass
    of the encoder and decoder per segment, which no amount of scheduling can avoid.
    """
    return asyncio.run(_alone(tracks))


async def _alone(tracks: Sequence[Track]) -> tuple[list[str], float]:
    service = LocalSpeechService(load_settings(speech_threads=1))
    await service.start()
    texts = []
    used = time.process_time()
    for track in tracks:
        finals: list[Hypothesis] = []
        stream = await service.open(StreamOptions(partials=False, words=False), finals.append)
        samples = track.samples
        for start in range(0, len(samples), _FRAME):
            stream.feed(samples[start : start + _FRAME])
            if start % SAMPLE_RATE == 0:
                await asyncio.sleep(0)
        await stream.flush()
        await stream.close()
        texts.append(" ".join(final.text for final in finals if final.is_final))
    used = time.process_time() - used
    await service.close()
    return texts, used / sum(track.seconds for track in tracks)
