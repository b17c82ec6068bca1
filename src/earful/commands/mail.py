"""`earful mail`: whether mails can be sent with the settings as they are."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import typer

from earful.commands.options import fail, settings_or_exit

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Try out the mail server of the settings.")


@app.callback()
def mail() -> None:
    """Try out the mail server of the settings."""


@app.command("test")
def test(to: Annotated[str, typer.Argument(help="Address to send a mail to.")]) -> None:
    """Send a mail to an address with the settings in force, and say what came of it."""
    from earful.mail.service import MailRefused, send_trial
    from earful.mail.smtp import Refusal, Trouble

    settings = settings_or_exit()
    if settings.smtp_host is None:
        raise fail("no mail server is set up: set EARFUL_SMTP_HOST and EARFUL_SMTP_FROM")
    try:
        asyncio.run(send_trial(settings, to, datetime.now(UTC)))
    except MailRefused as error:
        raise fail(str(error)) from None
    except Refusal as error:
        raise fail(f"the mail server refused the mail: {error}") from None
    except Trouble as error:
        raise fail(str(error)) from None
    typer.echo(f"{settings.smtp_host} took a mail to {to}.")
