"""Search over everything that an application has stored, by words and by meaning.

Words are found in any inflection (English stemming); several words must all be there; `"quoted words"`
must follow each other, `-word` must not be there, and `word*` is a beginning. SQLite answers from an
FTS5 index, which also passes over accents, PostgreSQL from a GIN index. Of the messages that have the words
the newest few thousand are ranked, and the rest follows, newest first: what thousands of messages say ranks
none of them. By meaning the closest sentence vectors are found (see `earful.store.meaning`); both together
are ranked by their places in either list.
"""

import asyncio
import contextlib
import html
import json
import re
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import RowMapping, bindparam, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from earful.conversation.types import Member
from earful.store import tables
from earful.store.database import Database
from earful.store.meaning import MeaningIndex, similarities
from earful.store.tables import UtcDateTime
from earful.store.vectors import VectorStore

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Encode", "SearchHit", "SearchMode", "SearchQuery", "SearchStore"]

SearchMode = Literal["words", "meaning", "hybrid"]
Encode = Callable[[Sequence[str]], "NDArray[np.float32]"]
"""Returns a vector of length one for each text, float32 [texts, 384]; called in a thread."""

_OPEN, _CLOSE = "\x02", "\x03"
# PostgreSQL would take what looks like a tag out of its headline.
_LESS_THAN = "\x04"
_TERM = re.compile(r'(?P<minus>-?)(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))')
_WORD = re.compile(r"\w+", re.UNICODE)

# Who said it, or whoever that member was merged into.
_PERSON = "p.id AS person_id, p.name AS person_name, p.email AS person_email, p.user_id AS person_user_id"
_SPEAKER = """
LEFT JOIN members o ON o.conversation_id = m.conversation_id AND o.id = m.member_id
LEFT JOIN members p ON p.conversation_id = m.conversation_id AND p.id = COALESCE(o.merged_into, o.id)
"""
# The messages that have the words, newest first, as far as they are wanted.
_SQLITE_FOUND = """
SELECT m.seq, -bm25(message_search) AS score
FROM message_search
JOIN messages m ON m.seq = message_search.rowid
JOIN conversations c ON c.id = m.conversation_id
WHERE message_search MATCH :expression AND c.application_id = :application_id AND NOT c.hidden {conditions}
ORDER BY message_search.rowid DESC
"""
_POSTGRESQL_FOUND = """
SELECT m.seq, m.text
FROM messages m
JOIN conversations c ON c.id = m.conversation_id
WHERE to_tsvector('english', m.text) @@ to_tsquery('english', :expression)
    AND c.application_id = :application_id AND NOT c.hidden {conditions}
ORDER BY m.seq DESC
"""
# Where its messages lie among all bounds what SQLite has to go through.
_IN_CONVERSATION = """
    AND m.conversation_id = :conversation_id
    AND {row} >= (SELECT min(seq) FROM messages WHERE conversation_id = :conversation_id)
    AND {row} <= (SELECT max(seq) FROM messages WHERE conversation_id = :conversation_id)
"""
_SQLITE_RANKED = "SELECT seq, score FROM ({found} LIMIT :newest)"
_POSTGRESQL_RANKED = """
SELECT seq, ts_rank_cd(to_tsvector('english', text), to_tsquery('english', :expression)) AS score
FROM ({found} LIMIT :newest) AS found
"""
_BEST = " ORDER BY score DESC, seq DESC LIMIT :limit OFFSET :offset"
_REST = "SELECT seq, 0.0 AS score FROM ({found} LIMIT :limit OFFSET :offset) AS found"
# Those with all that is told of them; the snippet of SQLite is made afterwards.
_TOLD = """
SELECT m.seq, m.id, m.conversation_id, m.text, m.start, m."end", m.member_id,
    c.name AS conversation_name, c.started_at, 0.0 AS score, {snippet} AS snippet,
    {person}
FROM messages m
JOIN conversations c ON c.id = m.conversation_id
{speaker}
WHERE m.seq IN (SELECT {ids})
"""
_HEADLINE = """
ts_headline('english', replace(m.text, '<', chr(4)), to_tsquery('english', :expression),
    'StartSel=' || chr(2) || ',StopSel=' || chr(3) || ',MaxWords=24,MinWords=12')
"""
_TOKENIZER = "porter unicode61 remove_diacritics 2"
_SNIPPETS = """
SELECT rowid, snippet(found, 0, char(2), char(3), '…', 24) FROM found WHERE found MATCH ?
"""
_BY_VECTOR = """
SELECT v.id AS vector_id, m.id, m.conversation_id, m.text, m.start, m."end", m.member_id,
    c.name AS conversation_name, c.started_at, 0.0 AS score, m.text AS snippet,
    {person}
FROM message_vectors v
JOIN messages m ON m.seq = v.message_seq
JOIN conversations c ON c.id = m.conversation_id
{speaker}
WHERE v.id IN (SELECT {ids}) AND c.application_id = :application_id AND NOT c.hidden
"""
_SQLITE_IDS, _POSTGRESQL_IDS = "value FROM json_each(:ids)", "unnest(CAST(:ids AS bigint[]))"

_RANKED = 5_000
# Of all applications together, 108 bytes each; one application alone may have more.
_MOST_LOADED = 2_000_000
_CANDIDATES = 1_000
_MOST = 5_000
_LEAST_LIKE = 0.25
_FUSED, _FUSION = 200, 60


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """What to look for, how, and where. Times bound the beginning of the conversation."""

    words: str
    mode: SearchMode = "words"
    limit: int = 20
    offset: int = 0
    conversation_id: str | None = None
    started_from: datetime | None = None
    started_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class SearchHit:
    """One message that was found.

    `snippet` is HTML: escaped text with the words that matched in `<mark>`. `start` and `end` are seconds
    since the conversation began; a higher `score` is a better match: of words in the database's own
    measure, of meaning as a cosine, of both by the places in either list.
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


@dataclass(slots=True)
class _Loaded:
    """The index of one application, and the id up to which vectors are in it."""

    index: MeaningIndex = field(default_factory=MeaningIndex)
    until: int = 0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class SearchStore:
    """Search over one `Database`. What `encode` makes of questions is compared with the kept vectors."""

    def __init__(self, database: Database, encode: Encode) -> None:
        self._database = database
        self._encode = encode
        self._vectors = VectorStore(database)
        self._loaded: defaultdict[str, _Loaded] = defaultdict(_Loaded)

    async def search(self, application_id: str, query: SearchQuery) -> Sequence[SearchHit]:
        """Return the best matches first; nothing when there is no word to look for."""
        if query.mode == "words":
            return await self._by_words(application_id, query)
        if query.mode == "meaning":
            return await self._by_meaning(application_id, query)
        whole = replace(query, offset=0, limit=max(_FUSED, query.offset + query.limit))
        by_words = await self._by_words(application_id, whole)
        by_meaning = await self._by_meaning(application_id, whole)
        return _fused(by_words, by_meaning)[query.offset : query.offset + query.limit]

    async def _by_words(self, application_id: str, query: SearchQuery) -> Sequence[SearchHit]:
        postgresql = self._database.is_postgresql
        expression = _tsquery(query.words) if postgresql else _fts5(query.words)
        if expression is None:
            return ()
        conditions, values = _conditions(query, "m.seq" if postgresql else "message_search.rowid")
        values |= {"expression": expression, "application_id": application_id}
        found = (_POSTGRESQL_FOUND if postgresql else _SQLITE_FOUND).format(conditions=conditions)
        ranked = (_POSTGRESQL_RANKED if postgresql else _SQLITE_RANKED).format(found=found) + _BEST
        async with self._database.read() as connection:
            scores: dict[int, float] = {}
            if query.offset < _RANKED:
                window = {"newest": _RANKED, "limit": query.limit, "offset": query.offset}
                scores |= await _scores(connection, ranked, values | window)
            beyond = query.offset + query.limit - max(query.offset, _RANKED)
            if beyond > 0 and len(scores) == query.limit - beyond:
                window = {"limit": beyond, "offset": max(query.offset, _RANKED)}
                scores |= await _scores(connection, _REST.format(found=found), values | window)
            if not scores:
                return ()
            rows = await _told(connection, postgresql, expression, list(scores))
        return tuple(
            replace(_hit(rows[seq]), score=round(score, 4)) for seq, score in scores.items() if seq in rows
        )

    async def _by_meaning(self, application_id: str, query: SearchQuery) -> Sequence[SearchHit]:
        wanted = min(query.offset + query.limit, _MOST)
        if not _WORD.search(query.words) or wanted <= query.offset:
            return ()
        vector = (await asyncio.to_thread(self._encode, [query.words]))[0]
        only = await self._narrowed(application_id, query)
        packed = await self._candidates(application_id, vector, max(_CANDIDATES, 4 * wanted), only)
        ids = list(packed)
        alike = similarities(vector, [packed[one] for one in ids])
        best = sorted(range(len(ids)), key=lambda at: (-alike[at], ids[at]))[query.offset : wanted]
        scores = {ids[at]: float(alike[at]) for at in best if alike[at] >= _LEAST_LIKE}
        rows = await self._rows(application_id, list(scores))
        return tuple(
            replace(_hit(rows[one]), score=round(score, 4)) for one, score in scores.items() if one in rows
        )

    async def _candidates(
        self, application_id: str, vector: "NDArray[np.float32]", count: int, only: Sequence[str] | None
    ) -> dict[int, bytes]:
        """Return the vectors that may be closest, as they are kept now."""
        loaded = self._loaded[application_id]
        async with loaded.lock:
            await self._load(application_id, loaded)
            self._keep_within(application_id)
            while True:
                near = await asyncio.to_thread(loaded.index.nearest, vector, count, only=only)
                ids = [int(one) for one in near]
                packed = await self._vectors.packed(ids)
                if len(packed) == len(ids):
                    return packed
                # Changed or deleted since they were loaded: another node, or this one, did that.
                gone = set(ids) - packed.keys()
                there = await self._conversations(application_id)
                await asyncio.to_thread(loaded.index.drop, gone)
                await asyncio.to_thread(loaded.index.retain, there)

    async def _load(self, application_id: str, loaded: _Loaded) -> None:
        """Take in the vectors that were made since the last search."""
        newest = await self._vectors.newest()
        if newest <= loaded.until:
            return
        loaded.index.reserve(newest - loaded.until)
        try:
            async for rows in self._vectors.between(application_id, loaded.until, newest):
                await asyncio.to_thread(loaded.index.add, rows)
        except BaseException:
            # Some are in and some are not: next time all are read again.
            loaded.index, loaded.until = MeaningIndex(), 0
            raise
        loaded.until = newest

    async def warm(self) -> None:
        """Read the vectors of the applications that spoke last, so that no search has to wait for it."""
        table = tables.conversations
        latest = (
            select(table.c.application_id)
            .group_by(table.c.application_id)
            .order_by(func.max(table.c.started_at).desc())
        )
        async with self._database.read() as connection:
            applications = (await connection.execute(latest)).scalars().all()
        for application_id in applications:
            loaded = self._loaded[application_id]
            async with loaded.lock:
                await self._load(application_id, loaded)
            if sum(len(one.index) for one in self._loaded.values()) >= _MOST_LOADED:
                break

    def _keep_within(self, application_id: str) -> None:
        """Forget the indexes that were not asked for the longest, as long as there are too many vectors."""
        self._loaded[application_id] = self._loaded.pop(application_id)
        for other, loaded in list(self._loaded.items()):
            if sum(len(one.index) for one in self._loaded.values()) <= _MOST_LOADED:
                break
            if other != application_id and not loaded.lock.locked():
                del self._loaded[other]

    async def _narrowed(self, application_id: str, query: SearchQuery) -> Sequence[str] | None:
        """Return the conversations to look in, None for all."""
        if query.conversation_id is None and query.started_from is None and query.started_until is None:
            return None
        table = tables.conversations
        statement = select(table.c.id).where(table.c.application_id == application_id)
        if query.conversation_id is not None:
            statement = statement.where(table.c.id == query.conversation_id)
        if query.started_from is not None:
            statement = statement.where(table.c.started_at >= query.started_from)
        if query.started_until is not None:
            statement = statement.where(table.c.started_at <= query.started_until)
        async with self._database.read() as connection:
            return list((await connection.execute(statement)).scalars())

    async def _conversations(self, application_id: str) -> set[str]:
        table = tables.conversations
        async with self._database.read() as connection:
            rows = await connection.execute(
                select(table.c.id).where(table.c.application_id == application_id)
            )
            return set(rows.scalars())

    async def _rows(self, application_id: str, ids: list[int]) -> dict[int, RowMapping]:
        postgresql = self._database.is_postgresql
        source = _POSTGRESQL_IDS if postgresql else _SQLITE_IDS
        statement = text(_BY_VECTOR.format(ids=source, person=_PERSON, speaker=_SPEAKER)).columns(
            started_at=UtcDateTime
        )
        values = {"ids": ids if postgresql else json.dumps(ids), "application_id": application_id}
        async with self._database.read() as connection:
            rows = (await connection.execute(statement, values)).mappings().all()
        return {row["vector_id"]: row for row in rows}


async def _scores(connection: AsyncConnection, statement: str, values: Mapping[str, Any]) -> dict[int, float]:
    """Return the scores of the messages that a statement finds, by their `seq`, the best first."""
    moments = [bindparam(name, type_=UtcDateTime) for name in values if name.startswith("started")]
    rows = await connection.execute(text(statement).bindparams(*moments), values)
    return {row.seq: float(row.score) for row in rows}


async def _told(
    connection: AsyncConnection, postgresql: bool, expression: str, seqs: Sequence[int]
) -> dict[int, Mapping[Any, Any]]:
    """Return everything about the messages that were found, by their `seq`."""
    statement = _TOLD.format(
        snippet=_HEADLINE if postgresql else "m.text",
        ids=_POSTGRESQL_IDS if postgresql else _SQLITE_IDS,
        person=_PERSON,
        speaker=_SPEAKER,
    )
    values: dict[str, Any] = {"ids": seqs if postgresql else json.dumps(seqs)}
    if postgresql:
        values["expression"] = expression
    rows = await connection.execute(text(statement).columns(started_at=UtcDateTime), values)
    told: dict[int, Mapping[Any, Any]] = {row["seq"]: row for row in rows.mappings()}
    if postgresql:
        return told
    snippets = await asyncio.to_thread(
        _snippets, expression, [(seq, row["text"]) for seq, row in told.items()]
    )
    return {seq: {**row, "snippet": snippets.get(seq, row["text"])} for seq, row in told.items()}


def _snippets(expression: str, texts: Sequence[tuple[int, str]]) -> dict[int, str]:
    """Mark the words in some texts, in an index of these alone: going through the large one takes longer."""
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(f"CREATE VIRTUAL TABLE found USING fts5(text, tokenize = '{_TOKENIZER}')")
        connection.executemany("INSERT INTO found(rowid, text) VALUES (?, ?)", texts)
        return dict(connection.execute(_SNIPPETS, (expression,)))


def _fused(by_words: Sequence[SearchHit], by_meaning: Sequence[SearchHit]) -> list[SearchHit]:
    """Rank by the sum of reciprocal ranks in both lists; a hit of words shows its own snippet."""
    scores: defaultdict[tuple[str, str], float] = defaultdict(float)
    hits: dict[tuple[str, str], SearchHit] = {}
    for ranked in (by_words, by_meaning):
        for place, hit in enumerate(ranked, 1):
            key = (hit.conversation_id, hit.message_id)
            scores[key] += 1 / (_FUSION + place)
            hits.setdefault(key, hit)
    best = sorted(scores, key=lambda key: -scores[key])
    return [replace(hits[key], score=round(scores[key], 4)) for key in best]


def _conditions(query: SearchQuery, row: str) -> tuple[str, dict[str, Any]]:
    """Return what narrows a search, and its values; `row` is the column that numbers messages."""
    conditions = ""
    values: dict[str, Any] = {}
    if query.conversation_id is not None:
        conditions += _IN_CONVERSATION.format(row=row)
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


def _hit(row: Mapping[Any, Any]) -> SearchHit:
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
