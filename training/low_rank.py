"""Low-rank changes to the layers of the vector: a second way through the same weights, for trackers.

The graph has both ways. Which is taken is an input: without the changes the vectors are as published.
"""

from collections.abc import Sequence

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper
from onnx.numpy_helper import from_array

__all__ = ["Change", "plain_nodes", "with_changes"]

_MEANT = "meant"
_PRODUCT = "DynamicQuantizeMatMul"

Change = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Of a product by weights [inputs, outputs]: what is added to them, [inputs, rank] times [rank, outputs]."""


def plain_nodes(vector: onnx.ModelProto) -> list[onnx.NodeProto]:
    """Return the operators of the way without changes."""
    choice = next((node for node in vector.graph.node if node.op_type == "If"), None)
    if choice is None:
        return list(vector.graph.node)
    return next(list(one.g.node) for one in choice.attribute if one.name == "else_branch")


def with_changes(vector: onnx.ModelProto, changes: Sequence[Change]) -> onnx.ModelProto:
    """Return the vector's graph with a change to each of its products, in order, kept in eight bits.

    In: `states` float32 [b, t, 384], `meant` bool [], whether to take the changed way; out: the vector.
    """
    plain = plain_nodes(vector)
    used = {name for node in plain for name in node.input}
    constants = [one for one in vector.graph.initializer if one.name in used]
    unfolded: list[onnx.NodeProto] = []
    changed: list[onnx.NodeProto] = []
    waiting = iter(changes)
    for node in plain:
        copy = onnx.NodeProto()
        copy.CopyFrom(node)
        copy.name = f"{_MEANT}.{node.name}"
        copy.input[:] = [name if name in _given(vector) else f"{_MEANT}.{name}" for name in node.input]
        copy.output[:] = [f"{_MEANT}.{name}" for name in node.output]
        changed.append(copy)
        if node.op_type != _PRODUCT:
            continue
        output, inputs = copy.output[0], copy.input[0]
        copy.output[0] = f"{output}.unchanged"
        names = []
        for kind, matrix in zip(("into", "out"), next(waiting), strict=True):
            name = f"{output}.{kind}"
            scale = np.abs(matrix).max(0, keepdims=True).astype(np.float32) / 127 + np.float32(1e-12)
            constants += [
                from_array(np.round(matrix / scale).astype(np.int8), f"{name}.quantized"),
                from_array(scale, f"{name}.scale"),
            ]
            # onnxruntime does this once, when it loads the graph.
            unfolded += [
                helper.make_node("Cast", [f"{name}.quantized"], [f"{name}.cast"], to=TensorProto.FLOAT),
                helper.make_node("Mul", [f"{name}.cast", f"{name}.scale"], [name]),
            ]
            names.append(name)
        changed += [
            helper.make_node("MatMul", [inputs, names[0]], [f"{output}.narrow"]),
            helper.make_node("MatMul", [f"{output}.narrow", names[1]], [f"{output}.change"]),
            helper.make_node("Add", [f"{output}.unchanged", f"{output}.change"], [output]),
        ]
    if next(waiting, None) is not None:
        raise ValueError("more changes than products")
    value = helper.make_tensor_value_info
    shape = [value("vector", TensorProto.FLOAT, ["b", 384])]
    ends = [value(f"{_MEANT}.vector", TensorProto.FLOAT, ["b", 384])]
    choice = helper.make_node(
        "If",
        [_MEANT],
        ["chosen"],
        then_branch=helper.make_graph(changed, "changed", [], ends),
        else_branch=helper.make_graph(plain, "plain", [], shape),
    )
    graph = helper.make_graph(
        [*unfolded, choice, helper.make_node("Identity", ["chosen"], ["told"])],
        "lean",
        [
            value("states", TensorProto.FLOAT, ["b", "t", 384]),
            value(_MEANT, TensorProto.BOOL, []),
        ],
        [value("told", TensorProto.FLOAT, ["b", 384])],
        constants,
    )
    return helper.make_model(graph, opset_imports=vector.opset_import, ir_version=vector.ir_version)


def _given(vector: onnx.ModelProto) -> frozenset[str]:
    """Return the names that are there before any operator."""
    return frozenset({"states", *(one.name for one in vector.graph.initializer)})
