"""How ``keys.json`` changes: a range is closed, and the next key's begins right behind it.

Ranges of one use follow one another without gap (docs/format/trust.md, The list of keys), so closing one
always moves where the next begins. Nothing that was signed is touched.
"""

from __future__ import annotations

import msgspec

from register_api.core.documents import Ended, KeyList, KeyRecord
from register_api.core.keys.key_list import check_keys
from register_api.errors import UsageError


def open_record(keys: KeyList, use: str) -> KeyRecord:
    """Return the key of a use that is good to this day."""
    for record in keys.keys:
        if record.use == use and record.last_version is None:
            return record
    raise UsageError(f"the list of keys has no {use} key that is good to this day")


def record_of(keys: KeyList, kid: str) -> KeyRecord:
    """Return a key by its name, or by the beginning of it that no other key shares.

    A name is the thumbprint, or use, hyphen and thumbprint, as public files are named: a thumbprint
    that begins with a hyphen would look like an option.
    """
    found = [record for record in keys.keys if kid and _is_called(record, kid)]
    if len(found) != 1:
        reason = "no key of the list" if not found else f"more than one key ({len(found)}) of the list"
        raise UsageError(f"{reason} begins with {kid!r}", hint="register-api keys list")
    return found[0]


def _is_called(record: KeyRecord, name: str) -> bool:
    return record.kid.startswith(name) or f"{record.use}-{record.kid}".startswith(name)


def rotated(keys: KeyList, successor: KeyRecord, newest: int, ended: Ended) -> KeyList:
    """Let a new key follow the open one of its use from the version after the newest.

    A key whose first version was never published has signed nothing; it is replaced and leaves the
    list, since a range without versions cannot be written down.
    """
    record = open_record(keys, successor.use)
    if record.first_version > newest:
        successor = _from(successor, record.first_version)
        return _checked(keys, [successor if each == record else each for each in keys.keys])
    return shortened(keys, record, newest, ended, successor)


def shortened(
    keys: KeyList, record: KeyRecord, last_version: int, ended: Ended, successor: KeyRecord | None
) -> KeyList:
    """Close a key's range; the key behind it, or else a new one, takes over from there."""
    if last_version < record.first_version or last_version > (record.last_version or last_version):
        until = "" if record.last_version is None else f" to {record.last_version}"
        raise UsageError(
            f"{last_version} is not among the versions that the {record.use} key is good for:"
            f" from {record.first_version}{until}"
        )
    behind = None if record.last_version is None else record.last_version + 1
    changed = [_changed(each, record, behind, last_version, ended) for each in keys.keys]
    if behind is None and successor is not None:
        changed.append(_from(successor, last_version + 1))
    return _checked(keys, changed)


def _changed(each: KeyRecord, record: KeyRecord, behind: int | None, last: int, ended: Ended) -> KeyRecord:
    if each == record:
        return msgspec.structs.replace(each, last_version=last, ended=ended)
    if each.use == record.use and each.first_version == behind:
        return _from(each, last + 1)
    return each


def _from(record: KeyRecord, first_version: int) -> KeyRecord:
    return msgspec.structs.replace(record, first_version=first_version)


def _checked(keys: KeyList, records: list[KeyRecord]) -> KeyList:
    changed = msgspec.structs.replace(keys, keys=tuple(records))
    check_keys(changed)
    return changed
