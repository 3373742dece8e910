"""Keys in tokens, and the files in the key folder that say where they lie."""

from __future__ import annotations

from pathlib import Path

from register_api.errors import KeyStoreError
from register_api.publish.signing import key_file
from register_api.publish.signing.signer import Ed25519Signer, load
from register_api.publish.signing.token_key import TokenKey, make_in_token
from register_api.publish.signing.token_pin import Pins
from register_api.publish.signing.token_uri import parse_uri


def new_token_key(path: Path, text: str) -> Ed25519Signer:
    """Make a key in a token, and the file that names it.

    Args:
        path: The file, which must not exist; its folder is made with mode 0700 if it is missing.
        text: The ``pkcs11:`` URI, which names token and key.

    Raises:
        KeyStoreError: The file exists or cannot be written, the URI is none, the token cannot be used
            (``token_session``), or holds a key of that name.
    """
    uri, pins = parse_uri(text), Pins()
    _refuse_existing(path)
    make_in_token(uri, pins)
    return _write(path, text, pins)


def adopt_token_key(path: Path, text: str) -> Ed25519Signer:
    """Make the file that names a key which is in a token already; as ``new_token_key``.

    Raises:
        KeyStoreError: The file exists or cannot be written, the URI is none, the token cannot be used
            (``token_session``), or does not hold one Ed25519 key of that name.
    """
    uri, pins = parse_uri(text), Pins()
    _refuse_existing(path)
    TokenKey(uri, pins)
    return _write(path, text, pins)


def _refuse_existing(path: Path) -> None:
    """Look before anything is made in the token, where it would stay."""
    if key_file.exists(path):
        raise KeyStoreError(f"{path} exists already; a private key is never written over")


def _write(path: Path, text: str, pins: Pins) -> Ed25519Signer:
    key_file.write_new(path, f"{text}\n".encode("ascii"))
    return load(path, Ed25519Signer, pins=pins)
