"""Which versions an Atom feed names is read in one way, or not at all."""

from __future__ import annotations

import pytest

from memory_publisher import NAME, MemoryPublisher
from register_api.core.format import tree
from register_api.errors import Malformed
from register_api.verify.checks.feeds import read_atom

GOOD = MemoryPublisher().publish_many(3).files[tree.FEED_ATOM.path()]
DECLARATION, BODY = GOOD.split(b"\n", 1)

EQUIVALENT = {
    "as made": GOOD,
    "without declaration": BODY,
    "declared in double quotes": DECLARATION.replace(b"'", b'"') + BODY,
    "character references": GOOD.replace(b"/versions/3<", b"/versions/&#51;<"),
    "CDATA": GOOD.replace(b"/versions/3<", b"/versions/<![CDATA[3]]><"),
    "comment between entries": GOOD.replace(b"<entry>", b"<!-- --><entry>"),
}


@pytest.mark.parametrize("data", EQUIVALENT.values(), ids=EQUIVALENT.keys())
def test_other_spellings_of_one_text_are_read_alike(data: bytes) -> None:
    """What every XML reader reads alike is no matter."""
    assert [entry.version for entry in read_atom(data, NAME)] == [3, 2, 1]


AMBIGUOUS = {
    "UTF-16": GOOD.decode().replace("UTF-8", "UTF-16").encode("utf-16"),
    "UTF-16 without a word of it": BODY.decode().encode("utf-16"),
    "another encoding declared": GOOD.replace(b"UTF-8", b"ISO-8859-1"),
    "UTF-7 declared": GOOD.replace(b"UTF-8", b"UTF-7"),
    "document type in UTF-16": GOOD.decode()
    .replace("UTF-8", "UTF-16")
    .replace("<feed", "<!DOCTYPE feed><feed")
    .encode("utf-16"),
    "comment in an id": GOOD.replace(b"/versions/3<", b"/versions/3<!-- -->0<"),
    "instruction in an id": GOOD.replace(b"/versions/3<", b"/versions/3<?x y?>0<"),
    "element in an id": GOOD.replace(b"/versions/3<", b"/versions/3<b/>0<"),
    "two ids": GOOD.replace(b"<updated>", b"<id>urn:x</id><updated>", 1),
    "two instants": GOOD.replace(b"<updated>", b"<updated/><updated>", 1),
    "no id": GOOD.replace(b"<entry><id>", b"<entry><title>", 1).replace(
        b"</id><updated>", b"</title><updated>", 1
    ),
}


@pytest.mark.parametrize("data", AMBIGUOUS.values(), ids=AMBIGUOUS.keys())
def test_what_two_programs_may_read_in_two_ways_is_malformed(data: bytes) -> None:
    """Though it is signed, one customer would be told of version 3 and another of version 30."""
    assert data != GOOD
    with pytest.raises(Malformed):
        read_atom(data, NAME)
