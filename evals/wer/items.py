"""The recordings that are scored, and what kind each is."""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from earful.audio.files import read_blocks
from earful.audio.types import Samples

__all__ = ["KINDS", "Item", "data_dir", "load_items"]

KINDS = ("clean", "spontaneous", "phone", "meetings", "short", "isolated digits")
"""The kinds in the order they are shown; every scored item has exactly one."""


@dataclass(frozen=True, slots=True)
class Item:
    """One recording. `text` is None for recordings in which nothing should be recognised."""

    id: str
    kind: str
    path: Path
    duration_s: float
    text: str | None

    @property
    def half(self) -> int:
        """0 or 1 by a hash of the id: settings are chosen on half 0, half 1 is looked at afterwards."""
        value = 2166136261  # FNV-1a, so that the split never changes
        for byte in self.id.encode():
            value = (value ^ byte) * 16777619 & 0xFFFFFFFF
        return value >> 16 & 1

    def samples(self) -> Samples:
        """Return the recording, float32 [n], 16 kHz."""
        return np.concatenate(list(read_blocks(self.path)))


def data_dir() -> Path | None:
    """Return the folder of evaluation audio (`EARFUL_DATA`, or `../shared/data/audio`), None when absent."""
    named = os.environ.get("EARFUL_DATA")
    beside = Path(__file__).resolve().parents[3] / "shared" / "data"
    root = Path(named) if named else beside
    folder = root if (root / "manifest.jsonl").is_file() else root / "audio"
    return folder if (folder / "manifest.jsonl").is_file() else None


def load_items(folder: Path, only: Iterable[str] = ()) -> list[Item]:
    """Return the items of the manifest that are scored, those of the kinds `only` when any are given.

    Recordings marked `hallucination-check` come as the kind "near-silence".
    """
    wanted = set(only)
    items = []
    for line in (folder / "manifest.jsonl").read_text().splitlines():
        row = json.loads(line)
        kind = _kind(set(row["tags"]))
        if kind is None or (wanted and kind not in wanted):
            continue
        text = row["text"] if kind != "near-silence" else None
        items.append(Item(row["id"], kind, folder / Path(row["path"]).name, row["duration_s"], text))
    return items


def _kind(tags: set[str]) -> str | None:
    if "hallucination-check" in tags:
        return "near-silence"
    if "wer" not in tags:
        return None
    for kind, marks in (
        ("isolated digits", {"isolated-word"}),
        ("meetings", {"meeting"}),
        ("phone", {"phone", "call"}),
        ("spontaneous", {"spontaneous", "conversation"}),
        ("short", {"short", "query", "command"}),
    ):
        if tags & marks:
            return kind
    return "clean"
