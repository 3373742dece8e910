"""No file is passed over in silence: ``verify`` and ``conformance`` look at what the table of files says."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from memory_folder import memory_folder
from memory_log import cosign, private_key, witness_key
from publishers import NOW, Publisher
from register_api.core.format import tree
from register_api.core.format.paths import FILES, KINDS, TRANSLATIONS, address_of, kind_of
from register_api.core.log.note import format_verifier_key
from register_api.hosting.script import find_served_tree
from register_api.verify.engine import verify
from register_api.verify.fetcher import MemoryFetcher
from register_api.verify.options import Options
from thoroughness import cases
from trees import answer, read_tree

PAGES = Path(__file__).parents[2] / "docs" / "format"

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from register_api.core.format.kind import FileKind
    from register_api.verify.report import Report

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


def checked(files: Mapping[str, bytes], **wishes: Any) -> tuple[Report, set[str]]:
    """Verify a tree; return the report, and the files that were looked at."""
    fetcher = MemoryFetcher(files)
    report = verify("memory", Options(wait=0, **wishes), NOW + dt.timedelta(hours=1), fetcher=fetcher).report
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


def test_the_report_names_exactly_what_may_be_changed_unnoticed(files: dict[str, bytes]) -> None:
    """A bit of each file, first, middle or last, is changed: what nobody finds is what is named."""
    report, _ = checked(files)
    (said,) = (text for text in report.not_checked if "covered by a signature" in text)
    named = said.partition("(")[2].partition(")")[0].split(", ")
    unnoticed = {path for path in files if any(checked(lie)[0].exit_code == 0 for lie in _flips(files, path))}
    assert {f"/{address_of(kind_of(path).template)}" for path in unnoticed} == set(named)
    assert unnoticed == {path for path in files if kind_of(path).unchecked}
    assert named == [f"/{address_of(kind.template)}" for kind in (*FILES, *TRANSLATIONS) if kind.unchecked]


def _flips(files: Mapping[str, bytes], path: str) -> Iterator[dict[str, bytes]]:
    data = files[path]
    for at in cases(sorted({0, len(data) // 2, len(data) - 1})):
        yield {**files, path: data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]}


def test_a_witness_that_was_not_asked_for_may_be_changed_unnoticed(files: dict[str, bytes]) -> None:
    """Its line alone, below the log's own, which is named for it; of one that was asked for it is found."""
    checkpoint, witness = tree.CHECKPOINT.path(), private_key(77)
    signed = cosign(files[checkpoint], "witness.example", witness, int(NOW.timestamp()))
    key = witness_key("witness.example", witness)
    asked = {"witnesses": (format_verifier_key(key.name, key.public, key.algorithm),), "cosignatures": 1}
    at = len(signed) - 10
    for data, ignored, counted in (
        (signed, 0, 0),
        (signed[:at] + (b"A" if signed[at : at + 1] != b"A" else b"B") + signed[at + 1 :], 0, 12),
    ):
        report, _ = checked({**files, checkpoint: data})
        assert report.exit_code == ignored
        assert any("/log/checkpoint of witnesses that are not required" in one for one in report.not_checked)
        assert checked({**files, checkpoint: data}, **asked)[0].exit_code == counted


def test_a_host_is_asked_for_a_file_of_every_kind(files: dict[str, bytes]) -> None:
    """And for nothing that is not there."""
    asked = {place.path for place in find_served_tree(lambda path: answer(files, path)).files}
    assert asked <= files.keys()
    assert {kind_of(path) for path in asked} == {kind_of(path) for path in files}


def test_the_format_names_every_media_type() -> None:
    """What a host has to send stands in the format, and nothing else does."""
    page = (PAGES / "http.md").read_text("utf-8")
    (table,) = (part for part in page.split("\n\n") if part.startswith("| file | type |"))
    named = {line.split("`")[-2] for line in table.splitlines()[2:]}
    signatures = {signature.media_type for kind in FILES for signature in kind.signatures}
    assert named == {kind.media_type for kind in FILES} | signatures
