"""Action items: real meetings, by what annotators linked to their actions; the project's own calls."""

import json
import re
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from earful.conversation.types import Conversation, Member
from earful.insight.action_items import find_action
from earful.insight.encoder import shared_encoder
from earful.insight.layout import Near
from earful.insight.service import LocalInsightService
from earful.insight.types import Findings, InsightOptions, Utterance

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


def _broken(*, joined: bool) -> Tally:
    """Score the project's calls as live talk with a pause of a second within each longer turn.

    Found is what an insight was traced to; without joining, nothing is held back for its other half.
    """
    tally = Tally()
    for call in business_calls():
        people = {name: Member(id=name, name=name) for name in call["speakers"]}
        conversation = Conversation("c", "a", _NOW.replace(tzinfo=UTC), members=tuple(people.values()))
        session = LocalInsightService(shared_encoder()).open(conversation, InsightOptions(topics=False))
        messages: list[list[str]] = []
        found: set[str] = set()
        for at, turn in enumerate(call["turns"]):
            who = people[turn["speaker"]]
            messages.append([])
            for number, half in enumerate(_halves(turn["text"])):
                begin = 10.0 * at + 4 * number
                steps = [session.observe(Utterance(half, begin, begin + 3, who))]
                if not joined:
                    steps.append(session.release(who))
                for step in steps:
                    messages[-1] += [message.id for message in step.messages]
                    found |= _traced(step)
        found |= _traced(session.finish())
        for turn, ids in zip(call["turns"], messages, strict=True):
            tally.add(not found.isdisjoint(ids), turn["action"])
    return tally


def _traced(step: Findings) -> set[str]:
    return {id_ for one in step.insights if one.kind != "question" for id_ in one.message_ids}


def _halves(text: str) -> list[str]:
    """Break a turn of six words and more in the middle, as a recogniser would write its halves."""
    words = text.split()
    if len(words) < 6:
        return [text]
    at = len(words) // 2
    return [" ".join(words[:at]), " ".join(words[at:])]


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
    whole, apart = _broken(joined=True), _broken(joined=False)
    table += [
        Row.of("actions in business calls (own), each turn broken by a pause", "earful", whole),
        Row.of("actions in business calls (own), each turn broken by a pause", "earful, not joined", apart),
    ]
    return [
        *table,
        Row.of("actions in business calls (own)", "earful", ours),
        Row.of("actions in business calls (own)", "regular expressions", plain),
    ]
