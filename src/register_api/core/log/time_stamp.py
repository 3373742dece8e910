"""An independent authority's time stamp on a checkpoint (RFC 3161): read strictly, and checked.

The stamped bytes are the checkpoint as it stands in the version's proof: the note with the log's own
signature line and no other, so that witnesses who sign later change nothing. A time stamp says that
these bytes existed at its time, and so did every version below: the root hash covers them all.

The chain of certificates is judged as of the stamp's own time, so that a stamp stays good after the
authority's certificate has expired.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import re
from collections.abc import Iterator, Sequence

import msgspec
import rfc3161_client
from cryptography import x509
from rfc3161_client import TimeStampResponse

from register_api.core.instant import format_instant
from register_api.core.text import escaped
from register_api.errors import Forged, Inconsistent, Malformed, RegisterError

MAX_TIME_STAMP_BYTES = 64 * 2**10
"""Room for a chain of several certificates with large keys; usual ones have 2 to 8 KiB."""

MAX_ANCHORS_BYTES = 2**20

CLOCK_TOLERANCE = dt.timedelta(minutes=5)
"""How far the clocks of a publisher and of an authority may differ and nobody is blamed."""

_HASHES = {
    x509.ObjectIdentifier(f"2.16.840.1.101.3.4.2.{number}"): made
    for number, made in enumerate((hashlib.sha256, hashlib.sha384, hashlib.sha512), start=1)
}
"""Imprints that are taken: SHA-256 and stronger."""

_MAX_NAME = 200


class TimeStamp(msgspec.Struct, frozen=True, kw_only=True):
    """What a time stamp says: when (UTC, whole seconds), and the subject of the certificate that signed.

    The nonce is what the request carried, to tell a fresh answer from an old one.
    """

    at: dt.datetime
    authority: str
    nonce: int | None


def open_time_stamp(
    data: bytes, stamped: bytes, anchors: Sequence[x509.Certificate] | None = None
) -> TimeStamp:
    """Check an authority's TimeStampResp (DER, RFC 3161 section 2.4.2) on some bytes, and read it.

    ``anchors`` are root certificates that are accepted, with intermediates if the stamp has not got them;
    ``None`` checks neither signature nor chain.

    Raises:
        Malformed: Not such an answer in strict DER, without a stamp, or with a weaker imprint than
            SHA-256.
        Forged: It is of other bytes; or its signature, or the chain to one of the anchors, was not
            good at the time that it names.
    """
    if len(data) > MAX_TIME_STAMP_BYTES:
        raise Malformed(f"a time stamp of more than {MAX_TIME_STAMP_BYTES} bytes")
    with _malformed_on_error("not a time stamp as RFC 3161 has it, in strict DER"):
        response = rfc3161_client.decode_timestamp_response(data)
        if response.status != rfc3161_client.PKIStatus.GRANTED:
            said = escaped(" ".join(response.status_string or ())[:_MAX_NAME])
            words = f", {said}" if said else ""
            raise Malformed(f"no time stamp was granted (status {response.status}{words})")
        imprint = response.tst_info.message_imprint
        if imprint.hash_algorithm not in _HASHES:
            raise Malformed("a time stamp with a weaker imprint than SHA-256")
        if imprint.message != _HASHES[imprint.hash_algorithm](stamped).digest():
            raise Forged("the time stamp is of other bytes")
        stamp = TimeStamp(
            at=response.tst_info.gen_time.astimezone(dt.UTC).replace(microsecond=0),
            authority=_signer(response),
            nonce=response.tst_info.nonce,
        )
        if anchors is not None:
            _check_chain(response, stamped, anchors)
    return stamp


def check_plausible(stamp: TimeStamp, published_at: dt.datetime) -> None:
    """Refuse a checkpoint that existed before its version was published by more than clocks may differ."""
    if published_at - stamp.at > CLOCK_TOLERANCE:
        raise Inconsistent(
            f"stamped at {format_instant(stamp.at)}, before the version says to have been published,"
            f" {format_instant(published_at)}"
        )


def read_anchors(data: bytes) -> tuple[x509.Certificate, ...]:
    """Read the certificates (PEM) that a time stamp's chain may end in.

    Raises:
        Malformed: Not such a file, or without a root certificate: one that names itself as issuer.
    """
    with _malformed_on_error("no certificates in PEM"):
        if len(data) > MAX_ANCHORS_BYTES:
            raise Malformed(f"more than {MAX_ANCHORS_BYTES} bytes")
        found = tuple(dict.fromkeys(x509.load_pem_x509_certificates(data)))
        if not any(one.issuer == one.subject for one in found):
            raise Malformed("no root certificate among them: one that names itself as issuer")
    return found


def _signer(response: TimeStampResponse) -> str:
    """Return the subject of the certificate that the signature names."""
    (signer,) = response.signed_data.signer_infos
    for data in sorted(response.signed_data.certificates):
        found = x509.load_der_x509_certificate(data)
        if (found.issuer, found.serial_number) == (signer.issuer, signer.serial_number):
            return escaped(found.subject.rfc4514_string()[:_MAX_NAME])
    raise Malformed("a time stamp without the certificate that signed it")


def _check_chain(response: TimeStampResponse, stamped: bytes, anchors: Sequence[x509.Certificate]) -> None:
    """Check signature, chain and purpose as of the stamp's time (RFC 3161 section 2.3)."""
    try:
        rfc3161_client.VerifierBuilder(roots=list(anchors)).build().verify_message(response, stamped)
    except rfc3161_client.VerificationError as error:
        text = str(error)  # openssl's reason stands in it
        found = re.search(r'Verify error: ([^"]*)"', text) or re.search(r'reason: "([^"]*)"', text)
        reason = escaped((found[1] if found else text.rstrip("."))[:_MAX_NAME])
        raise Forged(f"the time stamp is not signed by an accepted authority ({reason})") from error


@contextlib.contextmanager
def _malformed_on_error(what: str) -> Iterator[None]:
    """Turn whatever the libraries raise on foreign bytes into a finding, a panic of theirs among it."""
    try:
        yield
    except RegisterError:
        raise
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__module__ != "pyo3_runtime":
            raise
        raise Malformed(what) from error
