"""PINs of tokens: from a file that the URI or the environment names, or asked for on a terminal.

A token counts wrong PINs and locks itself after a few, so a PIN that was refused is not tried again.
"""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path

from register_api.errors import KeyStoreError
from register_api.publish.signing import key_file
from register_api.publish.signing.secret import Secret
from register_api.publish.signing.token_uri import TokenUri

VARIABLE = "REGISTER_PKCS11_PIN_FILE"
"""Names the file with the PIN; the variable never holds the PIN itself."""

MAX_BYTES = 255
"""Longest PIN; tokens take far less."""


class Pins:
    """What tokens are opened with, remembered for as long as one command runs."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._good: dict[object, Secret] = {}
        self._refused: set[object] = set()

    def __repr__(self) -> str:
        return "Pins()"

    def pin(self, uri: TokenUri) -> Secret:
        """Return the PIN of a token, in UTF-8."""
        name, token = uri.token_name, _token(uri)
        if token in self._refused:
            raise KeyStoreError(f"the token {name} has refused this PIN; it is not tried a second time")
        pin = self._good.get(token) or _named(uri) or _asked(name)
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


def _named(uri: TokenUri) -> Secret | None:
    """Return the first line of the file that the URI names, or else the environment, if any does."""
    variable = os.environ.get(VARIABLE)
    path = uri.pin_file or (Path(variable) if variable else None)
    if path is None:
        return None
    return key_file.read_line(path, "the pkcs11: URI" if uri.pin_file else VARIABLE, MAX_BYTES)


def _asked(name: str) -> Secret:
    if not sys.stdin.isatty():
        raise KeyStoreError(
            f"there is no terminal to ask for the PIN of the token {name}",
            hint=f"name a file of mode 0600 that holds it in {VARIABLE}",
        )
    return Secret(getpass.getpass(f"PIN of the token {name}: ").encode())
