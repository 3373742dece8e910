"""Pages are true on the day on which they are read: `refresh` makes those again that are not."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from publishers import NOW, Publisher
from register_api.core.format import tree
from register_api.core.format.paths import in_language
from register_api.core.language.language import ENGLISH

if TYPE_CHECKING:
    from pathlib import Path

DAY = dt.timedelta(days=1)
START = (NOW + 40 * DAY).date()
INDEX = tree.INDEX.path()
BETA = tree.SUBPROCESSOR_PAGE.path("beta")


def both(*paths: str) -> set[str]:
    """Return paths of pages in both languages."""
    return {*paths, *(in_language(path, "de") for path in paths)}


@pytest.fixture
def publisher(tmp_path: Path) -> Publisher:
    """Return a publisher of two versions, the second of which announces a vendor."""
    publisher = Publisher(tmp_path)
    publisher.publish()
    publisher.list("beta", f"starts_on = {START}\n")
    publisher.publish(NOW + dt.timedelta(minutes=1))
    return publisher


def pages(publisher: Publisher) -> dict[str, bytes]:
    """Return every page that is published."""
    public = publisher.store / "public"
    return {str(path.relative_to(public)): path.read_bytes() for path in public.rglob("*.html")}


def changed_by_refresh(publisher: Publisher, now: dt.datetime) -> set[str]:
    """Refresh, and return which pages have other bytes."""
    before = pages(publisher)
    publisher.refresh(now)
    after = pages(publisher)
    assert after.keys() == before.keys()
    return {path for path, data in after.items() if before[path] != data}


def test_another_day_makes_the_registers_page_again(publisher: Publisher) -> None:
    """It names the day that it is of; that of a vendor stays until it would say something else."""
    assert changed_by_refresh(publisher, NOW + dt.timedelta(minutes=2)) == set()
    assert changed_by_refresh(publisher, NOW + DAY) == both(INDEX)
    assert f"Status as of {ENGLISH.day((NOW + DAY).date())}." in pages(publisher)[INDEX].decode()
    assert changed_by_refresh(publisher, NOW + DAY + dt.timedelta(seconds=1)) == set()


def test_on_the_day_of_a_start_the_vendor_is_in_use(publisher: Publisher) -> None:
    """On its own page, too; before, it is upcoming."""
    assert changed_by_refresh(publisher, NOW + 39 * DAY) == both(INDEX)
    assert b"Upcoming, from" in pages(publisher)[BETA]
    assert changed_by_refresh(publisher, NOW + 40 * DAY) == both(INDEX, BETA)
    for page in (INDEX, BETA):
        assert b"Upcoming, from" not in pages(publisher)[page]
    assert changed_by_refresh(publisher, NOW + 41 * DAY) == both(INDEX)
    assert b"No upcoming changes." in pages(publisher)[INDEX]


def test_the_tree_goes_on_to_verify_and_to_be_published(publisher: Publisher) -> None:
    """Pages are of no consequence for what is signed."""
    publisher.refresh(NOW + dt.timedelta(minutes=3))
    publisher.refresh(NOW + 40 * DAY)
    publisher.say("third")
    publisher.publish(NOW + 40 * DAY + dt.timedelta(minutes=1))
    assert b"Version 3" in pages(publisher)[INDEX]
    assert changed_by_refresh(publisher, NOW + 41 * DAY) == both(INDEX)


def test_a_diff_that_was_altered_in_the_store_stands_on_no_page(publisher: Publisher) -> None:
    """The history on a page is what the log names; nothing is signed over it either."""
    path = publisher.store / "public" / tree.VERSION_DIFF.path(2)
    before = pages(publisher)
    path.write_bytes(path.read_bytes().replace(b"Beta", b"Evil"))
    with pytest.raises(Exception, match=r"2/diff\.json"):
        publisher.refresh(NOW + DAY)
    assert pages(publisher) == before
