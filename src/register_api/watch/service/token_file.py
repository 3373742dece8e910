"""The file with the token that people sign in with."""

from __future__ import annotations

import secrets
import stat
from pathlib import Path

from register_api.errors import UsageError
from register_api.files import durable

_BYTES = 32
_SHORTEST = 24


def make_token(path: Path) -> bool:
    """Make a token and write it, unless there is one; tells whether it was made.

    Raises:
        UsageError: It cannot be written there.
    """
    try:
        durable.create(path, f"{secrets.token_urlsafe(_BYTES)}\n".encode(), secret=True)
    except FileExistsError:
        return False
    except OSError as error:
        raise UsageError(f"token_file: {path} cannot be written: {error.strerror}") from error
    return True


def read_token(path: Path) -> str:
    """Read the token.

    Raises:
        UsageError: The file cannot be read, others may read it, or what stands in it can be guessed.
    """
    try:
        mode, token = path.stat().st_mode, path.read_text("utf-8").strip()
    except (OSError, ValueError) as error:
        raise UsageError(f"token_file: {path} cannot be read") from error
    if mode & 0o077:
        raise UsageError(
            f"token_file: {path} is open to other users (mode {stat.S_IMODE(mode):04o})",
            hint=f"chmod 600 {path}",
        )
    if len(token) < _SHORTEST:
        raise UsageError(f"token_file: what stands in {path} can be guessed", hint="remove it: one is made")
    return token
