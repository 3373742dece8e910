"""Options of the customer's commands: trust root, witnesses, and BASE."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar, cast

import click
from cryptography.x509 import Certificate

from register_api.cli.options import PATH, Command, together
from register_api.core.log.note import COSIGNATURE, MAX_NOTE_BYTES, NoteKey, parse_verifier_key
from register_api.core.log.policy import MAX_POLICY_BYTES, WitnessPolicy, parse_policy
from register_api.core.log.time_stamp import MAX_ANCHORS_BYTES, read_anchors
from register_api.errors import UsageError, VerificationError
from register_api.files.durable import read_bounded
from register_api.verify.fetcher import Fetcher, FolderFetcher, HttpFetcher
from register_api.verify.options import Options

Parsed = TypeVar("Parsed")

root_options = together(
    click.option("--root", type=PATH, help="File with the trust root to start from."),
    click.option("--root-sha256", metavar="HEX", help="SHA-256 of the first root, e.g. from a contract."),
)


def check_root(root: Path | None, root_sha256: str | None) -> None:
    """Refuse ``--root`` together with ``--root-sha256``."""
    if root is not None and root_sha256 is not None:
        raise UsageError("--root and --root-sha256 say the same thing twice", hint="give one of them")


witness_options = together(
    click.option(
        "--witness",
        "witness_keys",
        metavar="VKEY",
        multiple=True,
        help="Verifier key of a witness you trust (C2SP, type 0x04). May be repeated.",
    ),
    click.option(
        "--witnesses",
        type=click.IntRange(min=1),
        metavar="M",
        help="How many of them must have cosigned the checkpoint.  [default: all]",
    ),
    click.option(
        "--policy",
        type=PATH,
        metavar="FILE",
        help="C2SP tlog-policy file with the required witnesses, instead of --witness.",
    ),
)


stamped_by_option = click.option(
    "--stamped-by",
    type=PATH,
    metavar="FILE",
    help=(
        "Root certificates (PEM) of the timestamping authorities you accept; one of them must "
        "have timestamped the log's checkpoint."
    ),
)


def into_options(command: Command) -> Command:
    """Pass these options to a command as one argument, ``trust``."""

    @functools.wraps(command)
    def with_trust(
        *,
        root: Path | None,
        root_sha256: str | None,
        witness_keys: tuple[str, ...],
        witnesses: int | None,
        policy: Path | None,
        stamped_by: Path | None,
        **further: Any,
    ) -> None:
        check_root(root, root_sha256)
        trust = Options(
            root=root,
            root_sha256=root_sha256,
            witnesses=witness_keys,
            cosignatures=_read_witnesses(witness_keys, witnesses, policy),
            policy=policy_of(policy),
            stamped_by=read_certificates(stamped_by, "--stamped-by") if stamped_by else (),
        )
        command(trust=trust, **further)

    return cast("Command", with_trust)


def _read_witnesses(keys: tuple[str, ...], number: int | None, policy: Path | None) -> int:
    """Return the number of cosignatures required, not counting a policy's."""
    if policy is not None and (keys or number is not None):
        raise UsageError("--policy says which witnesses; leave --witness and --witnesses out")
    for text in keys:
        read_verifier_key("--witness", text, COSIGNATURE)
    if number is not None and number > len(set(keys)):
        raise UsageError(f"--witnesses {number}, but {len(set(keys))} keys are given with --witness")
    return len(set(keys)) if number is None else number


def read_verifier_key(option: str, text: str, algorithm: int) -> NoteKey:
    """Parse a C2SP verifier key given as an option."""
    try:
        key = parse_verifier_key(text)
    except VerificationError as error:
        raise UsageError(f"{option} {text[:100]!a}: {error.message}") from error
    if key.algorithm != algorithm:
        one, other = ("witness", "log") if algorithm == COSIGNATURE else ("log", "witness")
        raise UsageError(f"{option} {key.name}: a key of a {other}, not of a {one} (type 0x{algorithm:02x})")
    return key


@contextlib.contextmanager
def opened(base: str) -> Iterator[Fetcher]:
    """Open a tree by URL or local folder."""
    if "://" in base:
        with HttpFetcher(base) as fetcher:
            yield fetcher
    elif Path(base).is_dir():
        yield FolderFetcher(Path(base))
    else:
        raise UsageError(f"{base} is neither an address (https://…) nor a folder")


def _read(path: Path, most: int, parse: Callable[[bytes], Parsed], named: str, hint: str = "") -> Parsed:
    """Read and parse a file; the parser refuses more than ``most`` bytes."""
    try:
        return parse(read_bounded(path, most, named))
    except VerificationError as error:
        raise UsageError(f"{named}: {error.message}", hint=hint) from error


def read_certificates(path: Path, option: str) -> tuple[Certificate, ...]:
    """Read the certificates in a file."""
    return _read(path, MAX_ANCHORS_BYTES, read_anchors, f"{option} {path}")


def read_checkpoint(path: Path) -> bytes:
    """Read a saved checkpoint."""
    return _read(path, MAX_NOTE_BYTES, bytes, str(path))


def policy_of(path: Path | None) -> WitnessPolicy | None:
    """Read the witness policy (C2SP tlog-policy), if a file is given."""
    if path is None:
        return None
    return _read(path, MAX_POLICY_BYTES, parse_policy, str(path), "one is shown in docs/format/log.md")
