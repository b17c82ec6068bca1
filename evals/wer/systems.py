"""The recognisers that are compared; each takes one recording and returns what it heard."""

import asyncio
import functools
import os
import tempfile
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Protocol

import numpy as np

from earful.audio.types import Samples
from earful.settings import load_settings
from earful.speech.engines import Engines, usable_threads
from earful.speech.files import FileTranscriber
from earful.speech.models import ModelStore
from earful.speech.service import LocalSpeechService
from earful.speech.types import Hypothesis, StreamOptions
from evals.weights import whisper_weights
from evals.wer.items import Item

__all__ = ["SYSTEMS", "System"]

SAMPLE_RATE = 16_000
_FRAME = 320


class System(Protocol):
    """One recogniser, loaded."""

    def transcribe(self, item: Item) -> str:
        """Return what was heard in the whole recording."""
        ...

    def close(self) -> None:
        """Free the models."""
        ...


class EarfulStreaming:
    """Earful as a live client meets it: 20 ms frames into `SpeechService`, ended by its own endpointing.

    Frames come faster than real time. Endpointing goes by stream time, so the finals are those of a live
    stream; partials are made too, but only finals are scored.
    """

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._service = LocalSpeechService(load_settings())
        self._loop.run_until_complete(self._service.start())

    def transcribe(self, item: Item) -> str:
        return self._loop.run_until_complete(self._hear(item.samples()))

    async def _hear(self, samples: Samples) -> str:
        finals: list[Hypothesis] = []

        def note(hypothesis: Hypothesis) -> None:
            if hypothesis.is_final:
                finals.append(hypothesis)

        stream = await self._service.open(StreamOptions(), note)
        for start in range(0, len(samples), _FRAME):
            stream.feed(samples[start : start + _FRAME])
            if start % SAMPLE_RATE == 0:
                await asyncio.sleep(0)
        await stream.flush()
        await stream.close()
        return " ".join(final.text for final in finals)

    def close(self) -> None:
        self._loop.run_until_complete(self._service.close())
        self._loop.close()


class EarfulFiles:
    """Earful's file mode, as `earful transcribe` runs it; `model` is one of `whisper_weights`."""

    def __init__(self, model: str | None = None) -> None:
        self._model = model
        self._kept = tempfile.TemporaryDirectory(prefix="earful-wer-")
        store = ModelStore(Path(self._kept.name))
        if model is not None:
            store.pull(model, source=whisper_weights(model))
        self._transcriber = FileTranscriber(engines=Engines(store, threads=usable_threads()))

    def transcribe(self, item: Item) -> str:
        return self._transcriber.transcribe(item.path, words=False, model=self._model).text

    def close(self) -> None:
        del self._transcriber
        self._kept.cleanup()


class MoonshineWhole:
    """moonshine-voice on the same weights: one call with the whole recording."""

    def __init__(self) -> None:
        from moonshine_voice import ModelArch, Transcriber

        self._transcriber = Transcriber(_moonshine_assets(), ModelArch.TINY)

    def transcribe(self, item: Item) -> str:
        lines = self._transcriber.transcribe_without_streaming(item.samples().tolist(), SAMPLE_RATE).lines
        return " ".join(line.text for line in lines)

    def close(self) -> None:
        self._transcriber.close()


class MoonshineStreaming:
    """moonshine-voice's streaming API with its default update interval, fed 100 ms at a time."""

    def __init__(self) -> None:
        from moonshine_voice import ModelArch, Transcriber

        self._transcriber = Transcriber(_moonshine_assets(), ModelArch.TINY)

    def transcribe(self, item: Item) -> str:
        samples = item.samples()
        stream = self._transcriber.create_stream(update_interval=0.5)
        try:
            stream.start()
            for start in range(0, len(samples), SAMPLE_RATE // 10):
                stream.add_audio(samples[start : start + SAMPLE_RATE // 10].tolist(), SAMPLE_RATE)
            return " ".join(line.text for line in stream.stop().lines)
        finally:
            stream.close()

    def close(self) -> None:
        self._transcriber.close()


class PocketSphinx:
    """PocketSphinx 5 with the model in its wheel."""

    def __init__(self) -> None:
        from pocketsphinx import Decoder

        self._decoder = Decoder(samprate=SAMPLE_RATE, loglevel="FATAL")

    def transcribe(self, item: Item) -> str:
        pcm = (np.clip(item.samples(), -1, 1) * 32767).astype("<i2").tobytes()
        self._decoder.start_utt()
        self._decoder.process_raw(pcm, full_utt=True)
        self._decoder.end_utt()
        hypothesis = self._decoder.hyp()
        return hypothesis.hypstr if hypothesis is not None else ""

    def close(self) -> None:
        del self._decoder


class FasterWhisper:
    """faster-whisper for recordings: 8 bits, voice activity first, segments in batches."""

    def __init__(self, weights: Path) -> None:
        from faster_whisper import BatchedInferencePipeline, WhisperModel

        model = WhisperModel(str(weights), device="cpu", compute_type="int8", cpu_threads=os.cpu_count() or 1)
        self._pipeline = BatchedInferencePipeline(model)

    def transcribe(self, item: Item) -> str:
        segments, _ = self._pipeline.transcribe(item.samples(), language="en", batch_size=8)
        return " ".join(segment.text.strip() for segment in segments)

    def close(self) -> None:
        del self._pipeline


SYSTEMS: dict[str, Callable[[], System]] = {
    "earful streaming": EarfulStreaming,
    "earful files": EarfulFiles,
    "moonshine-voice": MoonshineWhole,
    "moonshine-voice streaming": MoonshineStreaming,
    "pocketsphinx": PocketSphinx,
}
"""What is compared, by the name it has in the table. The first four share one set of weights."""

for _name in ("tiny.en", "base"):
    if (_weights := whisper_weights(f"whisper-{_name}")) is not None:
        SYSTEMS[f"faster-whisper {_name}"] = functools.partial(FasterWhisper, _weights)
        SYSTEMS[f"earful files, whisper {_name}"] = functools.partial(EarfulFiles, f"whisper-{_name}")


def _moonshine_assets() -> str:
    return str(Path(str(files("moonshine_voice"))) / "assets" / "tiny-en")
