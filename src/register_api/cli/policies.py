"""Files that say which witnesses must have seen a log (C2SP tlog-policy)."""

from __future__ import annotations

from pathlib import Path

import click

from register_api.cli.options import Command
from register_api.core.log.policy import MAX_POLICY_BYTES, WitnessPolicy, parse_policy
from register_api.errors import Malformed, UsageError


def policy_option(command: Command) -> Command:
    """Add ``--policy``: the witnesses to ask."""
    return click.option(
        "--policy",
        type=click.Path(path_type=Path),
        metavar="FILE",
        envvar="REGISTER_WITNESS_POLICY",
        show_envvar=True,
        help="C2SP tlog-policy file with the witnesses to ask for a cosignature.",
    )(command)


def policy_of(path: Path | None) -> WitnessPolicy | None:
    """Return the policy that is named, if one is."""
    return None if path is None else read_policy(path)


def read_policy(path: Path) -> WitnessPolicy:
    """Read a policy file."""
    try:
        with path.open("rb") as file:
            # One byte more than is allowed, so that what is too large is seen to be.
            return parse_policy(file.read(MAX_POLICY_BYTES + 1))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    except Malformed as error:
        raise UsageError(f"{path}: {error.message}", hint="one is shown in docs/format/log.md") from error
