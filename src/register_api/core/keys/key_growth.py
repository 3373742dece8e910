"""What a list of keys may never take back (docs/format/trust.md, The list of keys).

A list gains records, and a range becomes shorter when its key is ended. So the signatures that customers
hold stay those of keys that were listed when they were made, and nobody exchanges them unnoticed.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from register_api.core.documents import KeyList, KeyRecord
from register_api.core.printable import quoted
from register_api.errors import Forked

_SIGN_VERSIONS = ("document", "log")
"""Uses of the keys that sign what every version has; a feed is signed anew with each publication."""


class Disowned(msgspec.Struct, frozen=True, kw_only=True):
    """Versions that a key was good for once, and is not any more.

    Attributes:
        kid: RFC 7638 thumbprint of the key.
        first: First of these versions.
        last: Last of them.
    """

    kid: str
    first: int
    last: int


def check_growth(older: KeyList, newer: KeyList, size: int) -> None:
    """Check that a list keeps what an earlier one said of every key that had signed something.

    Args:
        older: A list that ``check_keys`` has passed.
        newer: A later one of the same register, which has passed it, too.
        size: Number of the newest version when the older list was the newest. A key that begins
            after it had signed nothing, and may still be replaced.

    Raises:
        Forked: A key is missing, is used for something else, or is good for longer than it was.
    """
    listed = {record.kid: record for record in newer.keys}
    for record in older.keys:
        if record.first_version <= size:
            _check_kept(record, listed.get(record.kid))


def new_records(older: KeyList, newer: KeyList) -> tuple[KeyRecord, ...]:
    """Return the keys that only the newer list has."""
    known = {record.kid for record in older.keys}
    return tuple(record for record in newer.keys if record.kid not in known)


def disowned_since(older: KeyList, newer: KeyList, size: int) -> Iterator[Disowned]:
    """Yield what a newer list disowns of the versions that an older one had keys for.

    Args:
        older: A list that ``check_keys`` has passed.
        newer: A later one; that it takes nothing else back is ``check_growth``'s matter.
        size: Number of the newest version when the older list was the newest.
    """
    listed = {record.kid: record for record in newer.keys}
    for record in older.keys:
        if record.use not in _SIGN_VERSIONS or record.first_version > size:
            continue
        until = size if record.last_version is None else min(size, record.last_version)
        now = listed.get(record.kid)
        if now is not None and now.last_version is not None and now.last_version < until:
            yield Disowned(kid=record.kid, first=now.last_version + 1, last=until)


def _check_kept(before: KeyRecord, now: KeyRecord | None) -> None:
    name = f"the {quoted(before.use)} key {quoted(before.kid)}"
    if now is None:
        raise Forked(f"{name} was listed before and is missing now")
    if now.use != before.use:
        raise Forked(f"{name} is listed for another use now")
    if now.first_version > before.first_version:
        raise Forked(f"{name} was good from version {before.first_version} on, and is not any more")
    last = before.last_version
    if last is not None and (now.last_version is None or now.last_version > last):
        raise Forked(f"{name} was ended at version {last}, and is good for longer now")
    if before.ended is not None and now.ended != before.ended and not _later(before, now):
        raise Forked(f"{name} was ended, and what was said of that has changed")


def _later(before: KeyRecord, now: KeyRecord) -> bool:
    """Tell whether a key was ended once more: earlier than thought, or for a reason found out later."""
    return before.ended is not None and now.ended is not None and now.ended.at >= before.ended.at
