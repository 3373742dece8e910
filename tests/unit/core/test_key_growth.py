"""A list of keys gains records and shorter ranges, and takes nothing back."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import msgspec
import pytest

from memory_publisher import NOW, MemoryPublisher
from register_api.core.documents import Ended, KeyList
from register_api.core.key_list import check_growth, check_keys, new_records
from register_api.errors import Forked

if TYPE_CHECKING:
    from register_api.core.documents import KeyRecord


def _lists() -> tuple[KeyList, KeyList]:
    """Return the list of a publisher before and after its document key was rotated at version 2."""
    publisher = MemoryPublisher().publish().publish()
    older = KeyList(register=publisher.name, keys=tuple(publisher.records))
    publisher.rotate_document_key(62)
    return older, KeyList(register=publisher.name, keys=tuple(publisher.records))


OLDER, NEWER = _lists()


def _with(keys: KeyList, at: int, **changed: object) -> KeyList:
    records = list(keys.keys)
    records[at] = msgspec.structs.replace(records[at], **changed)
    return KeyList(register=keys.register, keys=tuple(records))


def _without(keys: KeyList, at: int) -> KeyList:
    return KeyList(register=keys.register, keys=(*keys.keys[:at], *keys.keys[at + 1 :]))


def test_a_rotation_preserves_earlier_keys() -> None:
    """The old key is ended, and a new one joins."""
    check_growth(OLDER, NEWER, 2)
    added: tuple[KeyRecord, ...] = new_records(OLDER, NEWER)
    assert [record.kid for record in added] == [NEWER.keys[3].kid]
    assert new_records(NEWER, NEWER) == ()


def test_a_key_that_signed_nothing_may_be_replaced() -> None:
    """Its first version was never published when the older list was the newest."""
    check_growth(NEWER, _without(NEWER, 3), 2)
    with pytest.raises(Forked, match="missing"):
        check_growth(NEWER, _without(NEWER, 3), 3)


@pytest.mark.parametrize(
    ("newer", "words"),
    [
        (_without(NEWER, 1), "missing"),
        (_with(NEWER, 0, use="feed"), "another use"),
        (_with(NEWER, 1, first_version=2), "from version 1 on"),
        (OLDER, "valid for longer"),
        (_with(NEWER, 0, last_version=3), "valid for longer"),
        (_with(NEWER, 0, ended=None), "has changed"),
        (_with(NEWER, 0, ended=Ended(at=NOW - dt.timedelta(1), reason="compromised")), "has changed"),
    ],
)
def test_a_changed_statement_about_a_key_is_a_fork(newer: KeyList, words: str) -> None:
    """Each value that may not change, changed."""
    with pytest.raises(Forked, match=words):
        check_growth(NEWER, newer, 2)


def test_a_key_may_be_ended_once_more_and_earlier() -> None:
    """Whoever finds out later that a key was stolen says so; the key behind it counts from there."""
    stolen = Ended(at=NOW + dt.timedelta(1), reason="compromised")
    again = _with(_with(NEWER, 0, last_version=1, ended=stolen), 3, first_version=2)
    check_keys(again)
    check_growth(NEWER, again, 5)
