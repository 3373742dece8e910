"""A proof of notice from a stranger: every check finds what it is there for, and no byte can be changed."""

from __future__ import annotations

import datetime as dt
import zipfile
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence_packages import check_package, evidence_failed, unpack
from memory_folder import memory_folder
from memory_publisher import NOW
from notice_packages import ADDRESS, KEY, MAIL, OPENING, SEALED, notice, record, register, the_seal
from register_api.core.canonical import encode
from register_api.core.delivery import Opening, ReportedVersion, address_mac
from register_api.verify.checks.check_table import NOTICE_CHECKS
from register_api.verify.evidence import archive as paths
from register_api.verify.evidence.archive import README, make_archive
from register_api.verify.report_text import render_text
from thoroughness import examples
from time_authority import authority

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

WHOLE = notice()
FIRST = paths.record_path(1)
OTHER = ReportedVersion(version=2, sha256="0" * 64)


def changed(path: str, old: bytes, new: bytes) -> dict[str, bytes]:
    """Return the package with other bytes in a file."""
    assert old in WHOLE[path], path
    return {**WHOLE, path: WHOLE[path].replace(old, new)}


def without(*left_out: str) -> dict[str, bytes]:
    """Return the package without files."""
    return {path: data for path, data in WHOLE.items() if path not in left_out}


def stamped(**at: dt.datetime) -> dict[str, bytes]:
    """Return the package with a stamp on its seal."""
    path = the_seal(WHOLE)
    stamp = authority().stamp_at(WHOLE[path], at.get("at", SEALED))
    return {**WHOLE, path.replace(".json", ".tsr"): stamp}


def test_a_proof_of_notice_is_valid_with_the_registers_own_evidence(tmp_path: Path) -> None:
    report = check_package(tmp_path, stamped(), stamped_by=authority().anchors)
    assert (report.exit_code, evidence_failed(report)) == (0, {})
    assert [check.id for check in report.checks][: len(NOTICE_CHECKS)] == [each.id for each in NOTICE_CHECKS]
    assert (report.version, report.sha256) == (2, record("sent").sha256_of(2))
    assert report.notified is not None
    assert [(fact.what, fact.address) for fact in report.notified.facts] == [
        ("sent", ADDRESS),
        ("bounced", ADDRESS),
    ]
    assert {fact.stamped_at for fact in report.notified.facts} == {SEALED}
    text = render_text(report)
    assert f"notice by mail to {ADDRESS}, customer C-17" in text
    assert "reply: 250 OK: queued as 7" in text


def test_what_is_not_in_a_package_is_named_as_not_shown(tmp_path: Path) -> None:
    bare = {path: data for path, data in notice(openings=()).items() if not path.startswith("messages/")}
    del bare[README], bare[paths.REGISTER]
    report = check_package(tmp_path, bare)
    assert report.exit_code == 0
    skipped = {check.id for check in report.checks if check.result == "skipped"}
    assert skipped == {"N02", "N05", "N06", "N07", "N08"}
    text = render_text(report)
    assert "an address that cannot be shown" in text
    assert ADDRESS not in text
    assert "register-api evidence BASE --version 2" in text
    assert "without a timestamp of an accepted authority" in text


CHANGED: dict[str, tuple[Callable[[], dict[str, bytes]], dict[str, int]]] = {
    "another README": (lambda: changed(README, b"Python", b"Cobol!"), {"N02": 12}),
    "not notice": (lambda: {**WHOLE, paths.NOTICE: b"{}"}, {"N01": 11}),
    "no record": (lambda: without(FIRST), {"N01": 11}),
    "no seal": (lambda: without(the_seal(WHOLE)), {"N01": 11}),
    "a file of a tree": (lambda: {**WHOLE, "v1/keys.json": b"{}"}, {"N01": 11}),
    "a stamp of another seal": (lambda: {**WHOLE, paths.stamp_path("0" * 64): b""}, {"N01": 11}),
    "a record too many": (lambda: {**WHOLE, paths.record_path(3): WHOLE[FIRST]}, {"N01": 11}),
    "another customer": (lambda: changed(FIRST, b"C-17", b"C-18"), {"N04": 12}),
    "an earlier instant": (lambda: changed(FIRST, b'"at":"20', b'"at":"19'), {"N04": 12}),
    "a record that is not canonical": (lambda: changed(FIRST, b'{"at"', b'{ "at"'), {"N03": 11}),
    "another place": (lambda: changed(paths.NOTICE, b'"index":0', b'"index":1'), {"N04": 12}),
    "a place beyond the tree": (lambda: changed(paths.NOTICE, b'"index":0', b'"index":8'), {"N04": 11}),
    "another address": (lambda: changed(paths.NOTICE, b"ann@", b"bob@"), {"N06": 12}),
    "another key": (lambda: changed(paths.NOTICE, KEY.hex().encode(), b"00" * 32), {"N06": 12}),
    "a shorter key": (lambda: changed(paths.NOTICE, KEY.hex().encode(), b"00" * 16), {"N01": 11}),
    "another reply": (lambda: changed(paths.NOTICE, b"250 OK", b"250 KO"), {"N06": 12}),
    "another mail": (
        lambda: {path: MAIL + b"." if data == MAIL else data for path, data in WHOLE.items()},
        {"N07": 12},
    ),
    "a mail of nobody": (lambda: {**WHOLE, paths.message_path("0" * 64, "mail"): b""}, {"N07": 12}),
    "no evidence": (lambda: {**WHOLE, paths.REGISTER: b"PK"}, {"N08": 11}),
    "evidence that is damaged": (
        lambda: {
            **WHOLE,
            paths.REGISTER: make_archive({**unpack(register()), "v1/versions/2/register.json": b"{}"}, NOW),
        },
        {"N08": 12},
    ),
    "a package in a package": (lambda: {**WHOLE, paths.REGISTER: make_archive(WHOLE, NOW)}, {"N08": 11}),
    "of another register": (lambda: notice(register="other.example/x"), {"N03": 18}),
    "of another version": (lambda: notice(version=3), {"N03": 18}),
    "later than its seal": (lambda: notice(record("sent", at=SEALED + dt.timedelta(days=1))), {"N03": 18}),
    "of other bytes": (
        lambda: notice(record("sent", versions=(OTHER,))),
        {"N08": 18},
    ),
    "the same record twice": (lambda: notice(record("sent"), record("sent")), {"N03": 18}),
}


@pytest.mark.parametrize("name", CHANGED)
def test_what_was_changed_is_found(tmp_path: Path, name: str) -> None:
    make, found = CHANGED[name]
    report = check_package(tmp_path, make())
    assert evidence_failed(report) == found
    assert report.exit_code == max(found.values())
    assert (report.notified is None) == bool({"N01", "N03", "N04"} & set(found))


def test_no_byte_can_be_changed(tmp_path: Path) -> None:
    """But in stamps and in the register's evidence, which have signatures of their own."""
    whole = {path: data for path, data in stamped().items() if path != paths.REGISTER}
    anchors = authority().anchors
    assert check_package(tmp_path, whole, stamped_by=anchors).exit_code == 0
    for path, data in whole.items():
        for at in range(0, 0 if path.endswith(".tsr") else len(data), max(1, len(data) // 60)):
            other = {**whole, path: data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]}
            assert check_package(tmp_path, other, stamped_by=anchors).exit_code, (path, at)


def test_an_address_of_somebody_else_cannot_be_slipped_in(tmp_path: Path) -> None:
    other = bytes(32)
    openings = (OPENING, Opening(address="eve@x.example", key=other.hex()))
    assert evidence_failed(check_package(tmp_path, notice(openings=openings))) == {"N06": 12}
    assert address_mac(other, "eve@x.example") != address_mac(KEY, ADDRESS)


def test_a_digest_proves_each_version_that_it_names_and_no_other(tmp_path: Path) -> None:
    ours = record("sent").versions
    first, last = ReportedVersion(version=1, sha256="1" * 64), ReportedVersion(version=5, sha256="5" * 64)
    assert check_package(tmp_path, notice(record("sent", versions=(first, *ours, last)))).exit_code == 0
    around = notice(record("sent", versions=(first, last)))
    assert evidence_failed(check_package(tmp_path, around)) == {"N03": 18}


def test_stamps_are_wanted_from_an_accepted_authority(tmp_path: Path) -> None:
    anchors = authority().anchors
    assert evidence_failed(check_package(tmp_path, WHOLE, stamped_by=anchors)) == {"N05": 17}
    other = authority("Other").anchors
    assert evidence_failed(check_package(tmp_path, stamped(), stamped_by=other)) == {"N05": 12}
    unasked = check_package(tmp_path, stamped())
    assert unasked.exit_code == 0
    assert unasked.notified is not None
    assert {fact.stamped_at for fact in unasked.notified.facts} == {None}
    early = stamped(at=SEALED - dt.timedelta(hours=1))
    assert evidence_failed(check_package(tmp_path, early)) == {"N05": 18}
    elsewhere = {**WHOLE, the_seal(WHOLE).replace(".json", ".tsr"): authority().stamp(b"other bytes")}
    assert evidence_failed(check_package(tmp_path, elsewhere)) == {"N05": 12}


def test_a_tree_that_is_not_filled_up_is_refused(tmp_path: Path) -> None:
    """By hand it would be walked up in another way."""
    path = the_seal(WHOLE)
    assert evidence_failed(check_package(tmp_path, changed(path, b'"size":8', b'"size":7'))) == {"N01": 11}


def test_a_bomb_within_is_refused(tmp_path: Path) -> None:
    packed = tmp_path / "bomb.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("v1/versions/1/register.json", bytes(65 * 2**20))
    assert evidence_failed(check_package(tmp_path, {**WHOLE, paths.REGISTER: packed.read_bytes()})) == {
        "N08": 11
    }


def test_text_from_a_package_cannot_move_the_cursor(tmp_path: Path) -> None:
    hostile = record("sent", customer="\x1b[2J\u202e", message_id="<\x1b]0;x>")
    text = render_text(check_package(tmp_path, notice(hostile)))
    assert text.replace("\n", "").isprintable()


@settings(max_examples=examples(80), deadline=None)
@given(data=st.data())
def test_any_bytes_in_any_file_give_a_report(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(sorted(set(WHOLE) - {paths.REGISTER})))
    whole = WHOLE[path]
    at = data.draw(st.integers(0, len(whole)))
    other = whole[:at] + data.draw(st.binary(max_size=30)) + whole[at + data.draw(st.integers(0, 30)) :]
    with memory_folder() as folder:
        report = check_package(folder, {**WHOLE, path: other})
    assert report.exit_code in {0, 11, 12, 18}


def test_json_of_the_report_names_the_facts(tmp_path: Path) -> None:
    report = msgspec.to_builtins(check_package(tmp_path, WHOLE))
    assert report["told"]["facts"][0]["what"] == "sent"
    assert encode(report["told"])
