"""The telephony of one server, put together from its settings."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from earful.accounts.service import Accounts
from earful.jobs.webhooks import WebhookSender
from earful.live.hub import LiveHub
from earful.settings import Settings, SettingsError
from earful.store.calls import CallStore
from earful.store.conversations import ConversationStore
from earful.telephony.baresip import Baresip, Options
from earful.telephony.calls import Action, Call, Calls, CallsLimits
from earful.telephony.configuration import Media
from earful.telephony.engine import Engine
from earful.telephony.incoming import Incoming, Prepare
from earful.telephony.targets import AllowList, BadTarget, parse_trunk

__all__ = ["Telephony"]

_AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")


@dataclass(slots=True)
class Telephony:
    """Calls, whom they may go to, and the door for those that come in."""

    calls: Calls
    allowed: AllowList
    incoming: Incoming
    engine: Engine
    webhooks: WebhookSender

    @classmethod
    def of(
        cls,
        settings: Settings,
        accounts: Accounts,
        hub: LiveHub,
        conversations: ConversationStore,
        records: CallStore,
        prepare: Prepare,
        on_action: Callable[[Call, Action], Awaitable[None]],
    ) -> "Telephony":
        """Return what the settings ask for; `prepare` gives options for calls that come in.

        Raises `SettingsError`.
        """
        engine = Baresip(_options(settings))
        limits = CallsLimits(
            per_application=settings.max_calls_per_application,
            longest_s=settings.max_call_seconds,
            ring_s=settings.call_ring_seconds,
        )
        calls = Calls(engine, hub, conversations, records, limits, on_action)
        private = settings.allow_private_addresses
        webhooks = WebhookSender(records, accounts.webhook_secret, allow_private=private)
        return cls(calls, _allowed(settings), Incoming(settings, accounts, calls, prepare), engine, webhooks)

    async def start(self) -> None:
        """Take calls, if that is set. Raises `SettingsError` when it cannot be done."""
        await self.calls.start()
        self.webhooks.start()
        await self.incoming.start()

    async def drain(self, grace: float) -> None:
        """Take no more calls, and end those that go on within `grace` seconds; what was said is stored."""
        await self.incoming.stop()
        await self.calls.close(grace)
        await self.webhooks.stop()

    async def close(self) -> None:
        """Leave no process, no folder and no socket. Idempotent."""
        await self.engine.close()
        await self.incoming.close()


def _options(settings: Settings) -> Options:
    low, high = (int(port) for port in settings.sip_rtp_ports.split("-"))
    if not 1024 <= low < high <= 65_535:
        raise SettingsError("EARFUL_SIP_RTP_PORTS: must be two ports from 1024 to 65535, the lower first")
    ca_file = settings.sip_ca_file or (_AUTHORITIES if _AUTHORITIES.exists() else None)
    return Options(
        settings.baresip,
        Media(settings.sip_codecs, settings.sip_media_encryption, (low, high), settings.sip_stun),
        caller=settings.sip_caller_id,
        address=settings.sip_address,
        ca_file=ca_file,
        media_timeout=settings.call_media_timeout,
    )


def _allowed(settings: Settings) -> AllowList:
    trunk = None
    if settings.sip_trunk is not None:
        password = settings.sip_trunk_password
        try:
            trunk = parse_trunk(
                settings.sip_trunk,
                settings.sip_trunk_user,
                None if password is None else password.get_secret_value(),
                settings.sip_trunk_proxy,
            )
        except BadTarget:
            raise SettingsError("EARFUL_SIP_TRUNK: must be HOST[:PORT][;transport=...]") from None
    return AllowList(settings.sip_domains, settings.sip_prefixes, trunk, settings.sip_trunk_plus)
