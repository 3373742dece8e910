"""Verification of a store, as by a customer, before anything is signed over it.

The next publication repeats and builds upon signed content only. Expiry is not checked: the publisher is
about to renew what has expired.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator, Mapping
from typing import TypeVar

import msgspec
from tuf.api.metadata import Root

from register_api.clock import zone_of
from register_api.core.canonical import Encoded, decode, digest
from register_api.core.documents import HeadFiles, KeyList, VersionList
from register_api.core.format import tree
from register_api.core.format.kind import FileKind
from register_api.core.format.paths import TARGETS_BY_NAME, max_bytes
from register_api.core.instant import local_day
from register_api.core.key_list import check_keys, is_origin
from register_api.core.log import merkle, tiles
from register_api.core.log.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint
from register_api.core.log.note import parse_note, parse_verifier_key
from register_api.core.model import Register
from register_api.core.notice_period import Promises
from register_api.core.trust_root import check_against_root, check_epoch_prefixes, read_epochs
from register_api.errors import Forged, Forked, Inconsistent, Malformed, StoreDamaged, VerificationError
from register_api.publish.calendar import CalendarEvent, read_events
from register_api.publish.feed.entry import FeedEntry
from register_api.publish.feed.formats import entries_in
from register_api.publish.last_signed import SignedFile, SignedHead
from register_api.publish.trust import metadata as trust_metadata
from register_api.publish.trust.metadata import Read
from register_api.publish.trust.root import check_chain
from register_api.publish.version_files import check_listed, digests_of, logged_file
from register_api.verify.fetcher import NotServed
from register_api.verify.state import RootOrigin
from register_api.verify.tuf_client import Trusted, follow
from register_api.verify.tuf_metadata import Start

T = TypeVar("T")

HINT = (
    "nothing was signed; somebody or something else has written to the store:"
    " register-api recover --from URL takes over what is public"
)


class Examined(msgspec.Struct, frozen=True, kw_only=True):
    """The verified content of a store; ``leaves`` are the leaf hashes of the log."""

    head: SignedHead
    keys: Encoded[KeyList]
    newest: Encoded[Register]
    heads: HeadFiles
    versions: Encoded[VersionList]
    leaves: tuple[bytes, ...]
    promises: Promises
    feed: tuple[FeedEntry, ...]
    calendar: dict[str, CalendarEvent]

    @property
    def first_published_at(self) -> dt.datetime:
        """When version 1 was published, UTC."""
        return self.versions.document.versions[0].published_at

    def root_at(self, size: int) -> str:
        """Return the log's root hash at a size, in hex."""
        return merkle.root_hash(self.leaves[:size]).hex()


def examine(read: Read, known: SignedHead | None, base_url: str | None = None) -> Examined:
    """Verify a tree, starting from the head known before, or else from the tree's own first root.

    ``base_url`` is the URL of the tree when its newest version was published.
    """
    with nothing_signed():
        return _Examination(read).all_of(known, base_url)


@contextlib.contextmanager
def nothing_signed() -> Iterator[None]:
    """Add a hint to verification errors: nothing was signed, and what to do."""
    try:
        yield
    except VerificationError as error:
        error.hint = error.hint or HINT
        raise


class _Entries(msgspec.Struct):
    """The raw entries of the list of versions."""

    versions: list[msgspec.Raw]


class _Examination:
    def __init__(self, read: Read) -> None:
        self._read = read

    def get(self, path: str, most: int | None = None) -> bytes:
        """Return a file of the tree, as a ``Fetcher`` does."""
        try:
            data = self._read(path)
        except KeyError as error:
            raise NotServed(f"{path} is missing", path=path) from error
        if len(data) > (max_bytes(path) if most is None else most):
            raise Malformed(f"{path} is larger than its kind allows", path=path)
        return data

    def all_of(self, known: SignedHead | None, base_url: str | None) -> Examined:
        trusted = self._follow(known)
        vouched = {kind: self._vouched(trusted, kind) for kind in TARGETS_BY_NAME.values()}
        keys = _document(tree.KEYS, vouched, KeyList)
        check_keys(keys.document)
        check_against_root(trusted.root, keys.document)
        newest = _document(tree.REGISTER, vouched, Register)
        checkpoint = _checkpoint(vouched[tree.CHECKPOINT], keys.document, newest.document)
        heads = _document(tree.HEADS, vouched, HeadFiles).document
        versions, leaves = self._versions(heads, checkpoint)
        epochs = read_epochs(trusted.root)
        check_epoch_prefixes(epochs, checkpoint.size, lambda size: merkle.root_hash(leaves[:size]))
        logged = {file.path: file.sha256 for file in versions.document.versions[-1].files}
        if logged.get(tree.VERSION_REGISTER.path(newest.document.version)) != newest.sha256:
            raise Inconsistent(
                f"{tree.REGISTER.path()} is not the register that the log's newest entry names"
            )
        promises = _promises_after(known, newest, versions.document, self.get)
        with _naming(tree.CALENDAR.path()):
            calendar = read_events(self._listed(heads, tree.CALENDAR))
        head = SignedHead(
            first_root=digest(self.get(tree.ROOT.path(1))),
            metadata={
                role: SignedFile(version=trusted.versions[role], sha256=digest(data))
                for role, data in trusted.metadata.items()
            },
            size=checkpoint.size,
            root_hash=checkpoint.root.hex(),
            base_url=known.base_url if known and known.size == checkpoint.size else base_url,
            policies=promises.policies,
            first_live=promises.first_live,
        )
        return Examined(
            head=head,
            keys=keys,
            newest=newest,
            heads=heads,
            versions=versions,
            leaves=leaves,
            promises=promises,
            feed=self._feed(heads, checkpoint),
            calendar=calendar,
        )

    def _follow(self, known: SignedHead | None) -> Trusted:
        """Check the chain of roots against the known ones, then verify from the newest root on."""
        roots = trust_metadata.roots(self._read)
        check_chain([trust_metadata.parse(data, Root) for data in roots])
        if known is not None:
            newest = known.metadata["root"]
            for number, sha256 in ((1, known.first_root), (newest.version, newest.sha256)):
                path = tree.ROOT.path(number)
                if len(roots) < number:
                    raise StoreDamaged(f"{path} is missing", hint=HINT)
                if digest(roots[number - 1]) != sha256:
                    raise Forged(f"{path} is not the root that was published", path=path)
        version = len(roots)
        origin = RootOrigin(
            how="remembered", version=version, sha256=digest(roots[-1]), source="", first_use=False
        )
        return follow(self, Start(root=roots[-1], origin=origin), None)

    def _vouched(self, trusted: Trusted, kind: FileKind) -> bytes:
        """Return a target, which must be the same at both its paths."""
        path, copy = kind.path(), trusted.copy_path(kind)
        vouched = trusted.target_part(kind, self.get(path))
        if vouched is None:
            raise Forged(f"{path} is not the file that the signed targets name", path=path)
        if self.get(copy) != vouched:
            raise Forged(f"{copy} is not the file that the signed targets name", path=copy)
        return vouched

    def _versions(self, heads: HeadFiles, log: Checkpoint) -> tuple[Encoded[VersionList], tuple[bytes, ...]]:
        """Return the list of versions; it and the log's tiles must give the signed root hash."""
        data, path = self._listed(heads, tree.VERSIONS), tree.VERSIONS.path()
        with _naming(path):
            listed = decode(data, VersionList, max_bytes=tree.VERSIONS.max_bytes)
            # The list is canonical JSON, so each raw entry is canonical, too.
            entries = list(map(bytes, msgspec.json.decode(data, type=_Entries).versions))
        leaves = tuple(map(merkle.leaf_hash, entries))
        if len(leaves) != log.size or merkle.root_hash(leaves) != log.root:
            raise Forked(f"{path} is not the list of the {log.size} entries whose root is signed", path=path)
        if tiles.root(log.size, self.get) != log.root:
            raise Forked("the log's tiles do not give the root hash that the checkpoint signs")
        first, width = divmod(log.size, tiles.TILE_WIDTH)
        if width:
            bundle = tiles.tile_path("entries", first, width)
            if tiles.entries_in_bundle(self.get(bundle), width) != entries[-width:]:
                raise Forked(f"{bundle} does not hold the newest entries of the log", path=bundle)
        return Encoded(listed, data), leaves

    def _feed(self, heads: HeadFiles, log: Checkpoint) -> tuple[FeedEntry, ...]:
        data, path = self._listed(heads, tree.FEED_JSON), tree.FEED_JSON.path()
        with _naming(path):
            entries = entries_in(data)
        numbers = [entry.version for entry in entries]
        if numbers != list(range(log.size, log.size - len(numbers), -1)) or len(numbers) != min(
            log.size, tree.FEED_PAGE_SIZE
        ):
            raise Inconsistent(f"{path} does not tell of the newest versions", path=path)
        return entries

    def _listed(self, heads: HeadFiles, kind: FileKind) -> bytes:
        path = kind.path()
        data = self.get(path)
        check_listed(path, data, digests_of(heads))
        return data


def _promises_after(
    known: SignedHead | None, newest: Encoded[Register], listed: VersionList, read: Read
) -> Promises:
    zone = zone_of(newest.document.publisher.time_zone)
    promises = Promises(zone=zone, first_live=None, policies=())
    begin = 0
    if known is not None and known.size <= len(listed.versions):
        promises = Promises(zone=zone, first_live=known.first_live, policies=known.policies)
        begin = known.size
    for entry in listed.versions[begin:]:
        data = logged_file(entry, tree.VERSION_REGISTER, read)
        register = newest.document if data == newest.data else decode(data, Register)
        day = local_day(register.published_at, zone_of(register.publisher.time_zone))
        live = register.recorded == "live"
        promises = promises.with_version(register.version, day, register.notice, live=live)
    return promises


def _document(kind: FileKind, vouched: Mapping[FileKind, bytes], struct: type[T]) -> Encoded[T]:
    with _naming(kind.path()):
        return Encoded(decode(vouched[kind], struct, max_bytes=kind.max_bytes), vouched[kind])


def _checkpoint(data: bytes, keys: KeyList, newest: Register) -> Checkpoint:
    """Open the checkpoint; a log key that has since been replaced may have signed it."""
    name = newest.register
    if keys.register != name:
        raise Inconsistent(f"{tree.KEYS.path()} is of {keys.register!r}, the register of {name!r}")
    logs = [parse_verifier_key(key.note_key or "") for key in keys.keys if key.use == "log"]
    with _naming(tree.CHECKPOINT.path()):
        origin = parse_checkpoint(parse_note(data).text).origin
        if not is_origin(origin, name):
            raise Inconsistent(f"the checkpoint of {origin!r} beside the register {name!r}")
        checkpoint = open_checkpoint(data, origin, logs)
    if checkpoint.size != newest.version:
        raise Inconsistent(f"a log of size {checkpoint.size} beside version {newest.version}")
    return checkpoint


@contextlib.contextmanager
def _naming(path: str) -> Iterator[None]:
    try:
        yield
    except VerificationError as error:
        raise error.of_file(path) from error
