"""Writes the mails: what a recipient is told of a version, in their language."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, NamedTuple

from register_api.clock import zone_of
from register_api.core import strict_base64
from register_api.core.calendar import local_day
from register_api.core.canonical import digest
from register_api.core.diff.changes import Diff, DiffEnd
from register_api.core.language.changes import Sentences
from register_api.core.language.language import Language
from register_api.errors import NotifyError
from register_api.notify.answers import last_day_to_object, newest_answer
from register_api.notify.deliveries import versions_in, was_told
from register_api.notify.endpoints import endpoint_of
from register_api.notify.personal import personal, purpose_of
from register_api.notify.plan import open_objections
from register_api.notify.publication import load, newest
from register_api.notify.warnings import warning
from register_api.publish.feed import mail as mails
from register_api.publish.feed.entry import VersionSummary, content, summary
from register_api.publish.feed.mail import Mail, mail, one_line, wrapped
from register_api.publish.page.templating import render
from register_api.sending.mail import Addressed, content_of, envelope, with_more, written
from register_api.sending.outbox import SendResult

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping, Sequence

    from register_api.core.diff.changes import Change
    from register_api.core.model import Register
    from register_api.notify.contacts import Recipient
    from register_api.notify.deliveries import Due
    from register_api.notify.publication import Publication
    from register_api.notify.settings import NotifySettings
    from register_api.sending.database import Database
    from register_api.sending.mail import Message


class Composed(NamedTuple):
    """What a mail says, before it is addressed.

    Attributes:
        content: What ``content_of`` returned.
        headers: Further headers.
    """

    subject: str
    content: bytes
    headers: Mapping[str, str] = {}


class Writer:
    """Writes mails; what is the same for many recipients is written once."""

    def __init__(self, database: Database, settings: NotifySettings) -> None:
        """Take the publications from the database."""
        self._database = database
        self._settings = settings
        self._words = functools.lru_cache(maxsize=256)(self._words_in)
        self._digest = functools.lru_cache(maxsize=256)(self._digest_in)
        self._reminder = functools.lru_cache(maxsize=256)(self._reminder_in)
        self._can_object = functools.lru_cache(maxsize=256)(self._can_object_in)
        self._publication = functools.lru_cache(maxsize=16)(self._load)

    def words(self, version: int, recipient: Recipient) -> Mail:
        """Return what a recipient is told of a version: the changes that concern them, in their language.

        Raises:
            NotifyError: The version is not recorded.
        """
        return self._words(version, recipient.language, recipient.products, recipient.hears)[0]

    def chat(self, version: int, recipient: Recipient) -> list[str]:
        """Return what a chat is told of a version: the subject of its mail, and the summary of the feeds.

        Raises:
            NotifyError: The version is not recorded.
        """
        found = self._publication(version)
        changes = found.concerning(recipient.products.split(), recipient.hears)
        said = self._summary(found, recipient.language, changes)
        return [mail(said).subject, summary(said)]

    def message(
        self, due: Due, recipient: Recipient, now: dt.datetime, body: bytes | None = None
    ) -> Message | SendResult:
        """Write the mail of a row of the outbox for a recipient who has an address.

        Args:
            due: The row.
            recipient: Who is told.
            now: When it is sent first, UTC.
            body: The bytes, where they were written before.

        Returns:
            The mail, or what became of the row where nothing is to be sent any more.

        Raises:
            NotifyError: Nothing is recorded that it could tell of.
            ValueError: A text cannot stand in a header.
        """
        address = recipient.address or ""
        if body is not None:
            return envelope(self._settings, due.id, address, body)
        found = _KINDS[due.kind](self, due, recipient, now)
        if isinstance(found, SendResult):
            return found
        said = self._with_link(found, due, recipient, now)
        to = Addressed(due.id, address, recipient.name, said.subject, said.headers)
        return written(self._settings, to, said.content, now)

    def _with_link(self, said: Composed, due: Due, recipient: Recipient, now: dt.datetime) -> Composed:
        """Add the recipient's own link, where there is a service that it leads to."""
        if not self._settings.subscriptions:
            return said
        can_object = self._can_object(due.version, recipient.products, recipient.hears)
        purpose = purpose_of(due, recipient, can_object=can_object)
        if purpose is None:
            return said
        service = self._settings.subscriptions
        own = personal(self._database, service, purpose, due, recipient, int(now.timestamp()))
        return Composed(said.subject, with_more(said.content, own.text, own.html), own.headers)

    def notice(self, due: Due, recipient: Recipient, _now: dt.datetime) -> Composed:
        """Tell of one version."""
        words, content = self._words(due.version, recipient.language, recipient.products, recipient.hears)
        return Composed(words.subject, content)

    def digest(self, due: Due, recipient: Recipient, _now: dt.datetime) -> Composed | SendResult:
        """Tell of all versions that a digest has gathered, as far as they still concern the recipient."""
        versions = versions_in(self._database, due.id)
        said = self._digest(versions, recipient.language, recipient.products, recipient.hears)
        return said or SendResult("opted_out", "nothing of it concerns the recipient any more")

    def reminder(self, due: Due, recipient: Recipient, now: dt.datetime) -> Composed | SendResult:
        """Remind of what one may still object to, unless that is needless by now."""
        version: Any = due.version
        if not was_told(self._database, version, recipient.id):
            return SendResult("opted_out", "the notice has not reached the recipient")
        if newest_answer(self._database.query, version, recipient.id) is not None:
            return SendResult("opted_out", "the recipient has answered")
        register = self._publication(newest(self._database)).register
        day = local_day(now, zone_of(register.publisher.time_zone))
        wanted = (recipient.language, recipient.products, recipient.hears)
        said = self._reminder(version, register.version, day, *wanted)
        return said or SendResult(
            "opted_out", "cancelled or announced anew meanwhile, or the deadline has passed"
        )

    def warning(self, due: Due, recipient: Recipient, _now: dt.datetime) -> Composed | SendResult:
        """Tell the owner of an endpoint that it fails, or was switched off."""
        endpoint = endpoint_of(self._database, due.recipient)
        if endpoint.failing_since is None:
            return SendResult("opted_out", "the endpoint works again")
        return _plain(*warning(endpoint, self._settings.base), Language.of(recipient.language))

    def confirmation(self, _due: Due, recipient: Recipient, _now: dt.datetime) -> Composed | SendResult:
        """Ask whether somebody wants to subscribe, or tell them that they do already."""
        if not self._settings.subscriptions:
            return SendResult("opted_out", "there is no subscription service any more")
        text = Language.of(recipient.language).text
        publisher = one_line(self._publication(newest(self._database)).register.publisher.name, 50)
        if recipient.state == "active":
            subject = text("Your subscription to changes: sub-processors of {publisher}", publisher=publisher)
            said = [text("Somebody, probably you, has asked for this subscription, which you have already.")]
        else:
            subject = text("Confirm the subscription: sub-processors of {publisher}", publisher=publisher)
            said = [
                text(
                    "Somebody, probably you, has asked that we write to this address when the list of"
                    " sub-processors of {publisher} changes. Nothing more is sent unless you confirm that"
                    " within seven days.",
                    publisher=publisher,
                )
            ]
        return _plain(subject, said, Language.of(recipient.language))

    def changes_html(self, version: int, language: str, products: str, hears: str) -> str:
        """Return the changes of a version that concern somebody as HTML, which a template has escaped."""
        found = self._publication(version)
        return content(self._summary(found, language, found.concerning(products.split(), hears)))

    def _can_object_in(self, version: int | None, products: str, hears: str) -> bool:
        if version is None:
            return False
        changes = self._publication(version).concerning(products.split(), hears)
        return last_day_to_object(changes) is not None

    def _load(self, version: int) -> Publication:
        return load(self._database, version)

    def _words_in(self, version: int, language: str, products: str, hears: str) -> tuple[Mail, bytes]:
        """Return the words of a version, and the same as the parts of a mail with their headers."""
        found = self._publication(version)
        told = self._summary(found, language, found.concerning(products.split(), hears))
        words = mail(told, self._settings.root_sha256 or None)
        return words, content_of(words.text, words.html)

    def _digest_in(
        self, versions: tuple[int, ...], language: str, products: str, hears: str
    ) -> Composed | None:
        """Return the digest of versions; ``None`` where nothing in them concerns the recipient."""
        found = [self._publication(version) for version in versions]
        changes = [each.concerning(products.split(), hears) for each in found]
        told = [
            self._summary(each, language, said) for each, said in zip(found, changes, strict=True) if said
        ]
        return _composed(mails.digest(told, self._settings.root_sha256 or None)) if told else None

    def _reminder_in(
        self, version: int, newer: int, day: dt.date, language: str, products: str, hears: str
    ) -> Composed | None:
        """Return the reminder of a version; ``None`` where nothing in it is open any more."""
        found, newest = self._publication(version), self._publication(newer).register
        concerning = found.concerning(products.split(), hears)
        changes = open_objections(version, concerning, newest, day)
        if not changes:
            return None
        told = self._summary(found, language, tuple(changes), newest)
        return _composed(mails.reminder(told, self._settings.root_sha256 or None))

    def _summary(
        self, found: Publication, language: str, changes: tuple[Change, ...], newest: Register | None = None
    ) -> VersionSummary:
        """Return a version as if it had made some of its changes alone, told as the newest one has them."""
        register = found.register
        try:
            older = self._publication(register.version - 1).register
        except NotifyError:  # the first that was ever recorded
            older = None
        sentences = Sentences.between(older, newest or register, zone_of(register.publisher.time_zone))
        diff = Diff(
            register=register.register,
            older=None,
            newer=DiffEnd(version=register.version, sha256=digest(found.data)),
            changes=changes,
            patch=(),
        )
        return VersionSummary(
            register=register,
            diff=diff,
            size=found.log_size,
            root_hash=strict_base64.decode(found.log_root),
            sentences=sentences.in_language(Language.of(language)),
            base_url=self._settings.base,
        )


def _composed(words: Mail) -> Composed:
    return Composed(words.subject, content_of(words.text, words.html))


def _plain(subject: str, paragraphs: Sequence[str], language: Language) -> Composed:
    """Return a mail of paragraphs."""
    html = render("plain_mail.html.j2", language, language.tag, subject=subject, paragraphs=paragraphs)
    return Composed(one_line(subject), content_of("\n".join(map(wrapped, paragraphs)), html))


_KINDS: dict[str, Callable[[Writer, Due, Recipient, dt.datetime], Composed | SendResult]] = {
    "notice": Writer.notice,
    "digest": Writer.digest,
    "reminder": Writer.reminder,
    "warning": Writer.warning,
    "confirmation": Writer.confirmation,
}
"""What a mail of each kind of delivery says."""
