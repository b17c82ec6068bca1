"""The network that tells speech, rebuilt when it is loaded so that many streams are heard in one call.

The weights are those of the published graph (Silero v6), the answers the same to a millionth. The published
graph hears one stream at a time. Its convolutions are products here, each over the few steps of a frame at
once, which takes a quarter of the time.
"""

from pathlib import Path

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from earful.onnx_format import Graph, constants_in
from earful.onnx_sessions import session_options

__all__ = ["CONTEXT", "FRAME", "STATE", "VadNetwork"]

FRAME = 512
CONTEXT = 64
STATE = 128
"""How many numbers of either kind the network remembers of a stream."""

_WINDOW, _HOP = 256, 128
_STRIDES = (1, 2, 2, 1)

Floats = NDArray[np.float32]


class VadNetwork:
    """The session. `run` may be called from several threads at a time."""

    def __init__(self, path: Path) -> None:
        """Rebuild the network of an ONNX file. Raises `ValueError` when it is not the one that is known."""
        try:
            graph = _graph(constants_in(path))
        except KeyError as error:
            raise ValueError(f"{path.name} is not the voice activity model that Earful knows") from error
        self._session = ort.InferenceSession(graph, session_options(), providers=["CPUExecutionProvider"])

    def run(
        self, frames: Floats, lengths: NDArray[np.int32], h: Floats, c: Floats
    ) -> tuple[Floats, Floats, Floats]:
        """Hear the frames of some streams, those of each in a row, the streams one after the other.

        `frames` is float32 [n, 576], context first; `lengths` int32 [streams], each at least 1; `h` and `c`
        float32 [1, streams, 128]. Returns the speech probability of each frame [n], and the new `h` and `c`.
        """
        steps = np.arange(int(lengths.max()))[:, None]
        firsts = np.cumsum(lengths) - lengths
        # A stream with fewer frames repeats its last one, which is not looked at.
        order = firsts + np.minimum(steps, lengths - 1)
        feeds = {"frames": frames, "order": order.reshape(-1).astype(np.int64), "lengths": lengths}
        chances, h, c = self._session.run(["chances", "hn", "cn"], feeds | {"h": h, "c": c})
        return chances.T[(steps < lengths).T], h, c


def _graph(weights: dict[str, NDArray[np.float32]]) -> bytes:
    graph = Graph()
    frames = graph.input("frames", np.float32, "n", CONTEXT + FRAME)
    order = graph.input("order", np.int64, "places")
    lengths = graph.input("lengths", np.int32, "streams")
    h, c = (graph.input(name, np.float32, 1, "streams", STATE) for name in "hc")

    def sizes(*numbers: int) -> str:
        return graph.constant(np.array(numbers, np.int64))

    basis = weights["encoder.feature_extractor.forward_basis_buffer"][:, 0]
    half = len(basis) // 2
    windows = _windows()
    x = graph.op("Gather", [frames, graph.constant(windows.reshape(-1))], axis=1)
    x = graph.op("Reshape", [x, sizes(-1, _WINDOW)])
    x = graph.op("MatMul", [x, graph.constant(basis.T)])
    real, imaginary = graph.op("Split", [x, sizes(half, half)], 2, axis=1)
    squares = [graph.op("Mul", [part, part]) for part in (real, imaginary)]
    x = graph.op("Sqrt", [graph.op("Add", squares)])
    steps = len(windows)
    x = graph.op("Reshape", [x, sizes(-1, steps * half)])
    for layer, stride in enumerate(_STRIDES):
        name = f"encoder.conv_layers.{layer}"
        matrix, steps = _as_product(weights[f"{name}.weight"], steps, stride)
        bias = np.tile(weights[f"{name}.bias"], steps)
        x = graph.op("Gemm", [x, graph.constant(matrix), graph.constant(bias)])
        x = graph.op("Relu", [x])
    x = graph.op("Gather", [x, order], axis=0)
    shape = graph.op("Concat", [sizes(-1), graph.op("Shape", [lengths]), sizes(STATE)], axis=0)
    x = graph.op("Reshape", [x, shape])
    recurrent = [graph.constant(array) for name, array in weights.items() if name.startswith("onnx::LSTM")]
    if len(recurrent) != 3:
        raise KeyError("onnx::LSTM")
    y, _, _ = graph.op("LSTM", [x, *recurrent, lengths, h, c], ("y", "hn", "cn"), hidden_size=STATE)
    y = graph.op("Relu", [graph.op("Squeeze", [y, sizes(1)])])
    y = graph.op("MatMul", [y, graph.constant(weights["decoder.conv1d.weight"][0])])
    y = graph.op("Add", [y, graph.constant(weights["decoder.conv1d.bias"])])
    graph.op("Squeeze", [graph.op("Sigmoid", [y]), sizes(2)], ["chances"])
    graph.output("chances", np.float32, "steps", "streams")
    for name in ("hn", "cn"):
        graph.output(name, np.float32, 1, "streams", STATE)
    return graph.model()


def _windows() -> NDArray[np.int64]:
    """Return which samples each window of a frame holds: its end is mirrored to fill the last."""
    length = CONTEXT + FRAME
    samples = np.concatenate((np.arange(length), length - 2 - np.arange(CONTEXT)))
    starts = np.arange(0, len(samples) - _WINDOW + 1, _HOP)
    found: NDArray[np.int64] = samples[starts[:, None] + np.arange(_WINDOW)]
    return found


def _as_product(kernel: Floats, steps: int, stride: int) -> tuple[Floats, int]:
    """Return a convolution [out, in, 3], padded by one, as a matrix over all steps; and the steps left."""
    out, inward, width = kernel.shape
    left = (steps - 1) // stride + 1
    matrix = np.zeros((steps, inward, left, out), np.float32)
    for at in range(left):
        for tap in range(width):
            step = at * stride + tap - 1
            if 0 <= step < steps:
                matrix[step, :, at] = kernel[:, :, tap].T
    return matrix.reshape(steps * inward, left * out), left
