"""Signatures: Wycheproof, and everything that other libraries let pass."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from memory_log import private_key
from register_api.core import strict_base64
from register_api.core.signature import (
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
from register_api.errors import Forged, Malformed, UntrustedKey, VerificationError

VECTORS = Path(__file__).parents[2] / "vectors"


def _wycheproof(name: str, key: str) -> list[Any]:
    groups = json.loads((VECTORS / name).read_text())["testGroups"]
    return [
        pytest.param(group[key], case, id=str(case["tcId"])) for group in groups for case in group["tests"]
    ]


ED25519_CASES = _wycheproof("wycheproof-ed25519_test.json", "publicKey")
P256_CASES = _wycheproof("wycheproof-ecdsa_secp256r1_sha256_test.json", "publicKeyPem")


def _expect(case: dict[str, Any], verify: Any) -> None:
    if case["result"] == "valid":
        verify()
    else:
        with pytest.raises(VerificationError):
            verify()


@pytest.mark.parametrize(("key", "case"), ED25519_CASES)
def test_ed25519_agrees_with_wycheproof(key: dict[str, str], case: dict[str, Any]) -> None:
    """Among them S not below L, other spellings of R, and RFC 8032's tests 1, 2, 3 and 1024."""
    message, signature = bytes.fromhex(case["msg"]), bytes.fromhex(case["sig"])
    _expect(case, lambda: verify_raw(message, signature, bytes.fromhex(key["pk"])))


@pytest.mark.parametrize(("pem", "case"), P256_CASES)
def test_p256_agrees_with_wycheproof(pem: str, case: dict[str, Any]) -> None:
    """Among them BER instead of DER, numbers out of range, and edge cases of the arithmetic."""
    message, signature = bytes.fromhex(case["msg"]), bytes.fromhex(case["sig"])
    _expect(case, lambda: verify_p256(message, signature, pem))


def test_wycheproof_is_all_there() -> None:
    """As many cases as the files announce."""
    assert (len(ED25519_CASES), len(P256_CASES)) == (151, 484)


DATA = b'{"format":"sub-processor-register/1"}'
KEY = private_key(3)
PUBLIC = KEY.public_key().public_bytes_raw()
KID = thumbprint(ed25519_jwk(PUBLIC))


@pytest.mark.parametrize(
    ("signature", "error"),
    [
        (KEY.sign(DATA)[:-1], Malformed),
        (KEY.sign(DATA) + b"\n", Malformed),
        (b"", Malformed),
        (KEY.sign(DATA + b"\n"), Forged),
        (private_key(4).sign(DATA), Forged),
        (bytes(64), Forged),
    ],
)
def test_raw_signature_of_wrong_length_is_malformed_and_of_wrong_bytes_forged(
    signature: bytes, error: type[VerificationError]
) -> None:
    """64 bytes, over exactly these bytes, by exactly this key."""
    verify_raw(DATA, KEY.sign(DATA), PUBLIC)
    with pytest.raises(error):
        verify_raw(DATA, signature, PUBLIC)


def _jws(header: str | None = None, data: bytes = DATA) -> bytes:
    """Return a JWS that is rightly signed, whatever its header says."""
    encoded = jws_header(KID) if header is None else strict_base64.encode_url(header.encode())
    return format_jws(encoded, KEY.sign(jws_signing_input(encoded, data)))


def _verify(jws: bytes, data: bytes = DATA) -> str:
    return verify_jws(data, jws, {KID: PUBLIC}.__getitem__)


def test_jws_of_our_form_is_accepted() -> None:
    """Header exactly alg and kid; the key's name comes back."""
    assert _verify(_jws()) == KID
    assert _jws() == _jws(f'{{"alg":"EdDSA","kid":"{KID}"}}')


def test_jws_may_use_the_name_of_rfc_9864() -> None:
    """``Ed25519`` names the same algorithm."""
    assert _verify(_jws(f'{{"alg":"Ed25519","kid":"{KID}"}}')) == KID


@pytest.mark.parametrize(
    "header",
    [
        f'{{"alg":"none","kid":"{KID}"}}',
        f'{{"alg":"HS256","kid":"{KID}"}}',
        f'{{"alg":"eddsa","kid":"{KID}"}}',
        f'{{"alg":["EdDSA"],"kid":"{KID}"}}',
        f'{{"alg":{{}},"kid":"{KID}"}}',
        '{"alg":"EdDSA"}',
        '{"alg":"EdDSA","kid":null}',
        '{"alg":"EdDSA","kid":{}}',
        f'{{"kid":"{KID}"}}',
        f'{{"alg":"EdDSA","crit":["b64"],"kid":"{KID}"}}',
        f'{{"alg":"EdDSA","b64":false,"kid":"{KID}"}}',
        f'{{"alg":"EdDSA","jwk":{{"crv":"Ed25519","kty":"OKP","x":"AA"}},"kid":"{KID}"}}',
        f'{{"alg":"EdDSA","jku":"https://evil.example/","kid":"{KID}"}}',
        f'{{"alg":"EdDSA","kid":"{KID}","typ":"JWT"}}',
        f'{{"alg":"EdDSA","alg":"EdDSA","kid":"{KID}"}}',
        f'{{"alg":"EdDSA","kid":"x","kid":"{KID}"}}',
        f'{{"alg": "EdDSA", "kid": "{KID}"}}',
        f'{{"kid":"{KID}","alg":"EdDSA"}}',
        f'{{"\\u0061lg":"EdDSA","kid":"{KID}"}}',
        f'["EdDSA","{KID}"]',
        '"EdDSA"',
        "",
        "null",
    ],
)
def test_jws_with_another_header_is_refused_though_well_signed(header: str) -> None:
    """Exactly two members, once each, in the one spelling."""
    with pytest.raises(Malformed):
        _verify(_jws(header))


GOOD = _jws()
HEADER, SIGNATURE = GOOD.split(b"..")


@pytest.mark.parametrize(
    "jws",
    [
        GOOD + b"\n",
        b" " + GOOD,
        HEADER + b"=.." + SIGNATURE,
        GOOD + b"==",
        HEADER + b"." + strict_base64.encode_url(DATA).encode() + b"." + SIGNATURE,
        HEADER + b"." + SIGNATURE,
        HEADER + b"..." + SIGNATURE,
        HEADER + b".." + SIGNATURE + b".",
        HEADER + b"..",
        b".." + SIGNATURE,
        HEADER + b".." + SIGNATURE[:-2],
        HEADER + b".." + SIGNATURE[:-1] + (b"B" if SIGNATURE[-1:] == b"A" else b"h"),
        HEADER + b".." + SIGNATURE.replace(b"-", b"+").replace(b"_", b"/") + b"+",
        b"",
        b"..",
        b"\xff" + GOOD,
        b"A" * 5000,
        GOOD[:-1] + b"\x00",
    ],
)
def test_jws_in_another_spelling_is_refused(jws: bytes) -> None:
    """Newline, padding, attached content, stray bits, other alphabet, cut off, too large."""
    with pytest.raises(Malformed):
        _verify(jws)


def test_jws_over_other_bytes_is_forged() -> None:
    """One byte more is another document."""
    with pytest.raises(Forged):
        _verify(_jws(), DATA + b"\n")


def test_jws_by_an_unknown_key_is_untrusted() -> None:
    """The key comes from the caller alone."""
    with pytest.raises(UntrustedKey):
        verify_jws(DATA, _jws(), {}.__getitem__)


P256 = ec.derive_private_key(7, ec.SECP256R1())
P256_PEM = P256.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
P256_DER = P256.sign(DATA, ec.ECDSA(SHA256(), deterministic_signing=True))
P256_RAW = b"".join(number.to_bytes(32, "big") for number in decode_dss_signature(P256_DER))


def test_p256_is_read_in_both_forms() -> None:
    """DER, and the 64 bytes of XML Signature."""
    verify_p256(DATA, P256_DER, P256_PEM)
    verify_p256_raw(DATA, P256_RAW, P256_PEM)


@pytest.mark.parametrize(
    ("signature", "error"),
    [
        (P256_RAW[:-1], Malformed),
        (P256_DER, Malformed),
        (b"", Malformed),
        (bytes(64), Forged),
        (b"\xff" * 64, Forged),
        (P256_RAW[32:] + P256_RAW[:32], Forged),
    ],
)
def test_p256_raw_signature_refusals(signature: bytes, error: type[VerificationError]) -> None:
    """Length first, then the signature."""
    with pytest.raises(error):
        verify_p256_raw(DATA, signature, P256_PEM)


P384_PEM = (
    ec.derive_private_key(7, ec.SECP384R1())
    .public_key()
    .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    .decode()
)


@pytest.mark.parametrize(
    ("pem", "error"),
    [
        ("", Malformed),
        ("\ud800", Malformed),
        ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", Malformed),
        (P256_PEM * 50, Malformed),
        (public_pem(ed25519_jwk(PUBLIC)), UntrustedKey),
        (P384_PEM, UntrustedKey),
    ],
)
def test_p256_wants_a_p256_key(pem: str, error: type[VerificationError]) -> None:
    """No key, a key of another kind, another curve."""
    with pytest.raises(error):
        verify_p256(DATA, P256_DER, pem)
