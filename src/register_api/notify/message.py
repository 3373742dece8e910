"""What versions say to somebody, and the mail of each kind of delivery, with the recipient's own link.

Contract contacts get no link to leave: notice is owed to them until another one comes in their place.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from markupsafe import escape

from register_api.clock import zone_of
from register_api.core import strict_base64
from register_api.core.canonical import digest
from register_api.core.changes import Change, Diff, DiffEnd
from register_api.core.instant import instant_of, local_day
from register_api.core.language.changes import Sentences
from register_api.core.language.language import Language, message, one_line
from register_api.core.model import Register
from register_api.core.text import escaped
from register_api.errors import NotifyError
from register_api.notify.answers import last_day_to_object, newest_answer
from register_api.notify.deliveries import Due, open_objections, versions_in, was_told
from register_api.notify.endpoints import Endpoint, endpoint_of
from register_api.notify.persons import Recipient
from register_api.notify.publication import Publication, load, newest
from register_api.notify.settings import NotifySettings
from register_api.notify.subscriptions import Purpose, keep_link
from register_api.publish.feed import notice_mail as mails
from register_api.publish.feed.entry import VersionSummary, content, summary
from register_api.publish.feed.notice_mail import Mail, wrapped
from register_api.publish.templating import render
from register_api.sending.database import Database
from register_api.sending.mail import Addressed, Message, content_of, envelope, written
from register_api.sending.outbox import SendResult


class Wanted(NamedTuple):
    """What somebody wants to hear of: many want the same, and it is written for them once."""

    language: str
    products: str
    hears: str

    @classmethod
    def by(cls, recipient: Recipient) -> Wanted:
        """Return what a recipient wants to hear of."""
        return cls(recipient.language, recipient.products, recipient.hears)


class Words:
    """Says what recorded versions changed; where a version is not recorded, that is a ``NotifyError``."""

    def __init__(self, database: Database, settings: NotifySettings) -> None:
        self._database, self._base = database, settings.base
        self._first_root = settings.root_sha256 or None
        self.publication = functools.lru_cache(maxsize=16)(functools.partial(load, database))
        self.notice = functools.lru_cache(maxsize=256)(self._notice)
        self.can_object = functools.lru_cache(maxsize=256)(self._can_object)

    def newest(self) -> Register:
        """Return the newest register that is recorded."""
        return self.publication(newest(self._database)).register

    def chat(self, version: int, wanted: Wanted) -> list[str]:
        """Return what a chat is told of a version: the subject of its mail, and the summary of the feeds."""
        said = self._concerning(version, wanted)
        return [mails.mail(said).subject, summary(said)]

    def html(self, version: int, wanted: Wanted) -> str:
        """Return the changes of a version as HTML, which a template has escaped."""
        return content(self._concerning(version, wanted))

    def reminder(self, version: int, wanted: Wanted, now: dt.datetime) -> Mail | None:
        """Return the reminder of a version; ``None`` where one may object to nothing in it any more."""
        found, register = self.publication(version), self.newest()
        changes = found.concerning(wanted.products, wanted.hears)
        day = local_day(now, zone_of(register.publisher.time_zone))
        still_open = tuple(open_objections(version, changes, register, day))
        if not still_open:
            return None
        return mails.reminder(self._summary(found, wanted.language, still_open, register), self._first_root)

    def digest(self, versions: Iterable[int], wanted: Wanted) -> Mail | None:
        """Return the digest of versions; ``None`` where nothing in them concerns somebody."""
        found = [self._concerning(version, wanted) for version in versions]
        told = [each for each in found if each.diff.changes]
        return mails.digest(told, self._first_root) if told else None

    def _notice(self, version: int, wanted: Wanted) -> Mail:
        """Return what a mail tells of a version."""
        return mails.mail(self._concerning(version, wanted), self._first_root)

    def _can_object(self, version: int, wanted: Wanted) -> bool:
        """Tell whether one may object to something in a version that concerns somebody."""
        changes = self.publication(version).concerning(wanted.products, wanted.hears)
        return last_day_to_object(changes) is not None

    def _concerning(self, version: int, wanted: Wanted) -> VersionSummary:
        found = self.publication(version)
        changes = found.concerning(wanted.products, wanted.hears)
        return self._summary(found, wanted.language, changes, found.register)

    def _summary(
        self, found: Publication, language: str, changes: tuple[Change, ...], as_in: Register
    ) -> VersionSummary:
        """Return a version as if it had made some of its changes alone, told as a newer one may have them."""
        register = found.register
        try:
            older = self.publication(register.version - 1).register
        except NotifyError:  # the first that was ever recorded
            older = None
        sentences = Sentences.between(older, as_in, zone_of(register.publisher.time_zone))
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
            base_url=self._base,
        )


_LABELS: dict[Purpose, str] = {
    "confirm": message("Confirm the subscription"),
    "manage": message("Change the subscription or end it"),
    "answer": message("Accept, object, or say that it does not concern you"),
}


class Writer:
    """Writes mails; ``words`` says what versions changed."""

    def __init__(self, database: Database, settings: NotifySettings, words: Words) -> None:
        self._database, self._settings, self._words = database, settings, words

    def message(
        self, due: Due, recipient: Recipient, now: dt.datetime, body: bytes | None = None
    ) -> Message | SendResult:
        """Write the mail of a row of the outbox for a recipient who has an address."""
        address = recipient.address or ""
        if body is not None:
            return envelope(self._settings, due.id, address, body)
        found = self._said(due, recipient, now)
        if isinstance(found, str):
            return SendResult("opted_out", found)
        text, html, headers = self._with_link(found, due, recipient, now)
        to = Addressed(due.id, address, recipient.name, found.subject, headers)
        return written(self._settings, to, content_of(text, html), now)

    def _said(self, due: Due, recipient: Recipient, now: dt.datetime) -> Mail | str:
        """Return what a mail says, or why there is none by now."""
        version: Any = due.version
        wanted = Wanted.by(recipient)
        if due.kind == "notice":
            return self._words.notice(version, wanted)
        if due.kind == "digest":
            said = self._words.digest(versions_in(self._database, due.id), wanted)
            return said or "nothing of it concerns the recipient any more"
        if due.kind == "warning":
            endpoint = endpoint_of(self._database, due.recipient)
            works = endpoint.failing_since is None
            return "the endpoint works again" if works else _warning(endpoint, self._settings.base)
        if due.kind == "confirmation":
            is_served = bool(self._settings.subscriptions)
            return self._confirmation(recipient) if is_served else "there is no subscription service any more"
        needless = ""
        if not was_told(self._database, version, recipient.id):
            needless = "the notice has not reached the recipient"
        elif newest_answer(self._database.query, version, recipient.id) is not None:
            needless = "the recipient has answered"
        cancelled = "cancelled or announced again in the meantime, or the deadline has passed"
        return needless or self._words.reminder(version, wanted, now) or cancelled

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

    def _confirmation(self, recipient: Recipient) -> Mail:
        """Ask whether somebody wants to subscribe, or tell them that they do already."""
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


def _warning(endpoint: Endpoint, base: str) -> Mail:
    """Tell the owner of an endpoint that it fails, or was switched off."""
    language = Language.of(endpoint.language)
    text = language.text
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
        end = text("Once it works again, ask whoever named you for another test message.")
    else:
        since = language.instant(instant_of(endpoint.failing_since or 0))
        subject = text("Endpoint at {address} does not take messages", address=endpoint.shown)
        more = text("It has not taken any message since {instant}.", instant=since)
        end = text("Each message is repeated for three days. If it goes on failing, it is switched off.")
    return _plain(subject, [who, more, last, end], language)


def _plain(subject: str, paragraphs: Sequence[str], language: Language) -> Mail:
    """Return a mail of paragraphs."""
    html = render("plain_mail.html.j2", language, language.tag, subject=subject, paragraphs=paragraphs)
    return Mail(subject=one_line(subject), text="\n".join(map(wrapped, paragraphs)), html=html)
