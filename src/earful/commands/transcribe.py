"""`earful transcribe`: audio and video files to text, without a server."""

import json
import sys
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from earful.audio.types import AudioError
from earful.settings import SettingsError, load_settings
from earful.speech.types import SpeechError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from earful.speech.files import Transcript, TranscriptSegment

__all__ = ["app", "render", "transcribe"]

app = typer.Typer()

Format = Literal["txt", "json", "srt", "vtt"]
_CUE_S = 6.0
_CUE_CHARACTERS = 84


@app.command("transcribe")
def transcribe(
    files: Annotated[list[Path], typer.Argument(help="Audio or video files, in any format FFmpeg reads.")],
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    form: Annotated[Format, typer.Option("--format", help="What to print.")] = "txt",
    language: Annotated[str, typer.Option("--language", help="The language spoken.")] = "en-US",
    model: Annotated[
        str | None, typer.Option("--model", help="A model to use, by its name in `earful models list`.")
    ] = None,
    diarize: Annotated[bool, typer.Option("--diarize", help="Say who spoke.")] = False,
    speakers: Annotated[
        int | None,
        typer.Option(
            "--speakers", min=1, help="How many people speak, where that is known; implies --diarize."
        ),
    ] = None,
    separate: Annotated[
        bool, typer.Option("--separate", help="Every channel is a speaker; hear each by itself.")
    ] = False,
    vocabulary: Annotated[
        list[str] | None,
        typer.Option("--vocabulary", help="A name or term to listen for; give it once for each."),
    ] = None,
    words: Annotated[bool, typer.Option("--words", help="Put words and their times in the JSON.")] = False,
) -> None:
    """Write down what is said in audio or video files.

    The text goes to standard output, progress and errors to standard error. A file that cannot be read
    is reported and the others are still done; the exit code is then 1.
    """
    from earful.logs import configure_logging
    from earful.speech.engines import Engines
    from earful.speech.files import FileTranscriber
    from earful.speech.types import Hotword

    # Standard output is the transcript's.
    configure_logging("warning")
    try:
        engines = Engines.from_settings(load_settings())
        engines.load(engines.named(model, language) if model else engines.choose(language))
    except (SpeechError, SettingsError) as error:
        raise _fail(error, 2) from error
    form = "json" if as_json else form
    errors = Console(stderr=True, soft_wrap=True, highlight=False)
    done: list[tuple[Path, Transcript]] = []
    failed = False
    transcriber = FileTranscriber(engines=engines)
    for file in files:
        try:
            with _progress(errors, file.name) as report:
                transcript = transcriber.transcribe(
                    file,
                    language=language,
                    channels="separate" if separate else "mix",
                    diarize=diarize or speakers is not None,
                    speakers=speakers,
                    hotwords=[Hotword(phrase) for phrase in vocabulary or ()],
                    words=words or form in ("srt", "vtt"),
                    progress=report,
                    model=model,
                )
        except (AudioError, OSError) as error:
            failed = True
            errors.print(f"earful: {_reason(file, error)}", style="red", markup=False)
            continue
        done.append((file, transcript))
        if form != "json":
            sys.stdout.write(render(transcript, form, title=file.name if len(files) > 1 else None))
            sys.stdout.flush()
    if form == "json" and done:
        several = [_as_json(file, transcript, words) for file, transcript in done]
        json.dump(several[0] if len(files) == 1 else several, sys.stdout, indent=2, ensure_ascii=False)
        sys.stdout.write("\n")
    if failed:
        raise typer.Exit(1)


def render(transcript: "Transcript", form: Literal["txt", "srt", "vtt"], *, title: str | None = None) -> str:
    """Return a transcript as text, one line a segment, or as subtitles; `title` heads plain text."""
    if form == "txt":
        lines = [f"{_speaker(segment)}{segment.text}" for segment in transcript.segments]
        return "\n".join([*([f"== {title} =="] if title else []), *lines, ""])
    cues = [cue for segment in transcript.segments for cue in _cues(segment)]
    if form == "srt":
        blocks = [
            f"{number}\n{_clock(start, ',')} --> {_clock(end, ',')}\n{text}\n"
            for number, (start, end, text) in enumerate(cues, 1)
        ]
        return "\n".join(blocks)
    blocks = [f"{_clock(start, '.')} --> {_clock(end, '.')}\n{text}\n" for start, end, text in cues]
    return "\n".join(["WEBVTT\n", *blocks])


def _cues(segment: "TranscriptSegment") -> "Iterator[tuple[float, float, str]]":
    """Yield a segment as subtitles short enough to read: (start, end, text)."""
    if not segment.words:
        yield segment.start, segment.end, f"{_speaker(segment)}{segment.text}"
        return
    held: list[str] = []
    start = end = segment.words[0].start
    for word in segment.words:
        length = sum(len(text) + 1 for text in held) + len(word.text)
        if held and (length > _CUE_CHARACTERS or word.end - start > _CUE_S):
            yield start, end, f"{_speaker(segment)}{' '.join(held)}"
            held, start = [], word.start
        held.append(word.text)
        end = word.end
    yield start, end, f"{_speaker(segment)}{' '.join(held)}"


def _as_json(file: Path, transcript: "Transcript", words: bool) -> dict[str, object]:
    return {
        "file": str(file),
        "duration": round(transcript.duration_s, 3),
        "language": transcript.language,
        "text": transcript.text,
        "segments": [_segment_json(segment, words) for segment in transcript.segments],
    }


def _segment_json(segment: "TranscriptSegment", words: bool) -> dict[str, object]:
    body: dict[str, object] = {
        "start": segment.start,
        "end": segment.end,
        "text": segment.text,
        "confidence": segment.confidence,
    }
    if segment.speaker is not None:
        body["speaker"] = f"Speaker {segment.speaker}"
    if words:
        body["words"] = [
            {
                "word": word.text,
                "start": word.start,
                "end": word.end,
                "confidence": None if word.confidence is None else round(word.confidence, 4),
            }
            for word in segment.words
        ]
    return body


def _speaker(segment: "TranscriptSegment") -> str:
    return "" if segment.speaker is None else f"Speaker {segment.speaker}: "


def _clock(seconds: float, mark: str) -> str:
    milliseconds = round(seconds * 1000)
    hours, rest = divmod(milliseconds, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02}{mark}{rest % 1000:03}"


@contextmanager
def _progress(console: Console, name: str) -> "Iterator[Callable[[float], None] | None]":
    """Show a bar while a file is worked on, when someone is there to see it."""
    if not console.is_terminal:
        yield None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(name, total=1.0)
        yield lambda share: bar.update(task, completed=share)


def _reason(file: Path, error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return f"{file} does not exist"
    if isinstance(error, IsADirectoryError):
        return f"{file} is a folder"
    if isinstance(error, OSError):
        return f"{file} cannot be read: {error.strerror or error}"
    return str(error)


def _fail(error: Exception, code: int) -> typer.Exit:
    typer.secho(f"earful: {error}", fg="red", err=True)
    return typer.Exit(code)
