"""Options of the customer's commands: where trust begins, which witnesses, and where BASE is."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec
from cryptography.x509 import Certificate

from register_api.cli.policies import read_policy
from register_api.core.log.note import COSIGNATURE, MAX_NOTE_BYTES, NoteKey, parse_verifier_key
from register_api.core.log.policy import WitnessPolicy
from register_api.core.log.time_stamp import MAX_ANCHORS_BYTES, read_anchors
from register_api.errors import UsageError, VerificationError
from register_api.verify.fetcher import Fetcher, FolderFetcher
from register_api.verify.http_fetcher import HttpFetcher

Command = TypeVar("Command", bound="Callable[..., Any]")


def root_options(command: Command) -> Command:
    """Add ``--root`` and ``--root-sha256``."""
    file = click.option(
        "--root", type=click.Path(path_type=Path), help="File with the trust root to start from."
    )
    digest = click.option(
        "--root-sha256", metavar="HEX", help="SHA-256 of the first root, e.g. from a contract."
    )
    return file(digest(command))


def check_root(root: Path | None, root_sha256: str | None) -> None:
    """Refuse a root that is given in two ways."""
    if root is not None and root_sha256 is not None:
        raise UsageError("--root and --root-sha256 say the same thing twice", hint="give one of them")


def witness_options(command: Command) -> Command:
    """Add ``--witness``, ``--witnesses`` and ``--policy``."""
    for add in (
        click.option(
            "--policy",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="C2SP tlog-policy file with the required witnesses, instead of --witness.",
        ),
        click.option(
            "--witnesses",
            type=click.IntRange(min=1),
            metavar="M",
            help="How many of them must have cosigned the checkpoint.  [default: all]",
        ),
        click.option(
            "--witness",
            "witness_keys",
            metavar="VKEY",
            multiple=True,
            help="Verifier key of a witness you trust (C2SP, type 0x04). May be repeated.",
        ),
    ):
        command = add(command)
    return command


class Witnesses(msgspec.Struct, frozen=True, kw_only=True):
    """Which witnesses are asked for: by keys and number, or by a policy."""

    keys: tuple[str, ...] = ()
    number: int = 0
    policy: WitnessPolicy | None = None


def read_witnesses(keys: tuple[str, ...], number: int | None, policy: Path | None) -> Witnesses:
    """Return which cosignatures are asked for."""
    if policy is not None:
        if keys or number is not None:
            raise UsageError("--policy says which witnesses; leave --witness and --witnesses out")
        return Witnesses(policy=read_policy(policy))
    for text in keys:
        read_verifier_key("--witness", text, COSIGNATURE)
    if number is not None and number > len(set(keys)):
        raise UsageError(f"--witnesses {number}, but {len(set(keys))} keys are given with --witness")
    return Witnesses(keys=keys, number=len(set(keys)) if number is None else number)


def read_verifier_key(option: str, text: str, algorithm: int) -> NoteKey:
    """Read a C2SP verifier key that an option gives."""
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
    """Read a tree from its address, or from a folder on this machine."""
    if "://" in base:
        with HttpFetcher(base) as fetcher:
            yield fetcher
    elif Path(base).is_dir():
        yield FolderFetcher(Path(base))
    else:
        raise UsageError(f"{base} is neither an address (https://…) nor a folder")


def stamped_by_option(command: Command) -> Command:
    """Add ``--stamped-by``: the certificates of time-stamping authorities that are accepted."""
    return click.option(
        "--stamped-by",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help=(
            "Root certificates (PEM) of the timestamping authorities you accept; one of them must "
            "have timestamped the log's checkpoint."
        ),
    )(command)


def read_certificates(path: Path, option: str) -> tuple[Certificate, ...]:
    """Return the certificates in a file that an option names."""
    try:
        with path.open("rb") as file:
            return read_anchors(file.read(MAX_ANCHORS_BYTES + 1))
    except OSError as error:
        raise UsageError(f"{option} {path} cannot be read: {error.strerror}") from error
    except VerificationError as error:
        raise UsageError(f"{option} {path}: {error.message}") from error


def read_checkpoint(path: Path) -> bytes:
    """Return a checkpoint that someone kept as a file; what is too large is left to its reader to refuse."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_NOTE_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
