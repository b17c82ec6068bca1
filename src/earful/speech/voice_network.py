"""The network that hears voices, rebuilt when it is loaded so that it takes a third less time.

The weights are those of the published graph (pyannote's x-vector). What its first filters hear of a stretch
of speech is made once for all windows in it, though each window is then brought to its own loudness, as the
published graph does. The widest layers multiply eight-bit weights, by activations of sixteen: with eight, who
is told apart at the threshold would change. A voice moves by a thousandth at most, where two windows of one
person are half apart.
"""

from collections.abc import Sequence

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from earful.onnx_format import Graph
from earful.onnx_sessions import session_options
from earful.speech.arithmetic import EightBit
from earful.speech.ort_weights import Weights, quantised
from earful.speech.types import Samples

__all__ = ["SIZE", "VoiceNetwork"]

SIZE = 512
"""How many numbers describe a voice."""

_STEP = 10
"""Samples between two places at which the first filters listen."""

_TOGETHER = 4
"""Windows that go through the network in one run."""

_EPSILON = 1e-5
_SLOPE = 0.01
_LAYERS = ((0, 1), (3, 2), (6, 3), (9, 1), (12, 1))
"""The layers over time, and how far apart the frames lie that each of them takes together."""

_FLOATING = 0
"""The layer of these that keeps its weights: eight bits would cost most there, and save least."""

Floats = NDArray[np.float32]


class VoiceNetwork:
    """The sessions. May be used from several threads at a time."""

    def __init__(self, model: memoryview) -> None:
        """Rebuild the network of what stands in an ORT file. Raises `KeyError` when it is not the one that is
        known."""
        weights = Weights(model)
        filters = weights.tensor("/sincnet/conv1d.0/Concat_2_output_0")
        self._reach = filters.shape[2]
        self._steady = filters.sum(axis=2).T
        self._gain, self._shift = (
            float(weights.tensor(f"sincnet.wav_norm1d.{part}")[0]) for part in ("weight", "bias")
        )
        self._filters = _session(_filters(filters))
        self._voices = _session(_voices(weights))

    def hear(self, samples: Samples, windows: Sequence[tuple[int, int]]) -> Floats:
        """Return the voice in each window of `samples` (float32 [n], 16 kHz), float32 [windows, 512].

        Windows are (first sample, end), half a second long at least.
        """
        found = np.zeros((len(windows), SIZE), np.float32)
        if not windows:
            return found
        (heard,) = self._filters.run(["heard"], {"samples": samples[np.newaxis, np.newaxis]})
        alike: dict[int, list[int]] = {}
        for at, (start, end) in enumerate(windows):
            alike.setdefault(end - start, []).append(at)
        for length, places in alike.items():
            for at in range(0, len(places), _TOGETHER):
                some = places[at : at + _TOGETHER]
                found[some] = self._hear(samples, heard[0], [windows[one][0] for one in some], length)
        return found

    def _hear(self, samples: Samples, heard: Floats, starts: Sequence[int], length: int) -> Floats:
        steps = (length - self._reach) // _STEP + 1
        parts = np.stack([heard[:, start // _STEP :][:, :steps] for start in starts])
        sounds = np.stack([samples[start : start + length] for start in starts])
        gains = self._gain / np.sqrt(sounds.var(axis=1, keepdims=True) + _EPSILON)
        shifts = (self._shift / gains - sounds.mean(axis=1, keepdims=True)) * self._steady
        feeds = {
            "heard": parts,
            "gains": gains[:, np.newaxis].astype(np.float32),
            "shifts": shifts[:, :, np.newaxis].astype(np.float32),
        }
        (voices,) = self._voices.run(["voices"], feeds)
        return voices  # type: ignore[no-any-return]


def _session(model: bytes) -> ort.InferenceSession:
    return ort.InferenceSession(model, session_options(), providers=["CPUExecutionProvider"])


def _filters(filters: Floats) -> bytes:
    graph = Graph()
    x = graph.input("samples", np.float32, 1, 1, "n")
    graph.op("Conv", [x, graph.constant(filters)], ["heard"], strides=[_STEP])
    graph.output("heard", np.float32, 1, len(filters), "steps")
    return graph.model()


def _voices(weights: Weights) -> bytes:
    graph = Graph()
    constant, tensor = graph.constant, weights.tensor

    def sizes(*numbers: int) -> str:
        return constant(np.array(numbers, np.int64))

    x = graph.input("heard", np.float32, "windows", 80, "steps")
    gains = graph.input("gains", np.float32, "windows", 1, 1)
    shifts = graph.input("shifts", np.float32, "windows", 80, 1)
    x = graph.op("Abs", [graph.op("Add", [x, shifts])])
    for layer in range(3):
        if layer:
            # Its bias would be lost when the mean is taken off.
            x = graph.op("Conv", [x, constant(tensor(f"sincnet.conv1d.{layer}.weight"))])
        x = graph.op("MaxPool", [x], strides=[3], kernel_shape=[3])
        if not layer:
            x = graph.op("Mul", [x, gains])
        inputs = [x, *(constant(tensor(f"sincnet.norm1d.{layer}.{part}")) for part in ("weight", "bias"))]
        x = graph.op("InstanceNormalization", inputs, epsilon=_EPSILON)
        x = graph.op("LeakyRelu", [x], alpha=_SLOPE)
    x = graph.op("Transpose", [x], perm=[0, 2, 1])
    for layer, apart in _LAYERS:
        kernel, bias = tensor(f"tdnns.{layer}.weight"), tensor(f"tdnns.{layer}.bias")
        if layer:
            scale, offset = _normaliser(weights, layer)
            x = graph.op("Add", [graph.op("Mul", [x, constant(scale)]), constant(offset)])
        x = _side_by_side(graph, x, kernel.shape[2], apart)
        matrix = np.ascontiguousarray(kernel.transpose(2, 1, 0).reshape(-1, len(kernel)))
        if layer == _FLOATING:
            x = graph.op("Add", [graph.op("MatMul", [x, constant(matrix)]), constant(bias)])
        else:
            x = EightBit().fine_product(graph, x, quantised(matrix), bias)
        x = graph.op("LeakyRelu", [x], alpha=_SLOPE)
    mean = graph.op("ReduceMean", [x, sizes(1)], keepdims=1)
    squares = graph.op("ReduceSumSquare", [graph.op("Sub", [x, mean]), sizes(1)], keepdims=0)
    frames = graph.op("Cast", [graph.op("Shape", [x], start=1, end=2)], to=1)
    others = graph.op("Sub", [frames, constant(np.ones(1, np.float32))])
    spread = graph.op("Sqrt", [graph.op("Div", [squares, others])])
    both = graph.op("Concat", [graph.op("Squeeze", [mean, sizes(1)]), spread], axis=1)
    matrix, bias = tensor("embedding.weight"), tensor("embedding.bias")
    scale, offset = _normaliser(weights, _LAYERS[-1][0] + 3)
    bias = bias + matrix[:, : len(offset)] @ offset
    matrix = np.ascontiguousarray((matrix * np.concatenate((scale, np.abs(scale)))).T)
    graph.op("Add", [graph.op("MatMul", [both, constant(matrix)]), constant(bias)], ["voices"])
    graph.output("voices", np.float32, "windows", SIZE)
    return graph.model()


def _normaliser(weights: Weights, layer: int) -> tuple[Floats, Floats]:
    """Return what the outputs of the layer before are multiplied by, and what is added."""
    weight, bias, mean, variance = (
        weights.tensor(f"tdnns.{layer - 1}.{part}")
        for part in ("weight", "bias", "running_mean", "running_var")
    )
    scale = np.asarray(weight / np.sqrt(variance + _EPSILON), np.float32)
    return scale, np.asarray(bias - mean * scale, np.float32)


def _side_by_side(graph: Graph, x: str, count: int, apart: int) -> str:
    """Return `count` frames of `x` [windows, frames, width], `apart` frames apart, beside each other."""
    if count == 1:
        return x

    def one(number: int) -> str:
        return graph.constant(np.array([number], np.int64))

    parts = []
    for at in range(count):
        left = (count - 1 - at) * apart
        inputs = [x, one(at * apart), one(-left if left else np.iinfo(np.int64).max), one(1)]
        parts.append(graph.op("Slice", inputs))
    joined: str = graph.op("Concat", parts, axis=2)
    return joined
