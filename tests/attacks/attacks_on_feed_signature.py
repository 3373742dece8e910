"""Attacks on the XML signature beside the feed: keys it brings, transforms, references, wrapping."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING

from attack import Room, three_versions
from changes import damaged, put
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from feed_keys import OURS, THEIRS
from feed_signature_forms import ECDSA, malformed_forms, value_of
from register_api.core.format import tree
from register_api.publish.signing.keyring import sign_feed

if TYPE_CHECKING:
    from attack import Lie

    from memory_publisher import MemoryPublisher

ROOM = Room("feed signature", "The XML signature beside the Atom feed.")

DSIG = tree.XML_SIGNATURE.of(tree.FEED_ATOM.path())


def _form(name: str) -> Lie:
    def lie(publisher: MemoryPublisher) -> None:
        publisher.files[DSIG] = malformed_forms(publisher.files[DSIG])[name]

    return lie


FORMS = sorted(malformed_forms(three_versions().files[DSIG]))
for _name in FORMS:
    ROOM.add(
        f"XML signature: {_name}",
        "Writes another form than the promised one.",
        _form(_name),
        11,
        "V20",
        remembers=True,
    )


def _forged(publisher: MemoryPublisher) -> bytes:
    """Return a feed that hides the newest version."""
    return publisher.atom(publisher.registers[:2][::-1])


@ROOM.attack(16, "V20")
def signed_by_a_stranger(publisher: MemoryPublisher) -> None:
    """Signs the feed with a key of the attacker's own, and names it."""
    publisher.files[DSIG] = sign_feed(publisher.files[tree.FEED_ATOM.path()], "feed.atom", THEIRS)


@ROOM.attack(12, "V20", remembers=True)
def signed_by_a_stranger_under_our_name(publisher: MemoryPublisher) -> None:
    """Signs the feed with a key of the attacker's own, and names ours."""
    made = sign_feed(publisher.files[tree.FEED_ATOM.path()], "feed.atom", THEIRS)
    publisher.files[DSIG] = put(made, THEIRS.kid.encode(), OURS.kid.encode())


@ROOM.attack(11, "V20", remembers=True)
def key_value_of_the_forger(publisher: MemoryPublisher) -> None:
    """Signs with a key of the attacker's own, and gives that key in the document, as signers like to."""
    made = sign_feed(publisher.files[tree.FEED_ATOM.path()], "feed.atom", THEIRS)
    numbers = load_pem_public_key(THEIRS.public_pem.encode()).public_numbers()  # type: ignore[union-attr]
    point = b"\4" + numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")  # type: ignore[union-attr]
    value = (
        '<ds:KeyValue><dsig11:ECKeyValue xmlns:dsig11="http://www.w3.org/2009/xmldsig11#">'
        '<dsig11:NamedCurve URI="urn:oid:1.2.840.10045.3.1.7"/>'
        f"<dsig11:PublicKey>{base64.b64encode(point).decode()}</dsig11:PublicKey></dsig11:ECKeyValue></ds:KeyValue>"
    )
    key_name = f"<ds:KeyName>{THEIRS.kid}</ds:KeyName>"
    publisher.files[DSIG] = put(made, key_name.encode(), value.encode())


@ROOM.attack(11, "V20", remembers=True)
def mac_with_the_public_key(publisher: MemoryPublisher) -> None:
    """Makes an HMAC whose secret is our public key, which everybody knows."""
    data = publisher.files[DSIG]
    made = put(data, ECDSA.encode(), b"http://www.w3.org/2001/04/xmldsig-more#hmac-sha256")
    signed_info = made[made.index(b"<ds:SignedInfo") : made.index(b"<ds:SignatureValue")]
    mac = hmac.digest(OURS.public_pem.encode(), signed_info, hashlib.sha256)
    publisher.files[DSIG] = put(made, value_of("SignatureValue", made).encode(), base64.b64encode(mac))


@ROOM.attack(12, "V20", remembers=True)
def signature_of_an_older_feed(publisher: MemoryPublisher) -> None:
    """Puts the valid signature of another feed beside this one."""
    publisher.files[DSIG] = sign_feed(_forged(publisher), "feed.atom", OURS)


@ROOM.attack(12, "V20", remembers=True)
def digest_replaced(publisher: MemoryPublisher) -> None:
    """Puts the right digest into the valid signature of another feed."""
    ours = value_of("DigestValue", publisher.files[DSIG])
    other = sign_feed(_forged(publisher), "feed.atom", OURS)
    publisher.files[DSIG] = put(other, value_of("DigestValue", other).encode(), ours.encode())


@ROOM.attack(12, "V20", remembers=True)
def signature_of_another_file(publisher: MemoryPublisher) -> None:
    """Signs the same bytes under the name of an archive page."""
    publisher.files[DSIG] = sign_feed(publisher.files[tree.FEED_ATOM.path()], "1.atom", OURS)


@ROOM.attack(12, "V20", remembers=True)
def reference_renamed(publisher: MemoryPublisher) -> None:
    """Renames what is signed, after signing."""
    made = sign_feed(publisher.files[tree.FEED_ATOM.path()], "1.atom", OURS)
    publisher.files[DSIG] = put(made, b'URI="1.atom"', b'URI="feed.atom"')


@ROOM.attack(12, "V20", remembers=True)
def zero_signature(publisher: MemoryPublisher) -> None:
    """Gives r and s as zero."""
    data = publisher.files[DSIG]
    publisher.files[DSIG] = put(data, value_of("SignatureValue", data).encode(), b"A" * 86 + b"==")


ROOM.add(
    "XML signature with a newline behind",
    "Adds white space behind the signature.",
    damaged(DSIG, lambda data: data + b"\n"),
    0,
    why="Harmless: XML leaves this open, nothing reads it, and what is signed is the feed's exact bytes.",
)
