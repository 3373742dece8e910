"""How the list of keys changes: ranges stay without gap or overlap, whatever is closed."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memory_folder import memory_folder
from register_api.core.documents import Ended, KeyList, KeyRecord
from register_api.core.key_list import check_growth, check_keys, is_good_for
from register_api.errors import UntrustedKey, UsageError
from register_api.publish.signing.key_list import (
    first_key_list,
    key_record,
    open_record,
    record_of,
    rotated,
    shortened,
)
from register_api.publish.signing.keyring import Keyring
from register_api.publish.signing.signer import Ed25519Signer, generate
from thoroughness import examples

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "example.com/sub-processors"
ENDED = Ended(at=dt.datetime(2026, 6, 3, tzinfo=dt.UTC), reason="compromised", text="Stolen")


@pytest.fixture(scope="module")
def made() -> Iterator[tuple[KeyList, list[KeyRecord]]]:
    """The list of a new register, and spare document keys."""
    with memory_folder() as folder:
        keys = first_key_list(NAME, Keyring(folder / "keys", create=True, root_keys=1, root_threshold=1))
        signers = [generate(folder / "spare" / f"{number}.pem", Ed25519Signer) for number in range(6)]
        yield keys, [key_record("document", signer, NAME, 1) for signer in signers]


def ranges(keys: KeyList) -> list[tuple[int, int | None]]:
    """Return the ranges of the document keys in order."""
    rows = sorted((row.first_version, row.last_version or 0) for row in keys.keys if row.use == "document")
    return [(first, last or None) for first, last in rows]


def test_a_rotation_closes_at_the_newest_version(made: tuple[KeyList, list[KeyRecord]]) -> None:
    """The new key begins with the next one."""
    keys, spare = made
    changed = rotated(keys, spare[0], 7, ENDED)
    assert ranges(changed) == [(1, 7), (8, None)]
    assert open_record(changed, "document").kid == spare[0].kid
    assert [row for row in changed.keys if row.use != "document"] == [
        row for row in keys.keys if row.use != "document"
    ]


def test_an_unused_key_is_replaced_and_leaves(made: tuple[KeyList, list[KeyRecord]]) -> None:
    """It has signed nothing, and a range without versions cannot be written down."""
    keys, spare = made
    changed = rotated(rotated(keys, spare[0], 7, ENDED), spare[1], 7, ENDED)
    assert ranges(changed) == [(1, 7), (8, None)]
    assert spare[0].kid not in {row.kid for row in changed.keys}


def test_a_key_that_is_listed_cannot_follow_itself(made: tuple[KeyList, list[KeyRecord]]) -> None:
    """A backup put in the new key's place is noticed."""
    keys, _ = made
    with pytest.raises(UntrustedKey):
        rotated(keys, open_record(keys, "document"), 7, ENDED)


@pytest.mark.parametrize("last", [0, -1, 8])
def test_a_range_is_only_made_shorter(made: tuple[KeyList, list[KeyRecord]], last: int) -> None:
    """And never empty."""
    keys, spare = made
    closed = rotated(keys, spare[0], 7, ENDED)
    first = next(row for row in closed.keys if row.last_version == 7)
    with pytest.raises(UsageError):
        shortened(closed, first, last, ENDED, None)


@given(st.data())
@settings(max_examples=examples(60), deadline=None)
def test_any_series_of_changes_takes_nothing_back_and_leaves_one_good_key_for_every_version(
    made: tuple[KeyList, list[KeyRecord]], data: st.DataObject
) -> None:
    """Rotations and ends in any order, while versions are published."""
    keys, spare = made
    newest = 1
    for successor in spare:
        newest += data.draw(st.integers(0, 3))
        before = keys
        if data.draw(st.booleans()):
            keys = rotated(keys, successor, newest, ENDED)
        else:
            used = [row for row in keys.keys if row.use == "document" and row.first_version <= newest]
            record = data.draw(st.sampled_from(used))
            last = data.draw(st.integers(record.first_version, min(newest, record.last_version or newest)))
            keys = shortened(keys, record, last, ENDED, successor if record.last_version is None else None)
        check_growth(before, keys, newest)
    check_keys(keys)
    for version in range(1, newest + 2):
        good = [row for row in keys.keys if row.use == "document" and is_good_for(row, version)]
        assert len(good) == 1


@pytest.mark.parametrize("name", ["", "document", "document-", "no such key"])
def test_a_name_has_to_mean_one_key(made: tuple[KeyList, list[KeyRecord]], name: str) -> None:
    """Two document keys are called document; nothing is called nothing."""
    keys, spare = made
    with pytest.raises(UsageError):
        record_of(rotated(keys, spare[0], 7, ENDED), name)


def test_a_key_is_called_by_its_thumbprint_or_its_file(made: tuple[KeyList, list[KeyRecord]]) -> None:
    """The latter also where the thumbprint begins with a hyphen."""
    keys, _ = made
    for record in keys.keys:
        assert record_of(keys, record.kid) == record
        assert record_of(keys, f"{record.use}-{record.kid[:8]}") == record
