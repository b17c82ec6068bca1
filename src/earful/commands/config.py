"""`earful config`: every setting, its value now, its default and what it means."""

import json
from typing import Annotated, Any

import typer
from pydantic.fields import FieldInfo

from earful.commands.options import settings_or_exit
from earful.settings import PREFIX, Settings

__all__ = ["app", "settings_markdown"]

app = typer.Typer()

_MASK = "********"


@app.command()
def config(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Print the page docs/settings.md.")] = False,
) -> None:
    """Show every setting: its variable, value, default and meaning."""
    if as_markdown:
        typer.echo(settings_markdown(), nl=False)
        return
    settings = settings_or_exit()
    rows = [
        {
            "name": _variable(name),
            "value": _shown(getattr(settings, name)),
            "default": _shown(field.default),
            "description": field.description,
        }
        for name, field in Settings.model_fields.items()
    ]
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table("setting", "value", "default", "meaning", show_lines=True)
    for row in rows:
        changed = row["value"] != row["default"]
        value = escape(_text(row["value"]))
        table.add_row(
            str(row["name"]),
            f"[bold]{value}[/]" if changed else value,
            escape(_text(row["default"])),
            escape(str(row["description"])),
        )
    Console().print(table)


def settings_markdown() -> str:
    """Return docs/settings.md."""
    lines = [
        "# Settings",
        "",
        "Each setting is an environment variable. `earful config` shows the values in force.",
        "This page is made by `earful config --markdown`.",
        "",
        "| variable | default | meaning |",
        "| --- | --- | --- |",
    ]
    for name, field in Settings.model_fields.items():
        default = _text(_shown(field.default))
        meaning = " ".join(part for part in (field.description, _bounds(field)) if part)
        lines.append(f"| `{_variable(name)}` | {f'`{default}`' if default else '–'} | {meaning} |")
    return "\n".join(lines) + "\n"


def _variable(name: str) -> str:
    return f"{PREFIX}{name.upper()}"


def _bounds(field: FieldInfo) -> str:
    low = next((rule.ge for rule in field.metadata if hasattr(rule, "ge")), None)
    high = next((rule.le for rule in field.metadata if hasattr(rule, "le")), None)
    if low is not None and high is not None:
        return f"From {low} to {high}."
    return f"At least {low}." if low is not None else ""


def _shown(value: Any) -> Any:
    """Return a value as JSON has it, secrets masked."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if hasattr(value, "get_secret_value"):
        return _MASK
    if isinstance(value, tuple):
        return ",".join(str(item) for item in value)
    if isinstance(value, dict):
        return ",".join(f"{name}={item}" for name, item in value.items())
    return str(value)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
