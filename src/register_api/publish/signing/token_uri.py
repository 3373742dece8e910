"""Where a key lies in a PKCS#11 token: a ``pkcs11:`` URI (RFC 7512) in the place of a key file's content.

It names token and object, the library that reaches them, and the file with the PIN. It holds no secret:
``pin-value`` is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote_to_bytes

import msgspec

from register_api.errors import KeyStoreError

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
        text: The URI as it was written.
        token: Label of the token.
        serial: Serial number of the token.
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
    """Read a ``pkcs11:`` URI."""
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
    for name, value in _pairs(part, separator):
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


def _pairs(part: str, separator: str) -> Iterator[tuple[str, str]]:
    for pair in filter(None, part.split(separator)):
        name, _, value = pair.partition("=")
        yield name, value


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
