"""Ed25519 keys that stay in a token (PKCS #11 3.0: CKM_EC_EDWARDS_KEY_PAIR_GEN, CKM_EDDSA).

Only Ed25519: a token chooses its own nonce for ECDSA, but feed signatures must be deterministic
(docs/format/feeds.md).
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from register_api.errors import KeyStoreError
from register_api.publish.signing.token_uri import Pins, TokenUri

VARIABLE = "REGISTER_PKCS11_MODULE"
"""Variable with the path of the token's library (a shared object) if the URI has no ``module-path``."""

_WRONG_PIN = {"PinIncorrect", "PinInvalid", "PinLenRange"}
_WORDS = {
    "PinLocked": ("has locked itself after too many wrong PINs", "its security officer can set a new PIN"),
    "PinExpired": ("wants a new PIN before it signs", "set one with the maker's tool"),
    "UserPinNotInitialized": ("has no user PIN yet", "set one with the maker's tool"),
    "MechanismInvalid": ("cannot do Ed25519 (CKM_EDDSA)", "take another token, or a key in a file"),
    "MechanismParamInvalid": ("cannot do Ed25519 (CKM_EDDSA)", "take another token, or a key in a file"),
    "DataLenRange": ("does not sign data of this length", "take a key in a file for this role"),
    "TokenWriteProtected": ("is write protected", "keys are made on it elsewhere"),
    "UserNotLoggedIn": ("wants the PIN again for each signature", "that is not supported: create a new key"),
    "TokenNotPresent": ("was taken out", "put it in again"),
    "DeviceRemoved": ("was taken out", "put it in again"),
}


@contextlib.contextmanager
def session(uri: TokenUri, pins: Pins, *, write: bool = False) -> Iterator[tuple[ModuleType, Any]]:
    """Open a session with a token and log in."""
    try:
        import pkcs11  # noqa: PLC0415  (an optional package, and slow to load)
    except ImportError:
        raise KeyStoreError(
            "a key in a token needs the Python package python-pkcs11",
            hint="pip install 'register-api[pkcs11]'",
        ) from None
    library = _library(pkcs11, uri)
    try:
        token = _token(library, uri)
        if pkcs11.Mechanism.EDDSA not in token.slot.get_mechanisms():
            raise _refusal(uri, "MechanismInvalid")
        pin = pins.pin(uri)
        with token.open(rw=write, user_pin=pin.reveal().decode()) as opened:
            pins.remember(uri, pin)
            yield pkcs11, opened
    except pkcs11.PKCS11Error as error:
        kind = type(error).__name__
        if kind in _WRONG_PIN:
            pins.refused(uri)
            raise _wrong_pin(pkcs11, token, uri) from None
        raise _refusal(uri, kind) from None
    finally:
        with contextlib.suppress(pkcs11.PKCS11Error):
            library.finalize()


def _refusal(uri: TokenUri, kind: str) -> KeyStoreError:
    words, hint = _WORDS.get(kind, (f"does not do what it should: {kind}", ""))
    return KeyStoreError(f"the token {uri.token_name} {words}", hint=hint)


def _library(pkcs11: ModuleType, uri: TokenUri) -> Any:
    named = os.environ.get(VARIABLE)
    path = uri.module or (Path(named) if named else None)
    if path is None:
        raise KeyStoreError(
            "nothing says which library reaches the token",
            hint=f"name the maker's PKCS#11 module (a .so file) in {VARIABLE}, or as module-path in the URI",
        )
    if not path.is_absolute() or not path.is_file():
        raise KeyStoreError(f"PKCS#11 module not found: {path}", hint="an absolute path, as /usr/lib/….so")
    try:
        return pkcs11.lib(str(path))
    except pkcs11.PKCS11Error:
        raise KeyStoreError(f"{path} is not a PKCS#11 module, or does not start") from None


def _token(library: Any, uri: TokenUri) -> Any:
    """Return the matching token; several may share a label, but should not share a serial number."""
    serial = uri.serial.encode() if uri.serial else None
    there = list(library.get_tokens())
    found = [token for token in there if uri.token in {None, token.label} and serial in {None, token.serial}]
    if not found:
        others = ", ".join(sorted(token.label for token in there if token.label)) or "none"
        raise KeyStoreError(f"token not found: {uri.token_name}", hint=f"put it in; present: {others}")
    if len(found) > 1:
        raise KeyStoreError(
            f"{len(found)} tokens are called {uri.token_name}", hint="narrow the pkcs11: URI by serial="
        )
    return found[0]


def _wrong_pin(pkcs11: ModuleType, token: Any, uri: TokenUri) -> KeyStoreError:
    """Return the error for a wrong PIN, with what the token reports about remaining tries."""
    flags = pkcs11.TokenFlag(0)
    with contextlib.suppress(pkcs11.PKCS11Error):
        flags = token.slot.get_token().flags
    if pkcs11.TokenFlag.USER_PIN_LOCKED in flags:
        return _refusal(uri, "PinLocked")
    last = pkcs11.TokenFlag.USER_PIN_FINAL_TRY in flags
    tries = "one more wrong PIN locks the token" if last else "after a few wrong PINs a token locks itself"
    return KeyStoreError(
        f"the token {uri.token_name} does not take this PIN", hint=f"tries are limited: {tries}"
    )


ED25519_PARAMS = bytes.fromhex("06032b6570")
"""CKA_EC_PARAMS of Ed25519: its object identifier 1.3.101.112 in DER (RFC 8410 section 3)."""

_POINT_BYTES = 32
_OCTET_STRING = b"\x04\x20"
"""DER header of a 32-byte octet string, in which SoftHSM and others wrap CKA_EC_POINT."""

_ID_BYTES = 8


class TokenKey:
    """A private key that signs inside a token."""

    def __init__(self, uri: TokenUri, pins: Pins) -> None:
        self.uri = uri
        self._pins = pins
        with session(uri, pins) as (pkcs11, opened):
            _one(pkcs11, opened, uri, pkcs11.ObjectClass.PRIVATE_KEY)
            public = _one(pkcs11, opened, uri, pkcs11.ObjectClass.PUBLIC_KEY)
            point = _point(pkcs11, public)
        if point is None:
            raise KeyStoreError(f"the key in the token {uri.token_name} is not Ed25519")
        self._public = Ed25519PublicKey.from_public_bytes(point)

    def __repr__(self) -> str:
        return f"TokenKey({self.uri.text!r})"

    def public_key(self) -> Ed25519PublicKey:
        """Return the public key."""
        return self._public

    def sign(self, data: bytes) -> bytes:
        """Return the 64-byte signature over exactly these bytes, after verifying it."""
        with session(self.uri, self._pins) as (pkcs11, opened):
            held = _one(pkcs11, opened, self.uri, pkcs11.ObjectClass.PRIVATE_KEY)
            signature = bytes(held.sign(data, mechanism=pkcs11.Mechanism.EDDSA))
        try:
            self._public.verify(signature, data)
        except InvalidSignature:
            raise KeyStoreError(
                f"the token {self.uri.token_name} signs with another key than the public one beside it"
            ) from None
        return signature

    def others(self) -> tuple[Ed25519PublicKey, ...]:
        """Return all other Ed25519 keys in the token, which are held by the same person."""
        with session(self.uri, self._pins) as (pkcs11, opened):
            there = _found(pkcs11, opened, {}, pkcs11.ObjectClass.PUBLIC_KEY)
            points = [_point(pkcs11, each) for each in there]
        keys = (Ed25519PublicKey.from_public_bytes(point) for point in points if point)
        return tuple(key for key in keys if key != self._public)


def make_in_token(uri: TokenUri, pins: Pins) -> None:
    """Create a key pair in a token; the private key never leaves it."""
    if uri.label is None:
        raise KeyStoreError("a new key in a token needs a label: object= in the pkcs11: URI")
    with session(uri, pins, write=True) as (pkcs11, opened):
        for kind in (pkcs11.ObjectClass.PRIVATE_KEY, pkcs11.ObjectClass.PUBLIC_KEY):
            if list(opened.get_objects({**_template(pkcs11, uri), pkcs11.Attribute.CLASS: kind})):
                raise KeyStoreError(
                    f"the token {uri.token_name} holds a key of that name already",
                    hint="--adopt takes it; another object= makes another one",
                )
        attribute = pkcs11.Attribute
        parameters = opened.create_domain_parameters(
            pkcs11.KeyType.EC_EDWARDS, {attribute.EC_PARAMS: ED25519_PARAMS}, local=True
        )
        parameters.generate_keypair(
            id=uri.id or secrets.token_bytes(_ID_BYTES),
            label=uri.label,
            store=True,
            capabilities=pkcs11.MechanismFlag.SIGN | pkcs11.MechanismFlag.VERIFY,
            mechanism=pkcs11.Mechanism.EC_EDWARDS_KEY_PAIR_GEN,
            private_template={attribute.SENSITIVE: True, attribute.EXTRACTABLE: False},
        )


def _template(pkcs11: ModuleType, uri: TokenUri) -> dict[Any, Any]:
    wanted = {pkcs11.Attribute.LABEL: uri.label, pkcs11.Attribute.ID: uri.id}
    return {attribute: value for attribute, value in wanted.items() if value is not None}


def _found(pkcs11: ModuleType, opened: Any, template: dict[Any, Any], kind: Any) -> list[Any]:
    attribute = pkcs11.Attribute
    wanted = {attribute.CLASS: kind, attribute.KEY_TYPE: pkcs11.KeyType.EC_EDWARDS}
    return list(opened.get_objects({**template, **wanted}))


def _one(pkcs11: ModuleType, opened: Any, uri: TokenUri, kind: Any) -> Any:
    found = _found(pkcs11, opened, _template(pkcs11, uri), kind)
    half = "private" if kind == pkcs11.ObjectClass.PRIVATE_KEY else "public"
    if not found:
        raise KeyStoreError(
            f"the token {uri.token_name} holds no {half} Ed25519 key of the name in {uri.text}",
            hint="pkcs11-tool --list-objects shows what it holds",
        )
    if len(found) > 1:
        raise KeyStoreError(
            f"the token {uri.token_name} holds {len(found)} {half} keys of the name in {uri.text}",
            hint="narrow the pkcs11: URI by id=",
        )
    return found[0]


def _point(pkcs11: ModuleType, public: Any) -> bytes | None:
    """Return the 32 bytes of RFC 8032, bare or in an octet string; ``None`` for another curve."""
    point = bytes(public[pkcs11.Attribute.EC_POINT])
    bare = point.removeprefix(_OCTET_STRING) if len(point) > _POINT_BYTES else point
    return bare if len(bare) == _POINT_BYTES else None
