"""Sessions with PKCS#11 tokens, through python-pkcs11: opened for one operation, closed behind it.

The library is finalised each time, too (5 ms with SoftHSM): a process that runs for weeks holds no
login, finds a token that was plugged in later, and a session never outlives a fork.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from register_api.errors import KeyStoreError
from register_api.publish.signing.token_pin import Pins
from register_api.publish.signing.token_uri import TokenUri

VARIABLE = "REGISTER_PKCS11_MODULE"
"""Names the token's library (a shared object) where the URI has no ``module-path``."""

_WRONG_PIN = {"PinIncorrect", "PinInvalid", "PinLenRange"}
_WORDS = {
    "PinLocked": ("has locked itself after too many wrong PINs", "its security officer can set a new PIN"),
    "PinExpired": ("wants a new PIN before it signs", "set one with the maker's tool"),
    "UserPinNotInitialized": ("has no user PIN yet", "set one with the maker's tool"),
    "MechanismInvalid": ("cannot do Ed25519 (CKM_EDDSA)", "take another token, or a key in a file"),
    "MechanismParamInvalid": ("cannot do Ed25519 (CKM_EDDSA)", "take another token, or a key in a file"),
    "DataLenRange": ("does not sign data of this length", "take a key in a file for this role"),
    "TokenWriteProtected": ("is write protected", "keys are made on it elsewhere"),
    "UserNotLoggedIn": ("wants the PIN again for each signature", "that is not supported: make the key anew"),
    "TokenNotPresent": ("was taken out", "put it in again"),
    "DeviceRemoved": ("was taken out", "put it in again"),
}


@contextlib.contextmanager
def session(uri: TokenUri, pins: Pins, *, write: bool = False) -> Iterator[tuple[ModuleType, Any]]:
    """Open a session with a token and log in."""
    pkcs11 = _package()
    library = _library(pkcs11, uri)
    try:
        token = _token(library, uri)
        _check_mechanism(pkcs11, token, uri)
        pin = pins.pin(uri)
        with token.open(rw=write, user_pin=pin.reveal().decode()) as opened:
            pins.remember(uri, pin)
            yield pkcs11, opened
    except pkcs11.PKCS11Error as error:
        kind = type(error).__name__
        if kind in _WRONG_PIN:
            pins.refused(uri)
            raise _wrong_pin(pkcs11, token, uri) from None
        words, hint = _WORDS.get(kind, (f"does not do what it should: {kind}", ""))
        raise KeyStoreError(f"the token {uri.token_name} {words}", hint=hint) from None
    finally:
        with contextlib.suppress(pkcs11.PKCS11Error):
            library.finalize()


def _package() -> ModuleType:
    try:
        import pkcs11  # noqa: PLC0415  (an optional package, and slow to load)
    except ImportError:
        raise KeyStoreError(
            "a key in a token needs the Python package python-pkcs11",
            hint="pip install 'register-api[pkcs11]'",
        ) from None
    return pkcs11


def _library(pkcs11: ModuleType, uri: TokenUri) -> Any:
    named = os.environ.get(VARIABLE)
    path = uri.module or (Path(named) if named else None)
    if path is None:
        raise KeyStoreError(
            "nothing says which library reaches the token",
            hint=f"name the maker's PKCS#11 module (a .so file) in {VARIABLE}, or as module-path in the URI",
        )
    if not path.is_absolute() or not path.is_file():
        raise KeyStoreError(f"there is no PKCS#11 module {path}", hint="an absolute path, as /usr/lib/….so")
    try:
        return pkcs11.lib(str(path))
    except pkcs11.PKCS11Error:
        raise KeyStoreError(f"{path} is no PKCS#11 module, or does not start") from None


def _token(library: Any, uri: TokenUri) -> Any:
    """Find the one token: its label may be on several, its serial number should not."""
    serial = uri.serial.encode() if uri.serial else None
    there = list(library.get_tokens())
    found = [token for token in there if uri.token in {None, token.label} and serial in {None, token.serial}]
    if not found:
        others = ", ".join(sorted(token.label for token in there if token.label)) or "none"
        raise KeyStoreError(f"there is no token {uri.token_name}", hint=f"put it in; present: {others}")
    if len(found) > 1:
        raise KeyStoreError(
            f"{len(found)} tokens are called {uri.token_name}", hint="narrow the pkcs11: URI by serial="
        )
    return found[0]


def _check_mechanism(pkcs11: ModuleType, token: Any, uri: TokenUri) -> None:
    if pkcs11.Mechanism.EDDSA not in token.slot.get_mechanisms():
        words, hint = _WORDS["MechanismInvalid"]
        raise KeyStoreError(f"the token {uri.token_name} {words}", hint=hint)


def _wrong_pin(pkcs11: ModuleType, token: Any, uri: TokenUri) -> KeyStoreError:
    """Say what the token says of the tries that are left."""
    flags = pkcs11.TokenFlag(0)
    with contextlib.suppress(pkcs11.PKCS11Error):
        flags = token.slot.get_token().flags
    if pkcs11.TokenFlag.USER_PIN_LOCKED in flags:
        words, hint = _WORDS["PinLocked"]
        return KeyStoreError(f"the token {uri.token_name} {words}", hint=hint)
    last = pkcs11.TokenFlag.USER_PIN_FINAL_TRY in flags
    tries = "one more wrong PIN locks the token" if last else "after a few wrong PINs a token locks itself"
    return KeyStoreError(
        f"the token {uri.token_name} does not take this PIN", hint=f"tries are limited: {tries}"
    )
