"""Opens the recognition of a session or recording: in the model's language, or in the one that is spoken."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import structlog

from earful.audio.vad import VadModel
from earful.dialects.bodhi.errors import BodhiError
from earful.dialects.bodhi.models import BodhiModel, not_available
from earful.dialects.bodhi.session import Open
from earful.speech.identification import open_identified
from earful.speech.numbers import prepare_numbers
from earful.speech.types import Hypothesis, LanguageNotAvailable, SpeechBusy, SpeechService, SpeechStream

__all__ = ["Listening"]

log = structlog.get_logger(__name__)


class Listening:
    """What opens streams over one `SpeechService`."""

    def __init__(self, speech: SpeechService) -> None:
        self._speech = speech
        self._ear = VadModel()

    async def open(
        self,
        wanted: Open,
        on_hypothesis: Callable[[Hypothesis], None],
        on_model: Callable[[BodhiModel], None],
    ) -> SpeechStream:
        """Open a stream. `on_model` is called, before the first hypothesis, with what will hear it.

        Raises `BodhiError` (400, 503).
        """
        others = [model for model in wanted.others if self._speech.hears(model.language, model.model)]
        if wanted.config.parse_number:
            for model in (wanted.model, *others):
                await asyncio.to_thread(prepare_numbers, model.code)
        try:
            if others:
                models = {model.language: model for model in (wanted.model, *others)}
                choices = [
                    replace(wanted.options, language=language, model=model.model)
                    for language, model in models.items()
                ]
                return await open_identified(
                    self._speech,
                    self._ear,
                    choices,
                    on_hypothesis,
                    lambda language: on_model(models[language]),
                )
            stream = await self._speech.open(wanted.options, on_hypothesis)
        except LanguageNotAvailable:
            log.warning(
                "model not available",
                model=wanted.config.model,
                language=wanted.model.language,
                fix=wanted.model.pull_command,
            )
            raise not_available(wanted.config.model) from None
        except SpeechBusy as error:
            raise BodhiError(503, str(error)) from None
        if wanted.others:
            log.info("language not looked for", reason="no model of another language is here")
        on_model(wanted.model)
        return stream
