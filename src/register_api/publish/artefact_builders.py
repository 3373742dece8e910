"""Builders of the artefacts of a new version: one for each kind of file in the tree."""

from __future__ import annotations

import datetime as dt
import functools
import itertools
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TypeAlias

import msgspec

from register_api.core.api.openapi import openapi_bytes
from register_api.core.canonical import digest, encode, encoded
from register_api.core.exports.columns import UseAtPlace, uses_at_places
from register_api.core.exports.csv_table import dora_chain, dora_providers, table_schema, uses_csv
from register_api.core.exports.cyclonedx import cyclonedx
from register_api.core.format import tree
from register_api.core.format.kind import FileKind
from register_api.core.format.paths import in_language
from register_api.core.format.tree import FEED_PAGE_SIZE
from register_api.core.instant import local_day
from register_api.core.key_list import log_key
from register_api.core.language.changes import Sentences
from register_api.core.language.language import Language
from register_api.core.model import Register
from register_api.core.notice_period import Promises
from register_api.core.timeline import engagement_states
from register_api.core.upcoming_events import upcoming_document
from register_api.errors import StoreDamaged
from register_api.publish.calendar import CalendarEvent, calendar_events, register_calendar, vendor_calendars
from register_api.publish.discovery import (
    ROBOTS_TXT,
    api_catalog,
    discovery_document,
    fixed_schemas,
    newest_schemas,
    security_txt,
)
from register_api.publish.examine import HINT, Examined
from register_api.publish.exports import dpv, register_workbook
from register_api.publish.feed.entry import FeedEntry, VersionSummary, make_entry
from register_api.publish.feed.formats import atom_feed, json_feed
from register_api.publish.feed.interests import PublishedFeeds, feeds_opml, important_feed, interest_feeds
from register_api.publish.page.render import all_pages
from register_api.publish.page.version_history import (
    MAX_VERSIONS,
    PastVersion,
    past_version,
    version_history,
    version_summaries,
)
from register_api.publish.page.view import PageView, vendors_to_write
from register_api.publish.preparation import Candidate
from register_api.publish.signing.key_list import first_key_list, pem_files
from register_api.publish.signing.keyring import Keyring
from register_api.publish.templating import SCRIPT, TEMPLATES_SHA256, check_page
from register_api.publish.trust.metadata import Read
from register_api.publish.version_files import (
    LogFiles,
    VersionFiles,
    append_entry,
    check_listed,
    digests_of,
    head_files,
    make_version_files,
    versions_document,
)
from register_api.store.reader import Snapshot
from register_api.style import ICON


def new_version(
    candidate: Candidate,
    found: Examined | None,
    snapshot: Snapshot | None,
    keyring: Keyring,
    roots: tuple[bytes, ...],
    now: dt.datetime,
    base_url: str | None = None,
) -> NewVersion:
    """Build a version on top of the stored one; only the log key signs."""
    register, promises = candidate.required()
    previous = found.newest.document if found else None
    base_url = base_url or register.url
    read: Read = snapshot.read if snapshot else dict[str, bytes]().__getitem__
    keys = found.keys if found else encoded(first_key_list(register.register, keyring))
    files = make_version_files(found.newest if found else None, register, promises, keys)
    origin = log_key(keys.document, register.version).name
    log = append_entry(origin, files.entry_bytes, register.version - 1, read, keyring.log)
    summary = VersionSummary(
        register=register,
        diff=files.diff.document,
        size=register.version,
        root_hash=log.root_hash,
        sentences=Sentences.between(previous, register, promises.zone),
        base_url=base_url,
    )
    newest = past_version(register.version, register.published_at, files.diff.data, promises.zone)
    entries = found.versions.document.versions if found else ()
    # Pages of earlier versions are rewritten when the main language changes.
    main = Language.of(register.publisher.language)
    rewritten = found is not None and Language.of(found.newest.document.publisher.language) is not main
    same_pages = snapshot is not None and snapshot.state.page_templates == TEMPLATES_SHA256
    return NewVersion(
        files=files,
        promises=promises,
        log=log,
        version_summary=summary,
        found=found,
        stored=snapshot.manifest.files if snapshot else (),
        feeds=PublishedFeeds(
            register=previous,
            base_url=found.head.base_url if found else None,
            first=found.first_published_at if found else register.published_at,
            read=functools.partial(_signed, digests_of(found.heads if found else None), read),
        ),
        feed_window=(make_entry(summary), *(found.feed if found else ()))[:FEED_PAGE_SIZE],
        history=(newest, *version_history(entries, read, promises.zone))[:MAX_VERSIONS],
        shown_before=previous if same_pages else None,
        rewritten=functools.partial(version_summaries, found, read) if found and rewritten else tuple,
        roots=roots,
        now=now,
    )


def _signed(digests: Mapping[str, str], read: Read, path: str) -> bytes | None:
    """Return a stored file checked against the signed list, or ``None`` if it is not listed."""
    if path not in digests:
        return None
    try:
        data = read(path)
    except KeyError as error:
        raise StoreDamaged(f"{path} is missing", hint=HINT) from error
    check_listed(path, data, digests)
    return data


ByValue: TypeAlias = "Mapping[int, bytes] | Mapping[str, bytes] | Mapping[tuple[str, int], bytes]"
"""Files of one kind, by the parameter in their path (a tuple where there are several)."""


class NewVersion(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """A new version, with everything its files are built from.

    Attributes:
        found: The examined store before this version, if anything was published; ``stored`` are its paths.
        feed_window: Feed entries of the newest versions, newest first.
        shown_before: The previous version, if its pages were built from the same templates.
        rewritten: Returns earlier versions whose pages must be rewritten.
    """

    files: VersionFiles
    promises: Promises
    log: LogFiles
    version_summary: VersionSummary
    found: Examined | None
    stored: Collection[str]
    feeds: PublishedFeeds
    feed_window: tuple[FeedEntry, ...]
    history: tuple[PastVersion, ...]
    shown_before: Register | None
    rewritten: Callable[[], Iterable[VersionSummary]]
    roots: tuple[bytes, ...]
    now: dt.datetime

    @property
    def register(self) -> Register:
        """The new version of the register."""
        return self.files.register.document

    @property
    def base_url(self) -> str | None:
        """URL at which the tree is published, if it is fixed."""
        return self.version_summary.base_url

    @property
    def today(self) -> dt.date:
        """The day of publication in the publisher's time zone."""
        return local_day(self.register.published_at, self.promises.zone)

    @functools.cached_property
    def uses(self) -> tuple[UseAtPlace, ...]:
        """Uses by location on that day, the rows of all exports."""
        states = engagement_states(self.register, self.today)
        return tuple(uses_at_places(self.register, states, self.today, self.promises.zone))

    @property
    def calendar(self) -> Mapping[str, CalendarEvent]:
        """Events of the last published calendar, by ``UID``."""
        return self.found.calendar if self.found else {}

    @functools.cached_property
    def events(self) -> dict[str, CalendarEvent]:
        """Events of the new calendars, by ``UID``."""
        return calendar_events(self.register, self.calendar, self.today, self.promises.zone)


def _atom(new: NewVersion, archive: int | None = None) -> bytes:
    return atom_feed(
        new.register, new.feed_window, year=new.feeds.first.year, archive=archive, base_url=new.base_url
    )


ONE: dict[FileKind, Callable[[NewVersion], bytes | None]] = {
    tree.REGISTER: lambda new: new.files.register.data,
    tree.UPCOMING: lambda new: encode(upcoming_document(new.files.register, new.promises.zone)),
    tree.VERSIONS: lambda new: versions_document(
        new.found.versions.data if new.found else None, new.files.entry_bytes, new.register.register
    ),
    tree.KEYS: lambda new: new.files.keys.data,
    tree.FEED_ATOM: _atom,
    tree.FEED_JSON: lambda new: json_feed(
        new.register, new.feed_window, year=new.feeds.first.year, base_url=new.base_url
    ),
    tree.USES_CSV: lambda new: uses_csv(new.uses),
    tree.USES_SCHEMA: lambda _: encode(table_schema()),
    tree.WORKBOOK: lambda new: register_workbook(new.files.register, new.uses, new.today, new.promises.zone),
    tree.CYCLONEDX: lambda new: cyclonedx(new.register, new.uses),
    tree.DPV: lambda new: dpv(new.register, new.uses),
    tree.DORA_PROVIDERS: lambda new: dora_providers(new.register, new.uses),
    tree.DORA_CHAIN: lambda new: dora_chain(new.register, new.uses),
    tree.FEED_IMPORTANT: lambda new: important_feed(new.version_summary, new.feeds),
    tree.FEEDS_OPML: lambda new: feeds_opml(new.register, new.base_url),
    tree.CALENDAR: lambda new: register_calendar(new.register, new.events.values(), new.today),
    tree.CHECKPOINT: lambda new: new.log.checkpoint,
    tree.CHECK_PAGE: lambda _: check_page(),
    tree.DISCOVERY: lambda new: discovery_document(new.register, new.roots, new.base_url),
    tree.API_CATALOG: lambda new: api_catalog(new.base_url),
    tree.ICON: lambda _: ICON,
    tree.ROBOTS_TXT: lambda _: ROBOTS_TXT,
    tree.SECURITY_TXT: lambda new: security_txt(new.register.publisher, new.now, new.base_url),
    tree.OPENAPI: lambda _: openapi_bytes(),
}
"""Builders of files that exist once; ``None`` if the version has no content for the file."""

MANY: dict[FileKind, Callable[[NewVersion], ByValue]] = {
    tree.VERSION_REGISTER: lambda new: {new.register.version: new.files.register.data},
    tree.VERSION_DIFF: lambda new: {new.register.version: new.files.diff.data},
    tree.VERSION_KEYS: lambda new: {new.register.version: new.files.keys.data},
    tree.VERSION_ENTRY: lambda new: {new.register.version: new.files.entry_bytes},
    tree.VERSION_PROOF: lambda new: {new.register.version: new.log.proof},
    # The archive page, if this version completes one.
    tree.FEED_ARCHIVE: lambda new: {
        page: _atom(new, page) for page, rest in [divmod(new.register.version, FEED_PAGE_SIZE)] if not rest
    },
    tree.FEED_CATEGORY: lambda new: dict(interest_feeds(tree.FEED_CATEGORY, new.version_summary, new.feeds)),
    tree.FEED_SUBPROCESSOR: lambda new: dict(
        interest_feeds(tree.FEED_SUBPROCESSOR, new.version_summary, new.feeds)
    ),
    tree.SUBPROCESSOR_CALENDAR: lambda new: dict(vendor_calendars(new.register, new.events, new.calendar)),
    tree.SCRIPT: lambda _: {digest(SCRIPT): SCRIPT},
    tree.PUBLIC_KEY: lambda new: pem_files(new.files.keys.document),
    tree.SCHEMA: lambda new: newest_schemas(new.found.versions.document if new.found else None),
    tree.SCHEMA_OF_MINOR: lambda new: fixed_schemas(new.stored),
}
"""Builders of files of which there are several, by the parameter in their path."""


def make_files(new: NewVersion) -> dict[str, bytes]:
    """Build every file of a new version that is not signed metadata, by path."""
    files = {kind.path(): data for kind, make in ONE.items() if (data := make(new)) is not None}
    for kind, make_many in MANY.items():
        for value, data in make_many(new).items():
            files[kind.path(*value) if isinstance(value, tuple) else kind.path(value)] = data
    files |= _pages(new)
    heads = new.found.heads if new.found else None
    gone = no_longer_made(files, new.stored, new.register)
    files[tree.HEADS.path()] = head_files(heads, files, gone, new.register)
    return {**files, **new.log.tiles}


def _pages(new: NewVersion) -> dict[str, bytes]:
    known, zone = new.shown_before, new.promises.zone
    day_before = local_day(known.published_at, zone) if known else new.today
    changed = {vendor for change in new.history[0].changes for vendor in change.vendors}
    view = PageView(
        register=new.register,
        sha256=new.files.register.sha256,
        history=new.history,
        promises=new.promises,
        language=Language.of(new.register.publisher.language),
        today=new.today,
        root_hash=new.log.root_hash,
    )
    return all_pages(
        view,
        lambda: itertools.chain(new.rewritten(), [new.version_summary]),
        vendors_to_write(known, day_before, new.register, new.today, changed),
    )


def no_longer_made(files: Mapping[str, bytes], stored: Iterable[str], register: Register) -> list[str]:
    """Return stored files to remove: those without content now, and pages under the main language's tag."""
    gone = {kind.path() for kind in ONE} - files.keys()
    main = in_language("", Language.of(register.publisher.language).tag)
    return [path for path in stored if path in gone or path.startswith(main)]
