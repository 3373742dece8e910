"""Runs the command line as if only some extras of the distribution were installed.

What an installation would include is read from pyproject.toml and the metadata of installed packages; a
subprocess is started in which all other packages are hidden.
"""

from __future__ import annotations

import importlib.metadata
import json
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from programs import Done, environment, run

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

DISTRIBUTION = "register-api"
ROOT = Path(__file__).parent.parent
_CONFIGURATION = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PROJECT, DEV = _CONFIGURATION["project"], _CONFIGURATION["dependency-groups"]["dev"]

_HIDE = """
import importlib.machinery, json, sys

hidden = set(json.loads(sys.argv[1]))

class Finder(importlib.machinery.PathFinder):
    @classmethod
    def find_spec(cls, fullname, path=None, target=None):
        return None if fullname.partition(".")[0] in hidden else super().find_spec(fullname, path, target)

sys.meta_path[sys.meta_path.index(importlib.machinery.PathFinder)] = Finder
"""


def brought_by(*extras: str) -> set[str]:
    """Return the normalised names of all distributions installed with these extras."""
    found: set[tuple[str, str]] = set()
    to_do = [(DISTRIBUTION, extra) for extra in ("", *extras)]
    while to_do:
        name, extra = to_do.pop()
        if (name, extra) in found:
            continue
        found.add((name, extra))
        for needed in _requirements(name, extra):
            to_do += [(canonicalize_name(needed.name), more) for more in ("", *needed.extras)]
    return {name for name, _ in found}


def _requirements(name: str, extra: str) -> Iterator[Requirement]:
    """Yield the requirements of a distribution or one of its extras on this platform."""
    if name == DISTRIBUTION:
        texts = PROJECT["optional-dependencies"][extra] if extra else PROJECT["dependencies"]
    else:
        texts = importlib.metadata.requires(name) or ()
    for needed in map(Requirement, texts):
        if needed.marker is None or needed.marker.evaluate({"extra": extra}):
            yield needed


def python(code: str, *arguments: str, extras: Iterable[str] = ()) -> Done:
    """Run Python code with only the packages of some extras; ``sys.argv[2:]`` are the arguments."""
    brought = brought_by(*extras)
    modules = importlib.metadata.packages_distributions()
    hidden = [
        name for name, owners in modules.items() if not {canonicalize_name(one) for one in owners} & brought
    ]
    command = (sys.executable, "-c", _HIDE + code, json.dumps(hidden), *arguments)
    return run(*command, env=environment(COLUMNS="200"))
