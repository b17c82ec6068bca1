"""AMI utterances that annotators linked to an action of the meeting, or did not, with what was said before.

They come from a development file that its manifest gives free for training: actions are scored on other
meetings, whole. Half of them come in bare form.
"""

import random
from collections.abc import Iterator

from .examples import TRAIN, Example, bare, rows

__all__ = ["evidence_examples"]

_TIMES = 3  # each is shown so often: there are only 161 linked ones


def evidence_examples(chance: random.Random) -> Iterator[Example]:
    """Yield every utterance a few times; evidence of decisions may be of actions too and says nothing."""
    before: dict[str, tuple[str, bool]] = {}
    for meeting in rows(TRAIN / "meetings_ami_train.jsonl.gz"):
        said, who = "", ""
        for turn in meeting["turns"]:
            before[f"{meeting['id']}.{turn['id']}"] = said, turn["speaker"] == who
            if turn.get("text"):
                said, who = turn["text"], turn["speaker"]
    for row in rows(TRAIN.parent / "text" / "action_utterances_ami.jsonl"):
        if row["label"] == "decision":
            continue
        previous, same = before.get(row["id"], ("", False))
        for _ in range(_TIMES):
            make = bare if chance.random() < 0.5 else str
            seen = previous if chance.random() < 0.6 else ""
            yield Example(
                make(row["text"]), make(seen), same and bool(seen), None, float(row["label"] == "action")
            )
