"""Composes emails and sends them by SMTP."""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
from collections.abc import Callable, Mapping
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import NamedTuple

import aiosmtplib

from register_api.core.canonical import digest
from register_api.core.text import escaped
from register_api.errors import SendingError
from register_api.sending.outbox import SendResult
from register_api.sending.sender import Transport
from register_api.sending.settings import MailSettings


class Message(NamedTuple):
    """An email in its envelope, whose id is repeated in delivery reports to ``sender`` (RFC 3461, ENVID)."""

    envelope_id: str
    sender: str
    recipient: str
    message_id: str
    body: bytes


class Addressed(NamedTuple):
    """The outbox row, recipient, subject and further headers of a mail."""

    delivery: str
    address: str
    name: str
    subject: str
    more: Mapping[str, str]


def envelope(settings: MailSettings, delivery: str, address: str, body: bytes) -> Message:
    """Return an email in its envelope."""
    local, _, domain = settings.bounce_address.rpartition("@")
    sender = f"{local}+{delivery}@{domain}" if domain else settings.sender
    return Message(delivery, sender, address, f"<{delivery}@{settings.domain}>", body)


def written(settings: MailSettings, to: Addressed, content: bytes, now: dt.datetime) -> Message:
    """Return an email from headers and shared content (``content_of``); an invalid header: ``ValueError``."""
    head = EmailMessage(SMTP)
    head["From"] = Address(_literal(settings.sender_name), addr_spec=settings.sender)
    head["To"] = Address(_literal(to.name), addr_spec=to.address)
    head["Subject"] = _literal(to.subject)
    head["Date"] = format_datetime(now)
    head["Message-ID"] = f"<{to.delivery}@{settings.domain}>"
    head["List-Id"] = f"<notices.{settings.domain}>"
    head["Auto-Submitted"] = "auto-generated"  # RFC 3834: suppresses automatic replies
    if not all(value.isascii() and value.isprintable() for value in to.more.values()):
        raise ValueError("a character that cannot stand in a header")
    # Appended unfolded, because the library folds long addresses in a way that email programs cannot read.
    more = "".join(f"{name}: {value}\r\n" for name, value in to.more.items()).encode("ascii")
    body = head.as_bytes().rstrip(b"\r\n") + b"\r\n" + more + content
    return envelope(settings, to.delivery, to.address, body)


@functools.lru_cache(maxsize=16)
def content_of(text: str, html: str) -> bytes:
    """Return text and HTML as MIME parts with their headers; the output is deterministic."""
    content = EmailMessage(SMTP)
    content.set_content(text, cte="quoted-printable")
    content.add_alternative(html, subtype="html", cte="quoted-printable")
    content.set_boundary(f"={digest(text.encode())[:32]}=")  # the library's own is random
    return content.as_bytes()


def _literal(text: str) -> str:
    """Break up encoded words (RFC 2047), which the library would decode."""
    return text.replace("=?", "= ?")


_FAILURES = (aiosmtplib.SMTPException, OSError, UnicodeError)
_PERMANENT = 500
_LONGEST_WAIT = 300.0
"""Seconds to wait for a reply, as for MAIL and RCPT in RFC 5321, section 4.5.3.2."""


class MailServerUnavailable(SendingError):
    """The server is unreachable or accepts no email at present, regardless of the recipient."""


class MailServer(Transport):
    """A mail server (SMTP, RFC 5321), using DSN (RFC 3461) if it is offered."""

    channels = ("mail",)

    def __init__(self, settings: MailSettings, password: str) -> None:
        self.per_second = settings.mails_per_second
        self._smtp = aiosmtplib.SMTP(
            hostname=settings.smtp_host,
            port=settings.smtp_port,
            username=settings.smtp_user or None,
            password=password or None,
            local_hostname=settings.domain,
            use_tls=settings.tls == "implicit",
            start_tls=settings.tls == "starttls",
            # Less than the lease of a row, after which another worker may send it.
            timeout=min(_LONGEST_WAIT, settings.lease_seconds / 2),
        )

    async def greet(self) -> bool:
        """Connect with the TLS and login settings, disconnect, and return whether the server offers DSN."""
        try:
            await self._connect()
        except _FAILURES as error:
            raise MailServerUnavailable(f"the mail server does not let us in: {_reason(error)}") from error
        offers_dsn = self._offers_dsn()
        await self.close()
        return offers_dsn

    async def send(self, message: Message, begin: Callable[[], bool]) -> SendResult | None:
        """Send an email if ``begin``, called just before the data is sent, returns true; else ``None``."""
        await self._introduce(message)
        dsn = ("NOTIFY=FAILURE,DELAY",) if self._offers_dsn() else ()
        has_begun = False
        try:
            await self._smtp.rcpt(message.recipient, options=dsn)
            has_begun = begin()
            if not has_begun:
                await self._end_mail()
                return None
            answer = await self._smtp.data(message.body)
        except (aiosmtplib.SMTPRecipientRefused, aiosmtplib.SMTPDataError) as error:
            await self._end_mail()
            return SendResult("refused" if error.code >= _PERMANENT else "deferred", _reason(error))
        except _FAILURES as error:
            await self.close()
            if not has_begun:
                return SendResult("deferred", f"before the email was sent: {_reason(error)}")
            # The server may have accepted the email or not.
            return SendResult("unknown", _reason(error))
        return SendResult("sent", f"{answer.code} {escaped(answer.message)}")

    async def _introduce(self, message: Message) -> None:
        """Send MAIL, connecting first if there is no connection or the server has closed it."""
        for was_open in (self._smtp.is_connected, False):
            try:
                if not self._smtp.is_connected:
                    await self._connect()
                options = [f"ENVID={message.envelope_id}", "RET=HDRS"] if self._offers_dsn() else []
                await self._smtp.mail(message.sender, options=options)
            except _FAILURES as error:
                await self.close()
                if not was_open or isinstance(error, aiosmtplib.SMTPSenderRefused):
                    raise MailServerUnavailable(
                        f"the mail server accepts no email now: {_reason(error)}",
                        hint="what is due stays due, and is sent when the server takes it",
                    ) from error
            else:
                return

    def _offers_dsn(self) -> bool:
        return self._smtp.supports_extension("dsn")

    async def _connect(self) -> None:
        await self._smtp.connect()
        # Extensions are unknown before the first EHLO, and options of MAIL would silently be left out.
        with contextlib.suppress(aiosmtplib.SMTPHeloError):
            await self._smtp.ehlo()

    async def _end_mail(self) -> None:
        """Reset the connection for the next email, or close it."""
        try:
            await self._smtp.rset()
        except _FAILURES:
            await self.close()

    async def close(self) -> None:
        """Close the connection, ignoring errors."""
        try:
            await self._smtp.quit(timeout=1)
        except _FAILURES:
            self._smtp.close()


def _reason(error: Exception) -> str:
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return f"{error.code} {escaped(error.message)}"
    return escaped(str(error)) or type(error).__name__
