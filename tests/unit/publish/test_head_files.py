"""Feeds with all their signatures, and the page of the archive that a version completes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from register_api.publish.feed.entry import make_entry
from register_api.publish.head_files import feed_files, page_files, signed_documents
from register_api.publish.signing.keyring import Keyring
from register_api.verify.checks.feed_signature import verify_feed_signature
from sample_register import register, summary, view

if TYPE_CHECKING:
    from publishers import Publisher


@pytest.fixture
def keyring(publisher: Publisher) -> Keyring:
    return Keyring.open(publisher.keys, create=True)


def feeds(newest: int, keyring: Keyring) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """Return the files of the feeds, head and fixed, of a version with those before it."""
    numbers = range(newest, max(0, newest - 50), -1)
    entries = [make_entry(summary(number)) for number in numbers]
    return feed_files(register(newest), entries, 2026, None, keyring)


@pytest.mark.parametrize(("newest", "archive"), [(1, None), (49, None), (50, 1), (51, None), (100, 2)])
def test_an_archive_page_is_written_with_each_fiftieth_version(
    keyring: Keyring, newest: int, archive: int | None
) -> None:
    head, fixed = feeds(newest, keyring)
    assert set(head) == {
        *("feed.atom", "feed.atom.sig", "feed.atom.jws", "feed.atom.dsig"),
        *("feed.json", "feed.json.sig", "feed.json.jws"),
    }
    endings = ("", ".sig", ".jws", ".dsig")
    assert set(fixed) == ({f"feed/{archive}.atom{ending}" for ending in endings} if archive else set())


def test_each_feed_is_signed_under_its_own_name(keyring: Keyring) -> None:
    head, fixed = feeds(50, keyring)

    def key(kid: str) -> str:
        assert kid == keyring.feed.kid
        pem = keyring.feed.public_pem
        return pem if isinstance(pem, str) else pem.decode()

    verify_feed_signature(head["feed.atom"], head["feed.atom.dsig"], "feed.atom", key)
    verify_feed_signature(fixed["feed/1.atom"], fixed["feed/1.atom.dsig"], "1.atom", key)


def test_documents_keep_their_bytes_beside_their_signatures(keyring: Keyring) -> None:
    signed = signed_documents({"v1/register.json": b"{}"}, keyring)
    assert signed["v1/register.json"] == b"{}"
    assert set(signed) == {"v1/register.json", "v1/register.json.sig", "v1/register.json.jws"}


def test_there_is_a_page_for_all_and_one_for_each_vendor_that_is_named() -> None:
    shown = view()
    first, *others = shown.register.subprocessors
    assert others
    assert set(page_files(shown, [first])) == {"index.html", f"subprocessors/{first.id}/index.html"}
    assert set(page_files(shown, [])) == {"index.html"}
