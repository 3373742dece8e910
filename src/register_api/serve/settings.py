"""The service's settings: where each comes from, what it is without, and what it means."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from register_api.errors import UsageError, told

if TYPE_CHECKING:
    from collections.abc import Mapping


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the service runs; ``VARIABLES`` says what each means."""

    store: str = "var/store"
    host: str = "127.0.0.1"
    port: int = 8000
    poll_seconds: float = 0.5
    keep_alive_seconds: int = 5
    shutdown_seconds: int = 10
    cache_bytes: int = 32 * 2**20
    answer_cache_bytes: int = 16 * 2**20

    @property
    def store_path(self) -> Path:
        """The store's folder."""
        return Path(self.store)


VARIABLES: dict[str, tuple[str, str]] = {
    "REGISTER_STORE": ("store", "Folder of the store; public/ in it is the tree to serve"),
    "HOST": ("host", "Address to listen on"),
    "PORT": ("port", "Port to listen on, 0 to 65535; 0 takes any that is free"),
    "REGISTER_POLL_SECONDS": ("poll_seconds", "How often to look for a new publication"),
    "REGISTER_KEEP_ALIVE_SECONDS": ("keep_alive_seconds", "How long an idle connection stays open"),
    "REGISTER_SHUTDOWN_SECONDS": ("shutdown_seconds", "How long replies under way may take after SIGTERM"),
    "REGISTER_CACHE_BYTES": ("cache_bytes", "Bytes of old versions' files to keep in memory"),
    "REGISTER_ANSWER_CACHE_BYTES": ("answer_cache_bytes", "Bytes of computed answers to keep in memory"),
}
"""Environment variable: the setting it gives, and its meaning."""

_BOUNDS: dict[str, tuple[float, float]] = {
    "port": (0, 65535),
    "poll_seconds": (0.01, 3600),
    "keep_alive_seconds": (1, 3600),
    "shutdown_seconds": (0, 3600),
    "cache_bytes": (0, 2**40),
    "answer_cache_bytes": (0, 2**40),
}


def from_environment(environment: Mapping[str, str]) -> Settings:
    """Read the settings; a variable that is not set or empty gives the default.

    Args:
        environment: Variables by name, e.g. ``os.environ``.

    Raises:
        UsageError: A value is not of the right kind or out of bounds.
    """
    found = {
        field: environment[variable]
        for variable, (field, _) in VARIABLES.items()
        if environment.get(variable)
    }
    variables = {field: variable for variable, (field, _) in VARIABLES.items()}
    settings = Settings()
    for field, text in found.items():
        settings = _with(settings, field, text, variables[field])
    return settings


def _with(settings: Settings, field: str, text: str, variable: str) -> Settings:
    kind = type(getattr(settings, field))
    try:
        value = msgspec.convert(text, kind, strict=False)
    except (msgspec.ValidationError, UnicodeEncodeError) as error:
        # Bytes of the environment that are not UTF-8 reach us as lone surrogates (PEP 383).
        problem = "not UTF-8" if isinstance(error, UnicodeEncodeError) else told(error)
        raise UsageError(f"{variable}={text[:100]!a}: {problem}", hint=VARIABLES[variable][1]) from error
    low, high = _BOUNDS.get(field, (None, None))
    if low is not None and high is not None and not low <= value <= high:
        raise UsageError(
            f"{variable}={text[:100]!a}: must lie between {low} and {high}", hint=VARIABLES[variable][1]
        )
    return msgspec.structs.replace(settings, **{field: value})
