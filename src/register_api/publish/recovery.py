"""Recovering a store from a public tree: after a loss, from a mirror, on a second machine.

The tree is first verified in full, as by a customer who knows its root. Pages, which are not signed, are
rebuilt from signed data.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Iterator
from pathlib import Path

import msgspec
from tuf.api.metadata import Timestamp

from register_api.core.canonical import decode
from register_api.core.format import tree
from register_api.core.format.paths import is_path, kind_of
from register_api.core.instant import local_day
from register_api.core.log.proofs import parse_proof
from register_api.core.log.time_stamp import open_time_stamp
from register_api.core.model import Register
from register_api.errors import StoreDamaged, UsageError
from register_api.publish import last_signed
from register_api.publish.building import Publishing
from register_api.publish.discovery import ROBOTS_TXT
from register_api.publish.examine import Examined, examine
from register_api.publish.last_signed import KeyMemory
from register_api.publish.page.render import all_pages
from register_api.publish.page.version_history import version_summaries
from register_api.publish.page.view import page_view
from register_api.publish.templating import TEMPLATES_SHA256
from register_api.publish.trust import metadata as trust_metadata
from register_api.publish.trust.metadata import Read
from register_api.store.plan import Progress
from register_api.store.reader import Snapshot, open_snapshot
from register_api.store.transaction import locked
from register_api.store.transaction import recover as finish_interrupted
from register_api.verify.engine import verify
from register_api.verify.fetcher import Fetcher, KeepingFetcher, NotServed
from register_api.verify.options import Options
from register_api.verify.tuf_metadata import read_root


class Recovery(msgspec.Struct, frozen=True, kw_only=True):
    """What to recover, and where to; without a root or its digest, the keys must remember the root."""

    base: str
    store: Path
    keys: Path
    root: Path | None = None
    root_sha256: str | None = None
    stale: bool = False
    now: dt.datetime


def recover_tree(request: Recovery, source: Fetcher, progress: Progress | None = None) -> Snapshot:
    """Verify a public tree in full, and make it the content of a store.

    Raises:
        UsageError: No root was given, and the keys remember none.
        VerificationError: The tree fails verification, or does not continue what these keys have signed.
        StoreDamaged: The store has other bytes at a path that never changes.
        KeyStoreError: The record of what was signed last cannot be read or written.
    """
    with locked(request.store):
        finish_interrupted(request.store)
        before = open_snapshot(request.store)
        with last_signed.held(request.keys) as known:
            files = _verified(request, source, known, progress)
            found = examine(files.__getitem__, None)
            last_signed.check_continues(known, found.head, found.root_at)
            published_on = local_day(found.newest.document.published_at, found.promises.zone)
            files |= _unsigned(found, files.__getitem__, published_on)
            work = Publishing(
                store=request.store, keys=request.keys, memory=known, snapshot=before, found=None
            )
            try:
                retired = set[str]()
                if before is not None:
                    for path in before.manifest.files.keys() & files.keys():
                        before.read(path)  # raises if a file to keep is damaged
                    retired = before.manifest.files.keys() - files.keys()
                return work.commit(
                    files,
                    now=request.now,
                    retired=retired,
                    pages=(TEMPLATES_SHA256, published_on),
                    base_url=found.newest.document.url,
                )
            except StoreDamaged as error:
                error.hint = (
                    f"it stays as it is: mv {request.store} {request.store}.old,"
                    " then recover into an empty store"
                )
                raise


def _unsigned(found: Examined, read: Read, published_on: dt.date) -> dict[str, bytes]:
    view = page_view(found, read, published_on)
    pages = all_pages(view, functools.partial(version_summaries, found, read), view.register.subprocessors)
    return {**pages, tree.ROBOTS_TXT.path(): ROBOTS_TXT}


def _verified(
    request: Recovery, source: Fetcher, known: KeyMemory, progress: Progress | None
) -> dict[str, bytes]:
    """Verify a whole tree, and return every file that a customer checks."""
    reader = KeepingFetcher(source)
    options = Options(root=request.root, root_sha256=request.root_sha256, history="all", wait=0)
    if request.root is None and request.root_sha256 is None:
        remembered = known.shown or known.intended
        if remembered is None:
            raise UsageError(
                "nothing says whose register this is: these keys do not remember one",
                hint="give --root-sha256 HEX, the SHA-256 of 1.root.json in your contracts, or --root FILE",
            )
        options = msgspec.structs.replace(options, root_sha256=remembered.first_root)
    now = request.now
    if request.stale:  # verify as of a time when the tree was still fresh
        data = reader.get(tree.TIMESTAMP.path(), tree.TIMESTAMP.max_bytes)
        expires = trust_metadata.parse(data, Timestamp).signed.expires
        now = min(now, expires - dt.timedelta(seconds=1))
    result = verify(request.base, options, now, progress, fetcher=reader)
    if result.finding is not None:
        raise result.finding
    if request.root is not None:
        # ``examine`` follows all roots, so fetch those before the given one, too.
        given = request.root.read_bytes()
        version = read_root(given).version
        for earlier in range(1, version):
            reader.get(tree.ROOT.path(earlier), tree.ROOT.max_bytes)
        reader.files[tree.ROOT.path(version)] = given
    files = {path: data for path, data in reader.files.items() if is_path(path) and kind_of(path).checks}
    return files | dict(_time_stamps(source, files))


def _time_stamps(source: Fetcher, files: dict[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """Yield the timestamp of each version that has one; ``verify`` reads only the newest."""
    newest = decode(files[tree.REGISTER.path()], Register)
    for version in range(1, newest.version + 1):
        path = tree.TIME_STAMP.path(version)
        try:
            data = source.get(path, tree.TIME_STAMP.max_bytes)
        except NotServed:
            continue
        open_time_stamp(data, parse_proof(files[tree.VERSION_PROOF.path(version)]).checkpoint)
        yield path, data
