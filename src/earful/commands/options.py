"""What several commands share: the data folder, the settings, and how to fail."""

from pathlib import Path
from typing import Annotated, Any

import typer

from earful.settings import Settings, SettingsError, load_settings

__all__ = ["DataDir", "fail", "settings_or_exit"]

DataDir = Annotated[
    Path | None, typer.Option("--data-dir", help="Where Earful keeps its data.", show_default=False)
]


def fail(message: object) -> typer.Exit:
    """Print what is wrong, in red, and return the exception that ends the command with status 1."""
    typer.secho(f"earful: {message}", fg="red", err=True)
    return typer.Exit(1)


def settings_or_exit(**overrides: Any) -> Settings:
    """Read the settings; end the command with a clear message when one cannot be used."""
    try:
        return load_settings(**overrides)
    except SettingsError as error:
        raise fail(error) from error
