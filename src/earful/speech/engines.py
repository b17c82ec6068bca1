"""Which model recognises what, and the models themselves, each loaded once for the whole process.

A model asked for by name is taken when it is here and speaks the language; else the one that
`EARFUL_SPEECH_MODELS` gives the language; else, for English, the model that comes with Earful; else the
largest that is here. For a language without one, the error names the command that fetches one.
"""

import contextlib
import os
import threading
from collections.abc import Mapping, Sequence

import structlog

from earful.settings import Settings
from earful.speech.catalogue import BUILT_IN, ModelCard, find_card, primary_subtag, recommended
from earful.speech.devices import Device, Processor, processor_for_onnx, processor_for_whisper
from earful.speech.models import InstalledModel, ModelError, ModelStore
from earful.speech.moonshine import MoonshineModel
from earful.speech.segments import Decoder
from earful.speech.sherpa import SherpaDecoder
from earful.speech.types import LanguageNotAvailable, Samples
from earful.speech.whisper import WhisperDecoder, among

__all__ = ["DEFAULT_LANGUAGE", "Engines", "usable_threads"]

log = structlog.get_logger(__name__)

Loaded = MoonshineModel | Decoder

DEFAULT_LANGUAGE = "en-US"
"""What a server has a model for from the start (BCP-47)."""

_DETECTOR = "whisper-tiny"


class Engines:
    """The models of one process. Safe to use from several threads; loading blocks."""

    def __init__(
        self,
        store: ModelStore,
        *,
        threads: int = 1,
        device: Device = "cpu",
        preferred: Mapping[str, str] | None = None,
    ) -> None:
        self.threads = threads
        self._store = store
        self._device: Device = device
        self._preferred = dict(preferred or {})
        self._loaded: dict[str, Loaded] = {}
        self._lock = threading.Lock()

    @classmethod
    def from_settings(cls, settings: Settings) -> "Engines":
        """Return the engines that the settings ask for; nothing is loaded yet."""
        return cls(
            ModelStore(settings.models),
            threads=settings.speech_threads or usable_threads(),
            device=settings.device,
            preferred=settings.speech_models,
        )

    def choose(self, language: str, model: str | None = None) -> ModelCard:
        """Return the model for a language (BCP-47); `model` is a name that is preferred if it can be had.

        Raises `LanguageNotAvailable`.
        """
        here = {BUILT_IN.name: BUILT_IN} | {found.card.name: found.card for found in self._store.installed()}
        asked = here.get(model or "")
        if asked is not None and asked.speaks(language):
            return asked
        code = primary_subtag(language)
        wanted = self._preferred.get(code) or self._preferred.get("*")
        if wanted in here and here[wanted].speaks(language):
            return here[wanted]
        if code in self._preferred:
            raise LanguageNotAvailable(self._missing(language, self._preferred[code]))
        if BUILT_IN.speaks(language):
            return BUILT_IN
        fitting = [card for card in here.values() if card.speaks(language)]
        if fitting:
            return max(fitting, key=lambda card: card.size_mb)
        raise LanguageNotAvailable(self._missing(language, None))

    def named(self, model: str, language: str) -> ModelCard:
        """Return the model of that name. Raises `LanguageNotAvailable` when it is not here or does not speak
        the language."""
        try:
            card = BUILT_IN if model == BUILT_IN.name else self._store.get(model).card
        except ModelError as error:
            raise LanguageNotAvailable(str(error)) from error
        if not card.speaks(language):
            raise LanguageNotAvailable(f"{model} does not recognise {language!r}; see: earful models list")
        return card

    def _missing(self, language: str, wanted: str | None) -> str:
        known = find_card(wanted) if wanted else recommended(language)
        if known is not None and known.speaks(language):
            return (
                f"no speech model for {language!r} is installed; "
                f"fetch one ({known.size_mb} MB) with: earful models pull {known.name}"
            )
        if wanted:
            return (
                f"EARFUL_SPEECH_MODELS gives {language!r} the model {wanted!r}, which is not here or does "
                f"not speak it; see: earful models list, then earful models pull NAME"
            )
        return (
            f"no speech model for {language!r} is known; install one of your own with: earful models add, "
            f"or see earful models list, then earful models pull NAME"
        )

    def load(self, card: ModelCard) -> Loaded:
        """Return the model, loaded; checked against its checksums when it is loaded for the first time.

        Raises `LanguageNotAvailable`, saying why the model cannot be used.
        """
        with self._lock:
            if card.name not in self._loaded:
                self._loaded[card.name] = self._open(card)
            return self._loaded[card.name]

    def load_ahead(self) -> None:
        """Begin to load the model of the default language in a thread of its own; `load` then waits for it.

        What is wrong with the model is said when it is asked for. A process that ends waits for the thread.
        """

        def load() -> None:
            with contextlib.suppress(LanguageNotAvailable):
                self.load(self.choose(DEFAULT_LANGUAGE))

        threading.Thread(target=load, name="load-speech").start()

    def moonshine(self, card: ModelCard = BUILT_IN) -> MoonshineModel:
        """Return a model of the moonshine engine; see `load`."""
        model = self.load(card)
        if not isinstance(model, MoonshineModel):
            raise TypeError(f"{card.name} is no Moonshine model")
        return model

    def decoder(self, card: ModelCard) -> Decoder:
        """Return a model of an engine that hears segments; see `load`."""
        model = self.load(card)
        if isinstance(model, MoonshineModel):
            raise TypeError(f"{card.name} is a Moonshine model")
        return model

    def _open(self, card: ModelCard) -> Loaded:
        if card is BUILT_IN:
            return MoonshineModel(processor=self._onnx())
        log.info("loading speech model", model=card.name, engine=card.engine)
        try:
            installed = self._store.get(card.name)
            installed.verify()
            return self._open_installed(installed)
        except ModelError as error:
            raise LanguageNotAvailable(str(error)) from error
        except ImportError as error:
            raise LanguageNotAvailable(
                f"{card.name} needs a package that is not installed; run: pip install 'earful[sherpa]'"
            ) from error
        except (ValueError, RuntimeError, OSError) as error:
            log.warning("model cannot be loaded", model=card.name, reason=str(error))
            raise LanguageNotAvailable(f"the model {card.name} cannot be loaded: {error}") from error

    def _open_installed(self, installed: InstalledModel) -> Loaded:
        match installed.card.engine:
            case "moonshine":
                return MoonshineModel(installed.path, processor=self._onnx())
            case "faster-whisper":
                processor = processor_for_whisper(self._device)
                return WhisperDecoder(installed.path, threads=self.threads, processor=processor)
            case "sherpa-onnx":
                return SherpaDecoder(installed.path, threads=self.threads)

    def _onnx(self) -> Processor:
        return processor_for_onnx(self._device)

    def detect_language(self, samples: Samples, languages: Sequence[str]) -> tuple[str, float]:
        """Return which of the languages (BCP-47) is spoken (float32 [n], 16 kHz; half a minute is enough)
        and how sure that is among them, 0..1. Blocks.

        With one language there is nothing to hear. Raises `LanguageNotAvailable` when no Whisper model of
        many languages is here, `ValueError` without languages.
        """
        if not languages:
            raise ValueError("there is no language to choose from")
        if len({primary_subtag(language) for language in languages}) == 1:
            return languages[0], 1.0
        return among(self._detector().language_chances(samples), languages)

    def _detector(self) -> WhisperDecoder:
        """Return the smallest model here that tells languages apart."""
        cards = [found.card for found in self._store.installed() if found.card.engine == "faster-whisper"]
        for card in sorted(cards, key=lambda card: card.size_mb):
            if "*" in card.languages or len(card.languages) > 1:
                model = self.load(card)
                if isinstance(model, WhisperDecoder) and model.multilingual:
                    return model
        raise LanguageNotAvailable(
            "no model that tells languages apart is installed; "
            f"fetch one with: earful models pull {_DETECTOR}"
        )


def usable_threads() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
