"""Which key may have which role; key assignments that TUF allows but this format does not are refused."""

from __future__ import annotations

import contextlib
import copy
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from register_api.core.documents import KeyList, KeyRecord
from register_api.core.signature import ed25519_jwk, public_pem, thumbprint
from register_api.core.trust_root import check_against_root, check_root_roles
from register_api.errors import Malformed, UntrustedKey, VerificationError
from thoroughness import examples

PUBLIC = [
    Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32).public_key().public_bytes_raw()
    for number in range(5)
]


def key(public: bytes) -> dict[str, Any]:
    """Return a key as TUF metadata lists it."""
    return {"keytype": "ed25519", "scheme": "ed25519", "keyval": {"public": public.hex()}}


def root(threshold: int = 1) -> dict[str, Any]:
    """Return the signed part of a good root: two root keys, a targets key, an online key."""
    return {
        "_type": "root",
        "keys": {f"id{number}": key(PUBLIC[number]) for number in range(4)},
        "roles": {
            "root": {"keyids": ["id0", "id1"], "threshold": threshold},
            "targets": {"keyids": ["id2"], "threshold": 1},
            "snapshot": {"keyids": ["id3"], "threshold": 1},
            "timestamp": {"keyids": ["id3"], "threshold": 1},
        },
    }


GOOD = root()


@pytest.mark.parametrize("threshold", [1, 2])
def test_a_good_root_passes(threshold: int) -> None:
    """Snapshot and timestamp are one role, so they may share a key."""
    check_root_roles(root(threshold))


def test_one_key_under_two_ids_is_refused() -> None:
    """One person would count as two towards the threshold."""
    bad = root(2)
    bad["keys"]["id1"] = key(PUBLIC[0])
    with pytest.raises(UntrustedKey, match="one key under two ids: id0 and id1"):
        check_root_roles(bad)


@pytest.mark.parametrize(
    ("role", "keyid"),
    [("targets", "id0"), ("targets", "id3"), ("snapshot", "id2"), ("timestamp", "id1"), ("root", "id2")],
)
def test_a_key_in_two_roles_is_refused(role: str, keyid: str) -> None:
    """Beside a good key or instead of it."""
    bad = root()
    bad["roles"][role]["keyids"] = [*bad["roles"][role]["keyids"], keyid]
    with pytest.raises(UntrustedKey, match=f"{keyid} is in two roles"):
        check_root_roles(bad)


@pytest.mark.parametrize("role", ["root", "targets", "snapshot", "timestamp"])
@pytest.mark.parametrize("threshold", [0, -1, 3])
def test_a_threshold_that_cannot_be_met_or_asks_for_nobody_is_refused(role: str, threshold: int) -> None:
    """At least one, at most as many as there are keys."""
    bad = root()
    bad["roles"][role]["threshold"] = threshold
    with pytest.raises(UntrustedKey, match="threshold"):
        check_root_roles(bad)


def test_a_key_id_named_twice_counts_once() -> None:
    """The same id in a list of two is one key."""
    bad = root()
    bad["roles"]["targets"] = {"keyids": ["id2", "id2"], "threshold": 2}
    with pytest.raises(UntrustedKey, match="threshold"):
        check_root_roles(bad)


def test_a_role_that_names_an_unlisted_key_is_refused() -> None:
    """Nobody could ever check its signature."""
    bad = root()
    bad["roles"]["targets"]["keyids"].append("id9")
    with pytest.raises(UntrustedKey, match="names the key id9"):
        check_root_roles(bad)


@pytest.mark.parametrize(
    "public",
    [
        PUBLIC[0].hex().upper(),
        " " + PUBLIC[0].hex(),
        PUBLIC[0].hex() + "\n",
        PUBLIC[0].hex()[:-2],
        PUBLIC[0].hex() + "00",
        "",
        None,
        7,
        "\u0660" * 64,
        (2**255 - 19 + 3).to_bytes(32, "little").hex(),
        "00" * 32,
        "01" + "00" * 31,
    ],
)
def test_a_key_has_one_spelling(public: object) -> None:
    """Otherwise one key could have two ids unnoticed; points of small order are not keys."""
    bad = root()
    bad["keys"]["id1"]["keyval"]["public"] = public
    with pytest.raises((UntrustedKey, Malformed)):
        check_root_roles(bad)


@pytest.mark.parametrize(
    ("field", "value"), [("keytype", "rsa"), ("scheme", "ecdsa-sha2-nistp256"), ("scheme", None)]
)
def test_a_root_accepts_only_ed25519_keys(field: str, value: object) -> None:
    """The format has no other TUF keys."""
    bad = root()
    bad["keys"]["id0"][field] = value
    with pytest.raises(UntrustedKey, match="not an Ed25519 key"):
        check_root_roles(bad)


@pytest.mark.parametrize(
    "bad", [{}, {"keys": {}}, {"signed": GOOD}, {"keys": [], "roles": {}}, {**GOOD, "roles": []}]
)
def test_a_document_that_is_not_a_root_is_malformed(bad: dict[str, Any]) -> None:
    """Also the whole file instead of its signed part."""
    with pytest.raises(Malformed):
        check_root_roles(bad)


def test_a_hostile_key_id_is_escaped_in_messages() -> None:
    """An error goes to a terminal."""
    bad = root()
    bad["keys"]["\x1b]0;evil\x07" + "x" * 1000] = key(PUBLIC[0])
    with pytest.raises(UntrustedKey) as caught:
        check_root_roles(bad)
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 300


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["id0", "id2"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def _places(value: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """List every place in nested objects and arrays."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for name, item in items for found in [(*place, name), *_places(item, (*place, name))]]


@settings(max_examples=examples(300), deadline=None)
@given(place=st.sampled_from(_places(GOOD)), value=_JSON)
def test_any_damaged_root_raises_only_verification_errors(place: tuple[Any, ...], value: object) -> None:
    """Any part replaced by anything: it passes or is refused in words."""
    changed = copy.deepcopy(GOOD)
    inner = changed
    for name in place[:-1]:
        inner = inner[name]
    inner[place[-1]] = value
    with contextlib.suppress(VerificationError):
        check_root_roles(changed)


def _listed(public: bytes) -> KeyList:
    jwk = ed25519_jwk(public)
    record = KeyRecord(
        kid=thumbprint(jwk), use="document", jwk=jwk, pem=public_pem(jwk), note_key=None,
        first_version=1, last_version=None, ended=None,
    )  # fmt: skip
    return KeyList(register="example.com/sub-processors", keys=(record,))


def test_document_keys_must_not_be_root_keys() -> None:
    """A separate key passes; a root key is refused, whatever its role."""
    check_against_root(GOOD, _listed(PUBLIC[4]))
    for public in PUBLIC[:4]:
        with pytest.raises(UntrustedKey, match="also a key of the trust root"):
            check_against_root(GOOD, _listed(public))


@pytest.mark.parametrize("jwk", [{"kty": "OKP"}, {"kty": "OKP", "crv": "Ed25519", "x": "===="}])
def test_a_listed_key_that_cannot_be_read_is_malformed(jwk: dict[str, str]) -> None:
    """It cannot be compared."""
    record = KeyRecord(
        kid="k", use="log", jwk=jwk, pem="", note_key=None, first_version=1, last_version=None, ended=None
    )
    with pytest.raises(Malformed):
        check_against_root(GOOD, KeyList(register="example.com/sub-processors", keys=(record,)))
