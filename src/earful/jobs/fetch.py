"""Fetch a file that a client names by its address, within limits of size, time and redirects."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import anyio
import httpcore

from earful.jobs.outbound import GuardedBackend, Refused, checked_address

__all__ = ["FetchError", "FetchLimits", "FetchRefused", "FetchTooLarge", "fetch"]

_REDIRECTS = {301, 302, 303, 307, 308}
_CHUNK_TIMEOUT_S = 30.0


class FetchError(Exception):
    """The file could not be fetched; the message says why, in words for the one who named the address.

    FetchError
    ├── FetchRefused     the address is not one that this server will visit
    └── FetchTooLarge    the file is larger than allowed
    """


class FetchRefused(FetchError):
    """The address is not one that this server will visit."""


class FetchTooLarge(FetchError):
    """The file is larger than allowed."""


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """How much one fetch may take: bytes, seconds in all, redirects, and whom it may visit."""

    max_bytes: int
    timeout_s: float = 600.0
    max_redirects: int = 5
    allow_private: bool = False


async def fetch(
    url: str,
    target: Path,
    limits: FetchLimits,
    progress: Callable[[int, int | None], None] | None = None,
) -> int:
    """Write what is at `url` (http or https) to `target`; return its size in bytes.

    `progress` is called with (bytes so far, bytes in all or None). Raises `FetchError`; then
    `target` holds whatever had arrived.
    """
    try:
        async with asyncio.timeout(limits.timeout_s):
            return await _fetch(url, target, limits, progress)
    except TimeoutError:
        raise FetchError(f"the address did not deliver within {limits.timeout_s:g} seconds") from None


async def _fetch(
    url: str, target: Path, limits: FetchLimits, progress: Callable[[int, int | None], None] | None
) -> int:
    backend = GuardedBackend(limits.allow_private)
    async with httpcore.AsyncConnectionPool(network_backend=backend, max_connections=1) as pool:
        for _ in range(limits.max_redirects + 1):
            url = _checked(url)
            try:
                async with pool.stream("GET", url, headers=_headers(url), extensions=_TIMEOUTS) as response:
                    if response.status not in _REDIRECTS:
                        return await _save(response, target, limits, progress)
                    location = _header(response, b"location")
            except Refused as refused:
                raise FetchRefused(str(refused)) from None
            except (httpcore.NetworkError, httpcore.TimeoutException) as error:
                raise FetchError(
                    f"the address could not be reached: {error or type(error).__name__}"
                ) from error
            except (httpcore.ProtocolError, httpcore.UnsupportedProtocol) as error:
                raise FetchError(f"the address did not answer in HTTP: {error}") from error
            if location is None:
                raise FetchError("the address redirects without saying where to")
            url = urljoin(url, location)
    raise FetchError(f"the address redirects more than {limits.max_redirects} times")


async def _save(
    response: httpcore.Response,
    target: Path,
    limits: FetchLimits,
    progress: Callable[[int, int | None], None] | None,
) -> int:
    if response.status != 200:
        raise FetchError(f"the address answered with HTTP status {response.status}")
    length = _header(response, b"content-length")
    total = int(length) if length is not None and length.isdecimal() else None
    if total is not None and total > limits.max_bytes:
        raise FetchTooLarge(f"the file has {total} bytes; at most {limits.max_bytes} are accepted")
    done = 0
    async with await anyio.open_file(target, "wb") as out:
        async for chunk in response.aiter_stream():
            done += len(chunk)
            if done > limits.max_bytes:
                raise FetchTooLarge(f"the file has more than {limits.max_bytes} bytes")
            await out.write(chunk)
            if progress is not None:
                progress(done, total)
    if total is not None and done < total:
        raise FetchError(f"the file ended after {done} of {total} bytes")
    return done


def _checked(url: str) -> str:
    try:
        return checked_address(url)
    except Refused as refused:
        raise FetchRefused(str(refused)) from None


def _headers(url: str) -> list[tuple[str, str]]:
    # The bytes as they are: a compressed answer would defeat the limit on size.
    return [("Host", urlsplit(url).netloc), ("User-Agent", "earful"), ("Accept-Encoding", "identity")]


def _header(response: httpcore.Response, name: bytes) -> str | None:
    return next(
        (value.decode("utf-8", "replace") for key, value in response.headers if key.lower() == name), None
    )


_TIMEOUTS = {"timeout": dict.fromkeys(("connect", "read", "write", "pool"), _CHUNK_TIMEOUT_S)}
