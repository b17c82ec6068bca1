"""Moonshine models: audio segments to tokens, many segments in one batch.

The loop is ours; the weights (MIT) of tiny English come from the `moonshine-voice` wheel, those of other
sizes and languages from a folder with the same parts, in ORT or ONNX format. Where their weights are known
by name, the network is rebuilt for speed; else it runs as it was published.
"""

import math
from collections.abc import Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from earful.speech.decoding import (
    Bias,
    Decoded,
    Frames,
    Network,
    Row,
    Scorer,
    loop_length,
    with_prefix_logprobs,
)
from earful.speech.devices import Processor
from earful.speech.moonshine_published import PublishedNetwork, UnusableModel
from earful.speech.moonshine_rebuilt import RebuiltNetwork
from earful.speech.moonshine_streaming import CONFIGURATION, StreamingNetwork
from earful.speech.readings import SURE, likeliest
from earful.speech.tokenizer import END, Tokenizer
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
_TRUST = 0.6
"""So sure a token of a draft must be in a final: then rounding cannot have decided it."""


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


def _tokenizer(directory: Path) -> Tokenizer:
    if (directory / "tokenizer.bin").is_file():
        return Tokenizer.load(directory / "tokenizer.bin")
    if (directory / "tokenizer.json").is_file():
        return Tokenizer.load_json(directory / "tokenizer.json")
    raise UnusableModel(f"{directory} holds no tokenizer.bin or tokenizer.json")


class MoonshineModel:
    """The weights, loaded once. `encode` and `decode` may be called from several threads at a time.

    `directory` holds `encoder_model` and `decoder_model_merged` (`.ort` or `.onnx`, beside it or in its
    folder `onnx`) and `tokenizer.bin` or `tokenizer.json`; None is the English model that comes with Earful.
    A folder with `streaming_config.json` holds the five parts of a streaming model instead.
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
        special = [t for t in range(len(self.tokenizer)) if self.tokenizer.is_special(t) and t != END]
        self._network: Network
        if (directory / CONFIGURATION).is_file():
            self._network = StreamingNetwork(directory, special=special, threads=threads, processor=processor)
        else:
            rebuilt = RebuiltNetwork.load(directory, special, threads, batch, processor)
            self._network = rebuilt or PublishedNetwork(
                directory, special=special, threads=threads, batch=batch, processor=processor
            )
        self.batch = self._network.batch

    def encode(self, samples: Samples) -> Frames:
        """Return what the encoder hears in one segment (float32 [n], 16 kHz)."""
        heard = prepare(samples, lead=self.lead, tail=self.tail, loudness=self.loudness)
        return self._network.encode(heard)

    def decode(
        self,
        segments: Sequence[Samples],
        prefixes: Sequence[Sequence[int]] | None = None,
        bias: Bias | Sequence[Bias | None] | None = None,
        drafts: Sequence[Sequence[int]] | None = None,
        *,
        final: bool = True,
        sure: float = SURE,
    ) -> list[Decoded]:
        """Recognise segments (float32 [n], 16 kHz each), each beginning with its prefix of tokens.

        `bias` is one for all or one for each. A draft is a guess at what follows the prefix (the last
        hypothesis, say): it changes the time taken, not the answer, since each of its tokens is kept only
        if it would have been chosen anyway, and checking them all takes one pass.
        Segments without a draft share batches, similar lengths together. The answer is in the order
        given. A batch may differ from one-by-one decoding in rare tokens, because the weights' dynamic
        quantisation scales over the whole batch. Of what is `final`, other readings are tried where its
        confidence is below `sure`; then it is reviewed by its bias.
        """
        frames = [self.encode(segment) for segment in segments]
        ceilings = [token_ceiling(len(segment), self.tokens_per_second) for segment in segments]
        decoded = self.decode_frames(frames, ceilings, prefixes, bias, drafts, final=final, sure=sure)
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
            scores += self._network.score(frames, sequences[start : start + self.batch])
        return scores

    def decode_frames(
        self,
        frames: Sequence[Frames],
        ceilings: Sequence[int],
        prefixes: Sequence[Sequence[int]] | None = None,
        bias: Bias | Sequence[Bias | None] | None = None,
        drafts: Sequence[Sequence[int]] | None = None,
        *,
        final: bool = True,
        sure: float = SURE,
    ) -> list[Decoded]:
        """Recognise what `encode` heard; at most `ceilings[i]` tokens each. See `decode`."""
        biases = bias if isinstance(bias, Sequence) else [bias] * len(frames)
        rows = [
            Row(
                frames=frames[i],
                forced=tuple(prefixes[i]) if prefixes else (),
                draft=tuple(drafts[i]) if drafts else (),
                ceiling=ceilings[i],
                bias=biases[i],
                trust=_TRUST if final else 0.0,
                watched=final,
            )
            for i in range(len(frames))
        ]
        self._network.decode(rows)
        return [self._finish(row) for row in likeliest(self._network, rows, sure)]

    def _finish(self, row: Row) -> Decoded:
        tokens = tuple(row.tokens)
        return Decoded(
            tokens=tokens,
            text=self.tokenizer.decode(tokens),
            confidence=row.confidence,
            token_logprobs=tuple(row.logprobs),
            looped=row.looped,
            end_logprob=row.end_logprob,
        )
