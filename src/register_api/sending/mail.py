"""The bytes of a mail, and the envelope that it is sent in."""

from __future__ import annotations

import datetime as dt
import quopri
import re
from collections.abc import Mapping
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import NamedTuple

from register_api.core.canonical import digest
from register_api.sending.settings import MailSettings

_BOUNDARY = re.compile(rb"--=[0-9a-f]{32}=")


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
    """To whom a mail goes, and what its subject is.

    Attributes:
        delivery: Id of the row of the outbox, which the Message-ID is made of.
        more: Further headers.
    """

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
    """Write a mail: the headers of one recipient before content that many may have.

    Args:
        settings: Who sends.
        to: To whom, and about what.
        content: What ``content_of`` returned.
        now: When it is sent first, UTC.

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
    body = head.as_bytes().rstrip(b"\r\n") + b"\r\n" + _lines(to.more) + content
    return envelope(settings, to.delivery, to.address, body)


def _lines(headers: Mapping[str, str]) -> bytes:
    """Return headers as they are: the library writes a long address in a form that programs do not read."""
    if not all(value.isascii() and value.isprintable() for value in headers.values()):
        raise ValueError("a character that cannot stand in a header")
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode("ascii")


def content_of(text: str, html: str) -> bytes:
    """Return a text in two forms as the parts of a mail, with their headers; the same bytes each time."""
    content = EmailMessage(SMTP)
    content.set_content(text, cte="quoted-printable")
    content.add_alternative(html, subtype="html", cte="quoted-printable")
    content.set_boundary(f"={digest(text.encode())[:32]}=")  # the library's own is random
    return content.as_bytes()


def with_more(content: bytes, text: str, html: str) -> bytes:
    """Return content with more at the end of both forms; what is there already is not encoded anew.

    Args:
        content: What ``content_of`` returned, of a page that ends with its body.
        text: Lines for the text.
        html: Markup for the end of the page.
    """
    found = _BOUNDARY.search(content)
    if found is None:
        raise ValueError("no parts to add to")
    head, plain, page, end = content.split(found[0])
    before, end_of_body, after = page.rpartition(b"</body>")
    more = plain.rstrip(b"\r\n") + b"\r\n" + _encoded(text)
    return found[0].join((head, more, before + _encoded(html) + end_of_body + after, end))


def _encoded(text: str) -> bytes:
    return quopri.encodestring(text.encode()).replace(b"\n", b"\r\n")


def _literal(text: str) -> str:
    """Return a text that stays as it is: the library decodes what looks like an encoded word (RFC 2047)."""
    return text.replace("=?", "= ?")
