"""A Moonshine network rebuilt for the machine it runs on: several times as fast as the published graphs.

`moonshine_graphs` makes the graphs from the published weights when the model is loaded. Rows of one batch
stand at different places of their texts, so drafts of several rows are checked in one pass.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from earful.speech.arithmetic import Arithmetic, EightBit, Floating
from earful.speech.decoding import Frames, Row, chances_of, sequences_as_ids
from earful.speech.devices import Processor, batch_in, memory_of, open_session, place, run_step
from earful.speech.moonshine_graphs import Shape, decoder_model, encoder_model, shape_of
from earful.speech.ort_weights import Weights
from earful.speech.tokenizer import END, START
from earful.speech.types import Samples

__all__ = ["RebuiltNetwork"]

_WORTH_A_PASS = 3
_SMALLEST = 1e-30


class RebuiltNetwork:
    """The encoder and the decoder.

    Frames are what the decoder's layers attend to, computed once: [layers * 2, heads, n, head], float32 or,
    for a decoder on a GPU, float16.
    """

    def __init__(
        self,
        encoder: Weights,
        decoder: Weights,
        *,
        special: Sequence[int],
        threads: int = 1,
        batch: int | None = None,
        processor: Processor = "cpu",
    ) -> None:
        self._shape: Shape = shape_of(encoder)
        self._memory: str | None = None
        inner: Arithmetic = EightBit()
        if processor == "cuda":
            graph = encoder_model(encoder, decoder, self._shape, Floating(np.float32), np.float16)
            self._encoder = open_session(graph, threads, "cuda")
            self._memory = memory_of(self._encoder)
            # There onnxruntime's attention with a cache has kernels for sixteen bits alone.
            inner = Floating(np.float16) if self._memory else inner
        if self._memory is None:
            self._encoder = open_session(encoder_model(encoder, decoder, self._shape, EightBit()), threads)
        graph = decoder_model(decoder, self._shape, special, inner)
        self._decoder = open_session(graph, threads, "cuda" if self._memory else "cpu")
        self._kind = inner.kind
        self.batch = batch or batch_in(self._memory)
        parts = range(2 * self._shape.layers)
        self._cross_names = [f"cross.{at}" for at in parts]
        self._past_names = [f"past.{at}" for at in parts]
        self._outputs = ["token", "chance", *(f"present.{at}" for at in parts)]

    @classmethod
    def load(
        cls,
        directory: Path,
        special: Sequence[int],
        threads: int,
        batch: int | None,
        processor: Processor = "cpu",
    ) -> "RebuiltNetwork | None":
        """Rebuild the network of a folder; None when it is not of the kind that this can be done with."""
        encoder, decoder = directory / "encoder_model.ort", directory / "decoder_model_merged.ort"
        if not (encoder.is_file() and decoder.is_file()):
            return None
        try:
            return cls(
                Weights(encoder),
                Weights(decoder),
                special=special,
                threads=threads,
                batch=batch,
                processor=processor,
            )
        except KeyError:
            return None

    def encode(self, sound: Samples) -> Frames:
        """Hear one segment; see `Network.encode`."""
        windows = np.ascontiguousarray(sliding_window_view(sound, 127)[::64])
        second = (len(windows) - 7) // 3 + 1
        third = (second - 3) // 2 + 1
        feeds = {
            "windows": windows,
            "second": 3 * np.arange(second)[:, None] + np.arange(7),
            "third": 2 * np.arange(third)[:, None] + np.arange(3),
        }
        (cross,) = self._encoder.run(["cross"], feeds)
        return cross  # type: ignore[no-any-return]

    def length(self, frames: Frames) -> int:
        """Return how many frames of 24 ms were heard."""
        return int(frames.shape[2])

    def decode(self, rows: Sequence[Row]) -> None:
        """Bring all rows to their ends, segments of similar length together."""
        checked = [row for row in rows if row.draft and row.trust and row.bias is None]
        for row in checked:
            self._run_checked(row)
        ordered = sorted((row for row in rows if not row.ended), key=lambda row: row.frames.shape[2])
        for some in self._hearing_alike(ordered):
            for start in range(0, len(some), self.batch):
                self._run_group(some[start : start + self.batch])

    def score(self, frames: Frames, sequences: Sequence[Sequence[int]]) -> list[list[float]]:
        """Return how likely each sequence is; see `Network.score`."""
        ids = sequences_as_ids(sequences)
        feeds = self._attended([Row(frames, (), (), 0, None) for _ in sequences])
        ends = [len(sequence) for sequence in sequences]
        width = ids.shape[1]
        wanted = [at * width + place for at, end in enumerate(ends) for place in range(end + 1)]
        logits = self._run(feeds, ids, ends, width, wanted, ["logits"])[0].numpy()
        places = np.cumsum([0, *(end + 1 for end in ends)])
        return [
            chances_of(sequence, logits[places[at] : places[at + 1]]) for at, sequence in enumerate(sequences)
        ]

    def _hearing_alike(self, rows: list[Row]) -> list[list[Row]]:
        """Return the rows in groups for batches: several that hear the same are by themselves on a CPU."""
        if self._memory is not None:
            return [rows]
        same: dict[int, list[Row]] = {}
        for row in rows:
            same.setdefault(id(row.frames), []).append(row)
        alone = [one for group in same.values() if len(group) == 1 for one in group]
        return [alone, *(group for group in same.values() if len(group) > 1)]

    def _run_group(self, rows: list[Row]) -> None:
        live = rows
        feeds = self._attended(live)
        drafts = [() if row.trust else row.draft for row in live]
        texts = [[START, *row.forced, *draft] for row, draft in zip(live, drafts, strict=True)]
        longest = max(len(text) for text in texts)
        ids = np.full((len(live), longest), END, np.int64)
        wanted: list[int] = []
        for at, (row, text) in enumerate(zip(live, texts, strict=True)):
            row.begin(len(row.forced))
            ids[at, : len(text)] = text
            wanted += range(at * longest + len(row.forced), at * longest + len(text))
        ends = [len(text) - 1 for text in texts]
        choices, past = self._step(feeds, ids, ends, longest, wanted, live)
        first = 0
        for row, draft in zip(live, drafts, strict=True):
            self._check(row, draft, choices, first)
            first += len(draft) + 1
        while live := [row for row in rows if not row.ended]:
            if len(live) <= len(rows) // 2:
                keep = [at for at, row in enumerate(rows) if not row.ended]
                past = [place(value.numpy()[keep]) for value in past]
                rows = live
                feeds = self._attended(rows)
            feeds |= dict(zip(self._past_names, past, strict=True))
            # A row that has ended is carried on with any token until the batch shrinks.
            ids = np.array([[row.tokens[-1] if row.tokens else END] for row in rows], np.int64)
            ends = [len(row.tokens) for row in rows]
            choices, past = self._step(feeds, ids, ends, max(ends) + 1, range(len(rows)), rows)
            for at, row in enumerate(rows):
                if not row.ended:
                    choices.take(row, at)

    def _run_checked(self, row: Row) -> None:
        """Decode one row as if step by step, but for the parts of its draft that are beyond doubt.

        Reading many tokens at a time rounds differently from reading one. So only a choice that is clear is
        taken from a pass over the draft; an unclear one is made again by itself.
        """
        row.begin(len(row.forced))
        feeds = self._attended([row])
        reading = [START, *row.forced]
        draft = row.draft
        while not row.ended:
            if len(draft) < _WORTH_A_PASS:
                draft = ()
            choices = self._read_on(row, feeds, reading, draft)
            if not draft:
                choices.take(row, 0)
            for at, guess in enumerate(draft):
                if choices.chance(at) < row.trust:
                    last = row.tokens[-1] if row.tokens else START
                    choices = self._read_on(row, feeds, [last], ())
                    choices.take(row, 0)
                    is_right = not row.ended and row.tokens[-1] == guess
                    draft = draft[at + 1 :] if is_right else ()
                    break
                choices.take(row, at)
                if row.ended or row.tokens[-1] != guess:
                    draft = ()
                    break
            else:
                if draft and choices.chance(len(draft)) >= row.trust:
                    choices.take(row, len(draft))
                draft = ()
            if not row.ended:
                reading = [row.tokens[-1]]

    def _read_on(
        self, row: Row, feeds: dict[str, Any], reading: Sequence[int], draft: Sequence[int]
    ) -> "_Choices":
        """Read the last tokens of a row, and some that may follow; return what comes after each."""
        end = len(row.tokens) + len(draft)
        ids = np.array([[*reading, *draft]], np.int64)
        if end + 1 == ids.shape[1]:  # from the beginning
            empty = np.zeros((1, self._shape.heads, 0, self._shape.padded), self._kind)
            feeds |= dict.fromkeys(self._past_names, place(empty))
        wanted = range(len(reading) - 1, ids.shape[1])
        choices, past = self._step(feeds, ids, [end], end + 1, wanted, [row])
        feeds |= dict(zip(self._past_names, past, strict=True))
        return choices

    def _check(self, row: Row, draft: Sequence[int], choices: "_Choices", first: int) -> None:
        """Keep a row's draft as far as it is what would have been chosen, and the token after it."""
        for at in range(len(draft) + 1):
            choices.take(row, first + at)
            if row.ended or at == len(draft) or row.tokens[-1] != draft[at]:
                return

    def _attended(self, rows: Sequence[Row]) -> dict[str, Any]:
        """Return what the rows attend to, and the empty memory of a beginning."""
        shape = self._shape
        empty = place(np.zeros((len(rows), shape.heads, 0, shape.padded), self._kind))
        feeds = dict.fromkeys(self._past_names, empty)
        heard = rows[0].frames
        if all(row.frames is heard for row in rows):
            feeds["mask"] = place(np.ones((1, heard.shape[2]), np.int32))
            parts = {name: heard[part][None] for part, name in enumerate(self._cross_names)}
            return feeds | {name: place(part, self._memory) for name, part in parts.items()}
        longest = max(row.frames.shape[2] for row in rows)
        mask = np.zeros((len(rows), longest), np.int32)
        for at, row in enumerate(rows):
            mask[at, : row.frames.shape[2]] = 1
        feeds["mask"] = place(mask)
        for part, name in enumerate(self._cross_names):
            cross = np.zeros((len(rows), shape.heads, longest, shape.head), self._kind)
            for at, row in enumerate(rows):
                cross[at, :, : row.frames.shape[2]] = row.frames[part]
            feeds[name] = place(cross, self._memory)
        return feeds

    def _step(
        self,
        feeds: dict[str, Any],
        ids: NDArray[np.int64],
        ends: Sequence[int],
        total: int,
        wanted: Sequence[int],
        rows: Sequence[Row],
    ) -> tuple["_Choices", list[Any]]:
        """Read tokens; return what follows the wanted places, and what to remember."""
        biased = any(row.bias is not None for row in rows)
        names = [*self._outputs, "logits"] if biased else self._outputs
        token, chance, *past = self._run(feeds, ids, ends, total, wanted, names)
        logits = past.pop().numpy() if biased else None
        return _Choices(token.numpy(), chance.numpy(), logits), past

    def _run(
        self,
        feeds: dict[str, Any],
        ids: NDArray[np.int64],
        ends: Sequence[int],
        total: int,
        wanted: Sequence[int],
        names: Sequence[str],
    ) -> list[Any]:
        feeds["ids"] = place(ids)
        feeds["ends"] = place(np.array(ends, np.int32))
        feeds["total"] = place(np.array(total, np.int32))
        feeds["wanted"] = place(np.array(wanted, np.int64))
        return run_step(self._decoder, names, feeds, self._memory)


class _Choices:
    """What a step of the decoder says comes next at each of some places, the likeliest first."""

    def __init__(
        self, tokens: NDArray[np.int64], chances: NDArray[np.float32], logits: NDArray[np.float32] | None
    ) -> None:
        self._tokens = tokens.tolist()
        self._chances = chances.tolist()
        self._logits = logits

    def chance(self, at: int) -> float:
        """Return how likely the likeliest token is at a place."""
        return float(self._chances[at][0])

    def take(self, row: Row, at: int) -> None:
        """Let a row go on with what comes next at a place."""
        if row.bias is not None and self._logits is not None:
            row.choose(self._logits[at])
            return
        token, *others = self._tokens[at]
        logprob, *rest = (math.log(max(chance, _SMALLEST)) for chance in self._chances[at])
        row.take(token, logprob, 0.0, [(one, value, 0.0) for one, value in zip(others, rest, strict=True)])
