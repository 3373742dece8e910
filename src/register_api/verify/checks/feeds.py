"""The feeds: vouched for, signed in three ways, and naming the versions there are (V20 to V23)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from register_api.core import strict_base64
from register_api.core.format import tree
from register_api.core.format.paths import FILES
from register_api.core.format.tree import FEED_PAGE_SIZE
from register_api.core.keys.key_list import good_key
from register_api.errors import Inconsistent
from register_api.verify.checks.feed_index import check_page, read_atom, read_json
from register_api.verify.checks.feed_signature import verify_feed_signature
from register_api.verify.checks.log import first_version
from register_api.verify.checks.recorder import NotApplicable, naming
from register_api.verify.checks.signatures import check_signatures

if TYPE_CHECKING:
    from register_api.core.documents import KeyList
    from register_api.verify.checks.log import Log
    from register_api.verify.checks.run import Run
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
    """Check the document key's signatures beside all newest files that this check is for (V21).

    Of the JSON Feed it also reads what it names (V22).
    """
    kinds = [kind for kind in FILES if "V21" in kind.checks and kind not in targets.others]
    for kind in kinds:
        data = feed if kind is tree.FEED_ATOM else run.get(kind.path())
        check_signatures(run, log.keys, "V21", kind.path(), data, log.size)
        if kind is tree.FEED_JSON and not run.record.failed("V21"):
            with run.record.recording("V22", kind.path()):
                _check_json(run, log, data)
    return " and ".join(kind.path() for kind in kinds)


def _check_json(run: Run, log: Log, data: bytes) -> None:
    index, said = read_json(data, log.keys.register)
    check_page(index, log.size, max(1, log.size - FEED_PAGE_SIZE + 1), run.history.published)
    if said and said.get("size") != log.size:
        raise Inconsistent(f"its newest entry gives the log's size as {said.get('size')}, not {log.size}")
    if said and said.get("root_hash") != strict_base64.encode(log.head.root):
        raise Inconsistent("its newest entry gives another root hash than the checkpoint")


def check_feed_entries(run: Run, log: Log, feed: bytes) -> str:
    """Check that the newest feed names the newest versions (V22)."""
    oldest = max(1, log.size - FEED_PAGE_SIZE + 1)
    with naming(tree.FEED_ATOM.path()):
        check_page(read_atom(feed, log.keys.register), log.size, oldest, run.history.published)
    return f"versions {log.size} to {oldest}, in both feeds"


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
    check_page(read_atom(data, keys.register), newest, oldest, run.history.published)
