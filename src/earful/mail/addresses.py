"""Which addresses a mail may go to."""

from collections.abc import Iterable, Sequence

from email_validator import EmailNotValidError, validate_email

__all__ = ["AddressRefused", "check_addresses"]


class AddressRefused(ValueError):
    """An address that no mail can or may go to; the message is fit for the one who gave it."""


def check_addresses(given: Iterable[str], domains: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the addresses in the form in which they are used, each once, in their order.

    With `domains` only these and their subdomains are allowed. Raises `AddressRefused`.
    """
    found: dict[str, str] = {}
    for one in given:
        shown = one if len(one) <= 100 else f"{one[:100]}…"
        try:
            # Whether there is such a mailbox only the mail server finds out. Company networks have
            # domains that no public server knows.
            parsed = validate_email(
                one.strip(), check_deliverability=False, globally_deliverable=False, allow_smtputf8=False
            )
        except EmailNotValidError as error:
            raise AddressRefused(f"{shown!r} is no e-mail address: {error}") from None
        address = parsed.ascii_email
        if address is None:
            raise AddressRefused(f"{shown!r} is no e-mail address that every mail server understands")
        domain = parsed.ascii_domain.lower()
        if domains and not any(domain == ours or domain.endswith(f".{ours}") for ours in domains):
            raise AddressRefused(f"this server does not send mail to {domain}")
        found.setdefault(address.lower(), address)
    return tuple(found.values())
