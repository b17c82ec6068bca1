"""The local sign-in: the owner's own page gets a token, nobody else does."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from earful.accounts.service import Accounts
from earful.settings import Settings
from tests.pages.replay import Behaviour, replay_app

OWN = {"Origin": "http://localhost:8000", "Sec-Fetch-Site": "same-origin"}


def ask(
    folder: Path,
    headers: dict[str, str],
    *,
    base_url: str = "http://localhost:8000",
    peer: str = "127.0.0.1",
    **settings: bool,
) -> int:
    """Return the status with which a request for a session is answered."""
    app = replay_app(Settings(data_dir=folder, **settings), Behaviour())
    with TestClient(app, base_url=base_url, client=(peer, 50_000)) as client:
        answer = client.post("/pages/session", headers=headers)
    assert ("accessToken" in answer.json()) == (answer.status_code == 200)
    assert answer.headers["cache-control"] == "no-store"
    return answer.status_code


@pytest.mark.parametrize(
    ("host", "peer"),
    [
        ("localhost:8000", "127.0.0.1"),
        ("127.0.0.1:8000", "127.0.0.1"),
        ("127.8.9.1", "127.0.0.1"),
        ("[::1]:8000", "::1"),
    ],
)
def test_the_page_on_this_machine_gets_a_token(tmp_path: Path, host: str, peer: str) -> None:
    """Every loopback name of the machine will do, when connection, Host and Origin agree."""
    address = f"http://{host}"
    assert ask(tmp_path, {"Origin": address}, base_url=address, peer=peer) == 200


def test_the_token_is_the_default_applications(tmp_path: Path) -> None:
    """What the page gets is a token that the accounts accept, of the application named default."""
    app = replay_app(Settings(data_dir=tmp_path), Behaviour())
    accounts: Accounts = app.state.accounts
    with TestClient(app, base_url="http://localhost:8000", client=("127.0.0.1", 1)) as client:
        token = client.post("/pages/session", headers=OWN).json()["accessToken"]
        application = client.portal.call(accounts.verify, token)  # type: ignore[union-attr]
    assert application.name == "default"


@pytest.mark.parametrize("peer", ["192.168.1.20", "10.0.0.1", "::2", "testclient"])
def test_another_machine_gets_none(tmp_path: Path, peer: str) -> None:
    """A connection from elsewhere is refused, whatever its headers say."""
    assert ask(tmp_path, OWN, peer=peer) == 403


@pytest.mark.parametrize(
    "host", ["evil.example:8000", "localhost.evil.example", "127.0.0.1.nip.io", "192.168.1.5"]
)
def test_a_rebound_name_gets_none(tmp_path: Path, host: str) -> None:
    """A foreign name that resolves to this machine (DNS rebinding) is refused although it is same-origin."""
    address = f"http://{host}"
    assert ask(tmp_path, {"Origin": address}, base_url=address) == 403


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "null"},
        {"Origin": "https://evil.example"},
        {"Origin": "http://localhost:9999"},
        {"Origin": "https://localhost:8000"},
        {**OWN, "Sec-Fetch-Site": "cross-site"},
        {**OWN, "Sec-Fetch-Site": "same-site"},
    ],
)
def test_another_site_gets_none(tmp_path: Path, headers: dict[str, str]) -> None:
    """A request that another page made in the owner's browser, or no page at all, is refused."""
    assert ask(tmp_path, headers) == 403


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "X-Forwarded-Host", "Via"])
def test_a_proxied_request_gets_none(tmp_path: Path, header: str) -> None:
    """What a proxy on this machine forwards may come from anywhere."""
    assert ask(tmp_path, {**OWN, header: "203.0.113.9"}) == 403


def test_the_local_sign_in_can_be_turned_off(tmp_path: Path) -> None:
    """With `EARFUL_LOCAL_SIGN_IN=false` even the owner signs in."""
    assert ask(tmp_path, OWN, local_sign_in=False) == 403


def test_there_is_none_without_a_default_application(tmp_path: Path) -> None:
    """Once the default application is removed, the page asks for another's credentials."""
    app = replay_app(Settings(data_dir=tmp_path), Behaviour())
    accounts: Accounts = app.state.accounts
    with TestClient(app, base_url="http://localhost:8000", client=("127.0.0.1", 1)) as client:
        client.portal.call(accounts.remove, "default")  # type: ignore[union-attr]
        answer = client.post("/pages/session", headers=OWN)
    assert answer.status_code == 403
    assert "default application" in answer.json()["message"]
