"""A Whisper model of a few hundred kilobytes in CTranslate2's format, made of NumPy arrays.

It hears whether the sound is low or high and says so: "low tone" or "high tone". Low sounds are Hindi to it,
high ones Tamil, those between English. As in the real models of many languages there is an empty token:
by it the library knows them.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
from ctranslate2.specs.whisper_spec import WhisperSpec
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

__all__ = ["LANGUAGES", "make_whisper"]

LANGUAGES = ("en", "hi", "ta", "de", "bn")

_WORDS = {"Ġlow": 256, "Ġhigh": 257, "Ġtone": 258}
_END, _START, _FIRST_LANGUAGE = 260, 261, 262
_NO_TIMESTAMPS = _FIRST_LANGUAGE + len(LANGUAGES) + 5
_SIZE = _NO_TIMESTAMPS + 1502
_WIDTH = 16
_LOW, _HIGH = 0, 1
_HEARD = 2
_TIME = 10
"""Dimensions: how much low and high sound there is; from `_HEARD` on, which token came last; and in the
first two seconds when it is, by which the first word is found early and the second late."""


def make_whisper(folder: Path) -> Path:
    """Write the model into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    tokens = _tokens()
    spec = WhisperSpec(1, 1, 1, 1)
    _fill_encoder(spec.encoder)
    _fill_decoder(spec.decoder)
    spec.register_vocabulary(tokens)
    spec.config.lang_ids = [_FIRST_LANGUAGE + at for at in range(len(LANGUAGES))]
    spec.config.suppress_ids = []
    spec.config.suppress_ids_begin = []
    spec.config.alignment_heads = [(0, 0)]
    spec.validate()
    spec.optimize(quantization="float32")
    spec.save(str(folder))
    _tokenizer(tokens).save(str(folder / "tokenizer.json"))
    (folder / "preprocessor_config.json").write_text(json.dumps({"feature_size": 80}))
    return folder


def _tokens() -> list[str]:
    tokens = [*sorted(pre_tokenizers.ByteLevel.alphabet()), *_WORDS, ""]
    special = ["<|endoftext|>", "<|startoftranscript|>", *(f"<|{code}|>" for code in LANGUAGES)]
    special += ["<|translate|>", "<|transcribe|>", "<|startoflm|>", "<|startofprev|>"]
    special += ["<|nospeech|>", "<|notimestamps|>"]
    tokens += special
    assert tokens[_NO_TIMESTAMPS] == "<|notimestamps|>"
    return tokens + [f"<|{at * 0.02:.2f}|>" for at in range(_SIZE - len(tokens))]


def _tokenizer(tokens: list[str]) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE(vocab={token: at for at, token in enumerate(tokens)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in tokens[_END:]])
    return tokenizer


def _zeros(*shape: int) -> Any:
    return np.zeros(shape, np.float32)


def _norm(norm: Any) -> None:
    norm.gamma, norm.beta = np.ones(_WIDTH, np.float32), _zeros(_WIDTH)


def _linear(linear: Any, weight: Any) -> None:
    linear.weight, linear.bias = weight, _zeros(len(weight))


def _idle_layer(layer: Any) -> None:
    """Fill a layer that passes on what it is given."""
    _norm(layer.self_attention.layer_norm)
    _linear(layer.self_attention.linear[0], _zeros(3 * _WIDTH, _WIDTH))
    _linear(layer.self_attention.linear[1], _zeros(_WIDTH, _WIDTH))
    _norm(layer.ffn.layer_norm)
    _linear(layer.ffn.linear_0, _zeros(4 * _WIDTH, _WIDTH))
    _linear(layer.ffn.linear_1, _zeros(_WIDTH, 4 * _WIDTH))


def _fill_encoder(encoder: Any) -> None:
    """Every frame holds its low and its high sound, and its time."""
    first, second = _zeros(_WIDTH, 80, 3), _zeros(_WIDTH, _WIDTH, 3)
    first[_LOW, :40, 1] = first[_HIGH, 40:, 1] = 0.1
    first[_LOW, 40:, 1] = first[_HIGH, :40, 1] = -0.1
    second[_LOW, _LOW, 1] = second[_HIGH, _HIGH, 1] = 1.0
    encoder.conv1.weight, encoder.conv1.bias = first, _zeros(_WIDTH)
    encoder.conv2.weight, encoder.conv2.bias = second, _zeros(_WIDTH)
    encoder.position_encodings.encodings = _zeros(1500, _WIDTH)
    encoder.position_encodings.encodings[:, _TIME] = np.clip(1 - np.arange(1500) / 50, -1, 1)
    _norm(encoder.layer_norm)
    _idle_layer(encoder.layer[0])


def _fill_decoder(decoder: Any) -> None:
    """What follows a token is decided by the token, and after the prompt by what was heard."""
    layer = decoder.layer[0]
    _idle_layer(layer)
    heard = _zeros(2 * _WIDTH, _WIDTH)
    for at in (_LOW, _HIGH):
        heard[_WIDTH + at, at] = 10.0
    _norm(layer.attention.layer_norm)
    heard[_TIME, _TIME] = 1.0
    asked = _zeros(_WIDTH, _WIDTH)
    asked[_TIME, 4], asked[_TIME, 5] = 4.0, -4.0
    _linear(layer.attention.linear[0], asked)
    _linear(layer.attention.linear[1], heard)
    _linear(layer.attention.linear[2], np.eye(_WIDTH, dtype=np.float32))
    _norm(decoder.layer_norm)
    decoder.scale_embeddings = False
    decoder.position_encodings.encodings = _zeros(448, _WIDTH)
    embedded, after = _zeros(_SIZE, _WIDTH), _zeros(_SIZE, _WIDTH)
    after[:, _HEARD:] = -4.0
    places = {_START: 2, _NO_TIMESTAMPS: 3, _WORDS["Ġlow"]: 4, _WORDS["Ġhigh"]: 4, _WORDS["Ġtone"]: 5}
    for token, place in places.items():
        embedded[token, place] = 200.0 if token < _END else 8.0
    for token, place in ((_WORDS["Ġtone"], 4), (_END, 5)):
        after[token] = _zeros(_WIDTH)
        after[token, place] = 8.0
    for token, sound in ((_WORDS["Ġlow"], _LOW), (_WORDS["Ġhigh"], _HIGH)):
        after[token] = _zeros(_WIDTH)
        after[token, 3] = 8.0
        after[token, sound] = 4.0
    for code, sounds in (("hi", {_LOW: 4.0}), ("ta", {_HIGH: 4.0}), ("en", {_LOW: 2.0, _HIGH: 2.0})):
        token = _FIRST_LANGUAGE + LANGUAGES.index(code)
        after[token] = _zeros(_WIDTH)
        after[token, 2] = 8.0
        for sound, weight in sounds.items():
            after[token, sound] = weight
    decoder.embeddings.weight = embedded
    _linear(decoder.projection, after)
