"""What the documents tell people to type about the feed's signature says OK to ours, and to no forgery.

xmlsec1 by itself believes a key that the file brings along. The lines are taken out of each page on which
they stand, and typed.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

import pytest
from commands import bash
from documented import documented

from feed_keys import OURS
from feed_signature_forms import malformed_forms, putting, swapping, value_of
from programs import output_of
from register_api.publish.signing.keyring import sign_feed
from tools import need

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hosts import Site

    from programs import Done

FEED = b"<feed xmlns='http://www.w3.org/2005/Atom'><title>All is well</title></feed>"
EVIL = FEED.replace(b"well", b"over")
GOOD = sign_feed(FEED, "feed.atom", OURS)
LINE = "xmlsec1 --verify"
RSA = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
ECDSA = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"


@pytest.fixture
def pages(site: Site) -> Mapping[str, str]:
    """The lines about the feed by the page on which they stand."""
    guide = documented("docs/more-by-hand.md", "sh", LINE).replace('"$kid"', "KID")
    shown = re.search(r"<pre>([^<]*xmlsec1[^<]*)</pre>", site.get("index.html").decode())
    assert shown is not None
    return {
        "docs/format/feeds.md": documented("docs/format/feeds.md", "sh", LINE),
        "docs/more-by-hand.md": guide.partition("\n")[2].replace("feed.pem", "KID.pem"),
        "index.html": html.unescape(shown[1]).partition("\n")[2],
    }


def typed(lines: str, feed: bytes, dsig: bytes, folder: Path) -> Done:
    """Type lines in a folder with a feed, its signature and the public key from the list of keys."""
    need("xmlsec1")
    (folder / "feed.atom").write_bytes(feed)
    (folder / "feed.atom.dsig").write_bytes(dsig)
    (folder / f"{OURS.kid}.pem").write_text(OURS.public_pem)
    return bash(lines.replace("KID", OURS.kid), folder)


def forged(folder: Path, key_info: str, more: str) -> bytes:
    """Let xmlsec1 sign another feed with a stranger's RSA key, which the file brings along."""
    template = swapping(GOOD)(value_of("DigestValue", GOOD), "")
    swap = swapping(swapping(template)(ECDSA, RSA))
    empty = swap(value_of("SignatureValue", GOOD), "")
    name = f"<ds:KeyName>{OURS.kid}</ds:KeyName>"
    shaped = putting(swapping(empty)(name, key_info))("</ds:SignedInfo>", more)
    (folder / "feed.atom").write_bytes(EVIL)
    (folder / "template.xml").write_bytes(shaped)
    made = ("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=evil", "-keyout", "evil.pem")
    output_of(need("openssl"), *made, "-out", "evil.crt", cwd=folder)
    key = ("--privkey-pem", "evil.pem,evil.crt", "template.xml")
    return output_of(need("xmlsec1"), "--sign", *key, cwd=folder)


SECOND = (
    '<ds:Reference URI="feed.atom"><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>'
    "<ds:DigestValue></ds:DigestValue></ds:Reference>"
)
NAMED = f"<ds:KeyName>{OURS.kid}</ds:KeyName>"
FORGERIES = {
    "RSA key": ("<ds:KeyValue/>", ""),
    "RSA key behind our name": (f"{NAMED}<ds:KeyValue/>", ""),
    "certificate": ("<ds:X509Data/>", ""),
    "certificate behind our name": (f"{NAMED}<ds:X509Data/>", ""),
    "RSA key and a second reference": ("<ds:KeyValue/>", SECOND),
}


@pytest.mark.parametrize("name", ["docs/format/feeds.md", "docs/more-by-hand.md", "index.html"])
class TestTheLinesOn:
    """One page after the other."""

    def test_say_ok_to_our_signature_alone(self, pages: Mapping[str, str], name: str, tmp_path: Path) -> None:
        """One letter more in the feed is refused."""
        done = typed(pages[name], FEED, GOOD, tmp_path)
        assert (done.returncode, (done.stdout + done.stderr).splitlines()[0]) == (0, "OK"), done.stderr
        assert typed(pages[name], FEED + b"\n", GOOD, tmp_path).returncode != 0

    @pytest.mark.parametrize("forgery", FORGERIES)
    def test_refuse_what_a_stranger_signed(
        self, pages: Mapping[str, str], name: str, forgery: str, tmp_path: Path
    ) -> None:
        """Whatever of his key the file brings."""
        done = typed(pages[name], EVIL, forged(tmp_path, *FORGERIES[forgery]), tmp_path)
        assert done.returncode != 0
        assert "OK" not in done.stdout + done.stderr

    def test_refuse_every_other_form(self, pages: Mapping[str, str], name: str, tmp_path: Path) -> None:
        """All that verify refuses, a second reference among it; each is made from a good signature."""
        passed = {
            form
            for form, dsig in malformed_forms(GOOD).items()
            if typed(pages[name], FEED, dsig, tmp_path).returncode == 0
        }
        assert passed == set()


@pytest.mark.parametrize("forgery", ["RSA key", "RSA key behind our name", "RSA key and a second reference"])
def test_the_forgeries_are_good_ones(forgery: str, tmp_path: Path) -> None:
    """Without the two restrictions xmlsec1 says OK to them: what refuses them are the lines."""
    key_info, more = FORGERIES[forgery]
    done = typed(
        "xmlsec1 --verify --pubkey-pem:KID KID.pem feed.atom.dsig",
        EVIL,
        forged(tmp_path, key_info, more),
        tmp_path,
    )
    assert done.returncode == 0, done.stderr


def test_each_of_the_two_lines_refuses_what_the_other_lets_pass(
    pages: Mapping[str, str], tmp_path: Path
) -> None:
    """The form alone knows no signature, and the key alone no form."""
    form, _, key = pages["docs/format/feeds.md"].partition("&&\n")
    by_stranger = swapping(GOOD)(value_of("SignatureValue", GOOD), "A" * 86 + "==")
    assert typed(form, FEED, by_stranger, tmp_path).returncode == 0
    assert typed(key, FEED, by_stranger, tmp_path).returncode != 0
    spaced = putting(GOOD)("<ds:KeyInfo>", "<!-- x -->")
    assert typed(key, FEED, spaced, tmp_path).returncode == 0
    assert typed(form, FEED, spaced, tmp_path).returncode != 0


def test_the_form_in_the_format_is_what_the_line_compares() -> None:
    """A second implementer writes what stands there."""
    shown = documented("docs/format/feeds.md", "xml", "<ds:Signature")
    assert re.sub(rb"<(ds:[A-Za-z]+)>[A-Za-z0-9+/=_-]+</", rb"<\1></", GOOD).decode() == shown
