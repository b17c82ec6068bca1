"""What one client keeps: its settings, its access tokens, and how a request is carried out, sync and async.

A token is kept per server and application, renewed shortly before it ends, and renewed once more when the
server refuses it (a restarted server may have new keys).
"""

from __future__ import annotations

import asyncio
import atexit
import json
import logging
import ssl
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import httpx

from symbl import _calls
from symbl._calls import Call
from symbl._errors import ApiException, ConnectionFailed, ResponseError
from symbl._settings import Credentials, Settings, Target, resolve_base_url, resolve_credentials
from symbl._transport import NetworkTransport, Transport

__all__ = ["AsyncSession", "BaseSession", "Session", "configure", "default_session"]

T = TypeVar("T")
log = logging.getLogger("symbl")

API_KEY_HEADER = "x-api-key"
UNAUTHORIZED = 401
RENEW_BEFORE_SECONDS = 60.0
UPLOAD_CHUNK = 1 << 18


class BaseSession:
    """Settings and tokens; what does not depend on sync or async."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self.last_ids: tuple[str | None, str | None] = (None, None)
        """Conversation and job that were begun last."""
        self._tokens: dict[Target, tuple[str, float]] = {}

    def target(
        self, credentials: Mapping[str, Any] | Credentials | None = None, base_url: str | None = None
    ) -> Target:
        """Server and credentials of a call.

        Raises:
            CredentialsError: there are none.
            ValueError: the address is not an http(s) one.
        """
        settings = self.settings
        return Target(
            resolve_base_url(base_url, settings.base_url),
            resolve_credentials(credentials, settings.credentials),
        )

    @property
    def transport(self) -> Transport:
        """What carries requests and sockets."""
        return self.settings.transport or NetworkTransport()

    @property
    def verify(self) -> bool | ssl.SSLContext:
        """How TLS certificates are checked."""
        verify = self.settings.verify
        return ssl.create_default_context(cafile=verify) if isinstance(verify, str) else verify

    def _known_token(self, target: Target) -> str | None:
        if target.credentials.access_token:
            return target.credentials.access_token
        token, good_until = self._tokens.get(target, ("", 0.0))
        return token if time.monotonic() < good_until else None

    def _keep_token(self, target: Target, answer: Mapping[str, Any]) -> str:
        token = answer.get("accessToken")
        if not isinstance(token, str):
            raise ResponseError("the token endpoint sent no accessToken")
        lifetime = float(answer.get("expiresIn") or 0)
        self._tokens[target] = (token, time.monotonic() + max(lifetime - RENEW_BEFORE_SECONDS, lifetime / 2))
        return token

    def _forget_token(self, target: Target) -> bool:
        """Drop a refused token; false when there is no way to get another."""
        return self._tokens.pop(target, None) is not None


class Session(BaseSession):
    """Carries out calls, blocking."""

    def __init__(self, settings: Settings | None = None) -> None:
        super().__init__(settings)
        self._client: httpx.Client | None = None

    def run(self, call: Call[T], target: Target) -> T:
        """Carry out a call.

        Raises:
            ApiException: the server answered with an error.
            ConnectionFailed: it could not be reached.
            ResponseError: its answer is not in the documented shape.
            FileNotFoundError: the file to upload does not exist.
        """
        headers = {API_KEY_HEADER: self.token(target)}
        try:
            return self._send(call, target.base_url, headers)
        except ApiException as error:
            if error.status != UNAUTHORIZED or not self._forget_token(target):
                raise
        return self._send(call, target.base_url, {API_KEY_HEADER: self.token(target)})

    def token(self, target: Target) -> str:
        """An access token that is good for a while; the same errors as `run`."""
        known = self._known_token(target)
        if known:
            return known
        call = _calls.token(target.credentials.app_id, target.credentials.app_secret)
        return self._keep_token(target, self._send(call, target.base_url, {}))

    def _send(self, call: Call[T], base_url: str, headers: Mapping[str, str]) -> T:
        if self._client is None:
            self._client = self.transport.http(self.verify, self.settings.timeout)
        with nullcontext() if call.file is None else call.file.open("rb") as file:
            request = _request(call, base_url, headers, file and _chunks(call, file))
            with _network_errors(request):
                response = self._client.send(request)
        return _read(call, request, response)

    def close(self) -> None:
        """Close idle connections; the session stays usable."""
        client, self._client = self._client, None
        if client is not None:
            client.close()


class AsyncSession(BaseSession):
    """Carries out calls in asyncio."""

    def __init__(self, settings: Settings | None = None) -> None:
        super().__init__(settings)
        self._client: httpx.AsyncClient | None = None

    async def run(self, call: Call[T], target: Target) -> T:
        """Carry out a call; the same errors as `Session.run`."""
        headers = {API_KEY_HEADER: await self.token(target)}
        try:
            return await self._send(call, target.base_url, headers)
        except ApiException as error:
            if error.status != UNAUTHORIZED or not self._forget_token(target):
                raise
        return await self._send(call, target.base_url, {API_KEY_HEADER: await self.token(target)})

    async def token(self, target: Target) -> str:
        """An access token that is good for a while; the same errors as `run`."""
        known = self._known_token(target)
        if known:
            return known
        call = _calls.token(target.credentials.app_id, target.credentials.app_secret)
        return self._keep_token(target, await self._send(call, target.base_url, {}))

    async def _send(self, call: Call[T], base_url: str, headers: Mapping[str, str]) -> T:
        if self._client is None:
            self._client = self.transport.async_http(self.verify, self.settings.timeout)
        request = _request(call, base_url, headers, call.file and _async_chunks(call, call.file))
        with _network_errors(request):
            response = await self._client.send(request)
        return _read(call, request, response)

    async def close(self) -> None:
        """Close idle connections; the session stays usable."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()


def _request(call: Call[Any], base_url: str, headers: Mapping[str, str], upload: Any) -> httpx.Request:
    """The request; `upload` yields the bytes of the call's file, if it has one."""
    headers = {"Accept": "application/json", **headers}
    content = upload
    if call.json is not None:
        content = json.dumps(call.json).encode()
        headers["Content-Type"] = "application/json"
    elif call.file is not None:
        headers["Content-Length"] = str(call.file.stat().st_size)
        if call.content_type:
            headers["Content-Type"] = call.content_type
    return httpx.Request(
        call.method, base_url + call.path, params=dict(call.query), headers=headers, content=content
    )


def _chunks(call: Call[Any], file: Any) -> Iterator[bytes]:
    sent = _counter(call)
    while chunk := file.read(UPLOAD_CHUNK):
        yield chunk
        sent(len(chunk))


async def _async_chunks(call: Call[Any], path: Path) -> AsyncIterator[bytes]:
    sent = _counter(call)
    with path.open("rb") as file:
        while chunk := await asyncio.to_thread(file.read, UPLOAD_CHUNK):
            yield chunk
            sent(len(chunk))


def _counter(call: Call[Any]) -> Callable[[int], None]:
    """What is told how many bytes more have been sent, and tells the caller who asked for it."""
    total = call.file.stat().st_size if call.file is not None else 0
    done = 0

    def sent(count: int) -> None:
        nonlocal done
        done += count
        if call.progress is not None:
            call.progress(done, total)

    return sent


@contextmanager
def _network_errors(request: httpx.Request) -> Iterator[None]:
    try:
        yield
    except httpx.TransportError as error:
        raise ConnectionFailed(f"{_name(request)}: {error or type(error).__name__}") from error


def _read(call: Call[T], request: httpx.Request, response: httpx.Response) -> T:
    if not response.is_success:
        raise ApiException(
            response.status_code,
            response.reason_phrase,
            response.text,
            dict(response.headers),
            _name(request),
        )
    try:
        data = response.json() if response.content else None
    except ValueError as error:
        raise ResponseError(f"{_name(request)}: the answer is not JSON") from error
    return call.read(data)


def _name(request: httpx.Request) -> str:
    return f"{request.method} {str(request.url).partition('?')[0]}"


default_session = Session()
"""What `symbl.Streaming`, `symbl.Conversations` and the other ready-made objects use."""

atexit.register(default_session.close)


def configure(
    *,
    base_url: str | None = None,
    credentials: Mapping[str, Any] | None = None,
    strict: bool | None = None,
    timeout: float | None = None,
    verify: bool | str | ssl.SSLContext | None = None,
    transport: Transport | None = None,
) -> None:
    """Set what `symbl.Streaming`, `symbl.Conversations` and the other ready-made objects use from now on.

    Only what is given changes; `symbl.reset()` returns to the start.

    Args:
        base_url: address of the server, for example `http://127.0.0.1:8000`.
        credentials: `{"app_id": …, "app_secret": …}` or `{"access_token": …}`.
        strict: raise from conversation reads instead of returning the error dict.
        timeout: seconds that a request, or the opening of a socket, may take.
        verify: TLS: `False` trusts any certificate, a path names a file of trusted ones.
        transport: what carries requests and sockets; tests pass a `symbl.MockTransport`.

    Raises:
        ValueError: `base_url` is not an http(s) address.
    """
    given: dict[str, Any] = {
        "base_url": base_url and resolve_base_url(base_url),
        "credentials": credentials,
        "strict": strict,
        "timeout": timeout,
        "verify": verify,
        "transport": transport,
    }
    default_session.close()
    default_session.settings = replace(
        default_session.settings, **{name: value for name, value in given.items() if value is not None}
    )


def reset() -> None:
    """Forget what `configure()` set, and all tokens."""
    default_session.close()
    default_session.settings = Settings()
    default_session.last_ids = (None, None)
    default_session._tokens.clear()
