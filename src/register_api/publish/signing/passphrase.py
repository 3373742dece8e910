"""What opens a key: the passphrase of an encrypted file, or the PIN of a token.

Where a key lies in a PKCS#11 token, a ``pkcs11:`` URI (RFC 7512) in the place of a key file's content says:
it names token and object, the library that reaches them, and the file with the PIN. It holds no secret:
``pin-value`` is refused.

It stands in a file that the environment names, or is asked for on a terminal; never on the command line,
where every process of the machine reads it. It is handed to the one call that opens a key and shown by
nothing here: no ``repr``, no error, no log.
"""

from __future__ import annotations

import getpass
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote_to_bytes

import msgspec

from register_api.errors import KeyStoreError
from register_api.publish.signing import key_file
from register_api.publish.signing.key_file import Secret

SCHEME = "pkcs11:"

MAX_CHARACTERS = 2000
"""A URI is some hundred characters."""

_TEXT = re.compile(r"[!-~]+")
_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PATH = {"token", "serial", "object", "id", "type"}
_QUERY = {"module-path", "pin-source"}


class TokenUri(msgspec.Struct, frozen=True, kw_only=True):
    """A key in a token.

    Attributes:
        label: Label of the key (``object``, CKA_LABEL).
        id: Identifier of the key (CKA_ID).
        module: The library that reaches the token; ``None`` leaves it to the environment.
        pin_file: The file with the PIN; ``None`` leaves it to the environment or a person.
    """

    text: str
    token: str | None
    serial: str | None
    label: str | None
    id: bytes | None
    module: Path | None
    pin_file: Path | None

    @property
    def token_name(self) -> str:
        """What a person calls the token: its label, or else its serial number."""
        return self.token or f"with serial number {self.serial}"


def parse_uri(text: str) -> TokenUri:
    """Read a ``pkcs11:`` URI.

    Raises:
        KeyStoreError: It is not one, says something twice, or names no token or no key.
    """
    if not text.startswith(SCHEME) or not _TEXT.fullmatch(text) or len(text) > MAX_CHARACTERS:
        raise KeyStoreError("that is not a pkcs11: URI (RFC 7512): one line, without white space")
    path, _, query = text.removeprefix(SCHEME).partition("?")
    found = {**_attributes(path, ";", _PATH), **_attributes(query, "&", _QUERY)}
    if found.get("type", b"private") != b"private":
        raise KeyStoreError("a pkcs11: URI of a key has type=private, or no type")
    if not {"token", "serial"} & found.keys() or not {"object", "id"} & found.keys():
        raise KeyStoreError(
            "this pkcs11: URI does not say which token, or which key in it",
            hint="pkcs11:token=LABEL;object=LABEL; serial and id narrow it",
        )
    return TokenUri(
        text=text,
        token=_text(found, "token"),
        serial=_text(found, "serial"),
        label=_text(found, "object"),
        id=found.get("id"),
        module=_file(found, "module-path"),
        pin_file=_file(found, "pin-source"),
    )


def _attributes(part: str, separator: str, known: set[str]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for pair in filter(None, part.split(separator)):
        name, _, value = pair.partition("=")
        if name == "pin-value":
            raise KeyStoreError(
                "a pkcs11: URI must not contain a PIN",
                hint="pin-source=/path/of/a/file of mode 0600, or leave it out and be asked",
            )
        if name not in known:
            raise KeyStoreError(
                f"{name[:40]!r} in a pkcs11: URI is not known here", hint=", ".join(sorted(known))
            )
        if name in found or not value or _ESCAPE.search(value):
            raise KeyStoreError(f"{name!r} appears twice in the pkcs11: URI, is empty, or is malformed")
        found[name] = unquote_to_bytes(value)
    return found


def _text(found: dict[str, bytes], name: str) -> str | None:
    try:
        return found[name].decode() if name in found else None
    except UnicodeDecodeError:
        raise KeyStoreError(f"{name!r} in a pkcs11: URI is not UTF-8") from None


def _file(found: dict[str, bytes], name: str) -> Path | None:
    """Return an absolute path, also of a ``file:`` URI; a program to call is refused."""
    text = _text(found, name)
    if text is None:
        return None
    path = Path(text.removeprefix("file://").removeprefix("file:"))
    if not path.is_absolute() or "\0" in text:
        raise KeyStoreError(f"{name!r} in a pkcs11: URI is not the absolute path of a file")
    return path


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
