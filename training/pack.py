"""`python -m training.pack FOLDER EPOCHS [FOLDS]`: every text as numbers, a file an epoch, more to test on.

Arrays of a pack: `ids` (all tokens, uint16), `place` [examples+1], `first` and `last` of each message,
`whole` [examples, 4] (question, action, linked, polarity; NaN where nothing is known), `act` (-1: none),
`fold`, and for each token `tags` (bits of the tags that may be right, 0: unknown), `mark` and `case` (-1).
"""

import random
import re
import sys
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from earful.insight.layout import laid_out

from .examples import ACTS, FOLDS, TAGS, Example, fold_of, read_epoch, talk
from .forms import TESTS
from .passages import passage_examples

__all__ = ["pack", "tokenizer"]

_TOKENIZER = Path(__file__).parent.parent / "src" / "earful" / "insight" / "models" / "tokenizer.json"
_BIT = {tag: 1 << at for at, tag in enumerate(TAGS)}


def tokenizer() -> Tokenizer:
    """Return the published tokenizer, which neither pads nor cuts."""
    return Tokenizer.from_file(str(_TOKENIZER))


def _tag_bits(example: Example, offsets: list[tuple[int, int]]) -> list[int]:
    """Return for each token of a message which tags may be right."""
    if example.spans is None:
        return [0] * len(offsets)
    free = _BIT["O"] | sum(_BIT[f"{side}-{kind}"] for kind in example.unmarked for side in "BI")
    bits = []
    for begin, _ in offsets:
        span = next((s for s in example.spans if s[0] <= begin < s[1]), None)
        bits.append(free if span is None else _BIT[f"{'B' if begin == span[0] else 'I'}-{span[2]}"])
    return bits


def _marks(example: Example, offsets: list[tuple[int, int]]) -> tuple[list[int], list[int]]:
    """Return the mark and the case of each word at its first token, -1 elsewhere."""
    marks, cases = [-1] * len(offsets), [-1] * len(offsets)
    if example.marks is not None:
        starts = {place.start(): at for at, place in enumerate(re.finditer(r"\S+", example.text))}
        for at, (begin, _) in enumerate(offsets):
            word = starts.get(begin)
            if word is not None:
                marks[at], cases[at] = example.marks[word]
    return marks, cases


def pack(examples: Iterable[Example], path: Path) -> int:
    """Write examples as arrays; return how many."""
    words = tokenizer()
    ids: list[int] = []
    place, first, last, whole, acts, folds = [0], [], [], [], [], []
    tags: list[int] = []
    marks: list[int] = []
    cases: list[int] = []
    names = []
    nan = float("nan")
    for example in examples:
        laid = laid_out(words, example.text, example.before)
        ids += laid.ids
        place.append(len(ids))
        first.append(laid.first)
        last.append(laid.last)
        known = (example.question, example.action, example.linked, example.sentiment)
        whole.append([nan if value is None else value for value in known])
        acts.append(ACTS.index(example.act) if example.act in ACTS else -1)
        folds.append(fold_of(example.group))
        tags += [0] * laid.first + _tag_bits(example, laid.offsets) + [0]
        mark, case = _marks(example, laid.offsets)
        marks += [-1] * laid.first + mark + [-1]
        cases += [-1] * laid.first + case + [-1]
        names.append(example.name)
    np.savez(
        path,
        ids=np.array(ids, np.uint16),
        place=np.array(place, np.int32),
        first=np.array(first, np.int16),
        last=np.array(last, np.int16),
        whole=np.array(whole, np.float32),
        act=np.array(acts, np.int8),
        fold=np.array(folds, np.int8),
        tags=np.array(tags, np.int16),
        mark=np.array(marks, np.int8),
        case=np.array(cases, np.int8),
        name=np.array(names),
    )
    return len(names)


def _epoch(folder: Path, seed: int) -> str:
    return f"epoch {seed}: {pack(read_epoch(seed), folder / f'epoch{seed}.npz')}"


def _test(folder: Path, fold: int) -> str:
    told = []
    for name, form in TESTS.items():
        chance = random.Random(fold)
        told.append(pack(talk(form, chance, fold=fold), folder / f"{name}{fold}.npz"))
    rest = [e for e in read_epoch(1000) if fold_of(e.group) == fold and (e.spans or e.sentiment is not None)]
    told.append(pack(rest, folder / f"names{fold}.npz"))
    hidden = [e for e in passage_examples(random.Random(fold)) if fold_of(e.group) == fold]
    told.append(pack(hidden, folder / f"passages{fold}.npz"))
    return f"fold {fold}: {told}"


def main() -> None:
    folder, epochs = Path(sys.argv[1]), int(sys.argv[2])
    folds = int(sys.argv[3]) if len(sys.argv) > 3 else FOLDS
    folder.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor() as pool:
        jobs = [pool.submit(_epoch, folder, seed) for seed in range(epochs)]
        jobs += [pool.submit(_test, folder, fold) for fold in range(folds)]
        for job in jobs:
            print(job.result(), flush=True)


if __name__ == "__main__":
    main()
