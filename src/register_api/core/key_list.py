"""The key list (``keys.json``): which key is valid for which versions (docs/format/trust.md, KeyList).

A raw signature does not state its purpose, so each key has one use, and each use has exactly one key for
every version. TUF authenticates the list; this module checks that it is consistent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import get_args

import msgspec

from register_api.core.documents import KeyList, KeyRecord, KeyUse
from register_api.core.log.note import NoteKey, format_verifier_key, parse_verifier_key
from register_api.core.signature import ed25519_public, public_pem, thumbprint
from register_api.core.text import is_register_name, quoted
from register_api.errors import Forked, Malformed, UntrustedKey

USES: tuple[KeyUse, ...] = get_args(KeyUse)

_KEY_TYPES: dict[str, str] = {"document": "OKP", "log": "OKP", "feed": "EC"}
"""RFC 7517 ``kty`` by use: Ed25519 for documents and log, P-256 for feeds."""


def good_key(keys: KeyList, use: KeyUse, kid: str | None, version: int) -> KeyRecord:
    """Return the key for a use that is valid for a version (for a checkpoint: its size).

    ``kid`` is the key named by a signature, or ``None`` for any. Here and below, the list must have passed
    ``check_keys``.

    Raises:
        UntrustedKey: No such key is listed for this use, or it is not valid for this version.
    """
    candidates = [record for record in keys.keys if record.use == use and kid in (None, record.kid)]
    if not candidates:
        raise UntrustedKey(f"no {use} key{'' if kid is None else f' {quoted(kid)}'} is listed")
    for record in candidates:
        if is_good_for(record, version):
            return record
    raise UntrustedKey(f"the {use} key {quoted(candidates[0].kid)} is not valid for version {version}")


def is_good_for(record: KeyRecord, version: int) -> bool:
    """Return whether a key's range includes a version; both ends are inclusive."""
    return record.first_version <= version and (record.last_version is None or version <= record.last_version)


def document_key(keys: KeyList, kid: str, version: int) -> bytes:
    """Return the 32 bytes of the document key named by a signature, for its version; see ``good_key``."""
    return ed25519_public(good_key(keys, "document", kid, version).jwk)


def log_key(keys: KeyList, version: int) -> NoteKey:
    """Return the verifier key that must have signed a checkpoint of a given size; see ``good_key``."""
    return parse_verifier_key(good_key(keys, "log", None, version).note_key or "")


def check_keys(keys: KeyList) -> None:
    """Check a key list by rule R18.

    Raises:
        Malformed: A name that is not valid for a register; a thumbprint, PEM or verifier key that does
            not match its JWK, a key of the wrong kind for its use, a range that ends before it begins,
            or an end without a last version.
        UntrustedKey: One key listed twice or for two uses, a use without a key, or ranges of one use
            with an overlap or a gap.
    """
    if not is_register_name(keys.register):
        raise Malformed(f"{quoted(keys.register)} cannot name a register")
    for record in keys.keys:
        _check_record(record, keys.register)
    if len({record.kid for record in keys.keys}) < len(keys.keys):
        raise UntrustedKey("one key is listed twice; a key has one use")
    for use in USES:
        expected: int | None = 1  # ranges are contiguous from version 1; the last may be open or closed
        records = [record for record in keys.keys if record.use == use]
        for record in sorted(records, key=lambda record: record.first_version):
            if record.first_version != expected:
                kid = quoted(record.kid)
                raise UntrustedKey(f"the ranges of the {use} keys overlap or leave a gap at {kid}")
            expected = None if record.last_version is None else record.last_version + 1
        if not records:
            raise UntrustedKey(f"no {use} key is listed")


def _check_record(record: KeyRecord, register: str) -> None:
    """Check one record; uses known only to later releases are ignored."""
    if record.use not in _KEY_TYPES:
        return
    kid = quoted(record.kid)
    if record.jwk.get("kty") != _KEY_TYPES[record.use]:
        raise Malformed(f"the {record.use} key {kid} is of the wrong kind")
    if record.pem != public_pem(record.jwk) or record.kid != thumbprint(record.jwk):
        raise Malformed(f"the key {kid}: kid and pem are not those of its jwk")
    note_key = None
    if record.use == "log":
        origin = (record.note_key or "").partition("+")[0]
        name = origin if is_origin(origin, register) else register
        note_key = format_verifier_key(name, ed25519_public(record.jwk))
    if record.note_key != note_key:
        raise Malformed(f"the key {kid}: note_key is not that of its jwk and of the log")
    last = record.first_version if record.last_version is None else record.last_version
    if not 1 <= record.first_version <= last:
        raise Malformed(f"the key {kid} has an invalid range of versions")
    if (record.ended is None) != (record.last_version is None):
        raise Malformed(f"the key {kid} has ended without a last version, or the reverse")


def is_origin(origin: str, register: str) -> bool:
    """Return whether a text is a valid origin of a register's log: its name, or ``NAME#2`` and so on."""
    return re.fullmatch(rf"{re.escape(register)}(?:#(?:[2-9]|[1-9][0-9]{{1,2}}))?", origin) is not None


_SIGN_VERSIONS = ("document", "log")
"""Uses of keys that sign every version; feeds are signed again with each publication."""


class Disowned(msgspec.Struct, frozen=True, kw_only=True):
    """Range of versions for which a key was once valid and no longer is."""

    kid: str
    first: int
    last: int


def check_growth(older: KeyList, newer: KeyList, size: int) -> None:
    """Check that a list preserves what an earlier one stated about every key that had signed something.

    ``size`` is the newest version when the older list was current: a key that begins later had signed nothing
    and may still be replaced. So records are only added, and a range shrinks only when its key is ended;
    signatures that customers hold remain those of listed keys.
    """
    listed = {record.kid: record for record in newer.keys}
    for record in older.keys:
        if record.first_version > size:
            continue
        name, last = f"the {quoted(record.use)} key {quoted(record.kid)}", record.last_version
        now = listed.get(record.kid)
        if now is None:
            raise Forked(f"{name} was listed before and is missing now")
        if now.use != record.use:
            raise Forked(f"{name} is listed for another use now")
        if now.first_version > record.first_version:
            raise Forked(f"{name} was valid from version {record.first_version} on, and no longer is")
        if last is not None and (now.last_version is None or now.last_version > last):
            raise Forked(f"{name} was ended at version {last}, and is now valid for longer")
        # It may be ended again: at an earlier version, or for a reason found later.
        if record.ended is not None and (now.ended is None or now.ended.at < record.ended.at):
            raise Forked(f"{name} was ended, and the record of that has changed")


def new_records(older: KeyList, newer: KeyList) -> tuple[KeyRecord, ...]:
    """Return the keys that are only in the newer list."""
    known = {record.kid for record in older.keys}
    return tuple(record for record in newer.keys if record.kid not in known)


def disowned_since(older: KeyList, newer: KeyList, size: int) -> Iterator[Disowned]:
    """Yield the ranges up to ``size`` for which keys of an older list are no longer valid in a newer one."""
    listed = {record.kid: record for record in newer.keys}
    for record in older.keys:
        if record.use not in _SIGN_VERSIONS or record.first_version > size:
            continue
        until = size if record.last_version is None else min(size, record.last_version)
        now = listed.get(record.kid)
        if now is not None and now.last_version is not None and now.last_version < until:
            yield Disowned(kid=record.kid, first=now.last_version + 1, last=until)
