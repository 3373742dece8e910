"""Passphrases of encrypted key files: from a file that the environment names, or asked for on a terminal.

Never from the command line, where every process of the machine reads it. A passphrase is handed to the
one call that opens a key and shown by nothing here: no ``repr``, no error, no log.
"""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from register_api.errors import KeyStoreError
from register_api.publish.signing import key_file
from register_api.publish.signing.secret import Secret

VARIABLE = "REGISTER_KEY_PASSPHRASE_FILE"
"""Names the file with the passphrase; the variable never holds the passphrase itself."""

MAX_BYTES = 1000
"""Longest passphrase; OpenSSL, which opens the files by hand, takes 1,023 bytes."""


class Passphrases:
    """What the key files of one folder are opened with, remembered for as long as one command runs."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._good: list[Secret] = []

    def __repr__(self) -> str:
        return "Passphrases()"

    def candidates(self, place: Path | str) -> Iterator[Secret]:
        """Yield what may open a key: what opened others, then the named file's or what a person types.

        Args:
            place: The file or variable with the encrypted key, named in the question.

        Raises:
            KeyStoreError: The named file cannot be used, or nobody is there to be asked.
        """
        yield from self._good
        named = _named()
        if named is not None:
            yield named
        elif sys.stdin.isatty():
            yield Secret(getpass.getpass(f"Passphrase of {place}: ").encode())
        else:
            raise KeyStoreError(
                f"{place} is encrypted, and there is no terminal to ask for its passphrase",
                hint=f"name a file of mode 0600 that holds it in {VARIABLE}",
            )

    def remember(self, passphrase: Secret) -> None:
        """Try this one first from now on: the keys of one folder mostly share it."""
        if passphrase not in self._good:
            self._good.append(passphrase)

    def of_new_keys(self) -> Secret | None:
        """Return what new keys are encrypted with; ``None`` leaves them plain.

        Returns:
            The named file's first line, or else what a person typed for the keys beside the new one.

        Raises:
            KeyStoreError: The named file cannot be used.
        """
        named = _named()
        return named if named is not None or not self._good else self._good[-1]


def _named() -> Secret | None:
    """Return the first line of the file that the environment names, if it names one."""
    name = os.environ.get(VARIABLE)
    if not name:
        return None
    return key_file.read_line(Path(name), VARIABLE, MAX_BYTES)
