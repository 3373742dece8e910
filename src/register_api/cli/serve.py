"""The command `serve`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from register_api.cli.options import with_variable
from register_api.cli.output import out
from register_api.cli.serving_options import address_options, settings_option
from register_api.serve.server import serve as serve_forever
from register_api.serve.settings import read_settings


@click.command()
@settings_option
@with_variable(
    "--store",
    "REGISTER_STORE",
    metavar="DIRECTORY",
    help="Folder of the store; public/ in it is the tree to serve.  [default: var/store]",
)
@address_options
@click.option("--uds", metavar="PATH", help="Listen on a Unix socket instead of a port.")
@click.option(
    "--root-path", metavar="PATH", help="Path under which a proxy publishes the service, e.g. /trust."
)
@click.option("--workers", type=click.IntRange(1, 64), help="Number of worker processes.  [default: 1]")
def serve(settings: Path | None, **given: Any) -> None:
    """Serve the published tree over HTTP, from memory. Needs no private key.

    A new publication is picked up without a restart. SIGTERM shuts it down gracefully. Further settings
    come from the environment or from a file; docs/settings.md lists them. Options override the environment,
    which overrides the file.

    \b
    Examples:
      register-api serve
      PORT=8080 register-api serve --host 0.0.0.0
      register-api serve --settings /etc/register.toml
      register-api serve --uds /run/register/socket --root-path /trust
    """
    serve_forever(read_settings(os.environ, settings, given), announce=out.print)
