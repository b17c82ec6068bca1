"""Mails about conversations: what they say, when they go, and that each goes once, whatever breaks."""

import asyncio
import re
import ssl
from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest
import structlog
import trustme
from sqlalchemy import select, update

from earful.accounts.types import Application
from earful.mail import MailRefused
from earful.mail.addresses import AddressRefused, check_addresses
from earful.settings import Settings, SettingsError, load_settings
from earful.store import tables
from earful.store.conversations import UnknownConversation
from tests.mail.conftest import START, Room
from tests.support.mail import MailSink

BASE = "https://earful.example.com"


async def until(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(15):
        while not done():
            await asyncio.sleep(0.01)


async def quiet(room: Room) -> None:
    """Until no mail waits any more."""
    async with asyncio.timeout(15):
        while await statuses(room, "waiting"):
            await asyncio.sleep(0.01)


async def statuses(room: Room, only: str | None = None) -> list[str]:
    async with room.database.read() as connection:
        found = list(await connection.scalars(select(tables.mails.c.status)))
    return [one for one in found if only in (None, one)]


def parts(message: EmailMessage) -> tuple[str, str]:
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    return plain.get_content(), html.get_content()


# ---- what it says -------------------------------------------------------------------------------


async def test_a_summary_says_what_was_said_promised_and_asked_in_both_forms(
    room: Room, sink: MailSink
) -> None:
    held = await room.conversation()
    await room.mail(sink).request(room.application.id, held.id, ["Rosa@Example.net"], base_url=BASE)
    await until(lambda: bool(sink.taken))
    sender, recipient, message = sink.taken[0]
    assert (sender, recipient) == ("earful@example.com", "Rosa@example.net")
    assert message["Subject"] == "Summary: Weekly supplier call"
    assert (message["From"], message["To"]) == ("Earful <earful@example.com>", "Rosa@example.net")
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content_type() == "multipart/alternative"
    for text in parts(message):
        for told in ("Weekly supplier call", "Monday 2 March 2026, 14:05 UTC+01:00", "0:12"):
            assert told in text
        for told in (
            "Maya",
            "Ivo Škoda",
            "freight papers",
            "pallets",
            "by Fri 6 Mar",
            "meet again on Monday",
        ):
            assert told in text
        address = re.search(rf"{BASE}/experiences/{held.id}\?o=([\w.-]+)", text)
        assert address
        share = await room.shares.verify(address.group(1))
        assert (share.conversation_id, share.read_only) == (held.id, True)
    plain, html = parts(message)
    assert "<Lisbon>" in plain
    assert "&lt;Lisbon&gt;" in html
    assert "#m2" in html
    # Mail programs drop scripts and style sheets from elsewhere, and some cut long lines.
    assert "<script" not in html
    assert "<link" not in html
    assert max(map(len, message.as_bytes().splitlines())) < 998


async def test_what_a_name_says_can_neither_add_a_header_nor_markup(room: Room, sink: MailSink) -> None:
    name = "Sales\r\nBcc: victim@example.org\n\n<b>bold</b>\x1b[31m" + " long" * 80
    held = await room.conversation(name=name)
    await room.mail(sink).request(room.application.id, held.id, ["a@example.net"], base_url=BASE)
    await until(lambda: bool(sink.taken))
    message = sink.taken[0][2]
    assert message["Bcc"] is None
    assert message["Subject"].startswith("Summary: Sales Bcc: victim@example.org <b>bold</b> [31m long")
    assert len(message["Subject"]) <= 130
    assert "<b>" not in parts(message)[1]
    assert [recipient for _, recipient, _ in sink.taken] == ["a@example.net"]


async def test_a_conversation_in_which_nothing_was_said_is_told_so(room: Room, sink: MailSink) -> None:
    from earful.conversation.types import Conversation

    silent = Conversation("77", room.application.id, START)
    await room.conversations.create(silent)
    await room.conversations.finish("77", START)
    await room.mail(sink).request(room.application.id, "77", ["a@example.net"], base_url=BASE)
    await until(lambda: bool(sink.taken))
    for text in parts(sink.taken[0][2]):
        assert "Nothing was said" in text
        assert "Conversation of 2 March 2026" in text


async def test_who_asks_at_the_start_gets_the_address_at_once(room: Room, sink: MailSink) -> None:
    held = await room.conversation(ended=False)
    mail = room.mail(sink)
    await mail.request(room.application.id, held.id, ["a@example.net"], base_url=BASE, occasion="start")
    await until(lambda: bool(sink.taken))
    message = sink.taken[0][2]
    assert message["Subject"] == "Now being written down: Weekly supplier call"
    assert all(f"{BASE}/experiences/{held.id}" in text for text in parts(message))


# ---- when it goes -------------------------------------------------------------------------------


async def test_a_summary_waits_for_the_end_and_is_sent_once_however_often_asked_for(
    room: Room, sink: MailSink
) -> None:
    held = await room.conversation(ended=False)
    mail = room.mail(sink)
    for emails in (["a@example.net", "b@example.net"], ["A@example.net", "b@EXAMPLE.net"]):
        await mail.request(room.application.id, held.id, emails, base_url=BASE)
    assert await statuses(room) == ["waiting"] * len(await statuses(room))
    assert sink.attempts == 0
    await room.conversations.finish(held.id, START + timedelta(seconds=9))
    await quiet(room)
    await mail.request(room.application.id, held.id, ["a@example.net"], base_url=BASE)
    await quiet(room)
    assert sorted(recipient for _, recipient, _ in sink.taken) == ["a@example.net", "b@example.net"]


async def test_a_server_that_dies_before_the_end_of_a_conversation_leaves_its_mail_to_the_next(
    room: Room, sink: MailSink
) -> None:
    held = await room.conversation(ended=False)
    dying = room.mail(sink, hold=timedelta(milliseconds=300))
    await dying.request(room.application.id, held.id, ["a@example.net"], base_url=BASE)
    await asyncio.sleep(0.6)
    assert sink.attempts == 0, "a conversation that goes on keeps its mail waiting"
    for task in dying._tasks:
        task.cancel()
    room.mail(sink)
    await quiet(room)
    assert len(sink.taken) == 1


async def test_a_mail_that_was_in_the_hands_of_a_dead_sender_is_sent_by_another(
    room: Room, sink: MailSink
) -> None:
    held = await room.conversation()
    add = {"base_url": BASE, "hold": timedelta(0), "daily_limit": 9}
    await room.mails.add(room.application.id, held.id, "stop", ["a@example.net"], **add)  # type: ignore[arg-type]
    (dead,) = await room.mails.claim(5, timedelta(milliseconds=200))
    assert await room.mails.claim(5, timedelta(minutes=1)) == ()
    room.mail(sink)
    await quiet(room)
    await room.mails.refused(dead, "too late to say so")
    assert await statuses(room) == ["sent"]
    assert sink.taken[0][2]["Message-ID"] == f"<{dead.id}@example.com>"


async def test_two_senders_over_one_database_send_each_mail_once(room: Room, sink: MailSink) -> None:
    held = await room.conversation()
    first = room.mail(sink)
    room.mail(sink)
    emails = [f"p{number}@example.net" for number in range(12)]
    await first.request(room.application.id, held.id, emails, base_url=BASE)
    await quiet(room)
    assert sorted(recipient for _, recipient, _ in sink.taken) == sorted(emails)


async def test_a_deleted_conversation_takes_its_waiting_mails_with_it(room: Room, sink: MailSink) -> None:
    held = await room.conversation(ended=False)
    await room.mail(sink).request(room.application.id, held.id, ["a@example.net"], base_url=BASE)
    await room.conversations.delete(room.application.id, held.id)
    assert await statuses(room) == []


# ---- mail servers in trouble --------------------------------------------------------------------


async def test_a_mail_server_that_is_down_delays_the_mail(
    room: Room, make_sink: Callable[..., MailSink]
) -> None:
    sink = make_sink()
    held = await room.conversation()
    mail = room.mail(sink)
    sink.stop()
    with structlog.testing.capture_logs() as logs:
        await mail.request(room.application.id, held.id, ["a@example.net"], base_url=BASE)
        await until(lambda: sum(line["event"] == "a mail is delayed" for line in logs) >= 2)
    assert "no connection to the mail server 127.0.0.1" in logs[0]["reason"]
    sink.start()
    await quiet(room)
    assert len(sink.taken) == 1


async def test_a_temporary_refusal_is_tried_again_and_a_permanent_one_is_the_end(
    room: Room, sink: MailSink
) -> None:
    held = await room.conversation()
    sink.answers = ["451 4.7.1 greylisted, come back", "550 5.1.1 no such mailbox"]
    mail = room.mail(sink)
    with structlog.testing.capture_logs() as logs:
        await mail.request(room.application.id, held.id, ["a@example.net"], base_url=BASE)
        await quiet(room)
    assert [(line["event"], line.get("reason")) for line in logs] == [
        ("a mail is delayed", "451 4.7.1 greylisted, come back"),
        ("a mail was refused", "550 5.1.1 no such mailbox"),
    ]
    assert (sink.attempts, sink.taken, await statuses(room)) == (2, [], ["refused"])


async def test_a_mail_that_nobody_takes_for_five_days_is_given_up(room: Room, sink: MailSink) -> None:
    held = await room.conversation()
    sink.answers = ["451 not now"] * 99
    await room.mail(sink).request(room.application.id, held.id, ["a@example.net"], base_url=BASE)
    async with room.database.write() as connection:
        await connection.execute(update(tables.mails).values(created_at=START - timedelta(days=300)))
    await quiet(room)
    assert await statuses(room) == ["refused"]


async def test_starttls_and_a_sign_in_are_used_and_a_certificate_that_is_not_trusted_is_not(
    room: Room, make_sink: Callable[..., MailSink], tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    sink = make_sink(tls=context, user="earful", password="s3cret")
    held = await room.conversation()
    signed_in = {"smtp_security": "starttls", "smtp_user": "earful", "smtp_password": "s3cret"}
    mail = room.mail(sink, **signed_in)
    with structlog.testing.capture_logs() as logs:
        await mail.request(room.application.id, held.id, ["a@example.net"], base_url=BASE)
        await until(lambda: bool(logs))
    assert "certificate" in logs[0]["reason"]
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    await quiet(room)
    assert len(sink.taken) == 1
    await mail.stop()

    wrong = room.mail(sink, **signed_in | {"smtp_password": "other"})
    with structlog.testing.capture_logs() as logs:
        await wrong.request(room.application.id, held.id, ["b@example.net"], base_url=BASE)
        await until(lambda: bool(logs))
    assert logs[0]["event"] == "a mail is delayed", "it can go when the password is put right"
    assert "did not let us sign in: " in logs[0]["reason"]
    assert "other" not in str(logs)


async def test_a_server_without_starttls_gets_nothing(room: Room, sink: MailSink) -> None:
    held = await room.conversation()
    mail = room.mail(sink, smtp_security="starttls", smtp_user="u", smtp_password="p")
    with structlog.testing.capture_logs() as logs:
        await mail.request(room.application.id, held.id, ["a@example.net"], base_url=BASE)
        await until(lambda: bool(logs))
    assert "STARTTLS" in logs[0]["reason"]
    assert sink.attempts == 0


# ---- who may ask for what -----------------------------------------------------------------------


async def test_without_a_mail_server_a_request_is_noted_and_nothing_more(room: Room) -> None:
    held = await room.conversation()
    mail = room.mail(None)
    assert not mail.enabled
    with structlog.testing.capture_logs() as logs:
        await mail.request(room.application.id, held.id, ["a@example.net"], base_url=BASE)
    assert [line["event"] for line in logs] == ["a mail was asked for, but no mail server is set up"]
    assert await statuses(room) == []


async def test_recipients_are_limited_for_each_request_day_and_domain(room: Room, sink: MailSink) -> None:
    held = await room.conversation(ended=False)
    limits = {"smtp_max_recipients": 3, "smtp_daily_limit": 4, "smtp_recipient_domains": "example.net"}
    mail = room.mail(sink, **limits)

    async def ask(*emails: str) -> None:
        await mail.request(room.application.id, held.id, emails, base_url=BASE)

    with pytest.raises(MailRefused, match="3 recipients at most"):
        await ask("a@example.net", "b@example.net", "c@example.net", "d@example.net")
    with pytest.raises(MailRefused, match="does not send mail to example"):
        await ask("a@example.org")
    await ask("a@example.net", "b@sub.example.net")
    with pytest.raises(MailRefused, match="4 mails sent in a day"):
        await ask("c@example.net", "d@example.net", "e@example.net")
    await ask("a@example.net", "c@example.net")
    assert len(await statuses(room)) == 3


async def test_nobody_has_a_mail_sent_about_the_conversation_of_another(
    room: Room, sink: MailSink, stranger: Application
) -> None:
    held = await room.conversation()
    with pytest.raises(UnknownConversation):
        await room.mail(sink).request(stranger.id, held.id, ["a@example.net"], base_url=BASE)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "nobody",
        "a@",
        "@example.net",
        "a@example.net\r\nBcc: b@example.net",
        "a@example.net, b@example.net",
        "Rosa <a@example.net>",
        "a b@example.net",
        "ä@example.net",
        "a@exa mple.net",
        "a" * 400 + "@example.net",
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(AddressRefused):
        check_addresses([address])


def test_addresses_of_company_networks_and_of_other_scripts_are_taken() -> None:
    assert check_addresses(["ops@mail.corp", "x@bücher.example"]) == (
        "ops@mail.corp",
        "x@xn--bcher-kva.example",
    )


@pytest.mark.parametrize(
    ("sender", "problem"),
    [(None, "is needed"), ("nobody", "must be an address"), ("a@b.c\nBcc: d@e.f", "must be an address")],
)
def test_a_mail_server_needs_a_sender(sender: str | None, problem: str) -> None:
    with pytest.raises(SettingsError, match=problem):
        load_settings(smtp_host="mail.example.com", smtp_from=sender)
    assert Settings(smtp_host="mail.example.com", smtp_from="a@example.com").smtp_port is None
