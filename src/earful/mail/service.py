"""The outbox of one server process: takes requests for mails, and sends those that are due."""

import asyncio
import contextlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr

import structlog

from earful.accounts.shares import Share, Shares
from earful.conversation.ids import new_uuid
from earful.jobs.digests import Digests
from earful.mail.addresses import AddressRefused, check_addresses
from earful.mail.compose import compose
from earful.mail.letter import Letter, gather, invitation
from earful.mail.smtp import MailServer, Refusal, Trouble
from earful.settings import Settings
from earful.store.conversations import ConversationStore, UnknownConversation
from earful.store.mails import Mail, MailStore, Occasion, QuotaExceeded

__all__ = ["MailRefused", "SummaryMail", "send_trial"]

log = structlog.get_logger(__name__)

_DELAYS_S = (5.0, 30.0, 120.0, 600.0, 1800.0, 3600.0)
_GIVE_UP = timedelta(days=5)
_LEASE = timedelta(minutes=3)
_HOLD = timedelta(minutes=5)
_AT_A_TIME = 4
_PATIENCE_S = 120.0
_LINK_S = 2_592_000


class MailRefused(ValueError):
    """These mails cannot be asked for; the message is fit for the one who asked."""


class SummaryMail:
    """Mails about conversations. Without a mail server in the settings, requests are noted in the log.

    A mail that a server does not take now is tried again after 5 s, 30 s, 2 min, 10 min, 30 min and then
    each hour, for five days. One that it will never take ends with a line in the log.
    """

    def __init__(
        self,
        settings: Settings,
        mails: MailStore,
        conversations: ConversationStore,
        digests: Digests,
        shares: Shares,
        *,
        poll_s: float = 1.0,
        delays_s: tuple[float, ...] = _DELAYS_S,
        hold: timedelta = _HOLD,
        lease: timedelta = _LEASE,
    ) -> None:
        self._mails = mails
        self._conversations = conversations
        self._digests = digests
        self._shares = shares
        self._settings = settings
        self._server = _server(settings)
        self._sender = settings.smtp_from or ""
        self._poll_s = poll_s
        self._delays_s = delays_s
        self._hold = hold
        self._lease = lease
        self._awaited: set[str] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = asyncio.Event()

    @property
    def enabled(self) -> bool:
        """Whether there is a mail server."""
        return self._server is not None

    @property
    def mails_speakers(self) -> bool:
        """Whether speakers known by an e-mail address get the summary without anyone asking."""
        return self.enabled and self._settings.smtp_mail_speakers

    def check(self, emails: Iterable[str]) -> tuple[str, ...]:
        """Return the addresses, each once, in the form in which they are used. Raises `MailRefused`."""
        given = list(emails)
        limit = self._settings.smtp_max_recipients
        if len(given) > limit:
            raise MailRefused(f"a mail may go to {limit} recipients at most")
        try:
            return check_addresses(given, self._settings.smtp_recipient_domains)
        except AddressRefused as error:
            raise MailRefused(str(error)) from None

    async def request(
        self,
        application_id: str,
        conversation_id: str,
        emails: Iterable[str],
        *,
        base_url: str,
        occasion: Occasion = "stop",
    ) -> None:
        """Have the conversation's summary mailed to people when it ends, or (`start`) its address now.

        To be called while the conversation goes on or after; when this returns nothing is lost. Asked
        twice, one is sent. `base_url` is how clients reach this server, if `EARFUL_PUBLIC_URL` does not
        say. Raises `MailRefused` and `UnknownConversation`.
        """
        recipients = self.check(emails)
        if not recipients:
            return
        if not self.enabled:
            log.warning("a mail was asked for, but no mail server is set up", conversation=conversation_id)
            return
        try:
            await self._mails.add(
                application_id,
                conversation_id,
                occasion,
                recipients,
                base_url=(self._settings.public_url or base_url).rstrip("/"),
                hold=self._hold,
                daily_limit=self._settings.smtp_daily_limit,
            )
        except QuotaExceeded as error:
            log.warning("the daily limit of mails is reached", application=application_id)
            raise MailRefused(str(error)) from None
        self._awaited.add(conversation_id)

    def start(self) -> None:
        """Begin to send, mails from before a crash among them."""
        if self.enabled:
            self._tasks = [
                asyncio.create_task(self._send_due(), name="earful mail"),
                asyncio.create_task(self._keep_hold(), name="earful mail holds"),
            ]

    async def stop(self) -> None:
        """Let mails that are being handed over be handed over, and stop; the others go out next time."""
        self._stopping.set()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=10)
            for task in late:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    # -- sending ----------------------------------------------------------------------------------

    async def _send_due(self) -> None:
        while not self._stopping.is_set():
            try:
                due = await self._mails.claim(_AT_A_TIME, self._lease)
                await asyncio.gather(*(self._send(mail) for mail in due))
            except Exception:
                log.exception("the sender of mails failed")
                due = ()
            if not due:
                await self._rest(self._poll_s)

    async def _send(self, mail: Mail) -> None:
        told = log.bind(mail=mail.id, conversation=mail.conversation_id, attempt=mail.attempts)
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await self._hand_over(mail)
        except UnknownConversation:
            return  # deleted with all that hung on it, this mail too
        except Refusal as refusal:
            told.warning("a mail was refused", reason=str(refusal))
            await self._mails.refused(mail, str(refusal))
        except (Trouble, TimeoutError) as trouble:
            await self._put_off(mail, str(trouble) or f"no answer within {_PATIENCE_S:g} s")
        except Exception:
            told.exception("a mail could not be written")
            await self._put_off(mail, "it could not be written")
        else:
            told.info("a mail was sent", occasion=mail.occasion)
            await self._mails.sent(mail)

    async def _put_off(self, mail: Mail, reason: str) -> None:
        told = log.bind(mail=mail.id, conversation=mail.conversation_id, attempt=mail.attempts, reason=reason)
        now = datetime.now(UTC)
        if now - mail.created_at > _GIVE_UP:
            told.error("a mail was given up")
            await self._mails.refused(mail, f"given up: {reason}")
            return
        delay = self._delays_s[min(mail.attempts, len(self._delays_s)) - 1]
        told.warning("a mail is delayed", next_in_s=delay)
        await self._mails.postpone(mail, now + timedelta(seconds=delay), reason)

    async def _hand_over(self, mail: Mail) -> None:
        assert self._server is not None
        letter = await self._letter(mail)
        message = await asyncio.to_thread(
            compose,
            letter,
            sender=self._sender,
            recipient=mail.recipient,
            mail_id=mail.id,
            written=datetime.now(UTC),
        )
        await self._server.send(message, sender=parseaddr(self._sender)[1], recipient=mail.recipient)

    async def _letter(self, mail: Mail) -> Letter:
        conversation = await self._conversations.get(mail.application_id, mail.conversation_id)
        if conversation is None:
            raise UnknownConversation(mail.conversation_id)
        # Whoever gets a mail can pass it on: its address shows the conversation, and changes nothing.
        share = Share(mail.application_id, conversation.id, True, {"name": "verbose-text-summary"})
        token = await self._shares.sign(share, _LINK_S)
        link = f"{mail.base_url}/experiences/{conversation.id}?o={token}"
        if mail.occasion == "start":
            return invitation(conversation, link)
        return await gather(conversation, link, self._conversations, self._digests)

    async def _keep_hold(self) -> None:
        """Let mails wait for conversations of this server that go on, for as long as it lives."""
        while not self._stopping.is_set():
            await self._rest(self._hold.total_seconds() / 3)
            asked = frozenset(self._awaited)
            try:
                self._awaited -= asked - await self._mails.hold(asked, self._hold)
            except Exception:
                log.exception("mails could not be held back")

    async def _rest(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()


async def send_trial(settings: Settings, to: str, now: datetime) -> None:
    """Send a mail that says that mails can be sent. Raises `MailRefused`, `Refusal` and `Trouble`."""
    server = _server(settings)
    if server is None:
        raise MailRefused("no mail server is set up")
    try:
        (recipient,) = check_addresses([to], settings.smtp_recipient_domains)
    except AddressRefused as error:
        raise MailRefused(str(error)) from None
    sender = settings.smtp_from or ""
    letter = Letter("Earful can send mail", f"{now:%A %-d %B %Y, %H:%M} UTC", "", "", trial=True)
    message = compose(letter, sender=sender, recipient=recipient, mail_id=new_uuid(), written=now)
    await server.send(message, sender=parseaddr(sender)[1], recipient=recipient)


def _server(settings: Settings) -> MailServer | None:
    if settings.smtp_host is None:
        return None
    password = settings.smtp_password
    return MailServer(
        settings.smtp_host,
        settings.smtp_port,
        settings.smtp_security,
        settings.smtp_user,
        password.get_secret_value() if password is not None else None,
    )
