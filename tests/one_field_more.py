"""This program's command line with one more field, added as a developer would: a line and a row.

python tests/one_field_more.py check --source FOLDER
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import CodeType

FIELD = "dpa_url"
LABEL = "data processing agreement"

_EDITS = {
    "register_api.core.model": (
        "    subprocessors_url: field_forms.Url | None = None\n",
        f"    {FIELD}: field_forms.Url | None = None\n",
    ),
    "register_api.core.fields": (
        '    "subprocessors_url": Field(',
        f'    "{FIELD}": Field("{LABEL}", "details_changed", page=True, columns="dpa, dpa url"),\n',
    ),
}
"""For each module, a text and the line inserted before it."""


class _Edited(importlib.machinery.SourceFileLoader):
    """Loads a module with the additional line."""

    def source_to_code(self, data: Any, path: Any, **_options: Any) -> CodeType:
        before, line = _EDITS[self.name]
        text = bytes(data).decode()
        assert text.count(before) == 1, f"{path} has to have one {before!r}"
        return compile(text.replace(before, line + before), path, "exec", dont_inherit=True)

    def get_code(self, fullname: str) -> CodeType:
        """Compile the edited source, ignoring the bytecode cache."""
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)


class _Finder(importlib.abc.MetaPathFinder):
    """Finds the modules to be edited."""

    def find_spec(
        self, fullname: str, path: Any, _target: Any = None
    ) -> importlib.machinery.ModuleSpec | None:
        spec = importlib.machinery.PathFinder.find_spec(fullname, path)
        if fullname not in _EDITS or spec is None or spec.origin is None:
            return None
        spec.loader = _Edited(fullname, spec.origin)
        return spec


if __name__ == "__main__":
    sys.meta_path.insert(0, _Finder())
    from register_api.cli.main import cli

    cli()
