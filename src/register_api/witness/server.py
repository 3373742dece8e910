"""Opening a witness, and running its service until it is told to end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from register_api.core.log.note import COSIGNATURE, ED25519, format_verifier_key, parse_verifier_key
from register_api.errors import RegisterError, UsageError, WitnessError
from register_api.publish.signing.signer import Ed25519Signer, generate, load
from register_api.serve.launch import run_app
from register_api.witness.app import create_app
from register_api.witness.record import Record
from register_api.witness.witness import Witness

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from register_api.core.log.note import NoteKey
    from register_api.serve.settings import Settings


def make_witness(folder: Path, key_file: Path, name: str, *, unused_key: bool = False) -> str:
    """Make a witness's key and the state that it begins with.

    Args:
        folder: Folder of the state.
        key_file: Where the private key goes.
        name: Name of the key, an address without ``https://`` by custom.
        unused_key: Take the key that lies there: whoever says so knows that it has signed nothing.

    Returns:
        The witness's verifier key.

    Raises:
        WitnessError: There is a state already, or it cannot be written.
        KeyStoreError: The key file exists, or cannot be written or used.
        UsageError: No key may have that name.
    """
    record = Record(folder)
    if record.exists():
        raise WitnessError(f"there is a witness in {folder} already; it is never replaced")
    try:
        format_verifier_key(name, bytes.fromhex(_ANY_POINT), COSIGNATURE)
    except RegisterError as error:
        raise UsageError(f"{name!a} cannot name a key: {error.message}") from error
    signer = load(key_file, Ed25519Signer) if unused_key else generate(key_file, Ed25519Signer)
    verifier_key = format_verifier_key(name, signer.public, COSIGNATURE)
    record.begin(verifier_key)
    return verifier_key


_ANY_POINT = "5866666666666666666666666666666666666666666666666666666666666666"
"""The base point of Ed25519 (RFC 8032 section 5.1): a key to try a name with before one is made."""


def open_witness(folder: Path, key_file: Path, logs: Iterable[str]) -> Witness:
    """Open a witness's key and state.

    Args:
        folder: Folder of the state.
        key_file: The private key.
        logs: C2SP verifier keys of the logs, type 0x01.

    Raises:
        WitnessError: The state is missing, damaged or that of another key.
        KeyStoreError: The key cannot be used.
        UsageError: A log's key cannot be read, or there is none.
    """
    keys = [_log_key(text) for text in logs]
    if not keys:
        raise UsageError("a witness needs a log to look at", hint="give its verifier key with --log")
    record, signer = Record(folder), load(key_file, Ed25519Signer)
    state = record.load()
    key = parse_verifier_key(state.verifier_key)
    if key.public != signer.public:
        raise WitnessError(f"the state in {folder} is that of another key than {key_file}")
    return Witness(record, key, signer, keys)


def serve_witness(
    witness: Witness, settings: Settings, clock: Callable[[], int], announce: Callable[[str], None]
) -> None:
    """Serve until SIGTERM or SIGINT; decisions under way are finished first.

    Args:
        witness: Decides.
        settings: Where to listen, and how long to wait.
        clock: Tells the present instant in POSIX seconds.
        announce: Told the address once connections are accepted by the system.

    Raises:
        UsageError: The address cannot be listened on.
    """
    run_app(create_app(witness, clock), settings, announce)


def _log_key(text: str) -> NoteKey:
    try:
        key = parse_verifier_key(text)
    except RegisterError as error:
        raise UsageError(f"--log {text[:100]!a}: {error.message}") from error
    if key.algorithm != ED25519:
        raise UsageError(f"--log {key.name}: a key of a witness, not of a log (type 0x01)")
    return key
