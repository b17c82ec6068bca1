"""Actions that carry the conversation on: an e-mail to a person, a call, a meeting, a booking."""

import re
from typing import Literal

from earful.insight.action_items import Action

__all__ = ["FollowUpKind", "follow_up_kind"]

FollowUpKind = Literal["email", "call", "meeting", "booking"]

_PERSON = r"(?:you|him|her|them|me|us|everyone|everybody|back|(?-i:[A-Z]\w+(?:\s+[A-Z]\w+)?))"
_SOMEBODY = rf"(?:{_PERSON}|(?:the|my|our|your|his|their|that|another|both)\s+\w+)"
_RULES: tuple[tuple[FollowUpKind, re.Pattern[str]], ...] = (
    (
        "meeting",
        re.compile(
            r"^see\s+(?:you|him|her|them)\b|^(?:meet|catch\s+up|sync\s+up|regroup|reconvene|touch\s+base|circle\s+back"
            r"|take\s+(?:an|half\s+an|\w+)\s+(?:hours?|minutes)\b|get\s+together|sit\s+down|talk\s+(?:again|tomorrow|next|on|more)|speak\s+(?:again"
            r"|tomorrow|next|on)|"
            r"discuss\s+(?:this|it|that)\s+(?:again|tomorrow|next|on|in)|pick\s+(?:this|it)"
            r"\s+(?:back\s+)?up|follow\s+up)\b"
            r"|^(?:schedule|set|arrange|organi[sz]e|book|plan|put|find|hold|have|send|get|do|block"
            r"|reschedule|move|host|join|attend)\b.{0,40}?\b(?:meetings?|demo|session|workshop|interviews?"
            r"|(?:site\s+)?visits?|kick-?off|walk-?through|one[- ]on[- ]one|huddle|(?:de)?brief(?:ing)?"
            r"|call\s+with|catch-?up|follow-?up|sync|stand-?up|review\s+meeting|time\s+(?:to|on|in"
            r"|for)|calendar|invit\w+|appointment)\b",
            re.IGNORECASE,
        ),
    ),
    (
        "call",
        re.compile(
            rf"^(?:(?:call|ring|phone|dial)\s+{_SOMEBODY}\b|(?:give|make|schedule|set\s+up|arrange"
            rf"|have|get\s+on|hop\s+on|jump\s+on|do|book)\s+(?:\w+\s+){{0,4}}(?:call|ring"
            r"|phone\s+call|buzz)\b|call\b(?!\s+(?:it|for|off|out|a\s+meeting)\b))"
            rf"|^(?:reach\s+out|get\s+back|come\s+back|check\s+back|check\s+in|follow\s+up"
            rf"|get\s+in\s+touch|be\s+in\s+touch)\s+(?:to|with)\s+{_SOMEBODY}\b|^(?:speak|talk)\s+(?:to|with)\s+{_PERSON}\b",
            re.IGNORECASE,
        ),
    ),
    (
        "email",
        re.compile(
            r"^(?:e-?mail|mail|message|text|write|ping|drop|send|shoot)\s+(?:(?:to\s+)"
            rf"?{_PERSON}\s+)?(?:an?\s+|the\s+)?(?:\w+\s+)?(?:e-?mail|message|text|note|line"
            r"|reminder)\b"
            r"|^(?:e-?mail|message|text|ping)\s+(?:you|him|her|them|me|us|everyone)\b(?!\s+(?:the"
            r"|a|an|all|our|my)\b)|^follow\s+up\s+(?:by|with\s+an?|over|via)\s+e-?mail",
            re.IGNORECASE,
        ),
    ),
    (
        "booking",
        re.compile(
            r"^(?:get|fit|squeeze|slot|book)\s+(?:you|him|her|them|me|us)\s+in\b"
            r"|^(?:book|reserve|rebook)\s+(?:in\s+)?(?:an?|the|some|us|them|him|her|you|me|our|your|two|three|four|\d+)\s"
            r"(?!.*\b(?:meetings?|calls?|demos?|sessions?|workshops?|time|revenues?|invoices?|entry|entries|sales?|expenses?"
            r"|costs?|accruals?|orders?|follow-?up)\b)"
            r"|^(?:book|reserve|make|rebook)\b.{0,40}?\b(?:table|room|flights?|hotel|tickets?"
            r"|reservation|booking|appointment|seats?|car|train|place|venue|slot|taxi|trip)\b",
            re.IGNORECASE,
        ),
    ),
)


def follow_up_kind(action: Action) -> FollowUpKind | None:
    """Return how an action carries the conversation on, None when it is another kind of work."""
    for kind, pattern in reversed(_RULES):
        if pattern.search(action.phrase):
            return kind
    return None
