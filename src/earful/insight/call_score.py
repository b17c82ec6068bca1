"""How well a call went, by plain measures of talk: no model, and no claim to judge what was said.

Each criterion is a mean of measures between 0 and 1, all worked out from the analytics and insights:

- communication and engagement: how evenly people talk, how little they talk over each other and leave
  silent, and whether they speak at a pace that can be followed;
- question handling: how many questions are followed by a substantial answer of someone else;
- forward motion: whether there are next steps, and whether they have someone to do them and a date;
- sales process (only in the qualification stage): whether needs, money, deciders and dates come up.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from earful.conversation.types import Insight, Message
from earful.insight.analytics import Analytics, analyse

__all__ = ["MIN_WORDS", "CallScore", "Criterion", "score_call"]

MIN_WORDS = 50
"""Calls of fewer words are too short to say anything about."""

_ANSWER_WORDS = 4
_ANSWER_WITHIN = 3
_GOOD, _POOR = 70, 50
_SALES = {
    "needs": re.compile(r"\b(?:need|problem|challenge|goal|looking for|struggl\w+|require\w*)\b", re.I),
    "budget": re.compile(r"\b(?:budget|price|pricing|cost\w*|quote|afford|invest\w*|discount)\b", re.I),
    "who decides": re.compile(r"\b(?:decision|decide\w*|approv\w+|sign[- ]?off|manager|board|boss)\b", re.I),
    "timing": re.compile(r"\b(?:timeline|deadline|by (?:the end|next)|quarter|when|schedule\w*)\b", re.I),
}


@dataclass(frozen=True, slots=True)
class Criterion:
    """One measure of a call, 0..100, with what was good and what was not (either may be empty)."""

    name: str
    score: int
    summary: str
    positive: str = ""
    negative: str = ""


@dataclass(frozen=True, slots=True)
class CallScore:
    """A call's score, the mean of its criteria, 0..100."""

    score: int
    summary: str
    criteria: tuple[Criterion, ...]

    @classmethod
    def of(cls, criteria: Sequence[Criterion], summary: str | None = None) -> "CallScore":
        """Return the score that these criteria make. There must be at least one."""
        best = max(criteria, key=lambda one: one.score)
        worst = min(criteria, key=lambda one: one.score)
        text = (
            f"Strongest: {best.name.lower()} ({best.score}); weakest: {worst.name.lower()} ({worst.score})."
        )
        mean = round(sum(one.score for one in criteria) / len(criteria))
        return cls(mean, summary or text, tuple(criteria))


def score_call(messages: Sequence[Message], insights: Sequence[Insight], *, sales: bool = False) -> CallScore:
    """Return the score of a call; `sales` adds the sales process."""
    criteria = [_engagement(analyse(messages)), _questions(messages, insights), _motion(insights)]
    if sales:
        criteria.append(_sales(messages))
    return CallScore.of(criteria)


def _engagement(analytics: Analytics) -> Criterion:
    talk = [speaking for speaking in analytics.members if speaking.talk.seconds > 0]
    shares = [speaking.talk.percent / 100 for speaking in talk]
    # 1 when all talk alike, 0 when one person does it all.
    balance = (1 - max(shares)) * len(shares) / (len(shares) - 1) if len(shares) > 1 else 0.0
    overlap = 1 - min(1.0, analytics.overlap.percent / 20)
    silence = 1 - min(1.0, max(0.0, analytics.silence.percent - 10) / 50)
    paces = [speaking.words_per_minute for speaking in talk]
    pace = sum(1 - min(1.0, max(0, 100 - wpm, wpm - 190) / 80) for wpm in paces) / max(1, len(paces))
    measures = {
        "all sides talk": min(1.0, balance * 1.25),
        "people let each other finish": overlap,
        "there is little dead air": silence,
        "the pace is easy to follow": pace,
    }
    return _criterion("Communication and Engagement", measures)


def _questions(messages: Sequence[Message], insights: Sequence[Insight]) -> Criterion:
    name = "Question Handling"
    places = {message.id: place for place, message in enumerate(messages)}
    asked = [one for one in insights if one.kind == "question" and one.message_ids[-1] in places]
    if not asked:
        return Criterion(name, 50, "No question was asked.", negative="Nobody asked anything.")
    answered = sum(_is_answered(messages, places[one.message_ids[-1]]) for one in asked)
    open_ = len(asked) - answered
    return Criterion(
        name,
        round(100 * answered / len(asked)),
        f"{answered} of {len(asked)} questions were answered.",
        f"{answered} answered directly." if answered else "",
        f"{open_} left without an answer." if open_ else "",
    )


def _is_answered(messages: Sequence[Message], place: int) -> bool:
    asker = messages[place].member_id
    after = messages[place + 1 : place + 1 + _ANSWER_WITHIN]
    return any(
        (message.member_id != asker or asker is None)
        and (
            len(message.text.split()) >= _ANSWER_WORDS or re.match(r"(?i)\s*(?:yes|no|sure)\b", message.text)
        )
        and not message.text.rstrip().endswith("?")
        for message in after
    )


def _motion(insights: Sequence[Insight]) -> Criterion:
    steps = [one for one in insights if one.kind in ("action_item", "follow_up")]
    count = len(steps)
    measures = {
        "there are next steps": min(1.0, count / 3),
        "someone is to do them": sum(bool(one.assignee_name or one.assignee_id) for one in steps)
        / max(1, count),
        "they have a date": sum(one.due_by is not None for one in steps) / max(1, count),
    }
    return _criterion("Forward Motion", measures)


def _sales(messages: Sequence[Message]) -> Criterion:
    text = " ".join(message.text for message in messages)
    measures = {f"{what} came up": float(bool(words.search(text))) for what, words in _SALES.items()}
    return _criterion("Sales Process", measures)


def _criterion(name: str, measures: dict[str, float]) -> Criterion:
    score = round(100 * sum(measures.values()) / len(measures))
    good = [what for what, value in measures.items() if 100 * value >= _GOOD]
    poor = [what for what, value in measures.items() if 100 * value < _POOR]
    shown = ", ".join(f"{what}: {round(100 * value)}" for what, value in measures.items())
    return Criterion(
        name,
        score,
        f"{shown[0].upper()}{shown[1:]}.",
        f"True of this call: {', '.join(good)}." if good else "",
        f"Hardly true of this call: {', '.join(poor)}." if poor else "",
    )
