"""A witness over HTTP (C2SP tlog-witness): creating, opening and serving it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, cast

from litestar import Litestar, Request, Response, post
from litestar.exceptions import HTTPException

from register_api.core.log.note import COSIGNATURE, ED25519, format_verifier_key, parse_verifier_key
from register_api.core.log.proofs import MAX_REQUEST_BYTES, PATH
from register_api.errors import RegisterError, UsageError, WitnessError
from register_api.publish.signing.signer import Ed25519Signer, generate, load
from register_api.serve.reply import App
from register_api.witness.witness import Record, Witness

_log = logging.getLogger(__name__)

BODY_SECONDS = 10.0
"""Maximum time for a client to send a request, in seconds."""

_TEXT = "text/plain; charset=utf-8"

_SENTENCES = {
    404: "There is nothing here: this is a witness, see C2SP tlog-witness.",
    405: "Send this with POST.",
    408: "The request took too long.",
    413: f"A request has at most {MAX_REQUEST_BYTES} bytes.",
    500: "The fault has been logged.",
    503: "Nothing can be signed at this moment.",
}


def create_app(witness: Witness, clock: Callable[[], int]) -> App:
    """Build the application."""

    @post(f"/{PATH}", status_code=200)
    async def add_checkpoint(request: Request[Any, Any, Any]) -> Response[bytes]:
        async with asyncio.timeout(BODY_SECONDS):
            body = await request.body()
        # In a thread, since the record's lock and the disk would block other connections.
        answer = await asyncio.to_thread(witness.add_checkpoint, body, clock())
        return _response(answer.status, answer.body, {"content-type": answer.media_type})

    app = Litestar(
        [add_checkpoint],
        request_max_body_size=MAX_REQUEST_BYTES,
        exception_handlers={Exception: _as_text},
        openapi_config=None,
        logging_config=None,
    )
    return cast("App", app)


def _as_text(_: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Answer an error with a fixed sentence; errors for the operator are logged."""
    status, headers = 500, dict[str, str]()
    if isinstance(error, HTTPException):
        status, headers = error.status_code, error.headers or {}
    elif isinstance(error, TimeoutError):
        status, headers = 408, {"Connection": "close"}
    elif isinstance(error, RegisterError):
        _log.error("nothing was signed: %s", error.message)
        status, headers = 503, {"Retry-After": "60"}
    else:
        _log.error("a request failed", exc_info=error)
    sentence = _SENTENCES.get(status, "This is not a request that a witness understands.")
    return _response(status, f"{sentence}\n".encode(), {**headers, "content-type": _TEXT})


def _response(status: int, body: bytes, headers: dict[str, str]) -> Response[bytes]:
    # As a header: to a media type Litestar would add a charset, even for a tree size.
    return Response(body, status_code=status, headers=headers)


def make_witness(folder: Path, key_file: Path, name: str, *, unused_key: bool = False) -> str:
    """Create a witness's key and initial state, and return its verifier key.

    By convention the key's name is a URL without ``https://``. With ``unused_key`` the existing key file is
    used; the caller asserts that it has never signed anything.

    Raises:
        WitnessError: The state already exists or cannot be written.
        KeyStoreError: The key file exists, or cannot be written or used.
        UsageError: The name is not valid for a key.
    """
    record = Record(folder)
    if record.file.exists():
        raise WitnessError(f"there is a witness in {folder} already; it is never replaced")
    try:
        format_verifier_key(name, bytes.fromhex(_ANY_POINT), COSIGNATURE)
    except RegisterError as error:
        raise UsageError(f"{name!a} cannot name a key: {error.message}") from error
    signer = load(key_file, Ed25519Signer) if unused_key else generate(key_file, Ed25519Signer)
    verifier_key = format_verifier_key(name, signer.public, COSIGNATURE)
    record.initialise(verifier_key)
    return verifier_key


_ANY_POINT = "5866666666666666666666666666666666666666666666666666666666666666"
"""The base point of Ed25519 (RFC 8032 section 5.1): a key for checking a name before generating one."""


def open_witness(folder: Path, key_file: Path, logs: Iterable[str]) -> Witness:
    """Open a witness's key and state for logs given by their C2SP verifier keys (type 0x01).

    Raises:
        WitnessError: The state is missing, damaged or belongs to another key.
        KeyStoreError: The key cannot be used.
        UsageError: A log's key is invalid, or no log is given.
    """
    keys = []
    for text in logs:
        try:
            keys.append(key := parse_verifier_key(text))
        except RegisterError as error:
            raise UsageError(f"--log {text[:100]!a}: {error.message}") from error
        if key.algorithm != ED25519:
            raise UsageError(f"--log {key.name}: a key of a witness, not of a log (type 0x01)")
        if not {"", ".", ".."}.isdisjoint(key.name.split("/")):
            raise UsageError(f"--log {key.name}: a part of this origin is empty, . or ..")
    if not keys:
        raise UsageError("a witness needs a log", hint="give its verifier key with --log")
    record, signer = Record(folder), load(key_file, Ed25519Signer)
    state = record.load()
    key = parse_verifier_key(state.verifier_key)
    if key.public != signer.public:
        raise WitnessError(f"the state in {folder} is that of another key than {key_file}")
    return Witness(record, key, signer, keys)
