"""Encrypted key files: opened by what a file or a person says, and the passphrase is shown nowhere."""

from __future__ import annotations

import getpass
import os
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from memory_folder import memory_folder
from programs import output_of
from publishers import NOW, Publisher
from register_api.cli.main import cli
from register_api.core.documents import Ended
from register_api.errors import KeyStoreError
from register_api.publish.rotation import rotate_key
from register_api.publish.signing import key_file
from register_api.publish.signing.key_file import UNLOCKED_BY, Passphrases, Secret
from register_api.publish.signing.keyring import Keyring
from register_api.publish.signing.signer import Ed25519Signer, P256Signer, generate, load
from tools import need

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CANARY = "canary-Zx81-correct-horse-staple"
"""What must be found in no output."""


@pytest.fixture
def named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with the passphrase, named by the environment."""
    return name_passphrase(tmp_path, monkeypatch)


def name_passphrase(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = folder / "secrets" / "passphrase"
    path.parent.mkdir(mode=0o700)
    path.write_text(f"{CANARY}\n")
    path.chmod(0o600)
    monkeypatch.setenv(UNLOCKED_BY, str(path))
    return path


def encrypted_key(folder: Path) -> Path:
    """Make an encrypted key; the passphrase is that of the named file."""
    path = folder / "keys" / "root-1.pem"
    generate(path, Ed25519Signer)
    return path


@pytest.mark.parametrize("kind", [Ed25519Signer, P256Signer])
def test_new_keys_are_encrypted_when_a_passphrase_file_is_named(
    tmp_path: Path, named: Path, kind: type[Ed25519Signer]
) -> None:
    """They are PKCS#8 as OpenSSL reads it, and open again with the same file."""
    path = tmp_path / "keys" / "a.pem"
    made = generate(path, kind)
    assert path.read_bytes().startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
    assert load(path, kind).kid == made.kid
    public = output_of(need("openssl"), "pkey", "-in", path, "-passin", f"file:{named}", "-pubout")
    assert public.decode() == made.public_pem


def test_a_key_that_openssl_encrypted_with_scrypt_is_opened(tmp_path: Path, named: Path) -> None:
    """The stronger form that the documentation recommends."""
    path = tmp_path / "keys" / "a.pem"
    plain = tmp_path / "keys" / "plain.pem"
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(UNLOCKED_BY)
        made = generate(plain, Ed25519Signer)
    encrypt = (need("openssl"), "pkcs8", "-topk8", "-scrypt", "-in", plain, "-out", path)
    output_of(*encrypt, "-passout", f"file:{named}")
    path.chmod(0o600)
    assert load(path, Ed25519Signer).kid == made.kid


def test_a_person_is_asked_once_for_the_keys_of_a_folder(
    tmp_path: Path, named: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a terminal, without echo; what opened one key is tried on the next."""
    keyring = Keyring(tmp_path / "keys", create=True)
    kids = keyring.document.kid, keyring.feed.kid, keyring.log.kid
    monkeypatch.delenv(UNLOCKED_BY)
    questions: list[str] = []
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr(getpass, "getpass", lambda question: questions.append(question) or CANARY)
    again = Keyring(tmp_path / "keys")
    assert (again.document.kid, again.feed.kid, again.log.kid) == kids
    assert len(questions) == 1
    assert "document.pem" in questions[0]


def test_a_typed_passphrase_encrypts_the_key_that_follows(
    published: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rotated key is not left plain beside encrypted ones."""
    monkeypatch.delenv(UNLOCKED_BY)
    monkeypatch.setattr(Passphrases, "candidates", lambda _self, _path: iter([Secret(CANARY.encode())]))
    rotate_key(published.store, published.keys, "document", Ended(at=NOW, reason="rotated", text=None))
    assert key_file.is_encrypted(published.keys / "document.pem")


def test_a_root_key_is_encrypted_with_what_its_holder_types(tmp_path: Path) -> None:
    """Twice the same, and shown nowhere; otherwise no key is made."""
    path = tmp_path / "alice" / "root-1.pem"
    words = ["keys", "new", str(path), "--encrypt"]
    refused = CliRunner().invoke(cli, words, input=f"{CANARY}\nother\n")
    assert refused.exit_code != 0
    assert not path.exists()
    result = CliRunner().invoke(cli, words, input=f"{CANARY}\n{CANARY}\n")
    assert result.exit_code == 0, result.output
    assert key_file.is_encrypted(path)
    assert CANARY not in refused.output + result.output


def _wrong(path: Path) -> None:
    path.write_text(f"{CANARY}-but-wrong\n")


def _empty(path: Path) -> None:
    path.write_text(f"\n{CANARY}\n")


def _long(path: Path) -> None:
    path.write_text(CANARY * 100)


def _open(path: Path) -> None:
    path.chmod(0o644)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_wrong, "another passphrase"),
        (_empty, "does not begin with 1 to 1000"),
        (_long, "does not begin with 1 to 1000"),
        (_open, "open to other users"),
        (Path.unlink, "file not found"),
    ],
)
def test_errors_show_neither_passphrase_nor_key(
    tmp_path: Path, named: Path, spoil: Callable[[Path], None], words: str
) -> None:
    """Not in the message, the hint, the traceback, nor a repr."""
    path = encrypted_key(tmp_path)
    spoil(named)
    with pytest.raises(KeyStoreError, match=words) as caught:
        load(path, Ed25519Signer)
    shown = "".join(traceback.format_exception(caught.value)) + caught.value.hint + repr(caught.value)
    assert CANARY not in shown
    assert not any(line in shown for line in path.read_text().splitlines() if not line.startswith("-----"))


def test_no_repr_shows_what_is_remembered(tmp_path: Path, named: Path) -> None:
    """An object that ends up in a log says nothing."""
    passphrases = Passphrases()
    signer = load(encrypted_key(tmp_path), Ed25519Signer, passphrases)
    assert CANARY not in f"{passphrases!r} {signer!r} {Keyring(tmp_path / 'keys')!r}"


@pytest.mark.parametrize("spoil", [None, _wrong, _empty, _open, Path.unlink])
@pytest.mark.parametrize(
    "words",
    [
        ["publish"],
        ["refresh"],
        ["keys", "rotate", "document"],
        ["keys", "rotate", "targets"],
        ["keys", "rotate", "root-1"],
        ["keys", "renew", "--force"],
    ],
    ids=lambda words: words if isinstance(words, str) else " ".join(words[:3]),
)
def test_no_command_shows_the_passphrase(
    published: Publisher, named: Path, words: list[str], spoil: Callable[[Path], None] | None
) -> None:
    """With the right one and with every wrong one, in neither output nor exception."""
    if spoil is not None:
        spoil(named)
    folders = ["--store", str(published.store), "--keys", str(published.keys)]
    source = ["--source", str(published.source)] if words == ["publish"] else []
    published.say("more to publish")
    result = CliRunner().invoke(cli, [*words, *folders, *source])
    shown = result.output + repr(result.exception) + "".join(traceback.format_exception(*result.exc_info))
    assert result.exit_code == (0 if spoil is None else 1), result.output
    assert CANARY not in shown


@pytest.fixture(scope="module")
def encrypted() -> Iterator[Publisher]:
    """A register whose keys are all encrypted; tests copy it."""
    with memory_folder() as folder, pytest.MonkeyPatch.context() as patch:
        name_passphrase(folder, patch)
        publisher = Publisher(folder / "company")
        publisher.publish()
        assert all(b"ENCRYPTED" in path.read_bytes() for path in publisher.keys.glob("*.pem"))
        yield publisher


@pytest.fixture
def published(
    encrypted: Publisher, tmp_path: Path, named: Path, monkeypatch: pytest.MonkeyPatch
) -> Publisher:
    """A copy of that register, with the passphrase in a file."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)
    return encrypted.copied(tmp_path / "company")
