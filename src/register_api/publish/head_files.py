"""The files that change with each publication: head documents, feeds, pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from register_api.core.canonical import encode
from register_api.core.documents import Versions
from register_api.core.format import tree
from register_api.core.format.tree import FEED_PAGE_SIZE
from register_api.core.minor import FORMAT_MINOR
from register_api.publish.feed.atom import atom_feed
from register_api.publish.feed.json import json_feed
from register_api.publish.page.write import index_page, subprocessor_pages
from register_api.publish.signing.document_signature import sign_document
from register_api.publish.signing.feed_signature import sign_feed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from register_api.core.model import Register, Subprocessor
    from register_api.publish.page.view import PageView
    from register_api.publish.signing.keyring import Keyring
    from register_api.store.manifest import FeedEntry


def signed_documents(files: dict[str, bytes], keyring: Keyring) -> dict[str, bytes]:
    """Return files together with their raw signatures and detached JWS by the document key."""
    signed = dict(files)
    for path, data in files.items():
        signed |= sign_document(path, data, keyring.document)
    return signed


def versions_document(before: bytes | None, entry: bytes, register: str) -> bytes:
    """Return ``versions.json`` with one more entry; what it says so far stays as it is.

    Args:
        before: The list so far; ``None`` before the first version.
        entry: Canonical bytes of the new entry.
        register: The register's name.
    """
    listed = msgspec.json.decode(before or encode(Versions(register=register, versions=())))
    listed["format_minor"] = max(FORMAT_MINOR, listed["format_minor"])
    listed["versions"].append(msgspec.json.decode(entry))
    return encode(listed)


def feed_files(
    newest: Register, entries: Sequence[FeedEntry], year: int, base_url: str | None, keyring: Keyring
) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """Return the feeds with their signatures.

    Args:
        newest: The newest version.
        entries: What the feeds say of the newest 50 versions, newest first.
        year: Year of version 1.
        base_url: Where the tree is published, if that is fixed.
        keyring: Holds the document and the feed key.

    Returns:
        Head files, and fixed ones: the archive page that the newest version completes, if it does.
    """
    atom = atom_feed(newest, entries, year=year, base_url=base_url)
    head = {
        tree.FEED_ATOM.path(): atom,
        tree.FEED_JSON.path(): json_feed(newest, entries, year=year, base_url=base_url),
    }
    fixed: dict[str, bytes] = {}
    page, rest = divmod(newest.version, FEED_PAGE_SIZE)
    if rest == 0:
        path = tree.FEED_ARCHIVE.path(page)
        fixed[path] = atom_feed(newest, entries, year=year, archive=page, base_url=base_url)
    return _with_feed_signatures(head, keyring), _with_feed_signatures(fixed, keyring)


def _with_feed_signatures(files: dict[str, bytes], keyring: Keyring) -> dict[str, bytes]:
    """Add all signatures that belong beside feeds: .sig, .jws, and .dsig beside Atom."""
    signed = signed_documents(files, keyring)
    for path, data in files.items():
        if path.endswith(".atom"):
            name = path.rpartition("/")[2]
            signed[tree.XML_SIGNATURE.of(path)] = sign_feed(data, name, keyring.feed)
    return signed


def page_files(view: PageView, vendors: Iterable[Subprocessor]) -> dict[str, bytes]:
    """Return the page of the register, and those of the vendors that are named."""
    return {tree.INDEX.path(): index_page(view), **dict(subprocessor_pages(view, vendors))}
