"""The verified log: its head, tiles, entries and proofs."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from register_api.core.canonical import Encoded, decode, digest, is_digest
from register_api.core.documents import MAX_ENTRY_BYTES, Entry, KeyList
from register_api.core.format import tree
from register_api.core.format.paths import FILES
from register_api.core.key_list import check_keys, log_key
from register_api.core.log import merkle, tiles
from register_api.core.log.checkpoint import Checkpoint
from register_api.core.log.proofs import TlogProof, parse_proof, verify_proof
from register_api.core.trust_root import LogEpoch, check_epoch_prefixes, open_head
from register_api.errors import Document, Forged, Forked, Inconsistent, Malformed
from register_api.verify.checks.check_table import naming
from register_api.verify.checks.run import Run

TWO_HISTORIES = "both checkpoints are signed: keep them, and ask the publisher which history holds"


@dataclass(frozen=True)
class Log:
    """A log with a verified head.

    Attributes:
        data: The signed note with all signature lines served; it begins with ``target``, the TUF target.
        epochs: Its epochs after the first, as signed by the root keys.
    """

    run: Run
    keys: KeyList
    head: Checkpoint
    data: bytes
    target: bytes
    epochs: tuple[LogEpoch, ...]

    @property
    def size(self) -> int:
        """Number of versions in the log."""
        return self.head.size

    @property
    def document(self) -> Document:
        """The checkpoint as a document, to save as evidence."""
        return Document.of_checkpoint(self.head.size, self.head.root, self.data)

    def open(self, data: bytes) -> Checkpoint:
        """Verify another checkpoint of this log and return it."""
        return open_head(data, self.keys)

    def keys_for(self, version: int) -> KeyList:
        """Return the list of keys for verifying a version's signatures.

        That is the newest list; for a disowned version that the customer has acknowledged, it is the
        version's own list from the log.
        """
        if not self.run.disowned.is_acknowledged(version):
            return self.keys
        return self.logged_keys(version).document

    def logged_keys(self, version: int) -> Encoded[KeyList]:
        """Return the list of keys at a version, as recorded in the log."""
        path = tree.VERSION_KEYS.path(version)
        return read_keys(self.logged_file(version, path), self.keys.register, path)

    def logged_file(self, version: int, path: str) -> bytes:
        """Return a file of a version, checked against the digest in its log entry."""
        sha256, data = self.logged_digests(version)[path], self.run.get_once(path)
        if digest(data) != sha256:
            raise Forged("the digest that the log's entry names does not fit the bytes received", path=path)
        return data

    def root_at(self, size: int) -> bytes:
        """Return the root hash that the log had at a size; call ``check_root`` before."""
        if size == self.head.size:
            return self.head.root
        return tiles.root(size, self.run.get_once, tree_size=self.head.size)

    def check_root(self) -> None:
        """Check that the tiles give the signed root hash."""
        if tiles.root(self.head.size, self.run.get_once) != self.head.root:
            raise Forged("the log's tiles do not give the root hash that the checkpoint signs")

    def check_epoch_prefixes(self) -> None:
        """Check the log's size and root hash before each epoch, as signed by the root keys."""
        if any(epoch.size < self.size for epoch in self.epochs):
            self.check_root()
        check_epoch_prefixes(self.epochs, self.size, self.root_at)

    def check_holds(self, version: int, data: bytes) -> None:
        """Check that the log contains these bytes as the entry of a version."""
        proof = tiles.inclusion_proof(version - 1, self.head.size, self.run.get_once)
        merkle.verify_inclusion(merkle.leaf_hash(data), version - 1, self.head.size, proof, self.head.root)

    def entry(self, version: int, data: bytes) -> Entry:
        """Parse a log entry and check that it is of this version and names all required files."""
        entry = decode(data, Entry, max_bytes=MAX_ENTRY_BYTES)
        if (entry.register, entry.version) != (self.keys.register, version):
            raise Inconsistent(f"the entry of version {entry.version} of {entry.register!r}")
        check_utc(entry.published_at)
        paths = [file.path for file in entry.files]
        own = tree.VERSION_FOLDER.format(version=version)
        if paths != sorted(set(paths)) or not all(path.startswith(own) for path in paths):
            raise Malformed("an entry whose files are not the version's own, each once, in order")
        if missing := {kind.path(version) for kind in FILES if kind.in_entry} - set(paths):
            raise Malformed(f"an entry that does not name {' and '.join(sorted(missing))}")
        if not all(is_digest(file.sha256) for file in entry.files):
            raise Malformed("an entry with a digest that is not 64 lower-case hex digits")
        return entry

    def logged_digests(self, version: int) -> dict[str, str]:
        """Return the digests (hex) of a version's files by path, from its log entry."""
        path = tree.VERSION_ENTRY.path(version)
        data = self.run.get_once(path)
        with naming(path):
            self.check_holds(version, data)
            return {file.path: file.sha256 for file in self.entry(version, data).files}

    def proof(self, version: int, entry: bytes) -> tuple[TlogProof, Checkpoint]:
        """Return a version's own proof and its checkpoint, after checking both against entry and log."""
        proof = parse_proof(self.run.get_once(tree.VERSION_PROOF.path(version)))
        key = log_key(self.keys_for(version), version)
        old = verify_proof(entry, proof, key.name, [key])
        if (proof.index, old.size) != (version - 1, version):
            raise Inconsistent(f"a proof of entry {proof.index} at size {old.size}, not of version {version}")
        if self.root_at(version) != old.root:
            raise Forked(
                f"a signed checkpoint of size {version} with another root than the log had at that size",
                hint=TWO_HISTORIES,
                documents=[self.document, Document.of_checkpoint(old.size, old.root, proof.checkpoint)],
            )
        return proof, old

    def check_bundle(self, version: int, data: bytes) -> None:
        """Compare an entry with the one in the log's entry bundle (C2SP tlog-tiles, Entry Bundles)."""
        index, at = divmod(version - 1, tiles.TILE_WIDTH)
        width = min(tiles.TILE_WIDTH, self.size - index * tiles.TILE_WIDTH)
        path = tiles.tile_path("entries", index, width)
        if tiles.entries_in_bundle(self.run.get_once(path), width)[at] != data:
            raise Forged(f"{path}: entry {version - 1} is not the one in the log", path=path)

    def check_older_tiles(self, version: int) -> None:
        """Compare the partial tiles of the log at a version with the current tiles.

        They are kept until the full tile exists (docs/format/log.md), for customers with an older checkpoint.
        """
        level = 0
        while version % (1 << (tiles.TILE_HEIGHT * level)) == 0:
            index, width = divmod(version >> (tiles.TILE_HEIGHT * level), tiles.TILE_WIDTH)
            today = (self.size >> (tiles.TILE_HEIGHT * level)) - index * tiles.TILE_WIDTH
            if 0 < width < today < tiles.TILE_WIDTH:
                for kind in (0, "entries") if level == 0 else (level,):
                    path = tiles.tile_path(kind, index, width)
                    data, whole = self.run.get(path), self.run.get_once(tiles.tile_path(kind, index, today))
                    if kind == "entries":
                        tiles.entries_in_bundle(data, width)
                    elif len(data) != width * merkle.HASH_BYTES:
                        raise Malformed(f"{path} does not have the length for its width", path=path)
                    if not whole.startswith(data):
                        raise Forged(f"{path} does not hold what the log holds", path=path)
            level += 1


def read_keys(data: bytes, register: str, path: str) -> Encoded[KeyList]:
    """Parse and check a list of keys of a register."""
    with naming(path):
        keys = decode(data, KeyList)
        check_keys(keys)
        if keys.register != register:
            raise Inconsistent(f"the list of keys of {keys.register!r}")
    return Encoded(keys, data)


def check_utc(instant: dt.datetime) -> None:
    """Check that an instant is in UTC, as the format requires."""
    if instant.utcoffset() != dt.timedelta():
        raise Malformed("an instant that is not in UTC")
