"""`POST /api/transcribe`: a whole recording in one request."""

import asyncio
import json
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from earful.accounts.service import Accounts
from earful.audio.decoders import open_stream_decoder
from earful.audio.files import read_blocks
from earful.audio.types import SAMPLE_RATE, AudioError, Samples
from earful.dialects.bodhi.access import Meter, admit
from earful.dialects.bodhi.errors import BodhiError, error_body
from earful.dialects.bodhi.listening import Listening
from earful.dialects.bodhi.models import BodhiModel, ModelTable
from earful.dialects.bodhi.protocol import Config, read_config
from earful.dialects.bodhi.session import Open
from earful.dialects.bodhi.sockets import Throttle
from earful.settings import Settings
from earful.speech.numbers import parse_numbers
from earful.speech.transliteration import to_latin
from earful.speech.types import Hypothesis, SpeechService, StreamOptions

__all__ = ["BodhiFiles"]

log = structlog.get_logger(__name__)

_COPY_BYTES = 1 << 20
_BLOCK_S = 5.0
_KNOWN_HEADS = (b"RIFF", b"fLaC", b"OggS", b"ID3", b"\xff\xfb", b"\x1aE\xdf\xa3", b"FORM")


@dataclass(frozen=True, slots=True)
class _Heard:
    """What is said in a recording, the code of its language, and its length in seconds."""

    text: str
    language: str
    audio_s: float


class BodhiFiles:
    """The HTTP endpoint."""

    def __init__(
        self, accounts: Accounts, speech: SpeechService, models: ModelTable, settings: Settings
    ) -> None:
        self._accounts = accounts
        self._listening = Listening(speech)
        self._models = models
        self._settings = settings

    async def transcribe(self, request: Request) -> JSONResponse:
        """Answer one request."""
        received = time.time()
        try:
            application = await admit(
                request,
                self._accounts,
                require_customer_id=self._settings.bodhi_require_customer_id,
            )
            meter = Meter(self._accounts, application.id)
            return JSONResponse(await self._answer(request, meter, received))
        except BodhiError as error:
            log.info("recording refused", code=error.code, reason=error.message)
            return JSONResponse(error_body(error, status="error"), error.code)
        except Exception:
            log.exception("a recording could not be transcribed")
            return JSONResponse(error_body(BodhiError(500, "internal server error"), status="error"), 500)

    async def _answer(self, request: Request, meter: Meter, received: float) -> dict[str, Any]:
        limit = self._settings.max_upload_bytes
        declared = request.headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > limit:
            raise BodhiError(400, f"the recording is larger than {limit} bytes")
        try:
            async with request.form(max_files=1, max_fields=50) as form:
                upload = form.get("audio_file")
                if not isinstance(upload, UploadFile):
                    raise BodhiError(400, "'audio_file' is required, as a file of a multipart form")
                config, model = self._settings_of(form)
                with tempfile.TemporaryDirectory(prefix="earful-") as folder:
                    path = Path(folder) / "recording"
                    await _save(upload, path, limit)
                    heard = await self._recognise(path, config, model)
        except HTTPException as error:
            raise BodhiError(400, str(error.detail)) from None
        try:
            await meter.settle(heard.audio_s)
        except BodhiError as error:
            # This recording has been heard; it is the next one that will be refused.
            log.info("balance used up", code=error.code)
        answer: dict[str, Any] = {"call_id": str(uuid.uuid4()), "text": heard.text, "status": "success"}
        if config.at_start_lid:
            answer["language_code"] = heard.language
        if config.aux:
            answer["aux_info"] = {
                "received_request_time": round(received, 3),
                "request_time": round(time.time() - received, 3),
                "processed_audio_duration": round(heard.audio_s, 3),
            }
        return answer

    def _settings_of(self, form: FormData) -> tuple[Config, BodhiModel]:
        """Return what the form's text fields say. Raises `BodhiError` (400)."""
        fields: dict[str, Any] = {
            name: _unquoted(value) for name, value in form.items() if isinstance(value, str)
        }
        if "hotwords" in fields:
            try:
                fields["hotwords"] = json.loads(fields["hotwords"] or "null")
            except (ValueError, RecursionError):
                raise BodhiError(400, "'hotwords' is not valid JSON") from None
        model = self._models.find(str(fields["model"])) if fields.get("model") else None
        config = read_config(fields, default_rate=model.sample_rate if model else 8000)
        return config, model or self._models.find(config.model)

    async def _recognise(self, path: Path, config: Config, model: BodhiModel) -> _Heard:
        """Return what is said in a recording. Raises `BodhiError`."""
        options = StreamOptions(
            language=model.language,
            model=model.model,
            endpoint_silence=config.endpoint_silence,
            partials=False,
            words=False,
            hotwords=config.hotwords,
        )
        others = self._models.others(model) if config.at_start_lid else ()
        texts: list[str] = []
        codes = [model.code]

        def hear(heard: Hypothesis) -> None:
            if heard.is_final and heard.text.strip():
                texts.append(" ".join(heard.text.split()))

        def identified(by: BodhiModel) -> None:
            codes.append(by.code)

        stream = await self._listening.open(Open(config, model, options, others), hear, identified)
        throttle = Throttle()
        count = 0
        try:
            blocks = await asyncio.to_thread(_blocks, path, config)
            while (block := await asyncio.to_thread(next, blocks, None)) is not None:
                stream.feed(block)
                count += block.size
                await throttle.pause(count / SAMPLE_RATE)
            await stream.flush()
        except AudioError as error:
            raise BodhiError(400, f"the recording cannot be read: {error}") from None
        finally:
            await stream.close()
        # The text of hours of speech takes a moment to go through.
        text = await asyncio.to_thread(_written, " ".join(texts), config, codes[-1])
        return _Heard(text, codes[-1], count / SAMPLE_RATE)


def _written(text: str, config: Config, language: str) -> str:
    """Return a text as the form asks for it."""
    if config.parse_number:
        text = parse_numbers(text, language)
    return to_latin(text) if config.transliterate else text


async def _save(upload: UploadFile, path: Path, limit: int) -> None:
    size = 0
    with path.open("wb") as file:
        while chunk := await upload.read(_COPY_BYTES):
            size += len(chunk)
            if size > limit:
                raise BodhiError(400, f"the recording is larger than {limit} bytes")
            await asyncio.to_thread(file.write, chunk)
    if not size:
        raise BodhiError(400, "'audio_file' is empty")


def _blocks(path: Path, config: Config) -> Iterator[Samples]:
    """Return the audio of any container, or of bare PCM (some clients call it a WAV)."""
    with path.open("rb") as file:
        head = file.read(12)
    if head.startswith(_KNOWN_HEADS) or head[4:8] == b"ftyp":
        return read_blocks(path, block_s=_BLOCK_S)
    return _bare_pcm(path, config)


def _bare_pcm(path: Path, config: Config) -> Iterator[Samples]:
    decoder = open_stream_decoder("LINEAR16", config.sample_rate, config.channels)
    with path.open("rb") as file:
        while data := file.read(_COPY_BYTES):
            yield decoder.feed(data)
    yield decoder.flush()


def _unquoted(value: str) -> str:
    """Return a form value without the quotes that some shells leave around it."""
    value = value.strip()
    return value[1:-1] if len(value) >= 2 and value[0] == value[-1] == '"' else value
