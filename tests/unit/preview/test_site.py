"""The addresses of a preview: the register's pages with a banner, pages of its own, faults in their place."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

import pytest

from publishers import NOW
from register_api.core.format import tree
from register_api.core.format.paths import address_of
from register_api.preview.server import FOLDER, Preview, PreviewAnswer
from register_api.publish.preparation import PublishOptions

if TYPE_CHECKING:
    from collections.abc import Callable

    from publishers import Publisher

    Site = Callable[[str], PreviewAnswer]

LATER = NOW + dt.timedelta(hours=1)
SOON = f"starts_on = {(NOW + dt.timedelta(days=40)).date()}"
HOSTILE = '"><script>alert(1)</script>'
BANNER = re.compile(rb'<aside class="preview-banner".*?</aside>\n', re.DOTALL)
POLICY = re.compile(rb'(http-equiv="Content-Security-Policy" content=")([^"]*)')


@pytest.fixture
def site(published: Publisher) -> Site:
    """A preview over one published version."""
    return Preview(published.source, published.store, lambda _: PublishOptions(now=LATER)).answer


def state(site: Site) -> bytes:
    return site(f"/{FOLDER}state").body


@pytest.mark.parametrize(
    "kind",
    [tree.INDEX, tree.CHANGES_PAGE, tree.SUBSCRIBE_PAGE, tree.ANNEX_PAGE],
    ids=lambda kind: kind.operation,
)
def test_a_page_is_the_published_one_save_for_policy_and_banner(
    site: Site, publisher: Publisher, kind: tree.FileKind
) -> None:
    publisher.list("beta", SOON)
    shown = site(f"/{address_of(kind.path())}")
    publisher.publish(LATER)
    published = publisher.snapshot().read(kind.path())
    assert b"Preview of version 2. Nothing has been published." in shown.body
    (own,) = [found[2] for found in POLICY.finditer(published)]
    assert POLICY.sub(rb"\g<1>" + own, BANNER.sub(b"", shown.body)) == published
    assert b"_preview" not in published


def test_only_the_preview_allows_its_script(site: Site, publisher: Publisher) -> None:
    publisher.list("beta", SOON)
    shown = site("/versions/2/")
    assert shown.policy is not None
    assert "script-src 'self'" in shown.policy
    (in_page,) = [found[2].decode() for found in POLICY.finditer(shown.body)]
    assert f"{in_page}; frame-ancestors 'none'" == shown.policy
    publisher.publish(LATER)
    assert b"<script" not in publisher.snapshot().read(tree.VERSION_PAGE.path(2))


def test_each_link_of_each_page_leads_to_something(site: Site, publisher: Publisher) -> None:
    """As a person browses: from the register, through all pages that links within the tree lead to."""
    publisher.list("beta", SOON)
    seen: set[str] = set()
    waiting = ["/"]
    missing = set()
    while waiting:
        address = waiting.pop()
        if address in seen:
            continue
        seen.add(address)
        answer = site(address)
        if answer.status != 200:
            missing.add(address)
        if answer.policy is not None and not address.startswith(f"/{FOLDER}mail"):
            waiting += links(answer.body.decode(), address)
    assert {"/subprocessors/beta/", "/changes/", "/de/", "/versions/1/", f"/{FOLDER}notice"} <= seen
    # What is signed when it is published says so.
    beside = {"/feed.atom.dsig", "/v1/register.json.sig", "/v1/register.json.jws"}
    assert missing == {*beside, "/log/checkpoint", "/v1/versions/2/entry.tlog-proof"}


def links(page: str, base: str) -> list[str]:
    from urllib.parse import urldefrag, urljoin  # noqa: PLC0415 - of this alone

    found = re.findall(r'<a [^>]*href="([^"]*)"', page)
    local = [urldefrag(urljoin(f"http://here{base}", link)).url for link in found]
    return [link.removeprefix("http://here") for link in local if link.startswith("http://here/")]


def test_the_feed_entry_and_the_mail_are_shown_in_each_language(site: Site, publisher: Publisher) -> None:
    publisher.list("beta", SOON)
    page = site(f"/{FOLDER}notice").body.decode()
    assert "Beta Oy will be added as a sub-processor" in page
    assert "Beta Oy wird zum" in page
    german = site(f"/{FOLDER}mail/de.html")
    assert (german.status, german.policy) == (200, "default-src 'none'")
    assert b'<html lang="de">' in german.body
    assert site(f"/{FOLDER}mail/xx.html").status == 404


def test_feeds_and_calendar_have_their_types_and_can_be_read_as_text(
    site: Site, publisher: Publisher
) -> None:
    publisher.list("beta", SOON)
    for kind in (tree.FEED_ATOM, tree.FEED_JSON, tree.CALENDAR):
        answer, text = site(f"/{kind.path()}"), site(f"/{FOLDER}text/{kind.path()}")
        assert (answer.media_type, answer.status) == (kind.media_type, 200)
        assert (text.media_type, text.body) == ("text/plain; charset=utf-8", answer.body)


def test_faults_are_shown_in_place_of_every_page_until_they_are_mended(
    site: Site, publisher: Publisher
) -> None:
    good, first = site("/").body, state(site)
    file = publisher.source / "subprocessors" / "acme.toml"
    text = file.read_text("utf-8")
    file.write_text(f"{text}\nextra = \N{RIGHT DOUBLE QUOTATION MARK}{HOSTILE}", "utf-8")
    for address in ("/", "/changes/", f"/{FOLDER}", "/nothing"):
        answer = site(address)
        assert answer.status == 422
        assert b"error R01" in answer.body
        assert b"subprocessors/acme.toml:" in answer.body
        assert b"<script>alert" not in answer.body
        assert b"&lt;script&gt;alert" in answer.body
        assert f"/{FOLDER}reload.js".encode() in answer.body
    broken = state(site)
    file.write_text(text, "utf-8")
    assert len({first, broken, state(site)}) == 3
    assert site("/").body == good.replace(first, state(site))


def test_a_state_stays_until_something_is_saved(site: Site, publisher: Publisher) -> None:
    before = state(site)
    site("/")
    assert state(site) == before
    publisher.list("beta", SOON)
    assert state(site) != before


def test_a_publication_meanwhile_is_seen(site: Site, publisher: Publisher) -> None:
    publisher.list("beta", SOON)
    assert b"Preview of version 2" in site("/").body
    publisher.publish(NOW + dt.timedelta(minutes=1))
    assert b"nothing has changed, so this is what is published" in site("/").body
    assert b"nobody is notified" in site(f"/{FOLDER}notice").body


def test_a_file_that_has_left_the_store_is_told(site: Site, publisher: Publisher) -> None:
    assert site("/robots.txt").status == 200
    for path in publisher.store.rglob("robots.txt"):
        path.unlink()
    answer = site("/robots.txt")
    assert answer.status == 500
    assert b"robots.txt (identity) is missing" in answer.body


def test_warnings_are_worth_a_second_look(site: Site, publisher: Publisher) -> None:
    (publisher.source / "stray.toml").write_text("", "utf-8")
    publisher.list("beta", SOON)
    page = site(f"/{FOLDER}").body.decode()
    assert "Warnings" in page
    assert "this file is not read" in page


def test_no_source_is_told_and_waited_for(publisher: Publisher) -> None:
    site = Preview(publisher.folder / "later", publisher.store, lambda _: PublishOptions(now=NOW)).answer
    answer = site("/")
    assert answer.status == 422
    assert b"There is nothing to preview" in answer.body
    publisher.source.rename(publisher.folder / "later")
    assert site("/").status == 200


@pytest.mark.parametrize(
    "target", ["/../../etc/passwd", "/%2e%2e/state.json", "/%00", "//x/", "/\udcff", "*"]
)
def test_nothing_but_the_tree_is_read(site: Site, target: str) -> None:
    assert site(target).status == 404
