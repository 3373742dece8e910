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
    from register_api.verify.checks.session import Session


def check_feed(session: Session) -> str:
    """Check the newest feed's bytes and its XML signature (V20)."""
    session.feed = session.target(tree.FEED_ATOM)
    if tree.FEED_ATOM in session.other_copies:
        raise NotApplicable(f"something else is served at {tree.FEED_ATOM.path()}, see V25")
    _check_xml_signature(session, tree.FEED_ATOM.path(), session.feed, session.register.version)
    return f"{len(session.feed)} bytes"


def _check_xml_signature(session: Session, path: str, data: bytes, version: int) -> None:
    def find_key(kid: str) -> str:
        return good_key(session.keys, "feed", kid, version).pem

    signature = tree.XML_SIGNATURE.of(path)
    with naming(signature):
        verify_feed_signature(data, session.get(signature), path.rpartition("/")[2], find_key)


def check_feed_signatures(session: Session) -> str:
    """Check the document key's signatures beside all newest files that this check is for (V21).

    Of the JSON Feed it also reads what it names (V22).
    """
    version = session.register.version
    kinds = [kind for kind in FILES if "V21" in kind.checks and kind not in session.other_copies]
    for kind in kinds:
        data = session.feed if kind is tree.FEED_ATOM else session.get(kind.path())
        check_signatures(session, "V21", kind.path(), data, version)
        if kind is tree.FEED_JSON and not session.record.failed("V21"):
            with session.record.recording("V22", kind.path()):
                _check_json(session, data)
    return " and ".join(kind.path() for kind in kinds)


def _check_json(session: Session, data: bytes) -> None:
    log = session.checkpoint
    index, said = read_json(data, session.register.register)
    check_page(index, log.size, max(1, log.size - FEED_PAGE_SIZE + 1), session.published)
    if said and said.get("size") != log.size:
        raise Inconsistent(f"its newest entry gives the log's size as {said.get('size')}, not {log.size}")
    if said and said.get("root_hash") != strict_base64.encode(log.root):
        raise Inconsistent("its newest entry gives another root hash than the checkpoint")


def check_feed_entries(session: Session) -> str:
    """Check that the newest feed names the newest versions (V22)."""
    size = session.checkpoint.size
    oldest = max(1, size - FEED_PAGE_SIZE + 1)
    with naming(tree.FEED_ATOM.path()):
        index = read_atom(session.feed, session.register.register)
        check_page(index, size, oldest, session.published)
    return f"versions {size} to {oldest}, in both feeds"


def check_archive(session: Session) -> str:
    """Check the archive pages that hold versions looked at in this run (V23)."""
    first, last = first_version(session), session.checkpoint.size // FEED_PAGE_SIZE
    pages = range((first - 1) // FEED_PAGE_SIZE + 1, last + 1)
    if not pages:
        raise NotApplicable("there is no archive page of the versions looked at")
    session.expect(len(pages))
    for page in pages:
        session.advance(f"archive page {page}")
        with session.record.recording("V23", tree.FEED_ARCHIVE.path(page)):
            _check_archive_page(session, page)
    return f"pages {pages[0]} to {pages[-1]}" if len(pages) > 1 else f"page {pages[0]}"


def _check_archive_page(session: Session, page: int) -> None:
    """Check one page; it was signed with the keys good for the version that completed it."""
    path, newest = tree.FEED_ARCHIVE.path(page), page * FEED_PAGE_SIZE
    data = session.get(path)
    _check_xml_signature(session, path, data, newest)
    check_signatures(session, "V23", path, data, newest)
    check_page(
        read_atom(data, session.register.register), newest, newest - FEED_PAGE_SIZE + 1, session.published
    )
