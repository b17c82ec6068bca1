"""A real SMTP server on a free port that keeps what it is given, and answers as it is told to."""

from __future__ import annotations

import asyncio
import email
import ssl
import threading
import time
from collections.abc import Callable
from email import policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

__all__ = ["MailSink"]


class MailSink:
    """Mails taken, the newest last. `answers` are given to the next recipients, in place of taking them.

    It may be stopped and started again, on the same port.
    """

    def __init__(
        self, *, tls: ssl.SSLContext | None = None, user: str | None = None, password: str = "", port: int = 0
    ) -> None:
        self.taken: list[tuple[str, str, EmailMessage]] = []
        self.answers: list[str] = []
        self.attempts = 0
        self.port = port
        self._options: dict[str, Any] = {}
        if tls is not None:
            self._options |= {"tls_context": tls, "require_starttls": True}
        if user is not None:

            def knows(_server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
                known = (user.encode(), password.encode())
                assert isinstance(given, LoginPassword)
                return AuthResult(success=(given.login, given.password) == known, handled=False)

            self._options |= {"authenticator": knows, "auth_required": True}
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.attempts += 1
        if self.answers:
            return self.answers.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        content = envelope.content
        assert isinstance(content, bytes)
        message = email.message_from_bytes(content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        for recipient in envelope.rcpt_tos:
            self.taken.append((envelope.mail_from or "", recipient, message))
        return "250 OK"

    def start(self) -> MailSink:
        ready = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(ready)))
        self._thread.start()
        assert ready.wait(10)
        return self

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    async def _serve(self, ready: threading.Event) -> None:
        sessions: list[SMTP] = []

        def session() -> SMTP:
            sessions.append(SMTP(self, **self._options))
            return sessions[-1]

        server = await asyncio.get_running_loop().create_server(session, "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        await asyncio.to_thread(self._stop.wait)
        server.close()
        for one in sessions:
            for transport in (one.transport, one._original_transport):
                if transport is not None:
                    transport.abort()
        await server.wait_closed()
        # The sockets are closed by callbacks of the loop.
        await asyncio.sleep(0.05)

    def wait(self, done: Callable[[MailSink], bool], seconds: float = 30.0) -> None:
        """Return when `done`; for tests whose server is a process of its own."""
        deadline = time.monotonic() + seconds
        while not done(self):
            assert time.monotonic() < deadline, f"{self.attempts} attempts, {len(self.taken)} mails"
            time.sleep(0.02)
