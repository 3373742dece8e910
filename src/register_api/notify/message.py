"""Writes the mails: what a recipient gets of each kind of delivery."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

from register_api.core.language.language import Language, one_line
from register_api.notify.answers import newest_answer
from register_api.notify.contacts import Recipient
from register_api.notify.deliveries import Due, versions_in, was_told
from register_api.notify.endpoints import endpoint_of
from register_api.notify.personal import personal, purpose_of
from register_api.notify.settings import NotifySettings
from register_api.notify.warnings import warning
from register_api.notify.words import Composed, Wanted, Words
from register_api.publish.feed.mail import wrapped
from register_api.publish.page.templating import render
from register_api.sending.database import Database
from register_api.sending.mail import Addressed, Message, content_of, envelope, with_more, written
from register_api.sending.outbox import SendResult


class Writer:
    """Writes mails."""

    def __init__(self, database: Database, settings: NotifySettings, words: Words) -> None:
        """Take what versions say from somewhere else."""
        self._database = database
        self._settings = settings
        self._words = words

    def message(
        self, due: Due, recipient: Recipient, now: dt.datetime, body: bytes | None = None
    ) -> Message | SendResult:
        """Write the mail of a row of the outbox for a recipient who has an address."""
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
        can_object = due.version is not None and self._words.can_object(due.version, Wanted.by(recipient))
        purpose = purpose_of(due, recipient, can_object=can_object)
        if purpose is None:
            return said
        service = self._settings.subscriptions
        own = personal(self._database, service, purpose, due, recipient, int(now.timestamp()))
        return Composed(said.subject, with_more(said.content, own.text, own.html), own.headers)

    def notice(self, due: Due, recipient: Recipient, _now: dt.datetime) -> Composed:
        """Tell of one version."""
        version: Any = due.version
        return self._words.notice(version, Wanted.by(recipient))

    def digest(self, due: Due, recipient: Recipient, _now: dt.datetime) -> Composed | SendResult:
        """Tell of all versions that a digest has gathered, as far as they still concern the recipient."""
        said = self._words.digest(versions_in(self._database, due.id), Wanted.by(recipient))
        return said or SendResult("opted_out", "nothing of it concerns the recipient any more")

    def reminder(self, due: Due, recipient: Recipient, now: dt.datetime) -> Composed | SendResult:
        """Remind of what one may still object to, unless that is needless by now."""
        version: Any = due.version
        if not was_told(self._database, version, recipient.id):
            return SendResult("opted_out", "the notice has not reached the recipient")
        if newest_answer(self._database.query, version, recipient.id) is not None:
            return SendResult("opted_out", "the recipient has answered")
        said = self._words.reminder(version, Wanted.by(recipient), now)
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
        publisher = one_line(self._words.newest().publisher.name, 50)
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
