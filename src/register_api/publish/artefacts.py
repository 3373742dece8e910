"""One version's artefacts: everything a publication adds to the tree, made in memory.

From here on nothing is encoded again: the bytes that are hashed, signed and logged are the bytes
that are stored and served.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from register_api.core.calendar import local_day
from register_api.core.canonical import decode, encode
from register_api.core.documents import Keys
from register_api.core.format import tree
from register_api.core.format.paths import TARGETS_BY_NAME
from register_api.core.format.tree import FEED_PAGE_SIZE
from register_api.publish import head_files
from register_api.publish.discovery import api_catalog, discovery_document
from register_api.publish.feed.entry import VersionSummary, make_entry
from register_api.publish.log_files import LogFiles, append_entry, outgrown_tiles
from register_api.publish.page.reuse import vendors_to_write
from register_api.publish.page.templating import TEMPLATES_SHA256
from register_api.publish.page.view import PageView
from register_api.publish.page.write import version_page
from register_api.publish.schemas import schema_files
from register_api.publish.security_txt import security_txt
from register_api.publish.signing.key_list import current_key_list, pem_files
from register_api.publish.trust import metadata as trust_metadata
from register_api.publish.trust import repository as trust_repository
from register_api.publish.trust import retirement
from register_api.publish.trust import root as trust_root
from register_api.publish.version_files import VersionFiles, make_version_files
from register_api.store.manifest import FeedEntry

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from register_api.core.canonical import Encoded
    from register_api.core.model import Register
    from register_api.core.notice import Promises
    from register_api.publish.signing.keyring import Keyring
    from register_api.store.reader import Snapshot


_WITH_SIGNATURES = ("", tree.RAW_SIGNATURE.of(""), tree.JWS.of(""))
"""What the paths of a document and of its signatures end in."""


class Artefacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a publication writes.

    Attributes:
        groups: Files by path, in the order in which they have to reach the disk
            (docs/format.md, The tree).
        retired: Stored files that are no longer needed.
        root_hash: Root hash of the log with the new version.
        feed_window: What the feeds say of the newest versions, newest first.
    """

    groups: tuple[dict[str, bytes], ...]
    retired: tuple[str, ...]
    root_hash: bytes
    feed_window: tuple[FeedEntry, ...]


class Maker:
    """Makes the artefacts of one new version on top of what is stored."""

    def __init__(
        self, snapshot: Snapshot | None, keyring: Keyring, now: dt.datetime, base_url: str | None
    ) -> None:
        """Keep what all artefacts are made from.

        Args:
            snapshot: What is published so far.
            keyring: The private keys.
            now: The present instant, from which freshness counts.
            base_url: Where the tree is published, if that is fixed.
        """
        self.snapshot = snapshot
        self.keyring = keyring
        self.now = now
        self.base_url = base_url

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
        version = make_version_files(previous, register, promises, self.keyring.document)
        log = append_entry(
            register.register, version.entry_bytes, register.version - 1, self.read, self.keyring.log
        )
        summary = _summary(version, log)
        keys = self._keys(register)
        window = (make_entry(summary), *self._earlier_entries())[:FEED_PAGE_SIZE]
        feeds, archive = self._feeds(register, window)
        heads = {
            **schema_files(),
            **self._head_documents(version),
            **feeds,
            **self._pages(previous.document if previous else None, summary, promises),
        }
        fixed = {
            **version.files,
            **archive,
            **pem_files(keys),
            tree.VERSION_PAGE.path(register.version): version_page(summary),
        }
        heads[tree.KEYS.path()] = self.read(tree.KEYS.path()) if self.snapshot else encode(keys)
        trust = self._trust(heads, log.checkpoint)
        heads |= self._discovery(register, trust)
        return Artefacts(
            groups=_in_order(fixed, register.version, log, trust, heads),
            retired=(
                *outgrown_tiles(log.tiles, self._stored()),
                *self._outlived(),
                *self._no_longer_said(heads),
            ),
            root_hash=log.root_hash,
            feed_window=window,
        )

    def read(self, path: str) -> bytes:
        """Read a stored file.

        Raises:
            KeyError: There is none.
        """
        if self.snapshot is None:
            raise KeyError(path)
        return self.snapshot.read(path)

    def _stored(self) -> Iterable[str]:
        return self.snapshot.manifest.files if self.snapshot else ()

    def _outlived(self) -> tuple[str, ...]:
        """Return what no customer can still be led to below ``trust/``."""
        if self.snapshot is None:
            return ()
        return retirement.outlived(self.snapshot.read, self.snapshot.published_at, self.now)

    def _keys(self, register: Register) -> Keys:
        stored = decode(self.read(tree.KEYS.path()), Keys) if self.snapshot else None
        return current_key_list(stored, register.register, self.keyring, register.version)

    def _head_documents(self, version: VersionFiles) -> dict[str, bytes]:
        """Return the newest register and the list of versions, signed."""
        register = version.register.document
        listed = self.read(tree.VERSIONS.path()) if self.snapshot else None
        versions = head_files.versions_document(listed, version.entry_bytes, register.register)
        fixed = tree.VERSION_REGISTER.path(register.version)
        # Ed25519 signs the same bytes alike: the fixed register's signatures are the head's, too.
        newest = {tree.REGISTER.path() + end: version.files[fixed + end] for end in _WITH_SIGNATURES}
        return {**newest, **head_files.signed_documents({tree.VERSIONS.path(): versions}, self.keyring)}

    def _earlier_entries(self) -> tuple[FeedEntry, ...]:
        return self.snapshot.state.feed_window if self.snapshot else ()

    def _feeds(
        self, register: Register, window: tuple[FeedEntry, ...]
    ) -> tuple[dict[str, bytes], dict[str, bytes]]:
        first = self.snapshot.state.first_published_at if self.snapshot else register.published_at
        return head_files.feed_files(register, window, first.year, self.base_url, self.keyring)

    def _pages(
        self, previous: Register | None, summary: VersionSummary, promises: Promises
    ) -> dict[str, bytes]:
        """Return the register's page, and the pages of vendors that say something new."""
        register, zone = summary.register, promises.zone
        today = local_day(register.published_at, zone)
        known = previous if self.snapshot and self.snapshot.state.page_templates == TEMPLATES_SHA256 else None
        day_before = local_day(known.published_at, zone) if known else today
        view = PageView(
            register=register,
            diff=summary.diff,
            promises=promises,
            today=today,
            size=summary.size,
            root_hash=summary.root_hash,
        )
        return head_files.page_files(view, vendors_to_write(known, day_before, register, today))

    def _trust(self, heads: dict[str, bytes], checkpoint: bytes) -> dict[str, bytes]:
        """Return TUF metadata and copies of targets; the first publication makes the root."""
        root = {} if self.snapshot else trust_root.create(self.keyring, self.now)

        def read(path: str) -> bytes:
            return root[path] if path in root else self.read(path)

        known = {**heads, tree.CHECKPOINT.path(): checkpoint}
        targets = {name: known[kind.path()] for name, kind in TARGETS_BY_NAME.items()}
        return {**root, **trust_repository.publish(read, self.keyring, targets, self.now)}

    def _discovery(self, register: Register, trust: dict[str, bytes]) -> dict[str, bytes]:
        def read(path: str) -> bytes:
            return trust[path] if path in trust else self.read(path)

        roots = trust_metadata.roots(read)
        name = register.publisher.name
        document = discovery_document(register.register, name, len(roots), roots[-1], self.base_url)
        found = {tree.DISCOVERY.path(): document, tree.API_CATALOG.path(): api_catalog(self.base_url)}
        security = security_txt(register.publisher, self.now, self.base_url)
        return found if security is None else {**found, tree.SECURITY_TXT.path(): security}

    def _no_longer_said(self, heads: dict[str, bytes]) -> Iterable[str]:
        """Yield head files that were made of something the newest version does not say any more."""
        if tree.SECURITY_TXT.path() not in heads and tree.SECURITY_TXT.path() in self._stored():
            yield tree.SECURITY_TXT.path()


def _summary(version: VersionFiles, log: LogFiles) -> VersionSummary:
    register = version.register.document
    return VersionSummary(
        register=register, diff=version.diff, size=register.version, root_hash=log.root_hash
    )


def _in_order(
    fixed: dict[str, bytes],
    version: int,
    log: LogFiles,
    trust: dict[str, bytes],
    heads: dict[str, bytes],
) -> tuple[dict[str, bytes], ...]:
    """Sort files into the groups that reach the disk one after the other."""
    trust = dict(trust)
    timestamp = trust.pop(tree.TIMESTAMP.path())
    return (
        {**fixed, **log.tiles, tree.VERSION_PROOF.path(version): log.proof},
        trust,
        heads,
        {tree.CHECKPOINT.path(): log.checkpoint},
        {tree.TIMESTAMP.path(): timestamp},
    )
