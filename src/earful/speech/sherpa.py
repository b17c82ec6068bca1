"""Streaming models of sherpa-onnx (Apache-2.0, the extra `earful[sherpa]`): transducers and CTC.

They hear audio once, as it comes, so partials cost no more than finals. The library ends the process when a
model's metadata is not as it expects; what it needs is therefore looked at before.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnxruntime as ort
import structlog

from earful.conversation.types import Word
from earful.speech.segments import Heard, Hearing
from earful.speech.types import Hotword, Samples, StreamOptions

__all__ = ["SherpaDecoder", "UnusableSherpaModel", "hotwords_text"]

log = structlog.get_logger(__name__)

_RATE = 16_000
_TAIL_S = 0.8
_TOKEN_S = 0.2
_SPACES = ("▁", " ")
_NEEDED = {
    "conformer": ("T", "decode_chunk_len", "num_encoder_layers", "encoder_dim", "left_context"),
    "lstm": ("T", "decode_chunk_len", "num_encoder_layers", "rnn_hidden_size", "d_model"),
    "zipformer": ("T", "decode_chunk_len", "encoder_dims", "num_encoder_layers", "left_context_len"),
    "zipformer2": (
        "T",
        "decode_chunk_len",
        "encoder_dims",
        "query_head_dims",
        "value_head_dims",
        "num_heads",
        "num_encoder_layers",
        "cnn_module_kernels",
        "left_context_len",
    ),
}


class UnusableSherpaModel(ValueError):
    """A folder does not hold a streaming model that sherpa-onnx can run; the message says why."""


class SherpaDecoder:
    """A loaded model: `encoder`, `decoder` and `joiner` networks, or one of a CTC model, and `tokens.txt`.

    Hotwords work with transducers, whose units are characters, or pieces listed in `bpe.model` or
    `bpe.vocab`. Raises `UnusableSherpaModel`, and `ImportError` when the extra is not installed.
    """

    quickest_partial = 0.0

    def __init__(self, folder: Path, *, threads: int) -> None:
        import sherpa_onnx

        self.workers = threads
        self._tokens = _tokens(folder)
        self._upper = not any(letter.islower() for token in self._tokens for letter in token)
        self._hotwords = False
        joiner = _network(folder, "joiner")
        if joiner is None:
            self._recogniser = self._ctc(sherpa_onnx.OnlineRecognizer, folder)
        else:
            self._recogniser = self._transducer(sherpa_onnx.OnlineRecognizer, folder, joiner)

    def _ctc(self, recogniser: Any, folder: Path) -> Any:
        model = _network(folder, "model") or _network(folder, "ctc")
        if model is None:
            raise UnusableSherpaModel(f"{folder} holds neither a transducer nor a CTC model")
        kind = _metadata(model).get("model_type", "")
        if kind != "zipformer2":
            raise UnusableSherpaModel(f"{model.name} is of the kind {kind!r}, not a streaming zipformer2")
        _check(model, kind, _NEEDED[kind])
        return recogniser.from_zipformer2_ctc(
            tokens=str(folder / "tokens.txt"), model=str(model), num_threads=1
        )

    def _transducer(self, recogniser: Any, folder: Path, joiner: Path) -> Any:
        encoder, decoder = _network(folder, "encoder"), _network(folder, "decoder")
        if encoder is None or decoder is None:
            raise UnusableSherpaModel(f"{folder} holds a joiner without an encoder and a decoder")
        kind = _metadata(encoder).get("model_type", "")
        if kind not in _NEEDED:
            raise UnusableSherpaModel(f"{encoder.name} is of the kind {kind!r}, not a streaming transducer")
        _check(encoder, kind, _NEEDED[kind])
        _check(decoder, "decoder", ("vocab_size", "context_size"))
        with TemporaryDirectory(prefix="earful-sherpa-") as scratch:
            units = self._units(folder, Path(scratch))
            self._hotwords = bool(units)
            return recogniser.from_transducer(
                tokens=str(folder / "tokens.txt"),
                encoder=str(encoder),
                decoder=str(decoder),
                joiner=str(joiner),
                num_threads=1,
                decoding_method="modified_beam_search",
                **units,
            )

    def _units(self, folder: Path, scratch: Path) -> dict[str, str]:
        """Return what tells the library how hotwords are written in tokens; nothing when that is unknown."""
        chinese = any("\u4e00" <= token[-1:] <= "\u9fff" for token in self._tokens)
        if (folder / "bpe.vocab").is_file():
            vocabulary = folder / "bpe.vocab"
        elif (folder / "bpe.model").is_file():
            vocabulary = scratch / "bpe.vocab"
            vocabulary.write_text(_pieces(folder / "bpe.model"), encoding="utf-8")
        elif any(token.startswith(_SPACES) and len(token) > 1 for token in self._tokens):
            return {}
        else:
            return {"modeling_unit": "cjkchar"}
        return {"modeling_unit": "cjkchar+bpe" if chinese else "bpe", "bpe_vocab": str(vocabulary)}

    def listen(self, options: StreamOptions) -> Hearing:
        """Begin with a new segment."""
        return _SherpaHearing(self, options)

    def new_stream(self, hotwords: Sequence[Hotword]) -> Any:
        """Return a stream of the library's, that favours the hotwords where the model can."""
        text = hotwords_text(hotwords, upper=self._upper) if self._hotwords else ""
        return self._recogniser.create_stream(text) if text else self._recogniser.create_stream()

    def run(self, stream: Any) -> Heard:
        """Hear what the stream was given, and return all that it has heard by now."""
        while self._recogniser.is_ready(stream):
            self._recogniser.decode_stream(stream)
        text = str(self._recogniser.get_result(stream)).strip()
        return Heard(text.lower() if self._upper else text, self._confidence(stream), self._words(stream))

    def _confidence(self, stream: Any) -> float | None:
        """Return the geometric mean probability of the tokens; CTC models do not tell theirs."""
        sure = self._recogniser.ys_probs(stream)
        return math.exp(min(0.0, sum(sure) / len(sure))) if sure else None

    def _words(self, stream: Any) -> tuple[Word, ...]:
        """Return the tokens as words: a word begins at a space; where none are written, each is one."""
        tokens: list[str] = self._recogniser.tokens(stream)
        times: list[float] = self._recogniser.timestamps(stream)
        spaced = any(token.startswith(_SPACES) for token in tokens)
        words: list[Word] = []
        for token, time in zip(tokens, times, strict=False):
            text = token.lstrip("".join(_SPACES))
            text = text.lower() if self._upper else text
            if words and spaced and not token.startswith(_SPACES):
                before = words[-1]
                words[-1] = Word(before.text + text, before.start, round(time + _TOKEN_S, 3))
            elif text:
                words.append(Word(text, round(time, 3), round(time + _TOKEN_S, 3)))
        ends = [*(word.start for word in words[1:]), math.inf]
        return tuple(
            Word(word.text, word.start, min(word.end, end)) for word, end in zip(words, ends, strict=False)
        )


class _SherpaHearing:
    """A segment, and how much of it the library has been given."""

    def __init__(self, decoder: SherpaDecoder, options: StreamOptions) -> None:
        self._decoder = decoder
        self._options = options
        self._stream = decoder.new_stream(options.hotwords)
        self._given = 0

    def hear(self, samples: Samples, *, final: bool) -> Heard:
        if len(samples) < self._given:
            # The segment was cut where it had been heard beyond.
            self._stream, self._given = self._decoder.new_stream(self._options.hotwords), 0
        self._stream.accept_waveform(_RATE, samples[self._given :])
        self._given = len(samples)
        if final:
            self._stream.accept_waveform(_RATE, np.zeros(round(_TAIL_S * _RATE), np.float32))
            self._stream.input_finished()
        return self._decoder.run(self._stream)


def hotwords_text(hotwords: Sequence[Hotword], *, upper: bool) -> str:
    """Return hotwords as the library reads them: phrases with scores, between slashes."""
    phrases: list[str] = []
    for hotword in hotwords:
        letters = (char if char.isalnum() or char in "'’-" else " " for char in hotword.phrase)
        phrase = " ".join("".join(letters).split())
        if phrase and hotword.score > 0:
            phrases.append(f"{phrase.upper() if upper else phrase} :{hotword.score:.2f}")
    return "/".join(phrases)


def _network(folder: Path, part: str) -> Path | None:
    """Return the file of a part of the model, that in 8 bits when there are two."""
    found = sorted(folder.glob(f"*{part}*.onnx"), key=lambda file: (".int8." not in file.name, file.name))
    return found[0] if found else None


def _metadata(network: Path) -> dict[str, str]:
    try:
        session = ort.InferenceSession(str(network), providers=["CPUExecutionProvider"])
    except Exception as error:
        raise UnusableSherpaModel(f"{network.name} is no network that can be loaded") from error
    return dict(session.get_modelmeta().custom_metadata_map)


def _check(network: Path, kind: str, needed: Sequence[str]) -> None:
    missing = [name for name in needed if name not in _metadata(network)]
    if missing:
        raise UnusableSherpaModel(f"{network.name} ({kind}) lacks the metadata {', '.join(missing)}")


def _tokens(folder: Path) -> list[str]:
    try:
        lines = (folder / "tokens.txt").read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UnusableSherpaModel(f"{folder} holds no readable tokens.txt") from error
    rows = [line.rsplit(maxsplit=1) for line in lines if line.strip()]
    if not rows or any(len(row) > 2 or not row[-1].isdigit() for row in rows):
        raise UnusableSherpaModel("tokens.txt is not a list of tokens and their numbers")
    return [row[0] if len(row) == 2 else " " for row in rows if not row[0].startswith("<")]


def _pieces(model: Path) -> str:
    """Return a SentencePiece model's pieces and scores, a line each, as the library wants them."""
    import sentencepiece

    pieces = sentencepiece.SentencePieceProcessor(model_file=str(model))
    return "".join(f"{pieces.id_to_piece(at)}\t{pieces.get_score(at)}\n" for at in range(len(pieces)))
