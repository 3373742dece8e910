"""A local time-stamping authority based on openssl: certificates, answers, and a server.

openssl is the independent counterpart: our code reads its stamps, and it verifies what our code stores.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

import programs
import running
from patience import PATIENCE
from register_api.core.log.time_stamp import read_anchors
from tools import need

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

REQUEST_TYPE, ANSWER_TYPE = "application/timestamp-query", "application/timestamp-reply"
SHA256 = "sha256"
_START = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
_END = dt.datetime(2120, 1, 1, tzinfo=dt.UTC)
_CONFIG = """
[tsa]
default_tsa = here
[here]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha1, sha256, sha384, sha512
accuracy = secs:1
ess_cert_id_alg = sha256
"""


class Authority(msgspec.Struct, frozen=True, kw_only=True):
    """An authority: a root certificate and a stamping certificate, in a folder."""

    folder: Path

    @property
    def root(self) -> Path:
        """File with the root certificate, for customers."""
        return self.folder / "root.pem"

    @property
    def anchors(self) -> tuple[x509.Certificate, ...]:
        """The root certificate."""
        return read_anchors(self.root.read_bytes())

    def answer(self, query: bytes) -> bytes:
        """Answer a query with ``openssl ts``; return the DER of a TimeStampResp."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "query")
            file.write_bytes(query)
            config = str(self.folder / "openssl.cnf")
            return programs.output_of("openssl", "ts", "-reply", "-config", config, "-queryfile", str(file))

    def stamp(self, data: bytes, digest: str = SHA256) -> bytes:
        """Stamp bytes; return the DER of a TimeStampResp."""
        return self.answer(query(data, digest))

    def stamp_at(self, data: bytes, at: dt.datetime, *, among: tuple[Path, ...] = ()) -> bytes:
        """Stamp bytes at any time, even outside the certificate's validity; return a TimeStampResp (DER).

        Args:
            data: What is stamped.
            at: The time in the stamp.
            among: Files with further certificates to add.
        """
        info = _info(authority().stamp(data))
        now = info[info.index(_GENERALIZED_TIME) + 2 :][:15]
        info = info.replace(now, f"{at:%Y%m%d%H%M%SZ}".encode())
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "info")
            file.write_bytes(info)
            signer = ("-signer", str(self.folder / "tsa.pem"), "-inkey", str(self.folder / "tsa.key"))
            more = [word for path in among for word in ("-certfile", str(path))]
            kind = ("-binary", "-nodetach", "-cades", "-md", "sha256", "-econtent_type", _INFO_TYPE)
            token = programs.output_of(
                "openssl", "cms", "-sign", "-in", str(file), *kind, *signer, *more, "-outform", "DER"
            )
        return _sequence(_GRANTED + token)

    def verifies(self, answer: bytes, data: bytes, *more: str) -> bool:
        """Return whether ``openssl ts -verify`` accepts an answer for these bytes."""
        with tempfile.TemporaryDirectory() as folder:
            answer_file, data_file = Path(folder, "answer"), Path(folder, "data")
            answer_file.write_bytes(answer)
            data_file.write_bytes(data)
            files = ("-in", str(answer_file), "-data", str(data_file), "-CAfile", str(self.root))
            command = ("openssl", "ts", "-verify", *files, *more)
            return programs.run_bytes(*command).returncode == 0


def query(data: bytes, digest: str = SHA256, *more: str) -> bytes:
    """Return a query for bytes, with a nonce, that requests certificates."""
    need("openssl")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "data")
        file.write_bytes(data)
        return programs.output_of("openssl", "ts", "-query", "-data", str(file), f"-{digest}", "-cert", *more)


def refusal(status: int) -> bytes:
    """Return an authority's answer without a stamp (RFC 3161 section 2.4.2): 2 is a rejection."""
    return _sequence(_sequence(bytes([2, 1, status])))


def _info(answer: bytes) -> bytes:
    """Return the TSTInfo in an answer."""
    with tempfile.TemporaryDirectory() as folder:
        file, token = Path(folder, "answer"), Path(folder, "token")
        file.write_bytes(answer)
        token.write_bytes(programs.output_of("openssl", "ts", "-reply", "-in", str(file), "-token_out"))
        return programs.output_of(
            "openssl", "cms", "-verify", "-noverify", "-inform", "DER", "-in", str(token)
        )


def _sequence(content: bytes) -> bytes:
    """Return a DER SEQUENCE."""
    length = len(content)
    if length < 0x80:
        return bytes([0x30, length]) + content
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([0x30, 0x80 | len(size)]) + size + content


_GRANTED = _sequence(bytes([2, 1, 0]))
_INFO_TYPE = "1.2.840.113549.1.9.16.1.4"
_GENERALIZED_TIME = bytes([0x18, 15])


@functools.cache
def authority(
    name: str = "Test", *, until: dt.datetime = _END, purpose: bool = True, chain: bool = False
) -> Authority:
    """Return an authority, made once in a session for each set of arguments.

    Args:
        name: Distinguishes authorities.
        until: When its certificates expire.
        chain: Whether there is an intermediate certificate, included in each answer. openssl writes the
            signer's certificate before it, which violates DER order.
        purpose: Whether its certificate has the critical purpose timeStamping (RFC 3161 section 2.3).
    """
    need("openssl")
    folder = Path(_FOLDERS.enter_context(tempfile.TemporaryDirectory()))
    root_key, middle_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
    root_name, signer_name = _name(f"{name} Root"), _name(f"{name} Time Stamps")
    root = _certificate(root_name, root_name, root_key, root_key, until, [_CA, _SIGNS_CERTIFICATES])
    extensions = [_NO_CA, _SIGNS, *([_STAMPS] if purpose else [])]
    middle_name = _name(f"{name} Middle") if chain else root_name
    middle_key = middle_key if chain else root_key
    middle = _certificate(middle_name, root_name, middle_key, root_key, until, [_CA, _SIGNS_CERTIFICATES])
    signer = _certificate(signer_name, middle_name, key, middle_key, until, extensions)
    (folder / "middle.pem").write_bytes(middle.public_bytes(serialization.Encoding.PEM))
    (folder / "root.pem").write_bytes(root.public_bytes(serialization.Encoding.PEM))
    (folder / "tsa.pem").write_bytes(signer.public_bytes(serialization.Encoding.PEM))
    (folder / "tsa.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    (folder / "serial").write_text("01\n")
    config = _CONFIG.format(folder=folder) + f"certs = {folder}/middle.pem\n" * chain
    (folder / "openssl.cnf").write_text(config)
    return Authority(folder=folder)


@contextlib.contextmanager
def serving(answer: Callable[[bytes], Iterable[bytes] | None], *, status: int = 200) -> Iterator[Asked]:
    """Answer time-stamp queries on a free port of 127.0.0.1 while the block runs.

    Args:
        answer: Maps a query to the pieces of the answer; ``None`` never answers.
        status: HTTP status of every answer.

    Yields:
        The URL and the recorded queries.
    """
    asked = Asked(queries=[], kinds=[], stopped=threading.Event())
    handler = type("Handler", (_Handler,), {"answer": staticmethod(answer), "asked": asked, "status": status})
    with running.serving(ThreadingHTTPServer(("127.0.0.1", 0), handler)) as base:
        asked.url = f"{base}tsr"
        try:
            yield asked
        finally:
            asked.stopped.set()


@contextlib.contextmanager
def honest(of: Authority | None = None) -> Iterator[Asked]:
    """Run an honest authority on a free port while the block runs."""
    one = of or authority()
    with serving(lambda query: [one.answer(query)]) as asked:
        yield asked


class Asked(msgspec.Struct, kw_only=True):
    """Requests received by a server: bodies and media types, in order; and its URL."""

    queries: list[bytes]
    kinds: list[str | None]
    stopped: threading.Event
    url: str = ""


class _Handler(BaseHTTPRequestHandler):
    asked: Asked
    status: int

    def do_POST(self) -> None:
        """Answer a query."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.asked.queries.append(body)
        self.asked.kinds.append(self.headers["Content-Type"])
        answer = self.answer(body)
        if answer is None:
            self.asked.stopped.wait(PATIENCE)
            return
        with contextlib.suppress(OSError):  # the client may hang up on a long answer
            self.send_response(self.status)
            self.send_header("Content-Type", ANSWER_TYPE)
            self.send_header("Location", "http://127.0.0.1:9/elsewhere")
            self.end_headers()
            for piece in answer:
                self.wfile.write(piece)

    def log_message(self, *_arguments: object) -> None:
        """Log nothing."""


_FOLDERS = contextlib.ExitStack()
"""Folders of authorities, removed when the process exits."""

_CA = (x509.BasicConstraints(ca=True, path_length=None), True)
_NO_CA = (x509.BasicConstraints(ca=False, path_length=None), False)
_STAMPS = (x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.TIME_STAMPING]), True)


def _usage(*, signs: bool, certificates: bool) -> tuple[x509.ExtensionType, bool]:
    others = ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "crl_sign")
    more = dict.fromkeys((*others, "encipher_only", "decipher_only"), False)
    return x509.KeyUsage(digital_signature=signs, key_cert_sign=certificates, **more), True


_SIGNS, _SIGNS_CERTIFICATES = _usage(signs=True, certificates=False), _usage(signs=False, certificates=True)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer_key: ec.EllipticCurvePrivateKey,
    until: dt.datetime,
    extensions: list[tuple[x509.ExtensionType, bool]],
) -> x509.Certificate:
    builder = x509.CertificateBuilder(
        subject_name=subject,
        issuer_name=issuer,
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=_START,
        not_valid_after=until,
    )
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    authority_identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    for extension, critical in (*extensions, (identifier, False), (authority_identifier, False)):
        builder = builder.add_extension(extension, critical)
    return builder.sign(issuer_key, hashes.SHA256())
