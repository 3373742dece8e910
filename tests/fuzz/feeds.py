"""Targets: what a customer reads of the feeds, and the XML signature beside them."""

from __future__ import annotations

from feed_keys import OURS
from fuzz.documents import published
from fuzz.target import Target, documented
from memory_publisher import NAME
from register_api.core.format import tree
from register_api.publish.signing.keyring import sign_feed
from register_api.verify.checks.feed_signature import verify_feed_signature
from register_api.verify.checks.feeds import read_atom, read_json

FEED = b"<feed xmlns='http://www.w3.org/2005/Atom'/>"

XML = (
    b"<!DOCTYPE x [<!ENTITY a 'b'>]>",
    b"&a;",
    b"&#x41;",
    b"<![CDATA[x]]>",
    b"<!-- -->",
    b"<?x y?>",
    b"</",
    b"<entry/>",
    b"<id>",
    b"</id>",
    b"<updated/>",
    b'xmlns="x"',
    b"xml:base='x'",
    b"<a>" * 300,
    b"<?xml version='1.1'?>",
    b"encoding='UTF-16'",
    b"</Signature>",
    b"<Object/>",
    b"<Transforms/>",
)


def _verify(dsig: bytes) -> str:
    return verify_feed_signature(FEED, dsig, "feed.atom", {OURS.kid: OURS.public_pem}.__getitem__)


def _is_ours(_data: bytes, kid: str) -> None:
    assert kid == OURS.kid, "a key that the caller has not"


TARGETS = (
    Target(
        name="XML signature",
        parse=_verify,
        refusals=documented(verify_feed_signature),
        seeds=lambda: (sign_feed(FEED, "feed.atom", OURS), sign_feed(FEED, "3.atom", OURS)),
        tokens=XML,
        check=_is_ours,
    ),
    Target(
        name="Atom feed",
        parse=lambda data: read_atom(data, NAME),
        refusals=documented(read_atom),
        seeds=lambda: (published()[tree.FEED_ATOM.path()],),
        tokens=XML,
    ),
    Target(
        name="JSON feed",
        parse=lambda data: read_json(data, NAME),
        refusals=documented(read_json),
        seeds=lambda: (published()[tree.FEED_JSON.path()],),
        tokens=(b'"items":[]', b'"_log":{}', b"/versions/"),
        json=True,
    ),
)
