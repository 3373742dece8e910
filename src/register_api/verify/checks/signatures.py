"""The document key's two signatures beside a document, fetched and checked."""

from __future__ import annotations

from register_api.core.documents import KeyList, KeyRecord
from register_api.core.format import tree
from register_api.core.keys.key_list import document_key, good_key
from register_api.core.signature import ed25519_public, verify_jws, verify_raw
from register_api.errors import Forged, UntrustedKey, VerificationError
from register_api.verify.checks.run import Run


def check_signatures(run: Run, keys: KeyList, check: str, path: str, data: bytes, version: int) -> None:
    """Check both signatures beside a document; findings go to a check."""
    raw, jws = tree.RAW_SIGNATURE.of(path), tree.JWS.of(path)
    with run.record.recording(check, raw):
        _check_raw(keys, data, run.get(raw), version)
    with run.record.recording(check, jws):
        verify_jws(data, run.get(jws), lambda kid: document_key(keys, kid, version))


def is_signed(run: Run, keys: KeyList, path: str, data: bytes, version: int) -> bool:
    """Tell whether bytes carry a good raw signature of the document key."""
    key = good_key(keys, "document", None, version)
    return _fits(data, run.get(tree.RAW_SIGNATURE.of(path)), key)


def _check_raw(keys: KeyList, data: bytes, signature: bytes, version: int) -> None:
    """Check a raw signature; it names no key, so one out of its range is found by trying."""
    good = good_key(keys, "document", None, version)
    try:
        verify_raw(data, signature, ed25519_public(good.jwk))
    except Forged:
        for key in keys.keys:
            if key.use == "document" and _fits(data, signature, key):
                raise UntrustedKey(f"signed with {key.kid}, not good for version {version}") from None
        raise


def _fits(data: bytes, signature: bytes, key: KeyRecord) -> bool:
    try:
        verify_raw(data, signature, ed25519_public(key.jwk))
    except VerificationError:
        return False
    return True
