"""Sentiment: sentences rated by twenty people each; three classes by the raters' mean."""

from earful.insight.sentiment import polarity

from . import stock
from .data import read
from .heard import hear
from .measures import Row, Tally

__all__ = ["rows"]

_POSITIVE = frozenset(
    ["good", "great", "love", "like", "nice", "best", "happy", "excellent", "thanks", "lol", "awesome"]
)
_NEGATIVE = frozenset(
    ["bad", "hate", "worst", "terrible", "sad", "poor", "wrong", "not", "never", "problem", "awful"]
)


def _plain(text: str) -> float:
    words = text.lower().split()
    return float(sum(word in _POSITIVE for word in words) - sum(word in _NEGATIVE for word in words)) / 2


def _ours(text: str) -> float:
    return polarity(text, hear(text).polarity)


def _label(score: float) -> str:
    return "positive" if score > 0.15 else "negative" if score < -0.15 else "neutral"


def rows() -> list[Row]:
    """Score each class, then their mean (macro F1)."""
    items = read("sentiment_vader")
    if not items:
        return []
    table: list[Row] = []
    systems = [("earful", _ours), ("earful without encoder", polarity), ("word lists", _plain)]
    if vader := stock.vader():
        systems.append(("VADER", vader))
    for system, find in systems:
        tallies = {label: Tally() for label in ("positive", "neutral", "negative")}
        for item in items:
            found = _label(find(item["text"]))
            for label, tally in tallies.items():
                tally.add(found == label, item["label"] == label)
        mean = [
            sum(values) / 3
            for values in zip(*((t.precision, t.recall, t.f()) for t in tallies.values()), strict=True)
        ]
        table.append(Row("sentiment (VADER set, macro)", system, mean[0], mean[1], mean[2]))
    return table
