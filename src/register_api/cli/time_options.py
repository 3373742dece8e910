"""Which time-stamping authority the publisher asks, as options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from register_api.cli.options import Command


def time_authority_options(command: Command) -> Command:
    """Add ``--time-authority`` and ``--time-authority-certificate``."""
    url = click.option(
        "--time-authority",
        metavar="URL",
        envvar="REGISTER_TIME_AUTHORITY",
        show_envvar=True,
        help="Have the newest checkpoint stamped by this time-stamping authority (RFC 3161).",
    )
    certificate = click.option(
        "--time-authority-certificate",
        type=click.Path(path_type=Path),
        metavar="FILE",
        envvar="REGISTER_TIME_AUTHORITY_CERTIFICATE",
        show_envvar=True,
        help="Root certificate (PEM) that its stamps must lead to; without it that is not checked.",
    )
    return url(certificate(command))


def as_arguments(url: str | None, certificate: Path | None) -> list[str]:
    """Return the options as they were given, for a child process."""
    found = ["--time-authority", url] if url else []
    return [*found, "--time-authority-certificate", str(certificate)] if certificate else found
