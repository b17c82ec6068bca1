"""Hands one mail to a mail server, and says what came of it."""

import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Literal

import aiosmtplib

__all__ = ["MailServer", "Refusal", "Trouble"]

_PORTS = {"starttls": 587, "tls": 465, "none": 25}


class Trouble(Exception):
    """The mail was not taken, but may be later: no connection, no sign-in, an answer of 4xx."""


class Refusal(Exception):
    """The mail server will never take this mail (an answer of 5xx)."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mails are handed in. `port` None is the usual one for `security`."""

    host: str
    port: int | None = None
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str | None = None
    password: str | None = None
    timeout_s: float = 30.0

    async def send(self, message: EmailMessage, *, sender: str, recipient: str) -> None:
        """Hand in a mail for one recipient. Raises `Trouble` and `Refusal`."""
        client = aiosmtplib.SMTP(
            hostname=self.host,
            port=self.port or _PORTS[self.security],
            use_tls=self.security == "tls",
            start_tls=self.security == "starttls",
            tls_context=None if self.security == "none" else ssl.create_default_context(),
            timeout=self.timeout_s,
        )
        try:
            await client.connect()
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            raise Trouble(f"no connection to the mail server {self.host}: {_told(error)}") from None
        try:
            await self._sign_in(client)
            await client.sendmail(sender, [recipient], message.as_bytes())
        except aiosmtplib.SMTPRecipientsRefused as error:
            raise _judged(error.recipients[0]) from None
        except aiosmtplib.SMTPResponseException as error:
            raise _judged(error) from None
        except (aiosmtplib.SMTPException, OSError) as error:
            raise Trouble(_told(error)) from None
        finally:
            await _part(client)

    async def _sign_in(self, client: aiosmtplib.SMTP) -> None:
        if self.user is None:
            return
        try:
            await client.login(self.user, self.password or "")
        except aiosmtplib.SMTPException as error:
            # Even a 5xx: a wrong password is put right here, and then the mail can go.
            raise Trouble(f"the mail server did not let us sign in: {_told(error)}") from None


def _judged(error: aiosmtplib.SMTPResponseException) -> Exception:
    reason = f"{error.code} {_one_line(error.message)}"
    return Refusal(reason) if 500 <= error.code < 600 else Trouble(reason)


def _told(error: BaseException) -> str:
    return _one_line(str(error)) or type(error).__name__


def _one_line(text: str) -> str:
    return " ".join(text.split())[:300]


async def _part(client: aiosmtplib.SMTP) -> None:
    try:
        await client.quit(timeout=5)
    except (aiosmtplib.SMTPException, OSError, RuntimeError):
        client.close()
