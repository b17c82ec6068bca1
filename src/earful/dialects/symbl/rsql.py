"""The subset of RSQL in which conversations are filtered and groups are defined.

Comparisons joined by AND (`;` or `and`), in parentheses where wanted; no OR, and at most two distinct
selectors. See symbl-management.md §6.
"""

import fnmatch
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NoReturn

from earful.conversation.types import Conversation

__all__ = ["Comparison", "RsqlError", "matches", "parse_rsql"]

_METADATA = "conversation.metadata."
_TIMES = {
    "conversation.startTime": lambda c: c.started_at,
    "conversation.startDate": lambda c: c.started_at,
    "conversation.endTime": lambda c: c.ended_at,
    "conversation.endDate": lambda c: c.ended_at,
}
_TEXTS = {
    "conversation.id": lambda c: c.id,
    "conversation.name": lambda c: c.name or c.id,
    "conversation.type": lambda c: c.type,
}
_OPERATORS = {"==": "==", "!=": "!=", "=gt=": ">", "=ge=": ">=", "=lt=": "<", "=le=": "<="} | {
    sign: sign for sign in (">", ">=", "<", "<=", "=in=", "=out=")
}
_ORDER: dict[str, Callable[[object, object], bool]] = {
    ">": lambda a, b: a > b,  # type: ignore[operator]
    ">=": lambda a, b: a >= b,  # type: ignore[operator]
    "<": lambda a, b: a < b,  # type: ignore[operator]
    "<=": lambda a, b: a <= b,  # type: ignore[operator]
}
_TOKEN = re.compile(
    r"""\s*(?:(?P<operator>=in=|=out=|=gt=|=ge=|=lt=|=le=|==|!=|>=|<=|>|<)
      |(?P<mark>[();,])
      |"(?P<double>(?:[^"\\]|\\.)*)"|'(?P<single>(?:[^'\\]|\\.)*)'
      |(?P<bare>[^\s"'();,=<>!]+))""",
    re.VERBOSE,
)
_MAX_SELECTORS = 2
_MAX_DEPTH = 50


class RsqlError(ValueError):
    """The expression cannot be used; the message says where and why."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One term: a selector, an operator (`==`, `!=`, `>`, `>=`, `<`, `<=`, `=in=`, `=out=`), values."""

    selector: str
    operator: str
    values: tuple[str, ...]


def parse_rsql(text: str) -> tuple[Comparison, ...]:
    """Return the comparisons that must all hold. Raises `RsqlError`."""
    found = tuple(_Parser(text).expression())
    if len({comparison.selector for comparison in found}) > _MAX_SELECTORS:
        raise RsqlError(f"at most {_MAX_SELECTORS} different fields may be compared")
    return found


def matches(conversation: Conversation, comparisons: Sequence[Comparison]) -> bool:
    """Return whether every comparison holds. Times compare as instants, everything else as text."""
    return all(_holds(conversation, comparison) for comparison in comparisons)


def _holds(conversation: Conversation, comparison: Comparison) -> bool:
    selector, operator = comparison.selector, comparison.operator
    value: str | datetime | None
    wanted: list[str] | list[datetime]
    if (time_of := _TIMES.get(selector)) is not None:
        value, wanted = time_of(conversation), [_instant(text) for text in comparison.values]
    elif (text_of := _TEXTS.get(selector)) is not None:
        value, wanted = text_of(conversation), list(comparison.values)
    else:
        value = conversation.metadata.get(selector.removeprefix(_METADATA))
        wanted = list(comparison.values)
    if operator in {"==", "=in="}:
        return value is not None and any(_same(value, one) for one in wanted)
    if operator in {"!=", "=out="}:
        return value is None or not any(_same(value, one) for one in wanted)
    return value is not None and _ORDER[operator](value, wanted[0])


def _same(value: str | datetime, wanted: str | datetime) -> bool:
    if isinstance(wanted, str) and isinstance(value, str) and "*" in wanted:
        return fnmatch.fnmatchcase(value, re.sub(r"([?\[])", r"[\1]", wanted))
    return value == wanted


def _instant(text: str) -> datetime:
    parsed = datetime.fromisoformat(text)
    return parsed if parsed.tzinfo is not None else parsed.replace(tzinfo=UTC)


class _Parser:
    """Recursive descent over the tokens; there is little to descend into."""

    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._at = 0
        self._depth = 0

    def expression(self) -> list[Comparison]:
        found = self._conjunction()
        if self._peek()[0] != "end":
            self._fail("there is more than was expected")
        return found

    def _conjunction(self) -> list[Comparison]:
        found = self._term()
        while True:
            kind, text = self._peek()
            if (kind, text) == ("mark", ";") or (kind == "bare" and text.lower() == "and"):
                self._at += 1
                found += self._term()
            elif (kind, text) == ("mark", ",") or (kind == "bare" and text.lower() == "or"):
                raise RsqlError("OR is not supported: join comparisons with ; or and")
            else:
                return found

    def _term(self) -> list[Comparison]:
        if self._peek() == ("mark", "("):
            self._at += 1
            self._depth += 1
            if self._depth > _MAX_DEPTH:
                raise RsqlError(f"there are more than {_MAX_DEPTH} parentheses within each other")
            found = self._conjunction()
            self._expect("mark", ")")
            self._depth -= 1
            return found
        kind, selector = self._next()
        if kind != "bare":
            self._fail("a field such as conversation.name was expected")
        if selector not in _TIMES and selector not in _TEXTS and not _is_label(selector):
            raise RsqlError(f"there is no field {selector!r}")
        kind, operator = self._next()
        if kind != "operator":
            self._fail(f"an operator such as == was expected after {selector}")
        operator = _OPERATORS[operator]
        values = self._values(operator)
        if selector in _TIMES:
            for value in values:
                try:
                    _instant(value)
                except ValueError:
                    raise RsqlError(f"{selector} is compared with {value!r}, which is no time") from None
        return [Comparison(selector, operator, values)]

    def _values(self, operator: str) -> tuple[str, ...]:
        if operator not in {"=in=", "=out="}:
            return (self._value(),)
        self._expect("mark", "(")
        values = [self._value()]
        while self._peek() == ("mark", ","):
            self._at += 1
            values.append(self._value())
        self._expect("mark", ")")
        return tuple(values)

    def _value(self) -> str:
        kind, text = self._next()
        if kind not in {"bare", "quoted"}:
            self._fail("a value was expected")
        return text

    def _expect(self, kind: str, text: str) -> None:
        if self._next() != (kind, text):
            self._fail(f"{text} was expected")

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._at]

    def _next(self) -> tuple[str, str]:
        token = self._tokens[self._at]
        if token[0] != "end":
            self._at += 1
        return token

    def _fail(self, problem: str) -> NoReturn:
        kind, text = self._peek()
        raise RsqlError(f"{problem}, before {text!r}" if kind != "end" else f"{problem} at the end")


def _is_label(selector: str) -> bool:
    return selector.startswith(_METADATA) and len(selector) > len(_METADATA)


def _tokens(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    at = 0
    while text[at:].strip():
        token = _TOKEN.match(text, at)
        if token is None:
            raise RsqlError(f"cannot be read from {text[at:].strip()[:20]!r} on")
        at = token.end()
        kind = token.lastgroup or ""
        if kind in {"double", "single"}:
            found.append(("quoted", re.sub(r"\\(.)", r"\1", token[kind])))
        else:
            found.append((kind, token[kind]))
    return [*found, ("end", "")]
