"""How a network's products are computed: with eight-bit weights on processors, in floating point on GPUs.

Eight-bit weights are signed where the processor multiplies unsigned by signed numbers exactly (VNNI, ARM);
elsewhere they stay unsigned, which is exact everywhere and slower. GPUs have no kernels for them.
"""

import platform
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from earful.onnx_format import MICROSOFT, Graph
from earful.speech.ort_weights import Quantised

__all__ = ["Arithmetic", "EightBit", "Floating", "windows_of"]

Floats = NDArray[np.float32]


class Arithmetic(Protocol):
    """Adds products to a graph. `kind` is the type of the numbers between them."""

    kind: Any

    def constant(self, graph: Graph, array: NDArray[Any]) -> str:
        """Add a constant of that type."""
        ...

    def rows(self, graph: Graph, table: Quantised, ids: str) -> str:
        """Take rows out of a table [rows, width]."""
        ...

    def product(
        self, graph: Graph, x: str, matrix: Quantised, bias: Floats | None = None, name: str = ""
    ) -> str:
        """Multiply `x` by weights; `name` is what the result is called."""
        ...

    def fine_product(
        self,
        graph: Graph,
        x: str,
        matrix: Quantised,
        bias: Floats | None = None,
        windows: str | None = None,
    ) -> str:
        """Multiply where `x` needs more than eight bits.

        With `windows`, rows of `x` are put side by side first, those of each window.
        """
        ...


class EightBit:
    """Weights in eight bits, and `x` brought to eight as it comes, to sixteen where that loses most."""

    kind = np.float32

    def constant(self, graph: Graph, array: NDArray[Any]) -> str:
        """Add a constant as it is."""
        return graph.constant(array)

    def rows(self, graph: Graph, table: Quantised, ids: str) -> str:
        """Take rows out of a table that stays in eight bits."""
        rows = graph.op("Gather", [graph.constant(table.data), ids])
        inputs = [rows, graph.constant(table.scale), graph.constant(table.zero)]
        result: str = graph.op("DequantizeLinear", inputs)
        return result

    def product(
        self, graph: Graph, x: str, matrix: Quantised, bias: Floats | None = None, name: str = ""
    ) -> str:
        """Multiply; `x` is quantised as it comes."""
        data, scale, zero = (graph.constant(array) for array in _for_this_machine(matrix))
        inputs = [x, data, scale, zero] + ([graph.constant(bias)] if bias is not None else [])
        outputs: Any = [name] if name else 1
        result: str = graph.op("DynamicQuantizeMatMul", inputs, outputs, domain=MICROSOFT)
        return result

    def fine_product(
        self,
        graph: Graph,
        x: str,
        matrix: Quantised,
        bias: Floats | None = None,
        windows: str | None = None,
    ) -> str:
        """Multiply with `x` in sixteen bits: as eight, and eight for what they leave."""
        data, scale, zero = (graph.constant(array) for array in _for_this_machine(matrix))
        parts = []
        for last in (False, True):
            numbers, step, middle = graph.op("DynamicQuantizeLinear", [x], 3)
            rows = numbers if windows is None else windows_of(graph, numbers, windows, len(matrix.data))
            inputs = [rows, data, step, scale, middle, zero]
            if last and bias is not None:
                inputs.append(graph.constant(bias))
            parts.append(graph.op("MatMulIntegerToFloat", inputs, domain=MICROSOFT))
            if not last:
                x = graph.op("Sub", [x, graph.op("DequantizeLinear", [numbers, step, middle])])
        result: str = graph.op("Add", parts)
        return result


class Floating:
    """The same weights as floating-point numbers of a kind, np.float32 or np.float16."""

    def __init__(self, kind: Any) -> None:
        self.kind = kind

    def constant(self, graph: Graph, array: NDArray[Any]) -> str:
        """Add a constant; floating-point numbers become those of this kind."""
        return graph.constant(array.astype(self.kind) if array.dtype == np.float32 else array)

    def rows(self, graph: Graph, table: Quantised, ids: str) -> str:
        """Take rows out of a table."""
        result: str = graph.op("Gather", [self.constant(graph, _floats(table)), ids])
        return result

    def product(
        self, graph: Graph, x: str, matrix: Quantised, bias: Floats | None = None, name: str = ""
    ) -> str:
        """Multiply, and add the bias."""
        outputs: Any = [name] if name else 1
        inputs = [x, self.constant(graph, _floats(matrix))]
        if bias is not None:
            inputs = [graph.op("MatMul", inputs), self.constant(graph, bias)]
        result: str = graph.op("MatMul" if bias is None else "Add", inputs, outputs)
        return result

    def fine_product(
        self,
        graph: Graph,
        x: str,
        matrix: Quantised,
        bias: Floats | None = None,
        windows: str | None = None,
    ) -> str:
        """Multiply; nothing more is needed here."""
        rows = x if windows is None else windows_of(graph, x, windows, len(matrix.data))
        return self.product(graph, rows, matrix, bias)


def windows_of(graph: Graph, x: str, windows: str, size: int) -> str:
    """Return the frames of each window side by side, `size` numbers in all."""
    gathered = graph.op("Gather", [x, windows], axis=0)
    result: str = graph.op("Reshape", [gathered, graph.constant(np.array([-1, size], np.int64))])
    return result


def _floats(matrix: Quantised) -> Floats:
    zero = np.asarray(matrix.zero, np.float32)
    return (matrix.data.astype(np.float32) - zero) * np.asarray(matrix.scale, np.float32)


def _for_this_machine(matrix: Quantised) -> tuple[NDArray[Any], Floats, NDArray[Any]]:
    if not _multiplies_signed():
        return matrix.data, matrix.scale, matrix.zero
    data, zero = (
        (array.astype(np.int16) - 128).astype(np.int8) for array in (matrix.data, np.asarray(matrix.zero))
    )
    return data, matrix.scale, zero


@cache
def _multiplies_signed() -> bool:
    """Return whether unsigned times signed bytes are added up without saturation: not on older x86."""
    if platform.machine().lower() not in ("x86_64", "amd64", "i686"):
        return True
    try:
        flags = Path("/proc/cpuinfo").read_text(errors="replace")
    except OSError:
        return False
    return "avx512_vnni" in flags or "avx_vnni" in flags
