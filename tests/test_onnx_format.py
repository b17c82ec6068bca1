"""Models that are written here are read by onnxruntime and by the onnx package."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest

from earful.onnx_format import MICROSOFT, Graph, constants_in


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


def test_constants_are_read_from_what_the_onnx_package_writes(tmp_path: Path) -> None:
    """Names, types, shapes and values, in their order; other parts of the file are passed over."""
    wanted = {
        "weights": np.linspace(-1, 1, 600, dtype=np.float32).reshape(2, 3, 100),
        "one": np.array(7, np.int64),
        "bytes": np.arange(200, dtype=np.uint8),
    }
    node = onnx.helper.make_node("Elu", ["x"], ["y"], alpha=0.5)
    ends = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["n"]) for name in "xy"]
    constants = [onnx.numpy_helper.from_array(array, name) for name, array in wanted.items()]
    made = onnx.helper.make_model(onnx.helper.make_graph([node], "g", ends[:1], ends[1:], constants))
    onnx.save(made, tmp_path / "model.onnx")
    found = constants_in(tmp_path / "model.onnx")
    assert list(found) == list(wanted)
    for name, array in wanted.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)


@pytest.mark.parametrize("content", [b"\x3a\xff\xff\xff\x7f", b"no model at all", b"\x3a\x04\x2a\x02\x0a"])
def test_another_file_is_refused(tmp_path: Path, content: bytes) -> None:
    """Cut off or of another kind: said, not misread."""
    (tmp_path / "model.onnx").write_bytes(content)
    with pytest.raises(ValueError):
        constants_in(tmp_path / "model.onnx")
