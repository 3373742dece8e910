"""What makes each kind of file that a new version brings: one row for each row of the table of files."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping
from typing import Any, TypeAlias

import msgspec

from register_api.core.api.openapi import openapi_bytes
from register_api.core.canonical import digest, encode
from register_api.core.documents import HeadFiles, VersionList
from register_api.core.exports.columns import UseAtPlace, uses_at_places
from register_api.core.exports.csv_table import dora_chain, dora_providers, table_schema, uses_csv
from register_api.core.exports.cyclonedx import cyclonedx
from register_api.core.field_forms import FORMAT_MINOR
from register_api.core.format import tree
from register_api.core.format.kind import FileKind, Schema
from register_api.core.format.paths import in_language
from register_api.core.format.tree import FEED_PAGE_SIZE, SCHEMA_OF_MINOR, SCHEMAS
from register_api.core.instant import local_day
from register_api.core.language.language import Language
from register_api.core.model import Register, Subprocessor
from register_api.core.notice_period import Promises
from register_api.core.schemas import DIALECT, definitions
from register_api.core.timeline import engagement_states
from register_api.core.upcoming_events import upcoming_document
from register_api.publish.calendar import (
    CalendarEvent,
    calendar_events,
    register_calendar,
    vendor_calendars,
)
from register_api.publish.discovery import ROBOTS_TXT, api_catalog, discovery_document, security_txt
from register_api.publish.exports import dpv, register_workbook
from register_api.publish.feed.entry import FeedEntry, VersionSummary
from register_api.publish.feed.formats import atom_feed, json_feed
from register_api.publish.feed.interests import PublishedFeeds, feeds_opml, important_feed, interest_feeds
from register_api.publish.page.render import (
    annex_page,
    changes_page,
    in_each_language,
    index_page,
    subprocessor_pages,
    subscribe_page,
    version_page,
)
from register_api.publish.page.version_history import ToldVersion
from register_api.publish.page.view import PageView, vendors_to_write
from register_api.publish.signing.key_list import pem_files
from register_api.publish.templating import SCRIPT, check_page
from register_api.publish.version_files import LogFiles, VersionFiles, head_files, versions_document
from register_api.style import ICON

_REFERENCES = "#/$defs/{name}"


def newest_schemas(listed: bytes | None) -> Mapping[str, bytes]:
    """Return the schema of every form of document by its name, as the newest release has it."""
    published = msgspec.json.decode(listed, type=VersionList).format_minor if listed else 0
    return {} if published > FORMAT_MINOR else _schemas()


def fixed_schemas(stored: Container[str]) -> Mapping[tuple[str, int], bytes]:
    """Return the schemas of this minor number by name and number, as far as they are not published.

    What a release once wrote there is never written again.
    """
    return {
        (name, FORMAT_MINOR): data
        for name, data in _schemas().items()
        if SCHEMA_OF_MINOR.path(name, FORMAT_MINOR) not in stored
    }


@functools.cache
def _schemas() -> Mapping[str, bytes]:
    return {form.name: encode(schema(form)) for form in SCHEMAS}


def schema(form: Schema) -> dict[str, Any]:
    """Return the JSON Schema of a form of document.

    A reader passes over fields that it does not know, so further properties are allowed; what every
    release of the format writes is required (docs/compatibility.md).
    """
    (reference,), found = definitions([form.struct], _REFERENCES)
    return {
        "$schema": DIALECT,
        "$id": f"urn:sub-processor-register:schema:{form.name}:1.{FORMAT_MINOR}",
        "title": form.struct.__name__,
        "description": form.title,
        "$ref": reference["$ref"],
        "$defs": found,
    }


ByValue: TypeAlias = "Mapping[int, bytes] | Mapping[str, bytes] | Mapping[tuple[str, int], bytes]"
"""Files of one kind by the value of the parameter in their paths, or the values of several."""


class NewVersion(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """A new version, with all that its files are made from.

    Attributes:
        version_summary: The version as its feed entry and its own page tell it.
        heads: The list of head files as it was signed last, if there is one.
        feeds: What was published of the other feeds.
        feed_window: What the feeds say of the newest versions, newest first.
        history: Versions with their changes, the new one first.
        calendar: The events of the calendar as it was published last, by ``UID``.
        first_published_at: When version 1 was published.
        shown_before: The version before, if what shows it on pages has not changed since.
        retold: Gives the versions before, where their pages have to be made again.
        base_url: Where the tree is published, if that is fixed.
    """

    files: VersionFiles
    promises: Promises
    log: LogFiles
    version_summary: VersionSummary
    listed: bytes | None
    heads: HeadFiles | None
    stored: Collection[str]
    feeds: PublishedFeeds
    feed_window: tuple[FeedEntry, ...]
    history: tuple[ToldVersion, ...]
    calendar: Mapping[str, CalendarEvent]
    first_published_at: dt.datetime
    shown_before: Register | None
    retold: Callable[[], Iterable[VersionSummary]]
    roots: tuple[bytes, ...]
    base_url: str | None
    now: dt.datetime

    @property
    def register(self) -> Register:
        """The new version of the register."""
        return self.files.register.document

    @property
    def number(self) -> int:
        """Its number, which is also the size of the log."""
        return self.register.version

    @property
    def today(self) -> dt.date:
        """The day on which it is published, in the publisher's time zone."""
        return local_day(self.register.published_at, self.promises.zone)

    @functools.cached_property
    def uses(self) -> tuple[UseAtPlace, ...]:
        """Its uses at their places on that day, the rows of all exports."""
        states = engagement_states(self.register, self.today)
        return tuple(uses_at_places(self.register, states, self.today, self.promises.zone))

    @property
    def main_language(self) -> Language:
        """The language of the pages at the root of the tree."""
        return Language.of(self.register.publisher.language)

    @functools.cached_property
    def vendors_to_write(self) -> list[Subprocessor]:
        """The vendors whose pages say something new."""
        known = self.shown_before
        day_before = local_day(known.published_at, self.promises.zone) if known else self.today
        told = {vendor for change in self.history[0].changes for vendor in change.vendors}
        return vendors_to_write(known, day_before, self.register, self.today, told)

    def view(self, language: Language) -> PageView:
        """Return what its pages in a language show."""
        return PageView(
            register=self.register,
            history=self.history,
            promises=self.promises,
            language=language,
            today=self.today,
            size=self.number,
            root_hash=self.log.root_hash,
        )

    @functools.cached_property
    def events(self) -> dict[str, CalendarEvent]:
        """What its calendars hold."""
        return calendar_events(self.register, self.calendar, self.today, self.promises.zone)


def _atom(new: NewVersion, archive: int | None = None) -> bytes:
    return atom_feed(
        new.register,
        new.feed_window,
        year=new.first_published_at.year,
        archive=archive,
        base_url=new.base_url,
    )


def _archive(new: NewVersion) -> ByValue:
    """Make the archive page that the newest version completes, if it does."""
    page, rest = divmod(new.number, FEED_PAGE_SIZE)
    return {page: _atom(new, page)} if rest == 0 else {}


def _feeds_of(new: NewVersion, kind: FileKind) -> ByValue:
    """Make the feeds of a kind that say something new."""
    return dict(interest_feeds(kind, new.version_summary, new.feeds))


ONE: dict[FileKind, Callable[[NewVersion], bytes | None]] = {
    tree.REGISTER: lambda new: new.files.register.data,
    tree.UPCOMING: lambda new: encode(upcoming_document(new.files.register, new.promises.zone)),
    tree.VERSIONS: lambda new: versions_document(new.listed, new.files.entry_bytes, new.register.register),
    tree.KEYS: lambda new: new.files.keys.data,
    tree.FEED_ATOM: _atom,
    tree.FEED_JSON: lambda new: json_feed(
        new.register, new.feed_window, year=new.first_published_at.year, base_url=new.base_url
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
"""What makes a file of which there is one; it makes nothing where the version has nothing to say there."""

MANY: dict[FileKind, Callable[[NewVersion], ByValue]] = {
    tree.VERSION_REGISTER: lambda new: {new.number: new.files.register.data},
    tree.VERSION_DIFF: lambda new: {new.number: new.files.diff.data},
    tree.VERSION_KEYS: lambda new: {new.number: new.files.keys.data},
    tree.VERSION_ENTRY: lambda new: {new.number: new.files.entry_bytes},
    tree.VERSION_PROOF: lambda new: {new.number: new.log.proof},
    tree.FEED_ARCHIVE: _archive,
    tree.FEED_CATEGORY: lambda new: _feeds_of(new, tree.FEED_CATEGORY),
    tree.FEED_SUBPROCESSOR: lambda new: _feeds_of(new, tree.FEED_SUBPROCESSOR),
    tree.SUBPROCESSOR_CALENDAR: lambda new: dict(vendor_calendars(new.register, new.events, new.calendar)),
    tree.SCRIPT: lambda _: {digest(SCRIPT): SCRIPT},
    tree.PUBLIC_KEY: lambda new: pem_files(new.files.keys.document),
    tree.SCHEMA: lambda new: newest_schemas(new.listed),
    tree.SCHEMA_OF_MINOR: lambda new: fixed_schemas(new.stored),
}
"""What makes files of which there are many, each by the value of the parameter in its path."""

PAGES: dict[FileKind, Callable[[NewVersion, Language], ByValue | bytes]] = {
    tree.INDEX: lambda new, language: index_page(new.view(language)),
    tree.CHANGES_PAGE: lambda new, language: changes_page(new.view(language)),
    tree.SUBSCRIBE_PAGE: lambda new, language: subscribe_page(new.view(language)),
    tree.ANNEX_PAGE: lambda new, language: annex_page(new.view(language), digest(new.files.register.data)),
    tree.VERSION_PAGE: lambda new, language: {
        version.register.version: version_page(version.in_language(language), new.main_language)
        for version in (*new.retold(), new.version_summary)
    },
    tree.SUBPROCESSOR_PAGE: lambda new, language: dict(
        subprocessor_pages(new.view(language), new.vendors_to_write)
    ),
}
"""What makes a page, or pages of which there are many, in a language."""


def make_files(new: NewVersion) -> dict[str, bytes]:
    """Make every file of a new version that is not signed metadata, by path."""
    files = {kind.path(): data for kind, make in ONE.items() if (data := make(new)) is not None}
    for kind, make_many in MANY.items():
        files |= _by_path(kind, make_many(new))
    files |= in_each_language(new.register.publisher, functools.partial(_pages, new))
    files[tree.HEADS.path()] = head_files(
        new.heads, files, no_longer_made(files, new.stored, new.register), new.register
    )
    return {**files, **new.log.tiles}


def _pages(new: NewVersion, language: Language) -> Iterator[tuple[str, bytes]]:
    for kind, make in PAGES.items():
        yield from _by_path(kind, make(new, language)).items()


def _by_path(kind: FileKind, made: ByValue | bytes) -> dict[str, bytes]:
    """Return files of a kind by their paths."""
    if isinstance(made, bytes):
        return {kind.path(): made}
    return {
        kind.path(*value) if isinstance(value, tuple) else kind.path(value): data
        for value, data in made.items()
    }


def no_longer_made(files: Mapping[str, bytes], stored: Iterable[str], register: Register) -> list[str]:
    """Return stored files that were made of something the newest version does not say any more.

    So are pages below the tag of a language that has become the main one.
    """
    gone = {kind.path() for kind in ONE} - files.keys()
    main = in_language("", Language.of(register.publisher.language).tag)
    return [path for path in stored if path in gone or path.startswith(main)]
