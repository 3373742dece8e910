"""The table: what is held, what is read when asked for, what is never served."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import re
from base64 import b64decode
from typing import TYPE_CHECKING

import pytest

import stores
from register_api.core.format import tree
from register_api.core.format.paths import kind_of
from register_api.errors import StoreDamaged
from register_api.serve.answer.archive import version_known
from register_api.serve.reply import page_headers
from register_api.serve.reply_table import CurrentReplies, ReplyTable, load_reply_table

if TYPE_CHECKING:
    from pathlib import Path

    from register_api.serve.reply import Representation


def load(store: Path, limit: int = 2**20) -> ReplyTable:
    """Return the table of a store."""
    table = load_reply_table(store, limit)
    assert table is not None
    return table


def headers(representation: Representation) -> dict[bytes, bytes]:
    """Return the headers of a 200."""
    return dict(representation.start["headers"])


def test_headers_describe_the_bytes_of_each_form(three_versions: Path) -> None:
    """Length, digest and tag fit the bytes; no two forms share a tag."""
    resource = load(three_versions).ready["/v1/register.json"]
    assert resource.representations.keys() == {"identity", "gzip", "br", "zstd"}
    for coding, representation in resource.representations.items():
        body = b"".join(piece["body"] for piece in representation.body)
        found = headers(representation)
        assert found[b"content-length"] == str(len(body)).encode()
        assert b64decode(found[b"repr-digest"][9:-1]) == hashlib.sha256(body).digest()
        assert found.get(b"content-encoding", b"identity").decode() == coding
    assert len({representation.etag for representation in resource.representations.values()}) == 4


def test_headers_cannot_be_added_to(three_versions: Path) -> None:
    """Nobody who handles a reply can change it for the next client."""
    for resource in load(three_versions).ready.values():
        for representation in resource.representations.values():
            assert isinstance(representation.start["headers"], tuple)
            assert isinstance(representation.unchanged["headers"], tuple)


def test_only_head_files_are_held(three_versions: Path) -> None:
    """Files of versions, tiles and TUF metadata stay on disk until they are asked for."""
    table = load(three_versions)
    held = {path for path in table.snapshot.manifest.files if f"/{path}" in table.ready}
    assert held == {path for path in table.snapshot.manifest.files if not kind_of(path).per_version}
    assert tree.REGISTER.path() in held
    assert tree.VERSION_PAGE.path(2) not in held


def test_memory_for_settled_files_is_bounded(three_versions: Path) -> None:
    """Asking for every file of every version keeps no more than the limit."""
    table = load(three_versions, 4000)

    async def ask_for_everything() -> None:
        for path in table.snapshot.manifest.files:
            resource = await table.resource(path)
            for representation in resource.representations.values():
                body = b"".join(piece["body"] for piece in representation.body)
                etag = hashlib.sha256(body).hexdigest()[:32]
                assert representation.etag == f'"{etag}"'.encode()

    asyncio.run(ask_for_everything())
    assert 0 < table._on_demand.cost <= 4000


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("/", "index.html"),
        ("/index.html", "index.html"),
        ("/versions/2/", "versions/2/index.html"),
        ("/v1/register.json", "v1/register.json"),
        ("/versions/2", None),
        ("//", None),
        ("//v1/register.json", None),
        ("/v1/../v1/register.json", None),
        ("/v1/register.json/", None),
        ("/v1", None),
        ("*", None),
        ("", None),
        ("/../manifest.json", None),
        ("/v1/register.json.gz", None),
    ],
)
def test_only_paths_of_the_tree_are_found(three_versions: Path, url: str, path: str | None) -> None:
    """A URL path is a key, never a way through folders."""
    assert load(three_versions).path_of(url) == path


def test_other_bytes_than_published_are_never_served(one_version: Path) -> None:
    """A file that was changed behind the store's back is found out, held or not."""
    store = one_version
    table = load(store)
    table.snapshot.file(tree.VERSION_DIFF.path(1)).write_bytes(b"{}")

    async def ask() -> None:
        await table.resource(tree.VERSION_DIFF.path(1))

    with pytest.raises(StoreDamaged, match="other bytes"):
        asyncio.run(ask())
    (store / "current" / "tree" / tree.REGISTER.path()).write_bytes(b"{}")
    with pytest.raises(StoreDamaged, match="other bytes"):
        load(store)


def test_a_page_may_use_its_own_style_and_nothing_else() -> None:
    """The policy names the SHA-256 of each style element, and refuses scripts."""
    policy = dict(page_headers(b"<style>a</style><p><style media=print>b</style>"))[
        b"content-security-policy"
    ]
    digests = [hashlib.sha256(text).digest() for text in (b"a", b"b")]
    found = [
        b64decode(part.removeprefix(b"'sha256-")[:-1])
        for part in policy.split()
        if b"sha256" in part
        for part in [part.rstrip(b";")]
    ]
    assert found == digests
    assert b"default-src 'none'" in policy
    assert b"script-src" not in policy
    assert b"style-src 'none'" in dict(page_headers(b"<p>"))[b"content-security-policy"]


def test_a_page_with_a_program_in_it_runs_that_program_alone() -> None:
    """By its SHA-256; nothing of it may be framed, and it makes no markup of what it reads."""
    page = b"<style>a</style><script type=module>b</script>"
    policy = dict(page_headers(page, tree.CHECK_PAGE))[b"content-security-policy"]
    (script,) = re.findall(rb"script-src '(sha256-[^']+)';", policy)
    assert b64decode(script[7:]) == hashlib.sha256(b"b").digest()
    framed = b"frame-ancestors 'none'"
    for rule in (b"default-src 'none'", b"connect-src http: https:", framed, b"trusted-types 'none'"):
        assert rule in policy


class TestShelf:
    """What is served follows the store and never shows half a publication."""

    def test_it_starts_empty_and_takes_what_is_published(self, tmp_path: Path) -> None:
        """An empty store is no failure."""
        replies = CurrentReplies(tmp_path, 1000)
        replies.swap(replies.load())
        assert (replies.table, replies.failed, replies.is_stale()) == (None, False, False)
        stores.publish(tmp_path, 1)
        assert replies.is_stale()
        replies.swap(replies.load())
        assert replies.table is not None
        assert replies.table.archive.newest == 1
        assert not replies.is_stale()

    def test_a_failed_load_keeps_the_table(self, one_version: Path) -> None:
        """What cannot be read whole is not shown; when it is mended, it is."""
        replies = CurrentReplies(one_version, 1000)
        replies.swap(replies.load())
        stores.publish(one_version, 2)
        manifest = one_version / "current" / "manifest.json"
        whole = manifest.read_bytes()
        manifest.write_bytes(whole[:100])
        assert replies.is_stale()
        replies.swap(replies.load())
        assert replies.failed
        assert replies.table is not None
        assert replies.table.archive.newest == 1
        manifest.write_bytes(whole)
        replies.swap(replies.load())
        assert (replies.failed, replies.table.archive.newest) == (False, 2)

    def test_a_store_that_vanishes_is_a_failure(self, one_version: Path) -> None:
        """What was loaded is served on."""
        replies = CurrentReplies(one_version, 1000)
        replies.swap(replies.load())
        (one_version / "current").unlink()
        assert replies.is_stale()
        replies.swap(replies.load())
        assert replies.failed
        assert replies.table is not None

    def test_a_link_that_leads_elsewhere_is_a_failure(self, tmp_path: Path) -> None:
        """The watcher survives it."""
        replies = CurrentReplies(tmp_path, 1000)
        (tmp_path / "current").symlink_to("elsewhere")
        assert not replies.is_stale()
        assert replies.failed


def test_known_at_is_an_instant_or_the_end_of_a_day(three_versions: Path) -> None:
    """Version n of the made-up register was published on day n at nine."""
    archive = load(three_versions).archive
    nine = stores.published_at(2)
    assert version_known(archive, nine) == 2
    assert version_known(archive, nine - dt.timedelta(seconds=1)) == 1
    assert version_known(archive, nine.date()) == 2
    assert version_known(archive, stores.FIRST - dt.timedelta(seconds=1)) is None
    assert version_known(archive, dt.date(2025, 12, 31)) is None
