"""The location of a key in a PKCS #11 token, and the PIN that unlocks the token.

A key file may hold a ``pkcs11:`` URI (RFC 7512) instead of a key. It names token and object, the library of
the token, and the PIN file. It contains no secret: ``pin-value`` is refused.
"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote_to_bytes

import msgspec

from register_api.errors import KeyStoreError
from register_api.publish.signing import key_file
from register_api.publish.signing.key_file import Secret

SCHEME = "pkcs11:"

MAX_CHARACTERS = 2000
"""A URI has a few hundred characters."""

_TEXT = re.compile(r"[!-~]+")
_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PATH = {"token", "serial", "object", "id", "type"}
_QUERY = {"module-path", "pin-source"}


class TokenUri(msgspec.Struct, frozen=True, kw_only=True):
    """A key in a token, by its label and CKA_ID; ``None`` is left to the environment or the user."""

    text: str
    token: str | None
    serial: str | None
    label: str | None
    id: bytes | None
    module: Path | None
    pin_file: Path | None

    @property
    def place(self) -> tuple[Path | None, str | None, str | None]:
        """Identifies a token: tokens of different makers may have the same label."""
        return self.module, self.token, self.serial

    @property
    def token_name(self) -> str:
        """Name of the token in messages: its label, or else its serial number."""
        return self.token or f"with serial number {self.serial}"


def parse_uri(text: str) -> TokenUri:
    """Read a ``pkcs11:`` URI (RFC 7512) that names a token and a key in it.

    Raises:
        KeyStoreError: The URI is not valid, repeats an attribute, or names no token or no key.
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
    """Return an absolute path, also from a ``file:`` URI; a program to run is refused."""
    text = _text(found, name)
    if text is None:
        return None
    path = Path(text.removeprefix("file://").removeprefix("file:"))
    if not path.is_absolute() or "\0" in text:
        raise KeyStoreError(f"{name!r} in a pkcs11: URI is not the absolute path of a file")
    return path


PIN_VARIABLE = "REGISTER_PKCS11_PIN_FILE"
"""Variable with the path of the PIN file."""

MAX_PIN_BYTES = 255
"""Longest PIN; tokens accept far less."""


class Pins:
    """PINs of tokens, remembered while one command runs.

    A token counts wrong PINs and locks itself after a few, so a refused PIN is not tried again.
    """

    def __init__(self) -> None:
        self._good: dict[object, Secret] = {}
        self._refused: set[object] = set()

    def __repr__(self) -> str:
        return "Pins()"

    def pin(self, uri: TokenUri) -> Secret:
        """Return the PIN of a token, in UTF-8."""
        name = uri.token_name
        if uri.place in self._refused:
            raise KeyStoreError(f"the token {name} has refused this PIN; it is not tried a second time")
        pin = (
            self._good.get(uri.place)
            or (uri.pin_file and key_file.read_line(uri.pin_file, "the pkcs11: URI", MAX_PIN_BYTES))
            or key_file.read_named_line(PIN_VARIABLE, MAX_PIN_BYTES)
            or key_file.typed(
                f"PIN of the token {name}: ",
                f"there is no terminal to ask for the PIN of the token {name}",
                PIN_VARIABLE,
            )
        )
        if not pin.is_text():
            raise KeyStoreError(f"the PIN of the token {name} is not UTF-8")
        return pin

    def remember(self, uri: TokenUri, pin: Secret) -> None:
        """Use this PIN from now on."""
        self._good[uri.place] = pin

    def refused(self, uri: TokenUri) -> None:
        """Do not try another PIN on this token."""
        self._refused.add(uri.place)
