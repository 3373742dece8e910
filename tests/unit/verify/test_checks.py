"""The table of checks, and which finding decides."""

from __future__ import annotations

import pytest

from register_api import errors
from register_api.verify.checks.check_table import CHECKS, WORST_FIRST, worst, worst_code
from register_api.verify.checks.steps import STEPS
from register_api.verify.fetch.fetcher import NotServed


def test_checks_are_numbered_without_gaps() -> None:
    """A check's number is its place for ever."""
    assert [check.id for check in CHECKS] == [f"V{number:02d}" for number in range(1, len(CHECKS) + 1)]


def test_every_check_is_made_by_one_step() -> None:
    """No check stands in the table that nothing makes, and none is made twice."""
    made = [check for step in STEPS for check in (step.check, *step.also)]
    assert sorted(made) == [check.id for check in CHECKS]


def test_a_step_rests_on_earlier_ones_only() -> None:
    """The order of the table is the order of work."""
    made: set[str] = set()
    for step in STEPS:
        assert made.issuperset(step.needs)
        made |= {step.check, *step.also}


def test_every_kind_of_finding_has_a_rank() -> None:
    """No exit code is without its place among the others."""
    kinds = {kind for kind in vars(errors).values() if isinstance(kind, type)}
    findings = {kind for kind in kinds if issubclass(kind, errors.VerificationError)}
    assert set(WORST_FIRST) == findings - {errors.VerificationError}


@pytest.mark.parametrize(
    ("codes", "expected"),
    [([], 0), ([10], 10), ([18, 12], 12), ([12, 15, 10], 15), ([13, 16], 16), ([10, 13], 13)],
)
def test_the_worst_finding_gives_the_exit_code(codes: list[int], expected: int) -> None:
    """Worst is by kind of finding, not by number."""
    assert worst_code(codes) == expected


def test_a_derived_finding_ranks_as_its_kind() -> None:
    """A file that is not served counts as unreachable, and the first of equals is told."""
    first, second = NotServed("a"), errors.Unreachable("b")
    assert worst([first, second]) is first
    assert worst([first, errors.Stale("c")]).exit_code == 13
