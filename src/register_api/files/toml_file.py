"""A TOML file of settings: of bounded size, and a sentence about whatever is wrong with it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from register_api.core.printable import printable
from register_api.errors import UsageError

_MOST_BYTES = 64 * 1024
_LONGEST = 100

TABLES = frozenset({"notify", "watch"})
"""Names of the tables in a file of settings that belong to a command of that name; all else is `serve`'s."""


def read_toml(path: Path) -> dict[str, Any]:
    """Read a file of settings.

    Raises:
        UsageError: It cannot be read, is too large or not TOML.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except (OSError, ValueError) as error:  # a name may have a NUL, or be no text
        raise UsageError(f"{shortened(str(path))} cannot be read: {_reason(error)}") from error
    if len(data) > _MOST_BYTES:
        raise UsageError(f"{path} has more than {_MOST_BYTES} bytes; that is not a settings file")
    try:
        return tomllib.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is not valid TOML: {printable(error)}") from error


def shortened(value: object) -> str:
    """Return a value as it may stand in a message: of bounded length, and fit for a terminal."""
    return ascii(value if isinstance(value, int | float) else str(value)[:_LONGEST])


def _reason(error: Exception) -> str:
    """Return what the system says, without the name that the caller tells already."""
    return error.strerror if isinstance(error, OSError) and error.strerror else printable(error)
