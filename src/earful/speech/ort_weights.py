"""Reads the weights out of a model in onnxruntime's own file format (.ort).

Such files hold graphs that were optimised for some other machine. Here only their weights are taken, found
by the names of the operators that use them, which are those of the network's layers.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnxruntime.tools.ort_format_model.ort_flatbuffers_py.fbs.InferenceSession import InferenceSession

__all__ = ["Quantised", "Weights", "quantised"]

_TYPES = {1: np.float32, 2: np.uint8, 3: np.int8, 6: np.int32, 7: np.int64}

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Quantised:
    """A matrix [inputs, outputs] as eight-bit numbers: its values are `(data - zero) * scale`.

    `data` is uint8, `scale` and `zero` one for all or one for each output.
    """

    data: NDArray[np.uint8]
    scale: NDArray[np.float32]
    zero: NDArray[np.uint8]


def quantised(matrix: Floats) -> Quantised:
    """Return a matrix [inputs, outputs] in eight bits, each output with a scale of its own."""
    scale = np.maximum(np.abs(matrix).max(axis=0) / 127, np.finfo(np.float32).tiny).astype(np.float32)
    data = (np.round(matrix / scale) + 128).astype(np.uint8)
    return Quantised(data, scale, np.full(matrix.shape[1], 128, np.uint8))


class Weights:
    """The constants of one file, or of what would stand in one.

    Raises `KeyError` for what is not in it, `ValueError` for another file.
    """

    def __init__(self, model: Path | memoryview) -> None:
        content = model.read_bytes() if isinstance(model, Path) else model
        if content[4:8] != b"ORTM":
            name = model if isinstance(model, Path) else "this"
            raise ValueError(f"{name} is not a model in onnxruntime's format")
        graph = InferenceSession.GetRootAsInferenceSession(content, 0).Model().Graph()
        self._constants: dict[str, Any] = {}
        self._users: dict[str, list[str]] = {}
        for part in _graphs(graph):
            for at in range(part.InitializersLength()):
                tensor = part.Initializers(at)
                # What both branches of a decoder share has a mark of that in its name.
                self._constants[tensor.Name().decode().replace("_merged_0", "")] = tensor
            for at in range(part.NodesLength()):
                node = part.Nodes(at)
                inputs = [
                    node.Inputs(i).decode().replace("_merged_0", "") for i in range(node.InputsLength())
                ]
                self._users[node.Name().decode()] = inputs

    def tensor(self, name: str) -> NDArray[Any]:
        """Return a constant by its own name."""
        tensor = self._constants[name]
        shape = [tensor.Dims(at) for at in range(tensor.DimsLength())]
        raw = tensor.RawDataAsNumpy()
        return np.frombuffer(raw.tobytes(), _TYPES[tensor.DataType()]).reshape(shape)

    def input(self, operator: str, position: int) -> NDArray[Any]:
        """Return the constant that an operator takes at a position."""
        return self.tensor(self._users[operator][position])

    def matrix(self, operator: str) -> Quantised:
        """Return the weights of a quantised matrix product."""
        inputs = self._users[operator]
        name = next(one for one in inputs if one.endswith("_quantized") and one in self._constants)
        stem = name.removesuffix("_quantized")
        return Quantised(self.tensor(name), self.tensor(f"{stem}_scale"), self.tensor(f"{stem}_zero_point"))

    def bias(self, operator: str) -> Floats | None:
        """Return what a quantised matrix product adds, None when nothing."""
        found = [one for one in self._users[operator] if one.endswith(".bias")]
        return self.tensor(found[0]) if found else None

    def has(self, operator: str) -> bool:
        """Return whether there is an operator of that name."""
        return operator in self._users


def _graphs(graph: Any) -> Iterator[Any]:
    """Yield a graph and those inside its operators, such as the branches of a condition."""
    yield graph
    for at in range(graph.NodesLength()):
        node = graph.Nodes(at)
        for place in range(node.AttributesLength()):
            inner = node.Attributes(place).G()
            if inner is not None:
                yield from _graphs(inner)
