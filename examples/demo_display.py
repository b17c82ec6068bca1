"""What the demo shows: captions that grow and settle, findings as they come, the stored conversation.

On a terminal the partial captions live in a region at the bottom that is redrawn; elsewhere (a pipe, a
log) every change is a plain line.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.live import Live
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

__all__ = ["Display"]

KINDS = {
    "question": ("?", "question", "bright_blue"),
    "action_item": ("✓", "action item", "green"),
    "follow_up": ("↻", "follow-up", "magenta"),
    "topic": ("#", "topic", "yellow"),
}
SPEAKER_STYLES = ("bold cyan", "bold bright_magenta", "bold bright_green")


class Display:
    """A terminal or plain view of one live conversation; used as a context manager."""

    def __init__(self, console: Console, speakers: Sequence[str]) -> None:
        self._console = console
        self._width = max((len(name) for name in speakers), default=0)
        self._styles = {name: SPEAKER_STYLES[i % len(SPEAKER_STYLES)] for i, name in enumerate(speakers)}
        self._partials: dict[str, list[str]] = {}
        self._agreed: dict[str, int] = {}
        self._lock = threading.Lock()
        self._live = Live(console=console, refresh_per_second=12, transient=True)
        self.partials = self.finals = 0
        self.found: dict[str, int] = dict.fromkeys(KINDS, 0)

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def partial(self, speaker: str, text: str) -> None:
        """Show what is being said; words that the hypothesis before had too are settled."""
        with self._lock:
            self._partial(speaker, text.split())

    def _partial(self, speaker: str, words: list[str]) -> None:
        before = self._partials.get(speaker, [])
        if words == before:
            return
        agreed = 0
        while agreed < min(len(words), len(before)) and words[agreed] == before[agreed]:
            agreed += 1
        self._partials[speaker], self._agreed[speaker] = words, agreed
        self.partials += 1
        if self._console.is_terminal:
            self._live.update(self._region(), refresh=False)
        else:
            self._console.print(self._line(speaker, words, agreed), soft_wrap=True)

    def final(self, speaker: str, text: str) -> None:
        """Show what was said, for good."""
        with self._lock:
            self._partials.pop(speaker, None)
            self.finals += 1
            if self._console.is_terminal:
                self._live.update(self._region(), refresh=True)
        self._console.print(self._named(speaker).append(text), soft_wrap=not self._console.is_terminal)

    def finding(self, kind: str, text: str, detail: str = "") -> None:
        """Show something found in what was said."""
        sign, name, style = KINDS[kind]
        with self._lock:
            self.found[kind] += 1
        line = Text(" " * (self._width + 2)).append(f"{sign} {name}: ", style).append(text, style)
        if detail:
            line.append(f"  {detail}", "dim")
        self._console.print(line, soft_wrap=not self._console.is_terminal)

    def say(self, text: str) -> None:
        """Show a line about the demo itself."""
        self._console.print(Text(text, "dim"), soft_wrap=not self._console.is_terminal)

    def stored(self, conversation_id: str, stored: Mapping[str, Any]) -> None:
        """Show the conversation as the REST API returned it, part by part."""
        self._console.print(Rule(f"GET /v1/conversations/{conversation_id}", style="dim"))
        for part, rows in stored.items():
            self._console.print(Text(f"\n/{part}", "bold"))
            table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
            for row in rows:
                table.add_row(*(Text(str(cell)) for cell in row))
            self._console.print(table if rows else Text("(none)", "dim"))

    def _named(self, speaker: str) -> Text:
        return Text().append(speaker.rjust(self._width) + "  ", self._styles.get(speaker, "bold"))

    def _line(self, speaker: str, words: Sequence[str], agreed: int) -> Text:
        line = self._named(speaker).append(" ".join(words[:agreed]))
        if agreed and words[agreed:]:
            line.append(" ")
        line.append(" ".join(words[agreed:]), "dim")
        return line.append(" …", "dim")

    def _region(self) -> Text:
        lines = [self._line(who, words, self._agreed[who]) for who, words in self._partials.items()]
        return Text("\n").join(lines)
