"""A letter as a mail: plain text and HTML, both written by templates that escape what people said."""

from datetime import datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from earful.mail.letter import Letter

__all__ = ["compose"]

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def compose(letter: Letter, *, sender: str, recipient: str, mail_id: str, written: datetime) -> EmailMessage:
    """Return the mail. `mail_id` makes its Message-ID, so that a copy sent twice is known to be one."""
    name, address = parseaddr(sender)
    message = EmailMessage(policy=policy.SMTP)
    # The structured header class escapes names; it refuses line breaks, which none of these has.
    message["From"] = Address(display_name=name or "Earful", addr_spec=address)
    message["To"] = Address(addr_spec=recipient)
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(written)
    message["Message-ID"] = f"<{mail_id}@{address.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    # Both parts in quoted-printable: seven bits, which every relay passes on as they are.
    message.set_content(_TEMPLATES.get_template("summary.txt").render(letter=letter), cte="quoted-printable")
    message.add_alternative(
        _TEMPLATES.get_template("summary.html").render(letter=letter),
        subtype="html",
        cte="quoted-printable",
    )
    return message
