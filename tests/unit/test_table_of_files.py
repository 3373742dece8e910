"""No file is passed over in silence: ``verify`` and ``conformance`` look at what the table of files says."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from memory_folder import memory_folder
from publishers import NOW, Publisher
from register_api.conformance.served_tree import find_places
from register_api.core.format import tree
from register_api.core.format.paths import FILES, KINDS, address_of, kind_of
from register_api.verify.engine import verify
from register_api.verify.fetch.fetcher import MemoryFetcher
from register_api.verify.options import Options
from trees import answer, read_tree

if TYPE_CHECKING:
    from collections.abc import Mapping

    from register_api.core.format.kind import FileKind
    from register_api.verify.report.report import Report

LATER = {
    tree.FEED_ARCHIVE,
    tree.TILE,
    tree.BUNDLE,
    tree.TIME_STAMP,
    tree.SECURITY_TXT,
    tree.SUBPROCESSOR_CALENDAR,
}
"""Files that the first version of a register does not have."""

ABSENT = {
    path
    for kind in LATER
    for path in (kind.template, *(signature.of(kind.template) for signature in kind.signatures))
}


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    """The tree of a register's first version: everything in it is of today."""
    with memory_folder() as folder:
        publisher = Publisher(folder)
        publisher.publish(NOW)
        return read_tree(publisher.store / "public")


def checked(files: Mapping[str, bytes]) -> tuple[Report, set[str]]:
    """Verify a tree; return the report, and the files that were looked at."""
    fetcher = MemoryFetcher(files)
    report = verify("memory", Options(wait=0), NOW + dt.timedelta(hours=1), fetcher=fetcher).report
    return report, set(fetcher.asked) & files.keys()


def test_the_tree_has_every_kind_of_file_that_a_first_version_has(files: dict[str, bytes]) -> None:
    assert set(FILES) - {kind_of(path) for path in files} == LATER


def test_exactly_the_files_of_which_a_row_names_a_check_are_looked_at(files: dict[str, bytes]) -> None:
    report, asked = checked(files)
    assert report.exit_code == 0
    assert sorted(asked) == sorted(path for path in files if kind_of(path).checks)


@pytest.mark.parametrize(
    "kind",
    [kind for kind in KINDS if kind.checks and kind.template not in ABSENT],
    ids=lambda kind: kind.template,
)
def test_a_changed_file_fails_a_check_that_its_row_names(files: dict[str, bytes], kind: FileKind) -> None:
    """Whatever else fails because of it."""
    paths = [path for path in files if kind_of(path) is kind]
    assert paths
    for path in paths:
        data = files[path]
        report, _ = checked({**files, path: data[:-1] + bytes([data[-1] ^ 1])})
        failed = {check.id for check in report.checks if check.result == "failed"}
        assert failed & set(kind.checks)


def test_the_report_names_exactly_what_no_check_looks_at(files: dict[str, bytes]) -> None:
    report, _ = checked(files)
    (said,) = (text for text in report.not_checked if "no signature covers" in text)
    named = said.partition("(")[2].partition(")")[0].split(", ")
    assert named == [f"/{address_of(kind.template)}" for kind in FILES if kind.unchecked]


def test_a_host_is_asked_for_a_file_of_every_kind(files: dict[str, bytes]) -> None:
    """And for nothing that is not there."""
    asked = {place.path for place in find_places(lambda path: answer(files, path)).files}
    assert asked <= files.keys()
    assert {kind_of(path) for path in asked} == {kind_of(path) for path in files}
