"""`earful serve`: start the server, and tell the person who started it what to do next."""

import asyncio
import errno
import os
import shlex
import sys
from typing import Annotated

import typer

from earful.commands.options import DataDir, fail, settings_or_exit
from earful.heap import hold

__all__ = ["app"]

app = typer.Typer()


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.", show_default=False)] = None,
    port: Annotated[
        int | None, typer.Option(help="Port to listen on; 0 picks a free one.", show_default=False)
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Start the server."""
    hold()
    settings = settings_or_exit(host=host, port=port, data_dir=data_dir)

    import structlog

    from earful.logs import configure_logging
    from earful.settings import SettingsError, misspelt

    configure_logging(settings.log_level, settings.log_format)
    for variable, meant in misspelt().items():
        structlog.get_logger(__name__).warning(
            "a variable is no setting, and counts for nothing", variable=variable, meant=meant
        )

    from earful.speech.engines import Engines

    # The model is loaded while the rest is imported, which takes as long.
    engines = Engines.from_settings(settings)
    engines.load_ahead()

    from earful.server import listen, run
    from earful.store.database import DatabaseError

    try:
        listener = listen(settings.host, settings.port)
    except OSError as error:
        raise fail(_cannot_listen(settings.host, settings.port, error)) from error
    try:
        create = "earful apps create NAME" + (f" --data-dir {shlex.quote(str(data_dir))}" if data_dir else "")
        _make_first_application(settings.database, create)
        address = settings.public_url or _address(settings.host, listener.getsockname()[1])
        status = run(settings, listener, lambda: _welcome(address, create), engines)
    except (DatabaseError, SettingsError) as error:
        raise fail(error) from error
    finally:
        listener.close()
    raise typer.Exit(status)


def _make_first_application(database_url: str, create: str) -> None:
    """On a first run, make the default application and show its credentials on the terminal."""
    from earful.accounts.service import DEFAULT_APPLICATION, Accounts
    from earful.commands.apps import credentials_json
    from earful.store.database import Database

    async def make() -> str | None:
        database = await Database.open(database_url)
        try:
            credentials = await Accounts(database).ensure_default()
        finally:
            await database.close()
        return None if credentials is None else credentials_json(credentials)

    made = asyncio.run(make())
    if made is None:
        return
    typer.echo(f"First run: made the application {DEFAULT_APPLICATION!r}.")
    if sys.stdout.isatty():
        typer.echo(f"Its credentials, which are not shown again:\n{made}")
    else:
        # What is not a terminal is likely a log, where a secret would stay.
        typer.echo(f"Its secret is shown on a terminal only; make another with: {create}")


def _welcome(address: str, create: str) -> None:
    typer.echo(f"Earful is listening: open {address} in a browser, or point a Symbl client there.")
    typer.echo(f"API: {address}/docs    Credentials for a program: {create}")
    sys.stdout.flush()


def _address(host: str, port: int) -> str:
    if host in ("0.0.0.0", "::", ""):  # noqa: S104 (compared, not bound)
        host = "localhost"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _cannot_listen(host: str, port: int, error: OSError) -> str:
    where = f"{host}:{port}"
    if error.errno == errno.EADDRINUSE:
        return f"{where} is taken: another program listens there. Choose another with --port."
    if error.errno == errno.EACCES:
        return f"{where} needs more rights than this user has. Choose a port above 1023 with --port."
    return f"cannot listen on {where}: {os.strerror(error.errno) if error.errno else error}"
