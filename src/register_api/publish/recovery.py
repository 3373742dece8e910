"""Taking a public tree over into a store: after a loss, from a mirror, on a second machine.

The tree is first verified in full, as a customer does who knows its root; what was read then is what is
taken. Pages, which nobody signs, are not taken over but made again from what is signed.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Iterator
from pathlib import Path

import msgspec
from tuf.api.metadata import Timestamp

from register_api.core.canonical import Encoded, decode
from register_api.core.changes import Diff
from register_api.core.format import tree
from register_api.core.format.paths import is_path, kind_of
from register_api.core.instant import local_day
from register_api.core.log.proofs import parse_proof
from register_api.core.log.time_stamp import open_time_stamp
from register_api.core.model import Register
from register_api.errors import StoreDamaged, UsageError
from register_api.publish import last_signed
from register_api.publish.artefact_builders import NewVersion, make_files
from register_api.publish.building import PagesMade, Publishing
from register_api.publish.examine import Examined, examine
from register_api.publish.feed.interests import PublishedFeeds
from register_api.publish.last_signed import KeyMemory
from register_api.publish.page.version_history import told_again, version_history
from register_api.publish.templating import TEMPLATES_SHA256
from register_api.publish.trust import metadata as trust_metadata
from register_api.publish.version_files import LogFiles, VersionFiles
from register_api.store.plan import Progress
from register_api.store.reader import Snapshot, open_snapshot
from register_api.store.transaction import locked
from register_api.store.transaction import recover as finish_interrupted
from register_api.verify.engine import verify
from register_api.verify.fetcher import Fetcher, KeepingFetcher, NotServed
from register_api.verify.options import Options
from register_api.verify.tuf_metadata import read_root


class Recovery(msgspec.Struct, frozen=True, kw_only=True):
    """What is taken over, and where to.

    Attributes:
        keys: Folder of the private keys, which remember what was published from now on.
        root: File with the trust root to begin from.
        root_sha256: Or the SHA-256 (hex) of ``1.root.json``; without both, the one that the keys remember.
        stale: Take over what has expired, too.
    """

    base: str
    store: Path
    keys: Path
    root: Path | None = None
    root_sha256: str | None = None
    stale: bool = False
    now: dt.datetime


def take_over(order: Recovery, source: Fetcher, progress: Progress | None = None) -> Snapshot:
    """Verify a public tree in full, and make it what a store holds.

    Raises:
        UsageError: No root is given, and none is remembered.
        VerificationError: The tree does not hold, or does not continue what these keys have signed.
        StoreDamaged: The store has other bytes at a path that never changes.
        KeyStoreError: What was signed last cannot be read or written.
    """
    with locked(order.store):
        finish_interrupted(order.store)
        before = open_snapshot(order.store)
        with last_signed.held(order.keys) as known:
            files = _verified(order, source, known, progress)
            found = examine(files.__getitem__, None)
            last_signed.check_continues(known, found.head, found.root_at)
            # What nobody signs: the pages, as a publication of today makes them.
            made = make_files(_as_if_new(files, found, order.now)).items()
            files |= {path: data for path, data in made if path not in files and not kind_of(path).checks}
            work = Publishing(store=order.store, keys=order.keys, memory=known, snapshot=before, found=None)
            return _committed(work, files, found, order.now)


def _committed(work: Publishing, files: dict[str, bytes], found: Examined, now: dt.datetime) -> Snapshot:
    retired: set[str] = set()
    try:
        if work.snapshot is not None:
            stored = work.snapshot.manifest.files.keys()
            for path in stored & files.keys():
                work.snapshot.read(path)  # raises where what is to stay is damaged
            retired = stored - files.keys()
        return work.commit(
            files,
            now=now,
            retired=retired,
            pages=PagesMade(
                templates=TEMPLATES_SHA256,
                day=local_day(found.newest.document.published_at, found.promises.zone),
            ),
            base_url=found.newest.document.url,
        )
    except StoreDamaged as error:
        error.hint = f"it stays as it is: mv {work.store} {work.store}.old, then recover into an empty store"
        raise


def _verified(
    order: Recovery, source: Fetcher, known: KeyMemory, progress: Progress | None
) -> dict[str, bytes]:
    """Return every file of a tree that a customer checks, once all have been checked."""
    reader = KeepingFetcher(source)
    options = Options(root=order.root, root_sha256=order.root_sha256, history="all", wait=0)
    if order.root is None and order.root_sha256 is None:
        remembered = known.shown or known.intended
        if remembered is None:
            raise UsageError(
                "nothing says whose register this is: these keys do not remember one",
                hint="give --root-sha256 HEX, the SHA-256 of 1.root.json in your contracts, or --root FILE",
            )
        options = msgspec.structs.replace(options, root_sha256=remembered.first_root)
    now = order.now
    if order.stale:  # goes by when what is served was still fresh
        data = reader.get(tree.TIMESTAMP.path(), tree.TIMESTAMP.max_bytes)
        expires = trust_metadata.parse(data, Timestamp).signed.expires
        now = min(now, expires - dt.timedelta(seconds=1))
    result = verify(order.base, options, now, progress, fetcher=reader)
    if result.finding is not None:
        raise result.finding
    if order.root is not None:
        # A store has all roots, and ``examine`` follows them: those before the one that was given, too.
        given = order.root.read_bytes()
        version = read_root(given).version
        for earlier in range(1, version):
            reader.get(tree.ROOT.path(earlier), tree.ROOT.max_bytes)
        reader.files[tree.ROOT.path(version)] = given
    files = {path: data for path, data in reader.files.items() if is_path(path) and kind_of(path).checks}
    return files | dict(_time_stamps(source, files))


def _time_stamps(source: Fetcher, files: dict[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """Yield the time stamp of each version that has one; verifying reads the newest alone."""
    newest = decode(files[tree.REGISTER.path()], Register)
    for version in range(1, newest.version + 1):
        path = tree.TIME_STAMP.path(version)
        try:
            data = source.get(path, tree.TIME_STAMP.max_bytes)
        except NotServed:
            continue
        open_time_stamp(data, parse_proof(files[tree.VERSION_PROOF.path(version)]).checkpoint)
        yield path, data


def _as_if_new(files: dict[str, bytes], found: Examined, now: dt.datetime) -> NewVersion:
    """Return the newest version as it was when it was published."""
    number, read = found.head.size, files.__getitem__
    diff = files[tree.VERSION_DIFF.path(number)]
    log = LogFiles(
        root_hash=bytes.fromhex(found.head.root_hash),
        tiles={},
        checkpoint=files[tree.CHECKPOINT.path()],
        proof=files[tree.VERSION_PROOF.path(number)],
    )
    return NewVersion(
        files=VersionFiles(
            register=found.newest,
            diff=Encoded(decode(diff, Diff), diff),
            keys=found.keys,
            entry_bytes=files[tree.VERSION_ENTRY.path(number)],
        ),
        promises=found.promises,
        log=log,
        version_summary=next(told_again(found, read, number, number)),
        listed=found.versions.data,
        heads=found.heads,
        stored=(),
        feeds=PublishedFeeds(
            register=found.newest.document,
            base_url=found.newest.document.url,
            first=found.first_published_at,
            read=files.get,
        ),
        feed_window=found.feed,
        calendar=found.calendar,
        history=version_history(found.versions.document.versions, read, found.promises.zone),
        first_published_at=found.first_published_at,
        shown_before=None,
        retold=functools.partial(told_again, found, read, 1, number - 1),
        roots=trust_metadata.roots(read),
        base_url=found.newest.document.url,
        now=now,
    )
