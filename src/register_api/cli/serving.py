"""Commands that serve: serve, and run, which does all that a first look needs."""

from __future__ import annotations

import functools
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from register_api.cli import options, time_options
from register_api.cli.output import out
from register_api.cli.policies import policy_option
from register_api.serve.process.parent import end_with_parent
from register_api.serve.run import serve as serve_forever
from register_api.serve.settings_sources import FILE_VARIABLE, read_settings

if TYPE_CHECKING:
    from register_api.cli.options import Command

_REFRESH_HOURS = "6"
_GRACE_SECONDS = 10.0
_SIGNALLED = 128


def _address_options(command: Command) -> Command:
    """Add where to listen; what is not given comes from the environment or a file of settings."""
    port = click.option(
        "--port",
        type=click.IntRange(0, 65535),
        envvar="PORT",
        show_envvar=True,
        help="Port to listen on; 0 takes any that is free.  [default: 8000]",
    )
    host = click.option(
        "--host", envvar="HOST", show_envvar=True, help="Address to listen on.  [default: 127.0.0.1]"
    )
    return host(port(command))


def _settings_option(command: Command) -> Command:
    """Add where the settings stand."""
    return click.option(
        "--settings",
        type=click.Path(path_type=Path, dir_okay=False),
        envvar=FILE_VARIABLE,
        show_envvar=True,
        metavar="FILE",
        help="TOML file with settings; docs/operating.md lists them.",
    )(command)


def _deployment_options(command: Command) -> Command:
    """Add how the service stands behind other things."""
    uds = click.option("--uds", metavar="PATH", help="Listen on a Unix socket instead.")
    root_path = click.option(
        "--root-path", metavar="PATH", help="Path under which a proxy shows the service, such as /trust."
    )
    workers = click.option(
        "--workers", type=click.IntRange(1, 64), help="Processes that answer.  [default: 1]"
    )
    return uds(root_path(workers(command)))


@click.command()
@_settings_option
@click.option(
    "--store",
    envvar="REGISTER_STORE",
    show_envvar=True,
    metavar="DIRECTORY",
    help="Folder of the store; the tree to serve is public/ in it.  [default: var/store]",
)
@_address_options
@_deployment_options
def serve(settings: Path | None, **given: Any) -> None:
    """Serve what is published, from memory. Holds no private key.

    A new publication is picked up without a restart. SIGTERM ends it cleanly. Further settings come
    from the environment or from a file; docs/operating.md lists them. An option wins over the
    environment, and that over the file.

    \b
    Examples:
      register-api serve
      PORT=8080 register-api serve --host 0.0.0.0
      register-api serve --settings /etc/register.toml
      register-api serve --uds /run/register/socket --root-path /trust
    """
    serve_forever(read_settings(os.environ, settings, given), announce=out.print)


@click.command()
@options.source_option
@options.store_option
@options.keys_option
@_settings_option
@policy_option
@_address_options
@time_options.time_authority_options
def run(
    source: Path,
    store: Path,
    keys: Path,
    settings: Path | None,
    host: str | None,
    port: int | None,
    policy: Path | None,
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
        given = {"--settings": settings, "--host": host, "--port": port}
        more = [str(item) for pair in given.items() if pair[1] is not None for item in pair]
        server = _start(children, "serve", "--store", str(store), *more)
        if told.is_set():  # between the two starts
            server.terminate()
        code = server.wait()
        _end(children)
    raise click.exceptions.Exit(_exit_code(code, told=told.is_set()))


def _start(children: list[subprocess.Popen[bytes]], *arguments: str) -> subprocess.Popen[bytes]:
    """Start a child that runs this same program, and that does not outlive this process where it is Linux.

    What is called between fork and exec is one system call; this process has no threads.
    """
    child = subprocess.Popen(
        [sys.executable, "-m", "register_api", *arguments],
        preexec_fn=functools.partial(end_with_parent, os.getpid()),  # noqa: PLW1509 (see above)
    )
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
