"""The command `watch serve`: the page on which people work the inbox."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import cast

import click
import msgspec

from register_api import clock
from register_api.cli.output import out
from register_api.cli.serving_options import settings_option
from register_api.errors import UsageError
from register_api.serve.http.asgi import App
from register_api.serve.launch import run_app
from register_api.serve.settings_sources import read_settings
from register_api.watch.service.app import create_app
from register_api.watch.service.guard import Guard
from register_api.watch.service.token_file import make_token, read_token
from register_api.watch.settings import read_watch_settings

_DEFAULT_PORT = 8003
_KEY_BYTES = 32


@click.command()
@settings_option
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=_DEFAULT_PORT,
    show_default=True,
    help="Port to listen on; 0 picks a free one.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
def serve(settings: Path | None, host: str, port: int) -> None:
    """Serve the web page: inbox, deadlines, decisions, vendors, supply chain, search, evidence.

    Users are named by a proxy (`user_header`) or sign in with a token (`token_file`, created if missing).
    SIGTERM shuts it down gracefully.

    \b
    Example:
      register-api watch serve --port 8003 --settings watch.toml
    """
    read = read_watch_settings(settings, os.environ)
    if not read.user_header and not read.token_file:
        raise UsageError(
            "nothing says who may see the page", hint='set token_file = "watch.token", or user_header'
        )
    token = ""
    if read.token_file:
        path = Path(read.token_file)
        if make_token(path):
            out.print(f"Made {path}: people sign in with what stands in it.", markup=False)
        token = read_token(path)
    guard = Guard(read, token, secrets.token_bytes(_KEY_BYTES))
    listening = msgspec.structs.replace(read_settings({}), host=host, port=port)
    run_app(cast("App", create_app(read, guard, clock.now)), listening, out.print)
