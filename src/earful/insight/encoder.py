"""One small text encoder for everything: sentence vectors, and what a message is and names.

Three int8 ONNX parts made by `training/`: `trunk` (tokens to states), `vector` (states to a sentence
vector) and `sense` (states of a message and the one before it to question, action, polarity, names).
"""

import json
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["NamedSpan", "Sense", "TextEncoder", "shared_encoder"]

_CLS, _SEP, _PAD = 101, 102, 0
_BEFORE_TOKENS, _TEXT_TOKENS = 24, 72
_REMEMBERED = 512
_SURELY_NONE = 0.8


@dataclass(frozen=True, slots=True)
class NamedSpan:
    """A name or time in a text: offsets (end exclusive), kind (PERSON, ORG, LOC, TIME, MISC), how sure."""

    start: int
    end: int
    kind: str
    score: float


@dataclass(frozen=True, slots=True)
class Sense:
    """What a message is: chances of a question and of an action (0..1), polarity (-1..1), its names."""

    question: float
    action: float
    polarity: float
    names: tuple[NamedSpan, ...]


class TextEncoder:
    """The encoder's parts, on one thread of the CPU. Safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")

        def part(name: str) -> Any:
            return onnxruntime.InferenceSession(
                str(folder / f"{name}.onnx"), options, providers=["CPUExecutionProvider"]
            )

        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._trunk, self._vector, self._sense = part("trunk"), part("vector"), part("sense")
        self._tags: list[str] = json.loads((folder / "tags.json").read_text(encoding="utf-8"))
        self._lock = threading.Lock()
        self._vectors: OrderedDict[str, NDArray[np.float32]] = OrderedDict()

    def vectors(self, texts: Sequence[str]) -> "NDArray[np.float32]":
        """Return a vector of length one for each text, float32 [texts, 384]."""
        import numpy as np

        with self._lock:
            known = {text: self._vectors[text] for text in texts if text in self._vectors}
        fresh = [text for text in dict.fromkeys(texts) if text not in known]
        if fresh:
            rows = [
                [_CLS, *encoded.ids[:_TEXT_TOKENS], _SEP]
                for encoded in self._tokenizer.encode_batch(fresh, add_special_tokens=False)
            ]
            ids, mask = _padded(rows)
            states = self._trunk.run(None, {"input_ids": ids, "attention_mask": mask})[0]
            made = self._vector.run(None, {"states": states, "attention_mask": mask})[0]
            known |= dict(zip(fresh, made, strict=True))
            with self._lock:
                self._vectors.update({text: known[text] for text in fresh})
                while len(self._vectors) > _REMEMBERED:
                    self._vectors.popitem(last=False)
        return np.stack([known[text] for text in texts]) if texts else np.zeros((0, 384), np.float32)

    def sense(self, text: str, before: str = "", *, same_speaker: bool = False) -> Sense:
        """Return what a message is, seen after the message `before` it (by the same speaker or another)."""
        import numpy as np

        ids = [_CLS]
        if before:
            lead = "same : " if same_speaker else "other : "
            previous = self._tokenizer.encode(before, add_special_tokens=False).ids[-_BEFORE_TOKENS:]
            ids += [*self._tokenizer.encode(lead, add_special_tokens=False).ids, *previous, _SEP]
        first = len(ids)
        encoded = self._tokenizer.encode(text, add_special_tokens=False)
        ids += [*encoded.ids[:_TEXT_TOKENS], _SEP]
        tokens, mask = _padded([ids])
        current = np.zeros_like(tokens)
        current[0, first:-1] = 1
        states = self._trunk.run(None, {"input_ids": tokens, "attention_mask": mask})[0]
        whole, tags = self._sense.run(None, {"states": states, "attention_mask": mask, "current": current})
        question, action = 1.0 / (1.0 + np.exp(-whole[0, :2]))
        names = self._names(text, encoded.offsets[:_TEXT_TOKENS], tags[0, first : len(ids) - 1])
        return Sense(float(question), float(action), float(np.tanh(whole[0, 2])), names)

    def _names(
        self, text: str, offsets: Sequence[tuple[int, int]], logits: "NDArray[np.float32]"
    ) -> tuple[NamedSpan, ...]:
        """Read names off the tags: pieces of a word together, a name as long as its kind goes on."""
        import numpy as np

        if not len(logits):
            return ()
        chances = np.exp(logits - logits.max(-1, keepdims=True))
        chances /= chances.sum(-1, keepdims=True)
        spans: list[list[Any]] = []
        for (begin, end), row in zip(offsets, chances, strict=True):
            inner = bool(begin and text[begin - 1].isalnum() and text[begin].isalnum())
            if inner and spans and spans[-1][1] == begin:
                spans[-1][1] = end
                continue
            if inner:
                continue
            # Unsure names are given too, with their score: who masks them wants them, others do not.
            if row[0] > _SURELY_NONE:
                continue
            best = 1 + int(row[1:].argmax())
            side, kind = self._tags[best].split("-")
            open_name = spans and spans[-1][2] == kind and not text[spans[-1][1] : begin].strip(" .'’-&")
            if side == "I" and open_name:
                spans[-1][1] = end
                spans[-1][3].append(float(row[best]))
            else:
                spans.append([begin, end, kind, [float(row[best])]])
        return tuple(NamedSpan(b, e, kind, sum(scores) / len(scores)) for b, e, kind, scores in spans)


def _padded(rows: "list[list[int]]") -> "tuple[NDArray[np.int64], NDArray[np.int64]]":
    """Return token ids and attention mask, int64 [rows, longest]."""
    import numpy as np

    longest = max(len(row) for row in rows)
    ids = np.full((len(rows), longest), _PAD, np.int64)
    mask = np.zeros_like(ids)
    for at, row in enumerate(rows):
        ids[at, : len(row)] = row
        mask[at, : len(row)] = 1
    return ids, mask


@lru_cache(maxsize=1)
def shared_encoder() -> TextEncoder:
    """Return the encoder that ships with the project, loaded once for the process."""
    with as_file(files("earful.insight") / "models") as folder:
        return TextEncoder(folder)
