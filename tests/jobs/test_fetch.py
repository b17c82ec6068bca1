"""Files fetched by address: within limits, and never from this machine's own network."""

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

import pytest

from earful.jobs.fetch import FetchError, FetchLimits, FetchRefused, FetchTooLarge, fetch
from earful.jobs.outbound import Refused, checked_address, is_public

OPEN = FetchLimits(max_bytes=1_000_000, timeout_s=10, allow_private=True)
GUARDED = FetchLimits(max_bytes=1_000_000, timeout_s=10)
BODY = b"sound" * 1000


class Handler(BaseHTTPRequestHandler):
    visited: list[str]

    def do_GET(self) -> None:
        self.server.visited.append(self.path)  # type: ignore[attr-defined]
        match self.path:
            case "/file":
                self.answer(BODY)
            case "/unknown-length":
                self.send_response(200)
                self.end_headers()
                self.wfile.write(BODY)
            case "/short":
                self.send_response(200)
                self.send_header("content-length", str(len(BODY) * 2))
                self.end_headers()
                self.wfile.write(BODY)
            case "/loop":
                self.redirect("/loop")
            case "/nowhere":
                self.send_response(302)
                self.end_headers()
            case "/%C3%BC%20?a=%C3%B6":
                self.answer(BODY)
            case "/to-file":
                self.redirect("/file")
            case "/to-local-file":
                self.redirect("file:///etc/passwd")
            case "/stall":
                self.send_response(200)
                self.send_header("content-length", "10")
                self.end_headers()
                self.server.stop.wait(10)  # type: ignore[attr-defined]
            case _:
                self.send_error(404)

    def answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def redirect(self, where: str) -> None:
        self.send_response(302)
        self.send_header("location", where)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        return


class Web(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.visited: list[str] = []
        self.stop = threading.Event()
        self.url = f"http://127.0.0.1:{self.server_port}"


@pytest.fixture
def web() -> Iterator[Web]:
    server = Web()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.stop.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("path", ["/file", "/unknown-length", "/to-file"])
async def test_a_file_is_written_as_it_is(web: Web, tmp_path: Path, path: str) -> None:
    target = tmp_path / "got"
    assert await fetch(web.url + path, target, OPEN) == len(BODY)
    assert target.read_bytes() == BODY


async def test_progress_ends_at_the_size(web: Web, tmp_path: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    await fetch(web.url + "/file", tmp_path / "got", OPEN, lambda done, total: seen.append((done, total)))
    assert seen[-1] == (len(BODY), len(BODY))


@pytest.mark.parametrize("path", ["/file", "/unknown-length"])
async def test_a_file_over_the_limit_is_refused_with_or_without_a_length(
    web: Web, tmp_path: Path, path: str
) -> None:
    with pytest.raises(FetchTooLarge):
        await fetch(web.url + path, tmp_path / "got", FetchLimits(max_bytes=4999, allow_private=True))


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/missing", "HTTP status 404"),
        ("/short", "ended after|HTTP"),
        ("/loop", "redirects more than 5 times"),
        ("/nowhere", "without saying where"),
    ],
)
async def test_what_went_wrong_is_said(web: Web, tmp_path: Path, path: str, said: str) -> None:
    with pytest.raises(FetchError, match=said):
        await fetch(web.url + path, tmp_path / "got", OPEN)


async def test_an_address_that_stalls_is_given_up(web: Web, tmp_path: Path) -> None:
    with pytest.raises(FetchError, match=r"within 0\.2 seconds"):
        await fetch(
            web.url + "/stall", tmp_path / "got", FetchLimits(max_bytes=99, timeout_s=0.2, allow_private=True)
        )


async def test_a_port_that_nobody_listens_on_is_said(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with pytest.raises(FetchError, match="could not be reached"):
        await fetch(f"http://127.0.0.1:{port}/", tmp_path / "got", OPEN)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]"]
)
async def test_this_machine_is_not_visited_however_it_is_spelt(web: Web, tmp_path: Path, host: str) -> None:
    with pytest.raises(FetchError):
        await fetch(f"http://{host}:{web.server_port}/file", tmp_path / "got", GUARDED)
    assert web.visited == []


async def test_a_name_is_checked_by_the_address_it_has_when_the_connection_is_made(
    web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter(["93.184.216.34", "127.0.0.1"])
    lookups: list[str] = []

    def rebinding(host: str, port: int, *args: object, **kwargs: object) -> list[object]:
        lookups.append(host)
        address = next(answers)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    connected: list[str] = []

    async def connect(self: object, host: str, *args: object) -> object:
        connected.append(host)
        raise __import__("httpcore").ConnectError("closed network")

    monkeypatch.setattr("httpcore.AnyIOBackend.connect_tcp", connect)
    with pytest.raises(FetchError):
        await fetch(f"http://rebind.example:{web.server_port}/file", tmp_path / "got", GUARDED)
    assert (lookups, connected) == (["rebind.example"], ["93.184.216.34"])


async def test_a_name_with_one_private_address_among_its_own_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mixed(host: str, port: int, *args: object, **kwargs: object) -> list[object]:
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in ("93.184.216.34", "10.0.0.1")
        ]

    monkeypatch.setattr(socket, "getaddrinfo", mixed)
    with pytest.raises(FetchRefused, match="private network"):
        await fetch("http://mixed.example/", tmp_path / "got", GUARDED)


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "ftp://example.com/a", "gopher://x", "http://", "", "no address", "http://u:p@example.com/",
     "http://example.com:99999/", "http://[bad/"],
)  # fmt: skip
async def test_what_is_no_web_address_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(FetchRefused):
        await fetch(url, tmp_path / "got", OPEN)


async def test_a_redirect_to_a_local_file_is_refused(web: Web, tmp_path: Path) -> None:
    with pytest.raises(FetchRefused):
        await fetch(web.url + "/to-local-file", tmp_path / "got", OPEN)


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1",
     "224.0.0.1", "::1", "fe80::1", "fc00::1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "::"],
)  # fmt: skip
def test_addresses_of_private_networks_are_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", ["93.184.216.34", "8.8.8.8", "2606:2800:220:1:248:1893:25c8:1946"])
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(ip_address(address))


async def test_an_address_with_letters_beyond_ascii_is_fetched(web: Web, tmp_path: Path) -> None:
    assert await fetch(web.url + "/ü ?a=ö", tmp_path / "got", OPEN) == len(BODY)


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("http://bücher.example/a?b#c", "http://xn--bcher-kva.example/a?b"),
        ("https://x.example/a%2Fb?sig=a%2Bb/c", "https://x.example/a%2Fb?sig=a%2Bb/c"),
    ],
)
def test_an_address_goes_out_in_ascii_and_otherwise_as_it_was(given: str, sent: str) -> None:
    assert checked_address(given) == sent


@pytest.mark.parametrize(
    "address",
    [
        "",
        "http://",
        "http://。/",
        "http://a:0/",
        "http://a:b/",
        "http://u@a/",
        "http://@a/",
        "http://a\r\nb/",
        "ftp://a",
        "//a",
        "javascript:a",
        "http://[::1",
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(Refused):
        checked_address(address)
