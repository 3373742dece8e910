"""One version's artefacts: everything a publication adds to the tree, made in memory.

From here on nothing is encoded again: the bytes that are hashed, signed and logged are the bytes
that are stored and served.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from register_api.core import tree
from register_api.core.calendar import local_day
from register_api.core.canonical import decode, encode
from register_api.core.changes import Diff
from register_api.core.checkpoint import parse_checkpoint
from register_api.core.documents import Keys
from register_api.core.model import Register
from register_api.core.note import parse_note
from register_api.core.tlog_proof import parse_proof
from register_api.publish import head_files, trust_metadata, trust_repository, trust_root
from register_api.publish.discovery import api_catalog, discovery_document
from register_api.publish.feed import PAGE_SIZE
from register_api.publish.feed_entry import VersionSummary
from register_api.publish.key_list import current_key_list, pem_files
from register_api.publish.log_files import LogFiles, append_entry, outgrown_tiles
from register_api.publish.page import version_page
from register_api.publish.page_view import PageView
from register_api.publish.schemas import schema_files
from register_api.publish.version_files import VersionFiles, make_version_files

if TYPE_CHECKING:
    import datetime as dt

    from register_api.core.notice import Promises
    from register_api.publish.keyring import Keyring
    from register_api.store.reader import Snapshot


class Artefacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a publication writes.

    Attributes:
        groups: Files by path, in the order in which they have to reach the disk
            (docs/format.md, The tree).
        retired: Stored files that are no longer needed.
        root_hash: Root hash of the log with the new version.
    """

    groups: tuple[dict[str, bytes], ...]
    retired: tuple[str, ...]
    root_hash: bytes


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

    def make(self, previous: Register | None, register: Register, promises: Promises) -> Artefacts:
        """Make everything that publishing a version adds.

        Args:
            previous: The version before, if there is one.
            register: The new version.
            promises: All notice promises, the new version's among them.

        Raises:
            KeyStoreError: A private key is missing or not the one that customers know.
            StoreError: What is stored is damaged.
        """
        version = make_version_files(previous, register, promises, self.keyring.document)
        log = append_entry(
            register.register, version.entry_bytes, register.version - 1, self.read, self.keyring.log
        )
        summary = _summary(version, log)
        keys = self._keys(register)
        heads, archive = self._heads(summary, version, promises)
        fixed = {
            **version.files,
            **archive,
            **pem_files(keys),
            tree.version_page(register.version): version_page(summary),
        }
        heads[tree.KEYS] = encode(keys)
        trust = self._trust(heads, log.checkpoint)
        heads |= self._discovery(register, trust)
        return _in_order(fixed, register.version, log, trust, heads, self._stored())

    def read(self, path: str) -> bytes:
        """Read a stored file.

        Raises:
            KeyError: There is none.
        """
        if self.snapshot is None:
            raise KeyError(path)
        return self.snapshot.read(path)

    def _stored(self) -> list[str]:
        return list(self.snapshot.manifest.files) if self.snapshot else []

    def _keys(self, register: Register) -> Keys:
        stored = decode(self.read(tree.KEYS), Keys) if self.snapshot else None
        return current_key_list(stored, register.register, self.keyring, register.version)

    def _heads(
        self, summary: VersionSummary, version: VersionFiles, promises: Promises
    ) -> tuple[dict[str, bytes], dict[str, bytes]]:
        """Return head files but keys and discovery, and a completed archive page of the feed."""
        register = summary.register
        listed = self.read(tree.VERSIONS) if self.snapshot else None
        documents = {
            tree.REGISTER: version.register_bytes,
            tree.VERSIONS: head_files.versions_document(listed, version.entry_bytes, register.register),
        }
        first = self.snapshot.state.first_published_at if self.snapshot else register.published_at
        summaries = [summary, *self._earlier(register.version)]
        feeds, archive = head_files.feed_files(summaries, first.year, self.base_url, self.keyring)
        pages = head_files.page_files(self._view(summary, promises))
        signed = head_files.signed_documents(documents, self.keyring)
        return {**schema_files(), **signed, **feeds, **pages}, archive

    def _view(self, summary: VersionSummary, promises: Promises) -> PageView:
        return PageView(
            register=summary.register,
            diff=summary.diff,
            promises=promises,
            today=local_day(summary.register.published_at, promises.zone),
            size=summary.size,
            root_hash=summary.root_hash,
        )

    def _earlier(self, version: int) -> list[VersionSummary]:
        """Read the versions that share the feed's window with a new one, newest first."""
        oldest = max(1, version - PAGE_SIZE + 1)
        return [self._stored_summary(number) for number in range(version - 1, oldest - 1, -1)]

    def _stored_summary(self, version: int) -> VersionSummary:
        proof = parse_proof(self.read(tree.version_proof(version)))
        checkpoint = parse_checkpoint(parse_note(proof.checkpoint).text)
        return VersionSummary(
            register=decode(self.read(tree.version_register(version)), Register),
            diff=decode(self.read(tree.version_diff(version)), Diff),
            size=checkpoint.size,
            root_hash=checkpoint.root,
        )

    def _trust(self, heads: dict[str, bytes], checkpoint: bytes) -> dict[str, bytes]:
        """Return TUF metadata and copies of targets; the first publication makes the root."""
        root = {} if self.snapshot else trust_root.create(self.keyring, self.now)

        def read(path: str) -> bytes:
            return root[path] if path in root else self.read(path)

        known = {**heads, tree.CHECKPOINT: checkpoint}
        targets = {name: known[path] for name, path in trust_repository.TARGETS.items()}
        return {**root, **trust_repository.publish(read, self.keyring, targets, self.now)}

    def _discovery(self, register: Register, trust: dict[str, bytes]) -> dict[str, bytes]:
        def read(path: str) -> bytes:
            return trust[path] if path in trust else self.read(path)

        roots = trust_metadata.roots(read)
        name = register.publisher.name
        document = discovery_document(register.register, name, len(roots), roots[-1], self.base_url)
        return {tree.DISCOVERY: document, tree.API_CATALOG: api_catalog(self.base_url)}


def _summary(version: VersionFiles, log: LogFiles) -> VersionSummary:
    register = version.register
    return VersionSummary(
        register=register, diff=version.diff, size=register.version, root_hash=log.root_hash
    )


def _in_order(
    fixed: dict[str, bytes],
    version: int,
    log: LogFiles,
    trust: dict[str, bytes],
    heads: dict[str, bytes],
    stored: list[str],
) -> Artefacts:
    """Sort files into the groups that reach the disk one after the other."""
    trust = dict(trust)
    timestamp = trust.pop(tree.TIMESTAMP)
    groups = (
        {**fixed, **log.tiles, tree.version_proof(version): log.proof},
        trust,
        heads,
        {tree.CHECKPOINT: log.checkpoint},
        {tree.TIMESTAMP: timestamp},
    )
    retired = tuple(outgrown_tiles(log.tiles, stored))
    return Artefacts(groups=groups, retired=retired, root_hash=log.root_hash)
