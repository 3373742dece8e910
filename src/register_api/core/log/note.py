"""Signed notes: text, a blank line, signature lines (C2SP signed-note).

::

    text of one or more lines

    — <key name> <base64 of key id ‖ signature>

A key is identified by its name and a four-byte key id. Lines of unknown keys, such as witnesses or future
algorithms, are skipped. A signature by a known key must be valid.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

import msgspec

from register_api.core import strict_base64
from register_api.core.signature import check_public_key, verify_raw
from register_api.errors import Forged, Malformed, UntrustedKey

ED25519 = 0x01
"""Signature type: Ed25519 over the text."""

COSIGNATURE = 0x04
"""Signature type: a witness's Ed25519 over time and text (C2SP tlog-cosignature)."""

KEY_ID_BYTES = 4

MAX_NOTE_BYTES = 256 * 2**10
"""Room for 16 signatures of 5 kB in base64, as signed-note requires, and for many more small ones."""

MAX_SIGNATURE_LINES = 1000

_DASH = "— "

_NOT_IN_NAMES = frozenset(map(chr, (*range(0x20), ord("+"), *range(0xD800, 0xE000))))
"""Control characters, plus, and lone surrogates, which UTF-8 cannot encode; white space is also refused."""


class NoteKey(msgspec.Struct, frozen=True, kw_only=True):
    """A verifier key: an Ed25519 public key of 32 bytes, for signatures of type ``algorithm``.

    A log's key name is its origin. The key id is the first four bytes of SHA-256(name ‖ newline ‖ type ‖
    public key) (signed-note, Signatures).
    """

    name: str
    key_id: bytes
    algorithm: int
    public: bytes


class SignatureLine(msgspec.Struct, frozen=True, kw_only=True):
    """A signature line: key name, key id, and signature without the key id."""

    name: str
    key_id: bytes
    signature: bytes


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """A parsed, unverified note: text with its final newline, and all signature lines in order."""

    text: str
    signatures: tuple[SignatureLine, ...]


def make_note_key(name: str, public: bytes, algorithm: int = ED25519) -> NoteKey:
    """Return the verifier key for a name and an Ed25519 public key.

    Raises:
        Malformed: The name is empty or has spaces or a plus, or the key is not a canonical point.
        UntrustedKey: The key has small order.
    """
    _check_name(name)
    check_public_key(public)
    digest = hashlib.sha256(name.encode() + b"\n" + bytes([algorithm]) + public).digest()
    return NoteKey(name=name, key_id=digest[:KEY_ID_BYTES], algorithm=algorithm, public=public)


def format_verifier_key(name: str, public: bytes, algorithm: int = ED25519) -> str:
    """Return the verifier key string: name, key id in hex, base64 of type and key, joined by plus.

    Raises what ``make_note_key`` does.
    """
    key = make_note_key(name, public, algorithm)
    return f"{name}+{key.key_id.hex()}+{strict_base64.encode(bytes([algorithm]) + public)}"


def parse_verifier_key(text: str) -> NoteKey:
    """Parse a verifier key string.

    Raises:
        Malformed: Not exactly what ``format_verifier_key`` returns, including a wrong key id.
        UntrustedKey: The key has small order.
    """
    name, _, rest = text.partition("+")
    data = strict_base64.decode(rest.partition("+")[2])
    if data[:1] not in (bytes([ED25519]), bytes([COSIGNATURE])):
        raise Malformed("a verifier key of an unknown type")
    key = make_note_key(name, data[1:], data[0])
    if format_verifier_key(key.name, key.public, key.algorithm) != text:
        raise Malformed("a verifier key whose key id does not fit")
    return key


def format_note(text: str, signatures: Sequence[SignatureLine]) -> bytes:
    """Return a note with at least one signature; ``Malformed`` if it could not be read back."""
    data = f"{text}\n".encode("utf-8", "replace") + format_lines(signatures)
    if parse_note(data) != Note(text=text, signatures=tuple(signatures)):
        raise Malformed("a note that would not be read back unchanged")
    return data


def format_lines(signatures: Iterable[SignatureLine]) -> bytes:
    """Return the bytes of signature lines, unchecked."""
    return "".join(
        f"{_DASH}{line.name} {strict_base64.encode(line.key_id + line.signature)}\n" for line in signatures
    ).encode("utf-8", "replace")


def has_further_lines(data: bytes, first: bytes) -> bool:
    """Return whether a note equals ``first`` byte for byte, apart from further signature lines."""
    try:
        return data.startswith(first) and parse_note(data).text == parse_note(first).text
    except Malformed:
        return False


def parse_note(data: bytes) -> Note:
    """Parse a note without verifying it.

    Raises:
        Malformed: Too large, not UTF-8, a control character such as CR, no final newline, not exactly one
            blank line before the signatures, an invalid signature line, or too many.
    """
    if len(data) > MAX_NOTE_BYTES:
        raise Malformed(f"a note of more than {MAX_NOTE_BYTES} bytes")
    try:
        whole = data.decode()
    except UnicodeDecodeError as error:
        raise Malformed("a note that is not UTF-8") from error
    if any(char < " " and char != "\n" for char in whole):
        raise Malformed("a note with control characters")
    text, blank, signatures = whole.rpartition("\n\n")
    if not blank or not text or text.endswith("\n") or not signatures.endswith("\n"):
        raise Malformed("not a signed note: text, one blank line, signature lines, final newline")
    lines = signatures[:-1].split("\n")
    if len(lines) > MAX_SIGNATURE_LINES:
        raise Malformed(f"a note with more than {MAX_SIGNATURE_LINES} signatures")
    return Note(text=text + "\n", signatures=tuple(map(_parse_line, lines)))


def verify_note(note: Note, keys: Sequence[NoteKey]) -> tuple[NoteKey, ...]:
    """Verify all signatures by trusted keys; keys of another type than Ed25519 count as unknown.

    Returns:
        The keys that signed, in the order of their lines; at least one.

    Raises:
        Forged: A signature by a known key is invalid.
        UntrustedKey: No known key has signed.
    """
    known = {(key.name, key.key_id): key for key in keys if key.algorithm == ED25519}
    signed = []
    for line in note.signatures:
        if key := known.get((line.name, line.key_id)):
            try:
                verify_raw(note.text.encode(), line.signature, key.public)
            except Forged as error:
                raise Forged(f"the signature of {key.name} does not fit the note") from error
            signed.append(key)
    if not signed:
        raise UntrustedKey("a note that none of the expected keys has signed")
    return tuple(dict.fromkeys(signed))


def _parse_line(line: str) -> SignatureLine:
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH):
        raise Malformed("a line below the blank line that is not a signature")
    _check_name(name)
    data = strict_base64.decode(encoded)
    if len(data) <= KEY_ID_BYTES:
        raise Malformed("a signature line without a signature")
    return SignatureLine(name=name, key_id=data[:KEY_ID_BYTES], signature=data[KEY_ID_BYTES:])


def _check_name(name: str) -> None:
    if not name or any(char in _NOT_IN_NAMES or char.isspace() for char in name):
        raise Malformed("a key name that is empty or has spaces, control characters or a plus")
