"""Which time-stamping authority the publisher asks, as options that several commands share."""

from __future__ import annotations

from pathlib import Path

import click

from register_api.cli.options import Command

_URL, _CERTIFICATE = "REGISTER_TIME_AUTHORITY", "REGISTER_TIME_AUTHORITY_CERTIFICATE"


def time_authority_options(command: Command) -> Command:
    """Add ``--time-authority`` and ``--time-authority-certificate``."""
    url = click.option(
        "--time-authority",
        metavar="URL",
        envvar=_URL,
        show_envvar=True,
        help="Have the newest checkpoint timestamped by this authority (RFC 3161).",
    )
    certificate = click.option(
        "--time-authority-certificate",
        type=click.Path(path_type=Path),
        metavar="FILE",
        envvar=_CERTIFICATE,
        show_envvar=True,
        help="Root certificate (PEM) that the timestamps must chain to; not checked without it.",
    )
    return url(certificate(command))


def as_variables(url: str | None, certificate: Path | None) -> dict[str, str]:
    """Return the options for a child process; as arguments, a password in the address would be seen."""
    found = {_URL: url, _CERTIFICATE: str(certificate) if certificate else None}
    return {name: value for name, value in found.items() if value}
