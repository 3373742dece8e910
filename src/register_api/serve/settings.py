"""Settings of the service, read from a TOML file, environment variables and the command line."""

from __future__ import annotations

import difflib
import re
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from register_api.core.text import printable
from register_api.errors import UsageError
from register_api.files.hand_written import TABLES, read_toml, shortened

FILE_VARIABLE = "REGISTER_SETTINGS"
"""Environment variable with the path of the settings file."""

OFF = "off"
"""Value of an address that is not used."""

_Bytes = Annotated[int, msgspec.Meta(ge=0, le=2**40)]
_Seconds = Annotated[float, msgspec.Meta(ge=0.1, le=3600)]


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of the service; docs/settings.md explains each, ``VARIABLES`` names its variable."""

    store: str = "var/store"
    host: str = "127.0.0.1"
    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 8000
    uds: str = OFF
    uds_mode: str = "660"
    root_path: str = "/"
    root_path_stripped: bool = False
    workers: Annotated[int, msgspec.Meta(ge=1, le=64)] = 1
    poll_seconds: Annotated[float, msgspec.Meta(ge=0.01, le=3600)] = 0.5
    keep_alive_seconds: Annotated[int, msgspec.Meta(ge=1, le=3600)] = 5
    head_seconds: _Seconds = 10
    send_seconds: _Seconds = 20
    shutdown_seconds: Annotated[int, msgspec.Meta(ge=0, le=3600)] = 10
    max_connections: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 8192
    cache_bytes: _Bytes = 32 * 2**20
    answer_cache_bytes: _Bytes = 16 * 2**20
    metrics: str = OFF
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["auto", "json", "text"] = "auto"
    log_requests: bool = False
    log_clients: Literal["none", "truncated", "full"] = "none"

    @property
    def store_path(self) -> Path:
        """The store's folder."""
        return Path(self.store)

    @property
    def prefix(self) -> str:
        """The path prefix of every URL, without a trailing slash; empty at the root of a host."""
        return self.root_path.rstrip("/")


_KINDS = typing.get_type_hints(Settings, include_extras=True)

VARIABLES = {("" if name in {"host", "port"} else "REGISTER_") + name.upper(): name for name in _KINDS}
"""Setting by environment variable."""

_ADDRESS = re.compile(r"([^:\s]+|\[[0-9A-Fa-f:.]+\]):(\d{1,5})", re.ASCII)


def metrics_address(settings: Settings) -> tuple[str, int] | None:
    """Return host and port of the metrics, or ``None``; IPv6 addresses are written in brackets."""
    match = _ADDRESS.fullmatch(settings.metrics)
    if match is None or int(match[2]) >= 2**16:
        return None
    return match[1].strip("[]"), int(match[2])


def _inconsistency(settings: Settings) -> str | None:
    if settings.metrics != OFF and metrics_address(settings) is None:
        return "the address for metrics must be written host:port, such as 127.0.0.1:9100, or off"
    if not re.fullmatch(r"/|(/(?!\.\.?(/|\Z))[A-Za-z0-9._~-]+)+/?", settings.root_path):
        return "the root path must be a path such as /trust, of letters, digits and - . _ ~"
    if not re.fullmatch(r"0?[0-7]{3}", settings.uds_mode):
        return "the mode of the Unix socket must be three octal digits, such as 660"
    if settings.metrics != OFF and settings.workers > 1:
        return "metrics are those of one process: they cannot be had with more than one worker"
    return None


def read_settings(
    environment: Mapping[str, str],
    file: Path | None = None,
    given: Mapping[str, Any] | None = None,
) -> Settings:
    """Read the settings; the command line overrides the environment, which overrides the file.

    Args:
        environment: Variables by name, e.g. ``os.environ``; empty ones count as not set.
        file: A TOML file with settings by name; by default that of ``REGISTER_SETTINGS``, if any.
        given: Settings from the command line; ``None`` counts as not set.

    Raises:
        UsageError: The file cannot be read or has unknown keys; a value has the wrong type, is out
            of range, or conflicts with another.
    """
    named = file or environment.get(FILE_VARIABLE)
    values = _file_values(Path(named)) if named else {}
    for variable, name in VARIABLES.items():
        if text := environment.get(variable):
            values[name] = _value(name, text, f"{variable}={shortened(text)}", strict=False)
    for name, value in (given or {}).items():
        if value is not None:
            values[name] = _value(name, value, f"--{name.replace('_', '-')} {shortened(value)}")
    settings = Settings(**values)
    if words := _inconsistency(settings):
        raise UsageError(words)
    return settings


def _file_values(path: Path) -> dict[str, Any]:
    found = {name: value for name, value in read_toml(path).items() if name not in TABLES}
    for name in found.keys() - _KINDS.keys():
        near = difflib.get_close_matches(name[:100].casefold().replace("-", "_"), _KINDS, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(_KINDS)}"
        raise UsageError(f"{path}: unknown setting {shortened(name)}", hint=hint)
    return {
        name: _value(name, value, f"{path}: {name} = {shortened(value)}") for name, value in found.items()
    }


def _value(name: str, value: object, source: str, *, strict: bool = True) -> Any:
    try:
        return msgspec.convert(value, _KINDS[name], strict=strict)
    except (msgspec.ValidationError, UnicodeEncodeError) as error:
        # Non-UTF-8 bytes in the environment arrive as lone surrogates (PEP 383).
        problem = "not UTF-8" if isinstance(error, UnicodeEncodeError) else printable(error)
        raise UsageError(f"{source}: {problem}", hint="docs/settings.md lists all settings") from error
