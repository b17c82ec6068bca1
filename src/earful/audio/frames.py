"""A decoded FFmpeg frame, whatever its sample format, as float32."""

import av
import numpy as np
from numpy.typing import NDArray

__all__ = ["planes_of"]


def planes_of(frame: av.AudioFrame) -> NDArray[np.float32]:
    """Return a frame as float32 [channels, n], nominally -1..1, at its own rate."""
    data = frame.to_ndarray()
    if not frame.format.is_planar:
        data = data.reshape(-1, len(frame.layout.channels)).T
    if data.dtype.kind == "i":
        data = data.astype(np.float32) / np.float32(2 ** (8 * data.dtype.itemsize - 1))
    elif data.dtype.kind == "u":
        data = (data.astype(np.float32) - np.float32(128)) / np.float32(128)
    return data.astype(np.float32, copy=False)
