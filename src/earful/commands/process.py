"""`earful process`: recordings and texts sent to a running server, to be kept and understood there."""

import asyncio
import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn

from earful.accounts.service import Accounts
from earful.accounts.types import AccountError
from earful.commands.options import DataDir, fail, settings_or_exit
from earful.settings import Settings
from earful.store.database import Database, DatabaseError

__all__ = ["app"]

app = typer.Typer()

_POLL_S = 0.5
_CHUNK = 1 << 20
_TEXT_ENDINGS = {".txt", ".md"}
_MEDIA_NAMES = "aac ac3 aiff amr avi flac m4a m4v mka mkv mov mp3 mp4 mpeg mpg oga ogg opus wav webm wma wmv"
_MEDIA_ENDINGS = frozenset(f".{name}" for name in _MEDIA_NAMES.split())


@dataclass(slots=True)
class _Job:
    """One source on its way."""

    source: str
    task: TaskID
    conversation_id: str = ""
    job_id: str = ""
    status: str = "uploading"
    error: str | None = None


@app.command("process")
def process(
    sources: Annotated[list[str], typer.Argument(help="Files, web addresses of files, or folders of files.")],
    server: Annotated[
        str | None, typer.Option(help="The server's address.", show_default="the one of the settings")
    ] = None,
    token: Annotated[
        str | None,
        typer.Option(envvar="EARFUL_TOKEN", help="An API key or access token; needed away from the server."),
    ] = None,
    name: Annotated[str | None, typer.Option(help="What to call the conversation.")] = None,
    diarize: Annotated[bool, typer.Option("--diarize", help="Tell voices apart.")] = False,
    separate: Annotated[bool, typer.Option("--separate", help="Every channel is a speaker.")] = False,
    data_dir: DataDir = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, one line each.")] = False,
) -> None:
    """Send recordings and texts to a running server and wait until they are understood.

    On the server's own machine no token is needed: the default application takes them. A source that
    fails is reported and the others are still done; the exit code is then 1.
    """
    found = list(_expanded(sources))
    if not found:
        raise fail("there is no recording or text in what was named")
    settings = settings_or_exit(data_dir=data_dir)
    address = (server or f"http://{settings.host}:{settings.port}").rstrip("/")
    headers = {"x-api-key": token or _own_token(settings)}
    wishes = {
        "name": name,
        "enableSpeakerDiarization": "true" if diarize else None,
        "enableSeparateRecognitionPerChannel": "true" if separate else None,
    }
    parameters = {key: value for key, value in wishes.items() if value is not None}
    with (
        httpx.Client(base_url=address, headers=headers, timeout=httpx.Timeout(60, write=600)) as client,
        Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[status]}"),
            console=Console(stderr=True),
        ) as bar,
    ):
        jobs = [_Job(one, bar.add_task(Path(one).name or one, total=1.0, status="waiting")) for one in found]
        for job in jobs:
            _submit(client, job, parameters, bar)
        _wait(client, jobs, bar)
    for job in jobs:
        _report(job, as_json=as_json)
    if any(job.status != "completed" for job in jobs):
        raise typer.Exit(1)


def _expanded(sources: Iterable[str]) -> Iterator[str]:
    """Yield files and addresses; of a folder, every file in it that looks like a recording or a text."""
    for source in sources:
        path = Path(source)
        if _is_address(source) or not path.is_dir():
            yield source
            continue
        for file in sorted(path.rglob("*")):
            if file.is_file() and file.suffix.lower() in _MEDIA_ENDINGS | _TEXT_ENDINGS:
                yield str(file)


def _is_address(source: str) -> bool:
    return source.startswith(("http://", "https://"))


def _own_token(settings: Settings) -> str:
    """Return a token of the default application, which the owner of the data folder may have."""

    async def issue() -> str:
        database = await Database.open(settings.database)
        try:
            return (await Accounts(database).issue_default_token()).token
        finally:
            await database.close()

    try:
        return asyncio.run(issue())
    except (AccountError, DatabaseError) as error:
        raise fail(f"{error}; give --token") from error


def _submit(client: httpx.Client, job: _Job, parameters: dict[str, str], bar: Progress) -> None:
    try:
        # While as many jobs are under way as an application may have, wait for one of them to end.
        while (answer := _send(client, job.source, parameters)).status_code == 429:
            time.sleep(float(answer.headers.get("retry-after", 5)))
        if answer.status_code != 201:
            job.status, job.error = "failed", _message(answer)
        else:
            sent = answer.json()
            job.conversation_id, job.job_id, job.status = sent["conversationId"], sent["jobId"], "scheduled"
    except OSError as error:
        job.status, job.error = "failed", error.strerror or str(error)
    except httpx.TransportError as error:
        job.status, job.error = "failed", f"{client.base_url} cannot be reached: {error}"
    bar.update(job.task, status=job.status)


def _send(client: httpx.Client, source: str, parameters: dict[str, str]) -> httpx.Response:
    if _is_address(source):
        return client.post("/v1/process/audio/url", json={"url": source, **parameters})
    file = Path(source)
    if file.suffix.lower() in _TEXT_ENDINGS:
        paragraphs = [part.strip() for part in file.read_text(errors="replace").split("\n\n")]
        messages = [{"payload": {"content": part}} for part in paragraphs if part]
        return client.post("/v1/process/text", json={"messages": messages, **parameters})
    with file.open("rb") as recording:
        chunks = iter(lambda: recording.read(_CHUNK), b"")
        return client.post("/v1/process/audio", params={"name": file.name, **parameters}, content=chunks)


def _wait(client: httpx.Client, jobs: Iterable[_Job], bar: Progress) -> None:
    open_jobs = [job for job in jobs if job.job_id]
    while open_jobs:
        for job in list(open_jobs):
            try:
                state: dict[str, Any] = client.get(f"/v1/job/{job.job_id}").raise_for_status().json()
            except httpx.HTTPError:
                continue  # a server that restarts takes the job up again
            job.status, job.error = state["status"], state.get("error")
            bar.update(job.task, completed=state["progress"], status=job.status)
            if job.status in {"completed", "failed"}:
                open_jobs.remove(job)
        if open_jobs:
            time.sleep(_POLL_S)


def _report(job: _Job, *, as_json: bool) -> None:
    if as_json:
        shown = {
            "source": job.source,
            "conversationId": job.conversation_id or None,
            "jobId": job.job_id or None,
            "status": job.status,
            "error": job.error,
        }
        typer.echo(json.dumps(shown))
    elif job.status == "completed":
        typer.echo(f"{job.source}: conversation {job.conversation_id}")
    else:
        typer.secho(f"{job.source}: {job.error}", fg="red", err=True)


def _message(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["message"])
    except (ValueError, KeyError, TypeError):
        return f"the server answered with HTTP status {answer.status_code}"
