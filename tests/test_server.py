"""The composed application, without models: health, metrics, documentation, limits, faults, stopping."""

import asyncio
import json
import logging
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.types import Message, Scope

from earful import __version__
from earful.server import create_app
from earful.settings import Settings, load_settings
from earful.speech.types import Capacity, Hypothesis, SpeechBusy, SpeechStream, StreamOptions
from earful.store.database import DatabaseError


class Ear:
    """A speech service that hears nothing and starts when it is let."""

    def __init__(self, error: Exception | None = None) -> None:
        self.let = asyncio.Event()
        self.error = error
        self.closed = False

    async def start(self) -> None:
        await self.let.wait()
        if self.error:
            raise self.error

    async def open(self, options: StreamOptions, on_hypothesis: Callable[[Hypothesis], None]) -> SpeechStream:
        raise SpeechBusy

    def capacity(self) -> Capacity:
        return Capacity(3, 32)

    async def close(self) -> None:
        self.closed = True


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(
        data_dir=tmp_path,
        database_url=f"sqlite:///{tmp_path}/earful.db",
        max_body_bytes=2048,
        shutdown_grace=0.5,
    )


@pytest.fixture
def ear() -> Ear:
    return Ear()


@asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://earful") as client,
    ):
        yield client


@pytest.fixture
async def app(settings: Settings, ear: Ear) -> FastAPI:
    return create_app(settings, speech=ear)


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with running(app) as client:
        yield client


async def settle(app: FastAPI) -> None:
    """Wait until the models are loaded, or are known not to be."""
    await app.state.rooms.ready()


async def test_health_says_when_it_can_hear(app: FastAPI, client: httpx.AsyncClient, ear: Ear) -> None:
    early = await client.get("/health")
    assert early.status_code == 503
    assert early.json() == {
        "status": "starting",
        "version": __version__,
        "streams": {"open": 3, "limit": 32},
    }
    ear.let.set()
    await settle(app)
    ready = await client.get("/health")
    assert (ready.status_code, ready.json()["status"]) == (200, "ready")


async def test_health_says_when_models_cannot_be_loaded(settings: Settings) -> None:
    ear = Ear(RuntimeError("no weights"))
    ear.let.set()
    app = create_app(settings, speech=ear)
    told: list[bool] = []
    app.state.rooms.on_failure = lambda: told.append(True)
    async with running(app) as client:
        await settle(app)
        answer = await client.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (503, "failed")
    assert told == [True]


async def test_health_says_when_it_is_being_stopped(
    app: FastAPI, client: httpx.AsyncClient, ear: Ear
) -> None:
    ear.let.set()
    await settle(app)
    await app.state.rooms.drain()
    answer = await client.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (503, "stopping")


async def test_everything_is_closed_at_the_end(settings: Settings, ear: Ear) -> None:
    async with running(create_app(settings, speech=ear)):
        pass
    assert ear.closed


async def test_metrics_count_requests_by_route_and_streams(client: httpx.AsyncClient) -> None:
    for cid in ("1", "2"):
        await client.get(f"/v1/conversations/{cid}/messages")
    answer = await client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = answer.text.splitlines()
    assert "earful_streams_open 3.0" in lines
    assert "earful_streams_limit 32.0" in lines
    counted = next(line for line in lines if "request_seconds_count" in line and "/messages" in line)
    assert 'status="401"' in counted
    assert counted.endswith(" 2.0")
    assert any(line.startswith("earful_speech_final_delay_seconds_count") for line in lines)


async def test_metrics_tell_how_late_the_event_loop_was(client: httpx.AsyncClient) -> None:
    """A callback that holds it up for 60 ms shows, once."""
    await asyncio.sleep(0.05)
    asyncio.get_running_loop().call_soon(time.sleep, 0.06)
    await asyncio.sleep(0.1)

    async def latest() -> float:
        text = (await client.get("/metrics")).text
        return float(re.findall(r"^earful_event_loop_latest_seconds (\S+)", text, re.MULTILINE)[0])

    assert await latest() >= 0.03
    assert await latest() < 0.03


async def test_two_servers_may_share_a_process(settings: Settings, client: httpx.AsyncClient) -> None:
    async with running(create_app(settings, speech=Ear())) as other:
        assert (await other.get("/metrics")).status_code == 200


async def test_the_documentation_needs_no_network(client: httpx.AsyncClient) -> None:
    page = await client.get("/docs")
    assert page.status_code == 200
    assert "//" not in page.text.replace("// ", "").replace("http://earful", "")
    for asset in ("swagger-ui-bundle.js", "swagger-ui.css", "favicon-32x32.png"):
        assert f"/docs/static/{asset}" in page.text
        assert (await client.get(f"/docs/static/{asset}")).status_code == 200
    assert (await client.get("/openapi.json")).json()["info"]["title"] == "Earful"


async def test_the_page_for_people_is_at_the_root(client: httpx.AsyncClient) -> None:
    page = await client.get("/")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")


async def test_pages_of_other_sites_may_call_the_api(client: httpx.AsyncClient) -> None:
    preflight = await client.options(
        "/v1/conversations",
        headers={
            "Origin": "https://shop.example",
            "Access-Control-Request-Method": "PUT",
            "Access-Control-Request-Headers": "x-api-key, content-type",
        },
    )
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == "*"
    assert "PUT" in preflight.headers["access-control-allow-methods"]
    assert "x-api-key" in preflight.headers["access-control-allow-headers"]
    refused = await client.get("/v1/conversations", headers={"Origin": "https://shop.example"})
    assert refused.status_code == 401
    assert refused.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in refused.headers


async def test_origins_can_be_restricted(settings: Settings) -> None:
    app = create_app(settings.model_copy(update={"cors_origins": ("https://mine.example",)}), speech=Ear())
    async with running(app) as client:
        mine = await client.get("/health", headers={"Origin": "https://mine.example"})
        other = await client.get("/health", headers={"Origin": "https://other.example"})
    assert mine.headers["access-control-allow-origin"] == "https://mine.example"
    assert "access-control-allow-origin" not in other.headers


async def test_a_body_over_the_limit_is_a_413(client: httpx.AsyncClient) -> None:
    async def dribble() -> AsyncIterator[bytes]:
        for _ in range(30):
            yield b" " * 100

    for content in (b" " * 3000, dribble()):
        answer = await client.post("/oauth2/token:generate", content=content)
        assert answer.status_code == 413
        assert answer.json() == {"statusCode": 413, "message": "The request body is larger than 2048 bytes."}


async def test_what_is_managed_has_a_lower_limit(settings: Settings, ear: Ear) -> None:
    app = create_app(settings.model_copy(update={"max_body_bytes": 2**24}), speech=ear)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://earful") as client:
        for path, status in (("manage/tracker", 413), ("conversations/1/transcript", 400)):
            answer = await client.post(f"/v1/{path}", content=b" " * (2**20 + 1))
            assert answer.status_code == status


async def test_a_body_at_the_limit_is_read(client: httpx.AsyncClient) -> None:
    answer = await client.post("/oauth2/token:generate", content=b"{}".ljust(2048))
    assert answer.status_code == 400


async def test_an_unforeseen_fault_is_a_500_that_tells_nothing(
    app: FastAPI,
    client: httpx.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def fail(*_: Any) -> None:
        raise RuntimeError("the secret inside")

    monkeypatch.setattr(app.state.rooms.accounts, "issue_token", fail)
    body = {"type": "application", "appId": "x", "appSecret": "y"}
    answer = await client.post(
        "/oauth2/token:generate", json=body, headers={"Origin": "https://shop.example"}
    )
    assert answer.status_code == 500
    assert answer.json() == {"statusCode": 500, "message": "The server failed to answer this request."}
    assert answer.headers["access-control-allow-origin"] == "*"


async def test_a_database_that_cannot_be_had_is_said_at_once(settings: Settings) -> None:
    from pydantic import SecretStr

    with pytest.raises(DatabaseError, match="mysql"):
        create_app(settings.model_copy(update={"database_url": SecretStr("mysql://x/y")}), speech=Ear())


async def call_websocket(app: FastAPI, path: str) -> list[Message]:
    """Attempt a handshake and return what the server answered, until it ends or accepts."""
    sent: list[Message] = []
    scope: Scope = {
        "type": "websocket",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": "ws",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"earful")],
        "subprotocols": [],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "state": {},
        "extensions": {"websocket.http.response": {}},
    }
    received = iter([{"type": "websocket.connect"}])

    async def receive() -> Message:
        return next(received, {"type": "websocket.disconnect", "code": 1006})

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent


async def test_a_websocket_that_comes_early_waits_for_the_models(
    app: FastAPI, client: httpx.AsyncClient, ear: Ear
) -> None:
    call = asyncio.create_task(call_websocket(app, "/v1/streaming/room"))
    await asyncio.sleep(0.05)
    assert not call.done()
    ear.let.set()
    answer = await call
    assert answer[0].get("status") != 503


async def test_a_websocket_is_refused_while_stopping(app: FastAPI, client: httpx.AsyncClient) -> None:
    await app.state.rooms.drain()
    answer = await call_websocket(app, "/v1/streaming/room")
    assert (answer[0]["type"], answer[0]["status"]) == ("websocket.http.response.start", 503)
    assert (b"retry-after", b"5") in answer[0]["headers"]
    assert set(json.loads(answer[1]["body"])) == {"statusCode", "message"}


@pytest.fixture
def keep_logging() -> Any:
    import structlog

    root = logging.getLogger()
    before = (root.handlers, root.level)
    yield
    root.handlers, root.level = before
    structlog.reset_defaults()


async def test_each_request_is_one_line_without_its_query(
    keep_logging: None, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    from earful.logs import configure_logging

    configure_logging("info", "json")
    async with running(create_app(settings, speech=Ear())) as client:
        await client.get("/v1/conversations", params={"access_token": "the.secret.token"})
        await client.get("/health")
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    (line,) = [line for line in lines if line["event"] == "request"]
    assert (line["method"], line["path"], line["status"]) == ("GET", "/v1/conversations", 401)
    assert line["ms"] >= 0
    assert "secret" not in json.dumps(lines)


async def test_a_fault_is_logged_with_its_trace(
    keep_logging: None,
    settings: Settings,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from earful.logs import configure_logging

    configure_logging("info", "json")
    app = create_app(settings, speech=Ear())
    monkeypatch.setattr(app.state.rooms.speech, "capacity", lambda: 1 / 0)
    async with running(app) as client:
        assert (await client.get("/health")).status_code == 500
    logged = capsys.readouterr().err
    assert "ZeroDivisionError" in logged
    assert all(json.loads(line) for line in logged.splitlines())


@pytest.mark.parametrize("path", ["/health", "/v1/manage/callscore/criteria", "/", "/docs", "/no-such-page"])
async def test_head_is_answered_as_get_without_the_body(client: httpx.AsyncClient, path: str) -> None:
    got, headed = await client.get(path), await client.head(path)
    assert (headed.status_code, headed.content) == (got.status_code, b"")
    assert headed.headers == got.headers


async def test_options_says_what_is_possible(client: httpx.AsyncClient) -> None:
    one = await client.options("/v1/conversations/1")
    assert (one.status_code, one.content) == (204, b"")
    assert one.headers["allow"] == "DELETE, GET, HEAD, OPTIONS, PUT"
    assert (await client.options("/v1/endpoint:connect")).headers["allow"] == "OPTIONS, POST"
    assert (await client.options("/no-such-page")).status_code == 404
