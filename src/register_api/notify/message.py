"""The texts of notices, digests, reminders and other mails."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from register_api.clock import zone_of
from register_api.core import strict_base64
from register_api.core.canonical import digest
from register_api.core.changes import Change, Diff, DiffEnd
from register_api.core.instant import instant_of, local_day
from register_api.core.language.changes import Sentences
from register_api.core.language.language import Language, one_line
from register_api.core.model import Register
from register_api.core.text import escaped
from register_api.errors import NotifyError
from register_api.notify.answers import last_day_to_object
from register_api.notify.deliveries import open_objections
from register_api.notify.endpoints import Endpoint
from register_api.notify.persons import Recipient
from register_api.notify.publication import Publication, load, newest
from register_api.notify.settings import NotifySettings
from register_api.publish.feed import notice_mail as mails
from register_api.publish.feed.entry import VersionSummary, content, summary
from register_api.publish.feed.notice_mail import Mail, wrapped
from register_api.publish.templating import render
from register_api.sending.database import Database


class Audience(NamedTuple):
    """A recipient's preferences; texts are composed once for all recipients with the same ones."""

    language: str
    products: str
    hears: str

    @classmethod
    def of(cls, recipient: Recipient) -> Audience:
        """Return the preferences of a recipient."""
        return cls(recipient.language, recipient.products, recipient.hears)


class MessageTexts:
    """Composes texts about recorded versions; a version that is not recorded is a ``NotifyError``."""

    def __init__(self, database: Database, settings: NotifySettings) -> None:
        self._database, self._base = database, settings.base
        self._first_root = settings.root_sha256 or None
        self.publication = functools.lru_cache(maxsize=16)(functools.partial(load, database))
        self.notice = functools.lru_cache(maxsize=256)(self._notice)
        self.can_object = functools.lru_cache(maxsize=256)(self._can_object)

    def newest(self) -> Register:
        """Return the newest recorded register."""
        return self.publication(newest(self._database)).register

    def chat(self, version: int, audience: Audience) -> list[str]:
        """Return a version's chat message: the subject of its email and the summary used in feeds."""
        version_summary = self._concerning(version, audience)
        return [mails.mail(version_summary).subject, summary(version_summary)]

    def html(self, version: int, audience: Audience) -> str:
        """Return the changes of a version as HTML, escaped by the template."""
        return content(self._concerning(version, audience))

    def reminder(self, version: int, audience: Audience, now: dt.datetime) -> Mail | None:
        """Return the reminder of a version; ``None`` if nothing in it is open to objection."""
        found, register = self.publication(version), self.newest()
        changes = found.concerning(audience.products, audience.hears)
        day = local_day(now, zone_of(register.publisher.time_zone))
        still_open = tuple(open_objections(version, changes, register, day))
        if not still_open:
            return None
        return mails.reminder(self._summary(found, audience.language, still_open, register), self._first_root)

    def digest(self, versions: Iterable[int], audience: Audience) -> Mail | None:
        """Return the digest of versions; ``None`` if nothing in them concerns the recipient."""
        found = [self._concerning(version, audience) for version in versions]
        relevant = [each for each in found if each.diff.changes]
        return mails.digest(relevant, self._first_root) if relevant else None

    def _notice(self, version: int, audience: Audience) -> Mail:
        return mails.mail(self._concerning(version, audience), self._first_root)

    def _can_object(self, version: int, audience: Audience) -> bool:
        changes = self.publication(version).concerning(audience.products, audience.hears)
        return last_day_to_object(changes) is not None

    def _concerning(self, version: int, audience: Audience) -> VersionSummary:
        found = self.publication(version)
        changes = found.concerning(audience.products, audience.hears)
        return self._summary(found, audience.language, changes, found.register)

    def _summary(
        self, found: Publication, language: str, changes: tuple[Change, ...], as_in: Register
    ) -> VersionSummary:
        """Return the summary of a version limited to ``changes``, described as in the register ``as_in``."""
        register = found.register
        try:
            older = self.publication(register.version - 1).register
        except NotifyError:  # the first recorded version
            older = None
        sentences = Sentences.between(older, as_in, zone_of(register.publisher.time_zone))
        newer = DiffEnd(version=register.version, sha256=digest(found.data))
        diff = Diff(register=register.register, older=None, newer=newer, changes=changes, patch=())
        return VersionSummary(
            register=register,
            diff=diff,
            size=found.log_size,
            root_hash=strict_base64.decode(found.log_root),
            sentences=sentences.in_language(Language.of(language)),
            base_url=self._base,
        )


def confirmation(recipient: Recipient, publisher: str) -> Mail:
    """Return the email to confirm a subscription, or to say that it exists already."""
    language = Language.of(recipient.language)
    text, named = language.text, one_line(publisher, 50)
    if recipient.state == "active":
        subject = text("Your subscription to changes: sub-processors of {publisher}", publisher=named)
        sentence = text("Someone, probably you, requested this subscription, but you are already subscribed.")
    else:
        subject = text("Confirm the subscription: sub-processors of {publisher}", publisher=named)
        sentence = text(
            "Someone, probably you, asked us to write to this address when the list of sub-processors of"
            " {publisher} changes. Nothing else is sent unless you confirm this within seven days.",
            publisher=named,
        )
    return _plain(subject, [sentence], language)


def warning(endpoint: Endpoint, base: str) -> Mail:
    """Return the email that tells an endpoint's owner that it fails or was switched off."""
    language = Language.of(endpoint.language)
    text = language.text
    who = text(
        "You are named as the owner of the endpoint {address} (id {id}), which is notified of changes of the"
        " sub-processor register {register}.",
        address=endpoint.display_address,
        id=endpoint.id,
        register=base,
    )
    last = text("The last attempt ended with: {reply}", reply=escaped(endpoint.reply))
    if endpoint.ended_at is not None:
        subject = text("Endpoint at {address} switched off", address=endpoint.display_address)
        more = text("It has been switched off and receives nothing.")
        end = text("Once it works again, ask the person who named you for another test message.")
    else:
        since = language.instant(instant_of(endpoint.failing_since or 0))
        subject = text("Endpoint at {address} is failing", address=endpoint.display_address)
        more = text("It has not accepted any message since {instant}.", instant=since)
        end = text("Each message is retried for three days. If it keeps failing, it is switched off.")
    return _plain(subject, [who, more, last, end], language)


def _plain(subject: str, paragraphs: Sequence[str], language: Language) -> Mail:
    html = render("plain_mail.html.j2", language, language.tag, subject=subject, paragraphs=paragraphs)
    return Mail(subject=one_line(subject), text="\n".join(map(wrapped, paragraphs)), html=html)
