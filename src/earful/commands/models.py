"""`earful models`: see, fetch, check and remove the speech models on this machine."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn
from rich.table import Table

from earful.commands.options import DataDir, fail, settings_or_exit
from earful.speech.catalogue import Engine, ModelCard, find_card
from earful.speech.models import InstalledModel, ModelError, ModelStore, catalogue_with
from earful.speech.models import Progress as Report

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="See, fetch, check and remove speech models.")


def _store(data_dir: Path | None) -> ModelStore:
    settings = settings_or_exit(data_dir=data_dir)
    return ModelStore(settings.models, hub=settings.models_hub)


@app.command("list")
def list_models(
    data_dir: DataDir = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Check the files against their checksums.")
    ] = False,
) -> None:
    """List the models that have a name, and which of them are here."""
    states: list[tuple[ModelCard, str]] = []
    for card, model in catalogue_with(_store(data_dir)):
        state = "built in" if card.built_in else "here" if model else "-"
        if verify and model:
            try:
                model.verify()
                state = "sound"
            except ModelError:
                state = "damaged"
        states.append((card, state))
    if as_json:
        typer.echo(json.dumps([_described(card, state) for card, state in states], indent=2))
    else:
        table = Table("model", "engine", "languages", "licence", "MB", "state", box=None)
        for card, state in states:
            languages = ", ".join(card.languages).replace("*", "many")
            table.add_row(card.name, card.engine, languages, card.licence, str(card.size_mb), state)
        Console().print(table)
    if any(state == "damaged" for _, state in states):
        raise typer.Exit(1)


def _described(card: ModelCard, state: str) -> dict[str, object]:
    return {
        "name": card.name,
        "engine": card.engine,
        "languages": list(card.languages),
        "licence": card.licence,
        "sizeMb": card.size_mb,
        "state": state,
        "source": card.repository,
    }


@app.command()
def pull(
    name: str,
    data_dir: DataDir = None,
    source: Annotated[
        Path | None, typer.Option("--from", help="A folder with the model's files, instead of Hugging Face.")
    ] = None,
) -> None:
    """Fetch a model, with its checksums, from Hugging Face or from a folder."""
    store = _store(data_dir)
    card = find_card(name)
    if card is not None and not card.built_in:
        origin = source or card.repository
        typer.echo(f"{name}: licence {card.licence}, about {card.size_mb} MB, from {origin}", err=True)
    try:
        model = _with_progress(lambda report: store.pull(name, source=source, progress=report))
    except ModelError as error:
        raise fail(error) from error
    typer.echo(f"{name} is ready ({model.card.engine}, licence {model.card.licence}): {model.path}")


@app.command()
def add(
    name: str,
    source: Path,
    engine: Annotated[str, typer.Option(help="moonshine, faster-whisper or sherpa-onnx.")],
    language: Annotated[list[str], typer.Option(help="A language it recognises; may be given again.")],
    licence: Annotated[str, typer.Option(help="The licence of the weights.")] = "unknown",
    data_dir: DataDir = None,
) -> None:
    """Install a model of your own from a folder."""
    known: dict[str, Engine] = {
        "moonshine": "moonshine",
        "faster-whisper": "faster-whisper",
        "sherpa-onnx": "sherpa-onnx",
    }
    store = _store(data_dir)
    try:
        if engine not in known:
            raise ModelError(f"no engine is called {engine!r}; there are {', '.join(known)}")
        model = _with_progress(
            lambda report: store.add(
                name, source, engine=known[engine], languages=language, licence=licence, progress=report
            )
        )
    except ModelError as error:
        raise fail(error) from error
    typer.echo(f"{name} is ready: {model.path}")


@app.command()
def path(name: str, data_dir: DataDir = None) -> None:
    """Print the folder of an installed model."""
    try:
        typer.echo(_store(data_dir).get(name).path)
    except ModelError as error:
        raise fail(error) from error


@app.command("rm")
def remove(name: str, data_dir: DataDir = None) -> None:
    """Delete a model from this machine."""
    try:
        _store(data_dir).remove(name)
    except ModelError as error:
        raise fail(error) from error
    typer.echo(f"{name} is gone")


def _with_progress(work: Callable[[Report], InstalledModel]) -> InstalledModel:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def report(file: str, done: int, total: int) -> None:
            if file not in tasks:
                tasks[file] = bar.add_task(file, total=total or None)
            bar.update(tasks[file], completed=done)

        return work(report)
