"""Puts the rooms together: one ASGI application that owns every service, and the process around it."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from types import FrameType
from typing import Literal

import structlog
import uvicorn
from fastapi import FastAPI, Response
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from pydantic import BaseModel
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import WebSocketRoute
from starlette.staticfiles import StaticFiles

from earful import __version__, heap
from earful.accounts.service import Accounts
from earful.accounts.shares import Shares
from earful.dialects.bodhi.routes import RECORDINGS_PATH, Bodhi
from earful.dialects.symbl.auth import token_router
from earful.dialects.symbl.bookmarks import bookmark_router
from earful.dialects.symbl.conversations import conversation_router
from earful.dialects.symbl.corrections import correction_router
from earful.dialects.symbl.digests import digest_router
from earful.dialects.symbl.endpoint import endpoint_router, mail_of_calls, options_of_calls
from earful.dialects.symbl.errors import install_error_handlers
from earful.dialects.symbl.experiences import experience_router
from earful.dialects.symbl.management import Library, management_router
from earful.dialects.symbl.process import process_router
from earful.dialects.symbl.search import search_router
from earful.dialects.symbl.sockets import websocket_routes
from earful.dialects.symbl.wire import nothing_here
from earful.dialects.twilio.sockets import twilio_routes
from earful.insight.sentiment import polarity
from earful.insight.service import LocalInsightService
from earful.insight.types import InsightService
from earful.jobs.encoding import encode
from earful.jobs.service import JobService
from earful.live.hub import LiveHub
from earful.mail import SummaryMail
from earful.metrics import METRICS_CONTENT_TYPE, ServerMetrics
from earful.middleware import BodyLimit, HeadAsGet, JsonUnderAnyName, Observe, WaitUntilReady
from earful.pages import router as pages_router
from earful.pages.experience import experience_router as shared_pages_router
from earful.settings import Settings, SettingsError
from earful.speech.engines import Engines
from earful.speech.service import LocalSpeechService
from earful.speech.types import SpeechService
from earful.store.calls import CallStore
from earful.store.conversations import ConversationStore
from earful.store.database import Database
from earful.store.mails import MailStore
from earful.store.resources import ResourceStore
from earful.store.search import SearchStore
from earful.telephony.service import Telephony
from earful.transport import AbortableWebSockets

__all__ = ["Health", "Rooms", "create_app", "listen", "run"]

log = structlog.get_logger(__name__)

State = Literal["starting", "ready", "stopping", "failed"]

_MANAGED_BYTES = 1_048_576
_RECORDINGS = ("/v1/process/", RECORDINGS_PATH)


@dataclass(slots=True)
class Rooms:
    """The services of one server, and how far it is with starting or stopping."""

    settings: Settings
    database: Database
    accounts: Accounts
    conversations: ConversationStore
    speech: SpeechService
    hub: LiveHub
    jobs: JobService
    bodhi: Bodhi
    mail: SummaryMail
    telephony: Telephony
    state: State = "starting"
    on_ready: Callable[[], None] = lambda: None
    on_failure: Callable[[], None] = lambda: None
    _settled: asyncio.Event = field(default_factory=asyncio.Event)

    async def ready(self) -> bool:
        """Wait until it is known whether the server can hear, and return it."""
        await self._settled.wait()
        return self.state == "ready"

    async def warm_up(self) -> None:
        """Load the models."""
        try:
            await self.speech.start()
            await self.jobs.start()
            self.mail.start()
            await self.telephony.start()
            self.on_ready()
            self.state = "ready"
            log.info("ready")
        except SettingsError as error:
            self.state = "failed"
            log.error("the settings cannot be used", why=str(error))
            self.on_failure()
        except Exception:
            self.state = "failed"
            log.exception("the speech models cannot be loaded")
            self.on_failure()
        finally:
            self._settled.set()

    async def drain(self) -> None:
        """Take no new conversations, and let those that go on finish within the grace period."""
        self.state = "stopping"
        self._settled.set()
        await self.jobs.stop()
        grace = self.settings.shutdown_grace
        await self.telephony.drain(grace)
        await asyncio.gather(self.hub.close(grace), self.bodhi.close(grace))
        await self.mail.stop()

    async def close(self) -> None:
        """End everything."""
        await self.telephony.close()
        await self.speech.close()
        await self.database.close()


class StreamsHealth(BaseModel):
    """How full the server is; no limit when `limit` is null."""

    open: int
    limit: int | None


class Health(BaseModel):
    """How the server is."""

    status: State
    version: str
    streams: StreamsHealth


def create_app(
    settings: Settings,
    *,
    engines: Engines | None = None,
    speech: SpeechService | None = None,
    insight: InsightService | None = None,
) -> FastAPI:
    """Return the server as an ASGI application; its services live from lifespan start to end.

    `engines` may be loading already; `speech` and `insight` replace those of this machine. The `Rooms` are at
    `app.state.rooms`.
    Raises `DatabaseError` when the database's address cannot be used.
    """
    engines = engines or Engines.from_settings(settings)
    speech = speech or LocalSpeechService(settings, engines)
    insight = insight or LocalInsightService()
    database = Database(settings.database)
    accounts = Accounts(database, token_lifetime_s=settings.token_lifetime)
    conversations = ConversationStore(database)
    hub = LiveHub(speech, insight, conversations)
    resources = ResourceStore(database)
    library = Library(resources)
    shares = Shares(database)
    jobs = JobService(settings, database, accounts, conversations, insight, engines)
    bodhi = Bodhi(accounts, speech, settings)
    mail = SummaryMail(settings, MailStore(database), conversations, jobs.digests, shares)
    telephony = Telephony.of(
        settings,
        accounts,
        hub,
        conversations,
        CallStore(database),
        options_of_calls(library, settings),
        mail_of_calls(mail),
    )
    rooms = Rooms(settings, database, accounts, conversations, speech, hub, jobs, bodhi, mail, telephony)
    search = SearchStore(database, encode)
    metrics = ServerMetrics(speech.capacity)
    metrics.watch_calls(lambda: telephony.calls.active)

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await database.start()
        _build_routes(app)
        tasks = [
            asyncio.create_task(rooms.warm_up()),
            asyncio.create_task(metrics.watch_loop()),
            asyncio.create_task(_warm_search(search, rooms)),
        ]
        try:
            yield
        finally:
            await rooms.drain()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await rooms.close()

    app = FastAPI(
        title="Earful",
        version=__version__,
        summary="Streaming speech-to-text and conversation intelligence on your own machine.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        # Real clients leave the content type of a JSON body out.
        strict_content_type=False,
    )
    app.state.rooms = rooms
    install_error_handlers(app)
    app.include_router(token_router(accounts))
    app.include_router(
        conversation_router(
            accounts,
            conversations,
            library,
            delete=jobs.processing.delete_conversation,
            polarity=polarity,
            vocabulary=jobs.processing.vocabulary,
        )
    )
    app.include_router(correction_router(accounts, conversations))
    app.include_router(digest_router(accounts, conversations, jobs.digests))
    app.include_router(bookmark_router(accounts, conversations, jobs.attachments, jobs.digests, library))
    app.include_router(
        experience_router(
            accounts, conversations, jobs.attachments, jobs.digests, shares, settings.public_url
        )
    )
    app.include_router(process_router(accounts, jobs.processing, library, choose_model=engines.choose))
    app.include_router(
        endpoint_router(accounts, conversations, telephony, library, mail, settings, hub.clock, rooms.ready)
    )
    app.router.routes.extend(websocket_routes(accounts, hub, settings, library, mail, telephony.calls))
    app.router.routes.extend(bodhi.routes())
    app.router.routes.extend(twilio_routes(accounts, hub, settings))
    app.include_router(management_router(accounts, resources))
    app.include_router(search_router(accounts, search))
    _add_operations(app, rooms, metrics)
    app.include_router(pages_router(accounts, settings))
    app.include_router(
        shared_pages_router(accounts, shares, conversations, jobs.attachments, jobs.digests, jobs.recordings)
    )
    app.router.routes.append(WebSocketRoute("/{path:path}", nothing_here))
    # The last added is the outermost.
    app.add_middleware(HeadAsGet)
    app.add_middleware(JsonUnderAnyName, paths=("/v1/", "/oauth2/"))
    app.add_middleware(WaitUntilReady, ready=rooms.ready)
    app.add_middleware(
        BodyLimit,
        limit=settings.max_body_bytes,
        unlimited=_RECORDINGS,
        smaller={"/v1/manage/": _MANAGED_BYTES},
    )
    app.add_middleware(Observe, metrics=metrics)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=settings.cors_origins,
        allow_methods=["*"],
        allow_headers=["*"],
        expose_headers=["Retry-After"],
        max_age=86_400,
    )
    return app


async def _warm_search(search: SearchStore, rooms: Rooms) -> None:
    """Read the vectors of stored messages once the server is ready: the first search finds them there."""
    try:
        if await rooms.ready():
            await search.warm()
    except Exception:
        log.exception("the index for searches by meaning could not be read ahead")


def _build_routes(app: FastAPI) -> None:
    """Let FastAPI do now what it would do in the first request, which takes it a third of a second."""
    scope = {"type": "http", "method": "GET", "path": "/-", "root_path": "", "headers": [], "app": app}
    for route in app.router.routes:
        route.matches(dict(scope))


def _add_operations(app: FastAPI, rooms: Rooms, metrics: ServerMetrics) -> None:
    """Add what operators look at: health, metrics and the API's documentation."""

    @app.get("/health", tags=["Operations"], responses={503: {"model": Health}})
    async def health(response: Response) -> Health:
        """Say whether the server can hear (200) or not yet, or no longer (503)."""
        if rooms.state != "ready":
            response.status_code = 503
        capacity = rooms.speech.capacity()
        return Health(
            status=rooms.state,
            version=__version__,
            streams=StreamsHealth(open=capacity.streams, limit=capacity.limit),
        )

    @app.get("/metrics", tags=["Operations"], response_class=Response)
    async def prometheus_metrics() -> Response:
        """Get figures in Prometheus' text format."""
        return Response(metrics.render(), media_type=METRICS_CONTENT_TYPE)

    # From a package, not from a content network: the documentation works offline too.
    app.mount("/docs/static", StaticFiles(packages=[("fastapi_swagger", "resources")]))

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return get_swagger_ui_html(
            openapi_url="/openapi.json",
            title="Earful API",
            swagger_js_url="/docs/static/swagger-ui-bundle.js",
            swagger_css_url="/docs/static/swagger-ui.css",
            swagger_favicon_url="/docs/static/favicon-32x32.png",
        )


class _Server(uvicorn.Server):
    """uvicorn, but told to stop it first lets live conversations finish, and then exits with 0."""

    def __init__(self, config: uvicorn.Config, rooms: Rooms, on_started: Callable[[], None]) -> None:
        super().__init__(config)
        self._rooms = rooms
        self._on_started = on_started
        self.failed = False
        rooms.on_ready, rooms.on_failure = heap.settle, self._fail

    def _fail(self) -> None:
        self.failed = True
        self.should_exit = True

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        # uvicorn would keep the signal and raise it again after a clean stop, ending with an error.
        if self.should_exit:
            self.force_exit = True
        self.should_exit = True
        log.info("stopping", signal=signal.Signals(sig).name)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._rooms.drain()
        await super().shutdown(sockets)
        log.info("stopped")


def listen(host: str, port: int) -> socket.socket:
    """Return a socket bound to the address. Raises `OSError` when it cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    server = socket.socket(family, socket.SOCK_STREAM)
    try:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((host, port))
        server.set_inheritable(True)
    except BaseException:
        server.close()
        raise
    return server


def run(settings: Settings, listener: socket.socket, on_started: Callable[[], None], engines: Engines) -> int:
    """Serve until told to stop, and return the exit status of the process.

    `on_started` is called when requests are being answered (the models may still be loading).
    `engines`, the speech models, may be loading already.
    Raises `DatabaseError` before that when there is something wrong with the database's address.
    """
    app = create_app(settings, engines=engines)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        ws=AbortableWebSockets,
        # The dialects answer an oversized frame in their own words; this only guards memory.
        ws_max_size=max(4 * settings.max_frame_bytes, 16 * 1024 * 1024),
        # Audio does not compress; browsers would have the server pay for trying.
        ws_per_message_deflate=False,
        ws_ping_interval=20.0,
        # Some clients run their callbacks in the thread that answers pings.
        ws_ping_timeout=120.0,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=5,
    )
    server = _Server(config, app.state.rooms, on_started)
    try:
        server.run(sockets=[listener])
    except SystemExit as error:
        # uvicorn's way to say that the lifespan failed; the reason is in the log.
        return int(error.code or 0)
    return 1 if server.failed or server.force_exit else 0
