"""``keys.json``: what a new register lists, and when a keyring no longer fits what was published."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
from trust_tree import NOW, REGISTER

from programs import output_of
from publishers import open_all
from register_api.core import canonical
from register_api.core.documents import Ended, KeyList, KeyRecord
from register_api.core.field_forms import FORMAT_MINOR
from register_api.core.key_list import check_keys, good_key
from register_api.core.log.note import parse_verifier_key
from register_api.core.signature import thumbprint
from register_api.errors import KeyStoreError, Malformed, UntrustedKey
from register_api.publish.signing.key_list import (
    current_key_list,
    first_key_list,
    key_record,
    pem_files,
    revised,
)
from register_api.publish.signing.keyring import Keyring
from tools import need

if TYPE_CHECKING:
    from pathlib import Path

USES = ("document", "log", "feed")


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    """A fresh set of keys."""
    return Keyring(tmp_path / "keys", create=True)


@pytest.fixture
def keys(keyring: Keyring) -> KeyList:
    """The list of a new register."""
    return first_key_list(REGISTER, keyring)


def changed(keys: KeyList, use: str, **fields: object) -> KeyList:
    """Return a list in which one record says something else."""
    records = [msgspec.structs.replace(row, **fields) if row.use == use else row for row in keys.keys]
    return msgspec.structs.replace(keys, keys=tuple(records))


def test_a_new_list_has_one_open_key_for_each_use(keys: KeyList, keyring: Keyring) -> None:
    """Good from version 1 to this day, and the verifying half has nothing against it."""
    check_keys(keys)
    assert [row.use for row in keys.keys] == list(USES)
    for row in keys.keys:
        assert (row.first_version, row.last_version, row.ended) == (1, None, None)
        assert row.kid == getattr(keyring, row.use).kid == thumbprint(row.jwk)
        assert good_key(keys, row.use, row.kid, 7) == row


def test_a_list_names_no_algorithm_and_no_root_key(keys: KeyList) -> None:
    """``alg`` would hide the key from readers of the other name; TUF keys are the root's matter."""
    assert not any("alg" in row.jwk for row in keys.keys)
    assert [row.jwk["crv"] for row in keys.keys] == ["Ed25519", "Ed25519", "P-256"]


def test_the_log_key_alone_has_a_verifier_key(keys: KeyList, keyring: Keyring) -> None:
    """Its name is the register's name, its type 0x01."""
    assert [row.use for row in keys.keys if row.note_key is not None] == ["log"]
    note_key = parse_verifier_key(keys.keys[1].note_key or "")
    assert (note_key.name, note_key.algorithm, note_key.public) == (REGISTER, 1, keyring.log.public)


def test_a_list_survives_the_wire(keys: KeyList) -> None:
    """What is written is read again as it was."""
    assert canonical.decode(canonical.encode(keys), KeyList) == keys


def test_a_name_that_cannot_be_a_key_name_is_refused(keyring: Keyring) -> None:
    """A verifier key has plus signs between its parts and no spaces."""
    with pytest.raises(Malformed):
        first_key_list("example.com/sub processors", keyring)


def test_every_listed_key_has_a_pem_file_that_openssl_reads(keys: KeyList, tmp_path: Path) -> None:
    """By their ids, ending with a newline."""
    openssl = need("openssl")
    files = pem_files(keys)
    assert list(files) == [row.kid for row in keys.keys]
    for data in files.values():
        assert data.endswith(b"-----END PUBLIC KEY-----\n")
        (tmp_path / "key.pem").write_bytes(data)
        output_of(openssl, "pkey", "-pubin", "-in", tmp_path / "key.pem", "-noout")


def test_a_new_register_starts_its_list(keyring: Keyring, keys: KeyList) -> None:
    """Nothing was published yet."""
    assert current_key_list(None, REGISTER, keyring, 1) == keys


def test_a_published_list_is_kept_while_its_keys_are_ours(keyring: Keyring, keys: KeyList) -> None:
    """No publication adds or changes a key by the way."""
    assert current_key_list(keys, REGISTER, keyring, 7) is keys


@pytest.mark.parametrize("use", USES)
def test_a_key_that_is_not_listed_is_refused(
    keyring: Keyring, keys: KeyList, tmp_path: Path, use: str
) -> None:
    """Customers would refuse every signature, so nothing is signed; the hint names the listed key."""
    (tmp_path / "keys" / f"{use}.pem").unlink()
    other = Keyring(tmp_path / "keys", create=True)
    with pytest.raises(
        KeyStoreError, match=f"the {use} key of this keyring.*is not in the published list"
    ) as caught:
        current_key_list(keys, REGISTER, other, 7)
    assert getattr(keyring, use).kid in caught.value.hint
    assert getattr(other, use).kid in caught.value.message


@pytest.mark.parametrize("use", USES)
def test_a_key_that_was_ended_is_refused(keyring: Keyring, keys: KeyList, use: str) -> None:
    """After the last version known to be good it signs nothing more; up to there it did."""
    closed = changed(keys, use, last_version=6, ended=Ended(at=NOW, reason="compromised"))
    assert current_key_list(closed, REGISTER, keyring, 6) is closed
    with pytest.raises(KeyStoreError, match="is not good for version 7") as caught:
        current_key_list(closed, REGISTER, keyring, 7)
    assert caught.value.hint == f"rotate the {use} key"


def test_a_rotated_list_is_kept(keyring: Keyring, keys: KeyList, tmp_path: Path) -> None:
    """The structure takes a rotation: the old range closed, the new key from the next version on."""
    (tmp_path / "keys" / "document.pem").unlink()
    other = Keyring(tmp_path / "keys", create=True)
    closed = changed(keys, "document", last_version=6, ended=Ended(at=NOW, reason="rotated"))
    fresh = key_record("document", other.document, REGISTER, 7)
    rotated = msgspec.structs.replace(closed, keys=(*closed.keys, fresh))
    assert current_key_list(rotated, REGISTER, other, 7) is rotated
    with pytest.raises(KeyStoreError, match="is not good for version 7") as caught:
        current_key_list(rotated, REGISTER, keyring, 7)
    assert other.document.kid in caught.value.hint


def test_a_changed_list_keeps_what_a_later_release_wrote(keys: KeyList) -> None:
    """A record that does not change stays as it was written; one that does keeps its other members."""
    published = canonical.parse(canonical.encode(keys))
    published["later"] = 1
    published["format_minor"] += 1
    for record in published["keys"]:
        record["later"] = {"unknown": record["use"]}
    ended = Ended(at=NOW, reason="rotated")
    successor = msgspec.structs.replace(keys.keys[1], kid="A" * 43, first_version=4)
    records = (keys.keys[0], msgspec.structs.replace(keys.keys[1], last_version=3, ended=ended), successor)
    result = canonical.parse(
        revised(canonical.encode(published), msgspec.structs.replace(keys, keys=records))
    )
    assert (result["later"], result["format_minor"]) == (1, FORMAT_MINOR + 1)
    assert result["keys"][0] == published["keys"][0]
    assert result["keys"][1]["later"] == {"unknown": "log"}
    assert result["keys"][1]["ended"]["reason"] == "rotated"
    assert result["keys"][2] == canonical.parse(canonical.encode(successor))
    assert canonical.decode(canonical.encode(result), KeyList).keys == records


def test_a_list_of_another_register_is_refused(keyring: Keyring) -> None:
    """Keys and store belong to one register."""
    other = first_key_list("example.org/sub-processors", keyring)
    with pytest.raises(KeyStoreError, match=r"that of example\.org/sub-processors"):
        current_key_list(other, REGISTER, keyring, 7)


def test_a_list_that_contradicts_itself_is_refused(keyring: Keyring, keys: KeyList) -> None:
    """What customers would refuse is not published again."""
    with pytest.raises(Malformed):
        current_key_list(changed(keys, "log", note_key=None), REGISTER, keyring, 7)
    twice: tuple[KeyRecord, ...] = (*keys.keys, keys.keys[0])
    with pytest.raises(UntrustedKey):
        current_key_list(msgspec.structs.replace(keys, keys=twice), REGISTER, keyring, 7)


def test_one_key_for_documents_and_log_is_refused(keyring: Keyring, tmp_path: Path) -> None:
    """The keyring finds the copy before a list is made of it."""
    (tmp_path / "copied").mkdir(mode=0o700)
    open_all(keyring)
    for path in (tmp_path / "keys").glob("*.pem"):
        source = "document.pem" if path.name == "log.pem" else path.name
        (tmp_path / "copied" / path.name).hardlink_to(tmp_path / "keys" / source)
    with pytest.raises(KeyStoreError, match="hold the same key"):
        first_key_list(REGISTER, Keyring(tmp_path / "copied"))
