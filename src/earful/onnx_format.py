"""Writes ONNX models, and reads their constants: just as much of the format as that needs.

A graph is made when a model is loaded, from weights that are already in memory, so that what runs is made
for this machine; the `onnx` package would be a large dependency for that. The message numbers are those of
onnx.proto, version 1.18.
"""

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["MICROSOFT", "Graph", "constants_in"]

MICROSOFT = "com.microsoft"
"""The domain of onnxruntime's own operators."""

_IR_VERSION = 10
_OPSETS = {"": 21, MICROSOFT: 1}
_TYPES = {
    np.dtype(np.float32): 1,
    np.dtype(np.uint8): 2,
    np.dtype(np.int8): 3,
    np.dtype(np.int32): 6,
    np.dtype(np.int64): 7,
    np.dtype(np.float16): 10,
}
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5

Attribute = int | float | str | Sequence[int]


@dataclass(slots=True)
class Graph:
    """A graph under construction: call `op` in the order of computation, then `model`."""

    _nodes: list[bytes] = field(default_factory=list)
    _constants: list[bytes] = field(default_factory=list)
    _inputs: list[bytes] = field(default_factory=list)
    _outputs: list[bytes] = field(default_factory=list)
    _count: int = 0

    def input(self, name: str, kind: Any, *shape: int | str) -> str:
        """Declare an input; strings in the shape are lengths known only at run time."""
        self._inputs.append(_value_info(name, np.dtype(kind), shape))
        return name

    def output(self, name: str, kind: Any, *shape: int | str) -> None:
        """Declare which value is an output."""
        self._outputs.append(_value_info(name, np.dtype(kind), shape))

    def constant(self, array: NDArray[Any]) -> str:
        """Add a constant; returns its name."""
        name = f"c{len(self._constants)}"
        array = np.ascontiguousarray(array) if array.ndim else array
        dims = b"".join(_number(1, size) for size in array.shape)
        kind = _number(2, _TYPES[array.dtype])
        self._constants.append(dims + kind + _text(8, name) + _bytes(9, array.tobytes()))
        return name

    def op(
        self,
        kind: str,
        inputs: Iterable[str],
        outputs: int | Sequence[str] = 1,
        domain: str = "",
        **attributes: Attribute,
    ) -> Any:
        """Add an operator. Returns the name of its output, or a tuple of them when there are several.

        An empty input is one left out; `outputs` are how many there are, or the names they shall have.
        """
        self._count += 1
        if isinstance(outputs, int):
            names = tuple(f"v{self._count}.{at}" for at in range(outputs))
        else:
            names = tuple(outputs)
        parts = [_text(1, name) for name in inputs] + [_text(2, name) for name in names]
        parts += [_text(3, f"n{self._count}"), _text(4, kind)]
        parts += [_bytes(5, _attribute(name, value)) for name, value in attributes.items()]
        parts.append(_text(7, domain))
        self._nodes.append(b"".join(parts))
        return names[0] if len(names) == 1 else names

    def cast(self, x: str, kind: Any, name: str = "") -> str:
        """Turn numbers into those of another type; `name` is what the result is called."""
        result: str = self.op("Cast", [x], [name] if name else 1, to=_TYPES[np.dtype(kind)])
        return result

    def model(self) -> bytes:
        """Return the whole model."""
        graph = b"".join(
            (
                *(_bytes(1, node) for node in self._nodes),
                _text(2, "graph"),
                *(_bytes(5, constant) for constant in self._constants),
                *(_bytes(11, value) for value in self._inputs),
                *(_bytes(12, value) for value in self._outputs),
            )
        )
        opsets = b"".join(_bytes(8, _text(1, name) + _number(2, at)) for name, at in _OPSETS.items())
        return _number(1, _IR_VERSION) + _bytes(7, graph) + opsets


def constants_in(path: Path) -> dict[str, NDArray[Any]]:
    """Return the constants of an ONNX file by name, in their order: those that it keeps as raw bytes.

    Raises `ValueError` when it is no such file.
    """
    kinds: dict[int, Any] = {number: kind for kind, number in _TYPES.items()}
    found: dict[str, NDArray[Any]] = {}
    try:
        for graph in _parts(memoryview(path.read_bytes()), 7):
            for tensor in _parts(graph, 5):
                fields = list(_fields(tensor))
                dims = [value for number, value in fields if number == 1 and isinstance(value, int)]
                values: dict[int, Any] = dict(fields)
                if values.get(2) in kinds and 9 in values:
                    array = np.frombuffer(values[9], kinds[values[2]])
                    found[bytes(values[8]).decode()] = array.reshape(dims)
    except (IndexError, KeyError, UnicodeDecodeError) as error:
        raise ValueError(f"{path.name} is no ONNX model") from error
    return found


def _parts(message: memoryview, wanted: int) -> Iterator[memoryview]:
    """Yield the messages inside a message that have a number."""
    for number, value in _fields(message):
        if number == wanted and isinstance(value, memoryview):
            yield value


def _fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Yield the fields of a message: their numbers, and what they hold."""
    at = 0
    while at < len(message):
        key, at = _read_varint(message, at)
        number, wire = key >> 3, key & 7
        if wire == _VARINT:
            value, at = _read_varint(message, at)
            yield number, value
            continue
        if wire == _BYTES:
            size, at = _read_varint(message, at)
        elif wire in (_FIXED32, _FIXED64):
            size = 4 if wire == _FIXED32 else 8
        else:
            raise ValueError(f"no wire type is {wire}")
        if at + size > len(message):
            raise ValueError("a part is cut off")
        yield number, message[at : at + size]
        at += size


def _read_varint(message: memoryview, at: int) -> tuple[int, int]:
    """Return a number and where it ends."""
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def _attribute(name: str, value: Attribute) -> bytes:
    if isinstance(value, int):
        return _text(1, name) + _number(3, value) + _number(20, 2)
    if isinstance(value, float):
        return _text(1, name) + _key(2, _FIXED32) + struct.pack("<f", value) + _number(20, 1)
    if isinstance(value, str):
        return _text(1, name) + _text(4, value) + _number(20, 3)
    return _text(1, name) + b"".join(_number(8, one) for one in value) + _number(20, 7)


def _value_info(name: str, kind: np.dtype[Any], shape: Sequence[int | str]) -> bytes:
    sizes = (_number(1, size) if isinstance(size, int) else _text(2, size) for size in shape)
    tensor = _number(1, _TYPES[kind]) + _bytes(2, b"".join(_bytes(1, size) for size in sizes))
    return _text(1, name) + _bytes(2, _bytes(1, tensor))


def _key(number: int, wire: int) -> bytes:
    return _varint(number << 3 | wire)


def _number(number: int, value: int) -> bytes:
    return _key(number, _VARINT) + _varint(value)


def _text(number: int, value: str) -> bytes:
    return _bytes(number, value.encode())


def _bytes(number: int, value: bytes) -> bytes:
    return _key(number, _BYTES) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1  # negative numbers are written as two's complement
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)
