"""Commands that serve: serve, and run, which does all that a first look needs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import click
import msgspec

from register_api.cli import options
from register_api.cli.output import out
from register_api.serve.run import serve as serve_forever
from register_api.serve.settings import from_environment

if TYPE_CHECKING:
    from pathlib import Path

    from register_api.cli.options import Command

_REFRESH_HOURS = "6"
_GRACE_SECONDS = 10.0


def _address_options(command: Command) -> Command:
    """Add where to listen."""
    port = click.option(
        "--port",
        type=click.IntRange(0, 65535),
        default=8000,
        show_default=True,
        envvar="PORT",
        show_envvar=True,
        help="Port to listen on.",
    )
    host = click.option(
        "--host",
        default="127.0.0.1",
        show_default=True,
        envvar="HOST",
        show_envvar=True,
        help="Address to listen on.",
    )
    return host(port(command))


@click.command()
@options.store_option
@_address_options
def serve(store: Path, host: str, port: int) -> None:
    """Serve what is published, from memory. Holds no private key.

    A new publication is picked up without a restart. SIGTERM ends it cleanly. Further settings come
    from the environment; docs/operating.md lists them.

    \b
    Examples:
      register-api serve
      PORT=8080 register-api serve --host 0.0.0.0
    """
    settings = from_environment(os.environ)
    serve_forever(
        msgspec.structs.replace(settings, store=str(store), host=host, port=port), announce=out.print
    )


@click.command()
@options.source_option
@options.store_option
@options.keys_option
@_address_options
def run(source: Path, store: Path, keys: Path, host: str, port: int) -> None:
    """Publish if nothing is published yet, then refresh every 6 hours and serve.

    Three processes: the one that serves never sees a private key.

    \b
    Example:
      register-api run --port 8080
    """
    folders = ["--store", str(store), "--keys", str(keys)]
    first = subprocess.run(_command("publish", "--if-empty", "--source", str(source), *folders), check=False)
    if first.returncode:
        raise click.exceptions.Exit(first.returncode)
    refresher = subprocess.Popen(_command("refresh", "--every", _REFRESH_HOURS, *folders))
    server = subprocess.Popen(_command("serve", "--store", str(store), "--host", host, "--port", str(port)))
    children = (server, refresher)
    _pass_signals_on(children)
    code = server.wait()
    _end(children)
    raise click.exceptions.Exit(max(code, 0))


def _command(*arguments: str) -> list[str]:
    """Return the command line of a child that runs this same program."""
    return [sys.executable, "-m", "register_api", *arguments]


def _pass_signals_on(children: tuple[subprocess.Popen[bytes], ...]) -> None:
    """End the children when this process is told to end."""

    def end(_number: int, _frame: Any) -> None:
        for child in children:
            child.terminate()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, end)


def _end(children: tuple[subprocess.Popen[bytes], ...]) -> None:
    """Make sure that no child outlives this process."""
    for child in children:
        if child.poll() is None:
            child.terminate()
    for child in children:
        try:
            child.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
