"""Where the server's address and the credentials come from."""

from __future__ import annotations

from pathlib import Path

import pytest

import symbl
from symbl._settings import Credentials, is_loopback, resolve_base_url, resolve_credentials, websocket_url

HERE, HOME = Path("symbl.conf"), Path("../home/symbl.conf")


def test_default_server_is_a_local_earful() -> None:
    """Without any setting the server is on this machine."""
    assert resolve_base_url() == "http://127.0.0.1:8000"


def test_base_url_precedence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argument, then configure(), then the environment, then symbl.conf."""
    HERE.write_text("[credentials]\nbase_url = http://conf:1/\n")
    assert resolve_base_url() == "http://conf:1"
    monkeypatch.setenv("SYMBL_BASE_URL", "http://env:2")
    assert resolve_base_url() == "http://env:2"
    assert resolve_base_url(None, "http://configured:3") == "http://configured:3"
    assert resolve_base_url("https://argument:4/", "http://configured:3") == "https://argument:4"


@pytest.mark.parametrize("url", ["127.0.0.1:8000", "ws://127.0.0.1", "http://", "box"])
def test_address_that_is_not_http_is_refused(url: str) -> None:
    """A wrong address fails at once, naming the right form."""
    with pytest.raises(ValueError, match="should look like http"):
        symbl.configure(base_url=url)


def test_conf_in_the_working_directory_wins_over_home() -> None:
    """The nearer file decides."""
    HOME.write_text("[credentials]\napp_id=home\napp_secret=h\n")
    assert resolve_credentials() == Credentials("home", "h")
    HERE.write_text("[credentials]\napp_id=here\napp_secret=w\n")
    assert resolve_credentials() == Credentials("here", "w")


def test_incomplete_conf_falls_back_to_home() -> None:
    """A file without both options is passed over."""
    HERE.write_text("[credentials]\napp_id=here\n")
    HOME.write_text("[credentials]\napp_id=home\napp_secret=h\n")
    assert resolve_credentials() == Credentials("home", "h")


def test_comments_and_quotes_are_not_part_of_a_value() -> None:
    """The README's way of commenting lines works."""
    HERE.write_text("[credentials]\napp_id='a%1' #my id\napp_secret=\"b\" ; mine\n")
    assert resolve_credentials() == Credentials("a%1", "b")


def test_broken_conf_is_named() -> None:
    """A file that cannot be parsed is an error with its path."""
    HERE.write_text("app_id=1\n")
    with pytest.raises(symbl.CredentialsError, match=r"symbl\.conf cannot be read"):
        resolve_credentials()


@pytest.mark.parametrize(
    ("given", "missing"),
    [(None, "app_id"), ({}, "app_id"), ({"app_secret": "b"}, "app_id"), ({"app_id": "a"}, "app_secret")],
)
def test_missing_half_is_named(given: dict[str, str] | None, missing: str) -> None:
    """What is missing is said in the words of the vendor's package, as a ValueError."""
    with pytest.raises(ValueError, match=f"^{missing} is required"):
        resolve_credentials(given)


def test_half_given_in_a_call_does_not_consult_the_file() -> None:
    """Only when nothing is given is the file read."""
    HERE.write_text("[credentials]\napp_id=here\napp_secret=w\n")
    with pytest.raises(ValueError, match="app_secret is required"):
        resolve_credentials({"app_id": "a"})


def test_camel_case_and_tokens_are_accepted() -> None:
    """The API's own spelling works, and a token made elsewhere."""
    assert resolve_credentials({"appId": "a", "appSecret": "b"}) == Credentials("a", "b")
    assert resolve_credentials({"access_token": "t"}).access_token == "t"


def test_environment_variables_come_before_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """SYMBL_APP_ID and SYMBL_APP_SECRET stand in for a file."""
    HERE.write_text("[credentials]\napp_id=here\napp_secret=w\n")
    monkeypatch.setenv("SYMBL_APP_ID", "env")
    monkeypatch.setenv("SYMBL_APP_SECRET", "e")
    assert resolve_credentials() == Credentials("env", "e")
    assert resolve_credentials(None, {"app_id": "c", "app_secret": "d"}) == Credentials("c", "d")


def test_credentials_never_show_in_repr() -> None:
    """A log line with credentials in it shows none."""
    assert "secret" not in repr(Credentials("id", "secret", "token")).replace("Credentials", "")
    assert "token" not in repr(Credentials("id", "secret", "token"))


def test_websocket_address_follows_the_scheme() -> None:
    """http becomes ws, https becomes wss."""
    assert websocket_url("http://a:1", "/x") == "ws://a:1/x"
    assert websocket_url("https://a", "/x") == "wss://a/x"


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("ws://127.0.0.1:80/x", True),
        ("http://localhost", True),
        ("http://[::1]:8", True),
        ("http://box", False),
    ],
)
def test_loopback_is_recognised(url: str, local: bool) -> None:
    """Proxies are only for other machines."""
    assert is_loopback(url) is local
