"""Time stamps by RFC 3161: what openssl stamps is read, and whatever else comes is refused."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from register_api.core.log import time_stamp
from register_api.core.log.time_stamp import (
    CLOCK_TOLERANCE,
    MAX_TIME_STAMP_BYTES,
    check_plausible,
    open_time_stamp,
    read_anchors,
)
from register_api.errors import Forged, Inconsistent, Malformed, VerificationError
from thoroughness import examples
from time_authority import Authority, authority, query, refusal

VECTORS = Path(__file__).parents[2] / "vectors"
STAMP = (VECTORS / "time-stamp.tsr").read_bytes()
STAMPED = (VECTORS / "c2sp-note.txt").read_bytes()
ROOT = (VECTORS / "time-stamp-root.pem").read_bytes()
ANCHORS = read_anchors(ROOT)
DATA = b"a checkpoint"


def june(year: int) -> dt.datetime:
    """Return an instant in a year."""
    return dt.datetime(year, 6, 1, 9, 30, tzinfo=dt.UTC)


def test_a_stamp_that_openssl_made_is_read() -> None:
    """The committed vector, without any tool."""
    stamp = open_time_stamp(STAMP, STAMPED, ANCHORS)
    assert stamp.authority == "CN=Vector Time Stamps"
    assert (stamp.at.year, stamp.at.tzinfo, stamp.at.microsecond) == (2026, dt.UTC, 0)
    assert stamp.nonce is not None
    assert open_time_stamp(STAMP, STAMPED) == stamp


@pytest.mark.parametrize("digest", ["sha256", "sha384", "sha512"])
def test_every_imprint_from_sha256_on_is_taken(digest: str) -> None:
    """And openssl agrees."""
    found = authority().stamp(DATA, digest)
    assert open_time_stamp(found, DATA, authority().anchors).authority == "CN=Test Time Stamps"
    assert authority().verifies(found, DATA)


def test_a_weaker_imprint_is_refused() -> None:
    """SHA-1, which openssl stamps and verifies."""
    found = authority().stamp(DATA, "sha1")
    with pytest.raises(Malformed, match="weaker imprint"):
        open_time_stamp(found, DATA, authority().anchors)


@pytest.mark.parametrize("anchors", [None, ANCHORS])
def test_a_stamp_of_other_bytes_is_forged(anchors: object) -> None:
    """With or without a chain to check."""
    with pytest.raises(Forged, match="of other bytes"):
        open_time_stamp(STAMP, STAMPED + b"\n", anchors)  # type: ignore[arg-type]


def test_an_authority_that_is_not_accepted_has_forged() -> None:
    """A chain to another root; openssl says the same."""
    found = authority("Other").stamp(DATA)
    with pytest.raises(Forged, match="not signed by an accepted authority"):
        open_time_stamp(found, DATA, authority().anchors)
    assert not authority().verifies(found, DATA)


def test_a_certificate_that_has_expired_since_is_no_fault() -> None:
    """Judged as of the stamp's time; openssl needs ``-attime`` for that."""
    old = authority("Old", until=june(2021))
    found = old.stamp_at(DATA, june(2020))
    assert open_time_stamp(found, DATA, old.anchors).at == june(2020)
    assert not old.verifies(found, DATA)
    assert old.verifies(found, DATA, "-attime", str(int(june(2020).timestamp())))


def test_a_certificate_that_had_expired_when_it_stamped_has_forged() -> None:
    """What an old key stamps is worth nothing."""
    old = authority("Old", until=june(2021))
    with pytest.raises(Forged, match="expired"):
        open_time_stamp(old.stamp_at(DATA, june(2022)), DATA, old.anchors)


def test_a_certificate_without_the_purpose_has_forged() -> None:
    """RFC 3161 section 2.3: the critical purpose timeStamping."""
    without = authority("Without", purpose=False)
    found = without.stamp_at(DATA, june(2022))
    with pytest.raises(Forged, match="purpose"):
        open_time_stamp(found, DATA, without.anchors)
    assert not without.verifies(found, DATA, "-attime", str(int(june(2022).timestamp())))


def test_the_signing_certificate_itself_needs_the_purpose() -> None:
    """Another certificate in the answer that has it, of the accepted authority itself."""
    without = authority("Without", purpose=False)
    found = without.stamp_at(DATA, june(2022), among=(authority().folder / "tsa.pem",))
    with pytest.raises(VerificationError):
        open_time_stamp(found, DATA, (*without.anchors, *authority().anchors))


@pytest.mark.parametrize("status", [1, 2, 3, 4, 5, 6, 255])
def test_an_answer_without_a_stamp_is_malformed(status: int) -> None:
    """Rejected, waiting, or no status at all."""
    with pytest.raises(Malformed):
        open_time_stamp(refusal(status), DATA, ANCHORS)


def test_a_stamp_with_a_signature_of_somebody_else_is_forged() -> None:
    """The last bytes are the signature's."""
    with pytest.raises(Forged):
        open_time_stamp(STAMP[:-4] + bytes(4), STAMPED, ANCHORS)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<!doctype html><title>Sign in</title>",
        STAMP[:-1],
        STAMP + b"\n",
        b"\x30\x80" + STAMP[4:] + bytes(2),
        bytes(MAX_TIME_STAMP_BYTES + 1),
    ],
)
def test_rubbish_is_malformed(data: bytes) -> None:
    """HTML, too short, too long, an indefinite length."""
    with pytest.raises(Malformed):
        open_time_stamp(data, STAMPED, ANCHORS)


@settings(max_examples=examples(400), deadline=None)
@given(at=st.integers(0, len(STAMP) - 1), bit=st.integers(0, 7), end=st.integers(0, len(STAMP)))
def test_a_flipped_bit_changes_no_accepted_content(at: int, bit: int, end: int) -> None:
    """A stamp that is still good says the same; everything else is one of our own errors."""
    flipped = bytearray(STAMP)
    flipped[at] ^= 1 << bit
    for data in (bytes(flipped), bytes(flipped[:end]), bytes(flipped[end:])):
        try:
            found = open_time_stamp(data, STAMPED, ANCHORS)
        except VerificationError:
            continue
        assert found == open_time_stamp(STAMP, STAMPED, ANCHORS)


@settings(max_examples=examples(200), deadline=None)
@given(new=st.binary(max_size=40), at=st.integers(0, len(STAMP)), end=st.integers(0, 40))
def test_any_bytes_at_any_place_are_judged(new: bytes, at: int, end: int) -> None:
    """With and without a chain, nothing but our own errors comes out."""
    for data in (new, STAMP[:at] + new + STAMP[at + end :]):
        for anchors in (ANCHORS, None):
            try:
                open_time_stamp(data, STAMPED, anchors)
            except VerificationError:
                continue


@settings(max_examples=examples(200), deadline=None)
@given(new=st.binary(max_size=40), at=st.integers(0, len(ROOT)), end=st.integers(0, 40))
def test_any_file_of_certificates_is_judged(new: bytes, at: int, end: int) -> None:
    """Certificates, or the one refusal."""
    for data in (new, ROOT[:at] + new + ROOT[at + end :]):
        try:
            assert read_anchors(data)
        except Malformed:
            continue


def test_a_panic_of_the_library_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is raised as no ordinary exception; an interrupt stays one."""
    panic = type("PanicException", (BaseException,), {"__module__": "pyo3_runtime"})
    for raised, expected in ((panic, Malformed), (KeyboardInterrupt, KeyboardInterrupt)):

        def decode(_data: bytes, raised: type[BaseException] = raised) -> None:
            raise raised

        monkeypatch.setattr(time_stamp.rfc3161_client, "decode_timestamp_response", decode)
        with pytest.raises(expected):
            open_time_stamp(STAMP, STAMPED, ANCHORS)


def test_anchors_need_a_root() -> None:
    """A certificate below one is not enough, as for ``openssl ts -verify -CAfile``; with the root it is."""
    signer = (authority().folder / "tsa.pem").read_bytes()
    with pytest.raises(Malformed, match="no root"):
        read_anchors(signer)
    assert len(read_anchors(signer + authority().root.read_bytes() * 2)) == 2


def test_a_stamp_may_be_older_than_its_version_by_what_clocks_differ() -> None:
    """Exactly the tolerance is enough; a second more is a contradiction."""
    stamp = open_time_stamp(STAMP, STAMPED)
    check_plausible(stamp, stamp.at + CLOCK_TOLERANCE)
    with pytest.raises(Inconsistent, match="before"):
        check_plausible(stamp, stamp.at + CLOCK_TOLERANCE + dt.timedelta(seconds=1))


def test_a_nonce_is_handed_on() -> None:
    """So that whoever asked can tell a fresh answer from an old one."""
    one: Authority = authority()
    assert open_time_stamp(one.answer(query(DATA, "sha256", "-no_nonce")), DATA).nonce is None
