"""Checks of the feeds: targets, signatures, and the versions they contain (V20 to V23)."""

from __future__ import annotations

import contextlib
import re
from typing import Any, Literal

import msgspec

from register_api.core import strict_base64
from register_api.core.canonical import decodable, decode, digest
from register_api.core.diff.affected import KINDS, tag_of
from register_api.core.documents import HeadFiles, KeyList
from register_api.core.format import tree
from register_api.core.format.paths import FILES, is_path, kind_of
from register_api.core.format.tree import FEED_PAGE_SIZE
from register_api.core.key_list import good_key
from register_api.core.language.language import count
from register_api.errors import Inconsistent, Malformed, Unreachable
from register_api.verify.checks.check_table import NotApplicable, naming
from register_api.verify.checks.feed_signature import parse_xml, verify_feed_signature, without_declaration
from register_api.verify.checks.history import History
from register_api.verify.checks.round import Round
from register_api.verify.checks.run import check_signatures
from register_api.verify.checks.version_history import first_version
from register_api.verify.report import LogHead

_ATOM = "{http://www.w3.org/2005/Atom}"
_VERSION = re.compile(r"[1-9][0-9]{0,15}")


class FeedVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A version as a feed entry describes it; ``words`` are title, summary and content."""

    version: int
    updated: str
    published: str
    types: tuple[str, ...]
    words: tuple[str, str, str]


def read_atom(data: bytes, register: str, tag: str = "") -> tuple[FeedVersion, ...]:
    """Read an Atom feed (RFC 4287).

    Raises:
        Malformed: Not an Atom feed in UTF-8, or an element that must appear exactly once and hold only text
            (id, instants, title, summary, content) does not.
        Inconsistent: The feed of another register.
    """
    # Only UTF-8 is allowed: in another encoding a document type would go unnoticed.
    body = without_declaration(data)
    if b"<?xml" in body[:8] or b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise Malformed("a feed with a document type, or one that does not say that it is UTF-8")
    feed = parse_xml(data, "the feed")
    if feed.tag != f"{_ATOM}feed":
        raise Malformed("not an Atom feed")
    name = _text(feed, "id")
    _check_id(name, register, tag)
    return tuple(
        FeedVersion(
            version=_version(name, _text(entry, "id")),
            updated=_instant(_text(entry, "updated")),
            published=_instant(_text(entry, "published")),
            types=tuple(category.get("term", "") for category in entry.findall(f"{_ATOM}category")),
            words=(_text(entry, "title"), _text(entry, "summary"), _text(entry, "content")),
        )
        for entry in feed.findall(f"{_ATOM}entry")
    )


class _Item(msgspec.Struct, frozen=True):
    id: str
    title: str
    summary: str
    content_html: str
    date_published: str
    date_modified: str
    tags: tuple[str, ...]
    log: LogHead = msgspec.field(name="_log")


class _About(msgspec.Struct, frozen=True):
    register: str
    format: Literal["sub-processor-register-feed/1"]


@decodable
class _Feed(msgspec.Struct, frozen=True):
    items: tuple[_Item, ...]
    about: _About = msgspec.field(name="_register")


def read_json(data: bytes, register: str) -> tuple[tuple[FeedVersion, ...], tuple[LogHead, ...]]:
    """Read a JSON Feed (version 1.1).

    Raises:
        Malformed: Not a JSON Feed in RFC 8785 form.
        Inconsistent: The feed of another register.
    """
    feed = decode(data, _Feed)
    if feed.about.register != register:
        raise Inconsistent(f"the feed of {feed.about.register[:100]!a}, not of {register!r}")
    names = [item.id.rpartition("/versions/")[0] for item in feed.items]
    for name in set(names):
        _check_id(name, register)
    entries = tuple(
        FeedVersion(
            version=_version(name, item.id),
            updated=_instant(item.date_modified),
            published=_instant(item.date_published),
            types=item.tags,
            words=(item.title, item.summary, item.content_html),
        )
        for name, item in zip(names, feed.items, strict=True)
    )
    return entries, tuple(item.log for item in feed.items)


def _check_page(page: tuple[FeedVersion, ...], newest: int, oldest: int, history: History) -> None:
    """Check that a page contains exactly the versions of a range, newest first, with dates and changes."""
    if [entry.version for entry in page] != list(range(newest, oldest - 1, -1)):
        raise Inconsistent(f"does not name versions {newest} to {oldest}, newest first, each once")
    _check_entries(page, tree.FEED_ATOM.path(), history)


def _check_entries(page: tuple[FeedVersion, ...], path: str, history: History) -> None:
    for entry in page:
        at = history.published.get(entry.version, entry.updated)
        for instant in (entry.updated, entry.published):
            if instant != at:
                raise Inconsistent(f"version {entry.version} was not published at {instant}")
        if not history.has_types(entry.version, entry.types, path):
            raise Inconsistent(f"version {entry.version} has changes of other types")


def _check_interest(page: tuple[FeedVersion, ...], path: str, newest: int, history: History) -> None:
    """Check that a feed by interest contains exactly the versions with changes of that interest.

    For versions that this run has not checked, only order and uniqueness are checked.
    """
    numbers = [entry.version for entry in page]
    if numbers != sorted(set(numbers), reverse=True) or len(numbers) > FEED_PAGE_SIZE:
        raise Inconsistent(f"does not name at most {FEED_PAGE_SIZE} versions, newest first, each once")
    if numbers and numbers[0] > newest:
        raise Inconsistent(f"names version {numbers[0]}, which does not exist")
    oldest = numbers[-1] if len(numbers) == FEED_PAGE_SIZE else 1
    if left_out := history.feeds.get(path, {}).keys() - {*numbers, *range(oldest)}:
        raise Inconsistent(f"leaves out version {max(left_out)}")
    _check_entries(page, path, history)


def _text(element: Any, name: str) -> str:
    """Return the text of the only child element of this name.

    Readers differ on text that contains a comment, an instruction or an element, so these are refused.
    """
    found = element.findall(f"{_ATOM}{name}")
    if len(found) != 1 or len(found[0]):
        raise Malformed(f"a feed or an entry without exactly one {name} that is text alone")
    return found[0].text or ""


def _check_id(name: str, register: str, tag: str = "") -> None:
    """Check a feed's tag URI (RFC 4151): ``tag:<domain>,<year>:<path>`` of the register's name."""
    domain, _, path = register.partition("/")
    if not re.fullmatch(rf"tag:{re.escape(domain)},[0-9]{{4}}:{re.escape(path + tag)}", name):
        raise Inconsistent(f"the feed {name[:100]!a}, not that of {register!r}")


def _version(name: str, text: str) -> int:
    number = text.removeprefix(f"{name}/versions/")
    if not _VERSION.fullmatch(number):
        raise Malformed(f"an entry with the id {text[:100]!a}")
    return int(number)


def _instant(text: str) -> str:
    """Return an instant that ends in ``Z``; Atom also allows ``+00:00``."""
    return re.sub(r"(?:\+00:00|Z)$", "Z", text.strip())


def check_feed(run: Round) -> str:
    """Check the newest feed's bytes and its XML signature (V20)."""
    data, path = run.targets.read(tree.FEED_ATOM), tree.FEED_ATOM.path()
    if tree.FEED_ATOM in run.targets.others:
        raise NotApplicable(f"something else is served at {path}, see V25")
    check_xml_signature(run, run.keys.document, path, data, run.register.document.version)
    run.feed = data
    return f"{len(data)} bytes"


def check_xml_signature(run: Round, keys: KeyList, path: str, data: bytes, version: int) -> None:
    """Check a feed's XML signature by a key good for the newest version in the feed."""
    signature = tree.XML_SIGNATURE.of(path)
    with naming(signature):
        verify_feed_signature(
            data,
            run.get(signature),
            path.rpartition("/")[2],
            lambda kid: good_key(keys, "feed", kid, version).pem,
        )


def check_feed_signatures(run: Round) -> str:
    """Check the document key's signatures of the feeds and of files signed like them (V21)."""
    kinds = [kind for kind in FILES if "V21" in kind.checks and kind not in run.targets.others]
    for kind in kinds:
        data = run.feed if kind is tree.FEED_ATOM else run.get_once(kind.path())
        check_signatures(run, run.log.keys, "V21", kind.path(), data, run.log.size)
    return " and ".join(kind.path() for kind in kinds)


def check_feed_entries(run: Round) -> str:
    """Check that the feeds contain the right versions, and that both main feeds agree (V22)."""
    log, feed = run.log, run.feed
    oldest = max(1, log.size - FEED_PAGE_SIZE + 1)
    with naming(tree.FEED_ATOM.path()):
        atom = read_atom(feed, log.keys.register)
        _check_page(atom, log.size, oldest, run.history)
    if not run.record.failed("V21"):
        with naming(tree.FEED_JSON.path()):
            json, logs = read_json(run.get_once(tree.FEED_JSON.path()), log.keys.register)
            _check_page(json, log.size, oldest, run.history)
            for version, logged in zip(range(log.size, 0, -1), logs, strict=False):
                if logged.size != version:
                    raise Inconsistent(f"version {version} gives the log's size as {logged.size}")
                if logged.root_hash != strict_base64.encode(log.root_at(version)):
                    raise Inconsistent(f"version {version} gives another root hash than the log had")
            for one, other in zip(atom, json, strict=True):
                if one != other:
                    raise Inconsistent(f"differs from {tree.FEED_ATOM.path()} on version {other.version}")
    listed = _interest_feeds(run)
    which = f"versions {log.size} to {oldest}" if oldest < log.size else f"version {oldest}"
    return f"{which}, in both feeds; {count(listed, 'feed')} by interest"


def _interest_feeds(run: Round) -> int:
    """Check the feeds by interest and that none is missing from the list; return their number.

    V34 reports a file that differs from the listed one.
    """
    log, heads = run.log, decode(run.targets.read(tree.HEADS), HeadFiles, max_bytes=tree.HEADS.max_bytes)
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
                _check_interest(page, path, log.size, run.history)
    return len(listed)


def check_archive(run: Round) -> str:
    """Check the archive pages that contain versions checked in this run (V23)."""
    first, last = first_version(run), run.log.size // FEED_PAGE_SIZE
    pages = range((first - 1) // FEED_PAGE_SIZE + 1, last + 1)
    if not pages:
        raise NotApplicable("there is no archive page of the versions checked")
    run.expect(len(pages))
    for page in pages:
        run.advance(f"archive page {page}")
        path, newest = tree.FEED_ARCHIVE.path(page), page * FEED_PAGE_SIZE
        with run.record.recording("V23", path):
            # Signed with the keys good for the version that completed the page.
            keys, data = run.log.keys_for(newest), run.get(path)
            check_xml_signature(run, keys, path, data, newest)
            check_signatures(run, keys, "V23", path, data, newest)
            entries = read_atom(data, keys.register)
            _check_page(entries, newest, newest - FEED_PAGE_SIZE + 1, run.history)
    return f"pages {pages[0]} to {pages[-1]}" if len(pages) > 1 else f"page {pages[0]}"
