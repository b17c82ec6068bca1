"""The models Earful knows by name: their engine, languages, source and licence."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

__all__ = ["CATALOGUE", "Engine", "ModelCard", "find_card", "for_language"]

Engine = Literal["moonshine", "faster-whisper", "sherpa-onnx"]


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What is known of a model before it is on this machine.

    `languages` holds lower-case ISO 639-1 codes, or `*` for "any the engine knows". `repository` is a
    Hugging Face repository, None for the model that comes with Earful. `files` are the glob patterns
    of the files the engine needs. `size_mb` is the download, rounded.
    """

    name: str
    engine: Engine
    languages: tuple[str, ...]
    licence: str
    size_mb: int
    repository: str | None = None
    files: tuple[str, ...] = ("*",)
    streaming: bool = False

    @property
    def built_in(self) -> bool:
        """Whether the model comes with the installation and needs no download."""
        return self.repository is None

    def speaks(self, language: str) -> bool:
        """Whether the model recognises a BCP-47 language tag ("en-US")."""
        return "*" in self.languages or primary_subtag(language) in self.languages


def primary_subtag(language: str) -> str:
    """Return the language part of a BCP-47 tag, lower case: "en" of "en-US"."""
    return language.replace("_", "-").split("-", 1)[0].lower()


_WHISPER_FILES = ("config.json", "preprocessor_config.json", "model.bin", "tokenizer.json", "vocabulary.*")
_ZIPFORMER_FILES = (
    "*encoder*.int8.onnx",
    "*decoder*.int8.onnx",
    "*joiner*.int8.onnx",
    "tokens.txt",
    "bpe.model",
)
_MOONSHINE_FILES = ("encoder_model.ort", "decoder_model_merged.ort", "tokenizer.bin")


def _whisper(
    name: str, size_mb: int, *, languages: tuple[str, ...] = ("*",), owner: str = "Systran"
) -> ModelCard:
    return ModelCard(
        name=f"whisper-{name}",
        engine="faster-whisper",
        languages=languages,
        licence="MIT",
        size_mb=size_mb,
        repository=f"{owner}/faster-whisper-{name}",
        files=_WHISPER_FILES,
    )


def _zipformer(name: str, repository: str, languages: tuple[str, ...], size_mb: int) -> ModelCard:
    return ModelCard(
        name=name,
        engine="sherpa-onnx",
        languages=languages,
        licence="Apache-2.0",
        size_mb=size_mb,
        repository=repository,
        files=_ZIPFORMER_FILES,
        streaming=True,
    )


CATALOGUE: tuple[ModelCard, ...] = (
    ModelCard(
        name="moonshine-tiny-en",
        engine="moonshine",
        languages=("en",),
        licence="MIT",
        size_mb=44,
        files=_MOONSHINE_FILES,
    ),
    _whisper("tiny", 75),
    _whisper("tiny.en", 75, languages=("en",)),
    _whisper("base", 145),
    _whisper("base.en", 145, languages=("en",)),
    _whisper("small", 484),
    _whisper("small.en", 484, languages=("en",)),
    _whisper("medium", 1530),
    _whisper("large-v3", 3090),
    _zipformer(
        "zipformer-en",
        "csukuangfj/sherpa-onnx-streaming-zipformer-en-2023-06-26",
        ("en",),
        73,
    ),
    _zipformer(
        "zipformer-zh-en",
        "csukuangfj/sherpa-onnx-streaming-zipformer-bilingual-zh-en-2023-02-20",
        ("zh", "en"),
        191,
    ),
)
"""Every model that has a name here. Others are used by giving a folder or a repository instead."""


def find_card(name: str) -> ModelCard | None:
    """Return the card of a model by its exact name."""
    return next((card for card in CATALOGUE if card.name == name), None)


def for_language(language: str, cards: Iterable[ModelCard] = CATALOGUE) -> list[ModelCard]:
    """Return the models that recognise a language, the smallest download first."""
    return sorted((card for card in cards if card.speaks(language)), key=lambda card: card.size_mb)
