"""The XML signature beside a feed is what other programs accept, and always the same bytes."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

import pytest
from lxml import etree
from signxml import DigestAlgorithm, SignatureConfiguration, SignatureMethod, XMLVerifier

from feed_keys import OURS, THEIRS, find_ours
from programs import run
from register_api.core.xml_signature import NAMESPACE, ds
from register_api.publish.signing.keyring import sign_feed
from register_api.verify.checks.feed_signature import verify_feed_signature
from tools import need

if TYPE_CHECKING:
    from pathlib import Path

    from register_api.publish.signing.signer import P256Signer

FEED = b"<?xml version='1.0' encoding='UTF-8'?>\n<feed xmlns='http://www.w3.org/2005/Atom'>\xc3\xa9</feed>"


def xmlsec1(folder: Path, feed: bytes, dsig: bytes, name: str, signer: P256Signer) -> bool:
    """Let xmlsec1 judge, with the command that the format promises."""
    folder.joinpath(name).write_bytes(feed)
    folder.joinpath(name + ".dsig").write_bytes(dsig)
    folder.joinpath("KID.pem").write_text(signer.public_pem)
    command = (need("xmlsec1"), "--verify", f"--pubkey-pem:{OURS.kid}", "KID.pem", name + ".dsig")
    return run(*command, cwd=folder).returncode == 0


@pytest.mark.parametrize("name", ["feed.atom", "3.atom"])
def test_xmlsec1_accepts_what_is_made(tmp_path: Path, name: str) -> None:
    """The newest page and an archive page verify by file name."""
    assert xmlsec1(tmp_path, FEED, sign_feed(FEED, name, OURS), name, OURS)


@pytest.mark.parametrize("position", [0, 20, len(FEED) - 1])
def test_xmlsec1_refuses_an_altered_byte_of_the_feed(tmp_path: Path, position: int) -> None:
    """Not even a quote in the XML declaration may change: exact bytes are signed, not XML."""
    altered = FEED[:position] + bytes([FEED[position] ^ 1]) + FEED[position + 1 :]
    assert not xmlsec1(tmp_path, altered, sign_feed(FEED, "feed.atom", OURS), "feed.atom", OURS)


def test_xmlsec1_refuses_another_key(tmp_path: Path) -> None:
    """The judge uses the key that it is given."""
    assert not xmlsec1(tmp_path, FEED, sign_feed(FEED, "feed.atom", OURS), "feed.atom", THEIRS)


def test_signxml_accepts_what_is_made_once_it_has_the_key() -> None:
    """A second judge, with its schema; it needs the key in the document, which is not signed over."""
    root = etree.fromstring(sign_feed(FEED, "feed.atom", OURS))
    key_info = root.find(ds("KeyInfo"))
    assert key_info is not None
    key_info.append(_key_value())
    config = SignatureConfiguration(
        require_x509=False,
        signature_methods=frozenset({SignatureMethod.ECDSA_SHA256}),
        digest_algorithms=frozenset({DigestAlgorithm.SHA256}),
    )
    result = XMLVerifier().verify(root, uri_resolver={"feed.atom": FEED}.__getitem__, expect_config=config)
    assert not isinstance(result, list)
    assert result.signed_data == FEED
    assert result.signature_key.decode() == OURS.public_pem


def _key_value() -> etree._Element:
    eleven = "http://www.w3.org/2009/xmldsig11#"
    value = etree.Element(ds("KeyValue"), nsmap={"ds": NAMESPACE})
    curve = etree.SubElement(value, f"{{{eleven}}}ECKeyValue")
    etree.SubElement(curve, f"{{{eleven}}}NamedCurve", URI="urn:oid:1.2.840.10045.3.1.7")
    etree.SubElement(curve, f"{{{eleven}}}PublicKey").text = b64encode(OURS.public).decode()
    return value


def test_same_feed_gives_same_bytes() -> None:
    """Publishing again changes nothing (RFC 6979)."""
    assert sign_feed(FEED, "feed.atom", OURS) == sign_feed(FEED, "feed.atom", OURS)


def test_the_document_has_the_promised_form_and_nothing_else() -> None:
    """One reference without transforms, one key name, no key."""
    root = etree.fromstring(sign_feed(FEED, "feed.atom", OURS))
    names = [etree.QName(element).localname for element in root.iter()]
    assert names == [
        "Signature", "SignedInfo", "CanonicalizationMethod", "SignatureMethod", "Reference",
        "DigestMethod", "DigestValue", "SignatureValue", "KeyInfo", "KeyName",
    ]  # fmt: skip
    assert root.findtext(f"{ds('KeyInfo')}/{ds('KeyName')}") == OURS.kid


def test_our_own_check_accepts_what_is_made() -> None:
    """Both halves of the project agree; the kid comes back."""
    assert verify_feed_signature(FEED, sign_feed(FEED, "feed.atom", OURS), "feed.atom", find_ours) == OURS.kid
