"""A mail server on 127.0.0.1 (aiosmtpd, over a real socket) that answers as the test decides."""

from __future__ import annotations

import asyncio
import contextlib
import email
import threading
from collections import Counter
from email import policy
from typing import TYPE_CHECKING

from aiosmtpd.smtp import SMTP

from patience import in_background

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage


class Arrived:
    """An accepted mail."""

    def __init__(self, envelope) -> None:
        self.sender: str = envelope.mail_from
        self.recipient: str = envelope.rcpt_tos[0]
        self.recipients = len(envelope.rcpt_tos)
        self.options = (*envelope.mail_options, *envelope.rcpt_options)
        self.data: bytes = envelope.original_content

    def read(self) -> EmailMessage:
        """Return the mail, parsed."""
        found = email.message_from_bytes(self.data, policy=policy.default)
        assert isinstance(found, email.message.EmailMessage)
        return found


class MailPeer:
    """The behaviour of the server.

    Attributes:
        port: Its port.
        mails: The mails it accepted, in order.
        recipients: Answers to RCPT by address; the last one is repeated.
        data: Results of DATA by address: an answer, ``drop`` (accept the mail and close the connection
            without an answer) or ``lose`` (close it without accepting).
        refuses_greeting: Whether each connection is closed before the greeting.
        senders: Answer to every MAIL, or nothing.
        pause: Seconds before each DATA is answered.
    """

    def __init__(self, *, dsn: bool = True) -> None:
        self.port = 0
        self.mails: list[Arrived] = []
        self.recipients: dict[str, list[str]] = {}
        self.data: dict[str, list[str]] = {}
        self.refuses_greeting = False
        self.senders = ""
        self.pause = 0.0
        self.connections = 0
        self._dsn = dsn

    def count(self) -> Counter[str]:
        """Return the number of mails to each recipient."""
        return Counter(mail.recipient for mail in self.mails)

    async def handle_EHLO(self, server, session, envelope, hostname, responses):  # noqa: N802
        session.host_name = hostname
        return [*responses[:-1], *(["250-DSN"] if self._dsn else []), responses[-1]]

    async def handle_MAIL(self, server, session, envelope, address, options):  # noqa: N802
        if self.senders:
            return self.senders
        envelope.mail_from, envelope.mail_options = address, options
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        answer = _next(self.recipients, address)
        if answer == "drop":
            server.transport.abort()
            return "421 gone"
        if not answer or answer.startswith("2"):
            envelope.rcpt_tos.append(address)
            envelope.rcpt_options = options
        return answer or "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        await asyncio.sleep(self.pause)
        what = _next(self.data, envelope.rcpt_tos[0])
        if not what or what == "drop":
            self.mails.append(Arrived(envelope))
        if what in {"drop", "lose"}:
            server.transport.abort()
            return "421 gone"
        return what or f"250 OK: queued as {len(self.mails)}"


def _next(said: dict[str, list[str]], address: str) -> str:
    answers = said.get(address, [])
    return answers.pop(0) if len(answers) > 1 else answers[0] if answers else ""


class _WithDsn(SMTP):
    """Accepts the DSN parameters of RFC 3461, which aiosmtpd does not support."""

    def __init__(self, transports: list[asyncio.BaseTransport], *args: object, **named: object) -> None:
        super().__init__(*args, **named)
        self._transports = transports

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._transports.append(transport)

    async def smtp_MAIL(self, arg):  # noqa: N802
        await super().smtp_MAIL(_without(arg, self, "mail_dsn"))
        if self.envelope.mail_from is not None:
            self.envelope.mail_options = [*self.envelope.mail_options, *self.mail_dsn]

    async def smtp_RCPT(self, arg):  # noqa: N802
        await super().smtp_RCPT(_without(arg, self, "rcpt_dsn"))
        self.envelope.rcpt_options = [*self.envelope.rcpt_options, *self.rcpt_dsn]


def _without(arg: str, server: SMTP, name: str) -> str:
    words = arg.split(" ")
    mine = [word for word in words if word.startswith(("ENVID=", "RET=", "NOTIFY=", "ORCPT="))]
    setattr(server, name, mine)
    return " ".join(word for word in words if word not in mine)


@contextlib.contextmanager
def mail_peer(*, dsn: bool = True) -> Iterator[MailPeer]:
    """Run a server in a thread while the block runs."""
    peer = MailPeer(dsn=dsn)
    loop = asyncio.new_event_loop()
    ready, ended = threading.Event(), loop.create_future()
    transports: list[asyncio.BaseTransport] = []

    def protocol() -> asyncio.Protocol:
        peer.connections += 1
        if peer.refuses_greeting:
            return _Refusing()
        return _WithDsn(transports, peer, enable_SMTPUTF8=False, loop=loop, hostname="peer.example")

    async def serve() -> None:
        server = await loop.create_server(protocol, "127.0.0.1", 0)
        peer.port = server.sockets[0].getsockname()[1]
        ready.set()
        try:
            await ended
        finally:
            server.close()
            for each in asyncio.all_tasks() - {asyncio.current_task()}:
                each.cancel()
            for transport in transports:
                transport.abort()
            await asyncio.sleep(0.01)

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(serve())
        loop.close()

    with in_background(run, stop=lambda: loop.call_soon_threadsafe(ended.set_result, None)):
        assert ready.wait(30)
        yield peer


class _Refusing(asyncio.Protocol):
    def connection_made(self, transport) -> None:
        transport.abort()
