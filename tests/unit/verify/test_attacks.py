"""What hostile servers and careless publishers do, and the exit code that it gets."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import msgspec
import pytest
from tuf.api.metadata import Metadata, Root

from memory_log import MemoryLog, private_key
from memory_publisher import NOW, DocumentKey, MemoryPublisher, sign_metadata
from register_api.core import tree
from register_api.core.canonical import digest, encode
from register_api.core.documents import Keys
from register_api.core.keys.key_list import check_keys
from verify_outcome import failed, told

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Run

PAST = NOW - dt.timedelta(seconds=1)


def _replace_key(publisher: MemoryPublisher, number: int) -> None:
    publisher.document = DocumentKey(number)


def unknown_document_key(publisher: MemoryPublisher) -> None:
    """Sign with a key that is not in the list."""
    _replace_key(publisher, 99)
    publisher.publish()


def key_out_of_range(publisher: MemoryPublisher) -> None:
    """Sign on with a key whose range was closed."""
    old = publisher.document
    publisher.rotate_document_key(61)
    publisher.document = old
    publisher.publish()


def expired_timestamp(publisher: MemoryPublisher) -> None:
    """Stop renewing."""
    publisher.refresh(expires=PAST)


def expired_snapshot(publisher: MemoryPublisher) -> None:
    """Renew the timestamp alone for too long."""
    publisher.vouch_snapshot(expires=PAST)


def expired_targets(publisher: MemoryPublisher) -> None:
    """Never publish."""
    publisher.vouch(expires=PAST)


def expired_root(publisher: MemoryPublisher) -> None:
    """Lose the root keys."""
    publisher.add_root(expires=PAST)


def root_without_threshold(publisher: MemoryPublisher) -> None:
    """Put a stranger's root behind ours."""
    stranger = private_key(90)
    publisher.write_root(publisher.make_root([stranger]), [stranger])


def one_root_key_under_two_ids(publisher: MemoryPublisher) -> None:
    """Let one person count twice."""
    root = publisher.make_root(publisher.root_keys)
    plain = root.to_dict()
    keyid = plain["roles"]["root"]["keyids"][0]
    plain["keys"]["a" * 64] = dict(plain["keys"][keyid])
    plain["roles"]["root"]["keyids"].append("a" * 64)
    publisher.write_root(Root.from_dict(plain), publisher.root_keys)


def one_key_in_two_roles(publisher: MemoryPublisher) -> None:
    """Let the online key sign targets."""
    publisher.targets_key = publisher.online_key
    publisher.add_root()
    publisher.vouch()


def timestamp_by_stranger(publisher: MemoryPublisher) -> None:
    """Sign freshness with another key."""
    publisher.online_key = private_key(91)
    publisher.refresh()


def timestamp_signature_damaged(publisher: MemoryPublisher) -> None:
    """Change what a timestamp says."""
    data = publisher.files[tree.TIMESTAMP]
    later = f"{(NOW + dt.timedelta(hours=48)).year}".encode()
    publisher.files[tree.TIMESTAMP] = data.replace(b'"expires":"' + later, b'"expires":"2099')


def timestamp_is_no_json(publisher: MemoryPublisher) -> None:
    """Answer with a page."""
    publisher.files[tree.TIMESTAMP] = b"<html>"


def next_root_is_a_page(publisher: MemoryPublisher) -> None:
    """Answer 200 with a page for what is not there."""
    publisher.files["trust/2.root.json"] = b"<html>"


def older_snapshot(publisher: MemoryPublisher) -> None:
    """Serve an older snapshot under the newest one's name."""
    publisher.files["trust/3.snapshot.json"] = publisher.files["trust/2.snapshot.json"]


def targets_metadata_missing(publisher: MemoryPublisher) -> None:
    """Withhold what the snapshot names."""
    del publisher.files["trust/3.targets.json"]


def delegation(publisher: MemoryPublisher) -> None:
    """Let another speak for the targets."""
    path = "trust/3.targets.json"
    plain = Metadata.from_bytes(publisher.files[path]).signed.to_dict()
    plain["delegations"] = {"keys": {}, "roles": []}
    signed = type(Metadata.from_bytes(publisher.files[path]).signed).from_dict(plain)
    publisher.files[path] = sign_metadata(signed, publisher.targets_key)
    publisher.vouch_snapshot()


def older_register_at_the_head(publisher: MemoryPublisher) -> None:
    """Serve version 2 as the newest, with its signatures."""
    for suffix in ("", ".sig", ".jws"):
        publisher.files[tree.REGISTER + suffix] = publisher.files[tree.version_register(2) + suffix]


def forged_register_at_the_head(publisher: MemoryPublisher) -> None:
    """Serve a register that nobody signed."""
    publisher.files[tree.REGISTER] = publisher.files[tree.REGISTER].replace(b"Acme 3", b"Evil 3")


def older_checkpoint(publisher: MemoryPublisher) -> None:
    """Serve the checkpoint of size 2."""
    proof = publisher.files[tree.version_proof(2)]
    publisher.files[tree.CHECKPOINT] = proof.partition(b"\n\n")[2]


def second_root_for_one_size(publisher: MemoryPublisher) -> None:
    """Sign another log of the same size."""
    other = MemoryLog(origin=publisher.name, key=publisher.log.key).grow(3)
    publisher.files[tree.CHECKPOINT] = other.checkpoint()


def checkpoint_by_stranger(publisher: MemoryPublisher) -> None:
    """Sign the log with another key, and vouch for it."""
    publisher.log.key = private_key(92)
    publisher.files[tree.CHECKPOINT] = publisher.log.checkpoint()
    publisher.vouch()


def log_ahead_of_register(publisher: MemoryPublisher) -> None:
    """Log a version that is not published."""
    register = publisher.next_register()
    publisher.registers.append(register)
    publisher.write_version(register, publisher.diff(register))
    publisher.write_log()
    publisher.vouch()


def head_register_not_in_log(publisher: MemoryPublisher) -> None:
    """Sign and vouch for a newest register that the log does not hold."""
    other = msgspec.structs.replace(publisher.registers[-1], corrects=1)
    publisher.write_signed(tree.REGISTER, encode(other))
    publisher.vouch()


def fixed_register_replaced_and_signed(publisher: MemoryPublisher) -> None:
    """Rewrite version 2, with the right key."""
    other = msgspec.structs.replace(publisher.registers[1], corrects=1)
    publisher.write_signed(tree.version_register(2), encode(other))


def fixed_register_forged(publisher: MemoryPublisher) -> None:
    """Rewrite version 2 without a key."""
    path = tree.version_register(2)
    publisher.files[path] = publisher.files[path].replace(b"Acme 2", b"Evil 2")


def diff_missing(publisher: MemoryPublisher) -> None:
    """Withhold a diff that the log names."""
    del publisher.files[tree.version_diff(2)]


def wrong_diff(publisher: MemoryPublisher) -> None:
    """Log and sign a diff that does not give its version."""
    register = publisher.next_register()
    diff = msgspec.structs.replace(publisher.diff(register), patch=())
    _publish(publisher, register, diff)


def patch_that_cannot_be_applied(publisher: MemoryPublisher) -> None:
    """Log and sign a patch of nonsense."""
    register = publisher.next_register()
    nonsense = ({"op": "remove", "path": "/nothing/here"},)
    _publish(publisher, register, msgspec.structs.replace(publisher.diff(register), patch=nonsense))


def published_before_the_last(publisher: MemoryPublisher) -> None:
    """Set the clock back between two versions."""
    register = publisher.next_register(published_at=publisher.registers[0].published_at)
    _publish(publisher, register, publisher.diff(register))


def wrong_previous(publisher: MemoryPublisher) -> None:
    """Name another version before."""
    previous = msgspec.structs.replace(publisher.next_register().previous, sha256="0" * 64)
    register = publisher.next_register(previous=previous)
    _publish(publisher, register, publisher.diff(register))


def versions_list_short(publisher: MemoryPublisher) -> None:
    """Sign a list of versions that leaves one out."""
    publisher.registers.pop()
    publisher.write_signed(tree.VERSIONS, publisher._versions())


def versions_list_other(publisher: MemoryPublisher) -> None:
    """Sign a list of versions with another digest in it."""
    data = publisher.files[tree.VERSIONS]
    known = digest(publisher.files[tree.version_diff(1)]).encode()
    publisher.write_signed(tree.VERSIONS, data.replace(known, b"0" * 64))


def signed_but_not_canonical(publisher: MemoryPublisher) -> None:
    """Sign and vouch for a register with a final newline."""
    publisher.write_signed(tree.REGISTER, publisher.files[tree.REGISTER] + b"\n")
    publisher.vouch()


def register_without_format(publisher: MemoryPublisher) -> None:
    """Sign and vouch for a register that does not say what it is."""
    data = publisher.files[tree.REGISTER]
    publisher.write_signed(tree.REGISTER, data.replace(b'"format":"sub-processor-register/1",', b""))
    publisher.vouch()


def another_major_format(publisher: MemoryPublisher) -> None:
    """Sign and vouch for a register of a format to come."""
    data = publisher.files[tree.REGISTER]
    publisher.write_signed(
        tree.REGISTER, data.replace(b"sub-processor-register/1", b"sub-processor-register/2")
    )
    publisher.vouch()


def proof_of_another_entry(publisher: MemoryPublisher) -> None:
    """Serve version 1's proof for version 2."""
    publisher.files[tree.version_proof(2)] = publisher.files[tree.version_proof(1)]


def proof_of_another_history(publisher: MemoryPublisher) -> None:
    """Prove version 2 by a signed checkpoint of another log."""
    other = MemoryLog(origin=publisher.name, key=publisher.log.key)
    other.append(b"something else")
    other.append(publisher.files[tree.version_entry(2)])
    publisher.files[tree.version_proof(2)] = other.proof(1)


def older_tile_changed(publisher: MemoryPublisher) -> None:
    """Tell customers with an older checkpoint another history."""
    publisher.files["log/tile/0/000.p/2"] = bytes(64)


def older_tile_missing(publisher: MemoryPublisher) -> None:
    """Take away a partial tile before its full one is there."""
    del publisher.files["log/tile/0/000.p/2"]


def feed_without_a_version(publisher: MemoryPublisher) -> None:
    """Leave a change out of the feed, with all signatures."""
    publisher.write_feed(tree.FEED_ATOM, publisher.atom([publisher.registers[2], publisher.registers[0]]))
    publisher.vouch()


def json_feed_without_a_version(publisher: MemoryPublisher) -> None:
    """Leave a change out of the JSON Feed alone."""
    publisher.write_signed(tree.FEED_JSON, publisher.json_feed(publisher.registers[::-1][:2]))


def feed_is_not_xml(publisher: MemoryPublisher) -> None:
    """Sign and vouch for something else than a feed."""
    publisher.write_feed(tree.FEED_ATOM, b"<feed")
    publisher.vouch()


def feed_with_entities(publisher: MemoryPublisher) -> None:
    """Sign a feed that grows when it is read."""
    bomb = (
        b'<!DOCTYPE feed [<!ENTITY a "aaaa">]><feed xmlns="http://www.w3.org/2005/Atom"><id>&a;</id></feed>'
    )
    publisher.write_feed(tree.FEED_ATOM, bomb)
    publisher.vouch()


def pem_of_another_key(publisher: MemoryPublisher) -> None:
    """Serve a stranger's key under a known name."""
    path = tree.public_key(publisher.records[0].kid)
    publisher.files[path] = publisher.files[tree.public_key(publisher.records[1].kid)]


def document_key_is_a_root_key(publisher: MemoryPublisher) -> None:
    """Use one key for documents and for the root."""
    publisher.add_root(root_keys=[publisher.document.private])
    publisher.publish()


def overlapping_ranges(publisher: MemoryPublisher) -> None:
    """Vouch for a list in which two keys are good for one version."""
    publisher.records.append(msgspec.structs.replace(publisher.records[0]))
    publisher.publish()


def discovery_of_another_root(publisher: MemoryPublisher) -> None:
    """Let strangers begin from another root."""
    data = publisher.files[tree.DISCOVERY]
    known = digest(publisher.files["trust/1.root.json"]).encode()
    publisher.files[tree.DISCOVERY] = data.replace(known, b"0" * 64)


def copy_missing(publisher: MemoryPublisher) -> None:
    """Withhold a target's copy, which stock TUF clients read."""
    del publisher.files[f"trust/targets/{digest(publisher.files[tree.KEYS])}.keys.json"]


def older_feed_at_the_head(publisher: MemoryPublisher) -> None:
    """Keep the newest change from those who read the feed."""
    shown = publisher.registers[:2][::-1]
    publisher.write_feed(tree.FEED_ATOM, publisher.atom(shown))


def ended_key_brought_back(publisher: MemoryPublisher) -> None:
    """Serve the list of keys from before a key was ended."""
    before = publisher.files[tree.KEYS]
    publisher.rotate_document_key(62)
    publisher.publish()
    publisher.files[tree.KEYS] = before


def strange_key_in_the_list(publisher: MemoryPublisher) -> None:
    """Serve a list of keys with one of our own."""
    publisher.rotate_document_key(63)
    publisher.files[tree.KEYS] = encode(Keys(register=publisher.name, keys=tuple(publisher.records)))


def _publish(publisher: MemoryPublisher, register: object, diff: object) -> None:
    publisher.registers.append(register)  # type: ignore[arg-type]
    publisher.write_version(register, diff)  # type: ignore[arg-type]
    publisher.write_log()
    publisher.write_heads()
    publisher.vouch()


def published_without_time_zone(publisher: MemoryPublisher) -> None:
    """Sign an instant that cannot be compared with others."""
    publisher.publish(published_at=NOW.replace(tzinfo=None))


def published_in_year_one_elsewhere(publisher: MemoryPublisher) -> None:
    """Sign an instant that has no form in UTC."""
    zone = dt.timezone(dt.timedelta(hours=23))
    publisher.publish(published_at=dt.datetime(1, 1, 1, tzinfo=zone))


ATTACKS: tuple[tuple[Callable[[MemoryPublisher], None], int, str], ...] = (
    (unknown_document_key, 12, "V05"),
    (key_out_of_range, 16, "V05"),
    (expired_timestamp, 13, "V02"),
    (expired_snapshot, 13, "V02"),
    (expired_targets, 13, "V02"),
    (expired_root, 16, "V02"),
    (root_without_threshold, 16, "V02"),
    (one_root_key_under_two_ids, 16, "V02"),
    (one_key_in_two_roles, 16, "V02"),
    (timestamp_by_stranger, 16, "V02"),
    (timestamp_signature_damaged, 12, "V02"),
    (timestamp_is_no_json, 11, "V02"),
    (next_root_is_a_page, 11, "V02"),
    (older_snapshot, 14, "V02"),
    (targets_metadata_missing, 10, "V02"),
    (delegation, 11, "V02"),
    (older_register_at_the_head, 14, "V25"),
    (forged_register_at_the_head, 12, "V25"),
    (older_checkpoint, 14, "V25"),
    (second_root_for_one_size, 15, "V25"),
    (checkpoint_by_stranger, 16, "V08"),
    (log_ahead_of_register, 18, "V08"),
    (head_register_not_in_log, 18, "V11"),
    (fixed_register_replaced_and_signed, 18, "V16"),
    (fixed_register_forged, 12, "V16"),
    (diff_missing, 10, "V16"),
    (wrong_diff, 18, "V18"),
    (patch_that_cannot_be_applied, 18, "V18"),
    (published_before_the_last, 18, "V19"),
    (wrong_previous, 18, "V19"),
    (published_without_time_zone, 11, "V04"),
    (published_in_year_one_elsewhere, 11, "V04"),
    (versions_list_short, 18, "V12"),
    (versions_list_other, 18, "V12"),
    (signed_but_not_canonical, 11, "V04"),
    (register_without_format, 11, "V04"),
    (another_major_format, 11, "V04"),
    (proof_of_another_entry, 12, "V15"),
    (proof_of_another_history, 15, "V15"),
    (older_tile_changed, 12, "V14"),
    (older_tile_missing, 10, "V14"),
    (feed_without_a_version, 18, "V22"),
    (json_feed_without_a_version, 18, "V22"),
    (feed_is_not_xml, 11, "V22"),
    (feed_with_entities, 11, "V22"),
    (pem_of_another_key, 12, "V24"),
    (document_key_is_a_root_key, 16, "V03"),
    (overlapping_ranges, 16, "V03"),
    (discovery_of_another_root, 18, "V26"),
    (copy_missing, 10, "V25"),
    (older_feed_at_the_head, 14, "V25"),
    (ended_key_brought_back, 14, "V25"),
    (strange_key_in_the_list, 12, "V25"),
)


@pytest.mark.parametrize(("attack", "code", "check"), ATTACKS, ids=[row[0].__name__ for row in ATTACKS])
def test_an_attack_gets_its_exit_code(
    publisher: MemoryPublisher,
    run: Run,
    attack: Callable[[MemoryPublisher], None],
    code: int,
    check: str,
) -> None:
    """Each lie is found by the check that is made for it, and the exit code names its kind."""
    attack(publisher)
    report = run(publisher.files)
    assert report.exit_code == code, failed(report)
    assert failed(report).get(check) == code, (failed(report), told(report, check))


def test_once_trust_fails_nothing_else_is_judged(publisher: MemoryPublisher, run: Run) -> None:
    """What nobody vouches for is called not checked, neither good nor bad."""
    expired_timestamp(publisher)
    report = run(publisher.files)
    assert set(failed(report)) == {"V02"}
    assert {check.result for check in report.checks[2:]} == {"skipped"}
    assert (report.register, report.log, report.fresh_until) == (None, None, None)


def test_one_failure_does_not_hide_another(publisher: MemoryPublisher, run: Run) -> None:
    """Everything that can be found is found in one run; the worst decides."""
    pem_of_another_key(publisher)
    diff_missing(publisher)
    json_feed_without_a_version(publisher)
    report = run(publisher.files)
    assert failed(report) == {"V16": 10, "V22": 18, "V24": 12}
    assert report.exit_code == 12


def test_a_walk_through_damaged_history_ends(run: Run) -> None:
    """After 20 versions with findings the rest is not asked for."""
    publisher = MemoryPublisher()
    publisher.publish_many(40)
    for version in range(1, 41):
        del publisher.files[tree.version_diff(version)]
    report = run(publisher.files)
    assert "and 15 more" in told(report, "V16")
    assert report.versions_checked is None
    assert "stopped at version 20" in told(report, "V13")


def test_the_helper_makes_a_list_that_the_core_takes(publisher: MemoryPublisher) -> None:
    """The attacks above fail for the reason they name, not because the helper is wrong."""
    check_keys(msgspec.json.decode(publisher.files[tree.KEYS], type=Keys))
