"""The pages as they are served: shells without data, static files, and headers that fence them in."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

import earful.pages
from earful.settings import Settings
from tests.pages.replay import Behaviour, replay_app

STATIC = Path(earful.pages.__file__).parent / "static"
PAGES = ["/", "/conversations", "/conversations/4893210077665432", "/meeting/"]


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    with TestClient(replay_app(Settings(data_dir=tmp_path), Behaviour())) as client:
        yield client


@pytest.mark.parametrize("page", PAGES)
def test_a_page_may_load_from_this_server_only(client: TestClient, page: str) -> None:
    """The content security policy allows no inline script, no frame around it, and no other host."""
    answer = client.get(page, headers={"Host": "box.example:8000"})
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    assert answer.status_code == 200
    assert policy["default-src"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["connect-src"] == "'self' ws://box.example:8000 wss://box.example:8000"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("host", ["box;script-src *", "box example", "box'", "a,b"])
def test_a_strange_host_does_not_reach_the_policy(client: TestClient, host: str) -> None:
    """Only a plain host name is named in the policy."""
    answer = client.get("/", headers={"Host": host})
    assert "connect-src 'self';" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_asks_for_nothing_elsewhere(client: TestClient, page: str) -> None:
    """Everything that a page refers to is on this server, and is there."""
    html = client.get(page).text
    addresses = re.findall(r"(?:src|href)=\"([^\"#]+)\"", html)
    assert len(addresses) >= 4
    for address in addresses:
        assert address.startswith("/")
        assert client.get(address).status_code == 200
    assert "style=" not in html
    assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=", html)


def test_a_conversation_page_reveals_nothing(client: TestClient) -> None:
    """The shell is the same for every id, existing or not: what it shows needs a token."""
    one, other = (client.get(f"/conversations/{id}").text for id in ("1000000000000001", "nonsense%3Cb%3E"))
    assert one == other


@pytest.mark.parametrize("name", sorted(path.name for path in STATIC.iterdir()))
def test_scripts_and_styles_refer_to_files_that_exist(name: str) -> None:
    """Every import of a script names a script beside it, and nothing is fetched from another host."""
    text = (STATIC / name).read_text(encoding="utf-8")
    for imported in re.findall(r"from \"\./([^\"]+)\"", text):
        assert (STATIC / imported).exists()
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg|localhost)\w", text)
    assert ".innerHTML" not in text


def test_an_unchanged_file_is_not_sent_again(client: TestClient) -> None:
    """Static files are revalidated by ETag."""
    first = client.get("/pages/static/earful.css")
    again = client.get("/pages/static/earful.css", headers={"If-None-Match": first.headers["etag"]})
    assert first.headers["cache-control"] == "no-cache"
    assert again.status_code == 304


@pytest.mark.parametrize("path", ["../routes.py", "..%2froutes.py", "%2e%2e/routes.py", "none.js", ""])
def test_nothing_outside_the_static_folder_is_served(client: TestClient, path: str) -> None:
    """A path that leaves the folder, or names no file, is not found."""
    assert client.get(f"/pages/static/{path}").status_code in {404, 405}
