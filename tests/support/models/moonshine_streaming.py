"""A streaming Moonshine model of a few kilobytes: it says how long a segment is, as its older kin does."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto, helper

from tests.support.models.moonshine import (
    END,
    LONG,
    SHORT,
    SPEECH,
    START,
    VOCABULARY,
    constant,
    model_of,
    tokenizer,
    value,
    write,
)

__all__ = ["make_streaming_moonshine"]

_LONG_FRAMES = 100
_FRAME = 320
_WIDTH, _LAYERS, _HEADS, _HEAD_SIZE = 20, 3, 2, 10
_FLOAT, _INT = TensorProto.FLOAT, TensorProto.INT64
_STATE: tuple[tuple[str, int, list[str | int]], ...] = (
    ("sample_buffer", _FLOAT, [1, 79]),
    ("sample_len", _INT, [1]),
    ("conv1_buffer", _FLOAT, [1, _WIDTH, 4]),
    ("conv2_buffer", _FLOAT, [1, 2 * _WIDTH, 4]),
    ("frame_count", _INT, [1]),
)
node = helper.make_node


def make_streaming_moonshine(folder: Path, *, step: int | None = None, suffix: str = ".ort") -> Path:
    """Write the model's parts into `folder`. With `step` its frontend takes so many samples at a time and
    no other number."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, model in (
        ("frontend", _frontend(step)),
        ("encoder", _encoder()),
        ("adapter", _adapter()),
        ("cross_kv", _cross()),
        ("decoder_kv", _decoder()),
    ):
        write(model, folder / f"{name}{suffix}")
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer()), encoding="utf-8")
    told = {"encoder_dim": _WIDTH, "depth": _LAYERS, "nheads": _HEADS, "bos_id": START, "eos_id": END}
    (folder / "streaming_config.json").write_text(json.dumps(told), encoding="utf-8")
    return folder


def _frontend(step: int | None) -> Any:
    """One frame per 20 ms, holding how many frames came before its call, which only the state knows."""
    nodes = [
        node("Unsqueeze", ["audio_chunk", "one"], ["channel"]),
        node("AveragePool", ["channel"], ["pooled"], kernel_shape=[_FRAME], strides=[_FRAME]),
        node("Transpose", ["pooled"], ["frames"], perm=[0, 2, 1]),
        node("Mul", ["frames", "zero"], ["empty"]),
        node("Cast", ["frame_count"], ["count"], to=_FLOAT),
        node("Add", ["empty", "count"], ["counted"]),
        node("MatMul", ["counted", "spread"], ["features"]),
        node("Shape", ["frames"], ["shape"]),
        node("Gather", ["shape", "one"], ["new"]),
        node("Add", ["frame_count", "new"], ["frame_count_out"]),
        *(node("Identity", [name], [f"{name}_out"]) for name, _, _ in _STATE[:-1]),
    ]
    constants = [
        constant("one", np.array([1], np.int64)),
        constant("zero", np.array(0, np.float32)),
        constant("spread", np.ones((1, _WIDTH), np.float32)),
    ]
    inputs = [value("audio_chunk", _FLOAT, [1, step or "samples"])]
    inputs += [value(name, kind, shape) for name, kind, shape in _STATE]
    outputs = [value("features", _FLOAT, [1, "frames", _WIDTH])]
    outputs += [value(f"{name}_out", kind, shape) for name, kind, shape in _STATE]
    return model_of(nodes, inputs, outputs, constants)


def _encoder() -> Any:
    shape: list[str | int] = [1, "frames", _WIDTH]
    nodes = [node("Identity", ["features"], ["encoded"])]
    return model_of(nodes, [value("features", _FLOAT, shape)], [value("encoded", _FLOAT, shape)], [])


def _adapter() -> Any:
    shape: list[str | int] = [1, "frames", _WIDTH]
    nodes = [
        node("Cast", ["pos_offset"], ["offset"], to=_FLOAT),
        node("Add", ["encoded", "offset"], ["memory"]),
    ]
    inputs = [value("encoded", _FLOAT, shape), value("pos_offset", _INT, [1])]
    return model_of(nodes, inputs, [value("memory", _FLOAT, shape)], [])


def _cross() -> Any:
    """Each layer and head has a frame's first places."""
    attended: list[str | int] = [_LAYERS, 1, _HEADS, "frames", _HEAD_SIZE]
    nodes = [
        node("Slice", ["memory", "from", "to", "last"], ["cut"]),
        node("Unsqueeze", ["cut", "axes"], ["one_head"]),
        node("Expand", ["one_head", "sizes"], ["k_cross"]),
        node("Identity", ["k_cross"], ["v_cross"]),
    ]
    constants = [
        constant("from", np.array([0], np.int64)),
        constant("to", np.array([_HEAD_SIZE], np.int64)),
        constant("last", np.array([2], np.int64)),
        constant("axes", np.array([0, 1], np.int64)),
        constant("sizes", np.array([_LAYERS, 1, _HEADS, 1, _HEAD_SIZE], np.int64)),
    ]
    outputs = [value(name, _FLOAT, attended) for name in ("k_cross", "v_cross")]
    return model_of(nodes, [value("memory", _FLOAT, [1, "frames", _WIDTH])], outputs, constants)


def _decoder() -> Any:
    """What follows a token is in a table, but for the first word, which the number of frames decides, and the
    end, which comes only once two tokens are remembered."""
    table = np.full((VOCABULARY, VOCABULARY), -4.0, np.float32)
    for before, after in ((LONG, SPEECH), (SHORT, SPEECH), (SPEECH, SPEECH)):
        table[before, after] = 4.0
    first = np.zeros((VOCABULARY, VOCABULARY), np.float32)
    first[START, LONG], first[START, SHORT] = 1.0, -1.0
    ending = np.zeros(VOCABULARY, np.float32)
    ending[END] = 6.0
    nodes = [
        node("Shape", ["out_k_cross"], ["cross_shape"]),
        node("Gather", ["cross_shape", "three"], ["frames"]),
        node("Cast", ["frames"], ["counted"], to=_FLOAT),
        node("Add", ["counted", "minus"], ["over"]),
        node("Gather", ["table", "token"], ["chained"]),
        node("Gather", ["first", "token"], ["asked"]),
        node("Mul", ["asked", "over"], ["weighed"]),
        node("Add", ["chained", "weighed"], ["plain"]),
        node("Shape", ["k_self"], ["past_shape"]),
        node("Gather", ["past_shape", "three_scalar"], ["past"]),
        node("Shape", ["token"], ["token_shape"]),
        node("Gather", ["token_shape", "one_scalar"], ["new"]),
        node("Range", ["zero_scalar", "new", "one_scalar"], ["places"]),
        node("Add", ["places", "past"], ["positions"]),
        node("Cast", ["positions"], ["far"], to=_FLOAT),
        node("Sub", ["far", "early"], ["late"]),
        node("Unsqueeze", ["late", "outer"], ["weights"]),
        node("Mul", ["weights", "ending"], ["ends"]),
        node("Add", ["plain", "ends"], ["logits"]),
        node("Gather", ["token_shape", "one"], ["count"]),
        node("Concat", ["before", "count", "after"], ["sizes"], axis=0),
        node("Expand", ["nothing", "sizes"], ["added"]),
        node("Concat", ["k_self", "added"], ["out_k_self"], axis=3),
        node("Concat", ["v_self", "added"], ["out_v_self"], axis=3),
    ]
    constants = [
        constant("table", table),
        constant("first", first),
        constant("ending", ending),
        constant("early", np.array(0.5, np.float32)),
        constant("minus", np.array([-float(_LONG_FRAMES)], np.float32)),
        constant("zero_scalar", np.array(0, np.int64)),
        constant("one_scalar", np.array(1, np.int64)),
        constant("three_scalar", np.array(3, np.int64)),
        constant("one", np.array([1], np.int64)),
        constant("three", np.array([3], np.int64)),
        constant("outer", np.array([0, 2], np.int64)),
        constant("before", np.array([_LAYERS, 1, _HEADS], np.int64)),
        constant("after", np.array([_HEAD_SIZE], np.int64)),
        constant("nothing", np.zeros((1, 1, 1, 1, 1), np.float32)),
    ]
    inputs = [value("token", _INT, [1, "tokens"])]
    for names, length in ((("k_self", "v_self"), "past"), (("out_k_cross", "out_v_cross"), "frames")):
        inputs += [value(name, _FLOAT, [_LAYERS, 1, _HEADS, length, _HEAD_SIZE]) for name in names]
    outputs = [value("logits", _FLOAT, [1, "tokens", VOCABULARY])]
    outputs += [
        value(name, _FLOAT, [_LAYERS, 1, _HEADS, "all", _HEAD_SIZE]) for name in ("out_k_self", "out_v_self")
    ]
    return model_of(nodes, inputs, outputs, constants)
