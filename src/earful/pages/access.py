"""Who may act as the default application without its secret: the owner of this machine, alone.

A page opened as `http://localhost:8765/` on the machine that runs Earful needs no sign-in. The same
request must be impossible for anyone else, so all of these have to hold:

- it comes over a loopback connection, and no proxy says that it forwarded it;
- its `Host` is a loopback name, or another site could point its own name here (DNS rebinding);
- its `Origin` is this very page, or another site open in the owner's browser could ask.
"""

import ipaddress
from urllib.parse import urlsplit

from starlette.requests import Request

__all__ = ["is_local_page"]

_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")


def is_local_page(request: Request) -> bool:
    """Return whether a request was made by this server's own page, in a browser on this machine."""
    headers = request.headers
    host = headers.get("host", "")
    origin = headers.get("origin", "")
    return (
        request.client is not None
        and _is_loopback(request.client.host)
        and not any(name in headers for name in _FORWARDED)
        and _is_loopback(_name(f"http://{host}"))
        and origin == f"{request.url.scheme}://{host}"
        and headers.get("sec-fetch-site", "same-origin") == "same-origin"
    )


def _name(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def _is_loopback(name: str) -> bool:
    if name.rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
