"""Tells an application's own server how its jobs and calls stand: signed, retried, never in their way.

A call is a POST of JSON with `X-Earful-Signature: t=SECONDS,v1=HEX`, where HEX is the HMAC-SHA256 of
`SECONDS.BODY` under the application's webhook secret (`earful apps webhook-secret`). A receiver checks
it, and that SECONDS is recent. Calls wait in the database until they are answered with a 2xx status.
"""

import asyncio
import contextlib
import hashlib
import hmac
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol
from urllib.parse import urlsplit

import httpcore
import structlog

from earful.jobs.outbound import GuardedBackend, Refused, checked_address
from earful.store.deliveries import Delivery

__all__ = ["Outbox", "WebhookSender", "signature"]

log = structlog.get_logger(__name__)

_DELAYS_S = (2, 10, 60, 300, 1800, 7200, 21600, 43200)
_TIMEOUTS = {"timeout": dict.fromkeys(("connect", "read", "write", "pool"), 10.0)}
_AT_A_TIME = 8


def signature(secret: str, seconds: int, body: bytes) -> str:
    """Return the value of the `X-Earful-Signature` header for a call made at `seconds` (Unix time)."""
    digest = hmac.new(secret.encode(), b"%d.%b" % (seconds, body), hashlib.sha256).hexdigest()
    return f"t={seconds},v1={digest}"


class Outbox(Protocol):
    """Where webhook calls wait."""

    async def due_deliveries(self, limit: int) -> Sequence[Delivery]:
        """Return those that are due, of each job or telephone call the oldest only."""
        ...

    async def delivered(self, delivery: Delivery) -> None:
        """Forget one."""
        ...

    async def postpone(self, delivery: Delivery, due_at: datetime) -> None:
        """Count an attempt, and keep one for later."""
        ...


class WebhookSender:
    """Makes the webhook calls that are due, a few at a time; those of one job in order.

    A call that fails is tried again after 2 s, 10 s, 1 min, 5 min, 30 min, 2 h, 6 h and 12 h, and then
    given up with a line in the log.
    """

    def __init__(
        self,
        outbox: Outbox,
        secret_of: Callable[[str], Awaitable[str]],
        *,
        allow_private: bool,
        poll: timedelta = timedelta(seconds=1),
        delays_s: tuple[float, ...] = _DELAYS_S,
    ) -> None:
        self._outbox = outbox
        self._secret_of = secret_of
        self._allow_private = allow_private
        self._poll_s = poll.total_seconds()
        self._delays_s = delays_s
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to make calls."""
        self._task = asyncio.create_task(self._run(), name="earful webhooks")

    async def stop(self) -> None:
        """Stop; calls not yet answered are made after the next start."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        while True:
            try:
                due = await self._outbox.due_deliveries(_AT_A_TIME)
                await asyncio.gather(*(self._deliver(delivery) for delivery in due))
            except Exception:
                log.exception("webhook sender failed")
                due = ()
            if not due:
                await asyncio.sleep(self._poll_s)

    async def _deliver(self, delivery: Delivery) -> None:
        names = (("job_id", "jobId"), ("connection", "connectionId"))
        about = {name: delivery.body[key] for name, key in names if key in delivery.body}
        try:
            problem = await self._call(delivery)
        except Exception:
            log.exception("webhook call broke", **about)
            problem = "an error inside the server"
        if problem is None:
            await self._outbox.delivered(delivery)
        elif delivery.attempts < len(self._delays_s):
            due_at = datetime.now(UTC) + timedelta(seconds=self._delays_s[delivery.attempts])
            await self._outbox.postpone(delivery, due_at)
        else:
            log.warning("webhook given up", **about, attempts=delivery.attempts + 1, reason=problem)
            await self._outbox.delivered(delivery)

    async def _call(self, delivery: Delivery) -> str | None:
        """Make one call; return what went wrong, or None."""
        body = json.dumps(delivery.body).encode()
        secret = await self._secret_of(delivery.application_id)
        try:
            url = checked_address(delivery.url)
        except Refused as refused:
            return str(refused)
        headers = [
            ("Host", urlsplit(url).netloc),
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(body))),
            ("User-Agent", "earful"),
            ("X-Earful-Signature", signature(secret, int(time.time()), body)),
        ]
        backend = GuardedBackend(self._allow_private)
        try:
            async with (
                asyncio.timeout(20),
                httpcore.AsyncConnectionPool(network_backend=backend, max_connections=1) as pool,
                pool.stream("POST", url, headers=headers, content=body, extensions=_TIMEOUTS) as response,
            ):
                # What it answers beyond the status is of no interest, and may be endless.
                status = response.status
        except (Refused, httpcore.NetworkError, httpcore.ProtocolError, TimeoutError) as error:
            return str(error) or type(error).__name__
        except httpcore.TimeoutException:
            return "no answer within 10 seconds"
        return None if 200 <= status < 300 else f"HTTP status {status}"
