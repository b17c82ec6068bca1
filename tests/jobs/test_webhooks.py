"""Webhook calls: signed, in order, tried again until answered, and never to private addresses unasked."""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
import structlog

from earful.insight.types import Findings
from earful.jobs.webhooks import WebhookSender
from tests.jobs.conftest import START, Kept
from tests.support.receiver import Receiver

LEASE = timedelta(seconds=30)


@asynccontextmanager
async def sending(kept: Kept, **options: object) -> AsyncIterator[None]:
    async def secret_of(application_id: str) -> str:
        return f"secret of {application_id}"

    settings = {"allow_private": True, "poll": timedelta(milliseconds=5), "delays_s": (0.01,) * 3, **options}
    sender = WebhookSender(kept.jobs, secret_of, **settings)  # type: ignore[arg-type]
    sender.start()
    try:
        yield
    finally:
        await sender.stop()


async def all_delivered(kept: Kept) -> None:
    async with asyncio.timeout(10):
        while await kept.jobs.due_deliveries(10):
            await asyncio.sleep(0.01)


async def finished_job(kept: Kept, url: str) -> str:
    sent = await kept.job(webhook_url=url)
    job = await kept.jobs.claim("w", LEASE)
    assert job is not None
    await kept.jobs.complete(job, "w", Findings(), members=(), ended_at=START)
    return sent.id


async def test_every_state_is_told_in_order_with_a_signature_that_proves_the_sender(
    kept: Kept, receiver: Receiver
) -> None:
    job_id = await finished_job(kept, receiver.url)
    async with sending(kept):
        await all_delivered(kept)
    assert receiver.told == ["scheduled", "in_progress", "completed"]
    for headers, body in receiver.calls:
        assert json.loads(body)["jobId"] == job_id
        assert headers["content-type"] == "application/json"
        seconds, digest = headers["x-earful-signature"].removeprefix("t=").split(",v1=")
        assert abs(int(seconds) - time.time()) < 60
        secret = f"secret of {kept.application_id}".encode()
        assert hmac.new(secret, seconds.encode() + b"." + body, hashlib.sha256).hexdigest() == digest


async def test_a_call_that_is_not_taken_is_made_again(kept: Kept, receiver: Receiver) -> None:
    receiver.statuses = [500, 404]
    await finished_job(kept, receiver.url)
    async with sending(kept):
        async with asyncio.timeout(10):
            while len(receiver.calls) < 5:
                await asyncio.sleep(0.01)
        await all_delivered(kept)
    assert receiver.told == ["scheduled", "scheduled", "scheduled", "in_progress", "completed"]


async def test_a_call_that_is_never_taken_is_given_up_with_a_line_in_the_log(
    kept: Kept, receiver: Receiver
) -> None:
    receiver.statuses = [503] * 4
    job_id = await finished_job(kept, receiver.url)
    with structlog.testing.capture_logs() as lines:
        async with sending(kept), asyncio.timeout(10):
            while "completed" not in receiver.told:
                await asyncio.sleep(0.01)
    (line,) = [line for line in lines if line["event"] == "webhook given up"]
    assert (line["job_id"], line["attempts"], line["reason"]) == (job_id, 4, "HTTP status 503")


async def test_one_receiver_that_is_away_does_not_hold_up_another(kept: Kept, receiver: Receiver) -> None:
    await finished_job(kept, "http://127.0.0.1:9/hook")
    await finished_job(kept, receiver.url)
    async with sending(kept, delays_s=(60.0,)), asyncio.timeout(10):
        while len(receiver.calls) < 3:
            await asyncio.sleep(0.01)
    assert receiver.told == ["scheduled", "in_progress", "completed"]


@pytest.mark.parametrize("address", ["127.0.0.1", "localhost"])
async def test_a_private_address_is_not_called_unless_allowed(
    kept: Kept, receiver: Receiver, address: str
) -> None:
    await finished_job(kept, receiver.url.replace("127.0.0.1", address))
    async with sending(kept, allow_private=False, delays_s=()):
        await all_delivered(kept)
    assert receiver.calls == []


async def test_an_address_with_letters_beyond_ascii_is_called(kept: Kept, receiver: Receiver) -> None:
    await finished_job(kept, receiver.url + "/ü")
    async with sending(kept):
        await all_delivered(kept)
    assert receiver.told == ["scheduled", "in_progress", "completed"]


async def test_a_call_that_breaks_is_made_again_like_any_other(
    kept: Kept, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One application's webhook stops nobody else's."""
    once = iter([RuntimeError("broken")])

    def checked(url: str) -> str:
        for error in once:
            raise error
        return url

    monkeypatch.setattr("earful.jobs.webhooks.checked_address", checked)
    await finished_job(kept, receiver.url)
    async with sending(kept), asyncio.timeout(10):
        while len(receiver.calls) < 3:
            await asyncio.sleep(0.01)
    assert receiver.told == ["scheduled", "in_progress", "completed"]
