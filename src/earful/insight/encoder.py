"""One small text encoder for everything: sentence vectors, what a message is and names, how it is written.

Four int8 ONNX parts made by `training/`: `trunk` (tokens to states), `vector` (states to a sentence
vector, as published or changed for trackers), `sense` (states of a message after its neighbours to what it is
and what its words are) and `marks` (states of bare text to how its words are written; `sense` has a say in
that too). A text goes through
`trunk` once: its states are kept for what else reads it, and for the messages after it.
"""

import json
import math
import threading
from collections import OrderedDict, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from earful.insight.layout import END_MARKS, MARKERS, Laid, Near, laid_out, shown

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["NamedSpan", "Sense", "TextEncoder", "WordForm", "chance", "shared_encoder"]

_REMEMBERED = 512
_KEPT = 256  # texts whose states are kept: 25 KB each, mostly
_TOGETHER = 16
_SURELY_NONE = 0.8


@dataclass(frozen=True, slots=True)
class NamedSpan:
    """A name or time in a text: offsets (end exclusive), kind (PERSON, ORG, LOC, TIME, MISC), how sure."""

    start: int
    end: int
    kind: str
    score: float


@dataclass(frozen=True, slots=True)
class WordForm:
    """How a word would be written: where it begins, the chances of each mark after it, its likely case.

    `marks` are the chances of none, a comma, a full stop, a question mark; `case` is lower, Capital or UPPER.
    """

    start: int
    marks: tuple[float, float, float, float]
    case: str


@dataclass(frozen=True, slots=True)
class Sense:
    """What a message is: log odds, polarity (-1..1) and its names.

    The odds are of a question, of a promise or request, and of what a meeting's action is read off.
    """

    question: float
    action: float
    linked: float
    polarity: float
    names: tuple[NamedSpan, ...]


class TextEncoder:
    """The encoder's parts, on one thread of the CPU. Safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        from earful.onnx_sessions import session_options

        options = session_options()
        # The graphs are lean as they are (training/lean.py); the extended optimisations would slow them down.
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC

        def part(name: str) -> Any:
            return onnxruntime.InferenceSession(
                str(folder / f"{name}.onnx"), options, providers=["CPUExecutionProvider"]
            )

        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._trunk, self._vector, self._sense = part("trunk"), part("vector"), part("sense")
        self._marks = part("marks")
        labels: dict[str, list[str]] = json.loads((folder / "labels.json").read_text(encoding="utf-8"))
        self._tags, self._cases = labels["tags"], labels["cases"]
        self._marks_at = len(self._tags)
        self._cases_at = self._marks_at + len(labels["marks"])
        self._lock = threading.Lock()
        self._vectors: OrderedDict[tuple[str, bool], NDArray[np.float32]] = OrderedDict()
        self._kept: OrderedDict[tuple[int, ...], NDArray[np.float32]] = OrderedDict()

    def vectors(self, texts: Sequence[str], *, meant: bool = False) -> "NDArray[np.float32]":
        """Return a vector of length one for each text, float32 [texts, 384].

        Those for trackers, `meant`, are made in another way: what is said lies near a phrase that means it.
        """
        import numpy as np

        with self._lock:
            known = {text: self._vectors[text, meant] for text in texts if (text, meant) in self._vectors}
        fresh = [text for text in dict.fromkeys(texts) if text not in known]
        if fresh:
            known |= self._made(fresh, meant=meant)
            with self._lock:
                self._vectors.update({(text, meant): known[text] for text in fresh})
                while len(self._vectors) > _REMEMBERED:
                    self._vectors.popitem(last=False)
        return np.stack([known[text] for text in texts]) if texts else np.zeros((0, 384), np.float32)

    def _made(self, texts: Sequence[str], *, meant: bool) -> "dict[str, NDArray[np.float32]]":
        """Encode texts, those of as many tokens together: there is no padding."""
        import numpy as np

        if meant:
            return {text: self._meant(text) for text in texts}
        ids = {text: laid_out(self._tokenizer, text).ids for text in texts}
        alike: defaultdict[int, list[str]] = defaultdict(list)
        for text in texts:
            alike[len(ids[text])].append(text)
        made: dict[str, NDArray[np.float32]] = {}
        for group in alike.values():
            for start in range(0, len(group), _TOGETHER):
                some = group[start : start + _TOGETHER]
                if len(some) == 1:
                    states = self._read(ids[some[0]])
                else:
                    states = self._trunk.run(None, {"input_ids": np.array([ids[text] for text in some])})[0]
                made |= dict(zip(some, self._joined(states, meant=False), strict=True))
        return made

    def _meant(self, text: str) -> "NDArray[np.float32]":
        """Return the vector of a text for trackers, [384], of its states as they are kept.

        Those of marks at its end are left out: vocabulary has none, and they move a vector.
        """
        import numpy as np

        ids = laid_out(self._tokenizer, text).ids
        states = self._read(ids)
        end = len(ids) - 1
        while end > 2 and ids[end - 1] in END_MARKS:
            end -= 1
        said = np.concatenate([states[:, :end], states[:, -1:]], 1)
        vector: NDArray[np.float32] = self._joined(said, meant=True)[0]
        return vector

    def _joined(self, states: "NDArray[np.float32]", *, meant: bool) -> "NDArray[np.float32]":
        """Return the vectors [texts, 384] of the states [texts, tokens, 384] of texts."""
        import numpy as np

        vectors: NDArray[np.float32] = self._vector.run(None, {"states": states, "meant": np.array(meant)})[0]
        return vectors

    def sense(self, text: str, before: Sequence[Near] = ()) -> Sense:
        """Return what a message is, seen after those before it (the latest last, each with who said it)."""
        import numpy as np

        laid, states = self._states(text, before)
        whole, tokens = self._heard(laid, states)
        question, action, linked, polarity = (float(value) for value in whole)
        names = self._names(text, laid.offsets, tokens[:, : self._marks_at])
        return Sense(question, action, linked, float(np.tanh(polarity)), names)

    def word_forms(self, text: str) -> list[WordForm]:
        """Return how each word between blanks would be written, if all of the text were.

        Only as many words as the encoder reads at once have one.
        """

        laid, states = self._states(text, ())
        _, tokens = self._heard(laid, states)
        own = self._marks.run(None, {"states": states})[0][0, laid.first : laid.last]
        marks = _likely(tokens[:, self._marks_at : self._cases_at]) + _likely(own[:, : -len(self._cases)])
        cases = _likely(tokens[:, self._cases_at :]) + _likely(own[:, -len(self._cases) :])
        forms: list[WordForm] = []
        for (begin, _), row, case in zip(laid.offsets, marks / 2, cases, strict=True):
            if begin and not text[begin - 1].isspace():
                continue
            none, comma, stop, asks = (float(value) for value in row)
            forms.append(WordForm(begin, (none, comma, stop, asks), self._cases[int(case.argmax())]))
        return forms

    def _states(self, text: str, before: Sequence[Near]) -> "tuple[Laid, NDArray[np.float32]]":
        """Return how a message is laid out after its neighbours, and the states of its tokens.

        Each was read by itself, and once: what they have to do with each other `sense` finds.
        """
        import numpy as np

        laid = laid_out(self._tokenizer, text)
        own = self._read(laid.ids)
        said = [
            (same, self._read(laid_out(self._tokenizer, other).ids)[:, 1:]) for same, other in before if other
        ]
        near: list[NDArray[np.float32]] = []
        for (same, states), size in zip(said, shown([one.shape[1] for _, one in said]), strict=True):
            if size:
                near += [self._read(MARKERS[same])[:, 1:-1], states[:, -size:]]
        if not near:
            return laid, own
        others = sum(states.shape[1] for states in near)
        moved = replace(laid, first=laid.first + others, last=laid.last + others)
        return moved, np.concatenate([own[:, :1], *near, own[:, 1:]], 1)

    def _read(self, ids: Sequence[int]) -> "NDArray[np.float32]":
        """Return the states of a text's tokens, [1, tokens, 384]: always read by itself, and kept."""
        import numpy as np

        key = tuple(ids)
        with self._lock:
            if (states := self._kept.get(key)) is not None:
                self._kept.move_to_end(key)
                return states
        read: NDArray[np.float32] = self._trunk.run(None, {"input_ids": np.array([key])})[0]
        with self._lock:
            self._kept[key] = read
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return read

    def _heard(
        self, laid: Laid, states: "NDArray[np.float32]"
    ) -> "tuple[NDArray[np.float32], NDArray[np.float32]]":
        """Return the heads' outputs: of the message [4], and of its tokens [tokens, 18]."""
        import numpy as np

        read = np.array([0, *range(laid.first, laid.last)], np.int64)
        whole, tokens = self._sense.run(None, {"states": states, "read": read})
        return whole[0], tokens[1:]

    def _names(
        self, text: str, offsets: Sequence[tuple[int, int]], logits: "NDArray[np.float32]"
    ) -> tuple[NamedSpan, ...]:
        """Read names off the tags: pieces of a word together, a name as long as its kind goes on."""

        if not len(logits):
            return ()
        chances = _likely(logits)
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


def chance(odds: float) -> float:
    """Return the chance (0..1) of log odds."""
    return 1.0 / (1.0 + math.exp(-max(-40.0, min(odds, 40.0))))


def _likely(logits: "NDArray[np.float32]") -> "NDArray[np.float32]":
    """Return the chances of each row's logits."""
    import numpy as np

    if not len(logits):
        return logits
    chances = np.exp(logits - logits.max(-1, keepdims=True))
    likely: NDArray[np.float32] = chances / chances.sum(-1, keepdims=True)
    return likely


@lru_cache(maxsize=1)
def shared_encoder() -> TextEncoder:
    """Return the encoder that ships with the project, loaded once for the process."""
    with as_file(files("earful.insight") / "models") as folder:
        return TextEncoder(folder)
