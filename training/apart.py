"""`python -m training.apart BEFORE OUT [--texts N]`: teach `sense` to hear messages that were read apart.

BEFORE is a folder with the exported parts whose `sense` was trained on a message behind its neighbours, all
read by the shared layers as one text. In use these layers read each message by itself, once, so that `sense`
sees states that differ a little from those it knows. It learns here to say of them what it said of the whole
text, from messages of one epoch: most with some before them, some alone. Half of what it learnt is kept (the
mean of its weights before and after), for messages alone had it right. Writes OUT/sense.onnx. No label is
looked at. Eight minutes on two CPU cores.
"""

import argparse
import copy
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from earful.insight.encoder import TextEncoder
from earful.insight.layout import laid_out

from .examples import CASES, MARKS, TAGS, Example, read_epoch
from .export import write_part
from .model import begin_with, load

__all__ = ["main"]

_SIZES = (len(TAGS), len(MARKS), len(CASES))
_BATCH_TOKENS = 2048
_CERTAIN = 9.0  # log odds beyond this are as good as it


class Heard(NamedTuple):
    """A message as `sense` sees it, and what it is to say of it.

    `states` float16 [tokens, 384], those of the message from `first` to before `last`; `whole` [4], `tokens`
    [last - first, 18].
    """

    states: NDArray[np.float16]
    first: int
    last: int
    whole: NDArray[np.float32]
    tokens: NDArray[np.float32]


def heard(folder: Path, examples: Sequence[Example]) -> list[Heard]:
    """Read messages apart, and hear what `sense` says of each behind its neighbours."""
    encoder = TextEncoder(folder)
    done = []
    for one in examples:
        laid, states = encoder._states(one.text, one.before)
        behind = laid_out(encoder._tokenizer, one.text, one.before)
        together = encoder._trunk.run(None, {"input_ids": np.array([behind.ids])})[0]
        whole, tokens = encoder._heard(behind, together)
        done.append(Heard(states[0].astype(np.float16), laid.first, laid.last, whole, tokens))
    return done


def batches(heard: Sequence[Heard], chance: np.random.Generator) -> Iterator[list[Heard]]:
    """Group messages of like lengths, in random order."""
    lengths = np.array([len(one.states) for one in heard]) + chance.random(len(heard)) * 4
    order = np.argsort(lengths, kind="stable")
    groups: list[list[Heard]] = [[]]
    for at in order:
        longest = len(heard[at].states)
        if (len(groups[-1]) + 1) * longest > _BATCH_TOKENS and groups[-1]:
            groups.append([])
        groups[-1].append(heard[at])
    chance.shuffle(groups)  # type: ignore[arg-type]
    yield from groups


def stacked(group: Sequence[Heard]) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Return padded states, their mask, which are the message's; what to say of all and of each."""
    longest = max(len(one.states) for one in group)
    states = torch.zeros(len(group), longest, 384)
    mask, current = torch.zeros(2, len(group), longest, dtype=torch.long)
    of_each = torch.zeros(len(group), longest, sum(_SIZES))
    for row, one in enumerate(group):
        states[row, : len(one.states)] = torch.from_numpy(one.states.astype(np.float32))
        mask[row, : len(one.states)] = 1
        current[row, one.first : one.last] = 1
        of_each[row, one.first : one.last] = torch.from_numpy(one.tokens)
    of_all = torch.from_numpy(np.array([one.whole for one in group]))
    return states, mask, current, of_all, of_each


def loss_of(whole: Tensor, tokens: Tensor, of_all: Tensor, of_each: Tensor, current: Tensor) -> Tensor:
    """Return how far off it is: odds by their distance, tags and marks by their chances."""
    odds = nn.functional.smooth_l1_loss(whole[:, :3], of_all[:, :3].clamp(-_CERTAIN, _CERTAIN))
    feeling = ((whole[:, 3].tanh() - of_all[:, 3].tanh()) ** 2).mean()
    unlike = tokens.new_zeros(())
    for said, true in zip(tokens.split(_SIZES, -1), of_each.split(_SIZES, -1), strict=True):
        apart = (true.softmax(-1) * (true.log_softmax(-1) - said.log_softmax(-1))).sum(-1)
        unlike = unlike + (apart * current).sum() / current.sum()
    return odds + 4 * feeling + 5 * unlike


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.apart", description=__doc__)
    parser.add_argument("before", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--texts", type=int, default=40_000, help="a quarter of them with nothing before")
    parser.add_argument("--passes", type=int, default=2)
    parser.add_argument("--rate", type=float, default=1e-4)
    options = parser.parse_args()
    torch.manual_seed(7)
    chance, begun = np.random.default_rng(7), time.time()
    known = read_epoch(2)
    alone = options.texts // 4
    examples = [one for one in known if one.before][: options.texts - alone]
    examples += [one for one in known if not one.before][:alone]
    parts = [examples[at : at + 500] for at in range(0, len(examples), 500)]
    with ProcessPoolExecutor(2) as pool:
        all_heard = [one for part in pool.map(partial(heard, options.before), parts) for one in part]
    held, taught = all_heard[::50], [one for at, one in enumerate(all_heard) if at % 50]
    print(f"heard {len(all_heard)} {time.time() - begun:.0f} s", flush=True)
    sense = load()[2]
    begin_with(sense, options.before / "sense.onnx")
    sense.eval()  # nothing is dropped: what it is to say is known of every text
    before = copy.deepcopy(sense)

    def loss(group: Sequence[Heard]) -> Tensor:
        states, mask, current, of_all, of_each = stacked(group)
        with torch.autocast("cpu", torch.bfloat16):  # four times as fast with AMX
            whole, tokens = sense(states, mask, current)
        return loss_of(whole.float(), tokens.float(), of_all, of_each, current)

    def left() -> float:
        with torch.inference_mode():
            return float(np.mean([loss(group).item() for group in batches(held, np.random.default_rng(1))]))

    plan = [group for _ in range(options.passes) for group in batches(taught, chance)]
    optimizer = torch.optim.AdamW(sense.parameters(), weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, options.rate, len(plan), pct_start=0.1)
    print(f"{len(plan)} steps, messages left out: loss {left():.4f}", flush=True)
    for number, group in enumerate(plan):
        now = loss(group)
        optimizer.zero_grad(set_to_none=True)
        now.backward()
        nn.utils.clip_grad_norm_(sense.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if number % 100 == 99:
            print(f"step {number + 1} loss {now.item():.4f} {time.time() - begun:.0f} s", flush=True)
    print(f"messages left out: loss {left():.4f} {time.time() - begun:.0f} s", flush=True)
    with torch.no_grad():
        for weight, old in zip(sense.parameters(), before.parameters(), strict=True):
            weight.add_(old).div_(2)
    print(f"half of what was learnt: loss {left():.4f}", flush=True)
    options.out.mkdir(parents=True, exist_ok=True)
    states = torch.randn(2, 9, 384)
    mask = torch.ones(2, 9, dtype=torch.long)
    write_part(
        sense,
        options.out / "sense.onnx",
        {"states": states, "attention_mask": mask, "current": mask},
        ["whole", "tokens"],
    )


if __name__ == "__main__":
    main()
