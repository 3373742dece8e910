"""A package of evidence is judged as of its own time: what holds, what a lie is called."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from types import SimpleNamespace
from typing import TYPE_CHECKING

import msgspec
import pytest

from evidence_packages import YEARS_LATER, check_package, evidence_failed, make_package, unpack
from memory_log import cosign, private_key, witness_key
from memory_publisher import NAME, NOW, MemoryPublisher
from register_api.core.canonical import Encoded
from register_api.core.changes import Change, FieldChange
from register_api.core.documents import KeyList
from register_api.core.format import tree
from register_api.core.log.checkpoint import Checkpoint
from register_api.core.log.note import format_verifier_key
from register_api.core.notice_period import NoticeStatus
from register_api.errors import UsageError
from register_api.verify.checks.check_table import PACKAGE_CHECKS
from register_api.verify.checks.round import Version
from register_api.verify.evidence.archive import README
from register_api.verify.evidence.package import make_evidence, make_readme
from register_api.verify.fetcher import MemoryFetcher
from register_api.verify.options import Options
from register_api.verify.report import Report
from register_api.verify.report_text import render_text

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any


def rotated() -> MemoryPublisher:
    """Return a publisher whose document key and root changed between versions."""
    publisher = MemoryPublisher().publish().publish()
    publisher.rotate_document_key(60)
    publisher.add_root(root_keys=[private_key(70), private_key(71)], threshold=2)
    return publisher.publish().publish().publish()


TREE = rotated().files
PACKAGE = make_package(TREE, 2)
MEMBERS = unpack(PACKAGE)
PATHS = dict(sorted((re.sub(r"[0-9a-f]{64}", "{sha256}", path), path) for path in MEMBERS))
"""Every member by a name that stays, since digests change with the day."""

OWN = "v1/versions/2"


def test_a_package_is_valid_years_later_after_keys_were_rotated(tmp_path: Path) -> None:
    """Expired metadata is stated and no finding; only witnesses and time stamps were not asked for."""
    report = check_package(tmp_path, PACKAGE)
    assert (report.exit_code, report.word, evidence_failed(report)) == (0, "verified", {})
    assert [check.id for check in report.checks if check.result == "skipped"] == ["V09", "V28"]
    assert (report.register, report.version, report.root_version) == (NAME, 2, 2)
    assert report.fresh_until == NOW + dt.timedelta(hours=48)
    assert report.log is not None
    assert report.package is not None
    assert report.package.log is not None
    assert (report.package.log.size, report.log.size) == (2, 5)


@pytest.mark.parametrize("version", [1, 2, 3, 5])
@pytest.mark.parametrize("now", [NOW - dt.timedelta(days=9000), NOW, YEARS_LATER])
def test_every_version_is_valid_whatever_the_clock_says(
    tmp_path: Path, version: int, now: dt.datetime
) -> None:
    """By the old key before the rotation, by the new one after it."""
    assert check_package(tmp_path, make_package(TREE, version), now=now).exit_code == 0


@pytest.mark.parametrize("version", [1, 2, 3, 4])
def test_a_package_is_valid_after_the_log_key_was_rotated(tmp_path: Path, version: int) -> None:
    """The version's checkpoint by the key of then, the newest one by the key of today."""
    publisher = MemoryPublisher().publish().publish()
    publisher.rotate_log_key(90)
    publisher.publish().publish()
    report = check_package(tmp_path, make_package(publisher.files, version))
    assert (report.exit_code, evidence_failed(report)) == (0, {})


def test_the_report_in_words_names_what_it_rests_on(tmp_path: Path) -> None:
    """First use, until when the keys were vouched for, both logs, every check, and what is not said."""
    report = check_package(tmp_path, PACKAGE)
    text = render_text(report)
    assert report.log is not None
    for part in (
        "TAKEN ON TRUST",
        "Valid until: ",
        "in the past",
        report.log.root_hash,
        "What came later",
    ):
        assert part in text
    assert all(f"{check.id}  " in text for check in PACKAGE_CHECKS)
    assert "\nVerified: 17 checks passed" in text


def test_the_report_survives_json(tmp_path: Path) -> None:
    report = check_package(tmp_path, PACKAGE)
    assert msgspec.json.decode(msgspec.json.encode(report), type=Report) == report


def test_the_same_tree_gives_the_same_bytes() -> None:
    assert make_package(TREE, 2) == PACKAGE


def test_what_is_served_wrongly_gives_no_package() -> None:
    """The reader is told what is wrong, by the checks of verify."""
    files = {**TREE, f"{OWN}/diff.json": b"{}"}
    made = make_evidence("tree", MemoryFetcher(files), 2, Options(wait=0), NOW)
    assert (made.data, made.report.exit_code) == (None, 12)


def test_a_version_that_does_not_exist_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="the newest is 5"):
        make_evidence("tree", MemoryFetcher(TREE), 6, Options(wait=0), NOW)


def test_a_root_given_by_file_or_digest_is_not_first_use(tmp_path: Path) -> None:
    """The first root by either, a later one of the chain by file."""
    first, second = tmp_path / "1.root.json", tmp_path / "2.root.json"
    first.write_bytes(TREE["trust/1.root.json"])
    second.write_bytes(TREE["trust/2.root.json"])
    digest = hashlib.sha256(first.read_bytes()).hexdigest()
    options: tuple[dict[str, Any], ...] = ({"root": first}, {"root": second}, {"root_sha256": digest})
    for given in options:
        report = check_package(tmp_path, PACKAGE, **given)
        assert report.exit_code == 0
        assert report.root is not None
        assert not report.root.first_use


def test_another_root_than_that_of_the_package_is_found(tmp_path: Path) -> None:
    """A stranger's root, a root from after the package, and another digest."""
    stranger, later = tmp_path / "stranger.json", tmp_path / "later.json"
    stranger.write_bytes(MemoryPublisher(keys=100).files["trust/1.root.json"])
    publisher = rotated()
    publisher.add_root()
    later.write_bytes(publisher.files["trust/3.root.json"])
    assert evidence_failed(check_package(tmp_path, PACKAGE, root=stranger)) == {"V02": 16}
    assert evidence_failed(check_package(tmp_path, PACKAGE, root=later)) == {"V02": 16}
    assert evidence_failed(check_package(tmp_path, PACKAGE, root_sha256="0" * 64)) == {"V01": 12}


@pytest.mark.parametrize("name", PATHS)
def test_a_flipped_bit_in_any_member_is_found(tmp_path: Path, name: str) -> None:
    """First, middle and last byte: damaged, forged, or by a key that may not speak; never fine."""
    path = PATHS[name]
    for at in (0, len(MEMBERS[path]) // 2, len(MEMBERS[path]) - 1):
        data = bytearray(MEMBERS[path])
        data[at] ^= 1
        report = check_package(tmp_path, {**MEMBERS, path: bytes(data)})
        assert report.exit_code in (11, 12, 16), (at, evidence_failed(report))


@pytest.mark.parametrize(
    ("path", "old", "new", "code", "check"),
    [
        (f"{OWN}/register.json", b"Acme 2", b"Acme 3", 12, "V16"),
        (f"{OWN}/register.json.sig", None, None, 12, "V17"),
        (f"{OWN}/register.json.jws", None, None, 12, "V17"),
        (f"{OWN}/diff.json", b"Acme 2", b"Acme 3", 12, "V16"),
        (f"{OWN}/diff.json.sig", None, None, 12, "V17"),
        (f"{OWN}/diff.json.jws", None, None, 12, "V17"),
        (f"{OWN}/entry.json", b'"size":', b'"size":1', 12, "V13"),
        (f"{OWN}/entry.tlog-proof", b"index 1", b"index 0", 12, "V15"),
        (tree.CHECKPOINT.path(), None, None, 12, "V25"),
        ("log/tile/0/000.p/5", None, None, 12, "V13"),
        (tree.KEYS.path(), b"rotated", b"retated", 12, "V25"),
        ("trust/1.root.json", b'"version":1', b'"version":2', 16, "V02"),
        ("trust/1.root.json", b'"expires":"2', b'"expires":"3', 16, "V02"),
        ("trust/1.root.json", b'"threshold":1', b'"threshold":0', 11, "V01"),
        ("trust/2.root.json", b'"expires":"2', b'"expires":"3', 16, "V02"),
        (tree.TIMESTAMP.path(), b'"expires":"2', b'"expires":"3', 12, "V02"),
        ("trust/5.snapshot.json", b'"expires":"2', b'"expires":"3', 12, "V02"),
        ("trust/5.targets.json", b'"expires":"2', b'"expires":"3', 12, "V02"),
        (README, b"published version 2", b"published version 3", 12, "E03"),
        (README, b"form 1", b"form 0", 11, "E03"),
        (README, b"form 1", b"form 3", 11, "E03"),
        (README, b"Evidence of", b"Proof of", 11, "E03"),
        (README, b": renamed", b": removed", 12, "E03"),
    ],
)
def test_a_change_that_keeps_the_form_gets_the_code_of_its_kind(
    tmp_path: Path, path: str, old: bytes | None, new: bytes | None, code: int, check: str
) -> None:
    """Signature, digest or proof find it, each by the check that is made for it."""
    data = MEMBERS[path]
    if old is None or new is None:
        at = len(data) - 20
        changed = data[:at] + (b"B" if data[at : at + 1] == b"A" else b"A") + data[at + 1 :]
    else:
        changed = data.replace(old, new, 1)
    report = check_package(tmp_path, {**MEMBERS, path: changed})
    assert changed != data
    assert report.exit_code == code, evidence_failed(report)
    assert evidence_failed(report).get(check) == code, evidence_failed(report)


@pytest.mark.parametrize("name", sorted(set(PATHS) - {README, "trust/2.root.json"}))
def test_a_missing_member_is_found(tmp_path: Path, name: str) -> None:
    """What is vouched for and not there is withheld; a chain of roots begins with the first."""
    left = {path: data for path, data in MEMBERS.items() if path != PATHS[name]}
    assert check_package(tmp_path, left).exit_code in (10, 11, 16)


def test_without_the_newest_root_the_one_before_decides(tmp_path: Path) -> None:
    """A rotation can be withheld; what the older root vouches for holds by it, and the report says which."""
    left = {name: data for name, data in MEMBERS.items() if name != "trust/2.root.json"}
    report = check_package(tmp_path, left)
    assert (report.exit_code, report.root_version) == (0, 1)


def test_a_package_without_readme_proves_the_same(tmp_path: Path) -> None:
    left = {name: data for name, data in MEMBERS.items() if name != README}
    assert check_package(tmp_path, left).exit_code == 0


def test_a_signature_by_a_key_out_of_its_range_is_refused(tmp_path: Path) -> None:
    """The key that came with version 3 may not speak for version 2."""
    publisher = rotated()
    path = tree.VERSION_REGISTER.path(2)
    forged = publisher.document.signatures(path, MEMBERS[path])
    assert evidence_failed(check_package(tmp_path, {**MEMBERS, **forged})) == {"V17": 16}


def test_metadata_from_before_the_version_is_stale(tmp_path: Path) -> None:
    """Keys that were vouched for until a day say nothing of what was signed afterwards."""
    publisher = MemoryPublisher(now=NOW - dt.timedelta(days=300)).publish()
    members = unpack(make_package(MemoryPublisher().publish().files, 1))
    mixed = {path: publisher.files.get(path, data) for path, data in members.items()}
    assert evidence_failed(check_package(tmp_path, mixed)) == {"E02": 13}


def test_metadata_of_another_publication_does_not_fit(tmp_path: Path) -> None:
    """A snapshot in the place of a later one has another digest than the timestamp names."""
    mixed = {**MEMBERS, "trust/5.snapshot.json": TREE["trust/4.snapshot.json"]}
    assert evidence_failed(check_package(tmp_path, mixed)) == {"V02": 14}


def test_a_fork_between_version_and_newest_checkpoint_is_found(tmp_path: Path) -> None:
    """Both checkpoints are signed, and one log does not begin with the other."""
    other = MemoryPublisher().publish(updated_on=dt.date(2020, 1, 1)).publish().publish().publish().publish()
    mine = MemoryPublisher().publish().publish().publish().publish().publish()
    members, strange = unpack(make_package(mine.files, 2)), unpack(make_package(other.files, 2))
    own = {path: data for path, data in members.items() if path.startswith("v1/versions/")}
    assert evidence_failed(check_package(tmp_path, {**strange, **own})) == {"V13": 15, "V30": 12}


def test_witnesses_are_counted(tmp_path: Path) -> None:
    """On the newest checkpoint; too few are code 17."""
    publisher, key = MemoryPublisher().publish(), private_key(80)
    verifier = witness_key("witness.example", key)
    text = format_verifier_key("witness.example", verifier.public, verifier.algorithm)
    plain = make_package(publisher.files, 1)
    assert evidence_failed(check_package(tmp_path, plain, witnesses=(text,), cosignatures=1)) == {"V09": 17}
    publisher.files[tree.CHECKPOINT.path()] = cosign(
        publisher.files[tree.CHECKPOINT.path()], "witness.example", key, 1_780_000_000
    )
    publisher.vouch()
    signed = make_package(publisher.files, 1)
    assert check_package(tmp_path, signed, witnesses=(text,), cosignatures=1).exit_code == 0


def test_a_hostile_text_cannot_pose_as_a_command() -> None:
    """What a publisher writes stays on one line and never begins a line of its own."""
    publisher = MemoryPublisher().publish()
    named = msgspec.structs.replace(
        publisher.next_register().publisher, legal_name="Evil\n\n    rm -rf ~\n\x1b[2J\u202e"
    )
    publisher.publish(publisher=named)
    text = unpack(make_package(publisher.files, 2))[README].decode()
    commands = [line for line in text.splitlines() if line.startswith("    ")]
    assert not any("rm -rf" in line for line in commands)
    assert all(char.isprintable() for char in text.replace("\n", ""))


def test_the_readme_of_form_1_stays() -> None:
    """Packages of years ago are compared with it word for word: another wording needs another form.

    No sentence of the catalogue is in it, so that those may become better.
    """
    published = dt.datetime(2026, 3, 12, 9, tzinfo=dt.UTC)
    publisher = MemoryPublisher()
    register = publisher.next_register(
        published_at=published, recorded="imported", updated_on=published.date()
    )
    status = NoticeStatus(
        required=True,
        announced_on=published.date(),
        effective_on=dt.date(2026, 4, 12),
        days=31,
        day_count="business",
        promised_days=30,
        met=True,
        objection_until=None,
    )
    change = Change(
        id="1-1",
        type="added",
        kind="added",
        subprocessor="acme",
        engagement="hosting",
        fields=(),
        summary="What the publisher made of it.",
        notice=status,
    )
    undated = msgspec.structs.replace(status, effective_on=None, days=None, met=False)
    of_fields = msgspec.structs.replace(
        change,
        kind="changed",
        subprocessor="gone",
        engagement=None,
        fields=tuple(FieldChange(path=path, before="a", after="b") for path in ("legal_name", "seat")),
        notice=undated,
    )
    diff = msgspec.structs.replace(publisher.diff(register), changes=(change, of_fields))
    log = SimpleNamespace(
        size=1, head=Checkpoint(origin=NAME, size=1, root=bytes(32)), root_at=lambda _: bytes(32)
    )
    keys = KeyList(register=NAME, keys=tuple(publisher.records))
    found = SimpleNamespace(
        version=1,
        found=Version(register=register, data=b"the bytes of the register", keys=None, diff=diff),
        keys=Encoded(keys, b""),
        targets=SimpleNamespace(trusted=SimpleNamespace(fresh_until=published, versions={"targets": 9})),
        log=log,
    )
    text = make_readme({}, found)  # type: ignore[arg-type]
    assert b"Example published version 1 of its register of sub-processors." in text
    assert b"Published: 2026-03-12 09:00:00 UTC" in text
    assert (
        b"\n- Acme 1, hosting: added\n  announced on 2026-03-12, effective 2026-04-12\n"
        b"  notice promised: 30 business days; 31 days given: kept\n"
        b"- gone: added (legal_name, seat)\n"
        b"  notice promised: 30 business days; no effective date: NOT kept\n"
    ) in text
    assert (
        hashlib.sha256(text).hexdigest() == "4347cc98214e31287ae38f6f409330eb30f12c8f54a6e604f0ea4417c5ba61f9"
    )
