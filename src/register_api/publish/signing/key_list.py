"""``keys.json``: which key of each use was good for which versions (docs/format/trust.md, KeyList)."""

from __future__ import annotations

from typing import Any

import msgspec

from register_api.core.canonical import encode
from register_api.core.documents import KeyList, KeyRecord, KeyUse
from register_api.core.forms import FORMAT_MINOR
from register_api.core.keys.key_list import check_keys, is_good_for
from register_api.core.log.note import format_verifier_key
from register_api.core.signature import public_pem
from register_api.errors import KeyStoreError
from register_api.publish.signing.keyring import Keyring
from register_api.publish.signing.signer import Signer


def first_key_list(register: str, keyring: Keyring) -> KeyList:
    """List the keys of a new register, good from version 1 on."""
    records = (key_record(use, signer, register, 1) for use, signer in _signers(keyring).items())
    keys = KeyList(register=register, keys=tuple(records))
    check_keys(keys)
    return keys


def current_key_list(published: KeyList | None, register: str, keyring: Keyring, version: int) -> KeyList:
    """Return the list that a version goes out with: the published one, if its keys are still ours.

    A key is never added here: the list says from which version on a key is good, so a new key joins
    it by rotation only.
    """
    if published is None:
        return first_key_list(register, keyring)
    check_keys(published)
    if published.register != register:
        raise KeyStoreError(f"the published list of keys is that of {published.register}, not of {register}")
    for use, signer in _signers(keyring).items():
        _check_good(published, use, signer, version)
    return published


def revised(published: bytes, keys: KeyList) -> bytes:
    """Return ``keys.json`` with changed records, and all else that it says as it is.

    A later release of this program may have written more than this one knows; it stays.
    """
    document = msgspec.json.decode(published)
    known = {record["kid"]: record for record in document["keys"]}
    document["format_minor"] = max(FORMAT_MINOR, document["format_minor"])
    document["keys"] = [_revised(known.get(record.kid, {}), record) for record in keys.keys]
    return encode(document)


def _revised(known: dict[str, Any], record: KeyRecord) -> dict[str, Any]:
    if known and msgspec.convert(known, KeyRecord) == record:
        return known
    return {**known, **msgspec.to_builtins(record)}


def key_record(use: KeyUse, signer: Signer, origin: str, first_version: int) -> KeyRecord:
    """Describe a key that is good from a version on; a log key under the origin of its epoch."""
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
    """Return the PEM file of every key of a list, by the key's id."""
    return {record.kid: pem_file(record.pem) for record in keys.keys}


def pem_file(pem: str) -> bytes:
    """Return the bytes of a PEM file, which ends with one newline (RFC 7468 section 3)."""
    return f"{pem.rstrip()}\n".encode("ascii")


def _signers(keyring: Keyring) -> dict[KeyUse, Signer]:
    return {"document": keyring.document, "log": keyring.log, "feed": keyring.feed}


def _check_good(keys: KeyList, use: KeyUse, signer: Signer, version: int) -> None:
    """Refuse to sign with a key that customers would refuse."""
    listed = [record for record in keys.keys if record.use == use]
    good = [record.kid for record in listed if is_good_for(record, version)]
    if signer.kid in good:
        return
    known = signer.kid in (record.kid for record in listed)
    reason = f"is not good for version {version}" if known else "is not in the published list of keys"
    raise KeyStoreError(
        f"the {use} key of this keyring, {signer.kid}, {reason}: customers would refuse its signatures",
        hint=f"bring back the {use} key {good[0]}, or rotate it" if good else f"rotate the {use} key",
    )
