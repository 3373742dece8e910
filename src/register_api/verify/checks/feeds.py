"""The feeds: vouched for, signed in three ways, and naming the versions there are (V20 to V23)."""

from __future__ import annotations

import contextlib

from register_api.core import strict_base64
from register_api.core.canonical import decode, digest
from register_api.core.diff.concern import KINDS, tag_of
from register_api.core.documents import HeadFiles, KeyList
from register_api.core.format import tree
from register_api.core.format.paths import FILES, is_path, kind_of
from register_api.core.format.tree import FEED_PAGE_SIZE
from register_api.core.keys.key_list import good_key
from register_api.errors import Inconsistent, Unreachable
from register_api.verify.checks.feed_index import (
    Told,
    ToldLog,
    check_interest,
    check_page,
    read_atom,
    read_json,
)
from register_api.verify.checks.feed_signature import verify_feed_signature
from register_api.verify.checks.log import Log, first_version
from register_api.verify.checks.recorder import NotApplicable, naming
from register_api.verify.checks.run import Run
from register_api.verify.checks.signatures import check_signatures
from register_api.verify.checks.targets import Targets


def check_feed(run: Run, targets: Targets, keys: KeyList, newest: int) -> tuple[bytes, str]:
    """Check the newest feed's bytes and its XML signature (V20)."""
    data = targets.read(tree.FEED_ATOM)
    if tree.FEED_ATOM in targets.others:
        raise NotApplicable(f"something else is served at {tree.FEED_ATOM.path()}, see V25")
    _check_xml_signature(run, keys, tree.FEED_ATOM.path(), data, newest)
    return data, f"{len(data)} bytes"


def _check_xml_signature(run: Run, keys: KeyList, path: str, data: bytes, version: int) -> None:
    def find_key(kid: str) -> str:
        return good_key(keys, "feed", kid, version).pem

    signature = tree.XML_SIGNATURE.of(path)
    with naming(signature):
        verify_feed_signature(data, run.get(signature), path.rpartition("/")[2], find_key)


def check_feed_signatures(run: Run, targets: Targets, log: Log, feed: bytes) -> str:
    """Check the document key's signatures beside all newest files that this check is for (V21)."""
    kinds = [kind for kind in FILES if "V21" in kind.checks and kind not in targets.others]
    for kind in kinds:
        data = feed if kind is tree.FEED_ATOM else run.once(kind.path())
        check_signatures(run, log.keys, "V21", kind.path(), data, log.size)
    return " and ".join(kind.path() for kind in kinds)


def check_feed_entries(run: Run, targets: Targets, log: Log, feed: bytes) -> str:
    """Check that the feeds tell of the versions there are, and both main ones the same of each (V22)."""
    oldest = max(1, log.size - FEED_PAGE_SIZE + 1)
    with naming(tree.FEED_ATOM.path()):
        atom = read_atom(feed, log.keys.register)
        check_page(atom, log.size, oldest, run.history)
    if not run.record.failed("V21"):
        with naming(tree.FEED_JSON.path()):
            json, logs = read_json(run.once(tree.FEED_JSON.path()), log.keys.register)
            check_page(json, log.size, oldest, run.history)
            _check_logs(log, logs)
            _check_alike(atom, json)
    listed = _interest_feeds(run, targets, log)
    return f"versions {log.size} to {oldest}, in both feeds; {listed} feeds by interest"


def _interest_feeds(run: Run, targets: Targets, log: Log) -> int:
    """Check every feed by interest that is listed, and that all are listed; return how many there are.

    A file that is not the listed one is found by V34.
    """
    heads = decode(targets.read(tree.HEADS), HeadFiles, max_bytes=tree.HEADS.max_bytes)
    listed = {file.path: file for file in heads.files if is_path(file.path) and kind_of(file.path) in KINDS}
    required = {tree.FEED_IMPORTANT.path(), *run.history.feeds} - {tree.FEED_ATOM.path()}
    for path in sorted(required - listed.keys()):
        with run.record.recording("V22", path):
            raise Inconsistent(f"is not listed in {tree.HEADS.path()}, though there are changes of its kind")
    run.expect(len(listed))
    for path, file in listed.items():
        run.advance(path)
        with run.record.recording("V22", path), contextlib.suppress(Unreachable):
            data = run.get(path)
            if digest(data) == file.sha256:
                page = read_atom(data, log.keys.register, tag_of(path))
                check_interest(page, path, log.size, run.history)
    return len(listed)


def _check_logs(log: Log, said: tuple[ToldLog, ...]) -> None:
    """Check size and root hash of the log that ends with each version, newest first."""
    for version, told in zip(range(log.size, 0, -1), said, strict=False):
        if told.size != version:
            raise Inconsistent(f"version {version} gives the log's size as {told.size}")
        if told.root_hash != strict_base64.encode(log.root_at(version)):
            raise Inconsistent(f"version {version} gives another root hash than the log had")


def _check_alike(atom: tuple[Told, ...], json: tuple[Told, ...]) -> None:
    for one, other in zip(atom, json, strict=True):
        if one != other:
            raise Inconsistent(f"says something else of version {one.version} than {tree.FEED_ATOM.path()}")


def check_archive(run: Run, log: Log) -> str:
    """Check the archive pages that hold versions looked at in this run (V23)."""
    first, last = first_version(run), log.size // FEED_PAGE_SIZE
    pages = range((first - 1) // FEED_PAGE_SIZE + 1, last + 1)
    if not pages:
        raise NotApplicable("there is no archive page of the versions looked at")
    run.expect(len(pages))
    for page in pages:
        run.advance(f"archive page {page}")
        with run.record.recording("V23", tree.FEED_ARCHIVE.path(page)):
            _check_archive_page(run, log.keys_for(page * FEED_PAGE_SIZE), page)
    return f"pages {pages[0]} to {pages[-1]}" if len(pages) > 1 else f"page {pages[0]}"


def _check_archive_page(run: Run, keys: KeyList, page: int) -> None:
    """Check one page; it was signed with the keys good for the version that completed it."""
    path, newest = tree.FEED_ARCHIVE.path(page), page * FEED_PAGE_SIZE
    data = run.get(path)
    _check_xml_signature(run, keys, path, data, newest)
    check_signatures(run, keys, "V23", path, data, newest)
    oldest = newest - FEED_PAGE_SIZE + 1
    check_page(read_atom(data, keys.register), newest, oldest, run.history)
