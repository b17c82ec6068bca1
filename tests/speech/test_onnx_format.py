"""Models that are written here are read by onnxruntime and by the onnx package."""

import numpy as np
import onnx
import onnxruntime as ort

from earful.speech.onnx_format import MICROSOFT, Graph


def test_a_graph_with_every_kind_of_part_runs() -> None:
    """Constants of all types, inputs of unknown length, attributes, several outputs, another domain."""
    graph = Graph()
    x = graph.input("x", np.float32, "n", 4)
    scaled = graph.op("Mul", [x, graph.constant(np.array(2.0, np.float32))])
    activated = graph.op("QuickGelu", [scaled], domain=MICROSOFT, alpha=1.0)
    sizes = graph.constant(np.array([1, 3], np.int64))
    left, right = graph.op("Split", [activated, sizes], 2, axis=-1)
    graph.op("Concat", [right, left], ["y"], axis=1)
    graph.op("Transpose", ["y"], ["z"], perm=[1, 0])
    graph.output("y", np.float32, "n", 4)
    graph.output("z", np.float32, 4, "n")
    model = graph.model()
    onnx.checker.check_model(onnx.load_from_string(model), full_check=False)
    session = ort.InferenceSession(model, providers=["CPUExecutionProvider"])
    given = np.arange(8, dtype=np.float32).reshape(2, 4)
    y, z = session.run(["y", "z"], {"x": given})
    expected = 2 * given / (1 + np.exp(-2 * given))
    np.testing.assert_allclose(y, np.roll(expected, -1, axis=1), rtol=1e-5)
    np.testing.assert_array_equal(z, y.T)


def test_long_constants_and_negative_numbers_survive() -> None:
    """Lengths of several bytes; an attribute and a constant under zero."""
    graph = Graph()
    x = graph.input("x", np.int64, "n")
    table = np.arange(-5000, 5000, dtype=np.int64)
    graph.op("Gather", [graph.constant(table), x], ["y"], axis=-1)
    graph.output("y", np.int64, "n")
    session = ort.InferenceSession(graph.model(), providers=["CPUExecutionProvider"])
    (y,) = session.run(None, {"x": np.array([0, 4999, 9999])})
    assert y.tolist() == [-5000, -1, 4999]
