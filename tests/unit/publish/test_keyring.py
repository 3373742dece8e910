"""The keyring: one key a role, opened only when needed, made once and never by halves."""

from __future__ import annotations

import base64
import shutil
import stat
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import filelock
import pytest

from publishers import open_all
from register_api.errors import KeyStoreError, UsageError
from register_api.publish.signing import keyring as keyring_module
from register_api.publish.signing.keyring import Keyring
from register_api.publish.signing.signer import Ed25519Signer, P256Signer

if TYPE_CHECKING:
    from pathlib import Path

ROLES = ("document", "log", "feed", "targets", "online")
FILES = {"root-1.pem", *(f"{role}.pem" for role in ROLES)}


def made(folder: Path) -> Keyring:
    """Make a whole set of keys."""
    return open_all(Keyring(folder, create=True))


def pem_files(folder: Path) -> dict[str, bytes]:
    """Return the key files of a folder with their content."""
    return {path.name: path.read_bytes() for path in folder.glob("*.pem")}


def test_opening_a_keyring_touches_nothing(tmp_path: Path) -> None:
    """Not even the folder is made before the first key is asked for."""
    Keyring(tmp_path / "keys", create=True)
    assert not (tmp_path / "keys").exists()


def test_a_new_set_has_one_key_a_role_for_its_owner_only(tmp_path: Path) -> None:
    """Six different keys: P-256 for feeds, Ed25519 for all else; modes 0600 in 0700."""
    keyring = made(tmp_path / "keys")
    signers = [keyring.root(1), *(getattr(keyring, role) for role in ROLES)]
    assert pem_files(tmp_path / "keys").keys() == FILES
    assert len({signer.kid for signer in signers}) == 6
    assert [type(signer) for signer in signers].count(Ed25519Signer) == 5
    assert isinstance(keyring.feed, P256Signer)
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "keys").iterdir()} == {0o600}


def test_keys_are_made_on_first_use_only(tmp_path: Path) -> None:
    """Asking for one key makes that one; asking again gives the same object."""
    keyring = Keyring(tmp_path / "keys", create=True)
    assert keyring.online is keyring.online
    assert pem_files(tmp_path / "keys").keys() == {"online.pem"}


def test_keys_stay_the_same(tmp_path: Path) -> None:
    """A second run loads what the first one made, and writes nothing."""
    first, content = made(tmp_path), pem_files(tmp_path)
    second = made(tmp_path)
    assert [getattr(first, role).kid for role in ROLES] == [getattr(second, role).kid for role in ROLES]
    assert pem_files(tmp_path) == content


@pytest.mark.parametrize("name", [*ROLES, "root"])
def test_without_leave_to_create_a_missing_key_is_an_error(tmp_path: Path, name: str) -> None:
    """A publisher that lost a key must not go on with a new one unnoticed."""
    made(tmp_path / "keys")
    (tmp_path / "keys" / ("root-1.pem" if name == "root" else f"{name}.pem")).unlink()
    keyring = Keyring(tmp_path / "keys")
    with pytest.raises(KeyStoreError, match="private key not found"):
        _ = keyring.roots if name == "root" else getattr(keyring, name)
    assert len(pem_files(tmp_path / "keys")) == 5


def test_a_machine_with_the_online_key_alone_can_use_it(tmp_path: Path) -> None:
    """What ``refresh`` needs is one file; damaged neighbours are not even looked at."""
    made(tmp_path / "all")
    (tmp_path / "online").mkdir(mode=0o700)
    shutil.copy2(tmp_path / "all" / "online.pem", tmp_path / "online")
    (tmp_path / "online" / "targets.pem").write_bytes(b"damaged")
    assert Keyring(tmp_path / "online").online.kid


@pytest.mark.parametrize("missing", sorted(FILES))
def test_a_half_made_set_is_completed(tmp_path: Path, missing: str) -> None:
    """After a crash between two keys the next run makes what is missing and keeps the rest."""
    made(tmp_path)
    before = pem_files(tmp_path)
    (tmp_path / missing).unlink()
    made(tmp_path)
    after = pem_files(tmp_path)
    assert after.keys() == before.keys()
    assert {name for name in after if after[name] != before[name]} == {missing}


def test_what_a_crash_left_of_a_key_is_removed(tmp_path: Path) -> None:
    """A key that was being written has another name, is never loaded, and goes with the next run."""
    tmp_path.chmod(0o700)
    leftover = tmp_path / ".log.pem.0123456789abcdef.new"
    leftover.write_bytes(b"-----BEGIN PRIV")
    made(tmp_path)
    assert not leftover.exists()
    assert pem_files(tmp_path).keys() == FILES


def in_environment(folder: Path, monkeypatch: pytest.MonkeyPatch, *roles: str) -> None:
    """Move key files of a folder into the environment."""
    for role in roles:
        path = folder / f"{role}.pem"
        monkeypatch.setenv(f"REGISTER_KEY_{role.upper()}", path.read_text())
        path.unlink()


def test_keys_in_the_environment_are_the_keys_of_the_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever signs cannot tell; nothing is written, and a key that is not given is not made."""
    kids = [getattr(made(tmp_path), role).kid for role in ROLES]
    in_environment(tmp_path, monkeypatch, *ROLES)
    before = sorted(tmp_path.iterdir())
    keyring = Keyring(tmp_path, create=True)
    assert [getattr(keyring, role).kid for role in ROLES] == kids
    assert sorted(tmp_path.iterdir()) == before
    monkeypatch.setenv("REGISTER_KEY_LOG", "")
    with pytest.raises(KeyStoreError, match="private key not found") as error:
        _ = keyring.reopen().log
    assert "REGISTER_KEY_LOG" in error.value.hint


@pytest.mark.parametrize("role", ROLES)
def test_base64_on_one_line_and_white_space_around_are_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, role: str
) -> None:
    """A service that hides values takes one line; a form in a browser adds ends of lines."""
    kid = getattr(made(tmp_path), role).kid
    pem = (tmp_path / f"{role}.pem").read_bytes()
    (tmp_path / f"{role}.pem").unlink()
    for value in (
        base64.b64encode(pem).decode(),
        f"\n{pem.decode()}\r\n",
        pem.decode().replace("\n", "\r\n"),
    ):
        monkeypatch.setenv(f"REGISTER_KEY_{role.upper()}", value)
        assert getattr(Keyring(tmp_path), role).kid == kid


NOT_KEYS = {
    "words": "the log key",
    "spaces for ends of lines": "-----BEGIN PRIVATE KEY----- MC4CAQAwBQYDK2VwBCIEI -----END PRIVATE KEY-----",
    "escaped ends of lines": r"-----BEGIN PRIVATE KEY-----\nMC4CAQAw\n-----END PRIVATE KEY-----\n",
    "base64 of something else": "c29tZXRoaW5nIGVsc2U=",
    "base64 without its end": "LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0",
    "base64url": "-_-_",
    "no text": "\udcff\udcfe",
    "too large": "-----BEGIN PRIVATE KEY-----" + "A" * 20_000,
    "a pkcs11 URI that is none": "pkcs11:token",
    "a name of a file": "/etc/hostname",
}


@pytest.mark.parametrize("value", NOT_KEYS.values(), ids=NOT_KEYS)
def test_what_is_not_a_key_in_the_environment_is_told_by_its_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    """An error of the key store, with nothing of the value."""
    monkeypatch.setenv("REGISTER_KEY_LOG", value)
    with pytest.raises(KeyStoreError) as error:
        _ = Keyring(tmp_path, create=True).log
    assert value not in f"{error.value} {error.value.hint}"
    assert "pkcs11" in value or "REGISTER_KEY_LOG" in str(error.value)
    assert not list(tmp_path.iterdir())


def test_a_key_of_another_kind_or_of_another_role_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two secrets taken for each other."""
    made(tmp_path)
    feed, document = (tmp_path / "feed.pem").read_text(), (tmp_path / "document.pem").read_text()
    (tmp_path / "log.pem").unlink()
    keyring = Keyring(tmp_path)
    monkeypatch.setenv("REGISTER_KEY_LOG", feed)
    with pytest.raises(
        KeyStoreError, match="REGISTER_KEY_LOG does not hold a private key of the kind Ed25519"
    ):
        _ = keyring.log
    monkeypatch.setenv("REGISTER_KEY_LOG", document)
    with pytest.raises(KeyStoreError, match="hold the same key"):
        _ = (keyring.document, keyring.log)


def test_a_file_and_a_variable_for_one_role_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which of them is meant is not guessed; a root key is read from its file alone."""
    keyring, pem = made(tmp_path), (tmp_path / "log.pem").read_text()
    monkeypatch.setenv("REGISTER_KEY_LOG", pem)
    with pytest.raises(KeyStoreError, match="two keys for one role"):
        _ = keyring.reopen().log
    monkeypatch.setenv("REGISTER_KEY_ROOT-1", pem)
    assert keyring.reopen().root(1).kid == keyring.root(1).kid


def test_no_key_is_made_to_follow_one_in_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would be lost with the job that made it."""
    made(tmp_path)
    in_environment(tmp_path, monkeypatch, "log")
    with pytest.raises(UsageError, match="REGISTER_KEY_LOG"):
        Keyring(tmp_path).following("log")
    assert not list(tmp_path.glob("log*"))


def test_many_at_once_make_one_set(tmp_path: Path) -> None:
    """Processes that start together end up with the same keys."""
    with ThreadPoolExecutor(6) as pool:
        rings = list(pool.map(lambda _: made(tmp_path / "keys"), range(6)))
    for role in ROLES:
        assert len({getattr(ring, role).kid for ring in rings}) == 1


def test_a_folder_locked_by_another_process_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a while of waiting there is an error instead of a second key."""
    monkeypatch.setattr(keyring_module, "WAIT_SECONDS", 0.05)
    with filelock.UnixFileLock(tmp_path / ".lock"):
        keyring = Keyring(tmp_path, create=True)
        with pytest.raises(KeyStoreError, match="another process is making keys"):
            _ = keyring.document


def test_a_folder_that_cannot_hold_a_lock_is_a_key_store_error(tmp_path: Path) -> None:
    """A folder stands where the lock should be."""
    (tmp_path / ".lock").mkdir()
    keyring = Keyring(tmp_path, create=True)
    with pytest.raises(KeyStoreError, match="cannot be"):
        _ = keyring.document


@pytest.mark.parametrize(
    ("copy", "original"),
    [
        ("log", "document"),
        ("online", "targets"),
        ("targets", "root-1"),
        ("document", "root-1"),
        ("log", "online"),
    ],
)
def test_one_key_in_two_roles_is_refused(tmp_path: Path, copy: str, original: str) -> None:
    """A copied file is found out when the second of the two is opened, and both are named."""
    made(tmp_path)
    shutil.copy2(tmp_path / f"{original}.pem", tmp_path / f"{copy}.pem")
    with pytest.raises(KeyStoreError, match="hold the same key") as caught:
        open_all(Keyring(tmp_path))
    assert f"{original}.pem" in caught.value.message
    assert f"{copy}.pem" in caught.value.message


def test_one_root_key_twice_is_refused(tmp_path: Path) -> None:
    """Otherwise one person would count as two."""
    keyring = Keyring(tmp_path, create=True, root_keys=3, root_threshold=2)
    assert len({signer.kid for signer in keyring.roots}) == 3
    shutil.copy2(tmp_path / "root-1.pem", tmp_path / "root-3.pem")
    again = Keyring(tmp_path, create=False, root_keys=3, root_threshold=2)
    with pytest.raises(KeyStoreError, match=r"root-1\.pem and .*root-3\.pem hold the same key"):
        _ = again.roots


@pytest.mark.parametrize(("threshold", "keys"), [(0, 1), (2, 1), (4, 3), (-1, 2), (1, 0)])
def test_a_threshold_that_cannot_be_met_is_refused(tmp_path: Path, threshold: int, keys: int) -> None:
    """One root key at least, and no more signatures than there are keys."""
    with pytest.raises(UsageError, match="threshold"):
        Keyring(tmp_path, create=True, root_threshold=threshold, root_keys=keys)


def test_a_readable_key_is_refused_through_the_keyring(tmp_path: Path) -> None:
    """The rules for files hold for every role."""
    made(tmp_path)
    (tmp_path / "log.pem").chmod(0o640)
    keyring = Keyring(tmp_path, create=True)
    with pytest.raises(KeyStoreError, match="open to other users") as caught:
        _ = keyring.log
    assert "chmod 600" in caught.value.hint


def test_a_dangling_link_is_no_missing_key(tmp_path: Path) -> None:
    """A key that is kept elsewhere and not there now is not replaced by a new one."""
    tmp_path.chmod(0o700)
    (tmp_path / "log.pem").symlink_to(tmp_path / "not-mounted" / "log.pem")
    keyring = Keyring(tmp_path, create=True)
    with pytest.raises(KeyStoreError):
        _ = keyring.log
    assert (tmp_path / "log.pem").readlink() == tmp_path / "not-mounted" / "log.pem"


def test_a_keyring_shows_its_folder_only(tmp_path: Path) -> None:
    """No key appears in ``repr``."""
    assert repr(made(tmp_path)) == f"Keyring({str(tmp_path)!r})"
