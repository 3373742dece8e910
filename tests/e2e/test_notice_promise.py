"""The notice promise, from the owner's edit to what customers see: with the real commands and clock."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from typing import TYPE_CHECKING

import hosts
import pytest
from commands import publish, register_api
from sources import add_vendor, copy_register

from register_api.core.format import tree

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from commands import Done
    from hosts import Site

REASON = "The vendor used before ceased to operate overnight."


def today() -> dt.date:
    """Return the day in the register's time zone, which is UTC."""
    return dt.datetime.now(dt.UTC).date()


def in_days(days: int) -> dt.date:
    """Return the day so many days from now."""
    return today() + dt.timedelta(days=days)


class Owner:
    """Someone who edits a source, publishes it with the command, and serves the tree as it lies there."""

    def __init__(self, folder: Path, site: Site) -> None:
        self.folder = folder
        self.site = site
        self.source = copy_register(folder)
        self.store, self.keys = folder / "store", folder / "keys"

    def publish(self, *more: str) -> Done:
        return publish(self.source, self.store, self.keys, *more)

    def verify(self) -> Done:
        return register_api("verify", self.site.base, "--state", self.folder / "state")


@pytest.fixture
def owner(tmp_path: Path) -> Iterator[Owner]:
    """An owner who has published one version."""
    public = tmp_path / "store" / "public"
    public.mkdir(parents=True)
    with hosts.static(public) as site:
        found = Owner(tmp_path, site)
        done = found.publish()
        assert done.returncode == 0, done.stderr
        yield found


def picture(folder: Path) -> dict[str, tuple[str, int, int]]:
    """Return everything below a folder: content or where a link leads, when it was written, its inode."""
    return {
        str(path.relative_to(folder)): (_content(path), path.lstat().st_mtime_ns, path.lstat().st_ino)
        for path in [folder, *folder.rglob("*")]
    }


def _content(path: Path) -> str:
    if path.is_symlink():
        return f"link to {path.readlink()}"
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"


def test_a_day_too_early_is_refused_and_leaves_no_trace(owner: Owner) -> None:
    """Exit code 1, rule, first right day; and not a byte, time or inode of store and keys has changed."""
    before = picture(owner.store), picture(owner.keys)
    first_right_days = {in_days(30)}
    add_vendor(owner.source, "acme", "Acme Oy", in_days(29))
    done = owner.publish()
    first_right_days.add(in_days(30))  # midnight may lie between
    assert done.returncode == 1
    assert "acme.toml" in done.stderr
    assert "R10" in done.stderr
    assert any(day.isoformat() in done.stderr for day in first_right_days)
    assert (picture(owner.store), picture(owner.keys)) == before


def test_enough_notice_is_published_once(owner: Owner) -> None:
    """31 days ahead: version 2 for all to see; the same again makes no version; customers can check both."""
    first = owner.verify()
    assert first.returncode == 0, first.stdout
    assert "FIRST USE" in first.stdout
    add_vendor(owner.source, "acme", "Acme Oy", in_days(31))
    assert owner.publish("--reason", "Acme joins").returncode == 0
    (change,) = json.loads(owner.site.get(tree.VERSION_DIFF.path(2)))["changes"]
    assert (change["type"], change["subprocessor"]) == ("added", "acme")
    assert (change["notice"]["met"], change["notice"]["promised_days"]) == (True, 30)
    assert change["notice"]["days"] in (30, 31)
    second = owner.verify()
    assert second.returncode == 0, second.stdout
    assert "Remembered:  a log of size 1" in second.stdout
    before = picture(owner.store / "public")
    again = owner.publish()
    assert (again.returncode, "R26" in again.stdout) == (0, True)
    assert picture(owner.store / "public") == before
    assert owner.verify().returncode == 0


def test_short_notice_is_shown_wherever_people_look(owner: Owner) -> None:
    """With a reason it is published, and pages, feeds, diff and register say it, with the days."""
    add_vendor(owner.source, "hasty", "Häst & Söner AB", in_days(7), short_notice=REASON)
    done = owner.publish("--reason", "Häst steps in")
    assert done.returncode == 0, done.stderr
    shown = {path: owner.site.get(path).decode() for path in SHOWN}
    assert [path for path, text in shown.items() if REASON not in text] == []
    (change,) = json.loads(shown[tree.VERSION_DIFF.path(2)])["changes"]
    assert (change["notice"]["met"], change["notice"]["promised_days"]) == (False, 30)
    assert change["notice"]["days"] in (6, 7)
    said = f"Short notice: {change['notice']['days']} days instead of 30"
    assert [path for path in FOR_PEOPLE if said not in shown[path]] == []
    assert owner.verify().returncode == 0


FOR_PEOPLE = (tree.INDEX.path(), tree.VERSION_PAGE.path(2), tree.FEED_ATOM.path(), tree.FEED_JSON.path())
SHOWN = (
    *FOR_PEOPLE,
    tree.VERSION_DIFF.path(2),
    tree.REGISTER.path(),
    tree.VERSION_REGISTER.path(2),
    tree.SUBPROCESSOR_PAGE.path("hasty"),
)
