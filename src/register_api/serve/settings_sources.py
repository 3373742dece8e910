"""Where settings come from: a TOML file, the environment over it, the command line over both."""

from __future__ import annotations

import difflib
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from register_api.core.printable import printable
from register_api.errors import UsageError
from register_api.files.toml_file import TABLES, read_toml, shortened
from register_api.serve.settings import BOUNDS, VARIABLES, Settings, complaint_about

FILE_VARIABLE = "REGISTER_SETTINGS"
"""Environment variable that names the file with settings."""

_LONGEST = 100
_MEANINGS = dict(VARIABLES.values())
_KINDS = typing.get_type_hints(Settings)


def read_settings(
    environment: Mapping[str, str],
    file: Path | None = None,
    given: Mapping[str, Any] | None = None,
) -> Settings:
    """Read the settings: what is given wins over the environment, and that over the file.

    Args:
        environment: Variables by name, e.g. ``os.environ``; empty ones count as not set.
        file: A TOML file with settings by name; without it that of ``REGISTER_SETTINGS``, if any.
        given: Settings from the command line; those that are ``None`` count as not given.

    Raises:
        UsageError: The file cannot be read or has unknown keys; a value is not of the right kind, out
            of bounds, or does not go with another.
    """
    named = environment.get(FILE_VARIABLE)
    path = file or (Path(named) if named else None)
    settings = Settings() if path is None else _from_file(path)
    settings = _from_environment(settings, environment)
    for name, value in (given or {}).items():
        if value is not None:
            settings = _with(settings, name, value, f"--{name.replace('_', '-')} {shortened(value)}")
    complaint = complaint_about(settings)
    if complaint is not None:
        raise UsageError(complaint)
    return settings


def _from_environment(settings: Settings, environment: Mapping[str, str]) -> Settings:
    for variable, (name, _) in VARIABLES.items():
        text = environment.get(variable)
        if text:
            settings = _with(settings, name, text, f"{variable}={shortened(text)}", strict=False)
    return settings


def _from_file(path: Path) -> Settings:
    settings = Settings()
    for name, value in read_toml(path).items():
        if name in TABLES:
            continue
        if name not in _MEANINGS:
            near = difflib.get_close_matches(name[:_LONGEST].casefold().replace("-", "_"), _MEANINGS, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(_MEANINGS)}"
            raise UsageError(f"{path}: unknown setting {shortened(name)}", hint=hint)
        settings = _with(settings, name, value, f"{path}: {name} = {shortened(value)}")
    return settings


def _with(settings: Settings, name: str, value: object, said: str, *, strict: bool = True) -> Settings:
    """Return the settings with one more."""
    hint = _MEANINGS[name]
    try:
        converted = msgspec.convert(value, _KINDS[name], strict=strict)
    except (msgspec.ValidationError, UnicodeEncodeError) as error:
        # Bytes of the environment that are not UTF-8 reach us as lone surrogates (PEP 383).
        problem = "not UTF-8" if isinstance(error, UnicodeEncodeError) else printable(error)
        raise UsageError(f"{said}: {problem}", hint=hint) from error
    bounds = BOUNDS.get(name)
    if bounds is not None and not bounds.least <= converted <= bounds.most:
        raise UsageError(f"{said}: must lie between {bounds.least} and {bounds.most}", hint=hint)
    return msgspec.structs.replace(settings, **{name: converted})
