"""The models Earful knows by name: their engine, languages, source and licence."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

__all__ = [
    "BUILT_IN",
    "CATALOGUE",
    "Engine",
    "ModelCard",
    "find_card",
    "for_language",
    "primary_subtag",
    "recommended",
]

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
        code = primary_subtag(language)
        if "*" in self.languages:
            return self.engine != "faster-whisper" or code in _WHISPER_LANGUAGES
        return code in self.languages


def primary_subtag(language: str) -> str:
    """Return the language part of a BCP-47 tag, lower case: "en" of "en-US"."""
    return language.replace("_", "-").split("-", 1)[0].lower()


_WHISPER_LANGUAGES = frozenset(
    [
        "af",
        "am",
        "ar",
        "as",
        "az",
        "ba",
        "be",
        "bg",
        "bn",
        "bo",
        "br",
        "bs",
        "ca",
        "cs",
        "cy",
        "da",
        "de",
        "el",
        "en",
        "es",
        "et",
        "eu",
        "fa",
        "fi",
        "fo",
        "fr",
        "gl",
        "gu",
        "ha",
        "haw",
        "he",
        "hi",
        "hr",
        "ht",
        "hu",
        "hy",
        "id",
        "is",
        "it",
        "ja",
        "jw",
        "ka",
        "kk",
        "km",
        "kn",
        "ko",
        "la",
        "lb",
        "ln",
        "lo",
        "lt",
        "lv",
        "mg",
        "mi",
        "mk",
        "ml",
        "mn",
        "mr",
        "ms",
        "mt",
        "my",
        "ne",
        "nl",
        "nn",
        "no",
        "oc",
        "pa",
        "pl",
        "ps",
        "pt",
        "ro",
        "ru",
        "sa",
        "sd",
        "si",
        "sk",
        "sl",
        "sn",
        "so",
        "sq",
        "sr",
        "su",
        "sv",
        "sw",
        "ta",
        "te",
        "tg",
        "th",
        "tk",
        "tl",
        "tr",
        "tt",
        "uk",
        "ur",
        "uz",
        "vi",
        "yi",
        "yo",
        "yue",
        "zh",
    ]
)
"""What Whisper models of many languages are trained on."""

_WHISPER_FILES = ("config.json", "preprocessor_config.json", "model.bin", "tokenizer.json", "vocabulary.*")
_ZIPFORMER_FILES = (
    "*encoder*.int8.onnx",
    "*decoder*.int8.onnx",
    "*joiner*.int8.onnx",
    "tokens.txt",
    "bpe.model",
    "bpe.vocab",
)
_MOONSHINE_FILES = ("encoder_model.*", "decoder_model_merged.*", "tokenizer.bin")
_MOONSHINE_ONNX_FILES = ("onnx/encoder_model.onnx", "onnx/decoder_model_merged.onnx", "tokenizer.json")
_ADVISED = "whisper-small"


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


BUILT_IN = ModelCard(
    name="moonshine-tiny-en",
    engine="moonshine",
    languages=("en",),
    licence="MIT",
    size_mb=44,
    files=_MOONSHINE_FILES,
)
"""The model that comes with Earful."""


def _moonshine(name: str, repository: str, size_mb: int) -> ModelCard:
    return ModelCard(
        name=name,
        engine="moonshine",
        languages=("en",),
        licence="MIT",
        size_mb=size_mb,
        repository=repository,
        files=_MOONSHINE_ONNX_FILES,
    )


CATALOGUE: tuple[ModelCard, ...] = (
    BUILT_IN,
    _moonshine("moonshine-tiny-en-float", "onnx-community/moonshine-tiny-ONNX", 109),
    _moonshine("moonshine-base-en", "onnx-community/moonshine-base-ONNX", 247),
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


def recommended(language: str) -> ModelCard | None:
    """Return the model to fetch for a language: one made for it, or else a middling one of many languages."""
    made_for_it = [card for card in for_language(language) if "*" not in card.languages]
    advised = find_card(_ADVISED)
    if made_for_it:
        return made_for_it[0]
    return advised if advised is not None and advised.speaks(language) else None


def for_language(language: str, cards: Iterable[ModelCard] = CATALOGUE) -> list[ModelCard]:
    """Return the models that recognise a language, the smallest download first."""
    return sorted((card for card in cards if card.speaks(language)), key=lambda card: card.size_mb)
