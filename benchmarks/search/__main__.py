"""`python -m benchmarks.search [--conversations N] [--messages N] [--json OUT]`.

Fills an SQLite database with conversations of made-up talk (words drawn as often as in natural text),
then searches it: for rare and common words, for several at once, for phrases and beginnings.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.common import write_json
from earful.accounts.service import Accounts
from earful.conversation.ids import new_numeric_id
from earful.conversation.types import Conversation, Message
from earful.insight.types import Findings
from earful.store.conversations import ConversationStore
from earful.store.database import Database
from earful.store.search import SearchQuery, SearchStore

_VOCABULARY = 20_000
_BATCH = 5_000
_REPEATS = 5


def main() -> None:
    """Fill, search, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.search", description=__doc__)
    parser.add_argument("--conversations", type=int, default=100)
    parser.add_argument("--messages", type=int, default=10_000, help="messages in each conversation")
    parser.add_argument("--json", type=Path, help="also write the figures there")
    given = parser.parse_args()
    rows = asyncio.run(_measure(given.conversations, given.messages))
    table = Table("search", "messages that match", "median ms", "slowest ms")
    for row in rows:
        table.add_row(
            row["search"], str(row["matches"]), f"{row['median_ms']:.1f}", f"{row['slowest_ms']:.1f}"
        )
    Console().print(f"{given.conversations} conversations of {given.messages} messages")
    Console().print(table)
    write_json(
        given.json,
        lambda: {
            "benchmark": "search",
            "conversations": given.conversations,
            "messages": given.messages,
            "rows": rows,
        },
    )


async def _measure(conversations: int, messages: int) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="earful-bench-") as folder:
        database = await Database.open(f"sqlite:///{folder}/earful.db")
        try:
            application_id = (await Accounts(database).create("benchmark")).customer_id
            await _fill(database, application_id, conversations, messages)
            return [await _timed(database, application_id, *search) for search in _SEARCHES]
        finally:
            await database.close()


_SEARCHES = (
    ("a rare word", "word9000"),
    ("a word of average frequency", "word300"),
    ("a common word", "word20"),
    ("three words", "word20 word50 word90"),
    ("a phrase", '"word3 word5"'),
    ("a word but not another", "word300 -word3"),
    ("a beginning", "word123*"),
)


async def _fill(database: Database, application_id: str, conversations: int, messages: int) -> None:
    store = ConversationStore(database)
    draw = np.random.default_rng(1)
    frequency = 1.0 / np.arange(1, _VOCABULARY + 1)
    frequency /= frequency.sum()
    console = Console(stderr=True)
    with console.status("filling the database"):
        for _ in range(conversations):
            made = Conversation(new_numeric_id(), application_id, datetime.now(UTC))
            await store.create(made)
            for start in range(0, messages, _BATCH):
                count = min(_BATCH, messages - start)
                words = draw.choice(_VOCABULARY, size=(count, 12), p=frequency)
                found = tuple(
                    Message(
                        id=new_numeric_id(),
                        conversation_id=made.id,
                        text=" ".join(f"word{word}" for word in row),
                        start=float(start + at),
                        end=start + at + 1.0,
                    )
                    for at, row in enumerate(words)
                )
                await store.add_findings(made.id, Findings(messages=found))


async def _timed(database: Database, application_id: str, name: str, words: str) -> dict[str, Any]:
    search = SearchStore(database)
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
