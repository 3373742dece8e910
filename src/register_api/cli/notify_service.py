"""The command `notify serve`: the subscription service."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, cast

import click
import msgspec

from register_api import clock
from register_api.cli.output import out
from register_api.cli.serving_options import settings_option
from register_api.errors import UsageError
from register_api.notify.service.app import create_app
from register_api.notify.settings import read_notify_settings
from register_api.serve.launch import run_app
from register_api.serve.settings_sources import read_settings

if TYPE_CHECKING:
    from pathlib import Path

    from register_api.serve.http.asgi import App

_DEFAULT_PORT = 8002


@click.command()
@settings_option
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=_DEFAULT_PORT,
    show_default=True,
    help="Port to listen on; 0 takes any that is free.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
def serve(settings: Path | None, host: str, port: int) -> None:
    """Serve the pages where people subscribe, change, leave, and answer notices.

    It needs the database alone: no key, and no password of the mail server. SIGTERM ends it cleanly. Put the
    proxy of the register's site in front.

    \b
    Example:
      register-api notify serve --port 8002 --settings notify.toml
    """
    read = read_notify_settings(settings, os.environ)
    if not read.subscriptions:
        raise UsageError(
            "the setting subscriptions is missing",
            hint='write it like subscriptions = "https://trust.example.com/subscriptions/"',
        )
    listening = msgspec.structs.replace(read_settings({}), host=host, port=port)
    run_app(cast("App", create_app(read, clock.now)), listening, out.print)
