"""The bytes of a mail: the words of a version, with the headers of one recipient."""

from __future__ import annotations

import functools
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import TYPE_CHECKING, NamedTuple

from register_api.clock import zone_of
from register_api.core import strict_base64
from register_api.core.canonical import digest
from register_api.core.diff.changes import Diff, DiffEnd
from register_api.core.language.changes import Sentences
from register_api.core.language.language import Language
from register_api.errors import NotifyError
from register_api.notify.publication import load
from register_api.publish.feed.entry import VersionSummary
from register_api.publish.feed.mail import Mail, mail

if TYPE_CHECKING:
    import datetime as dt

    from register_api.core.diff.changes import Change
    from register_api.notify.contacts import Recipient
    from register_api.notify.database import Database
    from register_api.notify.publication import Publication
    from register_api.notify.settings import NotifySettings


def _literal(text: str) -> str:
    """Return a text that stays as it is: the library decodes what looks like an encoded word (RFC 2047)."""
    return text.replace("=?", "= ?")


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


class Writer:
    """Writes mails; what is the same for many recipients is written once."""

    def __init__(self, database: Database, settings: NotifySettings) -> None:
        """Take the publications from the database."""
        self._database = database
        self._settings = settings
        self._words = functools.lru_cache(maxsize=256)(self._words_in)
        self._publication = functools.lru_cache(maxsize=16)(self._load)

    def words(self, version: int, recipient: Recipient) -> Mail:
        """Return what a recipient is told of a version: the changes that concern them, in their language.

        Raises:
            NotifyError: The version is not recorded.
        """
        return self._words(version, recipient.language, recipient.products, recipient.hears)[0]

    def message(
        self, delivery: str, version: int, recipient: Recipient, now: dt.datetime, body: bytes | None = None
    ) -> Message:
        """Write the mail of a version for a recipient who has an address.

        Args:
            delivery: Id of the row of the outbox, which the Message-ID is made of.
            version: The version.
            recipient: Who is told.
            now: When it is sent first, UTC.
            body: The bytes, where they were written before.
        """
        settings = self._settings
        message_id = f"<{delivery}@{settings.domain}>"
        if body is None:
            words, content = self._words(version, recipient.language, recipient.products, recipient.hears)
            body = self._head(words.subject, message_id, recipient, now) + content
        local, _, domain = settings.bounce_address.rpartition("@")
        sender = f"{local}+{delivery}@{domain}" if domain else settings.sender
        return Message(delivery, sender, recipient.address or "", message_id, body)

    def _head(self, subject: str, message_id: str, recipient: Recipient, now: dt.datetime) -> bytes:
        head = EmailMessage(SMTP)
        head["From"] = Address(_literal(self._settings.sender_name), addr_spec=self._settings.sender)
        head["To"] = Address(_literal(recipient.name), addr_spec=recipient.address or "")
        head["Subject"] = _literal(subject)
        head["Date"] = format_datetime(now)
        head["Message-ID"] = message_id
        head["List-Id"] = f"<notices.{self._settings.domain}>"
        head["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answering machine replies
        return head.as_bytes().rstrip(b"\r\n") + b"\r\n"

    def _load(self, version: int) -> Publication:
        return load(self._database, version)

    def _words_in(self, version: int, language: str, products: str, hears: str) -> tuple[Mail, bytes]:
        """Return the words of a version, and the same as the parts of a mail with their headers."""
        found = self._publication(version)
        words = self._say(found, language, found.concerning(products.split(), hears))
        content = EmailMessage(SMTP)
        content.set_content(words.text, cte="quoted-printable")
        content.add_alternative(words.html, subtype="html", cte="quoted-printable")
        content.set_boundary(f"={digest(words.text.encode())[:32]}=")  # the library's own is random
        return words, content.as_bytes()

    def _say(self, found: Publication, language: str, changes: tuple[Change, ...]) -> Mail:
        register = found.register
        try:
            older = self._publication(register.version - 1).register
        except NotifyError:  # the first that was ever recorded
            older = None
        sentences = Sentences.between(older, register, zone_of(register.publisher.time_zone))
        diff = Diff(
            register=register.register,
            older=None,
            newer=DiffEnd(version=register.version, sha256=digest(found.data)),
            changes=changes,
            patch=(),
        )
        summary = VersionSummary(
            register=register,
            diff=diff,
            size=found.log_size,
            root_hash=strict_base64.decode(found.log_root),
            sentences=sentences.in_language(Language.of(language)),
            base_url=self._settings.base,
        )
        return mail(summary, self._settings.root_sha256 or None)
