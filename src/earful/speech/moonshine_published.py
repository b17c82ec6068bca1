"""A Moonshine model as it is published: one graph for all decoder steps, in any size, on any processor.

The encoder runs one segment at a time, since it gains nothing from batches and its group normalisation would
let one segment's padding change another's text. The decoder runs batches: a step for eight segments costs
about three times one.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earful.speech.decoding import Frames, Row, chances_of, sequences_as_ids
from earful.speech.devices import Processor, batch_in, memory_of, open_session, place, run_step
from earful.speech.tokenizer import END, START
from earful.speech.types import Samples

__all__ = ["PublishedNetwork", "UnusableModel", "part"]

_STRIDE = 384
_FORCE_AT_MOST = 4


class UnusableModel(ValueError):
    """A folder does not hold a Moonshine model that this code can run; the message says why."""


def part(directory: Path, name: str) -> Path:
    """Return the file of a part of the model, whichever format it is in."""
    for folder in (directory, directory / "onnx"):
        for suffix in (".ort", ".onnx"):
            if (folder / f"{name}{suffix}").is_file():
                return folder / f"{name}{suffix}"
    raise UnusableModel(f"{directory} holds no {name}.ort or {name}.onnx")


class PublishedNetwork:
    """The encoder and decoder of a folder. `special` tokens are never chosen.

    Frames are float32 [frames, width], width being 288 in tiny models. Raises `UnusableModel`.
    """

    def __init__(
        self,
        directory: Path,
        *,
        special: Sequence[int],
        threads: int,
        batch: int | None,
        processor: Processor,
    ) -> None:
        self._special = np.array(special, np.intp)
        self._encoder = open_session(part(directory, "encoder_model"), threads, processor)
        self._decoder = open_session(part(directory, "decoder_model_merged"), threads, processor)
        self._memory = memory_of(self._decoder)
        encoder_inputs = {given.name for given in self._encoder.get_inputs()}
        decoder_inputs = {given.name: given.shape for given in self._decoder.get_inputs()}
        self._layers, self._heads, self._head_size = _cache_shape(decoder_inputs, directory)
        self._encoder_masked = "attention_mask" in encoder_inputs
        self._decoder_masked = "encoder_attention_mask" in decoder_inputs
        # A decoder that cannot be told which frames are padding must not be given any.
        self.batch = (batch or batch_in(self._memory)) if self._decoder_masked else 1
        layers = range(self._layers)
        self._self_names = [f"{i}.decoder.{kind}" for i in layers for kind in ("key", "value")]
        self._cross_names = [f"{i}.encoder.{kind}" for i in layers for kind in ("key", "value")]
        self._first_outputs = ["logits", *(f"present.{n}" for n in self._self_names + self._cross_names)]
        self._next_outputs = ["logits", *(f"present.{n}" for n in self._self_names)]

    def encode(self, sound: Samples) -> Frames:
        """Hear one segment; see `Network.encode`."""
        feeds: dict[str, NDArray[Any]] = {"input_values": sound[None]}
        if self._encoder_masked:
            feeds["attention_mask"] = np.ones((1, len(sound)), np.int64)
        (frames,) = self._encoder.run(["last_hidden_state"], feeds)
        return frames[0]  # type: ignore[no-any-return]

    def length(self, frames: Frames) -> int:
        """Return how many frames of 24 ms were heard."""
        return len(frames)

    def decode(self, rows: Sequence[Row]) -> None:
        """Bring all rows to their ends; those without a draft share batches, similar lengths together."""
        group: list[Row] = []
        for row in sorted(rows, key=lambda row: (len(row.forced), len(row.frames))):
            if row.draft and not row.trust:
                self._run_group([row])
                continue
            full = len(group) == self.batch
            if group and (full or len(row.forced) - len(group[0].forced) > _FORCE_AT_MOST):
                self._run_group(group)
                group = []
            group.append(row)
        if group:
            self._run_group(group)

    def score(self, frames: Frames, sequences: Sequence[Sequence[int]]) -> list[list[float]]:
        """Return how likely each sequence is; see `Network.score`."""
        ids = sequences_as_ids(sequences)
        rows = [Row(frames, (), (), 0, None) for _ in sequences]
        feeds = self._first_feeds(rows, np.repeat(frames[None], len(rows), axis=0), ids)
        logits = self._run_decoder(["logits"], feeds)[0].numpy()
        return [
            chances_of(sequence, logits[at, : len(sequence) + 1]) for at, sequence in enumerate(sequences)
        ]

    def _first_feeds(
        self, rows: Sequence[Row], hidden: NDArray[np.float32], ids: NDArray[np.int64]
    ) -> dict[str, Any]:
        """Return what the decoder is fed when it remembers nothing yet."""
        empty = place(np.zeros((len(rows), self._heads, 0, self._head_size), np.float32))
        feeds = {f"past_key_values.{name}": empty for name in self._self_names + self._cross_names}
        feeds |= {
            "encoder_hidden_states": place(hidden),
            "input_ids": place(ids),
            "use_cache_branch": place(np.array([False])),
        }
        if self._decoder_masked:
            feeds["encoder_attention_mask"] = place(_mask(rows, hidden.shape[1]))
        return feeds

    def _run_group(self, rows: list[Row]) -> None:
        """Decode the rows together to their ends: all start at the shortest prefix, longer are forced."""
        common = min(len(row.forced) for row in rows)
        for row in rows:
            row.begin(common)
        longest = max(len(row.frames) for row in rows)
        hidden = np.zeros((len(rows), longest, rows[0].frames.shape[1]), np.float32)
        for at, row in enumerate(rows):
            hidden[at, : len(row.frames)] = row.frames
        draft = rows[0].draft if len(rows) == 1 and not rows[0].trust else ()
        ids = np.array([[START, *row.tokens, *draft] for row in rows], np.int64)
        feeds = self._first_feeds(rows, hidden, ids)
        outputs = self._run_decoder(self._first_outputs, feeds)
        cross = outputs[1 + 2 * self._layers :]
        feeds |= {f"past_key_values.{n}": v for n, v in zip(self._cross_names, cross, strict=True)}
        feeds["use_cache_branch"] = place(np.array([True]))
        live = list(rows)
        past = outputs[1 : 1 + 2 * self._layers]
        if draft:
            accepted = self._check_draft(live[0], outputs[0].numpy())
            past = [place(value.numpy()[:, :, :accepted]) for value in past]
        else:
            self._choose(live, outputs[0].numpy()[:, -1])
        while True:
            keep = [at for at, row in enumerate(live) if not row.ended]
            if not keep:
                return
            if len(keep) <= len(live) // 2:
                live = [live[at] for at in keep]
                past = [place(value.numpy()[keep]) for value in past]
                hidden = self._shrink(feeds, live, keep, hidden)
            ids = np.array([[row.tokens[-1] if row.tokens else END] for row in live], np.int64)
            feeds["input_ids"] = place(ids)
            feeds |= {f"past_key_values.{n}": v for n, v in zip(self._self_names, past, strict=True)}
            outputs = self._run_decoder(self._next_outputs, feeds)
            past = outputs[1 : 1 + 2 * self._layers]
            self._choose(live, outputs[0].numpy()[:, -1])

    def _run_decoder(self, names: Sequence[str], feeds: dict[str, Any]) -> list[Any]:
        return run_step(self._decoder, names, feeds, self._memory)

    def _check_draft(self, row: Row, logits: NDArray[np.float32]) -> int:
        """Keep the row's draft as far as it is what would have been chosen (logits [1, n, vocabulary]).

        Returns how many input positions stay valid.
        """
        position = len(row.forced)
        last = position + len(row.draft)
        while True:
            self._choose([row], logits[:, position])
            if row.ended or position == last or row.tokens[-1] != row.draft[position - len(row.forced)]:
                return position + 1
            position += 1

    def _shrink(
        self, feeds: dict[str, Any], live: Sequence[Row], keep: Sequence[int], hidden: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Take the rows that ended out of what the decoder is fed; returns the smaller encoder output."""
        width = max(len(row.frames) for row in live)
        hidden = np.ascontiguousarray(hidden[keep, :width])
        feeds["encoder_hidden_states"] = place(hidden)
        if self._decoder_masked:
            feeds["encoder_attention_mask"] = place(_mask(live, width))
        for name in self._cross_names:
            kept = feeds[f"past_key_values.{name}"].numpy()[keep][:, :, :width]
            feeds[f"past_key_values.{name}"] = place(kept)
        return hidden

    def _choose(self, rows: Sequence[Row], logits: NDArray[np.float32]) -> None:
        """Take the next token of each row that has not ended (logits float32 [rows, vocabulary])."""
        logits[:, self._special] = -np.inf
        for row, scores in zip(rows, logits, strict=True):
            if not row.ended:
                row.choose(scores)


def _cache_shape(inputs: dict[str, list[Any]], directory: Path) -> tuple[int, int, int]:
    """Return (layers, heads, head size) of a decoder by the shapes of the inputs for what it remembers."""
    layers = sum(1 for name in inputs if name.endswith(".decoder.key"))
    shape = inputs.get("past_key_values.0.decoder.key", [])
    if len(shape) != 4 or not (isinstance(shape[1], int) and isinstance(shape[3], int)):
        raise UnusableModel(f"{directory} holds a decoder of another kind than Moonshine's")
    return layers, shape[1], shape[3]


def _mask(rows: Sequence[Row], frames: int) -> NDArray[np.int64]:
    """Return which frames are real, in samples as the decoder wants it: it reads one in 384 of them."""
    mask = np.zeros((len(rows), (frames - 1) * _STRIDE + 1), np.int64)
    for at, row in enumerate(rows):
        mask[at, : len(row.frames) * _STRIDE : _STRIDE] = 1
    return mask
