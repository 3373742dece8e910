"""The command `serve`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from register_api.cli.output import out
from register_api.cli.serving_options import address_options, deployment_options, settings_option
from register_api.serve.server import serve as serve_forever
from register_api.serve.settings import read_settings


@click.command()
@settings_option
@click.option(
    "--store",
    envvar="REGISTER_STORE",
    show_envvar=True,
    metavar="DIRECTORY",
    help="Folder of the store; public/ in it is the tree to serve.  [default: var/store]",
)
@address_options
@deployment_options
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
