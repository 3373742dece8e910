"""``EXAMPLE.toml`` shows every field of the source, each with a comment, and really loads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec import inspect

from register_api.core.model import RegisterSource, SubprocessorSource
from register_api.source.folder import EXAMPLE
from register_api.source.key_path import KeyPath, format_key
from register_api.source.lines import index_lines
from register_api.source.load import load

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TEXT = EXAMPLE.read_text("utf-8")
REGISTER = "".join(line[3:] for line in TEXT.splitlines(keepends=True) if line.startswith("#: "))


def fields(kind: inspect.Type, path: KeyPath = ()) -> Iterator[tuple[KeyPath, bool]]:
    """Yield the path of every field, in lists that of the first item, and whether it has to be there."""
    if isinstance(kind, inspect.UnionType):
        kind = next(item for item in kind.types if not isinstance(item, inspect.NoneType))
    if isinstance(kind, inspect.VarTupleType) and isinstance(kind.item_type, inspect.StructType):
        yield from fields(kind.item_type, (*path, 0))
    if isinstance(kind, inspect.StructType):
        for field in kind.fields:
            yield (*path, field.encode_name), field.required
            yield from fields(field.type, (*path, field.encode_name))


CASES = [
    pytest.param(text, path, id=f"{name}: {format_key(path)}")
    for name, text, kind in [("vendor", TEXT, SubprocessorSource), ("register", REGISTER, RegisterSource)]
    for path, _ in fields(inspect.type_info(kind))
]


@pytest.mark.parametrize(("text", "path"), CASES)
def test_field_is_shown_with_a_comment(text: str, path: KeyPath) -> None:
    """The line before a field, or before its header, is a comment about it."""
    line = index_lines(text)[path]
    above = text.splitlines()[line - 2]
    assert above.startswith("# ")
    assert len(above) > len("# Names.")


def test_required_fields_are_marked() -> None:
    """A comment begins with "Required" just where the model has no default, but for the vendor's id."""
    for text, kind in ((TEXT, SubprocessorSource), (REGISTER, RegisterSource)):
        lines = text.splitlines()
        at = index_lines(text)
        for path, required in fields(inspect.type_info(kind)):
            first = at[path] - 2
            while lines[first - 1].startswith("#"):
                first -= 1
            assert lines[first].startswith("# Required") == (required and path != ("id",)), format_key(path)


def test_both_parts_load_for_real(tmp_path: Path) -> None:
    """Copied to where they say they belong, the two parts are a source without a finding."""
    (tmp_path / "subprocessors").mkdir()
    (tmp_path / "subprocessors" / "example-mail.toml").write_text(TEXT, "utf-8")
    (tmp_path / "register.toml").write_text(REGISTER, "utf-8")
    loaded = load(tmp_path)
    assert loaded.findings == ()
    assert loaded.draft
    (vendor,) = loaded.draft.subprocessors
    assert all(getattr(vendor, field) for field in vendor.__struct_fields__)
    (use,) = vendor.engagements
    assert [field for field in use.__struct_fields__ if not getattr(use, field)] == ["special_categories"]
    assert use.special_categories is False
