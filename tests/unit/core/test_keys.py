"""The list of keys: which key was good when, and which lists make no sense (R18)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from memory_log import ORIGIN, private_key
from register_api.core import canonical
from register_api.core.documents import Ended, KeyList, KeyRecord, KeyUse
from register_api.core.key_list import check_keys, document_key, good_key, log_key
from register_api.core.log.note import format_verifier_key
from register_api.core.signature import ed25519_jwk, p256_jwk, public_pem, thumbprint
from register_api.errors import Malformed, UntrustedKey

ENDED = Ended(at=dt.datetime(2026, 5, 10, 9, tzinfo=dt.UTC), reason="rotated")


def _public(number: int) -> bytes:
    return private_key(number).public_key().public_bytes_raw()


def _record(use: KeyUse, number: int, first: int = 1, last: int | None = None) -> KeyRecord:
    """Return a record that is right in itself."""
    if use == "feed":
        numbers = ec.derive_private_key(number, ec.SECP256R1()).public_key().public_numbers()
        jwk = p256_jwk(numbers.x.to_bytes(32, "big"), numbers.y.to_bytes(32, "big"))
    else:
        jwk = ed25519_jwk(_public(number))
    return KeyRecord(
        kid=thumbprint(jwk),
        use=use,
        jwk=jwk,
        pem=public_pem(jwk),
        note_key=format_verifier_key(ORIGIN, _public(number)) if use == "log" else None,
        first_version=first,
        last_version=last,
        ended=None if last is None else ENDED,
    )


def _keys(*records: KeyRecord) -> KeyList:
    return KeyList(register=ORIGIN, keys=records)


OLD = _record("document", 1, 1, 5)
NEW = _record("document", 2, 6)
LOG = _record("log", 3)
FEED = _record("feed", 4)
KEYS = _keys(OLD, NEW, LOG, FEED)


def test_a_list_with_a_rotated_key_is_right() -> None:
    """In any order, and through its bytes."""
    check_keys(KEYS)
    check_keys(_keys(FEED, NEW, LOG, OLD))
    check_keys(canonical.decode(canonical.encode(KEYS), KeyList))


@pytest.mark.parametrize(("version", "record"), [(1, OLD), (5, OLD), (6, NEW), (1000, NEW)])
def test_each_version_has_one_good_key(version: int, record: KeyRecord) -> None:
    """Both ends of a range belong to it."""
    assert good_key(KEYS, "document", None, version) == record
    assert good_key(KEYS, "document", record.kid, version) == record
    assert document_key(KEYS, record.kid, version) == _public(1 if record is OLD else 2)


@pytest.mark.parametrize(
    ("use", "kid", "version"),
    [
        ("document", OLD.kid, 6),
        ("document", NEW.kid, 5),
        ("document", None, 0),
        ("document", LOG.kid, 3),
        ("log", OLD.kid, 3),
        ("feed", "unknown", 3),
        ("document", "", 3),
    ],
)
def test_a_key_outside_its_range_or_use_is_untrusted(use: KeyUse, kid: str | None, version: int) -> None:
    """What comes later under a closed key is refused; so is a key in another role."""
    with pytest.raises(UntrustedKey):
        good_key(KEYS, use, kid, version)


def test_the_log_key_is_a_verifier_key_of_the_registers_name() -> None:
    """For the checkpoint of that size."""
    key = log_key(KEYS, 7)
    assert (key.name, key.public) == (ORIGIN, _public(3))


def test_a_use_may_have_come_to_its_end() -> None:
    """The last range may be closed: then newer versions have no good key."""
    keys = _keys(OLD, LOG, FEED)
    check_keys(keys)
    with pytest.raises(UntrustedKey):
        good_key(keys, "document", None, 6)


@pytest.mark.parametrize(
    "records",
    [
        (),
        (LOG, FEED),
        (OLD, NEW, LOG),
        (OLD, NEW, LOG, FEED, FEED),
        (OLD, NEW, LOG, FEED, _record("log", 1, 1)),
        (_record("document", 3), LOG, FEED),
        (OLD, _record("document", 2, 5), LOG, FEED),
        (OLD, _record("document", 2, 7), LOG, FEED),
        (NEW, LOG, FEED),
        (_record("document", 1), NEW, LOG, FEED),
        (OLD, _record("document", 1, 6), LOG, FEED),
    ],
    ids=[
        "no key",
        "no document key",
        "no feed key",
        "a key twice",
        "a second log key that is the document key",
        "one key in two uses",
        "overlap",
        "gap",
        "gap at the beginning",
        "a key after one that is still open",
        "a key that comes back",
    ],
)
def test_inconsistent_key_lists_are_refused(records: tuple[KeyRecord, ...]) -> None:
    """No key in two roles or under two entries; each version has exactly one key of each use."""
    with pytest.raises(UntrustedKey):
        check_keys(_keys(*records))


@pytest.mark.parametrize(
    "change",
    [
        {"kid": NEW.kid},
        {"kid": ""},
        {"pem": NEW.pem},
        {"pem": LOG.pem + "\n"},
        {"pem": "# comment\n" + LOG.pem},
        {"jwk": NEW.jwk},
        {"jwk": LOG.jwk | {"alg": "EdDSA"}},
        {"jwk": FEED.jwk},
        {"use": "document"},
        {"use": "feed"},
        {"note_key": None},
        {"note_key": format_verifier_key("other.example", _public(3))},
        {"note_key": format_verifier_key(ORIGIN, _public(1))},
        {"note_key": format_verifier_key(ORIGIN, _public(3), 4)},
        {"first_version": 0},
        {"first_version": -1},
        {"first_version": 3, "last_version": 2, "ended": ENDED},
        {"last_version": 0, "ended": ENDED},
        {"last_version": 4},
        {"ended": ENDED},
    ],
    ids=",".join,
)
def test_records_that_contradict_themselves_are_malformed(change: dict[str, Any]) -> None:
    """Name, PEM and verifier key are those of the JWK; a range is one; an end has a last version."""
    check_keys(_keys(OLD, NEW, LOG, FEED))
    with pytest.raises(Malformed):
        check_keys(_keys(OLD, NEW, msgspec.structs.replace(LOG, **change), FEED))


def test_a_key_of_an_unknown_use_is_ignored() -> None:
    """Whatever its form; it neither closes a gap in another use nor speaks for one."""
    later = msgspec.structs.replace(
        LOG, kid="A" * 43, use="attestation", jwk={"kty": "AKP"}, pem="", note_key=None
    )
    check_keys(_keys(OLD, NEW, LOG, FEED, later))
    with pytest.raises(UntrustedKey):
        check_keys(_keys(OLD, NEW, FEED, later))
    with pytest.raises(UntrustedKey):
        good_key(_keys(OLD, NEW, LOG, FEED, later), "log", later.kid, 1)


def test_a_register_whose_name_cannot_be_a_key_name_has_no_list() -> None:
    """C2SP key names have neither spaces nor plus."""
    with pytest.raises(Malformed):
        check_keys(KeyList(register="a b", keys=KEYS.keys))


def test_a_long_kid_is_shortened_in_messages() -> None:
    """Whoever signs a list of keys, or names a key in a header, decides on nobody's screen."""
    long = "\x1b[2J" + "a" * 5000
    listed = msgspec.structs.replace(KEYS, keys=(msgspec.structs.replace(OLD, kid=long),))
    for refuse in (lambda: check_keys(listed), lambda: good_key(KEYS, "document", long, 3)):
        with pytest.raises((Malformed, UntrustedKey)) as refused:
            refuse()
        assert refused.value.message.isprintable()
        assert len(refused.value.message) < 300
