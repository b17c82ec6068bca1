"""`python -m training.train OUT PACKS [options]`: train what messages are, on packed epochs.

With `--tune` the shared layers learn too and the vectors are held to the published ones; without it only
the second top learns. `--fold N` leaves the conversations of that fold out, reports on them, and writes
what it thinks of each of them beside OUT. Runs on a GPU where there is one.
"""

import argparse
import copy
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from .examples import CASES, KINDS, MARKS, TAGS
from .forms import TESTS
from .model import SHARED_LAYERS, Sense, Trunk, Vector, load

__all__ = ["Pack", "main"]

BATCH_TOKENS = 8192
_NAMES = ("question", "action", "linked")


class Pack:
    """A pack on a device, and its batches of like lengths."""

    def __init__(self, path: Path, device: torch.device) -> None:
        with np.load(path) as read:
            self.name = read["name"]
            arrays = {key: read[key] for key in read.files if key != "name"}
        self.fold = arrays["fold"]
        self.lengths = np.diff(arrays["place"])

        def put(key: str, kind: torch.dtype) -> Tensor:
            return torch.from_numpy(arrays[key].astype(np.int64 if kind == torch.long else np.float32)).to(
                device, kind
            )

        self.ids, self.place, self.first = (
            put("ids", torch.long),
            put("place", torch.long),
            put("first", torch.long),
        )
        self.last, self.act = put("last", torch.long), put("act", torch.long)
        self.tags, self.mark, self.case = (
            put("tags", torch.long),
            put("mark", torch.long),
            put("case", torch.long),
        )
        self.whole = put("whole", torch.float)
        self.device = device

    def batches(self, items: np.ndarray, chance: np.random.Generator | None, tokens: int) -> list[np.ndarray]:
        """Group items of like length, each group of about so many tokens; in random order with `chance`."""
        noise = chance.random(len(items)) * 4 if chance is not None else np.zeros(len(items))
        order = items[np.argsort(self.lengths[items] + noise, kind="stable")]
        groups, at = [], 0
        while at < len(order):
            size = max(1, tokens // int(self.lengths[order[min(at + tokens // 48, len(order) - 1)]] + 4))
            groups.append(order[at : at + size])
            at += size
        if chance is not None:
            chance.shuffle(groups)
        return groups

    def take(self, group: np.ndarray) -> dict[str, Tensor]:
        """Return a padded batch."""
        rows = torch.from_numpy(group).to(self.device)
        longest = int(self.lengths[group].max())
        steps = torch.arange(longest, device=self.device)[None]
        begin = self.place[rows][:, None]
        mask = steps < (self.place[rows + 1][:, None] - begin)
        flat = torch.where(mask, begin + steps, begin)
        current = (steps >= self.first[rows][:, None]) & (steps < self.last[rows][:, None])
        return {
            "ids": torch.where(mask, self.ids[flat], 0),
            "mask": mask.long(),
            "current": current.long(),
            "whole": self.whole[rows],
            "act": self.act[rows],
            "tags": torch.where(mask, self.tags[flat], 0),
            "mark": torch.where(mask, self.mark[flat], -1),
            "case": torch.where(mask, self.case[flat], -1),
        }


class Teacher(nn.Module):
    """The published vectors, and how far ours are from them."""

    def __init__(self, trunk: Trunk, vector: Vector) -> None:
        super().__init__()
        self.trunk, self.vector = copy.deepcopy(trunk).eval(), copy.deepcopy(vector).eval()

    def messages(self, batch: dict[str, Tensor], most: int) -> tuple[Tensor, Tensor]:
        """Return the messages alone, as vectors are made of them."""
        current = batch["current"][:most].bool()
        lengths = current.sum(1)
        longest = int(lengths.max())
        first = current.long().argmax(1)
        steps = torch.arange(longest + 2, device=current.device)[None]
        inner = (steps >= 1) & (steps <= lengths[:, None])
        places = (first[:, None] + steps - 1).clamp(0, current.shape[1] - 1)
        ids = torch.where(inner, batch["ids"][:most].gather(1, places), 0)
        ids[:, 0] = 101
        ids = torch.where(steps == lengths[:, None] + 1, 102, ids)
        return ids, (steps <= lengths[:, None] + 1).long()

    def loss(
        self, trunk: Trunk, vector: Vector, batch: dict[str, Tensor], most: int
    ) -> tuple[Tensor, Tensor]:
        """Return the loss against the published vectors, and the mean cosine."""
        ids, mask = self.messages(batch, most)
        with torch.no_grad():
            true = self.vector(self.trunk(ids, mask), mask)
        # Without dropout: what is held is the vector that will be given out.
        trunk.eval()
        ours = vector.eval()(trunk(ids, mask), mask)
        trunk.train()
        cosine = (ours * true).sum(-1)
        return (1 - cosine).mean() + 2 * ((ours @ ours.T - true @ true.T) ** 2).mean(), cosine.mean()


def loss_of(sense: Sense, states: Tensor, batch: dict[str, Tensor]) -> Tensor:
    """Return the summed loss of what each example of a batch says."""
    pooled, top = sense.pooled(states, batch["mask"], batch["current"])
    whole, acts, tokens = sense.whole(pooled), sense.acts(pooled), sense.tokens(top)
    size = len(whole)
    total = whole.new_zeros(())
    truth = batch["whole"]
    known = ~truth.isnan()
    sure = known[:, :3]
    loss = nn.functional.binary_cross_entropy_with_logits(
        whole[:, :3], truth[:, :3].nan_to_num(), reduction="none"
    )
    total = total + (loss * sure).sum() / size
    total = total + 4 * (((whole[:, 3].tanh() - truth[:, 3].nan_to_num()) ** 2) * known[:, 3]).sum() / size
    if (batch["act"] >= 0).any():
        total = (
            total
            + 0.3 * nn.functional.cross_entropy(acts, batch["act"], ignore_index=-1, reduction="sum") / size
        )
    tags, mark, case = tokens.split((len(TAGS), len(MARKS), len(CASES)), -1)
    allowed = (batch["tags"][..., None] >> torch.arange(len(TAGS), device=tags.device)) & 1
    inside = batch["tags"] > 0
    right = tags.log_softmax(-1).masked_fill(allowed == 0, -1e4).logsumexp(-1)
    total = total - 2 * _by_row(right, inside).sum() / size
    for weight, logits, truth_of in ((2.0, mark, batch["mark"]), (1.0, case, batch["case"])):
        loss = nn.functional.cross_entropy(
            logits.flatten(0, 1), truth_of.flatten(), ignore_index=-1, reduction="none"
        )
        total = total + weight * _by_row(loss.view_as(truth_of), truth_of >= 0).sum() / size
    return total


def _by_row(values: Tensor, inside: Tensor) -> Tensor:
    """Return the mean of each row's values inside, 0 where there are none."""
    return (values * inside).sum(1) / inside.sum(1).clamp(min=1)


class Report:
    """What a network says of conversations that it has not seen."""

    def __init__(self, folder: Path, fold: int, device: torch.device, few: int | None = None) -> None:
        self._few = few
        self.packs = {
            name: Pack(folder / f"{name}{fold}.npz", device) for name in (*TESTS, "names", "passages")
        }

    @torch.inference_mode()
    def said(
        self, trunk: Trunk, sense: Sense, name: str
    ) -> tuple[np.ndarray, list[tuple[dict[str, Tensor], Tensor]]]:
        """Return [examples, 4] and, for each batch, what its tokens are said to be."""
        pack = self.packs[name]
        whole = np.zeros((len(pack.lengths), 4), np.float32)
        tokens = []
        for group in pack.batches(np.arange(len(pack.lengths))[: self._few], None, BATCH_TOKENS * 2):
            batch = pack.take(group)
            of_all, of_each = sense(trunk(batch["ids"], batch["mask"]), batch["mask"], batch["current"])
            whole[group] = of_all.float().cpu().numpy()
            if name in ("names", "passages"):
                tokens.append((batch, of_each))
        return whole, tokens

    def lines(self, trunk: Trunk, sense: Sense, out: Path | None) -> list[str]:
        """Return what to print; write what is thought of each message to `out`."""
        trunk.eval()
        sense.eval()
        told, kept = [], {}
        for name in TESTS:
            whole, _ = self.said(trunk, sense, name)
            truth = self.packs[name].whole.cpu().numpy()
            kept[name] = whole.astype(np.float16)
            long = np.array([n > 3 for n in (self.packs[name].last - self.packs[name].first).tolist()])
            parts = []
            for column, label in enumerate(_NAMES):
                rows = ~np.isnan(truth[:, column])
                best, area = best_f1(whole[rows, column], truth[rows, column] > 0.5)
                parts.append(f"{label} F{best:.3f} AP{area:.3f}")
                if label == "question":
                    rows &= long
                    even, _ = best_f1(whole[rows, column], truth[rows, column] > 0.5, even=True)
                    parts.append(f"even F{even:.3f}")
            told.append(f"  {name}: " + ", ".join(parts))
        kept["truth"], kept["name"] = truth, self.packs["bare"].name
        told += self._tokens(trunk, sense)
        if out is not None:
            np.savez_compressed(out, **kept)
        sense.train()
        return told

    def _tokens(self, trunk: Trunk, sense: Sense) -> list[str]:
        whole, tokens = self.said(trunk, sense, "names")
        truth = self.packs["names"].whole[:, 3].cpu().numpy()
        rated = ~np.isnan(truth)
        told = [f"  polarity error {np.abs(np.tanh(whole[rated, 3]) - truth[rated]).mean():.3f}"]
        counts = np.zeros((len(KINDS), 3))
        for batch, logits in tokens:
            said = logits[..., : len(TAGS)].argmax(-1)
            bits = batch["tags"]
            single = (bits > 0) & ((bits & (bits - 1)) == 0)
            true = torch.where(single, (bits.float().clamp(min=1)).log2().round().long(), 0)
            ours, real = (said + 1) // 2, (true + 1) // 2
            free = ((bits >> said) & 1).bool()
            for kind in range(1, len(KINDS) + 1):
                inside = bits > 0
                right = inside & single & (ours == kind) & (real == kind)
                wrong = inside & (ours == kind) & (real != kind) & ~free
                missed = inside & single & (real == kind) & (ours != kind)
                counts[kind - 1] += [x.sum().item() for x in (right, wrong, missed)]
        told.append("  " + ", ".join(f"{k} F{_f1(*c):.3f}" for k, c in zip(KINDS, counts, strict=True)))
        _, tokens = self.said(trunk, sense, "passages")
        for name, begin, labels, key in (
            ("mark", len(TAGS), MARKS, "mark"),
            ("case", len(TAGS) + len(MARKS), CASES, "case"),
        ):
            sums = np.zeros((len(labels) + 1, 3))
            for batch, logits in tokens:
                said, true = logits[..., begin : begin + len(labels)].argmax(-1), batch[key]
                for at in range(1, len(labels)):
                    sums[at] += _counts(said == at, true == at, true >= 0)
                if key == "mark":
                    sums[-1] += _counts(said >= 2, true >= 2, true >= 0)
            parts = [f"{label} F{_f1(*sums[at]):.3f}" for at, label in enumerate(labels) if at]
            if key == "mark":
                parts.append(f"end F{_f1(*sums[-1]):.3f}")
            told.append(f"  {name}: " + ", ".join(parts))
        return told


def _counts(said: Tensor, true: Tensor, inside: Tensor) -> list[float]:
    return [(inside & a & b).sum().item() for a, b in ((said, true), (said, ~true), (~said, true))]


def _f1(right: float, wrong: float, missed: float) -> float:
    return 2 * right / max(1, 2 * right + wrong + missed)


def best_f1(scores: np.ndarray, truth: np.ndarray, *, even: bool = False) -> tuple[float, float]:
    """Return the best F1 over all thresholds and the average precision; `even` weighs both classes alike."""
    order = np.argsort(-scores)
    truth = truth[order].astype(float)
    there = truth.sum()
    if not there:
        return 0.0, 0.0
    against = (1 - truth) * (there / max(1.0, (1 - truth).sum()) if even else 1.0)
    right, wrong = truth.cumsum(), against.cumsum()
    precision = right / (right + wrong)
    return float((2 * right / (right + wrong + there)).max()), float((precision * truth).sum() / there)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.train", description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("packs", type=Path)
    parser.add_argument("--shared", type=int, default=SHARED_LAYERS)
    parser.add_argument("--tune", action="store_true")
    parser.add_argument("--fold", type=int)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--rate", type=float, default=2e-4)
    parser.add_argument("--decay", type=float, default=0.01)
    parser.add_argument("--hold", type=float, default=20.0, help="weight of the loss that holds the vectors")
    parser.add_argument("--few", type=int, help="only so many examples, to try it out")
    options = parser.parse_args()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.backends.cuda.matmul.allow_tf32 = True
    torch.manual_seed(options.seed)
    chance = np.random.default_rng(options.seed)
    trunk, vector, sense = (part.to(device).train() for part in load(options.shared))
    teacher = Teacher(trunk, vector).to(device)
    for part in (trunk.words, trunk.places, trunk.kinds):
        part.requires_grad_(requires_grad=False)
    heads = [*sense.whole.parameters(), *sense.acts.parameters(), *sense.tokens.parameters()]
    groups = [{"params": list(sense.layers.parameters())}, {"params": heads}]
    rates = [options.rate, 1e-3]
    if options.tune:
        groups.append(
            {"params": [*trunk.layers.parameters(), *trunk.norm.parameters(), *vector.layers.parameters()]}
        )
        rates.append(options.rate / 2)
    else:
        trunk.eval().requires_grad_(requires_grad=False)
        vector.eval()
    optimizer = torch.optim.AdamW(groups, weight_decay=options.decay, fused=device.type == "cuda")
    begun = time.time()

    def items_of(pack: Pack) -> np.ndarray:
        used = np.flatnonzero(pack.fold != (-1 if options.fold is None else options.fold))
        return chance.permutation(used)[: options.few] if options.few else used

    packs = [Pack(options.packs / f"epoch{number}.npz", device) for number in range(options.epochs)]
    plan = [(pack, group) for pack in packs for group in pack.batches(items_of(pack), chance, BATCH_TOKENS)]
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rates, total_steps=len(plan) + 1, pct_start=0.1)
    everything = [p for group in groups for p in group["params"]]
    closeness = torch.ones(())
    for number, (pack, group) in enumerate(plan):
        batch = pack.take(group)
        loss = loss_of(sense, trunk(batch["ids"], batch["mask"]), batch)
        if options.tune:
            held, closeness = teacher.loss(trunk, vector, batch, max(8, len(group) // 3))
            loss = loss + options.hold * held
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(everything, 1.0)
        optimizer.step()
        schedule.step()
        if number % 200 == 0:
            print(
                f"{options.out.stem} step {number}/{len(plan)} loss {loss.item():.3f} "
                f"vectors {closeness.item():.4f} {time.time() - begun:.0f} s",
                flush=True,
            )
    parts = {"sense": sense} | ({"trunk": trunk, "vector": vector} if options.tune else {})
    for name, part in parts.items():
        state = {
            key: value.half().cpu()
            for key, value in part.state_dict().items()
            if not key.startswith(("words", "places", "kinds"))
        }
        torch.save(state, options.out.with_suffix(f".{name}.pt"))
    took = f"{time.time() - begun:.0f} s, last loss {loss.item():.3f}, vectors {closeness.item():.4f}"
    lines = [f"{options.out.stem}: {took}"]
    if options.fold is not None:
        report = Report(options.packs, options.fold, device, options.few)
        lines += report.lines(trunk, sense, options.out.with_suffix(".npz"))
    print("\n".join(lines), flush=True)


if __name__ == "__main__":
    main()
