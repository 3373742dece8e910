"""The service's settings: what each is without being set, its bounds and rules, and what it means."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

LogLevel = Literal["debug", "info", "warning", "error"]
LogFormat = Literal["auto", "json", "text"]
LogClients = Literal["none", "truncated", "full"]


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the service runs; ``VARIABLES`` says what each means."""

    store: str = "var/store"
    host: str = "127.0.0.1"
    port: int = 8000
    uds: str = "off"
    uds_mode: str = "660"
    root_path: str = "/"
    root_path_stripped: bool = False
    workers: int = 1
    poll_seconds: float = 0.5
    keep_alive_seconds: int = 5
    head_seconds: float = 10
    send_seconds: float = 20
    shutdown_seconds: int = 10
    max_connections: int = 8192
    cache_bytes: int = 32 * 2**20
    answer_cache_bytes: int = 16 * 2**20
    metrics: str = "off"
    log_level: LogLevel = "info"
    log_format: LogFormat = "auto"
    log_requests: bool = False
    log_clients: LogClients = "none"

    @property
    def store_path(self) -> Path:
        """The store's folder."""
        return Path(self.store)

    @property
    def prefix(self) -> str:
        """The path before every address, without a last slash; empty at the root of a host."""
        return self.root_path.rstrip("/")


OFF = "off"
"""What stands for an address that is not used."""

VARIABLES: dict[str, tuple[str, str]] = {
    "REGISTER_STORE": ("store", "Folder of the store; public/ in it is the tree to serve"),
    "HOST": ("host", "Address to listen on"),
    "PORT": ("port", "Port to listen on, 0 to 65535; 0 takes any that is free"),
    "REGISTER_UDS": ("uds", "Path of a Unix socket to listen on instead of host and port, or off"),
    "REGISTER_UDS_MODE": ("uds_mode", "Who may connect to that socket, as an octal file mode"),
    "REGISTER_ROOT_PATH": ("root_path", "Path under which clients see the service, e.g. /trust"),
    "REGISTER_ROOT_PATH_STRIPPED": (
        "root_path_stripped",
        "Whether the proxy takes that path off before it asks: true or false",
    ),
    "REGISTER_WORKERS": ("workers", "How many processes answer, 1 to 64"),
    "REGISTER_POLL_SECONDS": ("poll_seconds", "How often to look for a new publication"),
    "REGISTER_KEEP_ALIVE_SECONDS": ("keep_alive_seconds", "How long an idle connection stays open"),
    "REGISTER_HEAD_SECONDS": ("head_seconds", "How long the head of a request may take to arrive"),
    "REGISTER_SEND_SECONDS": ("send_seconds", "How long a client may take a reply too slowly"),
    "REGISTER_SHUTDOWN_SECONDS": ("shutdown_seconds", "How long replies under way may take after SIGTERM"),
    "REGISTER_MAX_CONNECTIONS": ("max_connections", "Connections of one process; the next gets 503"),
    "REGISTER_CACHE_BYTES": ("cache_bytes", "Bytes of old versions' files to keep in memory"),
    "REGISTER_ANSWER_CACHE_BYTES": ("answer_cache_bytes", "Bytes of computed answers to keep in memory"),
    "REGISTER_METRICS": ("metrics", "Address for metrics, host:port, or off; one process only"),
    "REGISTER_LOG_LEVEL": ("log_level", "Least level that is logged: debug, info, warning or error"),
    "REGISTER_LOG_FORMAT": ("log_format", "Lines of json or text; auto: text on a terminal"),
    "REGISTER_LOG_REQUESTS": ("log_requests", "Whether each request is logged: true or false"),
    "REGISTER_LOG_CLIENTS": ("log_clients", "Addresses of clients in the log: none, truncated or full"),
}
"""Environment variable: the setting it gives, and its meaning."""


class Bounds(NamedTuple):
    """The least and the most that a number may be."""

    least: float
    most: float


BOUNDS: dict[str, Bounds] = {
    "port": Bounds(0, 65535),
    "workers": Bounds(1, 64),
    "poll_seconds": Bounds(0.01, 3600),
    "keep_alive_seconds": Bounds(1, 3600),
    "head_seconds": Bounds(0.1, 3600),
    "send_seconds": Bounds(0.1, 3600),
    "shutdown_seconds": Bounds(0, 3600),
    "max_connections": Bounds(1, 1_000_000),
    "cache_bytes": Bounds(0, 2**40),
    "answer_cache_bytes": Bounds(0, 2**40),
}
"""Setting: what its value has to lie between."""


_MODE = re.compile(r"0?[0-7]{3}", re.ASCII)
_ROOT_PATH = re.compile(r"/|(/[A-Za-z0-9._~-]+)+/?", re.ASCII)
_ADDRESS = re.compile(r"(?P<host>[^:\s]+|\[[0-9A-Fa-f:.]+\]):(?P<port>\d{1,5})", re.ASCII)
_HIGHEST_PORT = 65535


class ListenAddress(NamedTuple):
    """A host and a port to listen on."""

    host: str
    port: int


def metrics_address(settings: Settings) -> ListenAddress | None:
    """Return where metrics are to be had, or ``None``; an IPv6 address stands in brackets."""
    if settings.metrics == OFF:
        return None
    match = _ADDRESS.fullmatch(settings.metrics)
    if match is None or int(match["port"]) > _HIGHEST_PORT:
        raise ValueError(settings.metrics)
    return ListenAddress(match["host"].strip("[]"), int(match["port"]))


def complaint_about(settings: Settings) -> str | None:
    """Return what is wrong with settings of the right kinds, or ``None``."""
    return next((words for is_wrong, words in _RULES if is_wrong(settings)), None)


def _no_address(settings: Settings) -> bool:
    try:
        metrics_address(settings)
    except ValueError:
        return True
    return False


def _no_root_path(settings: Settings) -> bool:
    parts = settings.root_path.split("/")
    return _ROOT_PATH.fullmatch(settings.root_path) is None or "." in parts or ".." in parts


_RULES: tuple[tuple[Callable[[Settings], bool], str], ...] = (
    (_no_address, "the address for metrics must be written host:port, such as 127.0.0.1:9100, or off"),
    (_no_root_path, "the root path must be a path such as /trust, of letters, digits and - . _ ~"),
    (
        lambda settings: _MODE.fullmatch(settings.uds_mode) is None,
        "the mode of the Unix socket must be three octal digits, such as 660",
    ),
    (
        lambda settings: settings.metrics != OFF and settings.workers > 1,
        "metrics are those of one process: they cannot be had with more than one worker",
    ),
)
"""What must not be, and the words for it."""
