"""Writes the mails: what a recipient gets of each kind of delivery, and the link that is theirs alone.

Contract contacts get no link to leave: notice is owed to them until another one comes in their place.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from markupsafe import escape

from register_api.core.instant import instant_of
from register_api.core.language.language import Language, message, one_line
from register_api.core.text import escaped
from register_api.notify.answers import newest_answer
from register_api.notify.contacts import Recipient
from register_api.notify.deliveries import Due, versions_in, was_told
from register_api.notify.endpoints import Endpoint, endpoint_of
from register_api.notify.settings import NotifySettings
from register_api.notify.subscriptions import Purpose, keep_link
from register_api.notify.words import Wanted, Words
from register_api.publish.feed.notice_mail import Mail, wrapped
from register_api.publish.templating import render
from register_api.sending.database import Database
from register_api.sending.mail import Addressed, Message, content_of, envelope, written
from register_api.sending.outbox import SendResult

_LABELS: dict[Purpose, str] = {
    "confirm": message("Confirm the subscription"),
    "manage": message("Change the subscription or end it"),
    "answer": message("Accept, object, or say that it does not concern you"),
}


class Writer:
    """Writes mails."""

    def __init__(self, database: Database, settings: NotifySettings, words: Words) -> None:
        """Take what versions say from somewhere else."""
        self._database, self._settings, self._words = database, settings, words

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
        text, html, headers = self._with_link(found, due, recipient, now)
        to = Addressed(due.id, address, recipient.name, found.subject, headers)
        return written(self._settings, to, content_of(text, html), now)

    def _with_link(
        self, said: Mail, due: Due, recipient: Recipient, now: dt.datetime
    ) -> tuple[str, str, Mapping[str, str]]:
        """Return text, page and headers, with the recipient's own link if there is a service it leads to."""
        service, purpose = self._settings.subscriptions, self._purpose(due, recipient)
        if not service or purpose is None:
            return said.text, said.html, {}
        version = due.version if purpose == "answer" else None
        with self._database.transaction() as run:
            token = keep_link(run, purpose, recipient.id, version, int(now.timestamp()))
        label = Language.of(recipient.language).template(_LABELS[purpose])
        address = f"{service}{purpose}/{token}"
        headers = {}
        if recipient.kind == "subscriber" and purpose == "manage":  # RFC 8058
            headers["List-Unsubscribe"] = f"<{service}leave/{token}>"
            headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        page, end, after = said.html.rpartition("</body>")
        text = f"{said.text}\n{wrapped(f'{label}:')}  {address}\n\n"
        link = f'<p><a href="{escape(address)}">{escape(label)}</a></p>\n'
        return text, page + link + end + after, headers

    def _purpose(self, due: Due, recipient: Recipient) -> Purpose | None:
        """Return what a mail lets its recipient do."""
        if due.kind == "confirmation":
            return "confirm" if recipient.state == "pending" else "manage"
        if due.kind == "warning" or recipient.channel != "mail":
            return None
        if recipient.kind == "subscriber":
            return "manage"
        if due.version is None or due.kind == "digest":
            return None
        return "answer" if self._words.can_object(due.version, Wanted.by(recipient)) else None

    def notice(self, due: Due, recipient: Recipient, _now: dt.datetime) -> Mail:
        """Tell of one version."""
        version: Any = due.version
        return self._words.notice(version, Wanted.by(recipient))

    def digest(self, due: Due, recipient: Recipient, _now: dt.datetime) -> Mail | SendResult:
        """Tell of all versions that a digest has gathered, as far as they still concern the recipient."""
        said = self._words.digest(versions_in(self._database, due.id), Wanted.by(recipient))
        return said or SendResult("opted_out", "nothing of it concerns the recipient any more")

    def reminder(self, due: Due, recipient: Recipient, now: dt.datetime) -> Mail | SendResult:
        """Remind of what one may still object to, unless that is needless by now."""
        version: Any = due.version
        if not was_told(self._database, version, recipient.id):
            return SendResult("opted_out", "the notice has not reached the recipient")
        if newest_answer(self._database.query, version, recipient.id) is not None:
            return SendResult("opted_out", "the recipient has answered")
        said = self._words.reminder(version, Wanted.by(recipient), now)
        return said or SendResult(
            "opted_out", "cancelled or announced again in the meantime, or the deadline has passed"
        )

    def warning(self, due: Due, recipient: Recipient, _now: dt.datetime) -> Mail | SendResult:
        """Tell the owner of an endpoint that it fails, or was switched off."""
        endpoint = endpoint_of(self._database, due.recipient)
        if endpoint.failing_since is None:
            return SendResult("opted_out", "the endpoint works again")
        return _plain(*_warning(endpoint, self._settings.base), Language.of(recipient.language))

    def confirmation(self, _due: Due, recipient: Recipient, _now: dt.datetime) -> Mail | SendResult:
        """Ask whether somebody wants to subscribe, or tell them that they do already."""
        if not self._settings.subscriptions:
            return SendResult("opted_out", "there is no subscription service any more")
        text = Language.of(recipient.language).text
        publisher = one_line(self._words.newest().publisher.name, 50)
        if recipient.state == "active":
            subject = text("Your subscription to changes: sub-processors of {publisher}", publisher=publisher)
            said = text("Somebody, probably you, has asked for this subscription, which you have already.")
        else:
            subject = text("Confirm the subscription: sub-processors of {publisher}", publisher=publisher)
            said = text(
                "Somebody, probably you, has asked that we write to this address when the list of"
                " sub-processors of {publisher} changes. Nothing more is sent unless you confirm that"
                " within seven days.",
                publisher=publisher,
            )
        return _plain(subject, [said], Language.of(recipient.language))


def _warning(endpoint: Endpoint, base: str) -> tuple[str, list[str]]:
    """Return the subject and the paragraphs for the owner of an endpoint that fails, or is switched off."""
    text = Language.of(endpoint.language).text
    who = text(
        "You are named as the owner of the endpoint {address} (id {id}), which is told of changes of the"
        " sub-processor register {register}.",
        address=endpoint.shown,
        id=endpoint.id,
        register=base,
    )
    last = text("The last attempt ended with: {reply}", reply=escaped(endpoint.reply))
    if endpoint.ended_at is not None:
        subject = text("Endpoint at {address} switched off", address=endpoint.shown)
        more = text("It is switched off and gets nothing any more.")
        again = text("Once it works again, ask whoever named you for another test message.")
        return subject, [who, more, last, again]
    since = Language.of(endpoint.language).instant(instant_of(endpoint.failing_since or 0))
    subject = text("Endpoint at {address} does not take messages", address=endpoint.shown)
    more = text("It has not taken any message since {instant}.", instant=since)
    ahead = text("Each message is repeated for three days. If it goes on failing, it is switched off.")
    return subject, [who, more, last, ahead]


def _plain(subject: str, paragraphs: Sequence[str], language: Language) -> Mail:
    """Return a mail of paragraphs."""
    html = render("plain_mail.html.j2", language, language.tag, subject=subject, paragraphs=paragraphs)
    return Mail(subject=one_line(subject), text="\n".join(map(wrapped, paragraphs)), html=html)


_KINDS: dict[str, Callable[[Writer, Due, Recipient, dt.datetime], Mail | SendResult]] = {
    "notice": Writer.notice,
    "digest": Writer.digest,
    "reminder": Writer.reminder,
    "warning": Writer.warning,
    "confirmation": Writer.confirmation,
}
"""What a mail of each kind of delivery says."""
