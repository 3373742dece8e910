"""Keys in a PKCS#11 token: used like keys in files, and each way to fail is said in words."""

from __future__ import annotations

import getpass
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pkcs11
import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from tuf.api.metadata import Metadata, Timestamp

from publishers import NOW, Publisher
from register_api.cli.main import cli
from register_api.core.documents import Ended
from register_api.errors import KeyStoreError, UsageError
from register_api.publish.rotation import rotate_key
from register_api.publish.signing import token_key, token_uri
from register_api.publish.signing.keyring import Keyring
from register_api.publish.signing.signer import (
    Ed25519Signer,
    P256Signer,
    generate,
    load,
    new_token_key,
)
from register_api.publish.signing.token_uri import Pins, parse_uri
from softhsm import PIN, SoftHsm

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

URI = "pkcs11:token=Office;object=document"


@pytest.fixture
def hsm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SoftHsm:
    """A token called Office."""
    made = SoftHsm(tmp_path, monkeypatch)
    made.add("Office")
    return made


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file goes that says in which token the key lies."""
    return tmp_path / "keys" / "document.pem"


def test_a_key_in_a_token_signs_as_one_in_a_file(hsm: SoftHsm, path: Path) -> None:
    """64 bytes of RFC 8032, the same for the same bytes; the file holds the URI and nothing else."""
    made = new_token_key(path, URI)
    assert path.read_text() == f"{URI}\n"
    assert path.stat().st_mode & 0o777 == 0o600
    signer = load(path, Ed25519Signer)
    assert signer.kid == made.kid
    for data in (b"", b"some bytes", bytes(200_000)):
        signature = signer.sign(data)
        Ed25519PublicKey.from_public_bytes(made.public).verify(signature, data)
        assert signer.sign(data) == signature
    signed = Metadata(Timestamp())
    signer.sign_metadata(signed)
    made.tuf_key.verify_signature(signed.signatures[made.tuf_key.keyid], signed.signed_bytes)


def test_a_key_of_a_file_brought_into_a_token_is_the_same_key(
    hsm: SoftHsm, path: Path, tmp_path: Path
) -> None:
    """By the token's own tool; what it signs is what the file would sign."""
    before = generate(tmp_path / "keys" / "plain.pem", Ed25519Signer)
    hsm.take_over("Office", tmp_path / "keys" / "plain.pem", "document", "07")
    adopted = new_token_key(path, f"{URI};id=%07", adopt=True)
    assert (adopted.kid, adopted.sign(b"x")) == (before.kid, before.sign(b"x"))


def _no_module(hsm: SoftHsm, patch: pytest.MonkeyPatch, path: Path) -> None:
    patch.delenv(token_key.VARIABLE)


def _absent_module(hsm: SoftHsm, patch: pytest.MonkeyPatch, path: Path) -> None:
    patch.setenv(token_key.VARIABLE, "/nowhere/p11.so")


def _other_module(hsm: SoftHsm, patch: pytest.MonkeyPatch, path: Path) -> None:
    patch.setenv(token_key.VARIABLE, __file__)


def _no_package(hsm: SoftHsm, patch: pytest.MonkeyPatch, path: Path) -> None:
    patch.setitem(sys.modules, "pkcs11", None)


def _other_token(hsm: SoftHsm, patch: pytest.MonkeyPatch, path: Path) -> None:
    path.write_text("pkcs11:token=Elsewhere;object=document\n")


def _two_tokens(hsm: SoftHsm, patch: pytest.MonkeyPatch, path: Path) -> None:
    hsm.add("Office")


def _other_object(hsm: SoftHsm, patch: pytest.MonkeyPatch, path: Path) -> None:
    path.write_text("pkcs11:token=Office;object=other\n")


def _two_objects(hsm: SoftHsm, patch: pytest.MonkeyPatch, path: Path) -> None:
    plain = path.with_name("plain.pem")
    generate(plain, Ed25519Signer)
    hsm.take_over("Office", plain, "document", "07")


def _wrong_pin(hsm: SoftHsm, patch: pytest.MonkeyPatch, path: Path) -> None:
    hsm.pin_file.write_text(f"{PIN}-wrong")


def _open_pin(hsm: SoftHsm, patch: pytest.MonkeyPatch, path: Path) -> None:
    hsm.pin_file.chmod(0o644)


def _strange_pin(hsm: SoftHsm, patch: pytest.MonkeyPatch, path: Path) -> None:
    hsm.pin_file.write_bytes(PIN.encode() + b"\xff")


def _no_pin(hsm: SoftHsm, patch: pytest.MonkeyPatch, path: Path) -> None:
    patch.delenv(token_uri.PIN_VARIABLE)


def _no_ed25519(hsm: SoftHsm, patch: pytest.MonkeyPatch, path: Path) -> None:
    patch.setattr(pkcs11, "Mechanism", SimpleNamespace(EDDSA=pkcs11.Mechanism.SEED_CBC))


FAILURES = {
    _no_module: "which library reaches the token",
    _absent_module: "PKCS#11 module not found: /nowhere/p11.so",
    _other_module: "is not a PKCS#11 module",
    _no_package: "needs the Python package python-pkcs11",
    _other_token: "token not found: Elsewhere",
    _two_tokens: "2 tokens are called Office",
    _other_object: "holds no private Ed25519 key",
    _two_objects: "holds 2 private keys of the name",
    _wrong_pin: "does not take this PIN",
    _open_pin: "open to other users",
    _strange_pin: "not UTF-8",
    _no_pin: "no terminal to ask for the PIN",
    _no_ed25519: "cannot do Ed25519",
}


@pytest.mark.parametrize(("spoil", "words"), FAILURES.items(), ids=[each.__name__ for each in FAILURES])
def test_each_way_to_fail_is_said_in_words(
    hsm: SoftHsm, path: Path, monkeypatch: pytest.MonkeyPatch, spoil: Callable[..., None], words: str
) -> None:
    """A sentence with the token's name, and the PIN nowhere in it."""
    new_token_key(path, URI)
    spoil(hsm, monkeypatch, path)
    with pytest.raises(KeyStoreError, match=words) as caught:
        load(path, Ed25519Signer)
    assert PIN not in f"{caught.value}{caught.value.hint}{caught.value.__context__!r}"


def test_a_wrong_pin_is_tried_once(hsm: SoftHsm, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token counts wrong PINs; a second key of the folder does not use up another try."""
    new_token_key(path, URI)
    new_token_key(path.with_name("log.pem"), "pkcs11:token=Office;object=log")
    monkeypatch.delenv(token_uri.PIN_VARIABLE)
    questions: list[str] = []
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr(getpass, "getpass", lambda question: questions.append(question) or "wrong")
    keyring = Keyring(path.parent)
    with pytest.raises(KeyStoreError, match="does not take this PIN") as caught:
        _ = keyring.document
    assert "tries are limited" in caught.value.hint
    with pytest.raises(KeyStoreError, match="not tried a second time"):
        _ = keyring.log
    assert questions == ["PIN of the token Office: "]


def test_a_person_is_asked_once_for_the_keys_of_a_token(
    hsm: SoftHsm, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also by a keyring that reads the folder again; and a file that the URI names goes before all."""
    new_token_key(path, URI)
    new_token_key(path.with_name("log.pem"), "pkcs11:token=Office;object=log")
    monkeypatch.delenv(token_uri.PIN_VARIABLE)
    questions: list[str] = []
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr(getpass, "getpass", lambda question: questions.append(question) or PIN)
    keyring = Keyring(path.parent)
    assert keyring.document.kid != keyring.reopen().log.kid
    assert len(questions) == 1
    path.write_text(f"{URI}?module-path={hsm.module}&pin-source={hsm.pin_file}\n")
    monkeypatch.delenv(token_key.VARIABLE)
    assert Keyring(path.parent).document.sign(b"x")
    assert len(questions) == 1


def test_a_person_is_asked_once_by_a_rotation(
    hsm: SoftHsm, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though it looks at the next key three times."""
    publisher = Publisher(path.parent.parent / "company")
    publisher.publish()
    new_token_key(publisher.keys / "log.next.pem", URI)
    monkeypatch.delenv(token_uri.PIN_VARIABLE)
    questions: list[str] = []
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr(getpass, "getpass", lambda question: questions.append(question) or PIN)
    rotate_key(publisher.store, publisher.keys, "log", Ended(at=NOW, reason="rotated", text=None))
    assert len(questions) == 1
    assert (publisher.keys / "log.pem").read_text() == f"{URI}\n"


def test_a_feed_key_cannot_lie_in_a_token(hsm: SoftHsm, path: Path) -> None:
    """A feed's signature is the same every time; a token draws its own nonce for P-256."""
    new_token_key(path, URI)
    with pytest.raises(KeyStoreError, match="cannot be kept in one"):
        load(path, P256Signer)


def test_a_key_in_a_token_is_not_followed_by_one_in_a_file_unasked(hsm: SoftHsm, path: Path) -> None:
    """Who wants that makes the file first; nothing is made otherwise."""
    new_token_key(path, URI)
    keyring = Keyring(path.parent)
    with pytest.raises(UsageError, match="is in a token") as caught:
        keyring.following("document")
    assert "document.next.pem --token" in caught.value.hint
    assert not list(path.parent.glob("*.next.pem"))
    following = generate(path.with_name("document.next.pem"), Ed25519Signer)
    assert keyring.following("document").kid == following.kid


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--token", URI, "--encrypt"], "a token has a PIN"),
        (["--adopt"], "by --token"),
        (["--token", URI], "holds a key of that name already"),
        (["--token", "pkcs11:token=Office;id=%01"], "needs a label"),
        (["--token", "pkcs11:token=Office;object=none", "--adopt"], "holds no private"),
    ],
)
def test_a_key_that_cannot_be_made_leaves_no_file(
    hsm: SoftHsm, path: Path, tmp_path: Path, options: list[str], words: str
) -> None:
    """Refused in words, before anything is made."""
    new_token_key(path, URI)
    other = tmp_path / "alice" / "root-1.pem"
    result = CliRunner().invoke(cli, ["keys", "new", str(other), *options])
    assert result.exit_code in {1, 2}
    assert words in result.output
    assert not other.parent.exists()


def test_a_file_that_exists_is_no_place_for_a_key_in_a_token(hsm: SoftHsm, path: Path) -> None:
    """And no key is made in the token, where it would stay."""
    generate(path, Ed25519Signer)
    with pytest.raises(KeyStoreError, match="never written over"):
        new_token_key(path, URI)
    with pytest.raises(KeyStoreError, match="holds no private"):
        new_token_key(path.with_name("log.pem"), URI, adopt=True)


def test_no_repr_shows_a_pin(hsm: SoftHsm, path: Path) -> None:
    """An object that ends up in a log says nothing."""
    pins = Pins()
    signer = new_token_key(path, URI)
    load(path, Ed25519Signer, pins=pins)
    assert PIN not in f"{pins!r} {vars(pins)!r} {signer!r} {vars(signer)!r}"


@pytest.mark.parametrize(("kind", "words"), token_key._WORDS.items(), ids=list(token_key._WORDS))
def test_what_a_token_says_of_itself_is_put_in_words(hsm: SoftHsm, kind: str, words: tuple[str, str]) -> None:
    """Each error of the library that a person can do something about, by its class."""
    failure = getattr(pkcs11, kind)
    with (
        pytest.raises(KeyStoreError, match="the token Office ") as caught,
        token_key.session(parse_uri(URI), Pins()),
    ):
        raise failure
    assert (caught.value.message, caught.value.hint) == (f"the token Office {words[0]}", words[1])


@pytest.mark.parametrize("flag", ["USER_PIN_FINAL_TRY", "USER_PIN_LOCKED"])
def test_a_wrong_pin_says_how_many_tries_are_left(flag: str) -> None:
    """As far as the token tells: one more, or none. SoftHSM never locks, so its answer is made up."""
    said = SimpleNamespace(flags=pkcs11.TokenFlag[flag])
    token = SimpleNamespace(slot=SimpleNamespace(get_token=lambda: said))
    error = token_key._wrong_pin(pkcs11, token, parse_uri(URI))
    expected = "one more wrong PIN locks" if flag == "USER_PIN_FINAL_TRY" else "security officer"
    assert expected in error.hint


def test_a_token_with_another_key_behind_the_name_signs_nothing(
    hsm: SoftHsm, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A signature that does not fit the public key is not handed on."""
    signer = new_token_key(path, URI)
    monkeypatch.setattr(signer._private, "_public", Ed25519PublicKey.from_public_bytes(bytes(32)))
    with pytest.raises(KeyStoreError, match="signs with another key"):
        signer.sign(b"x")
