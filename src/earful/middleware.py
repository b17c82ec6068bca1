"""What surrounds every request: its log line and figures, its limits, and an answer to any fault."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from earful.dialects.symbl.errors import error_response
from earful.metrics import ServerMetrics

__all__ = ["BodyLimit", "HeadAsGet", "JsonUnderAnyName", "Observe", "WaitUntilReady"]

log = structlog.get_logger(__name__)

_PROBES = ("/health", "/metrics")
"""Asked every few seconds by machines; not worth a line each."""
_CLIENT_GONE = 499
"""What logs and figures call a request whose sender left before it was all there."""


class Observe:
    """Logs and measures each request, and turns an exception that nobody expected into a 500."""

    def __init__(self, app: ASGIApp, metrics: ServerMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._request(scope, receive, send)
        elif scope["type"] == "websocket":
            self._metrics.sockets_total.inc()
            with self._metrics.sockets.track_inprogress():
                await self._app(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        status = 0

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except ClientDisconnect:
            status = _CLIENT_GONE
        except Exception:
            log.exception("request failed", method=scope["method"], path=scope["path"])
            if status:
                raise
            response = error_response(500, "The server failed to answer this request.")
            await response(scope, receive, watched)
        finally:
            seconds = time.perf_counter() - began
            # The pattern, not the path: one figure for all conversations together.
            route = getattr(scope.get("route"), "path", "none")
            self._metrics.requests.labels(scope["method"], route, str(status)).observe(seconds)
            # The query string stays out of it: it may hold a token.
            note = log.debug if scope["path"] in _PROBES else log.info
            note(
                "request",
                method=scope["method"],
                path=scope["path"],
                status=status,
                ms=round(seconds * 1000, 1),
            )


class BodyLimit:
    """Refuses a request body larger than `limit` bytes, except under paths that take whole recordings.

    `smaller` has lower limits for what is under some paths.
    """

    def __init__(
        self,
        app: ASGIApp,
        limit: int,
        unlimited: Sequence[str] = (),
        smaller: Mapping[str, int] | None = None,
    ) -> None:
        self._app = app
        self._limit = limit
        self._unlimited = tuple(unlimited)
        self._smaller = dict(smaller or {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or (self._unlimited and scope["path"].startswith(self._unlimited)):
            await self._app(scope, receive, send)
            return
        lower = (limit for path, limit in self._smaller.items() if scope["path"].startswith(path))
        limit = min(self._limit, *lower, self._limit)
        message = f"The request body is larger than {limit} bytes."
        declared = HTTPConnection(scope).headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > limit:
            refusal = error_response(413, message, {"Connection": "close"})
            await refusal(scope, receive, send)
            return
        received = 0

        async def counted() -> Message:
            nonlocal received
            part = await receive()
            received += len(part.get("body", b""))
            if received > limit:
                raise HTTPException(413, message)
            return part

        await self._app(scope, counted, send)


class HeadAsGet:
    """Answers HEAD as GET, with the same headers and without the body."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        ended = False

        async def headers_only(message: Message) -> None:
            nonlocal ended
            if message["type"] == "http.response.start":
                await send(message)
            elif message["type"] == "http.response.body" and not ended:
                ended = True
                await send({"type": "http.response.body"})

        # A copy: the server looks at the method, too, to know that no body comes.
        got = {**scope, "method": "GET"}
        try:
            await self._app(got, receive, headers_only)
        finally:
            scope["route"] = got.get("route")


class JsonUnderAnyName:
    """Has bodies under some paths read as JSON whatever they are called: `curl -d` calls everything a form.

    A form of several parts stays one.
    """

    def __init__(self, app: ASGIApp, paths: Sequence[str]) -> None:
        self._app = app
        self._paths = tuple(paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(self._paths):
            scope["headers"] = [
                (name, value)
                for name, value in scope["headers"]
                if name != b"content-type" or value.lower().startswith(b"multipart/")
            ]
        await self._app(scope, receive, send)


class WaitUntilReady:
    """Lets WebSockets in only when the models are loaded: one that comes early waits for them."""

    def __init__(self, app: ASGIApp, ready: Callable[[], Awaitable[bool]], patience_s: float = 60.0) -> None:
        self._app = app
        self._ready = ready
        self._patience_s = patience_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            try:
                async with asyncio.timeout(self._patience_s):
                    is_ready = await self._ready()
            except TimeoutError:
                is_ready = False
            if not is_ready:
                response = error_response(
                    503, "The server is not ready; try again later.", {"Retry-After": "5"}
                )
                await response(scope, receive, send)
                return
        await self._app(scope, receive, send)
