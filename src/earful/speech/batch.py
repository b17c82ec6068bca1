"""Recognition of a whole recording at full speed: segments in, what was said in each out."""

from collections.abc import Sequence

from earful.speech.moonshine import Bias, Decoded, MoonshineModel
from earful.speech.types import Samples

__all__ = ["recognise_segments"]


def recognise_segments(
    segments: Sequence[Samples], model: MoonshineModel, bias: Bias | None = None
) -> list[Decoded]:
    """Recognise the segments (float32 [n], 16 kHz each), segments of similar length in one batch.

    Blocks; call it off the event loop. The answer is in the order given.
    """
    return model.decode(segments, bias=bias)
