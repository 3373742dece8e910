"""The Ed25519 key that signs messages to endpoints; a key of its own, and none of a register's."""

from __future__ import annotations

import stat
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from register_api.errors import UsageError
from register_api.files import durable


def read_key(path: Path, named: str = "webhook_key") -> Ed25519PrivateKey:
    """Read the key.

    Args:
        path: A PEM file (PKCS #8, without a passphrase) that its owner alone may read.
        named: What messages call it.

    Raises:
        UsageError: There is none, or others may read it.
    """
    try:
        mode = path.stat().st_mode
        key = load_pem_private_key(path.read_bytes(), password=None)
    except FileNotFoundError as error:
        raise UsageError(
            f"{named}: there is no {path}", hint="register-api notify webhook key, or watch key, makes one"
        ) from error
    except (OSError, ValueError, TypeError) as error:
        raise UsageError(f"{named}: {path} cannot be read as a private key") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError(f"{named}: {path} is not an Ed25519 key")
    if mode & 0o077:
        raise UsageError(
            f"{named}: {path} is open to other users (mode {stat.S_IMODE(mode):04o})",
            hint=f"chmod 600 {path}",
        )
    return key


def make_key(path: Path, named: str = "webhook_key") -> Ed25519PrivateKey:
    """Make a key and write it.

    Raises:
        UsageError: It cannot be written there; a file that is there is left as it is.
    """
    key = Ed25519PrivateKey.generate()
    try:
        durable.create(
            path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), secret=True
        )
    except OSError as error:
        raise UsageError(f"{named}: {path} cannot be written: {error.strerror}") from error
    return key
