"""``EXAMPLE.toml`` shows every field of the source, each with a comment, and really loads."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from register_api.core.model import ProductScope, RegisterSource, SubprocessorSource
from register_api.core.struct_fields import Shape, shapes
from register_api.source.lines import KeyPath, format_key, index_lines
from register_api.source.load import EXAMPLE, load

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import msgspec

TEXT = EXAMPLE.read_text("utf-8")
REGISTER = "".join(line[3:] for line in TEXT.splitlines(keepends=True) if line.startswith("#: "))


def shapes_below(kind: type[msgspec.Struct], path: KeyPath = ()) -> Iterator[tuple[KeyPath, Shape]]:
    """Yield the path of every field, in lists that of the first item, and what it holds."""
    for name, shape in shapes(kind).items():
        yield (*path, name), shape
        if shape.struct and shape.struct is not ProductScope:  # written as "all" or a list
            yield from shapes_below(shape.struct, (*path, name, 0) if shape.is_list else (*path, name))


CASES = [
    pytest.param(text, path, id=f"{name}: {format_key(path)}")
    for name, text, kind in [("vendor", TEXT, SubprocessorSource), ("register", REGISTER, RegisterSource)]
    for path, _ in shapes_below(kind)
]


@pytest.mark.parametrize(("text", "path"), CASES)
def test_field_is_shown_with_a_comment(text: str, path: KeyPath) -> None:
    """The line before a field, or before its header, is a comment about it."""
    line = index_lines(text)[path]
    above = text.splitlines()[line - 2]
    assert above.startswith("# ")
    assert len(above) > len("# Names.")


def comment_on(text: str, path: KeyPath) -> str:
    """Return the comment that stands above a field."""
    lines = text.splitlines()
    line = index_lines(text)[path] - 2
    first = line
    while lines[first - 1].startswith("#") and lines[first - 1].strip("#: "):
        first -= 1
    return " ".join(lines[first : line + 1])


CODES = [
    pytest.param(text, path, shape.codes, id=f"{name}: {format_key(path)}")
    for name, text, kind in [("vendor", TEXT, SubprocessorSource), ("register", REGISTER, RegisterSource)]
    for path, shape in shapes_below(kind)
    if shape.codes
]


@pytest.mark.parametrize(("text", "path", "codes"), CODES)
def test_codes_are_all_named(text: str, path: KeyPath, codes: tuple[str, ...]) -> None:
    """Whoever fills in a field can see what it takes; a second field of a kind may point to the first."""
    comment = comment_on(text, path)
    named = re.findall(r"\w+", comment)
    if {"S01", "to", "S19"} <= set(named):
        named += [f"S{number:02}" for number in range(1, 20)]
    assert set(codes) <= set(named) or "above" in named


def test_required_fields_are_marked() -> None:
    """A comment begins with "Required" just where the model has no default, but for the vendor's id."""
    for text, kind in ((TEXT, SubprocessorSource), (REGISTER, RegisterSource)):
        lines = text.splitlines()
        at = index_lines(text)
        for path, shape in shapes_below(kind):
            first = at[path] - 2
            while lines[first - 1].startswith("#"):
                first -= 1
            assert lines[first].startswith("# Required") == (shape.is_required and path != ("id",)), (
                format_key(path)
            )


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
