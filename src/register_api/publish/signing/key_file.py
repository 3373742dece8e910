"""Private key files (readable by the owner only, written atomically, never overwritten) and passphrases.

A job may have a key file's content in the environment instead. A passphrase is read from a file that the
environment names, or typed on a terminal; it never appears on a command line, in a ``repr``, error or log.
"""

from __future__ import annotations

import binascii
import getpass
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

from register_api.errors import KeyStoreError
from register_api.files import durable


class Secret:
    """Key file content, a passphrase or a PIN, which ``repr`` does not reveal."""

    __slots__ = ("_data",)

    def __init__(self, data: bytes) -> None:
        self._data = data

    def __repr__(self) -> str:
        return "Secret()"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._data == self._data

    def __hash__(self) -> int:
        return hash(self._data)

    def __len__(self) -> int:
        return len(self._data)

    def reveal(self) -> bytes:
        """Return the bytes, to be passed on at once and never kept in a variable."""
        return self._data

    def startswith(self, mark: bytes) -> bool:
        """Tell whether the bytes begin with a mark that is not secret."""
        return self._data.startswith(mark)

    def first_line(self) -> Secret:
        """Return the first line, without its line break."""
        return Secret(self._data.partition(b"\n")[0].rstrip(b"\r"))

    def is_text(self) -> bool:
        """Tell whether the bytes are UTF-8."""
        try:
            self._data.decode()
        except UnicodeDecodeError:  # the error contains the bytes, so it is not passed on
            return False
        return True


MAX_BYTES = 16 * 1024
"""A key file has a few hundred bytes."""

ENCRYPTED_MARK = b"-----BEGIN %s-----" % b"ENCRYPTED PRIVATE KEY"
"""First line of a PKCS#8 file with a passphrase (RFC 7468 section 11)."""

TOKEN_MARK = b"pkcs11:"
"""Prefix of a file that holds the URI of a key in a token (RFC 7512), not a key."""


VARIABLES = {
    f"{role}.pem": f"REGISTER_KEY_{role.upper()}" for role in ("document", "log", "feed", "targets", "online")
}
"""Key file to the environment variable that may hold its content; no job needs a root key."""


def from_environment(path: Path) -> tuple[str, Secret] | None:
    """Return the variable that replaces a key file, and the content; ``None`` if it is not set.

    The variable holds the file's content, as is or in base64 on one line. An empty one counts as not set,
    because CI services pass missing secrets that way.
    """
    variable = VARIABLES.get(path.name, "")
    if not os.environ.get(variable):
        return None
    if exists(path):
        raise KeyStoreError(
            f"{variable} is set, and there is {path}: two keys for one role",
            hint=f"unset {variable}, or move the file away",
        )
    content = Secret(os.environb[os.fsencode(variable)].strip())
    if not content.startswith(b"-----BEGIN") and not content.startswith(TOKEN_MARK):
        try:
            # Implemented in C, so no frame of a traceback holds the content.
            content = Secret(binascii.a2b_base64(content.reveal(), strict_mode=True))
        except ValueError:
            raise KeyStoreError(
                f"{variable} is neither a private key in PKCS#8 PEM form nor that in base64 on one line",
                hint="base64 -w0 < FILE.pem",
            ) from None
    if len(content) > MAX_BYTES:
        raise KeyStoreError(f"{variable} is too large to be a key")
    return variable, content


def write_new(path: Path, data: bytes) -> None:
    """Write a private key file of mode 0600, durable on return."""
    make_folder(path.parent)
    try:
        durable.create(path, data, secret=True)
    except FileExistsError:
        raise KeyStoreError(f"{path} exists already; a private key is never written over") from None
    except OSError as error:
        raise KeyStoreError(f"{path} cannot be written: {error.strerror}") from error


def exists(path: Path) -> bool:
    """Tell whether a file exists at this path."""
    with durable.failing_as(KeyStoreError, f"{path} cannot be looked for"):
        return path.exists()


def is_encrypted(path: Path) -> bool:
    """Tell whether a key file needs a passphrase."""
    return read(path).startswith(ENCRYPTED_MARK)


def is_reference(path: Path) -> bool:
    """Tell whether a key file holds the URI of a key in a token."""
    return read(path).startswith(TOKEN_MARK)


def make_folder(folder: Path) -> None:
    """Create a folder of mode 0700 for private keys, unless it exists."""
    with durable.failing_as(KeyStoreError, f"{folder} cannot be made"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _check_folder(folder)


def read(path: Path, most: int = MAX_BYTES) -> Secret:
    """Return the content of a file of at most ``most`` bytes that only its owner may read."""
    try:
        # O_NONBLOCK: opening a pipe in place of a key must not block.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            mode = os.fstat(descriptor).st_mode
            if not stat.S_ISREG(mode):
                raise KeyStoreError(f"{path} is not a plain file")
            if mode & 0o077:
                raise KeyStoreError(
                    f"{path} is open to other users (mode {stat.S_IMODE(mode):04o})",
                    hint=f"chmod 600 {path}, and replace the key if others may have read it",
                )
            _check_folder(path.parent)
            data = Secret(os.read(descriptor, most + 1))
        finally:
            os.close(descriptor)
    except FileNotFoundError:
        raise KeyStoreError(
            f"private key not found: {path}",
            hint="bring it to this machine, or name its folder with --keys"
            + (f"; a job can have it in {VARIABLES[path.name]}" if path.name in VARIABLES else ""),
        ) from None
    except OSError as error:
        raise KeyStoreError(f"{path} cannot be read: {error.strerror}") from error
    if len(data) > most:
        raise KeyStoreError(f"{path} is too large to be a key file")
    return data


def read_line(path: Path, named_by: str, most: int) -> Secret:
    """Return the first line of a passphrase or PIN file, which only its owner may read."""
    if not exists(path):
        raise KeyStoreError(f"file not found: {path}, which {named_by} names")
    line = read(path).first_line()
    if not 1 <= len(line) <= most:
        raise KeyStoreError(f"{path}, which {named_by} names, does not begin with 1 to {most} bytes")
    return line


def read_named_line(variable: str, most: int) -> Secret | None:
    """Return the first line of the file that an environment variable names, if it is set."""
    name = os.environ.get(variable)
    return read_line(Path(name), variable, most) if name else None


def typed(question: str, unattended: str, variable: str) -> Secret:
    """Ask on the terminal; without one, refuse and suggest the variable."""
    if not sys.stdin.isatty():
        raise KeyStoreError(unattended, hint=f"name a file of mode 0600 that holds it in {variable}")
    return Secret(getpass.getpass(question).encode())


def _check_folder(folder: Path) -> None:
    """Refuse a folder in which other users could replace our keys."""
    mode = folder.stat().st_mode
    if mode & 0o022:
        raise KeyStoreError(
            f"other users may write to the key folder {folder} (mode {stat.S_IMODE(mode):04o})",
            hint=f"chmod 700 {folder}",
        )


UNLOCKED_BY = "REGISTER_KEY_PASSPHRASE_FILE"
"""Variable with the path of the passphrase file; it never holds the passphrase itself."""

MAX_PASSPHRASE_BYTES = 1000
"""Longest passphrase; OpenSSL, which can open the files by hand, accepts 1,023 bytes."""


class Passphrases:
    """Passphrases of the key files in one folder, remembered while one command runs."""

    def __init__(self) -> None:
        self._good: list[Secret] = []

    def __repr__(self) -> str:
        return "Passphrases()"

    def candidates(self, place: Path | str) -> Iterator[Secret]:
        """Yield passphrases to try: those that opened other keys, then one from the named file or typed."""
        yield from self._good
        yield read_named_line(UNLOCKED_BY, MAX_PASSPHRASE_BYTES) or typed(
            f"Passphrase of {place}: ",
            f"{place} is encrypted, and there is no terminal to ask for its passphrase",
            UNLOCKED_BY,
        )

    def remember(self, passphrase: Secret) -> None:
        """Try this passphrase first from now on: the keys of one folder mostly share it."""
        if passphrase not in self._good:
            self._good.append(passphrase)

    def of_new_keys(self) -> Secret | None:
        """Return the passphrase for new keys, as named or typed before; ``None`` leaves them unencrypted."""
        return read_named_line(UNLOCKED_BY, MAX_PASSPHRASE_BYTES) or (self._good[-1] if self._good else None)
