"""How pages that are served beside the register are served: where they listen, until SIGTERM."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import click
import msgspec
from litestar import Litestar

from register_api.cli.options import Command
from register_api.cli.output import out
from register_api.serve.http.asgi import App
from register_api.serve.server import run_app
from register_api.serve.settings import read_settings


def listening_options(port: int) -> Callable[[Command], Command]:
    """Return what adds where to listen, on this port unless another is given."""
    on_port = click.option(
        "--port",
        type=click.IntRange(0, 65535),
        default=port,
        show_default=True,
        help="Port to listen on; 0 picks a free one.",
    )
    on_host = click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
    return lambda command: on_port(on_host(command))


def serve_app(app: Litestar, host: str, port: int) -> None:
    """Serve until SIGTERM."""
    run_app(cast("App", app), msgspec.structs.replace(read_settings({}), host=host, port=port), out.print)
