"""Symbl's Async API: send a recording or a text, get a job, ask how it stands."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import Field

from earful.accounts.service import Accounts
from earful.accounts.types import Application
from earful.dialects.symbl.auth import application_dependency
from earful.dialects.symbl.bodies import Body
from earful.dialects.symbl.errors import ApiError, BadRequest, ConversationNotFound, ErrorMessage
from earful.dialects.symbl.forms import RecordingForm
from earful.dialects.symbl.management import Library
from earful.dialects.symbl.parameters import ProcessParameters, TextBody, TextItem, UrlBody, gather, parse
from earful.dialects.symbl.process_docs import TEXT_DOCS, UPLOAD_DOCS, URL_DOCS
from earful.jobs.outbound import Refused, checked_address
from earful.jobs.processing import Intake, Processing, TooManyJobs
from earful.jobs.requests import MediaWork, Remark, TextWork, Wanted
from earful.speech.types import LanguageNotAvailable
from earful.store.conversations import UnknownConversation
from earful.store.jobs import Job, JobStatus
from earful.store.media import MediaEmpty, MediaTooLarge
from earful.store.resources import UnknownResource

__all__ = ["process_router"]

_RETRY_AFTER_S = 10
_LABEL_CHARS = 128
_STALLED_S = 120.0
_MAX_JSON_BYTES = 16 * 1024 * 1024
_ERRORS: dict[int | str, dict[str, Any]] = {
    400: {"model": ErrorMessage, "description": "A parameter is not what it should be."},
    401: {"model": ErrorMessage, "description": "No valid token."},
    404: {"model": ErrorMessage, "description": "There is no such conversation or job."},
    408: {"model": ErrorMessage, "description": "The upload has come to a halt."},
    413: {"model": ErrorMessage, "description": "The body is too large."},
    429: {"model": ErrorMessage, "description": "Too many jobs are under way."},
}


class Submitted(Body):
    """What was begun."""

    conversation_id: str = Field(examples=["5104417326284800"])
    job_id: str = Field(examples=["0c1f4b86-6f0d-4a35-9a57-4e7d0b0a9a11"])


class JobBody(Body):
    """How a job stands; `progress` in 0..1, `error` only when it failed."""

    id: str = Field(examples=["0c1f4b86-6f0d-4a35-9a57-4e7d0b0a9a11"])
    status: JobStatus
    progress: float = 0.0
    error: str | None = None


def process_router(
    accounts: Accounts,
    processing: Processing,
    library: Library,
    *,
    choose_model: Callable[[str], object] = lambda _language: None,
) -> APIRouter:
    """Return the routes under `/v1/process`, and `/v1/job`.

    `library` has what applications keep; `choose_model` raises `LanguageNotAvailable` for a language in which
    no recording can be recognised.
    """
    router = APIRouter(prefix="/v1", tags=["Async API"], responses=_ERRORS)
    Caller = Annotated[Application, Depends(application_dependency(accounts))]  # noqa: N806 (a type)

    async def wanted(asked: ProcessParameters, caller: Application) -> Wanted:
        """Return what is to be found, with the stored trackers and entities that are asked for."""
        trackers = asked.inline_trackers()
        for tracker_id in asked.tracker_ids():
            try:
                trackers += await library.picked(caller.id, [tracker_id])
            except UnknownResource:
                raise BadRequest(f"trackers: there is no tracker {tracker_id!r}") from None
        if asked.enable_all_trackers:
            known = {tracker.id for tracker in trackers}
            stored = await library.trackers(caller.id)
            trackers += tuple(tracker for tracker in stored if tracker.id not in known)
        return asked.wanted(trackers, await library.entities(caller.id) if asked.detect_entities else ())

    async def submit_text(request: Request, caller: Application, conversation_id: str | None) -> Submitted:
        asked = parse(TextBody, gather(request.query_params.multi_items(), await _json(request)))
        began_at = asked.began_at()
        origin = began_at or datetime.now(UTC)
        work = TextWork(
            remarks=tuple(_remark(item, origin) for item in asked.messages),
            wanted=await wanted(asked, caller),
            began_at=began_at,
        )
        intake = _intake(caller, asked, conversation_id, origin)
        return await _submitted(processing.submit(intake, work))

    def audible(asked: ProcessParameters) -> None:
        """Refuse a language that nothing here recognises before anything is sent or fetched."""
        try:
            choose_model(asked.language_code)
        except LanguageNotAvailable as missing:
            raise BadRequest(f"languageCode: {missing}") from None

    async def submit_url(request: Request, caller: Application, conversation_id: str | None) -> Submitted:
        asked = parse(UrlBody, gather(request.query_params.multi_items(), await _json(request)))
        audible(asked)
        _checked("url", asked.url)
        intake = _intake(caller, asked, conversation_id, asked.start_time)
        return await _submitted(
            processing.submit(intake, _media_work(asked, await wanted(asked, caller), url=asked.url))
        )

    async def submit_file(request: Request, caller: Application, conversation_id: str | None) -> Submitted:
        query = request.query_params.multi_items()

        async def asked_with(fields: Sequence[tuple[str, str]]) -> tuple[Intake, MediaWork]:
            asked = parse(ProcessParameters, gather([*query, *fields]))
            audible(asked)
            intake = _intake(caller, asked, conversation_id, asked.start_time)
            return intake, _media_work(asked, await wanted(asked, caller))

        # What is wrong in the query is told before anything is read.
        intake, work = await asked_with(())
        content_type = request.headers.get("content-type", "")
        if not content_type.lower().startswith("multipart/form-data"):
            return await _submitted(processing.submit_upload(intake, work, _steady(request)))
        form = RecordingForm(content_type)
        chunks = form.recording(_steady(request))
        return await _submitted(
            processing.submit_upload(intake, work, chunks, lambda: asked_with(form.fields))
        )

    @router.post("/process/text", status_code=201, summary="Send a text", openapi_extra=TEXT_DOCS)
    async def post_text(request: Request, caller: Caller) -> Submitted:
        """Understand a conversation that is written down already."""
        return await submit_text(request, caller, None)

    @router.put(
        "/process/text/{conversation_id}", status_code=201, summary="Append a text", openapi_extra=TEXT_DOCS
    )
    async def put_text(request: Request, caller: Caller, conversation_id: str) -> Submitted:
        """Add to a conversation."""
        return await submit_text(request, caller, conversation_id)

    def add_media_routes(kind: Literal["audio", "video"]) -> None:
        @router.post(
            f"/process/{kind}/url",
            status_code=201,
            summary=f"Send the address of {kind}",
            openapi_extra=URL_DOCS,
        )
        async def post_url(request: Request, caller: Caller) -> Submitted:
            """Fetch a recording and recognise it."""
            return await submit_url(request, caller, None)

        @router.put(
            f"/process/{kind}/url/{{conversation_id}}",
            status_code=201,
            summary=f"Append the address of {kind}",
            openapi_extra=URL_DOCS,
        )
        async def put_url(request: Request, caller: Caller, conversation_id: str) -> Submitted:
            """Fetch a recording, recognise it and add it to a conversation."""
            return await submit_url(request, caller, conversation_id)

        @router.post(
            f"/process/{kind}", status_code=201, summary=f"Send {kind}", openapi_extra=UPLOAD_DOCS[kind]
        )
        async def post_file(request: Request, caller: Caller) -> Submitted:
            """Recognise a recording: any format that FFmpeg reads, whatever it is declared to be."""
            return await submit_file(request, caller, None)

        @router.put(
            f"/process/{kind}/{{conversation_id}}",
            status_code=201,
            summary=f"Append {kind}",
            openapi_extra=UPLOAD_DOCS[kind],
        )
        async def put_file(request: Request, caller: Caller, conversation_id: str) -> Submitted:
            """Recognise a recording and add it to a conversation."""
            return await submit_file(request, caller, conversation_id)

    add_media_routes("audio")
    add_media_routes("video")

    @router.get("/job/{job_id}", summary="See how a job stands", response_model_exclude_none=True)
    async def get_job(caller: Caller, job_id: str) -> JobBody:
        """See whether a job is scheduled, in progress, completed or failed."""
        job = await processing.job(caller.id, job_id)
        if job is None:
            raise ApiError(404, "The jobId is either invalid or does not exist.")
        return JobBody(id=job.id, status=job.status, progress=round(job.progress, 3), error=job.error)

    return router


async def _submitted(submission: Any) -> Submitted:
    try:
        job: Job = await submission
    except TooManyJobs as error:
        raise TooManyRequests(str(error)) from None
    except UnknownConversation:
        raise ConversationNotFound from None
    except MediaTooLarge as error:
        raise ApiError(413, str(error)) from None
    except MediaEmpty:
        raise BadRequest("the request body, which should be the recording, is empty") from None
    return Submitted(conversation_id=job.conversation_id, job_id=job.id)


class TooManyRequests(ApiError):
    """Too many jobs are under way."""

    def __init__(self, message: str) -> None:
        super().__init__(429, message, headers={"Retry-After": str(_RETRY_AFTER_S)})


async def _steady(request: Request) -> AsyncIterator[bytes]:
    """Yield the request's body, as long as some of it keeps coming."""
    chunks = request.stream()
    while True:
        try:
            async with asyncio.timeout(_STALLED_S):
                chunk = await anext(chunks, None)
        except TimeoutError:
            raise ApiError(
                408, f"nothing came for {_STALLED_S:.0f} seconds", {"Connection": "close"}
            ) from None
        if chunk is None:
            return
        yield chunk


async def _json(request: Request) -> Mapping[str, Any]:
    read = bytearray()
    async for chunk in _steady(request):
        read += chunk
        if len(read) > _MAX_JSON_BYTES:
            raise ApiError(413, f"the request body has more than {_MAX_JSON_BYTES} bytes")
    try:
        body = json.loads(read)
    except (ValueError, RecursionError):
        raise BadRequest("the request body is not valid JSON") from None
    if not isinstance(body, dict):
        raise BadRequest("the request body is not a JSON object")
    return body


def _intake(
    caller: Application, asked: ProcessParameters, conversation_id: str | None, started_at: datetime | None
) -> Intake:
    if asked.webhook_url:
        _checked("webhookUrl", asked.webhook_url)
    labels = {key: value[:_LABEL_CHARS] for key, value in asked.labels().items()}
    return Intake(
        application_id=caller.id,
        started_at=started_at or datetime.now(UTC),
        conversation_id=conversation_id,
        name=asked.name or None,
        labels=labels,
        webhook_url=asked.webhook_url or None,
    )


def _checked(name: str, url: str) -> None:
    try:
        checked_address(url)
    except Refused as refused:
        raise BadRequest(f"{name}: {refused}") from None


def _media_work(asked: ProcessParameters, wanted: Wanted, url: str | None = None) -> MediaWork:
    return MediaWork(
        url=url,
        wanted=wanted,
        separate_channels=asked.enable_separate_recognition_per_channel,
        channels=asked.speakers(),
        diarize=asked.enable_speaker_diarization,
        speakers=asked.diarization_speaker_count,
        vocabulary=asked.custom_vocabulary,
        began_at=asked.began_at(),
    )


def _remark(item: TextItem, origin: datetime) -> Remark:
    sender, span = item.sender, item.duration
    return Remark(
        text=item.payload.content,
        name=sender.name,
        user_id=sender.user_id or sender.email or sender.id,
        start=_seconds(span.start_time, origin),
        end=_seconds(span.end_time, origin),
    )


def _seconds(time: datetime | None, origin: datetime) -> float | None:
    return None if time is None else max(0.0, (time - origin) / timedelta(seconds=1))
