"""Streaming models of a few kilobytes that sherpa-onnx takes for zipformers: a transducer, and a CTC model.

Both say "HELLO WORLD" of any loud sound, a piece at a time as it goes on, and nothing of silence. The
transducer is nearly as fond of "HELP" as of "HELLO", so that a hotword can turn it.
"""

from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper, save

__all__ = ["make_ctc", "make_transducer"]

PIECES = ("<blk>", "<sos/eos>", "<unk>", "▁HE", "LLO", "LP", "▁WOR", "LD")
_BLANK, _HE, _LLO, _LP, _WOR, _LD = 0, 3, 4, 5, 6, 7
_SIZE = len(PIECES)
_FRAMES = 45
_CHUNK = 32
_OUT = 8
_METADATA = {
    "model_type": "zipformer2",
    "version": "1",
    "encoder_dims": "8",
    "query_head_dims": "4",
    "value_head_dims": "4",
    "num_heads": "2",
    "num_encoder_layers": "1",
    "cnn_module_kernels": "5",
    "left_context_len": "4",
    "T": str(_FRAMES),
    "decode_chunk_len": str(_CHUNK),
}
_STATES = {
    "cached_key_0": [4, "N", 8],
    "cached_nonlin_attn_0": [1, "N", 4, 6],
    "cached_val1_0": [4, "N", 8],
    "cached_val2_0": [4, "N", 8],
    "cached_conv1_0": ["N", 8, 2],
    "cached_conv2_0": ["N", 8, 2],
    "embed_states": ["N", 128, 3, 19],
}
_QUIET = -8.0
"""Mean log energy under which nothing is said."""


def make_transducer(folder: Path, *, int8: bool = False) -> Path:
    """Write encoder, decoder, joiner, tokens and the pieces' vocabulary into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    suffix = ".int8.onnx" if int8 else ".onnx"
    _save(_encoder(), folder / f"encoder-epoch-99{suffix}", _METADATA)
    _save(_decoder(), folder / f"decoder-epoch-99{suffix}", {"vocab_size": str(_SIZE), "context_size": "2"})
    _save(_joiner(), folder / f"joiner-epoch-99{suffix}", {"joiner_dim": "3"})
    _write_tokens(folder)
    (folder / "bpe.vocab").write_text("".join(f"{piece}\t{-at}\n" for at, piece in enumerate(PIECES)))
    return folder


def make_ctc(folder: Path) -> Path:
    """Write a CTC model and its tokens into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    _save(_ctc(), folder / "ctc-epoch-99.onnx", _METADATA)
    _write_tokens(folder)
    return folder


def _write_tokens(folder: Path) -> None:
    text = "".join(f"{piece} {at}\n" for at, piece in enumerate(PIECES))
    (folder / "tokens.txt").write_text(text, encoding="utf-8")


def _save(graph: Any, path: Path, metadata: dict[str, str]) -> None:
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    helper.set_model_props(model, metadata)
    save(model, str(path))


def _value(name: str, kind: int, shape: list[Any]) -> Any:
    return helper.make_tensor_value_info(name, kind, shape)


def _constant(name: str, array: Any) -> Any:
    return numpy_helper.from_array(np.asarray(array), name)


def _heard() -> tuple[list[Any], list[Any], list[Any], list[Any]]:
    """Return what both encoders share: nodes that make `heard` [N, frames, 2] (time in output frames since
    the stream began, and how loud it is over the threshold), inputs, outputs and constants."""
    node = helper.make_node
    nodes = [
        node("ReduceMean", ["x"], ["energy"], axes=[2], keepdims=1),
        node("Transpose", ["energy"], ["energy_first"], perm=[0, 2, 1]),
        node("AveragePool", ["energy_first"], ["pooled"], kernel_shape=[4], strides=[4]),
        node("Slice", ["pooled", "zero", "out", "axis"], ["chunk"]),
        node("Transpose", ["chunk"], ["level"], perm=[0, 2, 1]),
        node("Sub", ["level", "threshold"], ["loud"]),
        node("Cast", ["processed_lens"], ["passed"], to=TensorProto.FLOAT),
        node("Unsqueeze", ["passed", "last_axes"], ["passed_wide"]),
        node("Add", ["passed_wide", "steps"], ["time"]),
        node("Concat", ["time", "loud"], ["heard"], axis=2),
        node("Add", ["processed_lens", "out"], ["new_processed_lens"]),
    ]
    inputs = [_value("x", TensorProto.FLOAT, ["N", _FRAMES, 80])]
    outputs = []
    for name, shape in _STATES.items():
        nodes.append(node("Identity", [name], [f"new_{name}"]))
        inputs.append(_value(name, TensorProto.FLOAT, shape))
        outputs.append(_value(f"new_{name}", TensorProto.FLOAT, shape))
    inputs.append(_value("processed_lens", TensorProto.INT64, ["N"]))
    outputs.append(_value("new_processed_lens", TensorProto.INT64, ["N"]))
    constants = [
        _constant("zero", np.array([0], np.int64)),
        _constant("out", np.array([_OUT], np.int64)),
        _constant("axis", np.array([2], np.int64)),
        _constant("threshold", np.array(_QUIET, np.float32)),
        _constant("last_axes", np.array([1, 2], np.int64)),
        _constant("steps", np.arange(_OUT, dtype=np.float32).reshape(1, _OUT, 1)),
    ]
    return nodes, inputs, outputs, constants


def _encoder() -> Any:
    nodes, inputs, outputs, constants = _heard()
    nodes += [
        helper.make_node("Pad", ["heard", "room", "unit"], ["encoder_out"]),
    ]
    constants += [
        _constant("room", np.array([0, 0, 0, 0, 0, 1], np.int64)),
        _constant("unit", np.array(1, np.float32)),
    ]
    out = _value("encoder_out", TensorProto.FLOAT, ["N", _OUT, 3])
    return helper.make_graph(nodes, "encoder", inputs, [out, *outputs], constants)


def _decoder() -> Any:
    """The last token, as one of as many dimensions."""
    node = helper.make_node
    nodes = [
        node("Slice", ["y", "one", "two", "one"], ["last"]),
        node("Gather", ["table", "last"], ["wide"]),
        node("Squeeze", ["wide", "one"], ["decoder_out"]),
    ]
    constants = [
        _constant("one", np.array([1], np.int64)),
        _constant("two", np.array([2], np.int64)),
        _constant("table", np.eye(_SIZE, dtype=np.float32)),
    ]
    inputs = [_value("y", TensorProto.INT64, ["N", 2])]
    outputs = [_value("decoder_out", TensorProto.FLOAT, ["N", _SIZE])]
    return helper.make_graph(nodes, "decoder", inputs, outputs, constants)


def _joiner() -> Any:
    """Each piece becomes likely some time after the one it follows; in silence nothing is."""
    node = helper.make_node
    follows, after = np.zeros((_SIZE, _SIZE), np.float32), np.full((_SIZE, _SIZE), -20.0, np.float32)
    for token, next_token, frames in (
        (_BLANK, _HE, 4),
        (_HE, _LLO, 14),
        (_HE, _LP, 14.5),
        (_LLO, _WOR, 24),
        (_LP, _WOR, 24),
        (_WOR, _LD, 34),
    ):
        follows[token, next_token], after[token, next_token] = 2.0, -2.0 * frames
    after[:, _BLANK] = 0.0
    silent = np.zeros((1, _SIZE), np.float32)
    silent[0, _BLANK] = 1.0
    nodes = [
        node("Slice", ["encoder_out", "zero", "one", "one"], ["time"]),
        node("Slice", ["encoder_out", "one", "two", "one"], ["loud"]),
        node("MatMul", ["decoder_out", "follows"], ["slopes"]),
        node("MatMul", ["decoder_out", "after"], ["offsets"]),
        node("Mul", ["slopes", "time"], ["risen"]),
        node("Add", ["risen", "offsets"], ["due"]),
        node("Clip", ["due", "least", "most"], ["likely"]),
        node("Neg", ["loud"], ["quiet"]),
        node("Relu", ["quiet"], ["quiet_only"]),
        node("Mul", ["quiet_only", "ten"], ["gate"]),
        node("MatMul", ["gate", "silent"], ["hush"]),
        node("Add", ["likely", "hush"], ["logit"]),
    ]
    constants = [
        _constant("zero", np.array([0], np.int64)),
        _constant("one", np.array([1], np.int64)),
        _constant("two", np.array([2], np.int64)),
        _constant("follows", follows),
        _constant("after", after),
        _constant("silent", silent),
        _constant("least", np.array(-20, np.float32)),
        _constant("most", np.array(6, np.float32)),
        _constant("ten", np.array(10, np.float32)),
    ]
    inputs = [
        _value("encoder_out", TensorProto.FLOAT, ["N", 3]),
        _value("decoder_out", TensorProto.FLOAT, ["N", _SIZE]),
    ]
    outputs = [_value("logit", TensorProto.FLOAT, ["N", _SIZE])]
    return helper.make_graph(nodes, "joiner", inputs, outputs, constants)


def _ctc() -> Any:
    """The pieces follow one another by time alone."""
    node = helper.make_node
    nodes, inputs, outputs, constants = _heard()
    middles = np.full(_SIZE, -1000.0, np.float32)
    for token, frame in ((_HE, 6), (_LLO, 14), (_WOR, 24), (_LD, 34)):
        middles[token] = frame
    blank = np.zeros(_SIZE, np.float32)
    blank[_BLANK] = 1.0
    nodes += [
        node("Slice", ["heard", "zero", "one", "axis"], ["when"]),
        node("Sub", ["when", "middles"], ["off"]),
        node("Mul", ["off", "off"], ["far"]),
        node("Neg", ["far"], ["near"]),
        node("Relu", ["loud"], ["loud_only"]),
        node("Neg", ["loud"], ["quiet"]),
        node("Relu", ["quiet"], ["quiet_only"]),
        node("Add", ["quiet_only", "slack"], ["hush"]),
        node("Sub", ["hush", "loud_only"], ["gate"]),
        node("Mul", ["hush", "blank"], ["gated"]),
        node("Clip", ["near", "least"], ["clipped"]),
        node("Mul", ["clipped", "others"], ["pieces"]),
        node("Add", ["pieces", "gated"], ["logits"]),
        node("LogSoftmax", ["logits"], ["log_probs"], axis=2),
    ]
    constants += [
        _constant("one", np.array([1], np.int64)),
        _constant("middles", middles),
        _constant("blank", blank),
        _constant("others", 1.0 - blank),
        _constant("slack", np.array(-1.0, np.float32)),
        _constant("least", np.array(-30.0, np.float32)),
    ]
    out = _value("log_probs", TensorProto.FLOAT, ["N", _OUT, _SIZE])
    return helper.make_graph(nodes, "ctc", inputs, [out, *outputs], constants)
