"""Options of the commands that serve, and how pages are served beside the register."""

from __future__ import annotations

from collections.abc import Callable
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
"""Where to listen; what is not given comes from the environment or a file of settings."""

settings_option = with_variable(
    "--settings",
    FILE_VARIABLE,
    type=FILE,
    metavar="FILE",
    help="TOML file with settings; docs/settings.md lists them.",
)


def listening_options(port: int) -> Callable[[Command], Command]:
    """Return what adds where to listen, on this port unless another is given."""
    return together(
        click.option("--port", type=_PORT, default=port, show_default=True, help=_LISTEN),
        click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on."),
    )


def serve_app(app: Any, host: str, port: int) -> None:
    """Serve until SIGTERM."""
    from register_api.serve.server import run_app  # noqa: PLC0415 - needs the extra `serve`

    run_app(app, msgspec.structs.replace(read_settings({}), host=host, port=port), out.print)
