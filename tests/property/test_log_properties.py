"""The log as a whole: what holds for every size, and for every byte that a stranger may send."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from memory_log import ORIGIN, MemoryLog, private_key
from register_api.core import canonical, strict_base64
from register_api.core.documents import KeyList
from register_api.core.key_list import check_keys, good_key
from register_api.core.log import merkle, tiles
from register_api.core.log.checkpoint import (
    format_checkpoint,
    open_checkpoint,
    parse_checkpoint,
    verify_cosignatures,
)
from register_api.core.log.note import format_note, format_verifier_key, parse_note, parse_verifier_key
from register_api.core.log.proofs import format_proof, parse_proof, verify_proof
from register_api.core.log.tiles import (
    consistency_proof,
    inclusion_proof,
    root,
)
from register_api.core.signature import (
    check_public_key,
    ed25519_jwk,
    format_jws,
    jws_header,
    jws_signing_input,
    public_pem,
    thumbprint,
    verify_jws,
    verify_p256,
    verify_p256_raw,
    verify_raw,
)
from register_api.errors import Forged, VerificationError
from thoroughness import examples

if TYPE_CHECKING:
    from collections.abc import Callable

LOG = MemoryLog().grow(600)
CHECKPOINT = LOG.checkpoint()
PROOF = LOG.proof(299)
KEY = private_key(3)
PUBLIC = KEY.public_key().public_bytes_raw()
KID = thumbprint(ed25519_jwk(PUBLIC))
JWS = format_jws(jws_header(KID), KEY.sign(jws_signing_input(jws_header(KID), b"{}")))
VERIFIER_KEY = format_verifier_key(ORIGIN, PUBLIC)

QUICK = settings(max_examples=examples(100), deadline=None)


def _mutated(good: bytes) -> st.SearchStrategy[bytes]:
    """Bytes near good ones: a stretch replaced by a few others, so that later checks are reached too."""
    places = st.integers(0, len(good))
    few = st.binary(max_size=3) | st.sampled_from([b"\n", b"\n\n", b"=", b" ", b"+", b"\r", b"0", b"\xff"])
    return st.builds(
        lambda at, drop, new: good[:at] + new + good[at + drop :], places, st.integers(0, 3), few
    )


def _only_verification_errors(call: Callable[[], Any]) -> None:
    with contextlib.suppress(VerificationError):
        call()


@given(st.lists(st.lists(st.binary(max_size=8), max_size=300), max_size=4), st.data())
@settings(max_examples=examples(20), deadline=None)
def test_tiles_agree_with_the_recursion_of_rfc_6962(batches: list[list[bytes]], data: st.DataObject) -> None:
    """However the log grows: its root, and proofs that hold for every pair of sizes."""
    log = MemoryLog()
    for batch in batches:
        log.append(*batch)
    assert root(log.size, log.read) == log.reference_root()
    if not log.size:
        return
    index = data.draw(st.integers(0, log.size - 1))
    leaf = merkle.leaf_hash(log.entries[index])
    proof = inclusion_proof(index, log.size, log.read)
    merkle.verify_inclusion(leaf, index, log.size, proof, log.reference_root())
    old_root = log.reference_root(index + 1)
    assert root(index + 1, log.read, tree_size=log.size) == old_root
    proof = consistency_proof(index + 1, log.size, log.read)
    merkle.verify_consistency(index + 1, log.size, proof, old_root, log.reference_root())


@given(st.integers(0, 599), st.integers(0, 20), st.integers(0, 255))
@QUICK
def test_a_changed_inclusion_proof_is_refused(index: int, which: int, bit: int) -> None:
    """Any bit of any hash."""
    proof = inclusion_proof(index, 600, LOG.read)
    place = which % len(proof)
    flipped = bytearray(proof[place])
    flipped[bit // 8] ^= 1 << (bit % 8)
    changed = [*proof[:place], bytes(flipped), *proof[place + 1 :]]
    leaf = merkle.leaf_hash(LOG.entries[index])
    try:
        merkle.verify_inclusion(leaf, index, 600, changed, LOG.reference_root())
    except Forged:
        return
    raise AssertionError("a changed proof was taken")


@given(st.integers(1, 65_535), st.integers(1, 65_535))
@QUICK
def test_three_tiles_show_whether_a_log_continues(one: int, other: int) -> None:
    """For every pair of sizes of a log that a person could have written."""
    old, new = sorted((one, other))
    assert 1 <= len(_read_for(old, new)) <= 3
    assert len(_read_for(min(old, 255), min(new, 255))) == 1


def _read_for(old: int, new: int) -> set[str]:
    """Return the tiles that both roots are computed from."""
    paths = set()

    def read(path: str) -> bytes:
        paths.add(path)
        width = path.partition(".p/")[2]
        return bytes(32 * int(width or 256))

    root(old, read, tree_size=new)
    root(new, read)
    return paths


HASHES = st.binary(min_size=31, max_size=33) | st.just(bytes(32))
SIZES = st.integers(-2, 2**64) | st.integers(0, 20)


@given(HASHES, SIZES, SIZES, st.lists(HASHES, max_size=70), HASHES)
@QUICK
def test_any_proof_is_answered_or_refused(
    leaf: bytes, a: int, b: int, proof: list[bytes], end: bytes
) -> None:
    """Any sizes, any number of hashes of any length."""
    _only_verification_errors(lambda: merkle.verify_inclusion(leaf, a, b, proof, end))
    _only_verification_errors(lambda: merkle.verify_consistency(a, b, proof, leaf, end))


@given(SIZES, SIZES, st.binary(max_size=300))
@QUICK
def test_any_tile_is_answered_or_refused(a: int, b: int, data: bytes) -> None:
    """Any sizes, and tiles of any length."""
    _only_verification_errors(lambda: root(a, lambda _: data))
    _only_verification_errors(lambda: inclusion_proof(a, b, lambda _: data))
    _only_verification_errors(lambda: consistency_proof(a, b, lambda _: data))


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=256))
@QUICK
def test_bundles_are_read_as_they_were_written(entries: list[bytes]) -> None:
    """Of every width up to a full one."""
    files = tiles.append(0, entries, lambda _: b"")
    bundle = files[tiles.tile_path("entries", 0, len(entries))]
    assert tiles.entries_in_bundle(bundle, len(entries)) == entries


@given(st.binary(max_size=600), st.integers(1, 256))
@QUICK
def test_any_bundle_is_answered_or_refused(data: bytes, width: int) -> None:
    """And what is answered has exactly these bytes."""
    with contextlib.suppress(VerificationError):
        entries = tiles.entries_in_bundle(data, width)
        assert b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries) == data


@given(st.binary(max_size=200) | _mutated(CHECKPOINT))
@settings(max_examples=examples(200), deadline=None)
def test_any_note_is_answered_or_refused(data: bytes) -> None:
    """Reading is the inverse of writing; only the log's own bytes are a checkpoint of it."""
    with contextlib.suppress(VerificationError):
        note = parse_note(data)
        assert format_note(note.text, note.signatures) == data
        verify_cosignatures(data, [LOG.note_key])
        assert format_checkpoint(parse_checkpoint(note.text)) == note.text
        open_checkpoint(data, ORIGIN, [LOG.note_key])
        assert note.text == parse_note(CHECKPOINT).text


@given(
    st.text(max_size=80)
    | _mutated(parse_note(CHECKPOINT).text.encode()).map(lambda b: b.decode(errors="replace"))
)
@QUICK
def test_any_checkpoint_text_is_answered_or_refused(text: str) -> None:
    """Reading is the inverse of writing."""
    with contextlib.suppress(VerificationError):
        assert format_checkpoint(parse_checkpoint(text)) == text


@given(st.binary(max_size=200) | _mutated(PROOF))
@settings(max_examples=examples(200), deadline=None)
def test_any_proof_file_is_answered_or_refused(data: bytes) -> None:
    """And proves nothing of another entry."""
    with contextlib.suppress(VerificationError):
        proof = parse_proof(data)
        assert format_proof(proof) == data
        verify_proof(LOG.entries[299], proof, ORIGIN, [LOG.note_key])
        verify_proof(b"another entry", proof, ORIGIN, [LOG.note_key])
        raise AssertionError("another entry was proven")


@given(st.text(max_size=80) | _mutated(VERIFIER_KEY.encode()).map(lambda data: data.decode(errors="replace")))
@QUICK
def test_any_verifier_key_is_answered_or_refused(text: str) -> None:
    """Reading is the inverse of writing."""
    with contextlib.suppress(VerificationError):
        key = parse_verifier_key(text)
        assert format_verifier_key(key.name, key.public, key.algorithm) == text


JSON_HEADERS = st.dictionaries(
    st.sampled_from(["alg", "kid", "crit", "jwk", "b64"]),
    st.sampled_from(["EdDSA", "Ed25519", "none", KID])
    | st.none()
    | st.integers()
    | st.lists(st.text(max_size=3)),
).map(lambda header: strict_base64.encode_url(json.dumps(header, separators=(",", ":")).encode()))


@given(
    st.binary(max_size=200)
    | _mutated(JWS)
    | JSON_HEADERS.map(lambda header: format_jws(header, KEY.sign(jws_signing_input(header, b"{}"))))
)
@settings(max_examples=examples(200), deadline=None)
def test_any_jws_is_answered_or_refused(jws: bytes) -> None:
    """And none is taken that does not name the right key in the one form."""
    with contextlib.suppress(VerificationError):
        assert verify_jws(b"{}", jws, {KID: PUBLIC}.__getitem__) == KID
        assert jws == JWS or b'"Ed25519"' in strict_base64.decode_url(jws.split(b"..")[0].decode())


@given(st.binary(max_size=70), st.binary(max_size=33) | st.just(PUBLIC), st.text(max_size=60))
@QUICK
def test_any_signature_and_key_are_answered_or_refused(signature: bytes, public: bytes, pem: str) -> None:
    """Raw Ed25519 and both forms of ECDSA."""
    _only_verification_errors(lambda: verify_raw(b"data", signature, public))
    _only_verification_errors(lambda: check_public_key(public.ljust(32, b"\x01")))
    for text in (pem, f"-----BEGIN PUBLIC KEY-----\n{pem}\n-----END PUBLIC KEY-----\n"):
        _only_verification_errors(lambda text=text: verify_p256(b"data", signature, text))
        _only_verification_errors(lambda text=text: verify_p256_raw(b"data", signature, text))


TEXTS = st.sampled_from(["", "OKP", "EC", "Ed25519", "P-256", "A" * 43, KID, ORIGIN]) | st.text(max_size=8)
JWKS = st.dictionaries(st.sampled_from(["kty", "crv", "x", "y", "alg"]), TEXTS)


@given(JWKS)
@QUICK
def test_any_jwk_is_answered_or_refused(jwk: dict[str, str]) -> None:
    """By thumbprint and by PEM."""
    _only_verification_errors(lambda: thumbprint(jwk))
    _only_verification_errors(lambda: public_pem(jwk))


GOOD_RECORD = {
    "kid": KID,
    "use": "log",
    "jwk": ed25519_jwk(PUBLIC),
    "pem": public_pem(ed25519_jwk(PUBLIC)),
    "note_key": VERIFIER_KEY,
    "first_version": 1,
    "last_version": None,
    "ended": None,
}
CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "kid": TEXTS,
        "use": st.sampled_from(["document", "log", "feed", "other"]),
        "jwk": JWKS,
        "pem": TEXTS,
        "note_key": st.none() | TEXTS,
        "first_version": st.integers(-1, 3),
        "last_version": st.none() | st.integers(-1, 3),
    },
)


@given(st.lists(CHANGES.map(lambda change: GOOD_RECORD | change), max_size=3), TEXTS, st.integers(-1, 5))
@QUICK
def test_any_list_of_keys_is_answered_or_refused(
    records: list[dict[str, Any]], kid: str, version: int
) -> None:
    """As ``keys.json`` comes: through its bytes."""
    head = {"format": "sub-processor-register-keys/1", "format_minor": 0, "register": ORIGIN}
    data = canonical.encode({**head, "keys": records})
    with contextlib.suppress(VerificationError):
        keys = canonical.decode(data, KeyList)
        _only_verification_errors(lambda: good_key(keys, "log", kid, version))
        _only_verification_errors(lambda: good_key(keys, "log", None, version))
        check_keys(keys)
        assert msgspec.structs.asdict(keys)["register"] == ORIGIN
