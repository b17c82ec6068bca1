"""Real speech, and the means to put it in any container."""

import io
import wave
from importlib.resources import files

import av
import numpy as np
import pytest
from numpy.typing import NDArray

Encoded = tuple[bytes, list[bytes]]


@pytest.fixture(scope="session")
def speech() -> NDArray[np.int16]:
    """int16 [5 s], mono, 16 kHz: a man reading."""
    path = files("moonshine_voice") / "assets" / "beckett.wav"
    with path.open("rb") as file, wave.open(file) as reader:
        assert (reader.getframerate(), reader.getnchannels()) == (16_000, 1)
        return np.frombuffer(reader.readframes(80_000), dtype="<i2")


def as_float(pcm: NDArray[np.int16]) -> NDArray[np.float32]:
    """Return int16 samples as float32 in -1..1."""
    return pcm.astype(np.float32) / np.float32(32768)


def encode(
    pcm: NDArray[np.int16], codec: str, container: str, *, rate: int = 16_000, layout: str = "mono"
) -> Encoded:
    """Return `pcm` (int16 [n] or [channels, n], 16 kHz) as a whole file, and as its bare packets."""
    buffer = io.BytesIO()
    packets: list[bytes] = []
    planes = np.ascontiguousarray(np.atleast_2d(pcm))
    with av.open(buffer, "w", format=container) as output:
        stream = output.add_stream(codec, rate=rate, layout=layout)
        source = "mono" if len(planes) == 1 else "stereo"
        frame = av.AudioFrame.from_ndarray(planes, format="s16p", layout=source)
        frame.sample_rate = 16_000
        stream.codec_context.open()
        resampler = av.AudioResampler(
            format=stream.codec_context.format, layout=layout, rate=rate, frame_size=stream.frame_size or 0
        )
        for piece in [*resampler.resample(frame), *resampler.resample(None), None]:
            for packet in stream.encode(piece):
                packets.append(bytes(packet))
                output.mux(packet)
    return buffer.getvalue(), packets


def likeness(ours: NDArray[np.float32], original: NDArray[np.float32], most_delay: int = 800) -> float:
    """Return the best correlation of two signals over delays of up to `most_delay` samples."""
    size = min(len(ours), len(original)) - most_delay
    reference = original[:size]
    return max(
        float(np.corrcoef(ours[delay : delay + size], reference)[0, 1]) for delay in range(0, most_delay, 4)
    )
