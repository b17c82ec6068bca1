"""Any sample rate to 16 kHz, as a stream, with next to no delay.

FFmpeg's resampler (through PyAV) is used rather than soxr because a live stream pays for delay: fed
20 ms at a time, soxr holds back up to 40 ms (48 kHz) and 115 ms (8 kHz), this one 1 to 2 ms, at the
price of about 10 µs a frame. Its output does not depend on how the input was cut into chunks.
"""

import av
import numpy as np

from earful.audio.types import SAMPLE_RATE, Samples, no_samples

__all__ = ["Resampler"]


class Resampler:
    """Turns mono float32 at `rate_hz` into 16 kHz, chunk by chunk."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._graph: av.AudioResampler | None = None

    def feed(self, samples: Samples) -> Samples:
        """Take float32 [n] at the input rate; return what is ready at 16 kHz (may be empty)."""
        if self._rate_hz == SAMPLE_RATE or samples.size == 0:
            return samples
        if self._graph is None:
            self._graph = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(samples)[np.newaxis, :], format="flt", layout="mono"
        )
        frame.sample_rate = self._rate_hz
        return _joined(self._graph.resample(frame))

    def flush(self) -> Samples:
        """Return the last samples held back; the resampler then starts afresh."""
        graph, self._graph = self._graph, None
        return no_samples() if graph is None else _joined(graph.resample(None))


def _joined(frames: list[av.AudioFrame]) -> Samples:
    if not frames:
        return no_samples()
    planes: list[Samples] = [frame.to_ndarray()[0] for frame in frames]
    return planes[0] if len(planes) == 1 else np.concatenate(planes)
