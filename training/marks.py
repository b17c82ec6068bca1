"""`python -m training.marks OUT [--fold N]`: train how bare words are written, over the frozen shared layers.

A small network of its own reads the states of the encoder's shared layers (the exported ones, int8, as they
will be used) and tells the mark after each word and its case. It learns from turns as transcribers wrote
them, one by one as a recogniser's segments come, from turns of one speaker joined, and from passages. With
`--fold` a fifth of the conversations is left out and what is said of their turns is written to OUT.npz;
without it the network is exported to OUT.onnx. Made for two CPU cores.
"""

import argparse
import random
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnx
import onnxruntime
import torch
from torch import Tensor, nn

from .business import lines
from .examples import CASES, HOMOPHONES, MARKS, TRAIN, fold_of, rows
from .export import quantised
from .pack import tokenizer
from .passages import cut, marked_words, passages

__all__ = ["Marks", "export", "main"]

_MODELS = Path(__file__).parent.parent / "src" / "earful" / "insight" / "models"
_MOST_TOKENS, _BATCH_TOKENS = 96, 3072
_JOINED_WITHIN_S, _JOINED = 1.5, 0.2
_WIDTH, _HEADS, _INNER, _LAYERS = 160, 5, 480, 2


class Marked(NamedTuple):
    """A bare text, the mark and the case of each of its words, where it is from and of what kind it is."""

    text: str
    forms: tuple[tuple[int, int], ...]
    group: str
    kind: str


class _Block(nn.Module):
    """A pre-normed transformer layer, written out so that its export is small and plain."""

    def __init__(self) -> None:
        super().__init__()
        self.before, self.between = nn.LayerNorm(_WIDTH), nn.LayerNorm(_WIDTH)
        self.mixed, self.out = nn.Linear(_WIDTH, 3 * _WIDTH), nn.Linear(_WIDTH, _WIDTH)
        self.up, self.down = nn.Linear(_WIDTH, _INNER), nn.Linear(_INNER, _WIDTH)
        self.drop = nn.Dropout(0.1)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        batch, length, _ = x.shape
        size = _WIDTH // _HEADS

        def split(y: Tensor) -> Tensor:
            return y.view(batch, length, _HEADS, size).transpose(1, 2)

        query, key, value = (split(part) for part in self.mixed(self.before(x)).chunk(3, -1))
        if torch.onnx.is_in_onnx_export():
            heads = (query @ key.transpose(2, 3) / size**0.5 + mask).softmax(-1) @ value
        else:
            heads = nn.functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        x = x + self.drop(self.out(heads.transpose(1, 2).reshape(batch, length, _WIDTH)))
        return x + self.drop(self.down(nn.functional.gelu(self.up(self.between(x)))))


class Marks(nn.Module):
    """States of the shared layers, [batch, tokens, 384], to each token's mark and case, [.., 4 + 3]."""

    def __init__(self) -> None:
        super().__init__()
        self.near, self.norm = nn.Linear(3 * 384, _WIDTH), nn.LayerNorm(_WIDTH)
        self.layers = nn.ModuleList(_Block() for _ in range(_LAYERS))
        self.top, self.drop = nn.LayerNorm(_WIDTH), nn.Dropout(0.1)
        self.out = nn.Linear(_WIDTH, len(MARKS) + len(CASES))

    def forward(self, states: Tensor, attention_mask: Tensor | None = None) -> Tensor:
        if attention_mask is None:  # nothing is padded
            attention_mask = torch.ones_like(states[:, :, 0])
        x = states * attention_mask[:, :, None].float()
        nothing = x[:, :1] * 0
        x = torch.cat([torch.cat([nothing, x[:, :-1]], 1), x, torch.cat([x[:, 1:], nothing], 1)], -1)
        x = self.norm(self.near(x))
        mask = (1.0 - attention_mask[:, None, None, :].float()) * -10000.0
        for layer in self.layers:
            x = layer(x, mask)
        return self.out(self.drop(self.top(x)))


# -- what it learns from ----------------------------------------------------------------------------


def _shown(words: list[tuple[str, int, int]], group: str, kind: str) -> Marked:
    return Marked(
        " ".join(word.lower() for word, _, _ in words),
        tuple((mark, case) for _, mark, case in words),
        group,
        kind,
    )


def _turns(chance: random.Random) -> Iterator[Marked]:
    """Yield the turns of meetings, and turns of one speaker that follow without a pause as one."""
    for name, kind in (("meetings_ami_train", "ami"), ("meetings_icsi_train", "icsi")):
        for meeting in rows(TRAIN / f"{name}.jsonl.gz"):
            group = meeting["id"][:6] if kind == "ami" else meeting["id"]
            last: dict[str, tuple[float, list[tuple[str, int, int]]]] = {}
            for turn in meeting["turns"]:
                words = marked_words(turn.get("text") or "")
                if len(words) > 2:
                    yield _shown(words, group, kind)
                end, before = last.get(turn["speaker"], (0.0, []))
                if words and before and turn["start"] - end < _JOINED_WITHIN_S and len(before) < 60:
                    words = before + words
                    if chance.random() < _JOINED:
                        yield _shown(words, group, f"{kind} joined")
                last[turn["speaker"]] = (turn["end"], words)


def _told(chance: random.Random) -> Iterator[Marked]:
    """Yield windows of what is said in committees, interviews, news and speeches, and of service talk."""
    for group, text, _ in passages():
        if _MEETING.match(group):
            continue
        for window in cut(marked_words(text), chance):
            yield _shown(window, group, "told")
    said = [text for name in ("service_questions", "service_answers", "small_talk") for text in lines(name)]
    said = [text for text in said if "{" not in text]
    for number in range(800):
        some = [
            text if text.endswith("?") else f"{text}."
            for text in chance.choices(said, k=chance.randint(1, 3))
        ]
        yield _shown(marked_words(" ".join(some)), f"service {number}", "service")


_MEETING = re.compile(r"(?:ES|IS|TS|EN)\d{4}|B[a-z]{2}\d{3}")


def examples(seed: int) -> list[Marked]:
    """Return what is learnt from; some of it with words misheard."""
    chance = random.Random(seed)
    found = [*_turns(chance), *_told(chance)]
    for at, one in enumerate(found):
        if chance.random() < 0.1:
            found[at] = one._replace(text=" ".join(HOMOPHONES.get(word, word) for word in one.text.split()))
    return found


# -- states, once -----------------------------------------------------------------------------------


class States:
    """The states of the shared layers for every text, half precision in memory; labels at first tokens."""

    def __init__(self, some: list[Marked], kept: Path | None = None) -> None:
        """Make the states, or read those that were kept in a file for the same texts."""
        read = tokenizer()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 2
        trunk = onnxruntime.InferenceSession(
            str(_MODELS / "trunk.onnx"), options, providers=["CPUExecutionProvider"]
        )
        ids, labels = [], []
        for one in some:
            encoded = read.encode(one.text, add_special_tokens=False)
            starts = {place.start(): at for at, place in enumerate(re.finditer(r"\S+", one.text))}
            row = [(-1, -1)]
            for begin, _ in encoded.offsets[:_MOST_TOKENS]:
                at = starts.get(begin)
                row.append(one.forms[at] if at is not None else (-1, -1))
            ids.append([101, *encoded.ids[:_MOST_TOKENS], 102])
            labels.append([*row, (-1, -1)])
        self.lengths = np.array([len(row) for row in ids])
        self.place = np.concatenate([[0], self.lengths.cumsum()])
        self.labels = np.concatenate([np.array(row, np.int8) for row in labels])
        shape = (int(self.place[-1]), 384)
        if kept is not None and kept.exists():
            self.states = np.load(kept, mmap_mode="r")
            assert self.states.shape == shape, "kept states are of other texts"
            return
        self.states = np.zeros(shape, np.float16)
        for length in np.unique(self.lengths):  # only texts of one length are read together
            some_long = np.flatnonzero(self.lengths == length)
            for group in np.split(some_long, range(16, len(some_long), 16)):
                read_at_once = np.array([ids[item] for item in group], np.int64)
                for item, made in zip(group, trunk.run(None, {"input_ids": read_at_once})[0], strict=True):
                    self.states[self.place[item] : self.place[item + 1]] = made
        if kept is not None:
            np.save(kept, self.states)

    def batches(self, items: np.ndarray, chance: np.random.Generator | None) -> list[np.ndarray]:
        """Group items of like length; in random order with `chance`."""
        noise = chance.random(len(items)) * 3 if chance is not None else np.zeros(len(items))
        order = items[np.argsort(self.lengths[items] + noise, kind="stable")]
        groups, at = [], 0
        while at < len(order):
            size = max(1, _BATCH_TOKENS // int(self.lengths[order[at]] + 4))
            groups.append(order[at : at + size])
            at += size
        if chance is not None:
            chance.shuffle(groups)
        return groups

    def take(self, group: np.ndarray) -> tuple[Tensor, Tensor, Tensor]:
        """Return the states, mask and labels of a batch, padded."""
        longest = int(self.lengths[group].max())
        inside = np.arange(longest) < self.lengths[group][:, None]
        flat = np.where(inside, self.place[group][:, None] + np.arange(longest), 0)
        labels = np.where(inside[..., None], self.labels[flat], -1).astype(np.int64)
        return (
            torch.from_numpy(self.states[flat].astype(np.float32)),
            torch.from_numpy(inside.astype(np.int64)),
            torch.from_numpy(labels),
        )


# -- training ---------------------------------------------------------------------------------------


def _loss(said: Tensor, labels: Tensor) -> Tensor:
    mark = nn.functional.cross_entropy(said[..., :4].flatten(0, 1), labels[..., 0].flatten(), ignore_index=-1)
    case = nn.functional.cross_entropy(said[..., 4:].flatten(0, 1), labels[..., 1].flatten(), ignore_index=-1)
    return mark + 0.5 * case


def _train(states: States, items: np.ndarray, epochs: int, rate: float, seed: int) -> Marks:
    torch.manual_seed(seed)
    chance = np.random.default_rng(seed)
    network = Marks().train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=0.02)
    plan = [group for _ in range(epochs) for group in states.batches(items, chance)]
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=len(plan) + 1, pct_start=0.1)
    begun, mean = time.time(), 0.0
    for number, group in enumerate(plan):
        inputs, mask, labels = states.take(group)
        loss = _loss(network(inputs, mask), labels)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        mean += (loss.item() - mean) * max(0.01, 1 / (number + 1))
        if number % 100 == 0:
            print(f"step {number}/{len(plan)} loss {mean:.3f} {time.time() - begun:.0f} s", flush=True)
    return network.eval()


@torch.inference_mode()
def _heard(network: Marks, states: States, items: np.ndarray) -> dict[str, np.ndarray]:
    """Return for each word left out: its item, chances of the marks, log odds of case, and the truth."""
    parts = []
    for group in states.batches(items, None):
        inputs, mask, labels = states.take(group)
        said = network(inputs, mask)
        said = torch.cat([said[..., :4].softmax(-1), said[..., 4:]], -1).numpy()
        known = labels[..., 0].numpy() >= 0
        owner = np.broadcast_to(group[:, None], known.shape)
        parts.append(np.concatenate([owner[known][:, None], said[known], labels.numpy()[known]], 1))
    return {"words": np.concatenate(parts)}


def export(network: Marks, path: Path) -> None:
    """Write the network as int8 ONNX; it reads one text at a time."""
    onnx.save(quantised(network, {"states": torch.randn(1, 9, 384)}, ["tokens"]), str(path))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.marks", description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--fold", type=int)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--states", type=Path, help="file that keeps the shared layers' states")
    parser.add_argument("--few", type=int, help="only so many examples, to try it out")
    options = parser.parse_args()
    torch.set_num_threads(1)
    some = examples(options.seed)
    if options.few:
        some = random.Random(1).sample(some, options.few)
    begun = time.time()
    states = States(some, options.states)
    print(f"{len(some)} texts, {states.place[-1]} tokens, {time.time() - begun:.0f} s", flush=True)
    folds = np.array([fold_of(one.group) for one in some])
    network = _train(
        states,
        np.flatnonzero(folds != (-1 if options.fold is None else options.fold)),
        options.epochs,
        options.rate,
        options.seed,
    )
    torch.save(
        {key: value.half() for key, value in network.state_dict().items()}, options.out.with_suffix(".pt")
    )
    if options.fold is not None:
        left = np.flatnonzero(folds == options.fold)
        kinds = np.array([one.kind for one in some])
        texts = np.array([one.text for one in some])
        np.savez_compressed(
            options.out.with_suffix(".npz"), kinds=kinds, texts=texts, **_heard(network, states, left)
        )
    else:
        export(network, options.out.with_suffix(".onnx"))


if __name__ == "__main__":
    main()
