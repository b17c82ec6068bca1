"""Full-text search over everything that an application has stored.

Words are found in any inflection (English stemming); several words must all be there; `"quoted words"`
must follow each other, `-word` must not be there, and `word*` is a beginning. SQLite answers from an
FTS5 index, which also passes over accents, PostgreSQL from a GIN index.
"""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, bindparam, text

from earful.conversation.types import Member
from earful.store.database import Database
from earful.store.tables import UtcDateTime

__all__ = ["SearchHit", "SearchQuery", "SearchStore"]

_OPEN, _CLOSE = "\x02", "\x03"
# PostgreSQL would take what looks like a tag out of its headline.
_LESS_THAN = "\x04"
_TERM = re.compile(r'(?P<minus>-?)(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))')
_WORD = re.compile(r"\w+", re.UNICODE)

_SQLITE = """
SELECT m.id, m.conversation_id, m.text, m.start, m."end", m.member_id,
    c.name AS conversation_name, c.started_at,
    -bm25(message_search) AS score,
    snippet(message_search, 0, char(2), char(3), '…', 24) AS snippet,
    p.id AS person_id, p.name AS person_name, p.email AS person_email, p.user_id AS person_user_id
FROM message_search
JOIN messages m ON m.seq = message_search.rowid
JOIN conversations c ON c.id = m.conversation_id
LEFT JOIN members p ON p.conversation_id = m.conversation_id AND p.id = m.member_id
WHERE message_search MATCH :expression AND c.application_id = :application_id {conditions}
ORDER BY rank, m.seq
LIMIT :limit OFFSET :offset
"""
_POSTGRESQL = """
WITH query AS (SELECT to_tsquery('english', :expression) AS q), hits AS (
    SELECT m.id, m.conversation_id, m.text, m.start, m."end", m.member_id, m.seq,
        c.name AS conversation_name, c.started_at,
        ts_rank_cd(to_tsvector('english', m.text), query.q) AS score
    FROM query, messages m
    JOIN conversations c ON c.id = m.conversation_id
    WHERE to_tsvector('english', m.text) @@ query.q AND c.application_id = :application_id {conditions}
    ORDER BY score DESC, m.seq
    LIMIT :limit OFFSET :offset
)
SELECT hits.*,
    ts_headline('english', replace(hits.text, '<', chr(4)), query.q,
        'StartSel=' || chr(2) || ',StopSel=' || chr(3) || ',MaxWords=24,MinWords=12') AS snippet,
    p.id AS person_id, p.name AS person_name, p.email AS person_email, p.user_id AS person_user_id
FROM query, hits
LEFT JOIN members p ON p.conversation_id = hits.conversation_id AND p.id = hits.member_id
ORDER BY hits.score DESC, hits.seq
"""


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """What to look for, and where. Times bound the beginning of the conversation."""

    words: str
    limit: int = 20
    offset: int = 0
    conversation_id: str | None = None
    started_from: datetime | None = None
    started_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class SearchHit:
    """One message that was found.

    `snippet` is HTML: escaped text with the words that matched in `<mark>`. `start` and `end` are seconds
    since the conversation began; a higher `score` is a better match.
    """

    conversation_id: str
    conversation_name: str | None
    conversation_started_at: datetime
    message_id: str
    text: str
    snippet: str
    start: float
    end: float
    score: float
    speaker: Member | None


class SearchStore:
    """Search over one `Database`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def search(self, application_id: str, query: SearchQuery) -> Sequence[SearchHit]:
        """Return the best matches first; nothing when there is no word to look for."""
        postgresql = self._database.is_postgresql
        expression = _tsquery(query.words) if postgresql else _fts5(query.words)
        if expression is None:
            return ()
        conditions, values = _conditions(query)
        template = _POSTGRESQL if postgresql else _SQLITE
        moments = [bindparam(name, type_=UtcDateTime) for name in values if name.startswith("started")]
        statement = (
            text(template.format(conditions=conditions)).bindparams(*moments).columns(started_at=UtcDateTime)
        )
        values |= {
            "expression": expression,
            "application_id": application_id,
            "limit": query.limit,
            "offset": query.offset,
        }
        async with self._database.read() as connection:
            rows = (await connection.execute(statement, values)).mappings().all()
        return tuple(_hit(row) for row in rows)


def _conditions(query: SearchQuery) -> tuple[str, dict[str, Any]]:
    conditions = ""
    values: dict[str, Any] = {}
    if query.conversation_id is not None:
        conditions += " AND m.conversation_id = :conversation_id"
        values["conversation_id"] = query.conversation_id
    for name, sign, moment in (
        ("started_from", ">=", query.started_from),
        ("started_until", "<=", query.started_until),
    ):
        if moment is not None:
            conditions += f" AND c.started_at {sign} :{name}"
            values[name] = moment
    return conditions, values


def _terms(words: str) -> list[tuple[bool, list[str], bool]]:
    """Return (wanted, words in a row, the last is only a beginning) for each term."""
    found = []
    for term in _TERM.finditer(words):
        raw = term["phrase"] if term["phrase"] is not None else term["word"]
        parts = _WORD.findall(raw.replace("_", " "))
        if parts:
            found.append((not term["minus"], parts, term["phrase"] is None and raw.endswith("*")))
    return found


def _fts5(words: str) -> str | None:
    wanted: list[str] = []
    unwanted: list[str] = []
    for is_wanted, parts, beginning in _terms(words):
        quoted = '"' + " ".join(parts) + '"' + ("*" if beginning else "")
        (wanted if is_wanted else unwanted).append(quoted)
    if not wanted:
        return None
    expression = " AND ".join(wanted)
    return f"({expression}) NOT ({' OR '.join(unwanted)})" if unwanted else expression


def _tsquery(words: str) -> str | None:
    terms = _terms(words)
    if not any(is_wanted for is_wanted, _, _ in terms):
        return None
    pieces = []
    for is_wanted, parts, beginning in terms:
        row = " <-> ".join(f"'{part}'" for part in parts) + (":*" if beginning else "")
        pieces.append(f"({row})" if is_wanted else f"!({row})")
    return " & ".join(pieces)


def _hit(row: RowMapping) -> SearchHit:
    known = row["person_id"] is not None
    speaker = Member(row["person_id"], row["person_name"], row["person_email"], row["person_user_id"])
    marked = html.escape(row["snippet"].replace(_LESS_THAN, "<"), quote=False)
    return SearchHit(
        conversation_id=row["conversation_id"],
        conversation_name=row["conversation_name"],
        conversation_started_at=row["started_at"],
        message_id=row["id"],
        text=row["text"],
        snippet=marked.replace(_OPEN, "<mark>").replace(_CLOSE, "</mark>"),
        start=row["start"],
        end=row["end"],
        score=round(float(row["score"]), 4),
        speaker=speaker if known else None,
    )
