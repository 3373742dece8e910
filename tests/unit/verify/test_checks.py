"""The table of checks, and which finding decides."""

from __future__ import annotations

import re

import pytest

from memory_publisher import NOW, MemoryPublisher
from register_api import errors
from register_api.core.format import tree
from register_api.verify.checks.check_table import CHECKS, NOTICE_CHECKS, PACKAGE_CHECKS, WORST_FIRST, worst
from register_api.verify.checks.round import Round
from register_api.verify.engine import check_package, check_round
from register_api.verify.fetcher import MemoryFetcher, NotServed
from register_api.verify.options import History, Options


def test_checks_are_numbered_without_gaps() -> None:
    """A check's number is its place for ever."""
    of_packages = [check for check in PACKAGE_CHECKS if check not in CHECKS]
    for letter, checks in (("V", CHECKS), ("E", of_packages), ("N", NOTICE_CHECKS)):
        assert [check.id for check in checks] == [
            f"{letter}{number:02d}" for number in range(1, len(checks) + 1)
        ]


def untold(run: Round) -> list[str]:
    """Return the checks that were neither made nor left out for a reason."""
    results = run.record.results()
    return [check.id for check in results if check.sentence == "a check that it depends on did not pass"]


@pytest.mark.parametrize("history", ["all", "none"])
def test_every_check_is_made_or_left_out_for_a_reason(history: History) -> None:
    """No check stands in the table that nothing makes."""
    publisher = MemoryPublisher().publish().publish()
    run = Round(MemoryFetcher(publisher.files), Options(history=history), NOW)
    check_round(run)
    assert not run.record.errors()
    assert untold(run) == []


def test_the_report_on_one_version_has_no_plural() -> None:
    """One version has one entry, and is not a range."""
    run = Round(MemoryFetcher(MemoryPublisher().publish().files), Options(), NOW)
    check_round(run)
    said = "\n".join(check.sentence for check in run.record.results())
    assert not re.search(r"\b1 (entries|versions|feeds)\b|\bversions 1 to 1\b", said)


def test_every_check_of_a_package_is_made_or_left_out_for_a_reason() -> None:
    """Likewise, but for the two of the file itself."""
    publisher = MemoryPublisher().publish().publish()
    run = Round(MemoryFetcher(publisher.files), Options(), None, checks=PACKAGE_CHECKS)
    check_package(run, 2)
    assert not run.record.errors()
    assert untold(run) == ["E01", "E03"]


def test_what_rests_on_a_check_that_failed_is_not_made() -> None:
    """The report names the first check that is missing, and nothing raises."""
    publisher = MemoryPublisher().publish()
    del publisher.files[tree.CHECKPOINT.path()]
    files = {path: data for path, data in publisher.files.items() if not path.endswith(".checkpoint")}
    run = Round(MemoryFetcher(files), Options(), NOW)
    found = check_round(run)
    assert Round.log.of(found) is None
    skipped = {check.id: check.sentence for check in run.record.results() if check.result == "skipped"}
    assert skipped["V11"] == "it depends on V08, which did not pass"
    assert skipped["V16"] == "it depends on V08, which did not pass"


def test_every_kind_of_finding_has_a_rank() -> None:
    """No exit code is without its place among the others."""
    kinds = {kind for kind in vars(errors).values() if isinstance(kind, type)}
    findings = {kind for kind in kinds if issubclass(kind, errors.VerificationError)}
    assert set(WORST_FIRST) == findings - {errors.VerificationError}


def test_a_derived_finding_ranks_as_its_kind() -> None:
    """A file that is not served counts as unreachable, and the first of equals is told."""
    first, second = NotServed("a"), errors.Unreachable("b")
    assert worst([first, second]) is first
    assert worst([first, errors.Stale("c")]).exit_code == 13
