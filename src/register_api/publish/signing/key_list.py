"""``keys.json``: which key of each use is valid for which versions (docs/format/trust.md, KeyList)."""

from __future__ import annotations

import msgspec

from register_api.core.canonical import encode
from register_api.core.documents import Ended, KeyList, KeyRecord, KeyUse
from register_api.core.field_forms import FORMAT_MINOR
from register_api.core.key_list import check_keys, is_good_for
from register_api.core.log.note import format_verifier_key
from register_api.core.signature import public_pem
from register_api.errors import KeyStoreError, UsageError
from register_api.publish.signing.keyring import Keyring
from register_api.publish.signing.signer import Signer


def first_key_list(register: str, keyring: Keyring) -> KeyList:
    """List the keys of a new register, valid from version 1 on."""
    records = (key_record(use, signer, register, 1) for use, signer in _signers(keyring).items())
    keys = KeyList(register=register, keys=tuple(records))
    check_keys(keys)
    return keys


def current_key_list(published: KeyList | None, register: str, keyring: Keyring, version: int) -> KeyList:
    """Return the key list for a version: the published one, if the keys of the keyring are valid in it.

    No key is added here: the list states from which version on a key is valid, so only a rotation adds one.
    """
    if published is None:
        return first_key_list(register, keyring)
    check_keys(published)
    if published.register != register:
        raise KeyStoreError(f"the published list of keys is that of {published.register}, not of {register}")
    for use, signer in _signers(keyring).items():
        listed = [record for record in published.keys if record.use == use]
        good = [record.kid for record in listed if is_good_for(record, version)]
        if signer.kid in good:
            continue
        known = signer.kid in (record.kid for record in listed)
        reason = f"is not good for version {version}" if known else "is not in the published list of keys"
        raise KeyStoreError(
            f"the {use} key of this keyring, {signer.kid}, {reason}: customers would refuse its signatures",
            hint=f"bring back the {use} key {good[0]}, or rotate it" if good else f"rotate the {use} key",
        )
    return published


def revised(published: bytes, keys: KeyList) -> bytes:
    """Return ``keys.json`` with changed records, keeping fields that a later release may have written."""
    document = msgspec.json.decode(published)
    known = {record["kid"]: record for record in document["keys"]}
    document["format_minor"] = max(FORMAT_MINOR, document["format_minor"])
    for record in keys.keys:
        stored = known.get(record.kid)
        if stored is None or msgspec.convert(stored, KeyRecord) != record:
            known[record.kid] = {**(stored or {}), **msgspec.to_builtins(record)}
    document["keys"] = [known[record.kid] for record in keys.keys]
    return encode(document)


def key_record(use: KeyUse, signer: Signer, origin: str, first_version: int) -> KeyRecord:
    """Return the record of a key valid from a version on; a log key is named by the origin of its epoch."""
    return KeyRecord(
        kid=signer.kid,
        use=use,
        jwk=dict(signer.jwk),
        pem=public_pem(signer.jwk),
        note_key=format_verifier_key(origin, signer.public) if use == "log" else None,
        first_version=first_version,
        last_version=None,
        ended=None,
    )


def pem_files(keys: KeyList) -> dict[str, bytes]:
    """Return the PEM file of every listed key, by key id."""
    return {record.kid: pem_file(record.pem) for record in keys.keys}


def pem_file(pem: str) -> bytes:
    """Return the bytes of a PEM file, which ends with one newline (RFC 7468 section 3)."""
    return f"{pem.rstrip()}\n".encode("ascii")


def _signers(keyring: Keyring) -> dict[KeyUse, Signer]:
    return {"document": keyring.document, "log": keyring.log, "feed": keyring.feed}


def open_record(keys: KeyList, use: str) -> KeyRecord:
    """Return the key of a use that is currently valid."""
    for record in keys.keys:
        if record.use == use and record.last_version is None:
            return record
    raise UsageError(f"the list of keys has no {use} key that is good to this day")


def record_of(keys: KeyList, kid: str) -> KeyRecord:
    """Return a key by its thumbprint, use-thumbprint, or an unambiguous prefix of either."""
    found = [
        record
        for record in keys.keys
        if kid and (record.kid.startswith(kid) or f"{record.use}-{record.kid}".startswith(kid))
    ]
    if len(found) != 1:
        reason = "no key of the list" if not found else f"more than one key ({len(found)}) of the list"
        raise UsageError(f"{reason} begins with {kid!r}", hint="register-api keys list")
    return found[0]


def rotated(keys: KeyList, successor: KeyRecord, newest: int, ended: Ended) -> KeyList:
    """Let a new key follow the current one of its use from the version after the newest.

    A key whose first version was never published has signed nothing; it is removed from the list, which
    cannot express an empty range.
    """
    record = open_record(keys, successor.use)
    if record.first_version > newest:
        successor = msgspec.structs.replace(successor, first_version=record.first_version)
        return _checked(keys, [successor if each == record else each for each in keys.keys])
    return shortened(keys, record, newest, ended, successor)


def shortened(
    keys: KeyList, record: KeyRecord, last_version: int, ended: Ended, successor: KeyRecord | None
) -> KeyList:
    """End a key's range; the next key in the list, or else the new one, is valid from there on."""
    if last_version < record.first_version or last_version > (record.last_version or last_version):
        until = "" if record.last_version is None else f" to {record.last_version}"
        raise UsageError(
            f"{last_version} is not among the versions that the {record.use} key is good for:"
            f" from {record.first_version}{until}"
        )
    following = None if record.last_version is None else record.last_version + 1
    changed = {record.kid: msgspec.structs.replace(record, last_version=last_version, ended=ended)}
    for each in keys.keys:
        if each.use == record.use and each.first_version == following:
            changed[each.kid] = msgspec.structs.replace(each, first_version=last_version + 1)
    records = [changed.get(each.kid, each) for each in keys.keys]
    if following is None and successor is not None:
        records.append(msgspec.structs.replace(successor, first_version=last_version + 1))
    return _checked(keys, records)


def _checked(keys: KeyList, records: list[KeyRecord]) -> KeyList:
    changed = msgspec.structs.replace(keys, keys=tuple(records))
    check_keys(changed)
    return changed
