"""Options of the commands that serve."""

from __future__ import annotations

from pathlib import Path

import click

from register_api.cli.options import Command
from register_api.serve.settings import FILE_VARIABLE


def address_options(command: Command) -> Command:
    """Add where to listen; what is not given comes from the environment or a file of settings."""
    port = click.option(
        "--port",
        type=click.IntRange(0, 65535),
        envvar="PORT",
        show_envvar=True,
        help="Port to listen on; 0 picks a free one.  [default: 8000]",
    )
    host = click.option(
        "--host", envvar="HOST", show_envvar=True, help="Address to listen on.  [default: 127.0.0.1]"
    )
    return host(port(command))


def settings_option(command: Command) -> Command:
    """Add where the settings stand."""
    return click.option(
        "--settings",
        type=click.Path(path_type=Path, dir_okay=False),
        envvar=FILE_VARIABLE,
        show_envvar=True,
        metavar="FILE",
        help="TOML file with settings; docs/settings.md lists them.",
    )(command)


def deployment_options(command: Command) -> Command:
    """Add how the service stands behind other things."""
    uds = click.option("--uds", metavar="PATH", help="Listen on a Unix socket instead of a port.")
    root_path = click.option(
        "--root-path", metavar="PATH", help="Path under which a proxy publishes the service, e.g. /trust."
    )
    workers = click.option(
        "--workers", type=click.IntRange(1, 64), help="Number of worker processes.  [default: 1]"
    )
    return uds(root_path(workers(command)))
