"""The way back from a version that a clock ahead has published, line by line as docs/recovering.md has it."""

from __future__ import annotations

import datetime as dt
import re
import shutil
from typing import TYPE_CHECKING

import pytest
from commands import ROOT
from test_keys_page import Reader

from memory_folder import memory_folder
from quick_disk import quick_disk
from register_api.verify.engine import verify
from register_api.verify.fetcher import FolderFetcher
from register_api.verify.options import Options
from verify_outcome import failed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from register_api.verify.report import Report

PAGE = (ROOT / "docs/recovering.md").read_text("utf-8")
SECTION = PAGE.partition("## A version with a wrong date\n")[2].partition("\n## ")[0]
REFRESHED, BACK, EPOCH, AGAIN = (
    block.splitlines() for block in re.findall(r"^```sh\n(.*?)^```", SECTION, re.DOTALL | re.MULTILINE)
)
AHEAD = dt.timedelta(days=300)
CLOCK, FORKED, REFUSED, ROLLED_BACK = 19, 15, 1, 14


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Iterator[Reader]:
    """Two versions, a backup of the store, and a customer who remembers them."""
    with memory_folder() as folder, quick_disk():
        monkeypatch.chdir(folder)
        made = Reader(folder, monkeypatch)
        made.type("register-api publish")
        made.type("register-api publish --reason 'Version two'")
        assert made.check(state=True).exit_code == 0
        shutil.copytree(made.store, folder / "backup/store", symlinks=True)
        yield made


def ahead(reader: Reader, line: str) -> None:
    """Carry a line out while the clock is ahead; after it the clock is set."""
    right = reader.at
    reader.at += AHEAD
    reader.type(line)
    reader.at = right + dt.timedelta(hours=1)


def misled(reader: Reader, by: dt.timedelta) -> Report:
    """Look as a customer whose clock is ahead, too, or was."""
    options = Options(state=reader.folder / "misled", wait=0)
    now = dt.datetime.now(dt.UTC).replace(microsecond=0) + by
    return verify("folder", options, now, fetcher=FolderFetcher(reader.store / "public")).report


def test_a_refresh_by_a_clock_ahead_is_signed_anew(reader: Reader) -> None:
    """The timestamp of the future is refused by customers and stands in the way of the next one."""
    ahead(reader, "register-api refresh --offline")
    assert failed(reader.check(state=True)) == {"V07": CLOCK}
    assert reader.run("refresh", "--offline").exit_code == REFUSED
    for line in REFRESHED:
        reader.type(line)
    assert reader.check(state=True).exit_code == 0


def test_the_next_version_can_replace_the_timestamp_of_a_clock_ahead(reader: Reader) -> None:
    """Without a refresh before it, where somebody says that this clock is right."""
    ahead(reader, "register-api refresh --offline")
    reader.say("as of today")
    refused = reader.run("publish", "--offline")
    assert refused.exit_code == REFUSED
    assert "--clock-is-right" in refused.stderr
    assert reader.run("publish", "--offline", "--clock-is-right").exit_code == 0
    assert reader.check(state=True).exit_code == 0


@pytest.mark.parametrize("epoch", [[], EPOCH], ids=["alone", "with a new epoch of the log"])
def test_a_version_of_the_future_is_published_once_more(reader: Reader, epoch: list[str]) -> None:
    """Nothing else leads on; then the customer follows from the version before, and so does a stranger."""
    ahead(reader, "register-api publish --reason 'Version three'")
    for way in ({}, {"quick": True}, {"history": "none"}):
        assert failed(reader.check(state=True, **way)) == {"V07": CLOCK}
    assert misled(reader, AHEAD).exit_code == 0
    reader.say("as it should be")
    assert reader.run("publish", "--offline").exit_code == REFUSED
    assert reader.run("refresh", "--offline", "--clock-is-right").exit_code == 0
    assert failed(reader.check(state=True)) == {"V07": CLOCK}
    for line in [*BACK, *epoch, *AGAIN]:
        reader.type(line)
    reader.holds_for_all()
    assert misled(reader, dt.timedelta()).exit_code == FORKED
    report = reader.check(state=True)
    assert (report.version, report.log is not None and report.log.size) == (3, 3)
    reader.type("register-api publish --reason 'The one after'")
    reader.holds_for_all()


def test_the_keys_refuse_the_older_tree_while_they_remember(reader: Reader) -> None:
    """Without the line that moves their memory away nothing is taken over."""
    ahead(reader, "register-api publish --reason 'Version three'")
    shutil.move(reader.store, reader.folder / "wrong")
    done = reader.invoke(BACK[-1].split()[1:])
    assert (done.exit_code, reader.store.joinpath("public").exists()) == (ROLLED_BACK, False)
