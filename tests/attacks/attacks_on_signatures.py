"""Attacks on the spelling and the numbers of signatures."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from attack import Room, poll

from register_api.core.format import tree
from register_api.core.strict_base64 import decode_url, encode_url

if TYPE_CHECKING:
    from collections.abc import Callable

    from attack import Lie

    from memory_publisher import MemoryPublisher

ROOM = Room("signatures", "Spellings and numbers that common libraries let pass.")

PATH = tree.JWS.of(tree.REGISTER.path())
RAW = tree.RAW_SIGNATURE.of(tree.REGISTER.path())
ORDER = 2**252 + 27742317777372353535851937790883648493
"""Order L of the group that Ed25519 signs in (RFC 8032 section 5.1)."""


SPELLINGS: dict[str, tuple[str, Callable[[str, str], str]]] = {
    "padding behind the signature": ("Pads base64url.", lambda head, sig: f"{head}..{sig}=="),
    "padding behind the header": ("Pads the header.", lambda head, sig: f"{head}=..{sig}"),
    "trailing bits": (
        "Sets bits that base64url drops.",
        lambda head, sig: f"{head}..{sig[:-1]}{chr(ord(sig[-1]) + 1)}",
    ),
    "newline at the end": ("Ends the line.", lambda head, sig: f"{head}..{sig}\n"),
    "newline inside": ("Breaks the line.", lambda head, sig: f"{head}..\n{sig}"),
    "carriage return": ("Ends the line as on Windows.", lambda head, sig: f"{head}..{sig}\r\n"),
    "space in front": ("Puts a space in front.", lambda head, sig: f" {head}..{sig}"),
    "space at the end": ("Puts a space behind.", lambda head, sig: f"{head}..{sig} "),
    "space inside": ("Puts a space into the signature.", lambda head, sig: f"{head}..{sig[:9]} {sig[9:]}"),
    "tab inside": ("Puts a tab into the signature.", lambda head, sig: f"{head}..{sig[:9]}\t{sig[9:]}"),
    "NUL at the end": ("Puts a NUL behind.", lambda head, sig: f"{head}..{sig}\0"),
    "content attached": (
        "Puts content of the attacker's between the dots.",
        lambda head, sig: f"{head}.e30.{sig}",
    ),
    "one dot": ("Leaves out a dot.", lambda head, sig: f"{head}.{sig}"),
    "three dots": ("Adds a dot.", lambda head, sig: f"{head}...{sig}"),
    "a further part": ("Adds a part, as in JWE.", lambda head, sig: f"{head}..{sig}.e30"),
    "two signatures": ("Writes a second JWS behind.", lambda head, sig: f"{head}..{sig}{head}..{sig}"),
    "JSON serialisation": (
        "Writes the JWS as JSON.",
        lambda head, sig: json.dumps({"protected": head, "signature": sig}),
    ),
    "letter of another script": (
        "Writes a letter that looks alike.",
        lambda head, sig: f"{head}..{sig[:-1]}\u0410",
    ),
    "signature too short": ("Cuts the signature.", lambda head, sig: f"{head}..{sig[:-4]}"),
    "signature too long": ("Lengthens the signature.", lambda head, sig: f"{head}..{sig}AAAA"),
    "no signature": ("Gives a header alone.", lambda head, _: f"{head}.."),
    "nothing": ("Serves an empty file.", lambda *_: ""),
    "beyond the limit": (
        "Serves a JWS of 5,000 characters.",
        lambda head, sig: f"{head}..{sig}".ljust(5000, "A"),
    ),
}


def _spelled(change: Callable[[str, str], str]) -> Lie:
    def lie(publisher: MemoryPublisher) -> None:
        head, _, signature = publisher.files[PATH].decode().partition("..")
        publisher.files[PATH] = change(head, signature).encode()

    return lie


for _name, (_sentence, _change) in SPELLINGS.items():
    ROOM.add(f"JWS: {_name}", _sentence, _spelled(_change), 11, "V05", arguments=poll)


@ROOM.attack(11, "V17")
def jws_in_the_other_alphabet(publisher: MemoryPublisher) -> None:
    """Writes plus and slash where base64url has minus and underscore."""
    paths = (
        tree.JWS.of(path(version))
        for version in (1, 2, 3)
        for path in (tree.VERSION_REGISTER.path, tree.VERSION_DIFF.path)
    )
    path = next(path for path in paths if set(publisher.files[path]) & set(b"-_"))
    publisher.files[path] = publisher.files[path].translate(bytes.maketrans(b"-_", b"+/"))


def _with_raw(change: Callable[[bytes], bytes]) -> Lie:
    def lie(publisher: MemoryPublisher) -> None:
        publisher.files[RAW] = change(publisher.files[RAW])

    return lie


def beyond_order(signature: bytes) -> bytes:
    """Return the same signature with S + L in place of S: a second one, if nobody looks."""
    return signature[:32] + (int.from_bytes(signature[32:], "little") + ORDER).to_bytes(32, "little")


def _jws_beyond_order(head: str, sig: str) -> str:
    return f"{head}..{encode_url(beyond_order(decode_url(sig)))}"


RAWS: dict[str, tuple[str, Callable[[bytes], bytes], int]] = {
    "S beyond the order": ("Adds the group's order to S.", beyond_order, 12),
    "point of small order": (
        "Takes the neutral element as R, and zero as S.",
        lambda _: b"\1" + bytes(63),
        12,
    ),
    "zeros": ("Signs with 64 zeros.", lambda _: bytes(64), 12),
    "halves exchanged": ("Exchanges R and S.", lambda data: data[32:] + data[:32], 12),
    "63 bytes": ("Cuts a byte.", lambda data: data[:-1], 11),
    "65 bytes": ("Adds a byte.", lambda data: data + b"\n", 11),
    "no bytes": ("Serves an empty file.", lambda _: b"", 11),
    "in hex": ("Writes the signature in hex.", lambda data: data.hex().encode(), 11),
    "twice": ("Writes the signature twice.", lambda data: data * 2, 11),
}
for _name, (_sentence, _change, _code) in RAWS.items():
    ROOM.add(f"raw signature: {_name}", _sentence, _with_raw(_change), _code, "V05", arguments=poll)
ROOM.add(
    "JWS: S beyond the order",
    "Adds the group's order to S.",
    _spelled(_jws_beyond_order),
    12,
    "V05",
    arguments=poll,
)
