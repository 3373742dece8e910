"""Attacks by JWS headers: keys that they bring, algorithms they name, members they add."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import TYPE_CHECKING

from attack import Room, poll
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from feed_keys import OURS
from memory_log import private_key
from memory_publisher import DocumentKey
from register_api.core.format import tree
from register_api.core.signature import ed25519_jwk, jws_signing_input
from register_api.core.strict_base64 import encode_url

if TYPE_CHECKING:
    from collections.abc import Callable

    from attack import Lie

    from memory_publisher import MemoryPublisher

ROOM = Room("headers", "JWS headers that common libraries let pass.")

PATH = tree.JWS.of(tree.REGISTER.path())


def _member(text: str) -> bytes:
    return text.encode()


def with_header(make: Callable[[str, MemoryPublisher], bytes]) -> Lie:
    """Return the lie that puts another header on the newest register, signed with the right key."""

    def lie(publisher: MemoryPublisher) -> None:
        header = encode_url(make(publisher.document.kid, publisher))
        covered = jws_signing_input(header, publisher.files[tree.REGISTER.path()])
        signature = encode_url(publisher.document.private.sign(covered))
        publisher.files[PATH] = f"{header}..{signature}".encode()

    return lie


def _header(**members: object) -> Lie:
    """Return the lie whose header has these members besides or in place of the right ones."""
    return with_header(
        lambda kid, _: json.dumps(
            {"alg": "EdDSA", "kid": kid, **members}, separators=(",", ":"), sort_keys=True
        ).encode()
    )


_STRANGER = ed25519_jwk(DocumentKey(99).private.public_key().public_bytes_raw())

HEADERS: dict[str, tuple[str, Lie]] = {
    "key in the header": ("Gives a key of the attacker's own as jwk.", _header(jwk=_STRANGER)),
    "certificate in the header": ("Gives a certificate as x5c.", _header(x5c=["MIIB"])),
    "address of keys in the header": (
        "Says with jku where to fetch keys.",
        _header(jku="https://evil.example/"),
    ),
    "address of a certificate in the header": (
        "Says with x5u where to.",
        _header(x5u="https://evil.example/"),
    ),
    "digest of a certificate in the header": ("Gives x5t#S256.", _header(**{"x5t#S256": "AAAA"})),
    "unknown crit": ("Calls critical what nobody knows.", _header(crit=["exp"], exp=1)),
    "empty crit": ("Calls nothing critical, which RFC 7515 forbids.", _header(crit=[])),
    "lying crit": ("Calls alg critical, which RFC 7515 forbids.", _header(crit=["alg"])),
    "b64 false": ("Says that the content is not encoded (RFC 7797).", _header(crit=["b64"], b64=False)),
    "b64 true": ("Says what is so anyway, by a member nobody asked for.", _header(b64=True)),
    "typ": ("Adds a member that means nothing.", _header(typ="JWT")),
    "algorithm none": ("Says that there is no signature.", _header(alg="none")),
    "algorithm None": ("Says the same in capital letters.", _header(alg="None")),
    "algorithm empty": ("Names no algorithm.", _header(alg="")),
    "algorithm of another curve": ("Names Ed448.", _header(alg="Ed448")),
    "algorithm list": ("Names two algorithms.", _header(alg=["EdDSA", "none"])),
    "key name that is no text": ("Names the key by a number.", _header(kid=1)),
    "key name null": ("Names no key.", _header(kid=None)),
    "no key name": ("Leaves the key's name out.", with_header(lambda *_: b'{"alg":"EdDSA"}')),
    "no algorithm": ("Leaves the algorithm out.", with_header(lambda kid, _: _member(f'{{"kid":"{kid}"}}'))),
    "duplicate algorithm": (
        "Names none first and EdDSA last.",
        with_header(lambda kid, _: _member(f'{{"alg":"none","alg":"EdDSA","kid":"{kid}"}}')),
    ),
    "duplicate key name": (
        "Names the attacker's key first and ours last.",
        with_header(lambda kid, _: _member(f'{{"alg":"EdDSA","kid":"{DocumentKey(99).kid}","kid":"{kid}"}}')),
    ),
    "header with spaces": (
        "Spells the header with white space.",
        with_header(lambda kid, _: _member(f'{{"alg": "EdDSA", "kid": "{kid}"}}')),
    ),
    "header in another order": (
        "Puts the key's name first.",
        with_header(lambda kid, _: _member(f'{{"kid":"{kid}","alg":"EdDSA"}}')),
    ),
    "header with an escape": (
        "Spells EdDSA with an escape.",
        with_header(lambda kid, _: _member(f'{{"alg":"Ed\\u0044SA","kid":"{kid}"}}')),
    ),
    "header with a byte-order mark": (
        "Puts a byte-order mark before the header.",
        with_header(lambda kid, _: b"\xef\xbb\xbf" + _member(f'{{"alg":"EdDSA","kid":"{kid}"}}')),
    ),
    "header in UTF-16": (
        "Writes the header in UTF-16.",
        with_header(lambda kid, _: f'{{"alg":"EdDSA","kid":"{kid}"}}'.encode("utf-16")),
    ),
    "header that is no object": ("Gives a list as the header.", with_header(lambda *_: b'["EdDSA"]')),
    "header that is no JSON": ("Gives a word as the header.", with_header(lambda *_: b"EdDSA")),
    "empty header": ("Gives no header.", with_header(lambda *_: b"")),
}
for _name, (_sentence, _lie) in HEADERS.items():
    ROOM.add(_name, _sentence, _lie, 11, "V05", arguments=poll)


@ROOM.attack(11, "V05", arguments=poll)
def algorithm_none_without_signature(publisher: MemoryPublisher) -> None:
    """Says that there is no signature, and gives none."""
    header = encode_url(
        json.dumps({"alg": "none", "kid": publisher.document.kid}, separators=(",", ":")).encode()
    )
    publisher.files[PATH] = f"{header}..".encode()


@ROOM.attack(11, "V05", arguments=poll)
def public_key_as_secret(publisher: MemoryPublisher) -> None:
    """Says HS256, and makes a MAC with the public key as the secret."""
    members = {"alg": "HS256", "kid": publisher.document.kid}
    header = encode_url(json.dumps(members, separators=(",", ":")).encode())
    covered = jws_signing_input(header, publisher.files[tree.REGISTER.path()])
    secret = publisher.document.private.public_key().public_bytes_raw()
    publisher.files[PATH] = f"{header}..{encode_url(hmac.digest(secret, covered, hashlib.sha256))}".encode()


@ROOM.attack(11, "V05", arguments=poll, why="The algorithm is refused before any key is looked up.")
def feed_key_says_es256(publisher: MemoryPublisher) -> None:
    """Signs with the feed's key, truly, and says ES256."""
    header = encode_url(json.dumps({"alg": "ES256", "kid": OURS.kid}, separators=(",", ":")).encode())
    r, s = decode_dss_signature(OURS.sign(jws_signing_input(header, publisher.files[tree.REGISTER.path()])))
    signature = encode_url(r.to_bytes(32, "big") + s.to_bytes(32, "big"))
    publisher.files[PATH] = f"{header}..{signature}".encode()


@ROOM.attack(16, "V05", arguments=poll)
def log_key_signs_a_document(publisher: MemoryPublisher) -> None:
    """Signs with the log's key, truly, and names it."""
    kid = publisher.records[1].kid
    header = encode_url(json.dumps({"alg": "EdDSA", "kid": kid}, separators=(",", ":")).encode())
    covered = jws_signing_input(header, publisher.files[tree.REGISTER.path()])
    publisher.files[PATH] = f"{header}..{encode_url(publisher.log.key.sign(covered))}".encode()


@ROOM.attack(12, "V05", arguments=poll)
def right_name_wrong_key(publisher: MemoryPublisher) -> None:
    """Names our key, and signs with the attacker's."""
    header, _, _ = publisher.files[PATH].decode().partition("..")
    covered = jws_signing_input(header, publisher.files[tree.REGISTER.path()])
    publisher.files[PATH] = f"{header}..{encode_url(private_key(99).sign(covered))}".encode()


@ROOM.attack(12, "V05", arguments=poll)
def raw_signature_as_jws(publisher: MemoryPublisher) -> None:
    """Puts the raw signature of the same bytes behind the header."""
    header, _, _ = publisher.files[PATH].decode().partition("..")
    publisher.files[PATH] = (
        f"{header}..{encode_url(publisher.files[tree.RAW_SIGNATURE.of(tree.REGISTER.path())])}".encode()
    )
