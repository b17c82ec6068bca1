"""The real network: HTTP and WebSocket servers on this machine that behave well and badly."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

import symbl

CREDENTIALS = {"access_token": "header.payload.signature"}
CREATED = {"type": "message", "message": {"type": "conversation_created", "data": {"conversationId": "42"}}}
FINAL = {"type": "message_response", "messages": []}
DONE = {"type": "message", "message": {"type": "conversation_completed", "conversationId": "42"}}
Handler = Callable[[ServerConnection], None]


class Sockets:
    """A WebSocket server whose behaviour a test chooses."""

    def __init__(self) -> None:
        self.handler: Handler = self.behave
        self.refusal: tuple[HTTPStatus, str] | None = None
        self.requests: list[Request] = []
        self.audio = b""
        self.url = ""

    def __call__(self, socket: ServerConnection) -> None:
        self.handler(socket)

    def process_request(self, socket: ServerConnection, request: Request) -> Response | None:
        self.requests.append(request)
        return socket.respond(*self.refusal) if self.refusal else None

    def behave(self, socket: ServerConnection) -> None:
        """Answer a stream as the real service does."""
        for frame in socket:
            if isinstance(frame, bytes):
                self.audio += frame
            elif json.loads(frame)["type"] == "start_request":
                socket.send(json.dumps(CREATED))
            else:
                socket.send(json.dumps(FINAL))
                socket.send(json.dumps(DONE))
                return


@pytest.fixture
def sockets() -> Iterator[Sockets]:
    """A running WebSocket server that `symbl.Streaming` talks to."""
    sockets = Sockets()
    with serve(sockets, "127.0.0.1", 0, process_request=sockets.process_request) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        sockets.url = f"http://127.0.0.1:{server.socket.getsockname()[1]}"
        symbl.configure(base_url=sockets.url, credentials=CREDENTIALS)
        yield sockets
        server.shutdown()
        thread.join()


@pytest.fixture
def web() -> Iterator[list[tuple[str, dict[str, str], bytes]]]:
    """A running HTTP server that `symbl.Conversations` talks to, and what it was asked."""
    asked: list[tuple[str, dict[str, str], bytes]] = []

    class Answer(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            asked.append(
                (f"{self.command} {self.path}", {k.lower(): v for k, v in self.headers.items()}, body)
            )
            answers: dict[str, Any] = {
                "POST": {"conversationId": "7", "jobId": "j", "id": "j", "status": "completed"},
                "GET": {"id": "j", "status": "completed"},
            }
            self.send_response(200 if "broken" not in self.path else 502)
            self.end_headers()
            self.wfile.write(
                json.dumps(answers[self.command]).encode() if "broken" not in self.path else b"<html>"
            )

        do_GET = do_POST = answer  # noqa: N815

        def log_message(self, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    symbl.configure(base_url=f"http://127.0.0.1:{server.server_port}", credentials=CREDENTIALS)
    yield asked
    server.shutdown()
    thread.join()
    server.server_close()


def test_stream_over_a_real_socket(sockets: Sockets) -> None:
    """Token in the header, audio as it was sent, results before stop() returns."""
    heard: list[Any] = []
    connection = symbl.Streaming.start_connection()
    connection.subscribe({"message_response": heard.append})
    connection.send_audio(bytes(100_000))
    connection.stop()
    assert heard == [FINAL]
    assert sockets.audio == bytes(100_000)
    assert sockets.requests[0].headers["x-api-key"] == "header.payload.signature"
    assert sockets.requests[0].path.endswith("?source=python_sdk")


async def test_stream_over_a_real_socket_in_asyncio(sockets: Sockets) -> None:
    """The same from an event loop."""
    heard: list[Any] = []
    async with (
        symbl.AsyncClient(base_url=sockets.url, credentials=CREDENTIALS) as client,
        await client.streaming.start_connection() as connection,
    ):
        connection.subscribe({"message_response": heard.append})
        await connection.send_audio(b"abc")
    assert (heard, sockets.audio) == ([FINAL], b"abc")


def test_refused_upgrade_tells_status_and_body(sockets: Sockets) -> None:
    """The server's own words, blocking and in asyncio."""
    sockets.refusal = (HTTPStatus.UNAUTHORIZED, '{"message": "Token validation failed for provided token."}')
    with pytest.raises(symbl.HandshakeRefused) as caught:
        symbl.Streaming.start_connection()
    assert caught.value.status == 401
    assert "Token validation failed" in caught.value.body
    assert "signature" not in str(caught.value)

    async def asynchronously() -> None:
        async with symbl.AsyncClient(base_url=sockets.url, credentials=CREDENTIALS) as client:
            await client.streaming.start_connection()

    with pytest.raises(symbl.HandshakeRefused) as caught:
        asyncio.run(asynchronously())
    assert caught.value.status == 401


def test_server_closing_with_a_code_is_told(sockets: Sockets) -> None:
    """Code and reason reach the caller."""

    def close(socket: ServerConnection) -> None:
        socket.recv()
        socket.send(json.dumps(CREATED))
        socket.recv()
        socket.close(1008, "too many")

    sockets.handler = close
    connection = symbl.Streaming.start_connection()
    connection.send_audio(b"ab")
    assert connection._reader is not None
    connection._reader.join(5)
    with pytest.raises(symbl.ConnectionLost) as caught:
        connection.send_audio(b"ab")
    assert (caught.value.code, caught.value.reason) == (1008, "too many")
    connection.stop()


def test_line_cut_without_a_close_frame(sockets: Sockets) -> None:
    """1006, as the standard calls it."""

    def cut(socket: ServerConnection) -> None:
        socket.recv()
        socket.send(json.dumps(CREATED))
        socket.recv()
        socket.socket.shutdown(2)

    sockets.handler = cut
    connection = symbl.Streaming.start_connection()
    connection.send_audio(b"ab")
    assert connection._reader is not None
    connection._reader.join(5)
    with pytest.raises(symbl.ConnectionLost) as caught:
        connection.stop()
    assert caught.value.code == 1006


def test_server_that_keeps_the_socket_open_is_left(sockets: Sockets, monkeypatch: pytest.MonkeyPatch) -> None:
    """After conversation_completed the client closes on its own."""
    monkeypatch.setattr("symbl._streaming.GRACE_SECONDS", 0.05)
    closed = threading.Event()

    def keep(socket: ServerConnection) -> None:
        socket.recv()
        socket.send(json.dumps(CREATED))
        socket.recv()
        socket.send(json.dumps(DONE))
        for _ in socket:
            pass
        closed.set()

    sockets.handler = keep
    symbl.Streaming.start_connection().stop()
    assert closed.wait(5)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_nobody_listening_names_the_address(scheme: str) -> None:
    """From REST and from the socket."""
    symbl.configure(base_url=f"{scheme}://127.0.0.1:9", credentials=CREDENTIALS, strict=True)
    with pytest.raises(symbl.ConnectionFailed, match=r"127\.0\.0\.1:9/v1/conversations/1/messages"):
        symbl.Conversations.get_messages(1)
    with pytest.raises(symbl.ConnectionFailed, match=r"127\.0\.0\.1:9/v1/realtime"):
        symbl.Streaming.start_connection()
    with pytest.raises(ConnectionError):
        symbl.AuthenticationToken.get_access_token({"app_id": "a", "app_secret": "b"})


def test_proxy_of_the_environment_is_not_used_for_this_machine(
    sockets: Sockets, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A company proxy does not come between a program and its local server."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    symbl.Streaming.start_connection().stop()


def test_upload_is_streamed_with_its_length(web: list[Any], tmp_path: Path) -> None:
    """The file arrives whole over a real connection."""
    recording = tmp_path / "call.wav"
    recording.write_bytes(bytes(range(256)) * 4000)
    sent: list[tuple[int, int]] = []
    conversation = symbl.Audio.process_file(
        recording, on_progress=lambda done, total: sent.append((done, total))
    )
    assert conversation.get_job_status() == "completed"
    assert [done for done, _ in sent] == sorted({done for done, _ in sent})
    assert len(sent) > 1
    assert sent[-1] == (1_024_000, 1_024_000)
    assert {total for _, total in sent} == {1_024_000}
    line, headers, body = web[0]
    assert line == "POST /v1/process/audio"
    assert body == recording.read_bytes()
    assert headers["content-length"] == "1024000"


async def test_upload_is_streamed_in_asyncio(web: list[Any], tmp_path: Path) -> None:
    """Likewise."""
    recording = tmp_path / "call.wav"
    recording.write_bytes(bytes(range(256)) * 4000)
    base_url = symbl.AuthenticationToken.default_session.settings.base_url
    async with symbl.AsyncClient(base_url=base_url, credentials=CREDENTIALS) as client:
        sent: list[int] = []
        await client.audio.process_file(recording, on_progress=lambda done, _: sent.append(done))
    assert sent[-1] == 1_024_000
    assert web[0][2] == recording.read_bytes()


def test_answer_that_is_no_json_is_an_error(web: list[Any]) -> None:
    """A proxy's HTML page comes with its status."""
    symbl.configure(strict=True)
    with pytest.raises(symbl.ApiException) as caught:
        symbl.Conversations.get_messages("broken")
    assert (caught.value.status, caught.value.body) == (502, "<html>")


def test_program_that_forgets_to_stop_still_ends(sockets: Sockets) -> None:
    """Its stream is stopped for it, its last results arrive, and the interpreter exits."""
    program = (
        "import symbl, symbl._streaming\n"
        "symbl._streaming.ABANDONED_SECONDS = 0.1\n"
        f"symbl.configure(base_url={sockets.url!r}, credentials={CREDENTIALS!r})\n"
        "connection = symbl.Streaming.start_connection()\n"
        "connection.subscribe({'message_response': lambda frame: print('heard', frame['type'])})\n"
        "connection.send_audio(b'ab')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "heard message_response\n"
