"""A witness's key and state: made once, never begun anew, never another's."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from memory_log import MemoryLog
from register_api.core.log.note import COSIGNATURE, format_verifier_key
from register_api.errors import KeyStoreError, UsageError, WitnessError
from register_api.witness.server import make_witness, open_witness
from register_api.witness.witness import STATE_FILE, Record
from witnesses import AT, NAME, Partner, log_vkey, submission

if TYPE_CHECKING:
    from pathlib import Path

LOG = MemoryLog().grow(8)


def test_key_and_state_are_for_the_owner_alone(tmp_path: Path) -> None:
    """Files of mode 0600 in a folder of mode 0700."""
    partner = Partner(tmp_path / "w")
    assert partner.key.algorithm == COSIGNATURE
    assert stat.S_IMODE(partner.folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in partner.folder.iterdir()} == {0o600}


def test_a_witness_is_never_initialised_twice(tmp_path: Path) -> None:
    """Neither over a state nor with a key that lies there, unless someone says that it is unused."""
    partner = Partner(tmp_path / "w")
    with pytest.raises(WitnessError, match="already"):
        make_witness(partner.folder, tmp_path / "other.pem", NAME)
    with pytest.raises(KeyStoreError, match="exists already"):
        make_witness(tmp_path / "other", partner.key_file, NAME)
    assert make_witness(tmp_path / "other", partner.key_file, NAME, unused_key=True) == partner.vkey


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "\ud800"])
def test_a_name_that_no_key_may_have_leaves_no_key(tmp_path: Path, name: str) -> None:
    """It is tried before anything is made."""
    with pytest.raises(UsageError):
        make_witness(tmp_path / "w", tmp_path / "key.pem", name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "bit", "format", "deep"])
def test_a_damaged_state_is_refused_loudly(tmp_path: Path, damage: str) -> None:
    """Also a missing one: a witness that forgets may sign a second history."""
    partner = Partner(tmp_path / "w")
    partner.open(LOG.note_key).add_checkpoint(submission(LOG, 0, 5), AT)
    path = partner.folder / STATE_FILE
    data = path.read_bytes()
    path.unlink()
    new = {
        "empty": b"",
        "cut": data[:-1],
        "bit": data.replace(b'"size":5', b'"size":4'),
        "format": data.replace(b"/1", b"/2"),
        "deep": data.replace(b'"state":', b'"state":' + b"[" * 100_000),
    }
    if damage != "missing":
        assert new[damage] != data
        path.write_bytes(new[damage])
    with pytest.raises(WitnessError):
        partner.open(LOG.note_key)


def test_the_state_of_another_key_is_refused(tmp_path: Path) -> None:
    """It says nothing of what this key has signed."""
    one, other = Partner(tmp_path / "one"), Partner(tmp_path / "other")
    with pytest.raises(WitnessError, match="another key"):
        open_witness(one.folder, other.key_file, [log_vkey(LOG.note_key)])


def test_what_is_no_key_of_a_log_is_refused(tmp_path: Path) -> None:
    """Nonsense, a witness's key, or none at all."""
    partner = Partner(tmp_path / "w")
    for logs in (["x"], [partner.vkey], [], [format_verifier_key("l", LOG.note_key.public, COSIGNATURE)]):
        with pytest.raises(UsageError):
            open_witness(partner.folder, partner.key_file, logs)


@pytest.mark.parametrize("origin", ["a.example/../x", "a.example//x", "/x", "a.example/."])
def test_an_origin_that_leads_elsewhere_is_refused(tmp_path: Path, origin: str) -> None:
    """Two logs whose origins an address would take for one are never both looked at."""
    partner = Partner(tmp_path / "w")
    with pytest.raises(UsageError, match=r"is empty, \. or \.\."):
        open_witness(partner.folder, partner.key_file, [format_verifier_key(origin, LOG.note_key.public)])


def test_a_state_remembers_across_processes(tmp_path: Path) -> None:
    """Whoever opens the folder next goes on from there."""
    partner = Partner(tmp_path / "w")
    partner.open(LOG.note_key).add_checkpoint(submission(LOG, 0, 5), AT)
    second = partner.open(LOG.note_key)
    assert second.add_checkpoint(submission(LOG, 0, 3), AT).status == 409
    assert second.add_checkpoint(submission(LOG, 5, 8), AT).status == 200
    assert Record(partner.folder).load().logs[LOG.origin].size == 8
