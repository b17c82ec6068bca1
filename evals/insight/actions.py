"""Action items: real meetings, by what annotators linked to their actions; the project's own calls."""

import json
import re
from collections import deque
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from earful.conversation.types import Member
from earful.insight.action_items import find_action
from earful.insight.layout import Near

from .data import read
from .heard import hear
from .measures import Row, Tally

__all__ = ["business_calls", "rows"]

_NOW = datetime(2024, 5, 14, 10)
_PLAIN = re.compile(r"\b(?:i'?ll|i will|we will|we'll|need to|have to|going to|should|please|let's)\b", re.I)


def business_calls() -> list[dict[str, Any]]:
    """Return the calls that the project wrote for this evaluation; never trained on."""
    path = Path(__file__).with_name("business_calls.jsonl")
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _is_action(
    text: str, speaker: Member | None, members: tuple[Member, ...], before: tuple[Near, ...], people: int
) -> bool:
    action = find_action(text, speaker, members, _NOW, hear(text, before), people=people)
    return action is not None and action.score >= 0.5


def _conversation(turns: list[dict[str, Any]], people: dict[str, Member]) -> Iterator[bool]:
    """Tell of each turn whether an action is found in it, going through the talk as it was said."""
    before: deque[tuple[str, str]] = deque(maxlen=3)
    heard: set[str] = set()
    for turn in turns:
        who, text = turn["speaker"], turn["text"]
        heard.add(who)
        near = tuple((other == who, said) for other, said in before)
        # Backchannels are never linked, and the encoder takes its time over each.
        yield len(text.split()) > 2 and _is_action(
            text, people.get(who), tuple(people.values()), near, len(heard)
        )
        before.append((who, text))


def _meeting(meeting: dict[str, Any]) -> tuple[Tally, Tally]:
    linked = {link for action in meeting["actions"] for link in action["links"]}
    ours, plain = Tally(), Tally()
    for turn, found in zip(meeting["turns"], _conversation(meeting["turns"], {}), strict=True):
        true = turn["id"] in linked
        ours.add(found, true)
        plain.add(bool(_PLAIN.search(turn["text"])), true)
    return ours, plain


def rows() -> list[Row]:
    """Score the whole meetings, as published work does, and the project's own business calls.

    `action_utterances_ami` is not scored: the encoder is trained on it, as its manifest allows.
    """
    table: list[Row] = []
    ours, plain = Tally(), Tally()
    for meeting in read("meetings_ami"):
        found, found_plain = _meeting(meeting)
        ours.merge(found)
        plain.merge(found_plain)
    if ours.right + ours.missed:
        table += [
            Row.of("actions in whole meetings (AMI)", "earful", ours, note="turns linked to an action"),
            Row.of("actions in whole meetings (AMI)", "regular expressions", plain),
        ]
    ours, plain = Tally(), Tally()
    for call in business_calls():
        people = {name: Member(id=name, name=name) for name in call["speakers"]}
        for turn, found in zip(call["turns"], _conversation(call["turns"], people), strict=True):
            ours.add(found, turn["action"])
            plain.add(bool(_PLAIN.search(turn["text"])), turn["action"])
    return [
        *table,
        Row.of("actions in business calls (own)", "earful", ours),
        Row.of("actions in business calls (own)", "regular expressions", plain),
    ]
