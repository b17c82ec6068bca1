"""A Moonshine model of a few kilobytes: it says "long speech" of long segments, else "short speech"."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper, save

__all__ = [
    "END",
    "LONG",
    "LONG_FRAMES",
    "SHORT",
    "SPEECH",
    "START",
    "VOCABULARY",
    "WORDS",
    "constant",
    "make_moonshine",
    "model_of",
    "tokenizer",
    "value",
    "write",
]

LONG_FRAMES = 80
WORDS = ("▁long", "▁short", "▁speech")
_FIRST_WORD = 259
LONG, SHORT, SPEECH = range(_FIRST_WORD, _FIRST_WORD + len(WORDS))
START, END = 1, 2
VOCABULARY = _FIRST_WORD + len(WORDS)


def make_moonshine(
    folder: Path,
    *,
    layers: int = 8,
    heads: int = 8,
    head_size: int = 52,
    width: int = 416,
    masks: bool = True,
    suffix: str = ".onnx",
) -> Path:
    """Write the model's parts into `folder`; by default in the shapes of the base size.

    With `suffix` ".ort" the networks are in ORT's format, with `masks` false they take no masks, as some
    published exports do.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, model in (
        ("encoder_model", _encoder(width, masks)),
        ("decoder_model_merged", _decoder(layers, heads, head_size, width, masks)),
    ):
        write(model, folder / f"{name}{suffix}")
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer()), encoding="utf-8")
    return folder


def write(model: Any, path: Path) -> None:
    if path.suffix == ".onnx":
        save(model, str(path))
        return
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.optimized_model_filepath = str(path)
    options.add_session_config_entry("session.save_model_format", "ORT")
    ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def tokenizer() -> dict[str, Any]:
    names = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *WORDS]
    return {
        "model": {"type": "BPE", "vocab": {name: at for at, name in enumerate(names)}},
        "added_tokens": [{"id": START, "content": "<s>"}, {"id": END, "content": "</s>"}],
    }


def value(name: str, kind: int, shape: list[str | int]) -> Any:
    return helper.make_tensor_value_info(name, kind, shape)


def constant(name: str, array: Any) -> Any:
    return numpy_helper.from_array(np.asarray(array), name)


def model_of(nodes: list[Any], inputs: list[Any], outputs: list[Any], constants: list[Any]) -> Any:
    graph = helper.make_graph(nodes, "tiny", inputs, outputs, constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def _encoder(width: int, masks: bool) -> Any:
    """One frame per 384 samples, holding their mean in every place."""
    node = helper.make_node
    nodes = [
        node("Unsqueeze", ["input_values", "one"], ["channel"]),
        node("AveragePool", ["channel"], ["pooled"], kernel_shape=[384], strides=[384]),
        node("Transpose", ["pooled"], ["frames"], perm=[0, 2, 1]),
        node("MatMul", ["frames", "spread"], ["last_hidden_state"]),
    ]
    inputs = [value("input_values", TensorProto.FLOAT, ["batch", "samples"])]
    if masks:
        inputs.append(value("attention_mask", TensorProto.INT64, ["batch", "samples"]))
    constants = [
        constant("one", np.array([1], np.int64)),
        constant("spread", np.ones((1, width), np.float32)),
    ]
    outputs = [value("last_hidden_state", TensorProto.FLOAT, ["batch", "frames", width])]
    return model_of(nodes, inputs, outputs, constants)


def _decoder(layers: int, heads: int, head_size: int, width: int, masks: bool) -> Any:
    """What follows a token is in a table, but for the first word, which the number of frames decides."""
    node = helper.make_node
    table = np.full((VOCABULARY, VOCABULARY), -4.0, np.float32)
    for before, after in ((LONG, SPEECH), (SHORT, SPEECH), (SPEECH, END)):
        table[before, after] = 4.0
    first = np.zeros((VOCABULARY, VOCABULARY), np.float32)
    first[START, LONG], first[START, SHORT] = 1.0, -1.0
    constants = [
        constant("table", table),
        constant("first", first),
        constant("minus", np.array(-float(LONG_FRAMES), np.float32)),
        constant("last_axis", np.array([2], np.int64)),
        constant("middle_axis", np.array([1], np.int64)),
        constant("nothing", np.zeros((1, heads, 1, head_size), np.float32)),
        constant("zero", np.array([0], np.int64)),
        constant("one", np.array([1], np.int64)),
        constant("two", np.array([2], np.int64)),
        constant("stride", np.array([384], np.int64)),
        constant("far", np.array([2**31], np.int64)),
        constant("heads", np.array([heads], np.int64)),
        constant("head_size", np.array([head_size], np.int64)),
    ]
    if masks:
        counted = [
            node("Slice", ["encoder_attention_mask", "zero", "far", "one", "stride"], ["kept"]),
            node("ReduceSum", ["kept", "middle_axis"], ["count"], keepdims=1),
        ]
    else:
        counted = [
            node("Shape", ["encoder_hidden_states"], ["shape"]),
            node("Gather", ["shape", "one"], ["count"]),
        ]
    nodes = [
        *counted,
        node("Cast", ["count"], ["frames"], to=TensorProto.FLOAT),
        node("Add", ["frames", "minus"], ["over"]),
        node("Unsqueeze", ["over", "last_axis" if masks else "zero"], ["length"]),
        node("Gather", ["table", "input_ids"], ["chained"]),
        node("Gather", ["first", "input_ids"], ["asked"]),
        node("Mul", ["asked", "length"], ["weighed"]),
        node("Add", ["chained", "weighed"], ["logits"]),
        node("Shape", ["input_ids"], ["ids_shape"]),
        node("Gather", ["ids_shape", "zero"], ["rows"]),
        node("Gather", ["ids_shape", "one"], ["new"]),
        node("Concat", ["rows", "heads", "new", "head_size"], ["new_shape"], axis=0),
        node("Expand", ["nothing", "new_shape"], ["added"]),
        node("Shape", ["encoder_hidden_states"], ["hidden_shape"]),
        node("Gather", ["hidden_shape", "one"], ["width"]),
        node("Concat", ["rows", "heads", "width", "head_size"], ["cross_shape"], axis=0),
        node("Expand", ["nothing", "cross_shape"], ["cross"]),
    ]
    inputs = [
        value("input_ids", TensorProto.INT64, ["batch", "tokens"]),
        value("encoder_hidden_states", TensorProto.FLOAT, ["batch", "frames", width]),
        value("use_cache_branch", TensorProto.BOOL, [1]),
    ]
    if masks:
        inputs.append(value("encoder_attention_mask", TensorProto.INT64, ["batch", "samples"]))
    outputs = [value("logits", TensorProto.FLOAT, ["batch", "tokens", VOCABULARY])]
    for layer in range(layers):
        for kind in ("key", "value"):
            for side in ("decoder", "encoder"):
                past, present = (f"{time}.{layer}.{side}.{kind}" for time in ("past_key_values", "present"))
                shape: list[str | int] = ["batch", heads, f"past_{side}", head_size]
                inputs.append(value(past, TensorProto.FLOAT, shape))
                outputs.append(value(present, TensorProto.FLOAT, ["batch", heads, f"all_{side}", head_size]))
                if side == "decoder":
                    nodes.append(node("Concat", [past, "added"], [present], axis=2))
                else:
                    nodes.append(node("Identity", ["cross"], [present]))
    return model_of(nodes, inputs, outputs, constants)
