"""What opens a key: the passphrase of an encrypted file, or the PIN of a token.

It stands in a file that the environment names, or is asked for on a terminal; never on the command line,
where every process of the machine reads it. It is handed to the one call that opens a key and shown by
nothing here: no ``repr``, no error, no log.
"""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from register_api.errors import KeyStoreError
from register_api.publish.signing import key_file
from register_api.publish.signing.key_file import Secret
from register_api.publish.signing.token_uri import TokenUri

VARIABLE = "REGISTER_KEY_PASSPHRASE_FILE"
"""Names the file with the passphrase; the variable never holds the passphrase itself."""

MAX_BYTES = 1000
"""Longest passphrase; OpenSSL, which opens the files by hand, takes 1,023 bytes."""

PIN_VARIABLE = "REGISTER_PKCS11_PIN_FILE"
"""Names the file with the PIN."""

MAX_PIN_BYTES = 255
"""Longest PIN; tokens take far less."""


class Passphrases:
    """What the key files of one folder are opened with, remembered for as long as one command runs."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._good: list[Secret] = []

    def __repr__(self) -> str:
        return "Passphrases()"

    def candidates(self, place: Path | str) -> Iterator[Secret]:
        """Yield what may open a key: what opened others, then the named file's or what a person types."""
        yield from self._good
        yield _named() or _typed(
            f"Passphrase of {place}: ",
            f"{place} is encrypted, and there is no terminal to ask for its passphrase",
            VARIABLE,
        )

    def remember(self, passphrase: Secret) -> None:
        """Try this one first from now on: the keys of one folder mostly share it."""
        if passphrase not in self._good:
            self._good.append(passphrase)

    def of_new_keys(self) -> Secret | None:
        """Return what new keys are encrypted with; ``None`` leaves them plain.

        It is the named file's first line, or else what a person typed for the keys beside the new one.
        """
        return _named() or (self._good[-1] if self._good else None)


class Pins:
    """What tokens are opened with, remembered for as long as one command runs.

    A token counts wrong PINs and locks itself after a few, so a PIN that was refused is not tried again.
    """

    def __init__(self) -> None:
        """Know nothing yet."""
        self._good: dict[object, Secret] = {}
        self._refused: set[object] = set()

    def __repr__(self) -> str:
        return "Pins()"

    def pin(self, uri: TokenUri) -> Secret:
        """Return the PIN of a token, in UTF-8."""
        name = uri.token_name
        if _token(uri) in self._refused:
            raise KeyStoreError(f"the token {name} has refused this PIN; it is not tried a second time")
        pin = (
            self._good.get(_token(uri))
            or _named_pin(uri)
            or _typed(
                f"PIN of the token {name}: ",
                f"there is no terminal to ask for the PIN of the token {name}",
                PIN_VARIABLE,
            )
        )
        if not pin.is_text():
            raise KeyStoreError(f"the PIN of the token {name} is not UTF-8")
        return pin

    def remember(self, uri: TokenUri, pin: Secret) -> None:
        """Take this one from now on."""
        self._good[_token(uri)] = pin

    def refused(self, uri: TokenUri) -> None:
        """Try no PIN on this token any more."""
        self._refused.add(_token(uri))


def _token(uri: TokenUri) -> object:
    """Return what tells one token from another: two makers' tokens may have one label."""
    return uri.module, uri.token, uri.serial


def _named() -> Secret | None:
    name = os.environ.get(VARIABLE)
    return key_file.read_line(Path(name), VARIABLE, MAX_BYTES) if name else None


def _named_pin(uri: TokenUri) -> Secret | None:
    """Return the first line of the file that the URI names, or else the environment, if any does."""
    if uri.pin_file:
        return key_file.read_line(uri.pin_file, "the pkcs11: URI", MAX_PIN_BYTES)
    name = os.environ.get(PIN_VARIABLE)
    return key_file.read_line(Path(name), PIN_VARIABLE, MAX_PIN_BYTES) if name else None


def _typed(question: str, unattended: str, variable: str) -> Secret:
    if not sys.stdin.isatty():
        raise KeyStoreError(unattended, hint=f"name a file of mode 0600 that holds it in {variable}")
    return Secret(getpass.getpass(question).encode())
