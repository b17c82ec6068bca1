"""Moonshine models on plain onnxruntime: audio segments to tokens, many segments in one batch.

The loop is ours; the weights (MIT) of tiny English come from the `moonshine-voice` wheel, those of other
sizes and languages from a folder with the same parts, in ORT or ONNX format: layers, heads and widths are
read from the model itself. The encoder runs one segment at a time, since it gains nothing from batches and
its group normalisation would let one segment's padding change another's text. The decoder runs one batch:
a step for eight segments costs about three times one.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from earful.speech.devices import Processor, open_session
from earful.speech.tokenizer import END, START, Tokenizer
from earful.speech.types import Samples

__all__ = [
    "Bias",
    "Decoded",
    "Frames",
    "MoonshineModel",
    "Scorer",
    "UnusableModel",
    "loop_length",
    "prepare",
    "token_ceiling",
    "with_prefix_logprobs",
]

SAMPLE_RATE = 16_000
TOKENS_PER_SECOND = 6.5
_STRIDE = 384
_FORCE_AT_MOST = 4
_BATCH = 8
_BATCH_ON_GPU = 64

Frames = NDArray[np.float32]
"""What the encoder heard: float32 [frames, width], one frame per 24 ms; width is 288 in tiny models."""


class UnusableModel(ValueError):
    """A folder does not hold a Moonshine model that this code can run; the message says why."""


Scorer = Callable[[Sequence[Sequence[int]]], list[list[float]]]
"""Tells how likely token sequences are, given the audio: the log-probability of each token and of the end."""


class Bias(Protocol):
    """Something that favours tokens, told which were chosen so far, and reads what was chosen once more."""

    def adjust(self, tokens: Sequence[int], logits: NDArray[np.float32]) -> None:
        """Change `logits` (float32 [vocabulary]) in place for the token that follows `tokens`."""
        ...

    def review(self, decoded: "Decoded", score: Scorer) -> "Decoded":
        """Return the hypothesis, or another that it finds better by the scores."""
        ...


@dataclass(frozen=True, slots=True)
class Decoded:
    """What was recognised in one segment.

    `token_logprobs` goes with `tokens`; it is NaN for tokens that were given as a prefix. `confidence`
    is the geometric mean probability of the tokens chosen here, 0..1 (1.0 when nothing was chosen).
    `looped` says that the decoder fell into repetition and was cut, `end_logprob` how sure it was to stop.
    """

    tokens: tuple[int, ...]
    text: str
    confidence: float
    token_logprobs: tuple[float, ...]
    looped: bool = False
    end_logprob: float = 0.0


def token_ceiling(samples: int, rate: float = TOKENS_PER_SECOND) -> int:
    """Return the most tokens that speech of this many samples can sanely hold, at `rate` tokens a second."""
    return math.ceil(samples / SAMPLE_RATE * rate) + 3


def prepare(samples: Samples, *, lead: float, tail: float, loudness: float) -> Samples:
    """Return the segment at the loudness the model knows, with silence before and after.

    `loudness` is the root mean square of the loudest half second after scaling; quiet speech is raised
    by at most 20 dB and nothing is clipped. `lead` and `tail` are seconds of silence.
    """
    if len(samples) == 0:
        return np.zeros(round((lead + tail) * SAMPLE_RATE), np.float32)
    window = min(len(samples), SAMPLE_RATE // 2)
    power = np.concatenate((np.zeros(1), np.cumsum(np.square(samples, dtype=np.float64))))
    loudest = math.sqrt(max(0.0, float(np.max(power[window:] - power[:-window]))) / window)
    peak = float(np.max(np.abs(samples)))
    gain = 1.0
    if loudest > 0 and loudness > 0:
        gain = min(max(1.0, loudness / loudest), 10.0, 1.0 / peak if peak < 1.0 else 1.0)
    before = round(lead * SAMPLE_RATE)
    out = np.zeros(before + len(samples) + round(tail * SAMPLE_RATE), np.float32)
    np.multiply(samples, np.float32(gain), out=out[before : before + len(samples)])
    return out


def _assets() -> Path:
    spec = find_spec("moonshine_voice")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the moonshine-voice package, which carries the English model, is missing")
    return Path(spec.origin).parent / "assets" / "tiny-en"


def _part(directory: Path, name: str) -> Path:
    """Return the file of a part of the model, whichever format it is in."""
    for folder in (directory, directory / "onnx"):
        for suffix in (".ort", ".onnx"):
            if (folder / f"{name}{suffix}").is_file():
                return folder / f"{name}{suffix}"
    raise UnusableModel(f"{directory} holds no {name}.ort or {name}.onnx")


def _tokenizer(directory: Path) -> Tokenizer:
    if (directory / "tokenizer.bin").is_file():
        return Tokenizer.load(directory / "tokenizer.bin")
    if (directory / "tokenizer.json").is_file():
        return Tokenizer.load_json(directory / "tokenizer.json")
    raise UnusableModel(f"{directory} holds no tokenizer.bin or tokenizer.json")


def _cache_shape(inputs: dict[str, list[Any]], directory: Path) -> tuple[int, int, int]:
    """Return (layers, heads, head size) of a decoder by the shapes of the inputs for what it remembers."""
    layers = sum(1 for name in inputs if name.endswith(".decoder.key"))
    shape = inputs.get("past_key_values.0.decoder.key", [])
    if len(shape) != 4 or not (isinstance(shape[1], int) and isinstance(shape[3], int)):
        raise UnusableModel(f"{directory} holds a decoder of another kind than Moonshine's")
    return layers, shape[1], shape[3]


def loop_length(tokens: Sequence[int]) -> int:
    """Return how many tokens at the end of `tokens` only repeat what came before them, 0 when none.

    One token must come seven times, a pair five times, three to eight tokens four times and anything up
    to 24 tokens three times before it counts: people do say "no no no".
    """
    size = len(tokens)
    for period in range(1, min(24, size // 3) + 1):
        times = 7 if period == 1 else 5 if period == 2 else 4 if period <= 8 else 3
        span = period * times
        if size >= span and all(tokens[-i] == tokens[-i - period] for i in range(1, span - period + 1)):
            return span - period
    return 0


@dataclass(slots=True)
class _Row:
    """One segment on its way through the decoder."""

    index: int
    frames: Frames
    forced: tuple[int, ...]
    draft: tuple[int, ...]
    ceiling: int
    bias: Bias | None
    tokens: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    looped: bool = False
    end_logprob: float = 0.0


class MoonshineModel:
    """The weights, loaded once. `encode` and `decode` may be called from several threads at a time.

    `directory` holds `encoder_model` and `decoder_model_merged` (`.ort` or `.onnx`, beside it or in its
    folder `onnx`) and `tokenizer.bin` or `tokenizer.json`; None is the English model that comes with Earful.
    `tokens_per_second` is how densely the language is written in the model's tokens at most.
    Raises `UnusableModel` when the folder holds something else.
    """

    def __init__(
        self,
        directory: Path | None = None,
        *,
        threads: int = 1,
        batch: int | None = None,
        processor: Processor = "cpu",
        tokens_per_second: float = TOKENS_PER_SECOND,
    ) -> None:
        directory = directory or _assets()
        self.tokenizer = _tokenizer(directory)
        self.lead = 0.1
        self.tail = 0.3
        self.loudness = 0.08
        self.tokens_per_second = tokens_per_second
        self._encoder = open_session(_part(directory, "encoder_model"), threads, processor)
        self._decoder = open_session(_part(directory, "decoder_model_merged"), threads, processor)
        self._memory = "cuda" if "CUDAExecutionProvider" in self._decoder.get_providers() else None
        encoder_inputs = {given.name for given in self._encoder.get_inputs()}
        decoder_inputs = {given.name: given.shape for given in self._decoder.get_inputs()}
        self._layers, self._heads, self._head_size = _cache_shape(decoder_inputs, directory)
        self._encoder_masked = "attention_mask" in encoder_inputs
        self._decoder_masked = "encoder_attention_mask" in decoder_inputs
        # A decoder that cannot be told which frames are padding must not be given any.
        self.batch = (batch or (_BATCH_ON_GPU if self._memory else _BATCH)) if self._decoder_masked else 1
        self._special = np.array(
            [t for t in range(len(self.tokenizer)) if self.tokenizer.is_special(t) and t != END], np.intp
        )
        layers = range(self._layers)
        self._self_names = [f"{i}.decoder.{kind}" for i in layers for kind in ("key", "value")]
        self._cross_names = [f"{i}.encoder.{kind}" for i in layers for kind in ("key", "value")]
        self._first_outputs = ["logits", *(f"present.{n}" for n in self._self_names + self._cross_names)]
        self._next_outputs = ["logits", *(f"present.{n}" for n in self._self_names)]

    def encode(self, samples: Samples) -> Frames:
        """Return the encoder's frames for one segment (float32 [n], 16 kHz)."""
        heard = prepare(samples, lead=self.lead, tail=self.tail, loudness=self.loudness)
        feeds: dict[str, NDArray[Any]] = {"input_values": heard[None]}
        if self._encoder_masked:
            feeds["attention_mask"] = np.ones((1, len(heard)), np.int64)
        (frames,) = self._encoder.run(["last_hidden_state"], feeds)
        return frames[0]  # type: ignore[no-any-return]

    def decode(
        self,
        segments: Sequence[Samples],
        prefixes: Sequence[Sequence[int]] | None = None,
        bias: Bias | Sequence[Bias | None] | None = None,
        drafts: Sequence[Sequence[int]] | None = None,
        *,
        final: bool = True,
    ) -> list[Decoded]:
        """Recognise segments (float32 [n], 16 kHz each), each beginning with its prefix of tokens.

        `bias` is one for all or one for each. A draft is a guess at what follows the prefix (the last
        hypothesis, say): it changes the time taken, not the answer, since each of its tokens is kept only
        if it would have been chosen anyway, and checking them all takes one pass.
        Segments without a draft share batches, similar lengths together. The answer is in the order
        given. A batch may differ from one-by-one decoding in rare tokens, because the weights' dynamic
        quantisation scales over the whole batch. What is `final` is reviewed by its bias.
        """
        frames = [self.encode(segment) for segment in segments]
        ceilings = [token_ceiling(len(segment), self.tokens_per_second) for segment in segments]
        decoded = self.decode_frames(frames, ceilings, prefixes, bias, drafts)
        if not final or bias is None:
            return decoded
        biases = bias if isinstance(bias, Sequence) else [bias] * len(frames)
        return [
            one if judge is None else judge.review(one, partial(self.score, heard))
            for one, judge, heard in zip(decoded, biases, frames, strict=True)
        ]

    def score(self, frames: Frames, sequences: Sequence[Sequence[int]]) -> list[list[float]]:
        """Return the log-probability of each token of each sequence, and of the end, given what was heard."""
        scores: list[list[float]] = []
        for start in range(0, len(sequences), self.batch):
            scores += self._score(frames, sequences[start : start + self.batch])
        return scores

    def _score(self, frames: Frames, sequences: Sequence[Sequence[int]]) -> list[list[float]]:
        longest = max(len(sequence) for sequence in sequences)
        ids = np.full((len(sequences), longest + 1), END, np.int64)
        ids[:, 0] = START
        for at, sequence in enumerate(sequences):
            ids[at, 1 : 1 + len(sequence)] = sequence
        rows = [_Row(at, frames, (), (), 0, None) for at in range(len(sequences))]
        feeds = self._first_feeds(rows, np.repeat(frames[None], len(rows), axis=0), ids)
        logits = self._run_decoder(["logits"], feeds)[0].numpy()
        scores = []
        for at, sequence in enumerate(sequences):
            own = logits[at, : len(sequence) + 1]
            chosen = np.take_along_axis(own, np.array([[*sequence, END]]).T, axis=1)[:, 0]
            top = own.max(axis=1)
            norms = top + np.log(np.exp(own - top[:, None]).sum(axis=1))
            scores.append([float(value) for value in chosen - norms])
        return scores

    def _first_feeds(
        self, rows: Sequence[_Row], hidden: NDArray[np.float32], ids: NDArray[np.int64]
    ) -> dict[str, Any]:
        """Return what the decoder is fed when it remembers nothing yet."""
        empty = _value(np.zeros((len(rows), self._heads, 0, self._head_size), np.float32))
        feeds = {f"past_key_values.{name}": empty for name in self._self_names + self._cross_names}
        feeds |= {
            "encoder_hidden_states": _value(hidden),
            "input_ids": _value(ids),
            "use_cache_branch": _value(np.array([False])),
        }
        if self._decoder_masked:
            feeds["encoder_attention_mask"] = _value(_mask(rows, hidden.shape[1]))
        return feeds

    def decode_frames(
        self,
        frames: Sequence[Frames],
        ceilings: Sequence[int],
        prefixes: Sequence[Sequence[int]] | None = None,
        bias: Bias | Sequence[Bias | None] | None = None,
        drafts: Sequence[Sequence[int]] | None = None,
    ) -> list[Decoded]:
        """Recognise what `encode` heard; at most `ceilings[i]` tokens each. See `decode`."""
        biases = bias if isinstance(bias, Sequence) else [bias] * len(frames)
        rows = [
            _Row(
                index=i,
                frames=frames[i],
                forced=tuple(prefixes[i]) if prefixes else (),
                draft=tuple(drafts[i]) if drafts else (),
                ceiling=ceilings[i],
                bias=biases[i],
            )
            for i in range(len(frames))
        ]
        found: list[Decoded | None] = [None] * len(rows)
        group: list[_Row] = []
        for row in sorted(rows, key=lambda row: (len(row.forced), len(row.frames))):
            if row.draft:
                self._run_group([row], found)
                continue
            full = len(group) == self.batch
            if group and (full or len(row.forced) - len(group[0].forced) > _FORCE_AT_MOST):
                self._run_group(group, found)
                group = []
            group.append(row)
        if group:
            self._run_group(group, found)
        return [decoded for decoded in found if decoded is not None]

    def _run_group(self, rows: list[_Row], found: list[Decoded | None]) -> None:
        """Decode the rows together to their ends: all start at the shortest prefix, longer are forced."""
        common = min(len(row.forced) for row in rows)
        for row in rows:
            row.tokens = list(row.forced[:common])
            row.logprobs = [math.nan] * common
        longest = max(len(row.frames) for row in rows)
        hidden = np.zeros((len(rows), longest, rows[0].frames.shape[1]), np.float32)
        for at, row in enumerate(rows):
            hidden[at, : len(row.frames)] = row.frames
        draft = rows[0].draft if len(rows) == 1 else ()
        ids = np.array([[START, *row.tokens, *draft] for row in rows], np.int64)
        feeds = self._first_feeds(rows, hidden, ids)
        outputs = self._run_decoder(self._first_outputs, feeds)
        cross = outputs[1 + 2 * self._layers :]
        feeds |= {f"past_key_values.{n}": v for n, v in zip(self._cross_names, cross, strict=True)}
        feeds["use_cache_branch"] = _value(np.array([True]))
        live = list(rows)
        past = outputs[1 : 1 + 2 * self._layers]
        if draft:
            accepted, done = self._check_draft(live[0], outputs[0].numpy())
            past = [_value(np.ascontiguousarray(value.numpy()[:, :, :accepted])) for value in past]
        else:
            done = self._choose(live, outputs[0].numpy()[:, -1])
        while True:
            for row in done:
                found[row.index] = self._finish(row)
            keep = [at for at, row in enumerate(live) if found[row.index] is None]
            if not keep:
                return
            if len(keep) <= len(live) // 2:
                live = [live[at] for at in keep]
                past = [_value(value.numpy()[keep]) for value in past]
                hidden = self._shrink(feeds, live, keep, hidden)
            ids = np.array([[row.tokens[-1] if row.tokens else END] for row in live], np.int64)
            feeds["input_ids"] = _value(ids)
            feeds |= {f"past_key_values.{n}": v for n, v in zip(self._self_names, past, strict=True)}
            outputs = self._run_decoder(self._next_outputs, feeds)
            past = outputs[1 : 1 + 2 * self._layers]
            done = self._choose(live, outputs[0].numpy()[:, -1])

    def _run_decoder(self, names: Sequence[str], feeds: dict[str, Any]) -> Any:
        """Run the decoder once; on a GPU what it remembers stays there, and only the logits come back."""
        if self._memory is None:
            return self._decoder.run_with_ort_values(names, feeds)
        binding = self._decoder.io_binding()
        for name, value in feeds.items():
            binding.bind_ortvalue_input(name, value)
        for name in names:
            binding.bind_output(name, "cpu" if name == "logits" else self._memory)
        self._decoder.run_with_iobinding(binding)
        return binding.get_outputs()

    def _check_draft(self, row: _Row, logits: NDArray[np.float32]) -> tuple[int, list[_Row]]:
        """Keep the row's draft as far as it is what would have been chosen (logits [1, n, vocabulary]).

        Returns how many input positions stay valid, and the row itself when it ended.
        """
        position = len(row.forced)
        last = position + len(row.draft)
        while True:
            done = self._choose([row], logits[:, position])
            if done or position == last or row.tokens[-1] != row.draft[position - len(row.forced)]:
                return position + 1, done
            position += 1

    def _shrink(
        self, feeds: dict[str, Any], live: Sequence[_Row], keep: Sequence[int], hidden: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Take the rows that ended out of what the decoder is fed; returns the smaller encoder output."""
        width = max(len(row.frames) for row in live)
        hidden = np.ascontiguousarray(hidden[keep, :width])
        feeds["encoder_hidden_states"] = _value(hidden)
        if self._decoder_masked:
            feeds["encoder_attention_mask"] = _value(_mask(live, width))
        for name in self._cross_names:
            kept = feeds[f"past_key_values.{name}"].numpy()[keep][:, :, :width]
            feeds[f"past_key_values.{name}"] = _value(np.ascontiguousarray(kept))
        return hidden

    def _choose(self, rows: Sequence[_Row], logits: NDArray[np.float32]) -> list[_Row]:
        """Take the next token of each row (logits float32 [rows, vocabulary]); return the rows that ended."""
        ended: list[_Row] = []
        logits[:, self._special] = -np.inf
        for row, scores in zip(rows, logits, strict=True):
            at = len(row.tokens)
            if at < len(row.forced):
                row.tokens.append(row.forced[at])
                row.logprobs.append(math.nan)
                continue
            top = float(scores.max())
            norm = top + math.log(float(np.exp(scores - top).sum()))
            if row.bias is not None:
                plain = scores.copy()
                row.bias.adjust(row.tokens, scores)
                token = int(scores.argmax())
                logprob = float(plain[token]) - norm
            else:
                token = int(scores.argmax())
                logprob = top - norm
            if token == END or at >= row.ceiling:
                row.end_logprob = logprob if token == END else -math.inf
                ended.append(row)
                continue
            row.tokens.append(token)
            row.logprobs.append(logprob)
            extra = loop_length(row.tokens)
            if extra:
                del row.tokens[-extra:], row.logprobs[-extra:]
                row.looped = True
                ended.append(row)
        return ended

    def _finish(self, row: _Row) -> Decoded:
        chosen = [value for value in row.logprobs if not math.isnan(value)]
        confidence = math.exp(sum(chosen) / len(chosen)) if chosen else 1.0
        tokens = tuple(row.tokens)
        return Decoded(
            tokens=tokens,
            text=self.tokenizer.decode(tokens),
            confidence=confidence,
            token_logprobs=tuple(row.logprobs),
            looped=row.looped,
            end_logprob=row.end_logprob,
        )


def with_prefix_logprobs(decoded: Decoded, known: Sequence[float]) -> Decoded:
    """Return `decoded` with the log-probabilities its prefix had when it was first recognised."""
    merged = tuple(
        known[at] if math.isnan(value) and at < len(known) else value
        for at, value in enumerate(decoded.token_logprobs)
    )
    sure = [value for value in merged if not math.isnan(value)]
    confidence = math.exp(sum(sure) / len(sure)) if sure else decoded.confidence
    return replace(decoded, token_logprobs=merged, confidence=confidence)


def _mask(rows: Sequence[_Row], frames: int) -> NDArray[np.int64]:
    """Return which frames are real, in samples as the decoder wants it: it reads one in 384 of them."""
    mask = np.zeros((len(rows), (frames - 1) * _STRIDE + 1), np.int64)
    for at, row in enumerate(rows):
        mask[at, : len(row.frames) * _STRIDE : _STRIDE] = 1
    return mask


def _value(array: NDArray[Any]) -> Any:
    return ort.OrtValue.ortvalue_from_numpy(array)
