"""The sockets that the service listens on: a host and a port, a Unix socket, or one that systemd opened."""

from __future__ import annotations

import errno
import os
import socket
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from register_api.core.printable import printable
from register_api.errors import UsageError
from register_api.serve.http.bounds import SEND_BUFFER_BYTES
from register_api.serve.settings import OFF, ListenAddress, Settings

BACKLOG = 2048
"""Connections that wait for being accepted."""

_LONGEST_NAME = 200

_FIRST_INHERITED = 3
"""SD_LISTEN_FDS_START of sd_listen_fds(3)."""


def listen(settings: Settings, environment: Mapping[str, str] | None = None) -> socket.socket:
    """Return a socket that is bound and listens."""
    inherited = _inherited(environment or {})
    if inherited is not None:
        return inherited
    if settings.uds != OFF:
        return _listen_at_path(Path(settings.uds), int(settings.uds_mode, 8))
    return listen_at(settings.host, settings.port, "choose another with HOST and PORT")


def listen_at(host: str, port: int, hint: str) -> socket.socket:
    """Return a socket that listens at a host and port."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        return _bound(socket.socket(family, kind), address)
    except (OSError, UnicodeError) as error:  # a name that no address can have is no text for the resolver
        reason = getattr(error, "strerror", None) or printable(error)
        raise UsageError(f"cannot listen on {_named(host)} port {port}: {reason}", hint=hint) from error


def listen_for_metrics(address: ListenAddress) -> socket.socket:
    """Return the socket at which metrics are to be had."""
    return listen_at(address.host, address.port, "choose another with REGISTER_METRICS")


def address_of(listener: socket.socket) -> str:
    """Return the URL at which a listening socket answers; of a Unix socket its path, after ``unix:``."""
    if listener.family == socket.AF_UNIX:
        return f"unix:{listener.getsockname()}"
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def is_inherited(environment: Mapping[str, str]) -> bool:
    """Tell whether systemd says that it has opened the socket for this process."""
    return environment.get("LISTEN_PID") == str(os.getpid()) and environment.get("LISTEN_FDS") == "1"


def _inherited(environment: Mapping[str, str]) -> socket.socket | None:
    """Return the socket that systemd has opened, as sd_listen_fds(3) says."""
    if not is_inherited(environment):
        return None
    try:
        found = socket.socket(fileno=_FIRST_INHERITED)
    except OSError as error:
        raise UsageError(f"the socket that was handed over cannot be used: {error.strerror}") from error
    found.set_inheritable(False)
    return found


def _bound(listener: socket.socket, address: Any) -> socket.socket:
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def _listen_at_path(path: Path, mode: int) -> socket.socket:
    """Listen at a path; a socket that was left there by a process that is gone is replaced."""
    try:
        _remove_stale(path)
        before = os.umask(0o777)  # nobody can connect before the mode is set
        try:
            listener = _bound(socket.socket(socket.AF_UNIX), str(path))
        finally:
            os.umask(before)
        path.chmod(mode)
    except (OSError, ValueError) as error:  # a path may be too long, have a NUL, or be no text
        reason = getattr(error, "strerror", None) or printable(error)
        hint = "choose another with REGISTER_UDS"
        raise UsageError(f"cannot listen on {_named(str(path))}: {reason}", hint=hint) from error
    return listener


def _remove_stale(path: Path) -> None:
    try:
        kind = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(kind):
        raise OSError(errno.EEXIST, "there is a file that is not a socket")
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
    raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))


def _named(text: str) -> str:
    """Return a host or a path as it may stand in a message."""
    return printable(text, _LONGEST_NAME)
