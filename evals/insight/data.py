"""Where the evaluation texts are: the folder in `EARFUL_DATA`, JSON Lines under `text/`."""

import json
import os
from pathlib import Path
from typing import Any

__all__ = ["DATA", "read"]

DATA = Path(os.environ.get("EARFUL_DATA", "../shared/data"))


def read(name: str) -> list[dict[str, Any]]:
    """Return the rows of `text/<name>.jsonl`; none when the file is not there."""
    path = DATA / "text" / f"{name}.jsonl"
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
