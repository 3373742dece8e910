"""Simulated older and newer releases of this program, each in its own process.

``newer`` writes the next minor version of the format, with one more field in every struct and one more
code in every open vocabulary. ``older`` omits every empty field. All structs of the documents are covered,
without naming any.

    python tests/releases.py newer publish FOLDER 2026-05-10T09:00:00Z
"""

from __future__ import annotations

import ast
import importlib
import importlib.abc
import importlib.machinery
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from programs import run

if TYPE_CHECKING:
    import datetime as dt
    from types import CodeType

Release = Literal["older", "today", "newer"]

CODE = "later-code"
"""Additional code of the newer release in every open vocabulary."""

LATER = "later"
"""Additional field of the newer release in every struct."""

SAID = "by a later release"
"""Its value where it does not come from the source."""

_STRUCTS = "document_structs"
"""Test module that finds the structs."""

_ALWAYS_THERE = ("format", "format_minor")
"""Fields that every release writes in every document."""


def publish(release: Release, folder: Path, now: dt.datetime) -> None:
    """Publish a folder (``publishers.Publisher``) with a release."""
    _run(release, "publish", folder, now.isoformat())


def verify(release: Release, folder: Path) -> None:
    """Verify every version of a folder with a release; a finding fails the test."""
    _run(release, "verify", folder)


def rotate(release: Release, folder: Path, now: dt.datetime) -> None:
    """Rotate the document key with a release; the newer one uses a reason unknown to the other."""
    _run(release, "rotate", folder, now.isoformat(), CODE if release == "newer" else "rotated")


def _run(release: Release, *arguments: str | Path) -> None:
    done = run(sys.executable, __file__, release, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr


class _Grown(importlib.machinery.SourceFileLoader):
    """Loads a module with one more field in each class derived directly from ``msgspec.Struct``."""

    def source_to_code(self, data: Any, path: Any, **_options: Any) -> CodeType:
        tree = ast.parse(data, path)
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and any(
                ast.unparse(base) == "msgspec.Struct" for base in node.bases
            ):
                node.body += ast.parse(self.field()).body
        return compile(ast.fix_missing_locations(tree), path, "exec", dont_inherit=True)

    def field(self) -> str:
        """Return the field declaration; in the model a source may set it, elsewhere it is constant."""
        default = None if self.name.endswith(".model") else SAID
        joined = '__import__("register_api.core.field_forms", fromlist=["since"])'
        kind = f'__import__("typing").Annotated[str | None, {joined}.since({joined}.FORMAT_MINOR)]'
        return f"{LATER}: {kind} = {default!r}"

    def get_code(self, fullname: str) -> CodeType:
        """Compile the changed source, ignoring the bytecode cache."""
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)


class _Finder(importlib.abc.MetaPathFinder):
    """Finds the modules to be extended."""

    def __init__(self, names: frozenset[str]) -> None:
        self.names = names

    def find_spec(
        self, fullname: str, path: Any, _target: Any = None
    ) -> importlib.machinery.ModuleSpec | None:
        spec = importlib.machinery.PathFinder.find_spec(fullname, path)
        if fullname not in self.names or spec is None or spec.origin is None:
            return None
        spec.loader = _Grown(fullname, spec.origin)
        return spec


def _become_newer() -> None:
    """Import the project again, with extended documents."""
    names = frozenset(kind.__module__ for kind in _structs())
    for name in [name for name in sys.modules if name.split(".")[0] in {"register_api", _STRUCTS}]:
        del sys.modules[name]
    importlib.import_module("register_api.core.field_forms").FORMAT_MINOR += 1
    forms = importlib.import_module("register_api.core.field_forms")
    one_of = forms.one_of
    forms.one_of = lambda *plain, **codes: one_of(*plain, CODE, **codes)
    sys.meta_path.insert(0, _Finder(names))
    document = importlib.import_module("register_api.core.diff.document")
    make = document._change
    document._change = lambda *args: msgspec.structs.replace(make(*args), type=CODE)
    lacking = [kind.__name__ for kind in _structs() if LATER not in kind.__struct_fields__]
    assert not lacking, f"these did not grow: {lacking}"


def _structs() -> frozenset[type[msgspec.Struct]]:
    found: frozenset[type[msgspec.Struct]] = importlib.import_module(_STRUCTS).document_structs()
    return found


def _become_older() -> None:
    """Omit empty fields when writing, like a release that does not know them."""
    canonical = importlib.import_module("register_api.core.canonical")
    write = canonical.encode
    canonical.encode = lambda document: write(_pruned(document))


def _pruned(value: Any) -> Any:
    if isinstance(value, msgspec.Struct):
        fields = msgspec.structs.fields(value)
        said = ((field, getattr(value, field.name)) for field in fields)
        return {
            field.encode_name: _pruned(content)
            for field, content in said
            if field.encode_name in _ALWAYS_THERE or content != _default(field)
        }
    if isinstance(value, dict):
        return {name: _pruned(content) for name, content in value.items()}
    return [_pruned(content) for content in value] if isinstance(value, list | tuple) else value


def _default(field: msgspec.structs.FieldInfo) -> Any:
    if field.default_factory is not msgspec.NODEFAULT:
        return field.default_factory()
    return field.default


def _main(release: str, what: str, folder: str, *arguments: str) -> None:
    {"older": _become_older, "newer": _become_newer, "today": lambda: None}[release]()
    work = getattr(importlib.import_module("publishers"), f"{what}_from")
    work(Path(folder), *arguments)


if __name__ == "__main__":
    _main(*sys.argv[1:])
