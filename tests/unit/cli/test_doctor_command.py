"""doctor prints a line for each look, with what to do, and ends as status does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Call, Clock

    from publishers import Publisher


@pytest.fixture
def doctor(published: Call, publisher: Publisher) -> Call:
    folders = ("--store", str(publisher.store), "--keys", str(publisher.keys), "--offline")
    return lambda *more: published("doctor", *folders, *more)


def test_a_healthy_register_ends_with_0(doctor: Call) -> None:
    result = doctor()
    lines = result.stdout.splitlines()
    assert result.exit_code == 0, result.stdout
    assert lines[0].split()[:3] == ["ok", "files", "version"]
    assert lines[-1].startswith("0 wrong, 0 soon, ")
    assert "not checked" in lines[-1]


@pytest.mark.parametrize(("hours", "code"), [(1, 0), (37, 1), (49, 2)])
def test_its_exit_status_is_that_of_status(
    doctor: Call, published: Call, clock: Clock, hours: int, code: int
) -> None:
    clock.pass_by(hours=hours)
    assert doctor().exit_code == code
    assert published("status").exit_code == code


def test_every_problem_comes_with_a_remedy(doctor: Call, publisher: Publisher) -> None:
    (publisher.keys / "log.pem").chmod(0o644)
    result = doctor()
    assert result.exit_code == 2
    lines = result.stdout.splitlines()
    (at,) = [number for number, line in enumerate(lines) if line.startswith("WRONG")]
    assert "log.pem is open to other users" in lines[at]
    assert lines[at + 1].strip().startswith("→ chmod 600 ")


def test_json_has_every_diagnosis(doctor: Call) -> None:
    document = json.loads(doctor("--json").stdout)
    assert document["ok"] is True
    assert {"check", "cure", "says", "verdict"} == document["diagnoses"][0].keys()


def test_before_the_first_version_it_says_what_comes_next(call: Call, publisher: Publisher) -> None:
    result = call("doctor", "--store", str(publisher.store), "--keys", str(publisher.keys), "--offline")
    assert result.exit_code == 1
    assert "→ register-api publish" in result.stdout
