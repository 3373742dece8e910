"""One version's artefacts: everything a publication adds to the tree, made in memory.

From here on nothing is encoded again: the bytes that are hashed, signed and logged are the bytes
that are stored and served.
"""

from __future__ import annotations

import datetime as dt
import functools

import msgspec

from register_api.core.canonical import Encoded, encoded
from register_api.core.documents import KeyList
from register_api.core.format.paths import TARGETS_BY_NAME
from register_api.core.format.tree import FEED_PAGE_SIZE
from register_api.core.key_list import log_key
from register_api.core.language.changes import Sentences
from register_api.core.language.language import Language
from register_api.core.model import Register
from register_api.core.notice_period import Promises
from register_api.errors import StoreDamaged
from register_api.publish.artefact_builders import NewVersion, make_files, no_longer_made
from register_api.publish.examine import HINT, Examined, nothing_signed
from register_api.publish.feed.entry import VersionSummary, make_entry
from register_api.publish.feed.interests import PublishedFeeds
from register_api.publish.page.version_history import (
    MOST_VERSIONS,
    told_again,
    told_version,
    version_history,
)
from register_api.publish.signing.key_list import current_key_list
from register_api.publish.signing.keyring import Keyring, signatures
from register_api.publish.templating import TEMPLATES_SHA256
from register_api.publish.trust import metadata as trust_metadata
from register_api.publish.trust import repository as trust_repository
from register_api.publish.trust import root as trust_root
from register_api.publish.version_files import (
    append_entry,
    check_listed,
    digests_of,
    make_version_files,
    outgrown_tiles,
)
from register_api.store.reader import Snapshot


class Artefacts(msgspec.Struct, frozen=True):
    """What a publication writes: every file by path, and the stored files that are no longer needed."""

    files: dict[str, bytes]
    retired: tuple[str, ...]


class ArtefactBuilder(msgspec.Struct, frozen=True, kw_only=True):
    """Makes the artefacts of one new version on top of what is stored.

    Attributes:
        snapshot: What is published so far; ``None``: nothing.
        now: The present instant, from which freshness counts.
        base_url: Where the tree is published, if that is fixed.
        fresh_for: How long the timestamp is good; ``None``: as long as the one before.
        clock_is_right: Sign even if the timestamp in force is of a later instant.
    """

    snapshot: Snapshot | None
    found: Examined | None
    keyring: Keyring
    now: dt.datetime
    base_url: str | None
    fresh_for: dt.timedelta | None = None
    clock_is_right: bool = False

    def make(self, register: Register, promises: Promises) -> Artefacts:
        """Make everything that publishing a version adds; the new promises have those of the version."""
        known = self.found.keys if self.found else None
        listed = current_key_list(
            known.document if known else None, register.register, self.keyring, register.version
        )
        first_root = {} if self.snapshot else trust_root.create(self.keyring, self.now)

        def read(path: str) -> bytes:
            return first_root[path] if path in first_root else self.read(path)

        new = self.new_version(register, promises, known or encoded(listed), trust_metadata.roots(read))
        with nothing_signed():
            made = make_files(new)
        made |= signatures(made, self.keyring)
        trust = trust_repository.publish(
            read,
            self.keyring,
            {name: made[kind.path()] for name, kind in TARGETS_BY_NAME.items()},
            self.now,
            self.fresh_for,
            clock_is_right=self.clock_is_right,
        )
        retired = [
            *outgrown_tiles(new.log.tiles, new.stored),
            *no_longer_made(made, new.stored, register),
        ]
        if self.snapshot is not None:
            retired += trust_repository.outlived(self.snapshot.read, self.snapshot.published_at, self.now)
        return Artefacts({**made, **first_root, **trust}, tuple(retired))

    def read(self, path: str) -> bytes:
        """Read a stored file; ``KeyError`` where there is none."""
        if self.snapshot is None:
            raise KeyError(path)
        return self.snapshot.read(path)

    def new_version(
        self, register: Register, promises: Promises, keys: Encoded[KeyList], roots: tuple[bytes, ...]
    ) -> NewVersion:
        """Return a version with all that its files are made from (``makers.make_files``).

        Of the keyring the log key alone is used.
        """
        found, snapshot = self.found, self.snapshot
        previous = found.newest.document if found else None
        files = make_version_files(found.newest if found else None, register, promises, keys)
        origin = log_key(keys.document, register.version).name
        log = append_entry(origin, files.entry_bytes, register.version - 1, self.read, self.keyring.log)
        summary = VersionSummary(
            register=register,
            diff=files.diff.document,
            size=register.version,
            root_hash=log.root_hash,
            sentences=Sentences.between(previous, register, promises.zone),
            base_url=self.base_url,
        )
        told = told_version(register.version, register.published_at, files.diff.data, promises.zone)
        entries = found.versions.document.versions if found else ()
        history = (told, *version_history(entries, self.read, promises.zone))[:MOST_VERSIONS]
        same_pages = snapshot is not None and snapshot.state.page_templates == TEMPLATES_SHA256
        first = found.first_published_at if found else register.published_at
        # Earlier versions are told again where another language has become the main one.
        main = Language.of(register.publisher.language)
        return NewVersion(
            files=files,
            promises=promises,
            log=log,
            version_summary=summary,
            heads=found.heads if found else None,
            listed=found.versions.data if found else None,
            stored=snapshot.manifest.files if snapshot else (),
            feeds=PublishedFeeds(
                register=previous,
                base_url=found.head.base_url if found else None,
                first=first,
                read=functools.partial(self._signed, digests_of(found.heads if found else None)),
            ),
            feed_window=(make_entry(summary), *(found.feed if found else ()))[:FEED_PAGE_SIZE],
            calendar=found.calendar if found else {},
            history=history,
            first_published_at=first,
            shown_before=previous if same_pages else None,
            retold=functools.partial(told_again, found, self.read, 1, found.head.size)
            if found and Language.of(found.newest.document.publisher.language) is not main
            else tuple,
            roots=roots,
            base_url=self.base_url,
            now=self.now,
        )

    def _signed(self, digests: dict[str, str], path: str) -> bytes | None:
        """Return a stored file as it was signed, if it was; the store is not believed."""
        if path not in digests:
            return None
        try:
            data = self.read(path)
        except KeyError as error:
            raise StoreDamaged(f"{path} is missing", hint=HINT) from error
        check_listed(path, data, digests)
        return data
