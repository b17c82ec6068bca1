"""`python -m benchmarks.search [--conversations N] [--messages N] [--json OUT]`.

Fills an SQLite database with conversations of made-up talk (words drawn as often as in natural text),
then searches it: for rare and common words, for several at once, for phrases and beginnings.

For the search by meaning each of these messages gets a vector between those of two real sentences, since
encoding a million would take an hour; among them are 40 real messages, encoded, that say in other words
what is asked for. Shown are how many of the ten best of an exact comparison with every vector are found,
and for how many of the 40 the message is among the first ten.
"""

import argparse
import asyncio
import resource
import statistics
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from sqlalchemy import text

from benchmarks.common import write_json
from benchmarks.search.talk import PARAPHRASES, sentences
from earful.accounts.service import Accounts
from earful.conversation.ids import new_numeric_id
from earful.conversation.types import Conversation, Message
from earful.insight.types import Findings
from earful.jobs.encoding import Encoder, encode
from earful.store.conversations import ConversationStore
from earful.store.database import Database
from earful.store.meaning import similarities
from earful.store.search import SearchMode, SearchQuery, SearchStore
from earful.store.vectors import VectorStore, pack

_VOCABULARY = 20_000
_BATCH = 5_000
_REPEATS = 5
_REAL = 8_000
_FIRST = 10


def main() -> None:
    """Fill, search, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.search", description=__doc__)
    parser.add_argument("--conversations", type=int, default=100)
    parser.add_argument("--messages", type=int, default=10_000, help="messages in each conversation")
    parser.add_argument("--json", type=Path, help="also write the figures there")
    given = parser.parse_args()
    figures = asyncio.run(_measure(given.conversations, given.messages))
    console = Console()
    console.print(f"{given.conversations} conversations of {given.messages} messages")
    table = Table("search", "messages that match", "median ms", "slowest ms")
    for row in figures["words"]:
        table.add_row(
            row["search"], str(row["matches"]), f"{row['median_ms']:.1f}", f"{row['slowest_ms']:.1f}"
        )
    console.print(table)
    table = Table(
        "40 questions", "of the exact ten best", "said so in the first ten", "median ms", "slowest ms"
    )
    for row in figures["meaning"]:
        exact = f"{row['of_exact']:.1%}" if row["of_exact"] is not None else ""
        table.add_row(
            row["mode"], exact, f"{row['found']:.0%}", f"{row['median_ms']:.1f}", f"{row['slowest_ms']:.1f}"
        )
    console.print(table)
    first = figures["first_search"]
    console.print(
        f"the first search by meaning reads every vector once: {first['s']:.1f} s, "
        f"{first['memory_mib']:.0f} MiB more memory at most"
    )
    write_json(
        given.json,
        lambda: {
            "benchmark": "search",
            "conversations": given.conversations,
            "messages": given.messages,
            **figures,
        },
    )


async def _measure(conversations: int, messages: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="earful-bench-") as folder:
        database = await Database.open(f"sqlite:///{folder}/earful.db")
        try:
            application_id = (await Accounts(database).create("benchmark")).customer_id
            with Console(stderr=True).status("filling the database"):
                await _fill(database, application_id, conversations, messages)
                said = await _encode(database, application_id)
            search = SearchStore(database, encode)
            words = [await _timed(search, application_id, *one) for one in _SEARCHES]
            first = await _first(search, application_id)
            exact = await _exact(database)
            modes: tuple[SearchMode, ...] = ("meaning", "hybrid", "words")
            meaning = [await _asked(search, application_id, mode, said, exact) for mode in modes]
            return {"words": words, "meaning": meaning, "first_search": first}
        finally:
            await database.close()


_SEARCHES = (
    ("a rare word", "word9000"),
    ("a word of average frequency", "word300"),
    ("a common word", "word20"),
    ("the most common word", "word0"),
    ("two very common words", "word1 word2"),
    ("three words", "word20 word50 word90"),
    ("a phrase", '"word3 word5"'),
    ("a word but not another", "word300 -word3"),
    ("a beginning", "word123*"),
    ("a beginning of 11,000 words", "word1*"),
    ("one letter that every word begins with", "w*"),
)


async def _fill(database: Database, application_id: str, conversations: int, messages: int) -> None:
    store = ConversationStore(database)
    draw = np.random.default_rng(1)
    frequency = 1.0 / np.arange(1, _VOCABULARY + 1)
    frequency /= frequency.sum()
    for _ in range(conversations):
        made = Conversation(new_numeric_id(), application_id, datetime.now(UTC))
        await store.create(made)
        for start in range(0, messages, _BATCH):
            count = min(_BATCH, messages - start)
            words = draw.choice(_VOCABULARY, size=(count, 12), p=frequency)
            texts = [" ".join(f"word{word}" for word in row) for row in words]
            await _say(store, made.id, texts, start)


async def _say(store: ConversationStore, conversation_id: str, texts: Sequence[str], start: int) -> list[str]:
    """Store messages, one a second, and return their ids."""
    messages = tuple(
        Message(new_numeric_id(), conversation_id, said, float(start + at), start + at + 1.0)
        for at, said in enumerate(texts)
    )
    await store.add_findings(conversation_id, Findings(messages=messages))
    return [message.id for message in messages]


async def _encode(database: Database, application_id: str) -> list[str]:
    """Give every message a vector; return the ids of those that say what is asked for."""
    draw = np.random.default_rng(2)
    texts = sorted(sentences(_REAL, draw), key=len)
    real = np.concatenate([encode(texts[at : at + 32]) for at in range(0, len(texts), 32)])
    vectors = VectorStore(database)
    while waiting := await vectors.waiting(_BATCH):
        await vectors.keep(dict(zip(waiting, pack(_between(real, len(waiting), draw)), strict=True)))
    store = ConversationStore(database)
    made = Conversation(new_numeric_id(), application_id, datetime.now(UTC))
    await store.create(made)
    ids = await _say(store, made.id, [said for _, said in PARAPHRASES], 0)
    encoder = Encoder(vectors)
    while await encoder.step():
        pass
    await encoder.stop()
    return ids


def _between(real: NDArray[np.float32], count: int, draw: np.random.Generator) -> NDArray[np.float32]:
    one, other = (real[draw.integers(0, len(real), count)] for _ in range(2))
    share = draw.uniform(0.5, 1.0, (count, 1)).astype(np.float32)
    return share * one + (1 - share) * other


async def _first(search: SearchStore, application_id: str) -> dict[str, float]:
    encode(["the model is loaded"])
    before, began = _memory_mib(), time.perf_counter()
    await search.search(application_id, SearchQuery("a first question", "meaning"))
    return {"s": round(time.perf_counter() - began, 2), "memory_mib": round(_memory_mib() - before, 1)}


def _memory_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def _exact(database: Database) -> list[set[str]]:
    """Return for each question the ids of the messages that compare best of all."""
    asked = [encode([question])[0] for question, _ in PARAPHRASES]
    best: list[list[tuple[float, str]]] = [[] for _ in asked]
    every = text("SELECT m.id, v.vector FROM message_vectors v JOIN messages m ON m.seq = v.message_seq")
    async with database.read() as connection:
        rows = await connection.stream(every)
        async for block in rows.partitions(50_000):
            ids, packed = [row[0] for row in block], [row[1] for row in block]
            for at, vector in enumerate(asked):
                alike = similarities(vector, packed)
                top = np.argsort(-alike)[:_FIRST]
                best[at] = sorted([*best[at], *((float(alike[k]), ids[k]) for k in top)], reverse=True)[
                    :_FIRST
                ]
    return [{id_ for _, id_ in ranked} for ranked in best]


async def _asked(
    search: SearchStore, application_id: str, mode: SearchMode, said: Sequence[str], exact: Sequence[set[str]]
) -> dict[str, Any]:
    times, found, shared = [], 0, []
    for (question, _), wanted, best in zip(PARAPHRASES, said, exact, strict=True):
        began = time.perf_counter()
        hits = await search.search(application_id, SearchQuery(question, mode, limit=_FIRST))
        times.append((time.perf_counter() - began) * 1000)
        ids = {hit.message_id for hit in hits}
        found += wanted in ids
        shared.append(len(ids & best) / len(best))
    return {
        "mode": mode,
        "of_exact": round(statistics.mean(shared), 4) if mode == "meaning" else None,
        "found": found / len(said),
        "median_ms": round(statistics.median(times), 2),
        "slowest_ms": round(max(times), 2),
    }


async def _timed(search: SearchStore, application_id: str, name: str, words: str) -> dict[str, Any]:
    times = []
    for _ in range(_REPEATS):
        began = time.perf_counter()
        await search.search(application_id, SearchQuery(words))
        times.append((time.perf_counter() - began) * 1000)
    matches = len(await search.search(application_id, SearchQuery(words, limit=10**7)))
    return {
        "search": name,
        "matches": matches,
        "median_ms": round(statistics.median(times), 2),
        "slowest_ms": round(max(times), 2),
    }


if __name__ == "__main__":
    main()
