"""The check of a feed's signature accepts one form, and refuses each known way round it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from feed_keys import OURS, THEIRS, find_ours
from feed_signature_forms import malformed_forms, putting, swapping, value_of
from programs import output_of
from register_api.errors import Forged, Malformed, UntrustedKey, VerificationError
from register_api.publish.signing.keyring import sign_feed
from register_api.verify.checks.feed_signature import verify_feed_signature
from thoroughness import examples
from tools import need

if TYPE_CHECKING:
    from pathlib import Path

FEED = b"<feed xmlns='http://www.w3.org/2005/Atom'><title>All is well</title></feed>"
GOOD = sign_feed(FEED, "feed.atom", OURS)
DECLARATION, BODY = GOOD.split(b"\n", 1)
EVIL_FEED = FEED.replace(b"well", b"over")
OF_EVIL = sign_feed(EVIL_FEED, "feed.atom", OURS)
"""Stands for an older feed that was once truly signed."""


def check(dsig: bytes, feed: bytes = FEED, name: str = "feed.atom") -> str:
    """Check with the one key that is trusted here."""
    return verify_feed_signature(feed, dsig, name, find_ours)


put, swap = putting(GOOD), swapping(GOOD)
SIGNATURE = value_of("SignatureValue", GOOD)
MALFORMED = malformed_forms(GOOD)


@pytest.mark.parametrize("dsig", MALFORMED.values(), ids=MALFORMED.keys())
def test_another_form_is_refused_before_anything_is_computed(dsig: bytes) -> None:
    """Whatever the form does not promise is malformed, even if the rest is right."""

    def never(kid: str) -> str:
        raise AssertionError(kid)

    with pytest.raises(Malformed):
        verify_feed_signature(FEED, dsig, "feed.atom", never)


FORGED = {
    "feed altered": (GOOD, EVIL_FEED, "feed.atom"),
    "feed cut": (GOOD, FEED[:-1], "feed.atom"),
    "feed with a line end more": (GOOD, FEED + b"\n", "feed.atom"),
    "moved beside another file": (GOOD, FEED, "3.atom"),
    "digest of another feed": (
        swap(value_of("DigestValue", GOOD), value_of("DigestValue", OF_EVIL)),
        EVIL_FEED,
        "feed.atom",
    ),
    "URI altered": (swap('URI="feed.atom"', 'URI="3.atom"'), FEED, "3.atom"),
    "white space in what is signed": (put("<ds:Reference", "\n"), FEED, "feed.atom"),
    "signature of another feed": (
        swap(
            SIGNATURE,
            value_of("SignatureValue", OF_EVIL),
        ),
        FEED,
        "feed.atom",
    ),
    "r and s are zero": (swap(SIGNATURE, "A" * 86 + "=="), FEED, "feed.atom"),
    "r and s beyond the order": (swap(SIGNATURE, "/" * 85 + "w=="), FEED, "feed.atom"),
    "another key under our name": (
        swap(THEIRS.kid, OURS.kid, sign_feed(FEED, "feed.atom", THEIRS)),
        FEED,
        "feed.atom",
    ),
}


@pytest.mark.parametrize(("dsig", "feed", "name"), FORGED.values(), ids=FORGED.keys())
def test_what_does_not_fit_is_forged(dsig: bytes, feed: bytes, name: str) -> None:
    """The right form over other bytes, another file or by another key is found out."""
    with pytest.raises(Forged):
        check(dsig, feed, name)


def test_only_the_callers_keys_count() -> None:
    """A good signature by a key that the caller does not name is worth nothing."""
    with pytest.raises(UntrustedKey):
        check(sign_feed(FEED, "feed.atom", THEIRS))


def test_the_callers_refusal_is_passed_on() -> None:
    """A key out of its range of versions is refused by the caller, in the caller's words."""

    def refuse(kid: str) -> str:
        raise UntrustedKey(f"{kid} was good until version 3")

    with pytest.raises(UntrustedKey, match="version 3"):
        verify_feed_signature(FEED, GOOD, "feed.atom", refuse)


def test_a_key_of_another_curve_is_untrusted() -> None:
    """Only P-256 speaks for feeds, whatever the list of keys may say."""
    key = ec.derive_private_key(7, ec.SECP384R1()).public_key()
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    with pytest.raises(UntrustedKey):
        verify_feed_signature(FEED, GOOD, "feed.atom", lambda _: pem)


EQUIVALENT = {
    "as made": GOOD,
    "without declaration": BODY,
    "declared in double quotes": DECLARATION.replace(b"'", b'"') + BODY,
    "white space round the parts that are not signed": put("<ds:KeyInfo>", "\n  "),
    "signature in lines": swap(SIGNATURE, f"\n{SIGNATURE[:44]}\r\n{SIGNATURE[44:]}\n"),
}


@pytest.mark.parametrize("dsig", EQUIVALENT.values(), ids=EQUIVALENT.keys())
def test_other_writers_of_the_same_form_are_accepted(dsig: bytes) -> None:
    """What XML leaves open outside of the signed part does not matter."""
    assert check(dsig) == OURS.kid


def test_what_xmlsec1_signs_is_accepted(tmp_path: Path) -> None:
    """Another program, indenting and breaking lines, makes the same form."""
    empty = re.sub(rb"<ds:(DigestValue|SignatureValue)>[^<]*<", rb"<ds:\1><", GOOD)
    template = empty.replace(b"><", b">\n  <").replace(b">\n  </ds:DigestValue", b"></ds:DigestValue")
    key = ec.derive_private_key(0xC0FFEE, ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for name, data in (("feed.atom", FEED), ("template.xml", template), ("key.pem", pem)):
        tmp_path.joinpath(name).write_bytes(data)
    command = (need("xmlsec1"), "--sign", f"--privkey-pem:{OURS.kid}", "key.pem", "template.xml")
    made = output_of(*command, cwd=tmp_path)
    assert check(made) == OURS.kid


@settings(max_examples=examples(200))
@given(st.data())
def test_no_altered_byte_passes_and_nothing_else_is_raised(data: st.DataObject) -> None:
    """Any one byte changed is refused by an error of the tree, or leaves the meaning as it was."""
    position = data.draw(st.integers(0, len(GOOD) - 1))
    byte = data.draw(st.integers(0, 255))
    altered = GOOD[:position] + bytes([byte]) + GOOD[position + 1 :]
    try:
        kid = check(altered)
    except VerificationError:
        return
    assert kid == OURS.kid
    assert altered == GOOD or bytes([byte]) in b" \t\r\n'\"uUtTfF"


@settings(max_examples=examples(100))
@given(st.binary(max_size=300))
def test_noise_is_refused(noise: bytes) -> None:
    """Bytes of any kind are refused by an error of the tree."""
    with pytest.raises(VerificationError):
        check(noise)


@pytest.mark.parametrize("what", [b"Algorithm", b"ds:SignatureMethod", b"Id"])
def test_a_refusal_does_not_carry_what_is_refused(what: bytes) -> None:
    """A value, a name, however long: a report of it stays short, and nothing in it moves a cursor."""
    long = b"x" * 10_000
    forged = {
        b"Algorithm": GOOD.replace(
            b'<ds:SignatureMethod Algorithm="', b'<ds:SignatureMethod Algorithm="' + long
        ),
        b"ds:SignatureMethod": GOOD.replace(b"ds:SignatureMethod", b"ds:" + long),
        b"Id": GOOD.replace(b"<ds:SignatureMethod ", b"<ds:SignatureMethod " + long + b'="1" '),
    }[what]
    assert forged != GOOD
    with pytest.raises(Malformed) as caught:
        check(forged)
    assert len(caught.value.message) < 300
    assert caught.value.message.isprintable()
