"""The bytes of a mail, and the envelope that it is sent in."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Mapping
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import NamedTuple

from register_api.core.canonical import digest
from register_api.sending.settings import MailSettings


class Message(NamedTuple):
    """A mail, and the envelope that it is sent in.

    Attributes:
        envelope_id: What a report about its delivery names (RFC 3461, ENVID).
        sender: Where such a report goes; holds the envelope id if there is an address for bounces.
        body: The whole mail, headers first.
    """

    envelope_id: str
    sender: str
    recipient: str
    message_id: str
    body: bytes


class Addressed(NamedTuple):
    """To whom a mail goes, by which row of the outbox, its subject and further headers."""

    delivery: str
    address: str
    name: str
    subject: str
    more: Mapping[str, str]


def envelope(settings: MailSettings, delivery: str, address: str, body: bytes) -> Message:
    """Put a mail into its envelope."""
    local, _, domain = settings.bounce_address.rpartition("@")
    sender = f"{local}+{delivery}@{domain}" if domain else settings.sender
    return Message(delivery, sender, address, f"<{delivery}@{settings.domain}>", body)


def written(settings: MailSettings, to: Addressed, content: bytes, now: dt.datetime) -> Message:
    """Write a mail: the headers of one recipient before content (``content_of``) that many may have.

    Raises:
        ValueError: A text cannot stand in a header.
    """
    head = EmailMessage(SMTP)
    head["From"] = Address(_literal(settings.sender_name), addr_spec=settings.sender)
    head["To"] = Address(_literal(to.name), addr_spec=to.address)
    head["Subject"] = _literal(to.subject)
    head["Date"] = format_datetime(now)
    head["Message-ID"] = f"<{to.delivery}@{settings.domain}>"
    head["List-Id"] = f"<notices.{settings.domain}>"
    head["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answering machine replies
    if not all(value.isascii() and value.isprintable() for value in to.more.values()):
        raise ValueError("a character that cannot stand in a header")
    # Further headers as they are: the library writes a long address in a form that programs do not read.
    more = "".join(f"{name}: {value}\r\n" for name, value in to.more.items()).encode("ascii")
    body = head.as_bytes().rstrip(b"\r\n") + b"\r\n" + more + content
    return envelope(settings, to.delivery, to.address, body)


@functools.lru_cache(maxsize=16)
def content_of(text: str, html: str) -> bytes:
    """Return a text in two forms as the parts of a mail, with their headers; the same bytes each time."""
    content = EmailMessage(SMTP)
    content.set_content(text, cte="quoted-printable")
    content.add_alternative(html, subtype="html", cte="quoted-printable")
    content.set_boundary(f"={digest(text.encode())[:32]}=")  # the library's own is random
    return content.as_bytes()


def _literal(text: str) -> str:
    """Return a text that stays as it is: the library decodes what looks like an encoded word (RFC 2047)."""
    return text.replace("=?", "= ?")
