"""Where the server is and who is asking: arguments, `configure()`, environment variables, `symbl.conf`,
defaults.
"""

from __future__ import annotations

import configparser
import ipaddress
import os
import re
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from symbl._errors import CredentialsError

if TYPE_CHECKING:
    from symbl._transport import Transport

__all__ = [
    "CONF_FILE",
    "DEFAULT_BASE_URL",
    "Credentials",
    "Settings",
    "Target",
    "is_loopback",
    "resolve_base_url",
    "resolve_credentials",
    "websocket_url",
]

DEFAULT_BASE_URL = "http://127.0.0.1:8000"
CONF_FILE = "symbl.conf"
SECTION = "credentials"
INLINE_COMMENT = re.compile(r"\s[#;].*$")


@dataclass(frozen=True, slots=True)
class Credentials:
    """An application's id and secret, or an access token made elsewhere. Never shown by `repr`."""

    app_id: str = field(default="", repr=False)
    app_secret: str = field(default="", repr=False)
    access_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Target:
    """One server and the credentials used there."""

    base_url: str
    credentials: Credentials


@dataclass(frozen=True, slots=True)
class Settings:
    """What a client was told explicitly; whatever is `None` is looked up elsewhere at the time of a call."""

    base_url: str | None = None
    """Address of the server, for example `http://127.0.0.1:8000`."""
    credentials: Mapping[str, Any] | None = None
    """`{"app_id": …, "app_secret": …}` or `{"access_token": …}`."""
    strict: bool = False
    """Raise from conversation reads instead of returning the error dict."""
    timeout: float = 60.0
    """Seconds that a request, or the opening of a socket, may take."""
    verify: bool | str | ssl.SSLContext = True
    """TLS: `False` trusts any certificate, a path names a file of trusted ones."""
    transport: Transport | None = None
    """What carries requests and sockets; `None` is the network, tests pass a `MockTransport`."""


def resolve_base_url(argument: str | None = None, configured: str | None = None) -> str:
    """The server's address, without a trailing slash.

    Looked up in this order: the call's argument, `configure(base_url=…)`, the variable `SYMBL_BASE_URL`,
    `base_url` in `symbl.conf`, a local Earful.

    Raises:
        ValueError: the address is not an http(s) one.
    """
    url = (
        argument
        or configured
        or os.environ.get("SYMBL_BASE_URL")
        or _from_conf("base_url")
        or DEFAULT_BASE_URL
    )
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"base_url should look like {DEFAULT_BASE_URL}, not {url!r}")
    return url.rstrip("/")


def resolve_credentials(
    argument: Mapping[str, Any] | Credentials | None = None, configured: Mapping[str, Any] | None = None
) -> Credentials:
    """Credentials for a call, from the first place that has any.

    Looked up in this order: the call's argument, `configure(credentials=…)`, the variables `SYMBL_APP_ID` and
    `SYMBL_APP_SECRET`, `symbl.conf` in the working directory, `symbl.conf` in the home directory.

    Raises:
        CredentialsError: nothing was found, or only one half of the pair.
    """
    if isinstance(argument, Credentials):
        return argument
    for given in (argument, configured):
        if given:
            token = _text(given, "access_token", "accessToken")
            if token:
                return Credentials(access_token=token)
            app_id, app_secret = _text(given, "app_id", "appId"), _text(given, "app_secret", "appSecret")
            if app_id or app_secret:
                return _complete(app_id, app_secret)
    app_id, app_secret = os.environ.get("SYMBL_APP_ID", ""), os.environ.get("SYMBL_APP_SECRET", "")
    if app_id and app_secret:
        return Credentials(app_id, app_secret)
    for options in _conf_files():
        if "app_id" in options and "app_secret" in options:
            return _complete(options["app_id"], options["app_secret"])
    return _complete("", "")


def _complete(app_id: str, app_secret: str) -> Credentials:
    for name, value in (("app_id", app_id), ("app_secret", app_secret)):
        if not value:
            raise CredentialsError(
                f"{name} is required: pass credentials={{'app_id': …, 'app_secret': …}} or put both into the "
                f"[credentials] section of {CONF_FILE} in the working or home directory"
            )
    return Credentials(app_id, app_secret)


def _text(mapping: Mapping[str, Any], *names: str) -> str:
    return next((str(mapping[name]) for name in names if mapping.get(name)), "")


def _from_conf(option: str) -> str:
    return next((options[option] for options in _conf_files() if options.get(option)), "")


def _conf_files() -> Iterator[dict[str, str]]:
    """The `[credentials]` options of each `symbl.conf`, nearest first, without comments and quotes."""
    for folder in (Path.cwd(), Path.home()):
        path = folder / CONF_FILE
        if not path.is_file():
            continue
        parser = configparser.ConfigParser(interpolation=None)
        try:
            parser.read_string(path.read_text(encoding="utf-8-sig"), source=str(path))
        except configparser.Error as error:
            raise CredentialsError(f"{path} cannot be read: {error}") from error
        if parser.has_section(SECTION):
            yield {name: _clean(value) for name, value in parser.items(SECTION)}


def _clean(value: str) -> str:
    value = INLINE_COMMENT.sub("", value).strip()
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1]
    return value


def websocket_url(base_url: str, path: str) -> str:
    """The `ws(s)://` address of a path on the server at `base_url`."""
    return "ws" + base_url.removeprefix("http") + path


def is_loopback(url: str) -> bool:
    """Whether the address is on this machine, where a proxy has no business."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
