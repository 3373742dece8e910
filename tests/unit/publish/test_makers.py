"""What makes files: each kind has a maker, each file that is to be signed its signatures."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from register_api.core.canonical import Encoded, encode
from register_api.core.documents import Entry
from register_api.core.format import tree
from register_api.core.format.paths import FILES, KINDS, TRANSLATIONS, kind_of
from register_api.core.notice_period import NoticePolicy, Promises
from register_api.publish.artefact_builders import MANY, ONE, NewVersion, make_files, no_longer_made
from register_api.publish.feed.entry import make_entry
from register_api.publish.feed.interests import PublishedFeeds
from register_api.publish.page.render import PAGES
from register_api.publish.page.version_history import PastVersion, past_version
from register_api.publish.signing.key_list import first_key_list
from register_api.publish.signing.keyring import SIGN, Keyring, signatures
from register_api.publish.version_files import LogFiles, VersionFiles
from register_api.verify.checks.feed_signature import verify_feed_signature
from sample_register import FIRST, NOTICE, register, summary

if TYPE_CHECKING:
    from publishers import Publisher

OF_THE_LOG = {tree.TILE, tree.PARTIAL_TILE, tree.BUNDLE, tree.PARTIAL_BUNDLE}
OF_ITEMS = {tree.VERSION_PAGE, tree.SUBPROCESSOR_PAGE}
OF_TUF = {tree.ROOT, tree.TARGETS, tree.SNAPSHOT, tree.TIMESTAMP}


@pytest.fixture
def keyring(publisher: Publisher) -> Keyring:
    return Keyring(publisher.keys, create=True)


def new_version(number: int, keyring: Keyring, **changed: object) -> NewVersion:
    """Return a new version with a log that proves nothing."""
    newest, diff = register(number), summary(number).diff
    entry = Entry(files=(), published_at=newest.published_at, register=newest.register, version=number)
    keys = first_key_list(newest.register, keyring)
    policy = NoticePolicy(version=1, day=FIRST.date(), notice=NOTICE)
    fields: dict[str, object] = {
        "files": VersionFiles(
            register=Encoded(newest, encode(newest)),
            diff=Encoded(diff, encode(diff)),
            keys=Encoded(keys, encode(keys)),
            entry_bytes=encode(entry),
        ),
        "promises": Promises(zone=ZoneInfo("UTC"), first_live=1, policies=(policy,)),
        "log": LogFiles(root_hash=b"0" * 32, tiles={"log/tile/0/000.p/1": b"t"}, checkpoint=b"c", proof=b"p"),
        "version_summary": summary(number),
        "found": None,
        "stored": (),
        "feeds": PublishedFeeds(register=None, base_url=None, first=FIRST, read=lambda _: None),
        "feed_window": tuple(make_entry(summary(at)) for at in range(number, max(0, number - 50), -1)),
        "history": (past_version(number, newest.published_at, encode(diff), dt.UTC),),
        "shown_before": None,
        "rewritten": tuple,
        "roots": (b"root",),
        "now": dt.datetime(2026, 5, 10, 9, tzinfo=dt.UTC),
    }
    return NewVersion(**{**fields, **changed})  # type: ignore[arg-type]


def test_every_kind_of_file_is_made_by_something() -> None:
    """The log and TUF write their own files, and a time stamp is asked for later."""
    assert not ONE.keys() & MANY.keys()
    assert not PAGES.keys() & (ONE.keys() | MANY.keys())
    rows = ONE.keys() | MANY.keys() | PAGES.keys() | OF_ITEMS
    assert rows == set(FILES) - OF_THE_LOG - OF_TUF - {tree.HEADS, tree.TIME_STAMP}
    assert all(not kind.parameters for kind in ONE)
    assert all(kind.parameters for kind in MANY)


def test_every_form_of_signature_is_made_by_something() -> None:
    assert SIGN.keys() == {signature for kind in KINDS for signature in kind.signatures}


def test_a_version_brings_a_file_of_every_kind_that_it_has(keyring: Keyring) -> None:
    """Under the paths of their kinds, with their values; without address or contact, none for these."""
    made = make_files(new_version(50, keyring))
    found = {kind_of(path) for path in made}
    made_by_rows = ONE.keys() | MANY.keys() | PAGES.keys() | set(TRANSLATIONS) | OF_ITEMS
    made_by_rows |= {tree.HEADS, tree.PARTIAL_TILE}
    assert found == made_by_rows - {tree.SECURITY_TXT, tree.FEEDS_OPML}
    assert made[tree.REGISTER.path()] == made[tree.VERSION_REGISTER.path(50)]


@pytest.mark.parametrize(("newest", "archive"), [(1, None), (49, None), (50, 1), (51, None), (100, 2)])
def test_an_archive_page_is_written_with_each_fiftieth_version(
    keyring: Keyring, newest: int, archive: int | None
) -> None:
    made = make_files(new_version(newest, keyring))
    pages = {path for path in made if kind_of(path) is tree.FEED_ARCHIVE}
    assert pages == ({f"feed/{archive}.atom"} if archive else set())


def test_each_feed_is_signed_under_its_own_name(keyring: Keyring) -> None:
    made = make_files(new_version(50, keyring))
    signed = signatures(made, keyring)

    def key(kid: str) -> str:
        assert kid == keyring.feed.kid
        return keyring.feed.public_pem

    verify_feed_signature(made["feed.atom"], signed["feed.atom.dsig"], "feed.atom", key)
    verify_feed_signature(made["feed/1.atom"], signed["feed/1.atom.dsig"], "1.atom", key)


def test_signatures_lie_beside_what_the_table_says_is_signed(keyring: Keyring) -> None:
    files = {"v1/register.json": b"{}", "v1/keys.json": b"{}", "feed.atom": b"<feed/>"}
    assert set(signatures(files, keyring)) == {
        *("v1/register.json.sig", "v1/register.json.jws"),
        *("feed.atom.sig", "feed.atom.jws", "feed.atom.dsig"),
    }


def test_a_page_is_written_again_for_vendors_that_say_something_new(keyring: Keyring) -> None:
    """Where nothing changed since the version before, the page of the register alone."""
    silent = PastVersion(version=7, day=FIRST.date(), changes=())
    again = make_files(new_version(7, keyring, shown_before=register(7), history=(silent,)))
    whole = make_files(new_version(7, keyring))
    pages = {f"subprocessors/{vendor.id}/index.html" for vendor in register(7).subprocessors}
    assert {path for path in whole if kind_of(path) is tree.SUBPROCESSOR_PAGE} == pages
    assert not {path for path in again if kind_of(path) is tree.SUBPROCESSOR_PAGE}
    assert tree.INDEX.path() in again


def test_a_page_is_written_again_for_vendors_whose_history_has_grown(keyring: Keyring) -> None:
    """Also where the vendor itself says what it said."""
    told = make_files(new_version(7, keyring, shown_before=register(7)))
    named = {
        vendor for change in summary(7).diff.changes for vendor in (change.subprocessor, *change.affects)
    }
    expected = {tree.SUBPROCESSOR_PAGE.path(vendor) for vendor in named if vendor}
    assert {path for path in told if kind_of(path) is tree.SUBPROCESSOR_PAGE} == expected


def test_what_a_version_does_not_say_any_more_leaves(keyring: Keyring) -> None:
    made = make_files(new_version(7, keyring))
    stored = [tree.SECURITY_TXT.path(), tree.REGISTER.path(), tree.VERSION_REGISTER.path(1)]
    assert no_longer_made(made, stored, register(7)) == [tree.SECURITY_TXT.path()]
