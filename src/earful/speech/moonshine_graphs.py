"""Moonshine's encoder and decoder as graphs for onnxruntime, made from the weights of the published ones.

The published graphs are general exports: a decoder step has a thousand small operators. These have a dozen a
layer: one product for query, key and value; onnxruntime's own attention with its rotary embedding and its
cache; the choice of the token and its probability inside. The mathematics and the weights are the same, but
for the second convolution, which has eight-bit weights here too. Where the encoder loses most by reading
activations in eight bits, it reads sixteen. On a GPU the same weights are floating-point numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earful.onnx_format import MICROSOFT, Graph
from earful.speech.arithmetic import Arithmetic, windows_of
from earful.speech.decoding import RIVALS
from earful.speech.ort_weights import Quantised, Weights

__all__ = ["Shape", "decoder_model", "encoder_model", "shape_of"]

_POSITIONS = 2048
_ROTARY_BASE = 10_000.0
_EPSILON = 1e-5
_NEVER = -1e4

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Shape:
    """How large a Moonshine network is. `rotary`: how many numbers of a head carry the position."""

    width: int
    heads: int
    head: int
    layers: int
    rotary: int

    @property
    def padded(self) -> int:
        """The size of a head in the decoder's cache: a multiple of sixteen."""
        return -(-self.head // 16) * 16


def shape_of(encoder: Weights) -> Shape:
    """Return the shape of the network that the encoder's weights are of."""
    width = encoder.matrix("/layers.0/self_attn/q_proj/MatMul_quant").data.shape[0]
    heads = 8
    layers = 0
    while encoder.has(f"/layers.{layers}/self_attn/q_proj/MatMul_quant"):
        layers += 1
    rotary = 2 * encoder.input("/rotary_emb/Expand", 0).size
    return Shape(width, heads, width // heads, layers, rotary)


def encoder_model(
    encoder: Weights, decoder: Weights, shape: Shape, arithmetic: Arithmetic, output_kind: Any = np.float32
) -> bytes:
    """Return a graph that turns the sound into what the decoder attends to.

    In: `windows` float32 [T1, 127], the sound's windows of the first convolution; `second` int64 [T2, 7] and
    `third` int64 [T3, 3], which frames the windows of the other two hold. Out: `cross`, of
    `output_kind` [layers * 2, heads, T3, head]: each layer's keys, then its values. The arithmetic is one of
    float32: the first layers need its range.
    """
    graph = Graph()
    windows = graph.input("windows", np.float32, "t1", 127)
    second = graph.input("second", np.int64, "t2", 7)
    third = graph.input("third", np.int64, "t3", 3)
    width = shape.width
    first = encoder.tensor("conv1.weight_add_tensor").reshape(width, -1).T
    x = graph.op("MatMul", [windows, graph.constant(first)])
    x = graph.op("Tanh", [x])
    # One mean and one variance for all, then a factor and a constant for each channel. The second convolution
    # has no padding, so both could go into it; the factor is chosen instead so that activations and weights
    # share the strain of eight bits. How loud a channel of the first can get is known from its kernel.
    flat = graph.op("Reshape", [x, graph.constant(np.array([1, 1, -1], np.int64))])
    one, none = graph.constant(np.ones(1, np.float32)), graph.constant(np.zeros(1, np.float32))
    flat = graph.op("InstanceNormalization", [flat, one, none], epsilon=_EPSILON)
    x = graph.op("Reshape", [flat, graph.constant(np.array([-1, width], np.int64))])
    kernel = encoder.tensor("conv2.weight_add_tensor")
    offset = encoder.input("/groupnorm/Add", 1).reshape(-1)
    bias = encoder.tensor("conv2.bias") + np.einsum("oik,i->o", kernel, offset)
    kernel = kernel * encoder.input("/groupnorm/Mul", 1).reshape(1, -1, 1)
    strength = np.sqrt(np.square(kernel).mean(axis=(0, 2)))
    loudest = np.abs(np.fft.rfft(first, 512, axis=0)).max(axis=0)
    factor = np.sqrt(strength / loudest).astype(np.float32)
    x = graph.op("Mul", [x, graph.constant(factor)])
    matrix = _eight_bits(_matrix_of(kernel / factor[None, :, None]))
    x = arithmetic.fine_product(graph, x, matrix, bias, second)
    x = graph.op("Gelu", [x], domain=MICROSOFT)
    # The third keeps its precision: what it reads has outliers a hundred times the rest.
    kernel = encoder.tensor("conv3.weight_add_tensor")
    x = windows_of(graph, x, third, kernel.shape[1] * kernel.shape[2])
    x = graph.op("MatMul", [x, graph.constant(_matrix_of(kernel))])
    x = graph.op("Add", [x, graph.constant(encoder.tensor("conv3.bias"))])
    x = graph.op("Gelu", [x], domain=MICROSOFT)
    x = graph.op("Unsqueeze", [x, graph.constant(np.array([0], np.int64))])
    cosines, sines = _rotary(graph, arithmetic, shape)
    start = graph.constant(np.zeros(1, np.int64))
    normal = _norm(graph, arithmetic, x, encoder.tensor("layers.0.input_layernorm.weight"))
    for layer in range(shape.layers):
        attention = f"/layers.{layer}/self_attn"
        joined = _joined([encoder.matrix(f"{attention}/{kind}_proj/MatMul_quant") for kind in "qkv"])
        sizes = graph.constant(np.array([width] * 3, np.int64))
        query, key, value = graph.op("Split", [arithmetic.product(graph, normal, joined), sizes], 3, axis=-1)
        query, key = (
            graph.op(
                "RotaryEmbedding",
                [part, start, cosines, sines],
                domain=MICROSOFT,
                interleaved=1,
                num_heads=shape.heads,
                rotary_embedding_dim=shape.rotary,
            )
            for part in (query, key)
        )
        heard = graph.op("MultiHeadAttention", [query, key, value], domain=MICROSOFT, num_heads=shape.heads)
        heard = arithmetic.product(graph, heard, encoder.matrix(f"{attention}/o_proj/MatMul_quant"))
        scale = encoder.tensor(f"layers.{layer}.post_attention_layernorm.weight")
        normal, x = _skip_norm(graph, arithmetic, x, heard, scale)
        up, down = (f"/layers.{layer}/mlp/{step}/MatMul_quant" for step in ("fc1", "fc2"))
        inner = arithmetic.fine_product(graph, normal, encoder.matrix(up), encoder.bias(up))
        inner = graph.op("Gelu", [inner], domain=MICROSOFT)
        normal = arithmetic.product(graph, inner, encoder.matrix(down), encoder.bias(down))
        after = f"layers.{layer + 1}.input_layernorm" if layer + 1 < shape.layers else "layer_norm"
        scale = encoder.tensor(f"{after}.weight")
        normal, x = _skip_norm(graph, arithmetic, x, normal, scale)
    parts = [
        decoder.matrix(f"/model/decoder/layers.{layer}/encoder_attn/{kind}_proj/MatMul_quant")
        for layer in range(shape.layers)
        for kind in "kv"
    ]
    cross = arithmetic.fine_product(graph, normal, _joined(parts))
    split = np.array([-1, len(parts), shape.heads, shape.head], np.int64)
    cross = graph.op("Reshape", [cross, graph.constant(split)])
    if output_kind is not arithmetic.kind:
        cross = graph.cast(cross, output_kind)
    graph.op("Transpose", [cross], ["cross"], perm=[1, 2, 0, 3])
    graph.output("cross", output_kind, len(parts), shape.heads, "t3", shape.head)
    return graph.model()


def decoder_model(decoder: Weights, shape: Shape, never: Sequence[int], arithmetic: Arithmetic) -> bytes:
    """Return a graph that reads some tokens of each row and says which come next.

    In: `ids` int64 [B, S]; `ends` int32 [B], the position of each row's last token; `total` int32 [], the
    largest of them and one; `wanted` int64 [R], the places in B * S whose next token is asked for;
    `mask` int32 [C, F], 1 where a row's frames are; `cross.{n}` [C, heads, F, head] (layer by
    layer, keys and values) and `past.{n}` [B, heads, P, padded head], of the arithmetic's kind. C is B, or 1
    when all rows hear the same.
    Out: `token` int64 [R, 1 + RIVALS], the likeliest first, and `chance` float32 of the same shape, `logits`
    float32 [R, vocabulary], `present.{n}`.
    Tokens in `never` are not chosen.
    """
    graph = Graph()
    ids = graph.input("ids", np.int64, "b", "s")
    ends = graph.input("ends", np.int32, "b")
    total = graph.input("total", np.int32)
    wanted = graph.input("wanted", np.int64, "r")
    mask = graph.input("mask", np.int32, "c", "f")
    heads, padded, width = shape.heads, shape.padded, shape.width
    for at in range(2 * shape.layers):
        graph.input(f"cross.{at}", arithmetic.kind, "c", heads, "f", shape.head)
        graph.input(f"past.{at}", arithmetic.kind, "b", heads, "p", padded)
    cosines, sines = _rotary(graph, arithmetic, shape)
    table = decoder.input("/model/decoder/embed_tokens/Gather", 0)
    stem = "model.decoder.embed_tokens.weight"
    step, zero = decoder.tensor(f"{stem}_scale"), decoder.tensor(f"{stem}_zero_point")
    x = arithmetic.rows(graph, Quantised(table, step, zero), ids)
    normal = _norm(graph, arithmetic, x, decoder.tensor("model.decoder.layers.0.input_layernorm.weight"))
    # Rows that hear the same are one long row for the attention to it.
    wide = graph.constant(np.array([width], np.int64))
    rest = graph.constant(np.array([-1], np.int64))
    heard_by = graph.op("Concat", [graph.op("Shape", [mask], start=0, end=1), rest, wide], axis=0)
    as_read = graph.op("Concat", [graph.op("Shape", [ids]), wide], axis=0)
    for layer in range(shape.layers):
        base, names = f"/model/decoder/layers.{layer}", f"model.decoder.layers.{layer}"
        parts = [decoder.matrix(f"{base}/self_attn/{kind}_proj/MatMul_quant") for kind in "qkv"]
        joined = _joined([_padded_outputs(part, shape) for part in parts])
        heard, *_ = graph.op(
            "GroupQueryAttention",
            [
                arithmetic.product(graph, normal, joined),
                "",
                "",
                f"past.{2 * layer}",
                f"past.{2 * layer + 1}",
                ends,
                total,
                cosines,
                sines,
            ],
            [f"heard.{layer}", f"present.{2 * layer}", f"present.{2 * layer + 1}"],
            domain=MICROSOFT,
            num_heads=heads,
            kv_num_heads=heads,
            scale=shape.head**-0.5,
            do_rotary=1,
            rotary_interleaved=1,
        )
        back = _padded_inputs(decoder.matrix(f"{base}/self_attn/o_proj/MatMul_quant"), shape)
        scale = decoder.tensor(f"{names}.post_attention_layernorm.weight")
        normal, x = _skip_norm(graph, arithmetic, x, arithmetic.product(graph, heard, back), scale)
        query = arithmetic.product(graph, normal, decoder.matrix(f"{base}/encoder_attn/q_proj/MatMul_quant"))
        query = graph.op("Reshape", [query, heard_by])
        heard = graph.op(
            "MultiHeadAttention",
            [query, f"cross.{2 * layer}", f"cross.{2 * layer + 1}", "", mask],
            domain=MICROSOFT,
            num_heads=heads,
        )
        heard = graph.op("Reshape", [heard, as_read])
        heard = arithmetic.product(graph, heard, decoder.matrix(f"{base}/encoder_attn/o_proj/MatMul_quant"))
        scale = decoder.tensor(f"{names}.final_layernorm.weight")
        normal, x = _skip_norm(graph, arithmetic, x, heard, scale)
        up, down = (f"{base}/mlp/{step}/MatMul_quant" for step in ("fc1", "fc2"))
        both = arithmetic.product(graph, normal, decoder.matrix(up), decoder.bias(up))
        half = decoder.matrix(down).data.shape[0]
        sizes = graph.constant(np.array([half, half], np.int64))
        inner, gate = graph.op("Split", [both, sizes], 2, axis=-1)
        gate = graph.op("QuickGelu", [gate], domain=MICROSOFT, alpha=1.0)
        normal = graph.op("Mul", [inner, gate])
        normal = arithmetic.product(graph, normal, decoder.matrix(down), decoder.bias(down))
        after = f"layers.{layer + 1}.input_layernorm" if layer + 1 < shape.layers else "norm"
        scale = decoder.tensor(f"model.decoder.{after}.weight")
        normal, x = _skip_norm(graph, arithmetic, x, normal, scale)
    rows = graph.op("Reshape", [normal, graph.constant(np.array([-1, width], np.int64))])
    rows = graph.op("Gather", [rows, wanted])
    last = decoder.matrix("/proj_out/MatMul_quant")
    barred = np.zeros(last.data.shape[1], np.float32)
    barred[list(never)] = _NEVER
    if arithmetic.kind is np.float32:
        logits = arithmetic.product(graph, rows, last, barred, "logits")
    else:
        logits = graph.cast(arithmetic.product(graph, rows, last, barred), np.float32, "logits")
    chances = graph.op("Softmax", [logits], axis=-1)
    best = graph.constant(np.array([1 + RIVALS], np.int64))
    graph.op("TopK", [chances, best], ["chance", "token"], axis=-1)
    graph.output("token", np.int64, "r", 1 + RIVALS)
    graph.output("chance", np.float32, "r", 1 + RIVALS)
    graph.output("logits", np.float32, "r", last.data.shape[1])
    for at in range(2 * shape.layers):
        graph.output(f"present.{at}", arithmetic.kind, "b", heads, "q", padded)
    return graph.model()


def _norm(graph: Graph, arithmetic: Arithmetic, x: str, scale: Floats) -> str:
    inputs = [x, arithmetic.constant(graph, scale)]
    name: str = graph.op("LayerNormalization", inputs, axis=-1, epsilon=_EPSILON)
    return name


def _skip_norm(graph: Graph, arithmetic: Arithmetic, x: str, added: str, scale: Floats) -> tuple[str, str]:
    """Add to the residual stream; returns its normalised form and itself.

    `SkipLayerNormalization` would be one operator for both, but takes three times as long on a CPU.
    """
    total = graph.op("Add", [x, added])
    return _norm(graph, arithmetic, total, scale), total


def _eight_bits(matrix: Floats) -> Quantised:
    """Quantise a matrix [inputs, outputs], each output by itself."""
    scale = np.maximum(np.abs(matrix).max(axis=0) / 127, 1e-12).astype(np.float32)
    data = (np.rint(matrix / scale) + 128).astype(np.uint8)
    return Quantised(data, scale, np.full(len(scale), 128, np.uint8))


def _matrix_of(kernel: Floats) -> Floats:
    """Return a kernel [outputs, inputs, width] as a matrix for windows of frames."""
    return kernel.transpose(2, 1, 0).reshape(-1, len(kernel))


def _rotary(graph: Graph, arithmetic: Arithmetic, shape: Shape) -> tuple[str, str]:
    frequencies = _ROTARY_BASE ** (-np.arange(0, shape.rotary, 2, dtype=np.float64) / shape.rotary)
    angles = np.arange(_POSITIONS)[:, None] * frequencies[None]
    cosines, sines = (arithmetic.constant(graph, f(angles).astype(np.float32)) for f in (np.cos, np.sin))
    return cosines, sines


def _joined(parts: Sequence[Quantised]) -> Quantised:
    """Return one matrix with the outputs of all, each with its own scale."""
    width = [part.data.shape[1] for part in parts]
    return Quantised(
        np.concatenate([part.data for part in parts], axis=1),
        np.concatenate([np.broadcast_to(p.scale, n) for p, n in zip(parts, width, strict=True)]),
        np.concatenate([np.broadcast_to(p.zero, n) for p, n in zip(parts, width, strict=True)]),
    )


def _padded_outputs(matrix: Quantised, shape: Shape) -> Quantised:
    """Return the matrix with outputs that are zero after those of each head."""
    data = matrix.data.reshape(-1, shape.heads, shape.head)
    more = ((0, 0), (0, 0), (0, shape.padded - shape.head))
    data = np.pad(data, more, constant_values=int(matrix.zero))
    return Quantised(data.reshape(len(data), -1), matrix.scale, matrix.zero)


def _padded_inputs(matrix: Quantised, shape: Shape) -> Quantised:
    """Return the matrix with inputs without weight after those of each head."""
    data = matrix.data.reshape(shape.heads, shape.head, -1)
    more = ((0, 0), (0, shape.padded - shape.head), (0, 0))
    data = np.pad(data, more, constant_values=int(matrix.zero))
    return Quantised(data.reshape(-1, data.shape[2]), matrix.scale, matrix.zero)
