"""The `earful` command: finds the module of a command when it is called, so that starting is quick."""

from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from earful import __version__

__all__ = ["app", "main"]

COMMANDS = {
    "serve": "earful.commands.serve",
    "transcribe": "earful.commands.transcribe",
    "process": "earful.commands.process",
    "apps": "earful.commands.apps",
    "bench": "earful.commands.bench",
    "models": "earful.commands.models",
    "mail": "earful.commands.mail",
    "config": "earful.commands.config",
}
"""Each command, and the module whose `app` it is."""


class _LazyGroup(TyperGroup):
    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        command = typer.main.get_command(import_module(COMMANDS[cmd_name]).app)
        command.name = cmd_name
        return command


app = typer.Typer(cls=_LazyGroup, no_args_is_help=True, pretty_exceptions_enable=False)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"earful {__version__}")
        raise typer.Exit


@app.callback()
def earful(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Streaming speech-to-text and conversation intelligence, on your own machine."""


def main() -> None:
    """Run the command line."""
    app()
