"""Commands that serve: serve, and run, which does all that a first look needs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import click
import msgspec

from register_api.cli import options, time_options
from register_api.cli.output import out
from register_api.cli.policies import policy_option
from register_api.serve.run import serve as serve_forever
from register_api.serve.settings import from_environment

if TYPE_CHECKING:
    from pathlib import Path

    from register_api.cli.options import Command

_REFRESH_HOURS = "6"
_GRACE_SECONDS = 10.0
_SIGNALLED = 128


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
@policy_option
@_address_options
@time_options.time_authority_options
def run(
    source: Path,
    store: Path,
    keys: Path,
    policy: Path | None,
    host: str,
    port: int,
    time_authority: str | None,
    time_authority_certificate: Path | None,
) -> None:
    """Publish if nothing is published yet, then refresh every 6 hours and serve.

    Three processes: the one that serves never sees a private key. With --policy, witnesses are asked
    to sign what is published.

    \b
    Example:
      register-api run --port 8080
    """
    folders = ["--store", str(store), "--keys", str(keys), *(["--policy", str(policy)] if policy else [])]
    os.environ |= time_options.as_variables(time_authority, time_authority_certificate)
    children: list[subprocess.Popen[bytes]] = []
    told = _pass_signals_on(children)
    code = _start(children, "publish", "--if-empty", "--source", str(source), *folders).wait()
    if code == 0 and not told.is_set():
        _start(children, "refresh", "--every", _REFRESH_HOURS, *folders)
        server = _start(children, "serve", "--store", str(store), "--host", host, "--port", str(port))
        if told.is_set():  # between the two starts
            server.terminate()
        code = server.wait()
        _end(children)
    raise click.exceptions.Exit(_exit_code(code, told=told.is_set()))


def _start(children: list[subprocess.Popen[bytes]], *arguments: str) -> subprocess.Popen[bytes]:
    """Start a child that runs this same program."""
    child = subprocess.Popen([sys.executable, "-m", "register_api", *arguments])
    children.append(child)
    return child


def _exit_code(code: int, *, told: bool) -> int:
    """Return what to end with for the code of a child; negative means that a signal ended it.

    A child that was told to end before it could listen to that is fine too; any other signal is a
    failure, numbered as shells do.
    """
    if code >= 0:
        return code
    return 0 if told else _SIGNALLED - code


def _pass_signals_on(children: list[subprocess.Popen[bytes]]) -> threading.Event:
    """End the children when this process is told to end; returns what is set by then."""
    told = threading.Event()

    def end(_number: int, _frame: Any) -> None:
        told.set()
        for child in children:
            child.terminate()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, end)
    return told


def _end(children: list[subprocess.Popen[bytes]]) -> None:
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
