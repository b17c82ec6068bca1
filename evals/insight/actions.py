"""Action items: real meetings, by what annotators linked to their actions; the project's own calls."""

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

from earful.conversation.types import Member
from earful.insight.action_items import find_action

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
    text: str, speaker: Member | None, members: tuple[Member, ...], before: str = "", *, same: bool = False
) -> bool:
    action = find_action(text, speaker, members, _NOW, hear(text, before, same).action)
    return action is not None and action.score >= 0.5


def _meeting(meeting: dict[str, Any]) -> tuple[Tally, Tally]:
    linked = {link for action in meeting["actions"] for link in action["links"]}
    ours, plain = Tally(), Tally()
    before, who = "", None
    for turn in meeting["turns"]:
        true = turn["id"] in linked
        # Backchannels are never linked, and the encoder takes its time over each.
        said = len(turn["text"].split()) > 2 and _is_action(
            turn["text"], None, (), before, same=who == turn["speaker"]
        )
        ours.add(said, true)
        plain.add(bool(_PLAIN.search(turn["text"])), true)
        before, who = turn["text"], turn["speaker"]
    return ours, plain


def rows() -> list[Row]:
    """Score the labelled utterances, the whole meetings and the project's own business calls."""
    table: list[Row] = []
    ours, plain = Tally(), Tally()
    for item in read("action_utterances_ami"):
        true = item["label"] == "action"
        if item["label"] != "decision":
            ours.add(_is_action(item["text"], None, ()), true)
            plain.add(bool(_PLAIN.search(item["text"])), true)
    if ours.right + ours.missed:
        table += [
            Row.of("action utterances (AMI, action or none)", "earful", ours),
            Row.of("action utterances (AMI, action or none)", "regular expressions", plain),
        ]
    ours, plain = Tally(), Tally()
    for meeting in read("meetings_ami"):
        found, found_plain = _meeting(meeting)
        ours.merge(found)
        plain.merge(found_plain)
    if ours.right + ours.missed:
        table += [
            Row.of("actions in whole meetings (AMI)", "earful", ours),
            Row.of("actions in whole meetings (AMI)", "regular expressions", plain),
        ]
    ours, plain = Tally(), Tally()
    for call in business_calls():
        people = {name: Member(id=name, name=name) for name in call["speakers"]}
        members = tuple(people.values())
        before, who = "", None
        for turn in call["turns"]:
            found = _is_action(
                turn["text"], people[turn["speaker"]], members, before, same=who == turn["speaker"]
            )
            ours.add(found, turn["action"])
            before, who = turn["text"], turn["speaker"]
            plain.add(bool(_PLAIN.search(turn["text"])), turn["action"])
    return [
        *table,
        Row.of("actions in business calls (own)", "earful", ours),
        Row.of("actions in business calls (own)", "regular expressions", plain),
    ]
