"""Live or not: the same words give the same findings, one by one.

Each conversation goes two ways through the code that serves them. Live: every turn grows word by word as a
partial does, is masked and looked through for trackers, and then is final; people join before they speak, and
who has been silent for long is waited for no more. As the job of a recording or a text: all turns at once.
The project's own calls go both ways as well with every longer turn broken by a pause. Every message, insight,
topic, tracker match and entity of one way must have its equal in the other, whatever its id.
"""

import gzip
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import astuple
from datetime import UTC, datetime
from typing import Any

from earful.conversation.types import Conversation, Member, Tracker
from earful.insight.service import LocalInsightService
from earful.insight.types import HELD_FOR_S, Findings, InsightOptions, Utterance
from earful.jobs.requests import Remark, Wanted
from earful.jobs.runner import _Cast, _options, _Understanding, _written
from earful.jobs.turns import Turn as Place
from earful.jobs.turns import Turns

from .actions import business_calls
from .data import DATA, read
from .measures import Row, Tally

__all__ = ["compare", "conversations", "rows"]

_TRACKERS = (
    Tracker("Delay", ("it is late", "we have to wait"), "1"),
    Tracker("Price", ("too expensive", "the price"), "2"),
)
_TURNS = 150
_WANTED = Wanted(phrases=True, entities=True, trackers=_TRACKERS)

Turn = tuple[str, str, float, float]


def conversations() -> dict[str, list[Turn]]:
    """Return turns (name, text, start, end): the project's own calls, consultations, meetings to train on."""
    found: dict[str, list[Turn]] = {}
    for call in business_calls()[:2]:
        found[f"call {call['id']}"] = [
            (turn["speaker"], turn["text"], 6.0 * at, 6.0 * at + 5) for at, turn in enumerate(call["turns"])
        ]
        found[f"broken call {call['id']}"] = broken(found[f"call {call['id']}"])
    for item in read("consultations_primock")[:2]:
        found[f"consultation {item['id']}"] = _turns(item["turns"])
    path = DATA / "train" / "meetings_ami_train.jsonl.gz"
    if path.exists():
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in [next(lines), next(lines)]:
                meeting = json.loads(line)
                found[f"meeting {meeting['id']}"] = _turns(meeting["turns"])
    return found


def broken(turns: list[Turn]) -> list[Turn]:
    """Return turns with a pause in the middle of each of six words and more."""
    pieces: list[Turn] = []
    for name, text, start, end in turns:
        words = text.split()
        if len(words) < 6:
            pieces.append((name, text, start, end))
            continue
        at = len(words) // 2
        middle = start + (end - start) * at / len(words)
        first = " ".join(words[:at]).rstrip(".,")
        second = " ".join(words[at:])
        pieces.append((name, first, start, middle - 0.5))
        pieces.append((name, second, middle + 0.5, end))
    return pieces


def _turns(turns: Iterable[Mapping[str, Any]]) -> list[Turn]:
    said = [
        (t["speaker"], t["text"].strip(), float(t["start"]), float(t["end"]))
        for t in turns
        if t["text"].strip()
    ]
    return sorted(said, key=lambda turn: turn[2])[:_TURNS]


def _conversation(members: tuple[Member, ...] = ()) -> Conversation:
    return Conversation("c", "a", datetime(2024, 5, 14, 10, tzinfo=UTC), members=members)


def _live(turns: list[Turn], options: InsightOptions, service: LocalInsightService) -> list[Findings]:
    session = service.open(_conversation(), options)
    people = {name: Member(name, name) for name, *_ in turns}
    for person in people.values():
        session.meet(person)
    steps = []
    ended: dict[str, float] = {}
    for name, text, start, end in turns:
        speaker = people[name]
        silent = [who for who, at in ended.items() if at + HELD_FOR_S < start]
        for who in silent:
            del ended[who]
            steps.append(session.release(people[who]))
        ended[name] = end
        words = text.split()
        for size in range(4, len(words), 8):
            session.mask(" ".join(words[:size]), unfinished=True)
            session.interim(" ".join(words[:size]), speaker)
        steps.append(session.observe(Utterance(text, start, end, speaker)))
    return [*steps, session.finish()]


def _job(turns: list[Turn], service: LocalInsightService) -> list[Findings]:
    names = dict.fromkeys(name for name, *_ in turns)
    members = tuple(Member(name, name) for name in names)
    cast = _Cast(members)
    work = [Remark(text, name, None, start, end) for name, text, start, end in turns]
    understanding = _Understanding(service, _conversation(members), _WANTED, cast)
    return [understanding.run(_written(work, cast, 0.0), {}, Place(Turns(1)), lambda _: None)]


def _things(steps: list[Findings]) -> Counter[str]:
    """Return everything that was found, as texts without ids."""
    places = {m.id: str(at) for at, m in enumerate(m for step in steps for m in step.messages)}
    topics = [step.topics for step in steps if step.topics is not None]
    insight_texts = {i.id: i.text for step in steps for i in step.insights}

    def plain(value: Any) -> str:
        # Times that are equal to the microsecond are the same.
        text = re.sub(r"\d+\.\d{7,}", lambda digits: f"{float(digits[0]):.6f}", repr(value))
        for known, name in {**places, **insight_texts}.items():
            text = text.replace(known, name)
        return text

    found: list[str] = []
    for step in steps:
        found += [plain(("message", astuple(m)[2:])) for m in step.messages]
        found += [plain(("insight", astuple(i)[1:])) for i in step.insights]
        found += [plain(("tracker", m.tracker_name, m.phrase, astuple(m)[3:])) for m in step.trackers]
        found += [plain(("entity", astuple(m))) for m in step.entities]
    found += [plain(("topic", astuple(t)[1:])) for t in (topics[-1] if topics else ())]
    return Counter(found)


def compare(turns: list[Turn]) -> tuple[Tally, list[str]]:
    """Return how many findings of the two ways are equal, and those that only one of them has."""
    service = LocalInsightService()
    options = _options(_WANTED)
    live, job = _things(_live(turns, options, service)), _things(_job(turns, service))
    tally = Tally(right=(live & job).total(), wrong=(live - job).total(), missed=(job - live).total())
    return tally, sorted([*(live - job), *(job - live)])


def rows() -> list[Row]:
    """Compare every conversation both ways."""
    total = Tally()
    for turns in conversations().values():
        total.merge(compare(turns)[0])
    note = f"{total.right} findings alike, {total.wrong + total.missed} not"
    return [Row.of("live as recorded", "earful", total, note=note)]
