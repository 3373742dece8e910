"""A version that is dated back to before the log is known to have been without it (V32)."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tuf.api.metadata import Metadata, Root, Timestamp

from memory_log import cosign, private_key, witness_key
from memory_publisher import NOW, MemoryPublisher
from register_api.core.format import tree
from register_api.core.log.note import format_verifier_key
from register_api.core.log.proofs import parse_proof
from time_authority import authority
from verify_outcome import failed, result

if TYPE_CHECKING:
    from conftest import Run

DAY, MINUTE = dt.timedelta(days=1), dt.timedelta(minutes=1)
WITNESS = witness_key("one.witness.example", private_key(80))
WITNESSES = (format_verifier_key(WITNESS.name, WITNESS.public, WITNESS.algorithm),)


@pytest.fixture
def seen() -> MemoryPublisher:
    """Two versions, and a timestamp of now."""
    publisher = MemoryPublisher().publish().publish()
    publisher.refresh(signed_at=NOW)
    return publisher


@pytest.mark.parametrize("quick", [False, True])
@pytest.mark.parametrize(("before", "code"), [(DAY, 15), (6 * MINUTE, 15), (5 * MINUTE, 0), (-MINUTE, 19)])
def test_the_timestamp_of_an_earlier_run_shows_it(
    seen: MemoryPublisher, run: Run, tmp_path: Path, before: dt.timedelta, code: int, *, quick: bool
) -> None:
    """By more than clocks may differ; by quick runs, too. A version of the future is another finding."""
    assert run(seen.files, state=tmp_path).exit_code == 0
    seen.publish(published_at=NOW - before)
    assert run(seen.files, state=tmp_path, quick=quick).exit_code == code


def test_what_is_kept_convinces_somebody_who_knows_the_root_alone(
    seen: MemoryPublisher, run: Run, tmp_path: Path
) -> None:
    """The timestamp leads to the checkpoint of two versions; the entry is in the log of three."""
    run(seen.files, state=tmp_path)
    seen.publish(published_at=NOW - DAY)
    report = run(seen.files, state=tmp_path)
    assert failed(report) == {"V32": 15}
    kept = {path.name.partition("-")[0]: path for path in map(Path, report.evidence)}
    root = Metadata[Root].from_bytes(seen.files[tree.ROOT.path(1)]).signed
    for role in ("timestamp", "snapshot", "targets"):
        signed = Metadata.from_bytes(kept[role].read_bytes())
        root.verify_delegate(role, signed.signed_bytes, signed.signatures)
    timestamp = Metadata[Timestamp].from_bytes(kept["timestamp"].read_bytes()).signed
    timestamp.snapshot_meta.verify_length_and_hashes(kept["snapshot"].read_bytes())
    signed_at = dt.datetime.fromisoformat(timestamp.unrecognized_fields["signed_at"])
    entry = json.loads(kept["entry"].read_bytes())
    assert entry["version"] == 3
    assert signed_at - dt.datetime.fromisoformat(entry["published_at"]) == DAY
    assert {"2", "3"} <= kept.keys()
    assert run(seen.files, state=tmp_path).exit_code == 15


@pytest.mark.parametrize("quick", [False, True])
def test_a_later_timestamp_with_an_earlier_instant_hides_nothing(
    seen: MemoryPublisher, run: Run, tmp_path: Path, *, quick: bool
) -> None:
    """The latest instant counts, not the last timestamp."""
    assert run(seen.files, state=tmp_path).exit_code == 0
    for _ in range(2):
        seen.refresh(signed_at=NOW - 2 * DAY)
        assert run(seen.files, state=tmp_path, quick=quick).exit_code == 0
    seen.publish(published_at=NOW - DAY)
    report = run(seen.files, state=tmp_path, quick=quick)
    assert failed(report) == {"V32": 15}
    assert len(report.evidence) == 6


def test_a_backdated_version_between_two_quick_runs_is_found(
    seen: MemoryPublisher, run: Run, tmp_path: Path
) -> None:
    """Though the newest version is dated rightly."""
    assert run(seen.files, state=tmp_path).exit_code == 0
    seen.publish(published_at=NOW - DAY).publish(published_at=NOW)
    assert failed(run(seen.files, state=tmp_path, quick=True)) == {"V32": 15}


def test_a_cosignature_of_an_earlier_run_shows_it(run: Run, tmp_path: Path) -> None:
    """A witness signed later than the timestamp did."""
    publisher = MemoryPublisher().publish().publish()
    path = tree.CHECKPOINT.path()
    publisher.files[path] = cosign(publisher.files[path], WITNESS.name, private_key(80), int(NOW.timestamp()))
    publisher.vouch()
    asked = {"state": tmp_path, "witnesses": WITNESSES}
    assert run(publisher.files, **asked).exit_code == 0
    publisher.publish()
    report = run(publisher.files, **asked)
    assert failed(report) == {"V32": 15}
    assert result(run(publisher.files, state=tmp_path), "V32") == "ok"


def test_a_time_stamp_shows_it_to_a_stranger(run: Run) -> None:
    """Without any memory."""
    publisher = MemoryPublisher().publish().publish()
    stamped = parse_proof(publisher.files[tree.VERSION_PROOF.path(2)]).checkpoint
    publisher.files[tree.TIME_STAMP.path(2)] = authority().stamp_at(stamped, NOW)
    assert run(publisher.files, stamped_by=authority().anchors).exit_code == 0
    publisher.publish()
    assert run(publisher.files).exit_code == 0
    assert failed(run(publisher.files, stamped_by=authority().anchors)) == {"V32": 15}


def test_a_timestamp_of_the_future_is_not_remembered(seen: MemoryPublisher, run: Run, tmp_path: Path) -> None:
    """By the customer's clock; every right one would look dated back."""
    seen.refresh(signed_at=NOW + 6 * MINUTE)
    assert failed(run(seen.files, state=tmp_path)) == {"V07": 19}
    assert not (tmp_path / "state.json").exists()
    seen.refresh(signed_at=NOW + 5 * MINUTE)
    assert run(seen.files, state=tmp_path).exit_code == 0
