"""What settings have to be beyond their kind and bounds: forms of text, and what goes with what."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from register_api.serve.settings import OFF

if TYPE_CHECKING:
    from collections.abc import Callable

    from register_api.serve.settings import Settings

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
