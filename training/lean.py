"""Rewrites an exported, quantised part as a graph with a dozen operators a layer instead of a hundred.

The weights stay as they are, byte by byte. What is fused: query, key and value into one product, attention
with its softmax, a product with its bias; what is left out: arithmetic on shapes, and the mask, since only
texts of the same length are read together. The last layer of `sense` computes only the tokens that are read
off: the first and those of the message, not those of its neighbours.

Some operators are onnxruntime's own (com.microsoft). Its extended optimisations would fuse a sum and the
normalisation after it into an operator that takes three times as long, so the encoder leaves them out.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper
from onnx.numpy_helper import from_array, to_array

__all__ = ["lean"]

_MICROSOFT = "com.microsoft"
_OPSETS = {"": 20, _MICROSOFT: 1}
_IR_VERSION = 9
_HEADS = 12
_EPSILON = 1e-12
_PLACES = 256  # more than any text has tokens

Matrix = tuple[NDArray[np.int8], NDArray[np.float32], NDArray[np.int8]]
"""Weights [inputs, outputs], the scale and the zero of each output."""


class _Part:
    """The constants of an exported part, found by their modules' names, and the lean graph so far."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self._constants = {one.name: to_array(one) for one in model.graph.initializer}
        self._users = {node.name: list(node.input) for node in model.graph.node}
        self._nodes: list[onnx.NodeProto] = []
        self._kept: dict[str, onnx.TensorProto] = {}

    def tensor(self, name: str) -> NDArray[Any]:
        """Return a constant of the exported part."""
        return self._constants[name]

    def added_to(self, node: str) -> NDArray[np.float32]:
        """Return the constant that a node adds or multiplies by."""
        return next(self._constants[one] for one in self._users[node] if one in self._constants)

    def matrix(self, node: str) -> Matrix:
        """Return the weights of a quantised product."""
        stem = self._users[node][1].removesuffix("_quantized")
        data, scale, zero = (
            self._constants[f"{stem}_{kind}"] for kind in ("quantized", "scale", "zero_point")
        )
        width = data.shape[1]
        return data, np.broadcast_to(scale, width), np.broadcast_to(zero, width)

    def keep(self, array: NDArray[Any], name: str = "") -> str:
        """Make a constant of the lean graph; returns its name."""
        name = name or f"constant.{len(self._kept)}"
        array = np.ascontiguousarray(array) if array.ndim else array
        self._kept[name] = from_array(array, name)
        return name

    def op(
        self, kind: str, inputs: Sequence[str], outputs: int | str = 1, domain: str = "", **attributes: object
    ) -> Any:
        """Add an operator; returns the name of its output, or a list of them when there are several."""
        place = f"{kind}.{len(self._nodes)}"
        names = [outputs] if isinstance(outputs, str) else [f"{place}.{at}" for at in range(outputs)]
        self._nodes.append(helper.make_node(kind, inputs, names, place, domain=domain, **attributes))
        return names[0] if len(names) == 1 else names

    def model(self, inputs: Sequence[Any], outputs: Sequence[Any]) -> onnx.ModelProto:
        """Return the lean graph as a model."""
        graph = helper.make_graph(self._nodes, "lean", inputs, outputs, list(self._kept.values()))
        opsets = [helper.make_opsetid(*one) for one in _OPSETS.items()]
        return helper.make_model(graph, opset_imports=opsets, ir_version=_IR_VERSION)


def lean(name: str, exported: onnx.ModelProto) -> onnx.ModelProto:
    """Return the lean form of the part `name`: "trunk", "vector" or "sense"."""
    part = _Part(exported)
    return {"trunk": _trunk, "vector": _vector, "sense": _sense}[name](part)


def _trunk(part: _Part) -> onnx.ModelProto:
    """In: `input_ids` int64 [b, t]; out: `states` float32 [b, t, 384]."""
    words = [
        part.keep(part.tensor(f"words.weight_{kind}"), f"words.weight_{kind}")
        for kind in ("quantized", "scale", "zero_point")
    ]
    said = part.op("Gather", [words[0], "input_ids"])
    said = part.op("DequantizeLinear", [said, *words[1:]])
    zero = part.tensor("places.weight_zero_point").astype(np.float32)
    places = (part.tensor("places.weight_quantized")[:_PLACES] - zero) * part.tensor("places.weight_scale")
    # Every token is of the same kind.
    table = part.keep((places + part.added_to("/Add_1")).astype(np.float32))
    one, two = (part.keep(np.array([at], np.int64)) for at in (1, 2))
    length = part.op("Slice", [part.op("Shape", ["input_ids"]), one, two])
    nothing = part.keep(np.array([0], np.int64))
    place = part.op("Slice", [table, nothing, length, nothing])
    x = _norm(part, part.op("Add", [said, place]), "norm")
    _layers(part, x, 3, "states")
    return part.model(
        [_value("input_ids", TensorProto.INT64, "b", "t")],
        [_value("states", TensorProto.FLOAT, "b", "t", 384)],
    )


def _vector(part: _Part) -> onnx.ModelProto:
    """In: `states` float32 [b, t, 384]; out: `vector` float32 [b, 384], length one."""
    x = _layers(part, "states", 3)
    # The mean has the direction of the sum, and the length is made one.
    total = part.op("ReduceSum", [x, part.keep(np.array([1], np.int64))], keepdims=0)
    part.op("LpNormalization", [total], "vector", axis=-1, p=2)
    return part.model(
        [_value("states", TensorProto.FLOAT, "b", "t", 384)],
        [_value("vector", TensorProto.FLOAT, "b", 384)],
    )


def _sense(part: _Part) -> onnx.ModelProto:
    """In: `states` float32 [1, t, 384], `read` int64 [n], the places of the first token and of the message's.

    Out: `whole` float32 [1, 4], `tokens` float32 [n, 18] of those places.
    """
    x = _layers(part, "states", 2)
    top = _layer(part, x, 2, read="read")
    rows = part.op("Squeeze", [top, part.keep(np.array([0], np.int64))])
    _product(part, rows, [part.matrix("/tokens/MatMul_quant")], part.tensor("tokens.bias"), "tokens")
    first, last, all_ = (part.keep(np.array([at], np.int64)) for at in (0, 1, 2**62))
    opening = part.op("Slice", [rows, first, last])
    message = part.op("Slice", [rows, last, all_])
    total = part.op("ReduceSum", [message, first], keepdims=1)
    count = part.op("Cast", [part.op("Shape", ["read"])], to=TensorProto.FLOAT)
    count = part.op("Sub", [count, part.keep(np.array([1], np.float32))])
    count = part.op("Max", [count, part.keep(np.array([1], np.float32))])
    mean = part.op("Div", [total, count])
    pooled = part.op("Concat", [opening, mean], axis=-1)
    _product(part, pooled, [part.matrix("/whole/Gemm_MatMul_quant")], part.tensor("whole.bias"), "whole")
    return part.model(
        [_value("states", TensorProto.FLOAT, 1, "t", 384), _value("read", TensorProto.INT64, "n")],
        [_value("whole", TensorProto.FLOAT, 1, 4), _value("tokens", TensorProto.FLOAT, "n", 18)],
    )


def _layers(part: _Part, x: str, count: int, output: str = "") -> str:
    for at in range(count):
        x = _layer(part, x, at, output=output if at == count - 1 else "")
    return x


def _layer(part: _Part, x: str, at: int, *, read: str = "", output: str = "") -> str:
    """Add one layer; with `read` only those places of its output are made."""
    matrices = [part.matrix(f"/layers.{at}/{kind}/MatMul_quant") for kind in ("query", "key", "value")]
    biases = [part.tensor(f"layers.{at}.{kind}.bias") for kind in ("query", "key", "value")]
    if read:
        some = part.op("Gather", [x, read], axis=1)
        query = _product(part, some, matrices[:1], biases[0])
        both = _product(part, x, matrices[1:], np.concatenate(biases[1:]))
        key, value = part.op("Split", [both], 2, axis=-1, num_outputs=2)
        x = some
    else:
        joined = _product(part, x, matrices, np.concatenate(biases))
        query, key, value = part.op("Split", [joined], 3, axis=-1, num_outputs=3)
    mixed = part.op("MultiHeadAttention", [query, key, value], domain=_MICROSOFT, num_heads=_HEADS)
    mixed = _product(
        part, mixed, [part.matrix(f"/layers.{at}/out/MatMul_quant")], part.tensor(f"layers.{at}.out.bias")
    )
    x = _norm(part, part.op("Add", [x, mixed]), f"layers.{at}.out_norm")
    inner = _product(
        part, x, [part.matrix(f"/layers.{at}/up/MatMul_quant")], part.tensor(f"layers.{at}.up.bias")
    )
    inner = part.op("Gelu", [inner], domain=_MICROSOFT)
    inner = _product(
        part, inner, [part.matrix(f"/layers.{at}/down/MatMul_quant")], part.tensor(f"layers.{at}.down.bias")
    )
    return _norm(part, part.op("Add", [x, inner]), f"layers.{at}.down_norm", output)


def _product(
    part: _Part, x: str, matrices: Sequence[Matrix], bias: NDArray[np.float32], output: str = ""
) -> str:
    """Multiply by eight-bit weights, those of several products side by side; `x` is quantised as it comes."""
    data, scale, zero = (np.concatenate(one, axis=-1) for one in zip(*matrices, strict=True))
    inputs = [x, *(part.keep(one) for one in (data, scale, zero, bias))]
    result: str = part.op("DynamicQuantizeMatMul", inputs, output or 1, domain=_MICROSOFT)
    return result


def _norm(part: _Part, x: str, name: str, output: str = "") -> str:
    inputs = [x, *(part.keep(part.tensor(f"{name}.{kind}")) for kind in ("weight", "bias"))]
    result: str = part.op("LayerNormalization", inputs, output or 1, axis=-1, epsilon=_EPSILON)
    return result


def _value(name: str, kind: int, *shape: int | str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, shape)
