"""Witnesses on the command line: policies that cannot be read, status, and what stops nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from memory_log import MemoryLog, private_key, witness_key
from register_api.cli import refresh
from register_api.cli.main import cli
from register_api.core.log.note import format_verifier_key
from register_api.publish import cosigning
from witnesses import Answering, Partner, log_vkey

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Call, Clock

    from publishers import Publisher

VKEY = log_vkey(witness_key("w.example", private_key(80)))


@pytest.fixture
def policy(folder: Path) -> Path:
    """A policy with a witness that nobody answers for."""
    path = folder / "witnesses.policy"
    path.write_text(f"witness w {VKEY} http://127.0.0.1:1/\nquorum w\n", "utf-8")
    return path


@pytest.mark.parametrize("text", [None, "", "quorum w\n", "quorum none"])
def test_a_policy_that_cannot_be_read_is_told_before_anything_is_done(
    call: Call, publisher: Publisher, folder: Path, text: str | None
) -> None:
    """Wrong use, 2; nothing is published."""
    path = folder / "p"
    if text is not None:
        path.write_text(text, "utf-8")
    for command in ("publish", "refresh"):
        result = call(command, "--policy", str(path))
        assert (result.exit_code, str(path) in result.stderr) == (2, True)
    assert not (publisher.store / "current").exists()


def test_a_publication_does_not_wait_for_witnesses(call: Call, policy: Path, publisher: Publisher) -> None:
    """Exit code 0, the version is there, and a line says what is missing."""
    result = call("publish", "--policy", str(policy))
    assert result.exit_code == 0
    assert "Witness w (w.example): cannot be reached" in result.stderr
    assert "0 of 1 have cosigned, the quorum w is NOT met yet" in result.stderr
    assert publisher.verify().exit_code == 0


def test_the_environment_names_the_policy(
    published: Call, policy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For refresh and status alike."""
    monkeypatch.setenv("REGISTER_WITNESS_POLICY", str(policy))
    assert "Witness w (w.example)" in published("refresh").stderr
    status = published("status")
    assert (status.exit_code, "quorum NOT met" in status.stdout) == (1, True)


def test_a_failure_of_the_store_after_refreshing_is_told_and_stops_nothing(
    published: Call, policy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The freshness is on the disk by then."""

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(refresh, "ask_witnesses", fail)
    result = published("refresh", "--policy", str(policy))
    assert result.exit_code == 0
    assert "Witnesses: No space left on device" in result.stderr


def test_a_library_that_fails_stops_nothing(
    published: Call, policy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a stranger's machine brings about in it."""

    async def fail(*_: object) -> None:
        raise LookupError("a fault")

    monkeypatch.setattr(cosigning, "_ask", fail)
    result = published("refresh", "--policy", str(policy))
    assert (result.exit_code, "cannot be reached (LookupError)" in result.stderr) == (0, True)


def test_a_policy_for_another_log_is_told(published: Call, folder: Path) -> None:
    """It names other logs, so its witnesses are not asked."""
    path = folder / "p"
    other = format_verifier_key("other.example", private_key(9).public_key().public_bytes_raw())
    with Answering(lambda _: (500, {}, b"")) as server:
        path.write_text(f"log {other}\nwitness w {VKEY} {server.url}\nquorum w\n", "utf-8")
        result = published("refresh", "--policy", str(path))
        assert (result.exit_code, "the policy names other logs" in result.stderr) == (0, True)
        assert server.bodies == []


def test_status_without_a_policy_counts_the_lines(published: Call) -> None:
    """It cannot say whose they are, and of none it says nothing to a person."""
    assert "witnesses" not in published("status").stdout
    assert json.loads(published("status", "--json").stdout)["witnesses"] == {"further_lines": 0}


def test_verify_takes_a_policy_or_single_witnesses(folder: Path, policy: Path) -> None:
    """Not both."""
    for more in (("--witness", VKEY), ("--witnesses", "1")):
        result = CliRunner().invoke(cli, ["verify", str(folder), "--policy", str(policy), *more])
        assert result.exit_code == 2


def test_evidence_needs_the_quorum(published: Call, publisher: Publisher, policy: Path, folder: Path) -> None:
    """17, and no file."""
    package = folder / "evidence.zip"
    arguments = ["evidence", str(publisher.store / "public"), "--version", "1", "-o", str(package)]
    assert CliRunner().invoke(cli, [*arguments, "--policy", str(policy)]).exit_code == 17
    assert not package.exists()
    assert CliRunner().invoke(cli, arguments).exit_code == 0


def test_what_a_witness_has_signed_is_shown(tmp_path: Path, clock: Clock) -> None:
    """For people and for machines; a folder without a state is told of."""
    partner = Partner(tmp_path / "w")
    shown = CliRunner().invoke(cli, ["witness", "status", "--state", str(partner.folder)])
    assert (shown.exit_code, shown.stdout) == (0, f"{partner.vkey}\n")
    missing = CliRunner().invoke(cli, ["witness", "status", "--state", str(tmp_path)])
    assert (missing.exit_code, "not found" in missing.stderr) == (1, True)


def test_a_passphrase_encrypts_the_key_of_a_witness(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the file that the environment names, as for every other private key."""
    secret = tmp_path / "passphrase"
    secret.write_text("three words here\n", "utf-8")
    secret.chmod(0o600)
    monkeypatch.setenv("REGISTER_KEY_PASSPHRASE_FILE", str(secret))
    partner = Partner(tmp_path / "w")
    assert b"ENCRYPTED" in partner.key_file.read_bytes()
    partner.open(MemoryLog().note_key)
