"""What versions say to somebody: the changes that concern them, in their language."""

from __future__ import annotations

import datetime as dt
import functools
from typing import NamedTuple

from register_api.clock import zone_of
from register_api.core import strict_base64
from register_api.core.canonical import digest
from register_api.core.changes import Change, Diff, DiffEnd
from register_api.core.instant import local_day
from register_api.core.language.changes import Sentences
from register_api.core.language.language import Language
from register_api.core.model import Register
from register_api.errors import NotifyError
from register_api.notify.answers import last_day_to_object
from register_api.notify.contacts import Recipient
from register_api.notify.deliveries import open_objections
from register_api.notify.publication import Publication, load, newest
from register_api.notify.settings import NotifySettings
from register_api.publish.feed import notice_mail as mails
from register_api.publish.feed.entry import VersionSummary, content, summary
from register_api.publish.feed.notice_mail import Mail
from register_api.sending.database import Database


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
        """Take the publications from the database."""
        self._database = database
        self._base = settings.base
        self._first_root = settings.root_sha256 or None
        self.publication = functools.lru_cache(maxsize=16)(functools.partial(load, database))
        self.notice = functools.lru_cache(maxsize=256)(self._notice)
        self.digest = functools.lru_cache(maxsize=256)(self._digest)
        self._reminder = functools.lru_cache(maxsize=256)(self._reminder_on)
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
        register = self.newest()
        day = local_day(now, zone_of(register.publisher.time_zone))
        return self._reminder(version, wanted, register.version, day)

    def _notice(self, version: int, wanted: Wanted) -> Mail:
        """Return what a mail tells of a version."""
        return mails.mail(self._concerning(version, wanted), self._first_root)

    def _digest(self, versions: tuple[int, ...], wanted: Wanted) -> Mail | None:
        """Return the digest of versions; ``None`` where nothing in them concerns somebody."""
        found = [self._concerning(version, wanted) for version in versions]
        told = [each for each in found if each.diff.changes]
        return mails.digest(told, self._first_root) if told else None

    def _reminder_on(self, version: int, wanted: Wanted, newer: int, day: dt.date) -> Mail | None:
        found, register = self.publication(version), self.publication(newer).register
        changes = found.concerning(wanted.products, wanted.hears)
        still_open = tuple(open_objections(version, changes, register, day))
        if not still_open:
            return None
        return mails.reminder(self._summary(found, wanted.language, still_open, register), self._first_root)

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
