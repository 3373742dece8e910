"""What a customer remembers, and what that finds out."""

from __future__ import annotations

import datetime as dt
import os
from typing import TYPE_CHECKING

import msgspec
import pytest

from memory_log import private_key
from memory_publisher import NOW, DocumentKey, MemoryPublisher
from register_api.core.documents import Ended
from register_api.core.format import tree
from register_api.errors import Malformed, UsageError
from register_api.verify import state
from register_api.verify.report_text import render_text
from verify_outcome import failed, result

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run


def test_a_first_run_remembers_what_it_checked(publisher: MemoryPublisher, run: Run, tmp_path: Path) -> None:
    """Size, root hash, register and the extent of the check are kept."""
    folder = tmp_path / "made" / "here"
    assert run(publisher.files, state=folder).exit_code == 0
    remembered = state.load(folder)
    assert remembered is not None
    assert (remembered.register, remembered.size, remembered.checked_version) == (publisher.name, 3, 3)
    assert remembered.last_instant == publisher.registers[-1].published_at


def test_later_runs_look_at_new_versions_only(publisher: MemoryPublisher, run: Run, tmp_path: Path) -> None:
    """History is walked once; what is new is checked in full."""
    run(publisher.files, state=tmp_path)
    assert run(publisher.files, state=tmp_path).versions_checked is None
    publisher.publish().publish()
    report = run(publisher.files, state=tmp_path)
    assert (report.exit_code, report.remembered, report.versions_checked) == (0, 3, (4, 5))
    assert run(publisher.files, state=tmp_path, history="all").versions_checked == (1, 5)


def test_first_use_is_reported_in_every_later_run(
    publisher: MemoryPublisher, run: Run, tmp_path: Path
) -> None:
    """What was taken on trust once does not become better by being remembered."""
    run(publisher.files, state=tmp_path)
    report = run(publisher.files, state=tmp_path)
    assert report.root is not None
    assert (report.root.how, report.root.first_use) == ("remembered", True)
    assert "TAKEN ON TRUST" in render_text(report)


def test_a_poll_does_not_count_as_a_full_check(publisher: MemoryPublisher, run: Run, tmp_path: Path) -> None:
    """Versions that were only polled are still walked by the next full run."""
    run(publisher.files, state=tmp_path)
    publisher.publish()
    assert run(publisher.files, state=tmp_path, history="none").exit_code == 0
    publisher.publish()
    assert run(publisher.files, state=tmp_path).versions_checked == (4, 5)


@pytest.mark.parametrize("versions", [3, 5])
def test_another_history_is_a_fork_and_kept_as_evidence(run: Run, tmp_path: Path, versions: int) -> None:
    """Same keys, other past: both signed checkpoints lie in the folder, and nothing is forgotten."""
    ours = MemoryPublisher().publish().publish().publish()
    run(ours.files, state=tmp_path)
    theirs = MemoryPublisher().publish(corrects=1)
    while len(theirs.registers) < versions:
        theirs.publish()
    for _ in range(5):
        theirs.vouch()
    report = run(theirs.files, state=tmp_path)
    assert (report.exit_code, failed(report)["V10"]) == (15, 15)
    kept = {file.read_bytes() for file in (tmp_path / state.EVIDENCE_FOLDER).iterdir()}
    assert kept == {ours.files[tree.CHECKPOINT.path()], theirs.files[tree.CHECKPOINT.path()]}
    assert len(report.evidence) == 2
    assert run(ours.files, state=tmp_path).exit_code == 0
    assert run(theirs.files, state=tmp_path).exit_code == 15


def test_a_tile_that_does_not_fit_is_forged_not_forked(
    publisher: MemoryPublisher, run: Run, tmp_path: Path
) -> None:
    """A fork is only what is signed; a bad tile is just a bad tile."""
    run(publisher.files, state=tmp_path)
    publisher.publish()
    publisher.files["log/tile/0/000.p/4"] = bytes(128)
    report = run(publisher.files, state=tmp_path)
    assert failed(report)["V10"] == 12
    assert report.evidence == ()


def test_the_folder_of_another_register_is_named(run: Run, tmp_path: Path) -> None:
    """Mixing up two registers says so, whether their keys differ or not."""
    run(MemoryPublisher().publish().files, state=tmp_path)
    stranger = MemoryPublisher("other.example/list", keys=40).publish()
    report = run(stranger.files, state=tmp_path)
    assert failed(report) == {"V02": 18}
    sister = MemoryPublisher("other.example/list").publish()
    assert failed(run(sister.files, state=tmp_path)) == {"V02": 18}
    sister.publish()
    assert failed(run(sister.files, state=tmp_path)) == {"V06": 18}


def test_a_clock_that_went_back_is_reported(publisher: MemoryPublisher, run: Run, tmp_path: Path) -> None:
    """Freshness cannot be judged before an instant that was seen signed; without state likewise."""
    run(publisher.files, state=tmp_path)
    before = publisher.registers[-1].published_at - dt.timedelta(seconds=1)
    assert failed(run(publisher.files, state=tmp_path, now=before)) == {"V07": 19}
    assert failed(run(publisher.files, now=before)) == {"V07": 19}
    assert run(publisher.files, now=publisher.registers[-1].published_at).exit_code == 0


def test_expiry_is_judged_by_the_instant_handed_in(publisher: MemoryPublisher, run: Run) -> None:
    """In two days without renewal the timestamp is stale, to the second."""
    limit = NOW + dt.timedelta(hours=48)
    assert run(publisher.files, now=limit - dt.timedelta(seconds=1)).exit_code == 0
    assert failed(run(publisher.files, now=limit)) == {"V02": 13}
    assert failed(run(publisher.files, now=NOW + dt.timedelta(days=401))) == {"V02": 16}


def test_renewed_metadata_is_taken_after_an_expired_one(
    publisher: MemoryPublisher, run: Run, tmp_path: Path
) -> None:
    """What was remembered may be stale by now; the new timestamp counts."""
    publisher.refresh(expires=NOW + dt.timedelta(seconds=1))
    run(publisher.files, state=tmp_path)
    publisher.refresh()
    assert run(publisher.files, state=tmp_path, now=NOW + dt.timedelta(hours=1)).exit_code == 0


def test_a_root_that_is_given_must_lead_to_the_remembered_one(run: Run, tmp_path: Path) -> None:
    """A chain with another second root than the remembered one is refused."""
    ours = MemoryPublisher().publish()
    ours.add_root()
    ours.publish()
    first = tmp_path / "1.root.json"
    first.write_bytes(ours.files["trust/1.root.json"])
    assert run(ours.files, state=tmp_path / "state").exit_code == 0
    assert run(ours.files, state=tmp_path / "state", root=first).exit_code == 0
    other = MemoryPublisher(keys=40).publish()
    strange = tmp_path / "strange.root.json"
    strange.write_bytes(other.files["trust/1.root.json"])
    assert run(other.files, state=tmp_path / "state", root=strange).exit_code == 16


def test_remembered_roots_are_followed_from_the_newest(run: Run, tmp_path: Path) -> None:
    """A root that was rotated away meanwhile is not asked for again."""
    publisher = MemoryPublisher().publish()
    run(publisher.files, state=tmp_path)
    publisher.add_root(root_keys=[private_key(70)])
    publisher.publish()
    assert run(publisher.files, state=tmp_path).root_version == 2
    del publisher.files["trust/1.root.json"]
    assert run(publisher.files, state=tmp_path).exit_code == 0


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"{}",
        b'{"format":"sub-processor-register-state/1","sha256":"","state":{}}',
        b'{"state":' + b"[" * 20_000 + b"]" * 20_000 + b"}",
    ],
    ids=["empty", "nothing", "another digest", "nested deeply"],
)
def test_a_damaged_state_is_reported_and_not_ignored(
    publisher: MemoryPublisher, run: Run, tmp_path: Path, damage: bytes
) -> None:
    """Without memory nobody would notice a rollback: so the damage itself is an error."""
    (tmp_path / state.STATE_FILE).write_bytes(damage)
    with pytest.raises(Malformed, match="damaged") as caught:
        run(publisher.files, state=tmp_path)
    assert "backup" in caught.value.hint
    assert (tmp_path / state.STATE_FILE).read_bytes() == damage


@pytest.mark.parametrize(
    ("form", "message", "hint"),
    [
        ("sub-processor-register-state/0", "has the form", "first use again"),
        ("sub-processor-register-state/2", "was written by a newer release", "update register-api"),
        ("x", "has the form", "first use again"),
    ],
)
def test_a_state_of_another_format_is_distinguished_from_damage(
    publisher: MemoryPublisher, run: Run, tmp_path: Path, form: str, message: str, hint: str
) -> None:
    """Who goes back to an older program is told which one to use, and that a first use would be no memory."""
    run(publisher.files, state=tmp_path)
    data = (tmp_path / state.STATE_FILE).read_bytes()
    (tmp_path / state.STATE_FILE).write_bytes(data.replace(state.FORMAT.encode(), form.encode(), 1))
    with pytest.raises(Malformed, match=message) as caught:
        state.load(tmp_path)
    assert hint in caught.value.hint


def test_an_empty_state_folder_is_reported(publisher: MemoryPublisher, run: Run, tmp_path: Path) -> None:
    """Whoever has used it before learns that the state was taken away."""
    assert f"{tmp_path} held no state" in render_text(run(publisher.files, state=tmp_path))
    assert "held no state" not in render_text(run(publisher.files, state=tmp_path))


def test_every_flipped_bit_of_the_state_is_noticed(
    publisher: MemoryPublisher, run: Run, tmp_path: Path
) -> None:
    """The state vouches for itself: a disk's error is not taken for the publisher's."""
    run(publisher.files, state=tmp_path)
    data = (tmp_path / state.STATE_FILE).read_bytes()
    for at in range(0, len(data), 97):
        flipped = bytearray(data)
        flipped[at] ^= 1
        (tmp_path / state.STATE_FILE).write_bytes(flipped)
        with pytest.raises(Malformed):
            state.load(tmp_path)


def test_a_failed_run_does_not_move_what_is_remembered(
    publisher: MemoryPublisher, run: Run, tmp_path: Path
) -> None:
    """A version with findings is looked at again next time."""
    run(publisher.files, state=tmp_path)
    publisher.publish()
    withheld = publisher.files.pop(tree.VERSION_DIFF.path(4))
    assert failed(run(publisher.files, state=tmp_path)) == {"V16": 10}
    assert failed(run(publisher.files, state=tmp_path)) == {"V16": 10}
    publisher.files[tree.VERSION_DIFF.path(4)] = withheld
    report = run(publisher.files, state=tmp_path)
    assert (report.exit_code, result(report, "V16")) == (0, "ok")


def test_two_runs_do_not_share_a_folder(publisher: MemoryPublisher, run: Run, tmp_path: Path) -> None:
    """The second one says so instead of writing over the first."""
    with state.locked(tmp_path), pytest.raises(UsageError, match="another run"):
        run(publisher.files, state=tmp_path)


def test_a_crash_while_saving_leaves_the_old_state(
    publisher: MemoryPublisher, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is replaced in one step, and nothing half-written stays behind."""
    run(publisher.files, state=tmp_path)
    before = state.load(tmp_path)

    def crash(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", crash)
    publisher.publish()
    with pytest.raises(UsageError, match="No space left"):
        run(publisher.files, state=tmp_path)
    assert state.load(tmp_path) == before
    assert sorted(file.name for file in tmp_path.iterdir()) == ["lock", state.STATE_FILE]


def test_a_new_key_is_reported(publisher: MemoryPublisher, run: Run, tmp_path: Path) -> None:
    """Once, to whoever has seen the list without it; a quick run tells it, too."""
    assert run(publisher.files, state=tmp_path).new_keys == ()
    publisher.rotate_document_key(62)
    publisher.publish()
    report = run(publisher.files, state=tmp_path, quick=True)
    assert (report.exit_code, [key.kid for key in report.new_keys]) == (0, [publisher.document.kid])
    assert f"New key:     document key {publisher.document.kid}, from version 4 on" in render_text(report)
    assert run(publisher.files, state=tmp_path).new_keys == ()


def test_lists_of_keys_that_contradict_are_kept_as_evidence(
    publisher: MemoryPublisher, run: Run, tmp_path: Path
) -> None:
    """Both, with the targets metadata that vouched for them."""
    run(publisher.files, state=tmp_path)
    publisher.records[0] = msgspec.structs.replace(
        publisher.records[0], last_version=2, ended=Ended(at=NOW, reason="lost")
    )
    publisher.document = DocumentKey(62)
    publisher.records.append(MemoryPublisher(keys=61).records[0])
    publisher.records[-1] = msgspec.structs.replace(publisher.records[-1], first_version=3)
    publisher.publish()
    run(publisher.files, state=tmp_path, history="none")
    ended = dict(publisher.files)
    publisher.records = publisher.records[:3]
    publisher.records[0] = msgspec.structs.replace(publisher.records[0], last_version=None, ended=None)
    publisher.document = DocumentKey(11)
    publisher.publish()
    report = run(publisher.files, state=tmp_path)
    assert (report.exit_code, failed(report)["V30"]) == (15, 15)
    kept = {file.read_bytes() for file in (tmp_path / state.EVIDENCE_FOLDER).iterdir()}
    assert {ended[tree.KEYS.path()], publisher.files[tree.KEYS.path()]} <= kept
    assert {ended["trust/4.targets.json"], publisher.files["trust/5.targets.json"]} <= kept
