"""Talk put together from parts that the project wrote: business calls and calls to a service desk.

Promises, requests, and what only sounds so; what callers and agents ask and tell; small talk. None of it
is in `evals/insight/business_calls.jsonl`.
"""

import random
from collections.abc import Iterator
from pathlib import Path

from .examples import Example, bare

__all__ = ["business_examples", "lines"]


def lines(name: str) -> list[str]:
    """Return the lines of a file of the project's own talk."""
    return (Path(__file__).with_name("talk") / f"{name}.txt").read_text(encoding="utf-8").splitlines()


def business_examples(chance: random.Random, count: int = 900) -> Iterator[Example]:
    """Yield promises and requests, as many that are neither, service and small talk; half in bare form."""
    tasks, names = lines("tasks"), lines("names")
    when, said_before = ["", "", *lines("when")], ["", "", *lines("before")]

    def filled(sentence: str) -> str:
        text = sentence.format(t=chance.choice(tasks), w=chance.choice(when), n=chance.choice(names))
        return text.replace("  ", " ").replace(" ?", "?").replace(" .", ".").strip()

    groups = (
        ("promises", 1.0, count),
        ("requests", 1.0, count),
        ("not_to_do", 0.0, count),
        ("only_sounds_so", 0.0, count),
        ("service_questions", 0.0, count),
        ("service_answers", 0.0, count),
    )
    for group, action, often in groups:
        sentences = lines(group)
        for _ in range(often):
            at = chance.randrange(len(sentences))
            text = filled(sentences[at])
            if not text.endswith("?"):
                text = f"{text.rstrip('.')}."
            before = chance.choice(said_before)
            asks = 1.0 if text.endswith("?") else 0.0
            if chance.random() < 0.5:
                text, before = bare(text), bare(before)
            seen = ((chance.random() < 0.4, before),) if before else ()
            yield Example(text, f"{group} {at}", f"{group} {at}", seen, asks, action)
    for at, text in enumerate(lines("small_talk") * 12):
        said = bare(text) if chance.random() < 0.5 else text
        yield Example(said, f"small talk {at}", question=0.0, action=0.0)
