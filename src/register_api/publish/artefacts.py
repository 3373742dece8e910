"""One version's artefacts: everything a publication adds to the tree, made in memory.

From here on nothing is encoded again: the bytes that are hashed, signed and logged are the bytes
that are stored and served.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable, Iterable, Mapping

import msgspec

from register_api.core.canonical import Encoded, encoded
from register_api.core.documents import KeyList
from register_api.core.format.paths import TARGETS_BY_NAME
from register_api.core.format.tree import FEED_PAGE_SIZE
from register_api.core.keys.key_list import log_key
from register_api.core.language.changes import Sentences
from register_api.core.language.language import Language
from register_api.core.model import Register
from register_api.core.notice import Promises
from register_api.errors import StoreDamaged
from register_api.publish.examine import HINT, Examined, nothing_signed
from register_api.publish.feed.entry import VersionSummary, make_entry
from register_api.publish.feed.interests import PublishedFeeds
from register_api.publish.head_files import check_listed, digests_of
from register_api.publish.history import told_again
from register_api.publish.log_files import LogFiles, append_entry, outgrown_tiles
from register_api.publish.makers import NewVersion, make_files, no_longer_made
from register_api.publish.page.templating import TEMPLATES_SHA256
from register_api.publish.page.version_history import (
    MOST_VERSIONS,
    ToldVersion,
    told_version,
    version_history,
)
from register_api.publish.signing.key_list import current_key_list
from register_api.publish.signing.keyring import Keyring
from register_api.publish.signing.signatures import signatures
from register_api.publish.trust import metadata as trust_metadata
from register_api.publish.trust import repository as trust_repository
from register_api.publish.trust import root as trust_root
from register_api.publish.version_files import VersionFiles, make_version_files
from register_api.store.reader import Snapshot


class Artefacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a publication writes.

    Attributes:
        files: Every file by path.
        retired: Stored files that are no longer needed.
        root_hash: Root hash of the log with the new version.
    """

    files: dict[str, bytes]
    retired: tuple[str, ...]
    root_hash: bytes


class ArtefactBuilder:
    """Makes the artefacts of one new version on top of what is stored."""

    def __init__(
        self,
        snapshot: Snapshot | None,
        found: Examined | None,
        *,
        keyring: Keyring,
        now: dt.datetime,
        base_url: str | None,
        fresh_for: dt.timedelta | None = None,
        clock_is_right: bool = False,
    ) -> None:
        """Keep what all artefacts are made from.

        Args:
            snapshot: What is published so far; ``None``: nothing.
            found: What that was found to hold; ``None`` likewise.
            keyring: The private keys.
            now: The present instant, from which freshness counts.
            base_url: Where the tree is published, if that is fixed.
            fresh_for: How long the timestamp is good; ``None``: as long as the one before.
            clock_is_right: Sign even if the timestamp in force is of a later instant.
        """
        self.snapshot = snapshot
        self.found = found
        self.keyring = keyring
        self.now = now
        self.base_url = base_url
        self.fresh_for = fresh_for
        self.clock_is_right = clock_is_right

    def make(self, previous: Encoded[Register] | None, register: Register, promises: Promises) -> Artefacts:
        """Make everything that publishing a version adds.

        Args:
            previous: The version before as it is stored, if there is one.
            register: The new version.
            promises: All notice promises, the new version's among them.

        Raises:
            KeyStoreError: A private key is missing or not the one that customers know.
            StoreError: What is stored is damaged, or what was made does not hold.
        """
        keys = self._keys(register)
        roots = tuple(trust_metadata.roots(self._over_stored))
        new = self.new_version(previous, register, promises, keys, roots)
        with nothing_signed():
            made = make_files(new)
        made |= signatures(made, self.keyring)
        trust = self._trust(made)
        stored = self.snapshot.manifest.files if self.snapshot else ()
        return Artefacts(
            files={**made, **self._first_root, **trust},
            retired=(
                *outgrown_tiles(new.log.tiles, stored),
                *self._outlived(),
                *no_longer_made(made, stored, register),
            ),
            root_hash=new.log.root_hash,
        )

    @functools.cached_property
    def _first_root(self) -> dict[str, bytes]:
        """The root of a new register by its path; nothing where one is published."""
        return {} if self.snapshot else trust_root.create(self.keyring, self.now)

    def read(self, path: str) -> bytes:
        """Read a stored file.

        Raises:
            KeyError: There is none.
        """
        if self.snapshot is None:
            raise KeyError(path)
        return self.snapshot.read(path)

    def _keys(self, register: Register) -> Encoded[KeyList]:
        """Return the list of keys that a version goes out with, as it is stored if it is."""
        known = self.found.keys if self.found else None
        keys = current_key_list(
            known.document if known else None, register.register, self.keyring, register.version
        )
        return known or encoded(keys)

    def _outlived(self) -> tuple[str, ...]:
        """Return what no customer can still be led to below ``trust/``."""
        if self.snapshot is None:
            return ()
        return trust_repository.outlived(self.snapshot.read, self.snapshot.published_at, self.now)

    def new_version(
        self,
        previous: Encoded[Register] | None,
        register: Register,
        promises: Promises,
        keys: Encoded[KeyList],
        roots: tuple[bytes, ...],
    ) -> NewVersion:
        """Return a version with all that its files are made from (``makers.make_files``).

        Of the keyring the log key alone is used.

        Args:
            previous: The version before as it is stored, if there is one.
            register: The new version.
            promises: All notice promises, the new version's among them.
            keys: The list of keys that it goes out with.
            roots: Every TUF root, oldest first.
        """
        files = make_version_files(previous, register, promises, keys)
        origin = log_key(keys.document, register.version).name
        log = append_entry(origin, files.entry_bytes, register.version - 1, self.read, self.keyring.log)
        summary = VersionSummary(
            register=register,
            diff=files.diff.document,
            size=register.version,
            root_hash=log.root_hash,
            sentences=Sentences.between(previous.document if previous else None, register, promises.zone),
            base_url=self.base_url,
        )
        return self._continuing(previous, promises, files, log, summary, roots)

    def _continuing(
        self,
        previous: Encoded[Register] | None,
        promises: Promises,
        files: VersionFiles,
        log: LogFiles,
        summary: VersionSummary,
        roots: tuple[bytes, ...],
    ) -> NewVersion:
        """Return the same with what is published so far."""
        register, snapshot = files.register.document, self.snapshot
        earlier = self.found.feed if self.found else ()
        same_pages = snapshot is not None and snapshot.state.page_templates == TEMPLATES_SHA256
        return NewVersion(
            files=files,
            promises=promises,
            log=log,
            version_summary=summary,
            heads=self.found.heads if self.found else None,
            listed=self.found.versions.data if self.found else None,
            stored=snapshot.manifest.files if snapshot else (),
            feeds=self._feeds(previous.document if previous else None, register),
            feed_window=(make_entry(summary), *earlier)[:FEED_PAGE_SIZE],
            calendar=self.found.calendar if self.found else {},
            history=self._history(files, promises.zone),
            first_published_at=self.found.first_published_at if self.found else register.published_at,
            shown_before=previous.document if previous and same_pages else None,
            retold=self._retold(previous.document if previous else None, register),
            roots=roots,
            base_url=self.base_url,
            now=self.now,
        )

    def _retold(
        self, previous: Register | None, register: Register
    ) -> Callable[[], Iterable[VersionSummary]]:
        """Return what gives earlier versions where another language has become the main one."""
        found, main = self.found, Language.of(register.publisher.language)
        if found is None or previous is None or Language.of(previous.publisher.language) is main:
            return tuple
        return functools.partial(told_again, found, self.read, 1, previous.version)

    def _feeds(self, previous: Register | None, register: Register) -> PublishedFeeds:
        """Return what was published of the feeds that go on, none of it believed of the store."""
        signed = digests_of(self.found.heads if self.found else None)

        def read(path: str) -> bytes | None:
            if path not in signed:
                return None
            try:
                data = self.read(path)
            except KeyError as error:
                raise StoreDamaged(f"{path} is missing", hint=HINT) from error
            check_listed(path, data, signed)
            return data

        return PublishedFeeds(
            register=previous,
            base_url=self.found.head.base_url if self.found else None,
            first=self.found.first_published_at if self.found else register.published_at,
            read=read,
        )

    def _history(self, files: VersionFiles, zone: dt.tzinfo) -> tuple[ToldVersion, ...]:
        """Return what pages tell of versions, the new one first."""
        newest = files.register.document
        new = told_version(newest.version, newest.published_at, files.diff.data, zone)
        earlier = self.found.versions.document.versions if self.found else ()
        return (new, *version_history(earlier, self.read, zone))[:MOST_VERSIONS]

    def _trust(self, made: Mapping[str, bytes]) -> dict[str, bytes]:
        """Return TUF metadata and copies of targets."""
        targets = {name: made[kind.path()] for name, kind in TARGETS_BY_NAME.items()}
        return trust_repository.publish(
            self._over_stored,
            self.keyring,
            targets,
            self.now,
            self.fresh_for,
            clock_is_right=self.clock_is_right,
        )

    def _over_stored(self, path: str) -> bytes:
        """Read a stored file, or the root of a new register."""
        return self._first_root[path] if path in self._first_root else self.read(path)
