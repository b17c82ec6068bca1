"""Business talk put together from parts that the project wrote: promises, requests, and what only sounds so.

None of it is in `evals/insight/business_calls.jsonl`.
"""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .examples import Example

__all__ = ["business_examples"]


def _lines(name: str) -> list[str]:
    return (Path(__file__).with_name("talk") / f"{name}.txt").read_text(encoding="utf-8").splitlines()


def business_examples(chance: random.Random, count: int = 900) -> Iterator["Example"]:
    """Yield promises and requests, as many that are neither, and small talk, half of them in bare form."""
    from .examples import Example, bare

    tasks, names = _lines("tasks"), _lines("names")
    when, said_before = ["", "", *_lines("when")], ["", "", *_lines("before")]
    groups = (("promises", 1.0), ("requests", 1.0), ("not_to_do", 0.0), ("only_sounds_so", 0.0))
    for group, action in groups:
        sentences = _lines(group)
        for _ in range(count):
            text = chance.choice(sentences).format(
                t=chance.choice(tasks), w=chance.choice(when), n=chance.choice(names)
            )
            text = text.replace("  ", " ").replace(" ?", "?").strip()
            if not text.endswith("?"):
                text += "."
            before = chance.choice(said_before)
            asks = 1.0 if text.endswith("?") else 0.0
            if chance.random() < 0.5:
                text, before = bare(text), bare(before)
            yield Example(text, before, chance.random() < 0.4, asks, action)
    for text in _lines("small_talk") * 12:
        yield Example(bare(text) if chance.random() < 0.5 else text, "", False, 0.0, 0.0)
