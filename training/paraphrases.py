"""`python -m training.paraphrases OUT`: change the vector's layers so that a message lies near what it means.

Sentence vectors put texts about one thing together; a tracker's phrase and what somebody says who means it
often share neither words nor style, and opposites lie close. Changes of low rank to the vector's three
layers, whose weights stay as they are, are learnt from trackers and messages (`tracked.py`): each message
beside its own family of trackers and those of others. A quarter of the families is left out, so that
`training.meanings` can learn on them how far the nearness can be trusted. Writes OUT.pt, and the changed way
into `vector.onnx`.

Environment: that of `training.train`, with the project's `src` on PYTHONPATH; `--write` only writes what
OUT.pt has. Six minutes of one core.
"""

import argparse
import math
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx.numpy_helper import to_array
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from .low_rank import Change, plain_nodes, with_changes
from .tracked import Sentence, Tracker, commands, forms, left_out, other_talk, written

__all__ = ["main"]

_FOLDER = Path(__file__).parent.parent / "src" / "earful" / "insight" / "models"
_RANK, _DROPOUT, _WIDTH, _HEADS, _LAYERS, _EPSILON = 8, 0.1, 384, 12, 3, 1e-12
_CLS, _SEP, _MESSAGE_TOKENS, _PHRASE_TOKENS = 101, 102, 32, 12
_MESSAGES, _COMMANDS, _OTHERS, _SIBLINGS = 32, 6, 4, 3  # in a step
_EPOCHS, _RATE, _DECAY = 5, 2e-3, 0.01
_MEANS, _OWN, _REST = (
    4.0,
    1.0,
    0.5,
)  # weights of a message beside what it means, the rest of its family, others
_KEEP = 0.6  # how much a message's vector is held to the published one


class Texts:
    """States that the shared layers make of texts, kept; and their published vectors."""

    def __init__(self) -> None:
        self._tokenizer = Tokenizer.from_file(str(_FOLDER / "tokenizer.json"))
        self._trunk = onnxruntime.InferenceSession(str(_FOLDER / "trunk.onnx"))
        self._states: dict[str, Tensor] = {}

    def states(self, texts: Sequence[str], most: int) -> tuple[Tensor, Tensor]:
        """Return the states of some texts, [texts, tokens, 384], and which tokens there are."""
        some = [self._of(text) for text in texts]
        length = min(most, max(len(one) for one in some))
        states, mask = torch.zeros(len(some), length, _WIDTH), torch.zeros(len(some), length)
        for row, one in enumerate(some):
            cut = torch.cat([one[: length - 1], one[-1:]]) if len(one) > length else one
            states[row, : len(cut)], mask[row, : len(cut)] = cut.float(), 1
        return states, mask

    def _of(self, text: str) -> Tensor:
        if text not in self._states:
            ids = [_CLS, *self._tokenizer.encode(text, add_special_tokens=False).ids[:96], _SEP]
            states = self._trunk.run(None, {"input_ids": np.array([ids])})[0]
            self._states[text] = torch.from_numpy(states[0]).half()
        return self._states[text]


class Product(nn.Module):
    """A product by fixed weights, with a change of low rank that is nothing at first."""

    def __init__(self, weights: Tensor, bias: Tensor) -> None:
        super().__init__()
        self.weights, self.bias = weights, bias
        self.into = nn.Parameter(torch.randn(len(weights), _RANK) * len(weights) ** -0.5)
        self.out = nn.Parameter(torch.zeros(_RANK, weights.shape[1]))
        self.dropout = nn.Dropout(_DROPOUT)

    def forward(self, x: Tensor) -> Tensor:
        return x @ self.weights + self.bias + (self.dropout(x) @ self.into) @ self.out


class Changed(nn.Module):
    """The vector's layers as they are in its graph, each product with a change."""

    def __init__(self, vector: onnx.ModelProto) -> None:
        super().__init__()
        constants = {one.name: to_array(one) for one in vector.graph.initializer}

        def tensor(name: str) -> Tensor:
            return torch.from_numpy(constants[name].astype(np.float32))

        nodes = plain_nodes(vector)
        products = [node.input for node in nodes if node.op_type == "DynamicQuantizeMatMul"]
        self.products = nn.ModuleList(
            Product((tensor(data) - tensor(zero)) * tensor(scale), tensor(bias))
            for _, data, scale, zero, bias in products
        )
        self._norms = [
            (tensor(node.input[1]), tensor(node.input[2]))
            for node in nodes
            if node.op_type == "LayerNormalization"
        ]

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Return a vector of length one for each text, [texts, 384]."""
        texts, length, _ = x.shape
        hidden = ((mask - 1) * 1e4)[:, None, None, :].expand(texts, _HEADS, length, length)

        def split(y: Tensor) -> Tensor:
            return y.view(texts, length, _HEADS, -1).transpose(1, 2)

        for at in range(_LAYERS):
            joined, out, up, down = self.products[4 * at : 4 * at + 4]
            query, key, value = map(split, joined(x).split(_WIDTH, -1))
            mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=hidden)
            x = self._norm(x + out(mixed.transpose(1, 2).reshape(texts, length, _WIDTH)), 2 * at)
            x = self._norm(x + down(functional.gelu(up(x))), 2 * at + 1)
        return functional.normalize((x * mask[..., None]).sum(1), dim=-1)

    def _norm(self, x: Tensor, at: int) -> Tensor:
        weight, bias = self._norms[at]
        return functional.layer_norm(x, (_WIDTH,), weight, bias, eps=_EPSILON)

    def changes(self) -> list[Change]:
        """Return the changes, in the order of the products."""
        return [(one.into.detach().numpy(), one.out.detach().numpy()) for one in self.products]


class Lessons:
    """Steps of training: messages, trackers, and which means which."""

    def __init__(self, seed: int = 0) -> None:
        self._chance = random.Random(seed)
        trackers, sentences = written()
        commanded, orders = commands(trackers, self._chance)
        self._trackers: list[Tracker] = trackers + commanded
        out = left_out(trackers)
        self._own = [one for one in sentences if one.family not in out]
        self._orders = orders
        self._talk = other_talk(random.Random(7))
        around = [text for text in self._talk if 4 <= len(text.split()) <= 10]
        self._said = {
            one.text: forms(one.text, self._chance.choice(around), self._chance) for one in self._own
        }
        self._families: dict[int, list[int]] = {}
        for number, tracker in enumerate(self._trackers):
            if tracker.family not in out:
                self._families.setdefault(tracker.family, []).append(number)
        self.steps = int(_EPOCHS * len(self._own) / _MESSAGES)
        self._order: list[Sentence] = []

    def draw(self) -> tuple[list[str], list[str], Tensor, Tensor]:
        """Return messages, two phrases of each of some trackers, which are meant, and how much that weighs.

        The last two are [messages, trackers]; the phrases are one of each tracker, then another of each.
        """
        if len(self._order) < _MESSAGES:
            self._order += self._chance.sample(self._own, len(self._own))
        some = self._order[:_MESSAGES] + self._chance.sample(self._orders, _COMMANDS)
        del self._order[:_MESSAGES]
        texts = [self._chance.choice(self._said.get(one.text, [one.text])) for one in some]
        texts += self._chance.sample(self._talk, _OTHERS)
        some += [Sentence("", -1, -1)] * _OTHERS
        seen = {one.means for one in some if one.means >= 0}
        for family in dict.fromkeys(one.family for one in some if one.family >= 0):
            seen.update(self._families[family][:_SIBLINGS])
        tried = sorted(seen)
        phrases = [self._chance.choice(self._trackers[at].phrases) for _ in range(2) for at in tried]
        means = torch.tensor([[float(one.means == at) for at in tried] for one in some])
        own = torch.tensor([[self._trackers[at].family == one.family for at in tried] for one in some])
        weights = torch.where(own, _OWN, _REST).where(means == 0, torch.tensor(_MEANS))
        return [text.rstrip(" .!?…") for text in texts], phrases, means, weights


def learn(net: Changed, published: Changed, texts: Texts, lessons: Lessons) -> None:
    """Learn the changes; `published` are the layers without them."""
    sharp, level = nn.Parameter(torch.tensor(math.log(1 / 0.06))), nn.Parameter(torch.tensor(0.45))
    groups = [
        {"params": list(net.parameters()), "weight_decay": _DECAY},
        {"params": [sharp, level], "weight_decay": 0.0},
    ]
    optimiser = torch.optim.AdamW(groups, lr=_RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, _RATE, total_steps=lessons.steps + 1, pct_start=0.15
    )
    net.train()
    for step in range(lessons.steps):
        messages, phrases, means, weights = lessons.draw()
        states = texts.states(messages, _MESSAGE_TOKENS)
        said, asked = net(*states), net(*texts.states(phrases, _PHRASE_TOKENS))
        both = (said @ asked.T).unflatten(1, (2, -1))
        near = (torch.logsumexp(both * 10, 1) - math.log(2)) / 10
        odds = (near - level) * sharp.exp()
        each = functional.binary_cross_entropy_with_logits(odds, means, reduction="none")
        meant = means.any(1)
        choice = functional.cross_entropy(odds[meant], means[meant].argmax(1))
        with torch.no_grad():
            before = published(*states)
        apart = 1 - (said * before).sum(-1).mean()
        loss = 8 * (each * weights).sum() / weights.sum() + 0.5 * choice + _KEEP * apart
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        if step % 20 == 19:
            print(f"{step + 1} of {lessons.steps}: {loss.item():.3f}", flush=True)
    net.eval()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.paraphrases", description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--write", action="store_true", help="only write what OUT.pt has")
    options = parser.parse_args()
    torch.manual_seed(0)
    path = _FOLDER / "vector.onnx"
    vector = onnx.load(str(path))
    net, kept = Changed(vector), options.out.with_suffix(".pt")
    if options.write:
        net.load_state_dict(torch.load(kept))
    else:
        learn(net, Changed(vector).eval(), Texts(), Lessons())
        torch.save(net.state_dict(), kept)
    changed = with_changes(vector, net.changes())
    onnx.checker.check_model(changed)
    onnx.save(changed, str(path))


if __name__ == "__main__":
    main()
