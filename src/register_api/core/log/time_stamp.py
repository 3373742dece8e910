"""Trusted timestamps on a checkpoint (RFC 3161): strict parsing and verification.

The stamped bytes are the checkpoint as in the version's proof: the note with the log's own signature line
only, so that later cosignatures change nothing. A timestamp proves that these bytes, and so every version up
to this one, existed at its time: the root hash covers them all.

The certificate chain is verified as of the timestamp's own time, so a timestamp remains valid after the
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
"""Room for a chain of several certificates with large keys; 2 to 8 KiB are usual."""

MAX_ANCHORS_BYTES = 2**20

CLOCK_TOLERANCE = dt.timedelta(minutes=5)
"""Tolerated difference between the clocks of publisher and authority."""

_HASHES = {
    x509.ObjectIdentifier(f"2.16.840.1.101.3.4.2.{number}"): made
    for number, made in enumerate((hashlib.sha256, hashlib.sha384, hashlib.sha512), start=1)
}
"""Accepted imprints: SHA-256 and stronger."""

_MAX_NAME = 200


class TimeStamp(msgspec.Struct, frozen=True, kw_only=True):
    """A verified timestamp: time (UTC, whole seconds), and the subject of the certificate that signed it.

    The nonce is that of the request, which proves that the response is fresh.
    """

    at: dt.datetime
    authority: str
    nonce: int | None


def open_time_stamp(
    data: bytes, stamped: bytes, anchors: Sequence[x509.Certificate] | None = None
) -> TimeStamp:
    """Verify a TimeStampResp (DER, RFC 3161 section 2.4.2) for given bytes, and return its content.

    ``anchors`` are accepted root certificates, and intermediates that the timestamp may lack; ``None`` skips
    the check of signature and chain.

    Raises:
        Malformed: Not a TimeStampResp in strict DER, no timestamp granted, or an imprint weaker than
            SHA-256.
        Forged: It is for other bytes; or its signature, or the chain to an anchor, was not valid at
            the time it states.
    """
    if len(data) > MAX_TIME_STAMP_BYTES:
        raise Malformed(f"a time stamp of more than {MAX_TIME_STAMP_BYTES} bytes")
    with _malformed_on_error("not a time stamp as RFC 3161 has it, in strict DER"):
        response = rfc3161_client.decode_timestamp_response(data)
        if response.status != rfc3161_client.PKIStatus.GRANTED:
            reason = escaped(" ".join(response.status_string or ())[:_MAX_NAME])
            words = f", {reason}" if reason else ""
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
    """Raise ``Inconsistent`` if a timestamp precedes the publication by more than the tolerance."""
    if published_at - stamp.at > CLOCK_TOLERANCE:
        raise Inconsistent(
            f"stamped at {format_instant(stamp.at)}, before the stated time of publication,"
            f" {format_instant(published_at)}"
        )


def read_anchors(data: bytes) -> tuple[x509.Certificate, ...]:
    """Read the certificates (PEM) at which a timestamp's chain may end.

    Raises:
        Malformed: Not such a file, or without a self-issued root certificate.
    """
    with _malformed_on_error("no certificates in PEM"):
        if len(data) > MAX_ANCHORS_BYTES:
            raise Malformed(f"more than {MAX_ANCHORS_BYTES} bytes")
        found = tuple(dict.fromkeys(x509.load_pem_x509_certificates(data)))
        if not any(one.issuer == one.subject for one in found):
            raise Malformed("no root certificate among them: one that names itself as issuer")
    return found


def _signer(response: TimeStampResponse) -> str:
    """Return the subject of the certificate that signed."""
    (signer,) = response.signed_data.signer_infos
    for data in sorted(response.signed_data.certificates):
        found = x509.load_der_x509_certificate(data)
        if (found.issuer, found.serial_number) == (signer.issuer, signer.serial_number):
            return escaped(found.subject.rfc4514_string()[:_MAX_NAME])
    raise Malformed("a time stamp without the certificate that signed it")


def _check_chain(response: TimeStampResponse, stamped: bytes, anchors: Sequence[x509.Certificate]) -> None:
    """Verify signature, chain and purpose as of the timestamp's time (RFC 3161 section 2.3)."""
    try:
        rfc3161_client.VerifierBuilder(roots=list(anchors)).build().verify_message(response, stamped)
    except rfc3161_client.VerificationError as error:
        text = str(error)  # contains OpenSSL's reason
        found = re.search(r'Verify error: ([^"]*)"', text) or re.search(r'reason: "([^"]*)"', text)
        reason = escaped((found[1] if found else text.rstrip("."))[:_MAX_NAME])
        raise Forged(f"the time stamp is not signed by an accepted authority ({reason})") from error


@contextlib.contextmanager
def _malformed_on_error(what: str) -> Iterator[None]:
    """Turn any exception of the libraries, including Rust panics, into ``Malformed``."""
    try:
        yield
    except RegisterError:
        raise
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__module__ != "pyo3_runtime":
            raise
        raise Malformed(what) from error
