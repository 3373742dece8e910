"""How a file is written, told by its name."""

from __future__ import annotations

from pathlib import PurePath
from typing import Literal, get_args

from register_api.errors import UsageError

Form = Literal["markdown", "html", "csv", "tsv", "json"]

FORMS: tuple[Form, ...] = get_args(Form)

_SUFFIXES: dict[str, Form] = {
    ".md": "markdown",
    ".markdown": "markdown",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".json": "json",
}


def form_of(name: str) -> Form:
    """Return the form of a file by its name.

    Raises:
        UsageError: The name does not tell.
    """
    suffix = PurePath(name).suffix.lower()
    if suffix not in _SUFFIXES:
        raise UsageError(
            f"{name}: the name does not tell the form of the file", hint=f"--format {'|'.join(FORMS)}"
        )
    return _SUFFIXES[suffix]
