"""The command `run`: publish, refresh and serve in one, for a first trial."""

from __future__ import annotations

import ctypes
import functools
import os
import signal
import subprocess
import sys
import threading
import time
import tomllib
from pathlib import Path
from typing import Any, TypeAlias

import click

from register_api.cli import options
from register_api.cli.output import err
from register_api.cli.serve import address_options, settings_option
from register_api.core.text import base_url_problem
from register_api.serve.settings import OFF, Settings, read_settings
from register_api.source.load import REGISTER_FILE

_GRACE_SECONDS = 10.0
_RESTART_SECONDS = 10.0
_POLL_SECONDS = 0.2
_SIGNALLED = 128

_Process: TypeAlias = "subprocess.Popen[bytes]"

_PR_SET_PDEATHSIG = 1
"""prctl(2) option: the signal sent to this process when its parent dies."""


@click.command()
@options.source_option
@options.store_option
@options.keys_option
@settings_option
@options.policy_option
@address_options
@options.time_authority_options
def run(source: Path, **given: Any) -> None:
    """Publish if nothing is published yet, then serve, and renew the timestamp every 6 hours.

    Runs three processes: the one that serves never sees a private key, and the one that renews the
    timestamp is restarted if it dies. With --policy, witnesses are asked for cosignatures.

    \b
    Example:
      register-api run --port 8080
    """
    for option in click.get_current_context().command.params:  # as variables: others can see arguments
        if isinstance(option.envvar, str) and given[str(option.name)] is not None:
            os.environ[option.envvar] = str(given[str(option.name)])
    children: list[_Process] = []
    stopped = _pass_signals_on(children)
    trial = _trial_base_url(source, read_settings(os.environ))
    code = _start(children, "publish", "--if-empty", "--source", str(source), *trial).wait()
    if code == 0 and not stopped.is_set():
        code = _keep_fresh(children, _start(children, "serve"), stopped)
        _end(children)
    if code < 0:  # killed by a signal: success if we sent it, else a failure, numbered as in shells
        code = 0 if stopped.is_set() else _SIGNALLED - code
    raise click.exceptions.Exit(code)


def _keep_fresh(children: list[_Process], server: _Process, stopped: threading.Event) -> int:
    """Renew freshness while the server runs; return the server's exit code.

    A dead refresher would go unnoticed until customers refuse the register, so another is started, at
    most one per ``_RESTART_SECONDS``.
    """
    refresher, since = _start(children, "refresh", "--every"), time.monotonic()
    if stopped.is_set():  # the signal came before the server was registered as a child
        server.terminate()
    while server.poll() is None and not stopped.is_set():
        if refresher.poll() is not None and time.monotonic() - since >= _RESTART_SECONDS:
            err.print(
                f"the process that renews freshness has ended ({refresher.returncode}); starting another"
            )
            children.remove(refresher)
            refresher, since = _start(children, "refresh", "--every"), time.monotonic()
        time.sleep(_POLL_SECONDS)
    return server.wait()


def _trial_base_url(source: Path, settings: Settings) -> list[str]:
    """Return the option that makes links point to this server, if the register does not state its URL."""
    listening = f"http://{settings.host}:{settings.port}{settings.prefix}/"
    try:
        stated = "url" in tomllib.loads((source / REGISTER_FILE).read_text("utf-8"))
    except (OSError, ValueError):  # publishing reports what cannot be read
        stated = True
    unknown = settings.port == 0 or settings.uds != OFF or base_url_problem(listening)
    return [] if stated or unknown or os.environ.get("REGISTER_BASE_URL") else ["--base-url", listening]


def _start(children: list[_Process], *arguments: str) -> _Process:
    """Start this program as a child process that, on Linux, does not outlive this one."""
    child = subprocess.Popen(
        [sys.executable, "-m", "register_api", *arguments],
        preexec_fn=functools.partial(_end_with_parent, os.getpid()),  # noqa: PLW1509 (one system call; this process has no threads)
    )
    children.append(child)
    return child


def _end_with_parent(parent: int) -> None:
    """Request SIGTERM for this process when its parent dies, even by SIGKILL (Linux only)."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:  # the parent has died already
            os.kill(os.getpid(), signal.SIGTERM)


def _pass_signals_on(children: list[_Process]) -> threading.Event:
    """Terminate the children when this process is signalled; return an event that is set then."""
    stopped = threading.Event()

    def end(_number: int, _frame: Any) -> None:
        stopped.set()
        for child in children:
            child.terminate()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, end)
    return stopped


def _end(children: list[_Process]) -> None:
    for child in children:
        if child.poll() is None:
            child.terminate()
    for child in children:
        try:
            child.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
