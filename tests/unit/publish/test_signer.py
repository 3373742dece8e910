"""Private keys: how they are kept, what is refused, and that their signatures are what others expect."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import stat
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, x25519
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_public_key,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jws
from joserfc.errors import SecurityWarning
from joserfc.jwk import OKPKey
from tuf.api.metadata import Metadata, Timestamp

import register_api
from programs import run
from register_api.core.signature import verify_jws, verify_p256, verify_raw
from register_api.errors import KeyStoreError
from register_api.publish.signing.keyring import sign_jws
from register_api.publish.signing.signer import Ed25519Signer, P256Signer, generate, load
from thoroughness import examples
from tools import need

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

# RFC 8032 section 7.1, test 2.
ED25519_SEED = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
ED25519_PUBLIC = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
ED25519_SIGNATURE = bytes.fromhex(
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)
# RFC 8037 appendix A.1 and A.3.
RFC8037_SEED = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
RFC8037_THUMBPRINT = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
# RFC 6979 appendix A.2.5: P-256, SHA-256, message "sample".
P256_NUMBER = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721
P256_R = 0xEFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716
P256_S = 0xF7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8

KINDS = (Ed25519Signer, P256Signer)
DOCUMENT = '{"name":"Zażółć"}'.encode()


def pem(
    private: PrivateKeyTypes, passphrase: bytes = b"", form: PrivateFormat = PrivateFormat.PKCS8
) -> bytes:
    """Return a private key as the content of a file."""
    encryption = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    return private.private_bytes(Encoding.PEM, form, encryption)


def key_file(folder: Path, content: bytes, mode: int = 0o600) -> Path:
    """Write a key file by hand."""
    path = folder / "key.pem"
    path.write_bytes(content)
    path.chmod(mode)
    return path


def ed25519_signer(folder: Path, seed: bytes) -> Ed25519Signer:
    """Open a key that a standard gives as 32 bytes."""
    return load(key_file(folder, pem(ed25519.Ed25519PrivateKey.from_private_bytes(seed))), Ed25519Signer)


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_key_is_for_its_owner_only_whatever_the_umask(
    tmp_path: Path, kind: type[Ed25519Signer | P256Signer]
) -> None:
    """The file has mode 0600, the folder 0700, and nothing else is left in it."""
    path = tmp_path / "var" / "keys" / "key.pem"
    before = os.umask(0)
    try:
        generate(path, kind)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert list(path.parent.iterdir()) == [path]
    assert path.stat().st_nlink == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_is_the_same_after_it_was_loaded_again(
    tmp_path: Path, kind: type[Ed25519Signer | P256Signer]
) -> None:
    """What was generated and what is loaded sign alike, and bear the same names."""
    made = generate(tmp_path / "keys" / "key.pem", kind)
    loaded = load(tmp_path / "keys" / "key.pem", kind)
    assert (made.kid, made.jwk, made.public, made.public_pem) == (
        loaded.kid,
        loaded.jwk,
        loaded.public,
        loaded.public_pem,
    )
    assert made.sign(DOCUMENT) == loaded.sign(DOCUMENT)


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_is_never_written_over(tmp_path: Path, kind: type[Ed25519Signer | P256Signer]) -> None:
    """Generating into an existing file fails and leaves it as it was."""
    path = key_file(tmp_path, b"something")
    with pytest.raises(KeyStoreError, match="never written over"):
        generate(path, kind)
    assert path.read_bytes() == b"something"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o660, 0o644, 0o610, 0o601, 0o777])
def test_a_file_that_others_may_use_is_refused(tmp_path: Path, mode: int) -> None:
    """Any permission of group or others is too much; the hint says what to type."""
    path = key_file(tmp_path, pem(ed25519.Ed25519PrivateKey.generate()), mode)
    with pytest.raises(KeyStoreError, match=f"mode {mode:04o}") as caught:
        load(path, Ed25519Signer)
    assert f"chmod 600 {path}" in caught.value.hint


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_file_that_only_its_owner_may_read_is_taken(tmp_path: Path, mode: int) -> None:
    """Read-only is fine: a key is never written again."""
    path = key_file(tmp_path, pem(ed25519.Ed25519PrivateKey.generate()), mode)
    assert load(path, Ed25519Signer).kid


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o720, 0o777])
def test_a_folder_in_which_others_may_write_is_refused(tmp_path: Path, mode: int) -> None:
    """Others could put their own key there, so nothing is read from it or written to it."""
    folder = tmp_path / "keys"
    folder.mkdir()
    path = key_file(folder, pem(ed25519.Ed25519PrivateKey.generate()))
    folder.chmod(mode)
    with pytest.raises(KeyStoreError, match="other users may write") as caught:
        load(path, Ed25519Signer)
    assert caught.value.hint == f"chmod 700 {folder}"
    with pytest.raises(KeyStoreError, match="other users may write"):
        generate(folder / "new.pem", Ed25519Signer)
    assert list(folder.iterdir()) == [path]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "private",
    [
        ec.generate_private_key(ec.SECP384R1()),
        ec.generate_private_key(ec.SECP256K1()),
        x25519.X25519PrivateKey.generate(),
        rsa.generate_private_key(65537, 2048),
    ],
    ids=["P-384", "secp256k1", "X25519", "RSA"],
)
def test_a_key_of_another_kind_is_refused(
    tmp_path: Path, kind: type[Ed25519Signer | P256Signer], private: PrivateKeyTypes
) -> None:
    """Curves and algorithms that the format does not use are named as wrong."""
    with pytest.raises(KeyStoreError, match=f"does not hold a private key of the kind {kind.kind}"):
        load(key_file(tmp_path, pem(private)), kind)


def test_a_key_of_another_role_is_refused(tmp_path: Path) -> None:
    """The two kinds that are used do not stand in for each other."""
    generate(tmp_path / "ed25519.pem", Ed25519Signer)
    generate(tmp_path / "p256.pem", P256Signer)
    with pytest.raises(KeyStoreError, match="P-256"):
        load(tmp_path / "ed25519.pem", P256Signer)
    with pytest.raises(KeyStoreError, match="Ed25519"):
        load(tmp_path / "p256.pem", Ed25519Signer)


def _broken_files() -> dict[str, tuple[bytes, str]]:
    """Return files that hold no usable key, with the words they are refused with."""
    private = ed25519.Ed25519PrivateKey.from_private_bytes(RFC8037_SEED)
    good = pem(private)
    return {
        "empty": (b"", "not a private key in PKCS#8 PEM form"),
        "cut short": (good[: len(good) // 2], "damaged"),
        "a byte changed": (good.replace(b"MC4", b"MC5"), "damaged"),
        "no base64": (good.replace(b"MC4", b"M!!"), "damaged"),
        "DER": (
            private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
            "not a private key in PKCS#8 PEM form",
        ),
        "OpenSSH": (pem(private, form=PrivateFormat.OpenSSH), "not a private key in PKCS#8 PEM form"),
        "with passphrase": (
            pem(private, b"secret"),
            "encrypted, and there is no terminal",
        ),
        "too large": (good + b"\n" * 20_000, "too large"),
    }


@pytest.mark.parametrize("case", _broken_files())
def test_a_file_without_a_usable_key_is_refused_without_showing_any_of_it(tmp_path: Path, case: str) -> None:
    """Not even the traceback holds a line of the file."""
    content, words = _broken_files()[case]
    path = key_file(tmp_path, content)
    with pytest.raises(KeyStoreError, match=words) as caught:
        load(path, Ed25519Signer)
    shown = "".join(traceback.format_exception(caught.value)) + caught.value.hint + repr(caught.value)
    lines = [line for line in content.splitlines() if len(line) > 8 and not line.startswith(b"-----")]
    assert not any(line.decode("latin-1") in shown for line in lines)
    assert str(path) in caught.value.message
    assert "PKCS#8" not in words or "restore the file from your copy" in caught.value.hint


def test_a_missing_file_a_folder_and_a_pipe_are_refused(tmp_path: Path) -> None:
    """None of them is waited for or taken for a key."""
    with pytest.raises(KeyStoreError, match="private key not found") as caught:
        load(tmp_path / "none.pem", Ed25519Signer)
    assert "--keys" in caught.value.hint
    (tmp_path / "folder.pem").mkdir(mode=0o700)
    os.mkfifo(tmp_path / "pipe.pem", 0o600)
    for name in ("folder.pem", "pipe.pem"):
        with pytest.raises(KeyStoreError, match="not a plain file"):
            load(tmp_path / name, Ed25519Signer)


def test_what_cannot_be_written_is_a_key_store_error(tmp_path: Path) -> None:
    """A file where the folder should be."""
    (tmp_path / "keys").write_bytes(b"")
    with pytest.raises(KeyStoreError, match="keys"):
        generate(tmp_path / "keys" / "key.pem", Ed25519Signer)


@pytest.mark.parametrize("kind", KINDS)
def test_a_signer_shows_its_public_name_only(tmp_path: Path, kind: type[Ed25519Signer | P256Signer]) -> None:
    """``repr`` and ``str`` tell which key it is."""
    signer = generate(tmp_path / "keys" / "key.pem", kind)
    assert repr(signer) == str(signer) == f"{kind.__name__}(kid={signer.kid!r})"


def test_ed25519_signatures_are_those_of_rfc_8032(tmp_path: Path) -> None:
    """The public key and the signature are the standard's."""
    signer = ed25519_signer(tmp_path, ED25519_SEED)
    assert signer.public == ED25519_PUBLIC
    assert signer.sign(b"\x72") == ED25519_SIGNATURE


def test_a_kid_is_the_thumbprint_of_rfc_8037(tmp_path: Path) -> None:
    """The JWK has no ``alg``, and its thumbprint is the standard's."""
    signer = ed25519_signer(tmp_path, RFC8037_SEED)
    assert signer.kid == RFC8037_THUMBPRINT
    assert signer.jwk == {
        "crv": "Ed25519",
        "kty": "OKP",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    }


def test_p256_signatures_are_those_of_rfc_6979(tmp_path: Path) -> None:
    """The nonce comes from key and message, so a feed is signed alike every time."""
    private = ec.derive_private_key(P256_NUMBER, ec.SECP256R1())
    signer = load(key_file(tmp_path, pem(private)), P256Signer)
    assert signer.sign(b"sample") == encode_dss_signature(P256_R, P256_S)
    verify_p256(b"sample", signer.sign(b"sample"), signer.public_pem)


@pytest.mark.parametrize("kind", KINDS)
def test_the_public_pem_is_that_of_the_key(tmp_path: Path, kind: type[Ed25519Signer | P256Signer]) -> None:
    """The PEM text can be read by others and ends with a newline."""
    signer = generate(tmp_path / "keys" / "key.pem", kind)
    assert signer.public_pem.endswith("-----END PUBLIC KEY-----\n")
    assert load_pem_public_key(signer.public_pem.encode())


def test_tuf_key_ids_are_those_of_securesystemslib(tmp_path: Path) -> None:
    """The id is the SHA-256 over the canonical JSON of type, scheme and value."""
    signer = ed25519_signer(tmp_path, RFC8037_SEED)
    described = {"keytype": "ed25519", "keyval": {"public": signer.public.hex()}, "scheme": "ed25519"}
    canonical = json.dumps(described, separators=(",", ":"), sort_keys=True)
    assert signer.tuf_key.keyid == hashlib.sha256(canonical.encode()).hexdigest()
    signed = Metadata(Timestamp())
    signer.sign_metadata(signed)
    assert signed.signatures[signer.tuf_key.keyid].signature == signer.sign(signed.signed_bytes).hex()


@settings(max_examples=examples(40), deadline=None)
@given(data=st.binary(max_size=300))
def test_both_forms_of_a_signature_are_taken_by_the_verifying_half(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    """Whatever the document's bytes are, the core accepts what publishing makes."""
    signer = ed25519_signer(tmp_path_factory.mktemp("keys"), RFC8037_SEED)
    verify_raw(data, signer.sign(data), signer.public)
    assert verify_jws(data, sign_jws(data, signer), {signer.kid: signer.public}.__getitem__) == signer.kid


def test_a_jws_is_one_line_with_exactly_alg_and_kid(tmp_path: Path) -> None:
    """The form of the format: two dots, no newline, no padding."""
    line = sign_jws(DOCUMENT, ed25519_signer(tmp_path, RFC8037_SEED)).decode()
    header, content, _ = line.split(".")
    assert content == ""
    assert "=" not in line
    assert "\n" not in line
    assert _from_base64url(header) == b'{"alg":"EdDSA","kid":"%s"}' % RFC8037_THUMBPRINT.encode()


def _from_base64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


RAW_BY_HAND = (
    "openssl pkeyutl -verify -pubin -inkey KID.pem -rawin -in register.json -sigfile register.json.sig"
)
JWS_BY_HAND = r"""
h=$(cut -d. -f1 register.json.jws)
{ printf '%s.' "$h"; base64 -w0 register.json | tr '+/' '-_' | tr -d '='; } > signed
cut -d. -f3 register.json.jws | tr -- '-_' '+/' | sed 's/$/==/' | base64 -d > signature
openssl pkeyutl -verify -pubin -inkey KID.pem -rawin -in signed -sigfile signature
"""


@pytest.mark.parametrize("script", [RAW_BY_HAND, JWS_BY_HAND], ids=["sig", "jws"])
def test_openssl_verifies_a_document_by_hand(tmp_path: Path, script: str) -> None:
    """The lines of docs/format/signatures.md say yes; and no after one byte changed."""
    need("openssl")
    signer = generate(tmp_path / "keys" / "key.pem", Ed25519Signer)
    (tmp_path / "KID.pem").write_text(signer.public_pem)
    (tmp_path / "register.json.sig").write_bytes(signer.sign(DOCUMENT))
    (tmp_path / "register.json.jws").write_bytes(sign_jws(DOCUMENT, signer))
    for document, code in ((DOCUMENT, 0), (DOCUMENT + b"\n", 1)):
        (tmp_path / "register.json").write_bytes(document)
        result = run("sh", "-c", script, cwd=tmp_path)
        assert result.returncode == code, result.stderr


def test_joserfc_reads_the_detached_jws(tmp_path: Path) -> None:
    """Another implementation takes the same JWS, once the document stands between the dots."""
    signer = generate(tmp_path / "keys" / "key.pem", Ed25519Signer)
    header, _, signature = sign_jws(DOCUMENT, signer).decode().split(".")
    content = base64.urlsafe_b64encode(DOCUMENT).rstrip(b"=").decode()
    with pytest.warns(SecurityWarning, match="RFC 9864"):  # it prefers the name Ed25519 to EdDSA
        found = jws.deserialize_compact(
            f"{header}.{content}.{signature}", OKPKey.import_key(signer.jwk), algorithms=["EdDSA"]
        )
    assert found.payload == DOCUMENT


def test_private_keys_are_named_in_few_modules() -> None:
    """Who may sign is seen from the imports: for a register one module names a private-key type.

    The others sign messages to endpoints, and a customer's list of registers, with keys of their own.
    """
    package = Path(register_api.__file__).parent
    naming = [
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if any(word in path.read_text() for word in ("PrivateKey", "private_key(", "private_bytes"))
    ]
    assert sorted(naming) == [
        "publish/signing/signer.py",
        "sending/webhook.py",
        "watch/register_list.py",
    ]
