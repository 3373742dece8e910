"""Signers for private keys in files or in a token (``token_key``).

Ed25519 (RFC 8032) for documents, the log and TUF; ECDSA with P-256 and SHA-256 (FIPS 186-5) and the nonce of
RFC 6979 for feeds, because XML Signature tools do not support Ed25519. Both are deterministic. Neither errors
nor ``repr`` reveal key material.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, TypeAlias, TypeVar

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from securesystemslib.signer import Key, Signature, SSlibKey
from tuf.api.metadata import Metadata

from register_api.core.signature import ed25519_jwk, p256_jwk, thumbprint
from register_api.errors import KeyStoreError
from register_api.publish.signing import key_file
from register_api.publish.signing.key_file import Passphrases, Secret
from register_api.publish.signing.token_key import TokenKey, make_in_token
from register_api.publish.signing.token_uri import Pins, parse_uri

_MARK = b"-----BEGIN %s-----" % b"PRIVATE KEY"
_RESTORE = "restore the file from your copy; if there is none, see docs/lost-keys.md"


class _KeyNames:
    """Public identifiers of a private key: RFC 7638 thumbprint, bytes, JWK without ``alg``, and PEM.

    ``public`` is 32 bytes (RFC 8032 section 5.1.5), or an uncompressed point of 65 (SEC 1 section 2.3.3).
    """

    def __init__(
        self, key: Ed25519PublicKey | EllipticCurvePublicKey, public: bytes, jwk: Mapping[str, str]
    ) -> None:
        self.public, self.jwk = public, jwk
        self.public_pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")
        self.kid = thumbprint(jwk)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(kid={self.kid!r})"


class Ed25519Signer(_KeyNames):
    """A private Ed25519 key, in a file or in a token."""

    kind: ClassVar[str] = "Ed25519"

    def __init__(self, private: Ed25519PrivateKey | TokenKey) -> None:
        self._private, key = private, private.public_key()
        public = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
        super().__init__(key, public, ed25519_jwk(public))

    @property
    def tuf_key(self) -> Key:
        """The public key as listed in TUF metadata, with securesystemslib's key id."""
        return SSlibKey.from_crypto(self._private.public_key())

    def sign(self, data: bytes) -> bytes:
        """Return the 64-byte signature over exactly these bytes."""
        return self._private.sign(data)

    def sign_metadata(self, metadata: Metadata[Any]) -> None:
        """Add a signature to TUF metadata, keeping those that it has."""
        keyid = self.tuf_key.keyid
        metadata.signatures[keyid] = Signature(keyid, self.sign(metadata.signed_bytes).hex())

    def others_in_token(self) -> tuple[str, ...]:
        """Return the thumbprints of the other keys in this key's token; none for a key in a file."""
        if not isinstance(self._private, TokenKey):
            return ()
        publics = (key.public_bytes(Encoding.Raw, PublicFormat.Raw) for key in self._private.others())
        return tuple(thumbprint(ed25519_jwk(public)) for public in publics)


class P256Signer(_KeyNames):
    """A private P-256 key."""

    kind: ClassVar[str] = "P-256"

    def __init__(self, private: EllipticCurvePrivateKey) -> None:
        self._private, key = private, private.public_key()
        public = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        super().__init__(key, public, p256_jwk(public[1:33], public[33:]))

    def sign(self, data: bytes) -> bytes:
        """Return the ECDSA-SHA256 signature over these bytes in DER (RFC 3279 section 2.2.3)."""
        return self._private.sign(data, ECDSA(SHA256(), deterministic_signing=True))


Signer: TypeAlias = Ed25519Signer | P256Signer
S = TypeVar("S", Ed25519Signer, P256Signer)


def generate(path: Path, kind: type[S], passphrases: Passphrases | None = None) -> S:
    """Create a private key in a new file of mode 0600."""
    private = _new_key(kind)
    passphrases = passphrases or Passphrases()
    passphrase = passphrases.of_new_keys()
    encryption = BestAvailableEncryption(passphrase.reveal()) if passphrase else NoEncryption()
    key_file.write_new(path, private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
    return load(path, kind, passphrases)


def ephemeral(kind: type[Signer]) -> Signer:
    """Return a signer with a new key that is never stored."""
    return kind(_new_key(kind))  # type: ignore[arg-type]  # each kind with a key of its own


def _new_key(kind: type[Signer]) -> Ed25519PrivateKey | EllipticCurvePrivateKey:
    return Ed25519PrivateKey.generate() if kind is Ed25519Signer else generate_private_key(SECP256R1())


def load(path: Path, kind: type[S], passphrases: Passphrases | None = None, pins: Pins | None = None) -> S:
    """Open a private key file."""
    return parse(path, key_file.read(path), kind, passphrases, pins)


def parse(
    place: Path | str,
    content: Secret,
    kind: type[S],
    passphrases: Passphrases | None = None,
    pins: Pins | None = None,
) -> S:
    """Read a private key (PKCS#8 in PEM, RFC 5958 and RFC 7468 sections 10 and 11; or RFC 7512)."""
    if content.startswith(key_file.TOKEN_MARK):
        if kind is not Ed25519Signer:
            raise KeyStoreError(
                f"{place} names a key in a token, and a {kind.kind} key cannot be kept in one",
                hint="a feed's signature is the same every time (RFC 6979); a token draws its own nonce",
            )
        if not content.is_text():
            message = f"{place} is not a private key in PKCS#8 PEM form, and no pkcs11: URI"
            raise KeyStoreError(message, hint=_RESTORE)
        return kind(TokenKey(parse_uri(content.reveal().decode().strip()), pins or Pins()))
    private = _read(place, content, passphrases or Passphrases())
    if kind is Ed25519Signer and isinstance(private, Ed25519PrivateKey):
        return kind(private)
    if (
        kind is P256Signer
        and isinstance(private, EllipticCurvePrivateKey)
        and isinstance(private.curve, SECP256R1)
    ):
        return kind(private)
    raise KeyStoreError(f"{place} does not hold a private key of the kind {kind.kind}")


def _read(place: Path | str, pem: Secret, passphrases: Passphrases) -> object:
    """Read PEM; the library's error messages are not passed on, as they may quote the content."""
    encrypted = pem.startswith(key_file.ENCRYPTED_MARK)
    if not encrypted and not pem.startswith(_MARK):
        raise KeyStoreError(f"{place} is not a private key in PKCS#8 PEM form", hint=_RESTORE)
    for passphrase in passphrases.candidates(place) if encrypted else (None,):
        try:
            private = load_pem_private_key(pem.reveal(), password=passphrase.reveal() if passphrase else None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            continue
        if passphrase:
            passphrases.remember(passphrase)
        return private
    what = (
        "damaged, or encrypted with another passphrase" if encrypted else "damaged: it holds no readable key"
    )
    raise KeyStoreError(f"{place} is {what}")


def new_token_key(path: Path, text: str, *, adopt: bool = False) -> Ed25519Signer:
    """Create a key in a token, or adopt an existing one, and write the file that names it."""
    uri, pins = parse_uri(text), Pins()
    if key_file.exists(path):  # before creating anything in the token, where it would remain
        raise KeyStoreError(f"{path} exists already; a private key is never written over")
    if adopt:
        TokenKey(uri, pins)
    else:
        make_in_token(uri, pins)
    key_file.write_new(path, f"{text}\n".encode("ascii"))
    return load(path, Ed25519Signer, pins=pins)
