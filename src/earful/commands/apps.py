"""`earful apps`: the applications that may use this server, whether it is running or not."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer

from earful.accounts.service import Accounts
from earful.accounts.types import AccountError, Application, Credentials
from earful.commands.options import DataDir, fail, settings_or_exit
from earful.settings import Settings
from earful.store.database import Database, DatabaseError

__all__ = ["app", "credentials_json"]

app = typer.Typer(no_args_is_help=True, help="Make, list and remove the applications that may connect.")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
T = TypeVar("T")


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="A name for people.")],
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Make an application and print its credentials, which cannot be shown again."""
    if not name.strip():
        raise fail("an application needs a name")
    settings = settings_or_exit(data_dir=data_dir)
    credentials = _with_accounts(settings, lambda accounts: accounts.create(name.strip()))
    if as_json:
        typer.echo(credentials_json(credentials))
        return
    typer.echo(f"Made the application {name.strip()!r}. Keep these: they are not shown again.\n")
    for label, value in json.loads(credentials_json(credentials)).items():
        typer.echo(f"  {label:<11} {value}")


@app.command("list")
def list_applications(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List the applications (without their secrets)."""
    settings = settings_or_exit(data_dir=data_dir)
    found = _with_accounts(settings, lambda accounts: accounts.list())
    rows = [
        {
            "name": one.name,
            "appId": one.app_id,
            "customerId": one.customer_id,
            "createdAt": one.created_at.isoformat(timespec="seconds"),
        }
        for one in found
    ]
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    if not rows:
        typer.echo("There is no application yet: make one with `earful apps create NAME`.")
    for row in rows:
        typer.echo(f"{row['name']}\n  appId       {row['appId']}\n  customerId  {row['customerId']}")
        typer.echo(f"  created     {row['createdAt']}")


@app.command("activate")
def activate(
    name: Annotated[str, typer.Argument(help="Its name, application id or customer id.")],
    data_dir: DataDir = None,
) -> None:
    """Let a deactivated application be used again."""
    settings = settings_or_exit(data_dir=data_dir)
    changed = _with_accounts(settings, lambda accounts: accounts.set_active(name, True))
    typer.echo(f"The application {changed.name!r} is active.")


@app.command("deactivate")
def deactivate(
    name: Annotated[str, typer.Argument(help="Its name, application id or customer id.")],
    data_dir: DataDir = None,
) -> None:
    """Refuse an application, and end its sessions, until it is activated again. Nothing is removed."""
    settings = settings_or_exit(data_dir=data_dir)
    changed = _with_accounts(settings, lambda accounts: accounts.set_active(name, False))
    typer.echo(f"The application {changed.name!r} is deactivated.")


@app.command("balance")
def balance(
    name: Annotated[str, typer.Argument(help="Its name, application id or customer id.")],
    data_dir: DataDir = None,
    to: Annotated[float | None, typer.Option("--set", min=0, help="Seconds of audio it may use.")] = None,
    add: Annotated[float | None, typer.Option("--add", help="Seconds of audio to add.")] = None,
    unlimited: Annotated[bool, typer.Option("--unlimited", help="Let it use any amount.")] = False,
) -> None:
    """Show or change how many seconds of audio an application may still use (unlimited by default)."""
    if (to is not None) + (add is not None) + unlimited > 1:
        raise fail("give only one of --set, --add and --unlimited")
    settings = settings_or_exit(data_dir=data_dir)

    async def change(accounts: Accounts) -> Application:
        found = await accounts.get(name)
        if unlimited:
            return await accounts.set_balance(found.id, None)
        if add is not None:
            return await accounts.set_balance(found.id, (found.balance_s or 0.0) + add)
        return found if to is None else await accounts.set_balance(found.id, to)

    left = _with_accounts(settings, change).balance_s
    typer.echo("unlimited" if left is None else f"{max(left, 0.0):.1f} seconds")


@app.command("webhook-secret")
def webhook_secret(
    name: Annotated[str, typer.Argument(help="Its name, application id or customer id.")],
    data_dir: DataDir = None,
) -> None:
    """Print the secret that the webhook calls to an application are signed with."""
    settings = settings_or_exit(data_dir=data_dir)

    async def secret(accounts: Accounts) -> str:
        return await accounts.webhook_secret((await accounts.get(name)).id)

    typer.echo(_with_accounts(settings, secret))


@app.command("usage")
def usage(
    name: Annotated[str, typer.Argument(help="Its name, application id or customer id.")],
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show how many seconds of audio an application has used, by day (UTC)."""
    settings = settings_or_exit(data_dir=data_dir)
    days = _with_accounts(settings, lambda accounts: accounts.usage(name))
    rows = [
        {"day": day.day.isoformat(), "audioSeconds": round(day.audio_s, 3), "sessions": day.sessions}
        for day in days
    ]
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        typer.echo(f"{row['day']}  {row['audioSeconds']:>12.1f} s  {row['sessions']:>6} sessions")
    typer.echo(f"{'total':<10}  {sum(day.audio_s for day in days):>12.1f} s")


@app.command("remove")
def remove(
    name: Annotated[str, typer.Argument(help="Its name, application id or customer id.")],
    data_dir: DataDir = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Remove an application, its tokens and all its conversations, for good."""
    settings = settings_or_exit(data_dir=data_dir)
    if not yes:
        typer.confirm(f"Remove {name!r} and everything that was stored for it?", abort=True)
    removed = _with_accounts(settings, lambda accounts: accounts.remove(name))
    typer.echo(f"Removed the application {removed.name!r}.")


def credentials_json(credentials: Credentials) -> str:
    """Return credentials as the JSON object that `create --json` prints."""
    return json.dumps(
        {
            "appId": credentials.app_id,
            "appSecret": credentials.app_secret,
            "customerId": credentials.customer_id,
            "apiKey": credentials.api_key,
        },
        indent=2,
    )


def _with_accounts(settings: Settings, action: Callable[[Accounts], Awaitable[T]]) -> T:
    async def act() -> T:
        database = await Database.open(settings.database)
        try:
            return await action(Accounts(database))
        finally:
            await database.close()

    try:
        return asyncio.run(act())
    except (AccountError, DatabaseError) as error:
        raise fail(error) from error
