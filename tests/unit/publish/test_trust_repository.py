"""Keys and freshness: what is published is what a stock TUF client follows, and nothing else is made."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import shutil
from typing import TYPE_CHECKING

import pytest
from trust_tree import NOW, REGISTER, Client, Tree, now, targets
from tuf.api.exceptions import BadVersionNumberError, ExpiredMetadataError
from tuf.api.metadata import Metadata, Root, Snapshot, Targets, Timestamp

from register_api.core import canonical
from register_api.core.documents import KeyList
from register_api.core.format import tree
from register_api.core.format.paths import kind_of
from register_api.errors import KeyStoreError, Malformed, StoreDamaged, StoreError, UntrustedKey, UsageError
from register_api.publish.key_transaction import public_files
from register_api.publish.signing.key_list import first_key_list, key_record
from register_api.publish.signing.keyring import Keyring
from register_api.publish.trust import repository as trust_repository
from register_api.publish.trust import root as trust_root
from register_api.publish.trust.metadata import newest_root, roots

if TYPE_CHECKING:
    from pathlib import Path

HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    """A fresh set of keys, 1 of 1."""
    return Keyring(tmp_path / "keys", create=True)


@pytest.fixture
def files(keyring: Keyring) -> Tree:
    """A tree with one publication of ``NOW``."""
    made = Tree(keyring, NOW)
    made.publish(NOW)
    return made


def signed(data: bytes) -> dict[str, object]:
    """Return the signed part of a metadata file."""
    return json.loads(data)["signed"]


# The stock client


def test_a_stock_client_gets_the_five_targets(keyring: Keyring, tmp_path: Path) -> None:
    """From the first root alone, over the URLs of the format."""
    served = Tree(keyring, now())
    served.publish(now())
    assert Client(served, tmp_path / "client").visit() == targets(keyring)


def test_a_stock_client_follows_publications_and_refreshes(keyring: Keyring, tmp_path: Path) -> None:
    """Each visit sees the newest state, with the old one in its cache."""
    served = Tree(keyring, now(days=3))
    served.publish(now(days=3))
    served.refresh(now(days=1))
    client = Client(served, tmp_path / "client")
    assert client.visit() == targets(keyring, 1)
    served.publish(now(hours=5), version=2)
    assert client.visit() == targets(keyring, 2)
    served.refresh(now())
    assert client.visit() == targets(keyring, 2)


def test_a_stock_client_accepts_two_of_three_root_keys(tmp_path: Path) -> None:
    """A company's root: three people, two of whom have to sign."""
    ring = Keyring(tmp_path / "keys", create=True, root_keys=3, root_threshold=2)
    served = Tree(ring, now())
    served.publish(now())
    root = signed(served["trust/1.root.json"])["roles"]["root"]
    assert (len(root["keyids"]), root["threshold"]) == (3, 2)
    assert Client(served, tmp_path / "client").visit() == targets(ring)


def test_a_stock_client_refuses_a_timestamp_of_two_days_ago(keyring: Keyring, tmp_path: Path) -> None:
    """Freshness ends after 48 hours, and a refresh brings it back."""
    served = Tree(keyring, now(hours=49))
    served.publish(now(hours=48, seconds=1))
    client = Client(served, tmp_path / "client")
    with pytest.raises(ExpiredMetadataError, match="timestamp"):
        client.visit()
    served.refresh(now())
    assert client.visit() == targets(keyring)


def test_a_stock_client_accepts_a_timestamp_just_before_its_end(keyring: Keyring, tmp_path: Path) -> None:
    """Freshness does not end early."""
    served = Tree(keyring, now(hours=49))
    served.publish(now(hours=47, minutes=58))
    assert Client(served, tmp_path / "client").visit() == targets(keyring)


def test_a_stock_client_refuses_targets_of_401_days_ago_that_were_only_refreshed(
    keyring: Keyring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The online key alone keeps freshness, not the targets: ours refuses, and another program's is found."""
    served = Tree(keyring, now())
    served.publish(now(days=401))
    with pytest.raises(StoreError, match="metadata is good until"):
        served.refresh(now())
    monkeypatch.setattr(trust_repository, "_check_not_expired", lambda *_: None)
    served.refresh(now())
    with pytest.raises(ExpiredMetadataError, match="targets"):
        Client(served, tmp_path / "client").visit()


def test_a_stock_client_finds_out_a_roll_back(keyring: Keyring, tmp_path: Path) -> None:
    """Versions grow with each publication, so yesterday's files are refused."""
    served = Tree(keyring, now(hours=2))
    served.publish(now(hours=2))
    yesterday = dict(served)
    served.publish(now(hours=1), version=2)
    client = Client(served, tmp_path / "client")
    client.visit()
    client.tree = yesterday
    with pytest.raises(BadVersionNumberError):
        client.visit()


# Form


def test_a_publication_adds_these_files_in_this_order(files: Tree) -> None:
    """Copies of targets, targets, snapshot, and the timestamp last."""
    added = list(files.publish(NOW + DAY, version=2))
    copies = [
        f"trust/targets/{hashlib.sha256(data).hexdigest()}.{name}"
        for name, data in targets(files.keyring, 2).items()
    ]
    assert added == [*copies, "trust/2.targets.json", "trust/2.snapshot.json", "trust/timestamp.json"]
    assert [files[path] for path in copies] == list(targets(files.keyring, 2).values())


def test_every_file_has_a_place_in_the_tree(files: Tree) -> None:
    """Media type and cache class are known; all but the timestamp are fixed."""
    for path in files:
        assert kind_of(path).cache == ("no-cache" if path == tree.TIMESTAMP.path() else "immutable")


def test_metadata_is_compact_ascii_json_of_tuf_1_0(files: Tree) -> None:
    """No white space, sorted names, specification 1.0."""
    for path in (path for path in files if "/targets/" not in path):
        parsed = json.loads(files[path])
        assert files[path] == json.dumps(parsed, separators=(",", ":"), sort_keys=True).encode("ascii")
        assert parsed["signed"]["spec_version"].startswith("1.0.")


def test_a_root_has_four_roles_with_one_key_each_and_snapshot_and_timestamp_share_theirs(files: Tree) -> None:
    """Ed25519 only, consistent snapshots, key ids of securesystemslib."""
    root, ring = signed(files["trust/1.root.json"]), files.keyring
    assert root["consistent_snapshot"] is True
    assert {role: value["keyids"] for role, value in root["roles"].items()} == {
        "root": [ring.root(1).tuf_key.keyid],
        "targets": [ring.targets.tuf_key.keyid],
        "snapshot": [ring.online.tuf_key.keyid],
        "timestamp": [ring.online.tuf_key.keyid],
    }
    assert {key["keytype"] for key in root["keys"].values()} == {"ed25519"}
    assert len(root["keys"]) == 3


def test_targets_have_sha256_and_length_and_no_delegations(files: Tree) -> None:
    """One digest each, and names without folders."""
    listed = signed(files["trust/1.targets.json"])
    assert "delegations" not in listed
    assert listed["targets"] == {
        name: {"hashes": {"sha256": hashlib.sha256(data).hexdigest()}, "length": len(data)}
        for name, data in targets(files.keyring).items()
    }


def test_expiry_is_400_days_and_48_hours(files: Tree) -> None:
    """Root, targets and snapshot last 400 days, the timestamp 48 hours."""
    assert [
        (row.role, row.version, row.expires - NOW) for row in trust_repository.expiries(files.__getitem__)
    ] == [
        ("root", 1, 400 * DAY),
        ("targets", 1, 400 * DAY),
        ("snapshot", 1, 400 * DAY),
        ("timestamp", 1, 48 * HOUR),
    ]


@pytest.mark.parametrize("again", ["refresh", "publish"])
@pytest.mark.parametrize("fresh_for", [HOUR, 7 * DAY, 31 * DAY])
def test_a_timestamp_is_good_as_long_as_the_one_before(
    files: Tree, fresh_for: dt.timedelta, again: str
) -> None:
    """Whoever holds the online key alone needs no settings; a quarter of it before, it is warned of."""
    files.update(trust_repository.refresh(files.__getitem__, files.keyring, NOW, fresh_for))
    getattr(files, again)(NOW + HOUR / 2)
    row = trust_repository.expiries(files.__getitem__)[-1]
    assert row.expires - NOW == HOUR / 2 + fresh_for
    assert row.expires - row.warned_from == fresh_for / 4


@pytest.mark.parametrize(
    ("fresh_for", "told"),
    [
        (HOUR - dt.timedelta(seconds=1), "1 hour to 31 days, not 59 minutes"),
        (31 * DAY + HOUR, "1 hour to 31 days, not 745 hours"),
        (32 * DAY, "1 hour to 31 days, not 32 days"),
        (dt.timedelta(), "not 0 hours"),
    ],
)
def test_no_timestamp_is_signed_that_readers_would_refuse(
    files: Tree, fresh_for: dt.timedelta, told: str
) -> None:
    """Nothing is written."""
    with pytest.raises(ValueError, match=told):
        trust_repository.refresh(files.__getitem__, files.keyring, NOW, fresh_for)
    with pytest.raises(ValueError, match=told):
        trust_repository.publish(files.__getitem__, files.keyring, targets(files.keyring), NOW, fresh_for)


def test_before_the_first_publication_only_the_root_expires(keyring: Keyring) -> None:
    """There is nothing else yet."""
    fresh = Tree(keyring, NOW)
    assert [row.role for row in trust_repository.expiries(fresh.__getitem__)] == ["root"]


def test_the_same_keys_targets_and_instant_give_the_same_bytes(keyring: Keyring) -> None:
    """Nothing random is in the files: Ed25519 is deterministic."""
    assert Tree(keyring, NOW).publish(NOW) == Tree(keyring, NOW).publish(NOW)


def test_an_instant_in_another_zone_or_with_microseconds_is_written_in_utc(keyring: Keyring) -> None:
    """Whole seconds, UTC."""
    shifted = NOW.astimezone(dt.timezone(5 * HOUR)).replace(microsecond=999_999)
    assert Tree(keyring, shifted).publish(shifted) == Tree(keyring, NOW).publish(NOW)


# Second publication and refresh


def test_a_second_publication_bumps_all_three_and_keeps_the_root(files: Tree) -> None:
    """What was published stays as it was, but for the timestamp."""
    before = dict(files)
    files.publish(NOW + DAY, version=2)
    files.publish(NOW + 2 * DAY, version=3)
    rows = [(row.role, row.version) for row in trust_repository.expiries(files.__getitem__)]
    assert rows == [("root", 1), ("targets", 3), ("snapshot", 3), ("timestamp", 3)]
    assert {path for path in before if files[path] != before[path]} == {tree.TIMESTAMP.path()}
    assert "trust/2.root.json" not in files


def test_a_refresh_writes_the_timestamp_alone(files: Tree) -> None:
    """Nothing piles up: 48 hours again, and the same snapshot."""
    before = signed(files[tree.TIMESTAMP.path()])
    assert list(files.refresh(NOW + 6 * HOUR)) == [tree.TIMESTAMP.path()]
    after = signed(files[tree.TIMESTAMP.path()])
    assert after["version"] == before["version"] + 1
    assert after["meta"] == before["meta"]
    assert after["expires"] == "2026-05-12T15:00:00Z"


@pytest.mark.parametrize(
    ("age", "added"),
    [
        (200 * DAY, ["trust/timestamp.json"]),
        (200 * DAY + dt.timedelta(seconds=1), ["trust/2.snapshot.json", "trust/timestamp.json"]),
        (399 * DAY, ["trust/2.snapshot.json", "trust/timestamp.json"]),
    ],
)
def test_a_refresh_renews_the_snapshot_when_less_than_half_of_its_time_is_left(
    files: Tree, age: dt.timedelta, added: list[str]
) -> None:
    """Exactly half is still enough; the new one names the same targets."""
    before = signed(files["trust/1.snapshot.json"])["meta"]
    assert list(files.refresh(NOW + age)) == added
    newest = signed(files[added[0]])
    if "snapshot" in added[0]:
        assert newest["meta"] == before
        assert newest["version"] == 2


def test_a_refresh_needs_the_online_key_alone(files: Tree, tmp_path: Path) -> None:
    """A timer's machine holds one file."""
    (tmp_path / "timer").mkdir(mode=0o700)
    shutil.copy2(tmp_path / "keys" / "online.pem", tmp_path / "timer")
    ring = Keyring(tmp_path / "timer")
    assert trust_repository.refresh(files.__getitem__, ring, NOW + 300 * DAY)
    with pytest.raises(KeyStoreError, match=r"targets\.pem"):
        trust_repository.publish(files.__getitem__, ring, targets(files.keyring), NOW)


def test_a_publication_after_refreshes_goes_on_counting(files: Tree) -> None:
    """Timestamp and snapshot numbers never go back."""
    for day in (1, 2, 250):
        files.refresh(NOW + day * DAY)
    files.publish(NOW + 251 * DAY, version=2)
    assert [row.version for row in trust_repository.expiries(files.__getitem__)] == [1, 2, 3, 5]


# What is refused


def test_without_a_root_there_is_nothing_to_publish_on(keyring: Keyring) -> None:
    """The root is made once, by ``create``."""
    with pytest.raises(StoreError, match="no trust root"):
        trust_repository.publish({}.__getitem__, keyring, targets(keyring), NOW)
    with pytest.raises(StoreError, match="no trust root"):
        trust_repository.expiries({}.__getitem__)


def test_a_refresh_before_the_first_publication_is_refused(keyring: Keyring) -> None:
    """There is nothing to be fresh."""
    with pytest.raises(StoreError, match="nothing was published"):
        Tree(keyring, NOW).refresh(NOW)


@pytest.mark.parametrize("what", ["refresh", "publish"])
def test_a_clock_before_the_timestamp_in_force_is_refused(files: Tree, what: str) -> None:
    """Customers would be shown older news; nothing is signed."""
    files.refresh(NOW + DAY)
    assert signed(files[tree.TIMESTAMP.path()])["signed_at"] == "2026-05-11T09:00:00Z"
    before = dict(files)
    with pytest.raises(StoreError, match="was signed at 2026-05-11T09:00:00Z"):
        getattr(files, what)(NOW + DAY - dt.timedelta(seconds=1))
    assert dict(files) == before
    assert getattr(files, what)(NOW + DAY)


def test_a_timestamp_of_a_clock_that_was_ahead_can_be_replaced(files: Tree) -> None:
    """By somebody who says that today's clock is right; its number goes on."""
    files.refresh(NOW + 300 * DAY)
    refreshed = trust_repository.refresh(files.__getitem__, files.keyring, NOW + HOUR, clock_is_right=True)
    published = trust_repository.publish(
        files.__getitem__, files.keyring, targets(files.keyring), NOW + HOUR, clock_is_right=True
    )
    for new in (refreshed, published):
        said = signed(new[tree.TIMESTAMP.path()])
        assert (said["signed_at"], said["version"]) == ("2026-05-10T10:00:00Z", 3)


@pytest.mark.parametrize("change", ["missing", "more"])
def test_the_number_of_targets_does_not_grow_or_shrink(files: Tree, change: str) -> None:
    """Four names, always."""
    wanted = targets(files.keyring)
    if change == "missing":
        del wanted["checkpoint"]
    else:
        wanted["page.html"] = b""
    with pytest.raises(ValueError, match="the targets are"):
        trust_repository.publish(files.__getitem__, files.keyring, wanted, NOW)


def test_a_clock_past_the_end_of_the_root_is_refused(files: Tree) -> None:
    """A machine whose clock is years ahead would lock everybody out: nothing is signed."""
    before = dict(files)
    for make in (files.publish, files.refresh):
        with pytest.raises(StoreError, match="root metadata is good until") as caught:
            make(NOW + 3650 * DAY)
        assert "keys new-root" in caught.value.hint
    assert dict(files) == before


def test_an_instant_without_zone_is_refused(files: Tree) -> None:
    """Local time would be signed as UTC."""
    naive = NOW.replace(tzinfo=None)
    for make in (files.publish, files.refresh):
        with pytest.raises(ValueError, match="time zone"):
            make(naive)
    with pytest.raises(ValueError, match="time zone"):
        trust_root.create(files.keyring, naive)


@pytest.mark.parametrize("role", ["online", "targets"])
def test_a_key_that_the_root_does_not_name_signs_nothing(files: Tree, tmp_path: Path, role: str) -> None:
    """A new key in the keyring is no rotation: the root has to name it first."""
    (tmp_path / "keys" / f"{role}.pem").unlink()
    files.keyring = Keyring(tmp_path / "keys", create=True)
    with pytest.raises(KeyStoreError, match="version 1 of the trust root does not let") as caught:
        files.publish(NOW + DAY)
    assert "rotate" in caught.value.hint
    if role == "online":
        with pytest.raises(KeyStoreError, match="version 1 of the trust root does not let"):
            files.refresh(NOW + DAY)


def test_a_key_list_with_a_root_key_is_refused(files: Tree) -> None:
    """A key of the root may not sign documents too."""
    ring = files.keyring
    listed = first_key_list(REGISTER, ring)
    stolen = key_record("document", ring.targets, REGISTER, 1)
    wrong = targets(ring) | {
        "keys.json": canonical.encode(KeyList(register=REGISTER, keys=(stolen, *listed.keys[1:])))
    }
    with pytest.raises(UntrustedKey, match="also a key of the trust root"):
        trust_repository.publish(files.__getitem__, ring, wrong, NOW)


def test_a_key_list_that_is_none_is_refused(files: Tree) -> None:
    """It would be signed, and every customer would stop."""
    wrong = targets(files.keyring) | {"keys.json": b"{}"}
    with pytest.raises(Malformed):
        trust_repository.publish(files.__getitem__, files.keyring, wrong, NOW)


def test_a_root_is_not_made_of_one_key_twice_or_in_two_roles(keyring: Keyring) -> None:
    """What TUF lets pass is refused before it is signed."""
    first, targets_key, online = keyring.root(1).tuf_key, keyring.targets.tuf_key, keyring.online.tuf_key
    common = {"version": 1, "now": NOW}
    with pytest.raises(UntrustedKey, match="named twice"):
        trust_root.make_root([first, first], 1, targets=targets_key, online=online, **common)
    with pytest.raises(UntrustedKey, match="in two roles"):
        trust_root.make_root([first], 1, targets=first, online=online, **common)
    with pytest.raises(UntrustedKey, match="in two roles"):
        trust_root.make_root([first], 1, targets=targets_key, online=targets_key, **common)
    with pytest.raises(UsageError, match="a threshold of 2 is not possible with 1 root key"):
        trust_root.make_root([first], 2, targets=targets_key, online=online, **common)


def _damage(files: Tree, case: str) -> None:
    """Do to a tree what a broken disk or a stranger may do."""
    if case == "no snapshot":
        del files["trust/1.snapshot.json"]
    elif case == "no targets":
        del files["trust/1.targets.json"]
    elif case == "other snapshot":
        files["trust/1.snapshot.json"] += b" "
    elif case == "other targets":
        files["trust/1.targets.json"] += b" "
    elif case == "no json":
        files[tree.TIMESTAMP.path()] = b"{"
    elif case == "another role":
        files[tree.TIMESTAMP.path()] = files["trust/1.root.json"]
    elif case == "root of another role":
        files["trust/1.root.json"] = files[tree.TIMESTAMP.path()]


@pytest.mark.parametrize(
    "case",
    [
        "no snapshot",
        "no targets",
        "other snapshot",
        "other targets",
        "no json",
        "another role",
        "root of another role",
    ],
)
def test_a_damaged_tree_is_not_refreshed(files: Tree, case: str) -> None:
    """Metadata that contradicts itself is never vouched for."""
    _damage(files, case)
    with pytest.raises(StoreDamaged):
        files.refresh(NOW + HOUR)
    with pytest.raises(StoreDamaged):
        trust_repository.expiries(files.__getitem__)


@pytest.mark.parametrize("case", ["snapshot", "targets"])
def test_the_online_key_vouches_only_for_what_the_roots_keys_have_signed(files: Tree, case: str) -> None:
    """Who can write to the store, but has no key, gets nothing of theirs signed by the timer."""
    timestamp = Metadata[Timestamp].from_bytes(files[tree.TIMESTAMP.path()])
    snapshot = Metadata[Snapshot].from_bytes(files["trust/1.snapshot.json"])
    listed = Metadata[Targets].from_bytes(files["trust/1.targets.json"])
    # The stranger leaves out lengths and digests, which TUF allows.
    timestamp.signed.snapshot_meta.length = timestamp.signed.snapshot_meta.hashes = None
    meta = snapshot.signed.meta["targets.json"]
    meta.length = meta.hashes = None
    if case == "targets":
        files.keyring.online.sign_metadata(snapshot)
        del listed.signed.targets["checkpoint"]
    files[tree.TIMESTAMP.path()] = timestamp.to_bytes()
    files["trust/1.snapshot.json"] = snapshot.to_bytes()
    files["trust/1.targets.json"] = listed.to_bytes()
    with pytest.raises(StoreDamaged, match=f"1.{case}.json is not signed by the key"):
        files.refresh(NOW + HOUR)


def test_a_snapshot_without_targets_is_damage(files: Tree) -> None:
    """It could be signed by the right key and still lead nowhere."""
    snapshot = Metadata[Snapshot].from_bytes(files["trust/1.snapshot.json"])
    snapshot.signed.meta = {}
    files.keyring.online.sign_metadata(snapshot)
    timestamp = Metadata[Timestamp].from_bytes(files[tree.TIMESTAMP.path()])
    timestamp.signed.snapshot_meta.length = timestamp.signed.snapshot_meta.hashes = None
    files["trust/1.snapshot.json"], files[tree.TIMESTAMP.path()] = snapshot.to_bytes(), timestamp.to_bytes()
    with pytest.raises(StoreDamaged, match="names no targets"):
        files.publish(NOW + DAY)


# Roots and public files


def test_the_newest_root_is_found_by_counting_up(files: Tree) -> None:
    """A second root is in force as soon as it is there, and its keys count."""
    ring = files.keyring
    second = trust_root.make_root(
        [ring.root(2).tuf_key],
        1,
        targets=ring.targets.tuf_key,
        online=ring.online.tuf_key,
        version=2,
        now=NOW,
    )
    files["trust/2.root.json"] = trust_root.sign_root(second, [ring.root(1), ring.root(2)])
    assert newest_root(files.__getitem__).version == 2
    assert len(roots(files.__getitem__)) == 2
    files.refresh(NOW + DAY)


def test_a_root_signed_by_old_and_new_keys_is_followed(keyring: Keyring, tmp_path: Path) -> None:
    """The parts for a rotation fit the stock client: signed by both, it moves on to the second root."""
    served = Tree(keyring, now())
    served.publish(now())
    client = Client(served, tmp_path / "client")
    client.visit()
    others = Keyring(tmp_path / "others", create=True)
    second = trust_root.make_root(
        [others.root(1).tuf_key],
        1,
        targets=others.targets.tuf_key,
        online=others.online.tuf_key,
        version=2,
        now=now(),
    )
    served["trust/2.root.json"] = trust_root.sign_root(second, [keyring.root(1), others.root(1)])
    served.keyring = others
    served.publish(now(), version=2)
    assert client.visit() == targets(others, 2)


def test_public_files_are_the_roots_and_a_pem_for_each_key(files: Tree) -> None:
    """Named by role and kid; nothing private among them."""
    ring = files.keyring
    files[tree.KEYS.path()] = targets(ring)["keys.json"]
    found = public_files(files.__getitem__)
    signers = {
        "root": ring.root(1), "targets": ring.targets, "online": ring.online,
        "document": ring.document, "log": ring.log, "feed": ring.feed,
    }  # fmt: skip
    expected = {f"{role}-{signer.kid}.pem": signer.public_pem.encode() for role, signer in signers.items()}
    assert found == expected | {"1.root.json": files["trust/1.root.json"]}
    assert not any(b"PRIVATE" in data for data in found.values())


def test_root_metadata_is_taken_by_pythons_own_root_class(files: Tree) -> None:
    """The first root verifies itself."""
    root = Metadata[Root].from_bytes(files["trust/1.root.json"])
    root.signed.verify_delegate("root", root.signed_bytes, root.signatures)
