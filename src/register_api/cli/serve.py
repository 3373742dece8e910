"""The command `serve`, and the options and the runner of all commands that serve."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import msgspec

from register_api.cli.options import FILE, Command, together, with_variable
from register_api.cli.output import out
from register_api.serve.settings import FILE_VARIABLE, read_settings

_PORT = click.IntRange(0, 65535)
_LISTEN = "Port to listen on; 0 picks a free one."

address_options = together(
    with_variable("--host", "HOST", help="Address to listen on.  [default: 127.0.0.1]"),
    with_variable("--port", "PORT", type=_PORT, help=f"{_LISTEN}  [default: 8000]"),
)
"""Listen address; defaults come from the environment or a settings file."""

settings_option = with_variable(
    "--settings",
    FILE_VARIABLE,
    type=FILE,
    metavar="FILE",
    help="TOML file with settings; docs/settings.md lists them.",
)


def listening_options(port: int) -> Callable[[Command], Command]:
    """Return a decorator that adds ``--host`` and ``--port``, with this default port."""
    return together(
        click.option("--port", type=_PORT, default=port, show_default=True, help=_LISTEN),
        click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on."),
    )


def serve_app(app: Any, host: str, port: int) -> None:
    """Serve until SIGTERM."""
    from register_api.serve.server import run_app  # noqa: PLC0415 - needs the extra `serve`

    run_app(app, msgspec.structs.replace(read_settings({}), host=host, port=port), out.print)


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
    from register_api.serve.server import serve as serve_forever  # noqa: PLC0415 - needs the extra `serve`

    serve_forever(read_settings(os.environ, settings, given), announce=out.print)
