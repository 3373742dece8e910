"""Instants have one spelling, ``2026-05-10T09:00:00Z``: documents with another are refused."""

from __future__ import annotations

import pytest

from register_api.core import canonical
from register_api.core.documents import Entry, KeyList
from register_api.errors import Malformed

ENTRY = (
    '{"files":[],"format":"sub-processor-register-entry/1","format_minor":0,"published_at":"%s",'
    '"register":"example.com/sub-processors","version":1}'
)
SPELLINGS = [
    "2026-05-10T09:00:00.5Z",
    "2026-05-10T09:00:00.000000Z",
    "2026-05-10T11:00:00+02:00",
    "2026-05-10T09:00:00+00:00",
    "2026-05-10T09:00:00-00:00",
    "2026-05-10t09:00:00z",
    "2026-05-10 09:00:00Z",
    "2026-05-10T09:00:00",
    "2026-05-10T09:00Z",
    "2026-05-10T24:00:00Z",
    "2026-05-10T08:59:60Z",
]


def test_the_one_spelling_is_read() -> None:
    """UTC, whole seconds, and from year 1 to year 9999."""
    for instant in ("2026-05-10T09:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"):
        data = (ENTRY % instant).encode()
        assert canonical.encode(canonical.decode(data, Entry)) == data


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_other_spellings_of_an_instant_are_refused(spelling: str) -> None:
    """Though it is the same instant: two documents that mean one thing would have two digests."""
    with pytest.raises(Malformed):
        canonical.decode((ENTRY % spelling).encode(), Entry)


def test_other_spellings_are_found_at_any_depth() -> None:
    """Within a list, beside members that nobody knows."""
    data = (
        '{"format":"sub-processor-register-keys/1","format_minor":0,"keys":[{"ended":{"at":"2026-05-10T11:00:00+02:00",'
        '"reason":"lost"},"first_version":1,"jwk":{},"kid":"","last_version":1,"note_key":null,"pem":"",'
        '"use":"log"}],"more":1,"register":"x"}'
    )
    with pytest.raises(Malformed, match="not spelled like"):
        canonical.decode(data.encode(), KeyList)
    good = data.replace("11:00:00+02:00", "09:00:00Z")
    assert canonical.decode(good.encode(), KeyList).keys[0].ended is not None


def test_a_text_that_looks_like_an_instant_is_a_text() -> None:
    """Only what is read as an instant has to be spelled as one."""
    data = (ENTRY % "2026-05-10T09:00:00Z").replace("example.com/sub-processors", "2026-05-10T09:00:00+02:00")
    assert canonical.decode(data.encode(), Entry).register == "2026-05-10T09:00:00+02:00"


def test_unknown_members_are_still_ignored() -> None:
    """Whatever they hold, instants of another spelling among it."""
    more = '"more":"2026-05-10T09:00:00.5Z","published_at"'
    data = (ENTRY % "2026-05-10T09:00:00Z").replace('"published_at"', more)
    assert canonical.decode(data.encode(), Entry).version == 1
