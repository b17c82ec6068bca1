"""What business talk says somebody is to do: found, of which kind, who, until when, how sure, in which words.

The talks of `sayings.txt` and `sayings_later.txt` go through the whole finder as live talk does, once as they
are written and once bare, in lower case without marks, as a plain recogniser would give them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from earful.conversation.types import Conversation, Insight, Member
from earful.insight.encoder import shared_encoder
from earful.insight.service import LocalInsightService
from earful.insight.types import InsightOptions, Utterance

from .measures import Row, Tally

__all__ = ["Meant", "Talk", "compare", "judged", "read_talks", "rows"]

_NOW = datetime(2024, 5, 14, 10)
_FOLLOW_UPS = frozenset({"email", "call", "meeting", "booking"})
_APART_S = 6.0
_PERSONAL = re.compile(r"\b(?:I|I'm|I'll|my|you|your)\b")


@dataclass(frozen=True, slots=True)
class Meant:
    """What a turn says is to be done; `who`, `due`, `sure` and `words` may be "-": not judged."""

    kind: str
    who: str = "-"
    due: str = "-"
    sure: str = "-"
    words: str = "-"


@dataclass(slots=True)
class Talk:
    """A conversation with what each turn means, None where it means nothing to do."""

    people: list[str]
    now: datetime = _NOW
    turns: list[tuple[str, str, Meant | None]] = field(default_factory=list)


def read_talks(file: str = "sayings.txt") -> list[Talk]:
    """Return the talks of a text file beside this module."""
    talks: list[Talk] = []
    for block in re.split(r"\n\s*\n", Path(__file__).with_name(file).read_text(encoding="utf-8")):
        lines = [line for line in block.splitlines() if line and not line.startswith("#")]
        if not lines:
            continue
        talk = Talk([name.strip() for name in lines[0].split(",")])
        for line in lines[1:]:
            if line.startswith("@"):
                talk.now = datetime.fromisoformat(line[1:].strip())
                continue
            said, _, label = line.partition("=>")
            who, _, text = said.partition(":")
            meant = Meant(*(part.strip() for part in label.split(";"))) if label else None
            talk.turns.append((who, text.strip(), meant))
        talks.append(talk)
    return talks


def _bare(text: str) -> str:
    return " ".join(re.findall(r"[\w'-]+", text)).lower()


def compare(talk: Talk, *, bare: bool = False) -> Iterator[tuple[str, Meant | None, Insight | None]]:
    """Yield each turn's text with what it means and what was found in it."""
    people = {name: Member(id=name, name=name) for name in talk.people}
    conversation = Conversation("c", "a", talk.now.replace(tzinfo=UTC), members=tuple(people.values()))
    session = LocalInsightService(shared_encoder()).open(conversation, InsightOptions(topics=False))
    place: dict[str, int] = {}
    insights: list[Insight] = []
    for at, (who, text, _) in enumerate(talk.turns):
        begin = _APART_S * at
        step = session.observe(Utterance(_bare(text) if bare else text, begin, begin + 3, people[who]))
        place |= {message.id: at for message in step.messages}
        insights += step.insights
    insights += session.finish().insights
    found: dict[int, Insight] = {}
    for insight in insights:
        if insight.kind != "question":
            for id_ in insight.message_ids:
                found.setdefault(place[id_], insight)
    for at, (_, text, meant) in enumerate(talk.turns):
        yield text, meant, found.get(at)


def judged(meant: Meant, insight: Insight) -> dict[str, bool]:
    """Return what there is to judge of a found insight, and whether it is right."""
    result: dict[str, bool] = {}
    if meant.kind in ("action", *_FOLLOW_UPS):
        result["kind"] = (insight.kind == "follow_up") == (meant.kind in _FOLLOW_UPS)
    if meant.who != "-":
        result["assignee"] = (insight.assignee_name or "none") == meant.who
    if meant.due != "-":
        due = insight.due_by.strftime("%Y-%m-%d %H:%M")[: len(meant.due)] if insight.due_by else "none"
        result["due date"] = due == meant.due
    if meant.sure != "-":
        result["definitive"] = insight.definitive == (meant.sure == "yes")
    if meant.words != "-":
        result["text"] = meant.words.lower() in insight.text.lower()
    if meant.who not in ("-", "none") and insight.assignee_name:
        told = insight.text.startswith(insight.assignee_name) and not _PERSONAL.search(insight.text)
        result["text"] = result.get("text", True) and told
    return result


def rows() -> list[Row]:
    """Score what is found in the talks as written and bare, and the parts of what was rightly found."""
    table = []
    for name, file, bare in (
        ("", "sayings.txt", False),
        (", bare", "sayings.txt", True),
        (", second set", "sayings_later.txt", False),
        (", second set, bare", "sayings_later.txt", True),
    ):
        found = Tally()
        parts: dict[str, Tally] = {}
        for talk in read_talks(file):
            for _, meant, insight in compare(talk, bare=bare):
                if meant is None or meant.kind != "maybe":
                    found.add(insight is not None, meant is not None)
                if meant is not None and insight is not None:
                    for part, right in judged(meant, insight).items():
                        tally = parts.setdefault(part, Tally())
                        tally.right += right
                        tally.wrong += not right
                        tally.missed += not right
        table.append(Row.of(f"business sayings (own){name}", "earful", found))
        table += [
            Row.of(f"business sayings (own){name}: {part}", "earful", tally, note="part of those found")
            for part, tally in parts.items()
        ]
    return table
