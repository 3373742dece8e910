"""What docstrings and docs name exists: modules, their members, classes, files.

A name that has moved misleads whoever follows it, and no type checker reads docstrings.
"""

from __future__ import annotations

import ast
import builtins
import re
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src/register_api"
CODE = tuple(
    path
    for folder in ("src", "tests", "bench")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if path != Path(__file__)
)
HISTORY = {ROOT / "CHANGELOG.md"}
"""Docs that may name what is gone."""

DOCS = sorted({*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "Makefile"} - HISTORY)

_SPAN = re.compile(r"``([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)(?:\([^`]*\))?``")
_CLASS = re.compile(r"[A-Z][a-z]+[A-Za-z]*")
_NAME = re.compile(r"[a-z]+(_[a-z]+)+")
_ROOMS = "|".join(path.name for path in SOURCE.iterdir() if path.is_dir())
_PATH = re.compile(
    rf"(?<![\w/.<>{{}}-])(?:(?:src/register_api|docs|tests|bench)/[\w./-]*\w|(?:{_ROOMS})/[a-z_/]+\.py\b)"
)
_DOTTED = re.compile(r"\bregister_api((?:\.[a-z_]\w*)+)")


@cache
def _nodes(tree: ast.AST) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(tree))


def _docstrings(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in _nodes(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            text = node.value.value
            if isinstance(text, str):
                yield node.value.lineno, text


@cache
def _trees() -> dict[Path, ast.Module]:
    return {path: ast.parse(path.read_text("utf-8")) for path in CODE}


@cache
def _members(tree: ast.AST) -> frozenset[str]:
    """Return what a module or class defines or imports, at any depth."""
    found: set[str] = set()
    for node in _nodes(tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                found.add(node.name)
            case ast.Name(ctx=ast.Store()):
                found.add(node.id)
            case ast.Attribute(ctx=ast.Store()):
                found.add(node.attr)
            case ast.alias():
                found.add((node.asname or node.name).split(".")[0])
            case ast.arg():
                found.add(node.arg)
    return frozenset(found)


@cache
def _modules() -> dict[str, frozenset[str]]:
    """Return the dotted path of each module and package of the product, with what it defines."""
    found = {}
    for path, tree in _trees().items():
        base = SOURCE if path.is_relative_to(SOURCE) else path.parent
        name = ".".join(path.relative_to(base).with_suffix("").parts).removesuffix(".__init__")
        found[name] = found.get(name, frozenset()) | _members(tree)
    return found


@cache
def _last_parts() -> frozenset[str]:
    return frozenset(path.rpartition(".")[2] for path in _modules())


@cache
def _classes() -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for tree in _trees().values():
        for node in _nodes(tree):
            if isinstance(node, ast.ClassDef):
                found[node.name] = found.get(node.name, frozenset()) | _members(node)
    return found


@cache
def _words() -> frozenset[str]:
    """Return every name that code uses; strings count, since what a document calls a field is one."""
    found: set[str] = set(dir(builtins))
    for tree in _trees().values():
        found |= _members(tree)
        for node in _nodes(tree):
            if isinstance(node, ast.Attribute):
                found.add(node.attr)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 100:
                found |= set(re.findall(r"\w+", node.value))
            elif isinstance(node, ast.keyword) and node.arg:
                found.add(node.arg)
    return frozenset(found)


@cache
def _foreign() -> frozenset[str]:
    """Return the top names of modules that are not ours and that code imports."""
    found = set(sys.stdlib_module_names)
    for tree in _trees().values():
        for node in _nodes(tree):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module.split(".")[0])
    return frozenset(found)


@cache
def _exists(name: str) -> bool:
    """Tell whether a name in a docstring is that of something in the code."""
    parts = name.removeprefix("register_api.").split(".")
    if parts[-1] in {"atom", "json", "toml", "py", "md"}:
        return parts[-1] != "py" or parts[0] in _last_parts()
    if len(parts) == 1:
        looks_like_code = _CLASS.fullmatch(name) or _NAME.fullmatch(name)
        return not looks_like_code or name in _words() or name in _foreign() or name in _last_parts()
    for length in range(len(parts), 0, -1):
        head, rest = ".".join(parts[:length]), parts[length:]
        owners = [members for path, members in _modules().items() if f".{path}".endswith(f".{head}")]
        if owners:
            return not rest or any(set(rest) <= members | _words_of(rest[0]) for members in owners)
    if parts[0] in _classes():
        return parts[1] in _classes()[parts[0]] | _words()
    return parts[0] in _foreign() or set(parts) <= _words()


def _words_of(name: str) -> frozenset[str]:
    """Return what a class has, whose members may be named after it."""
    return _classes().get(name, frozenset())


def _is_there(path: str) -> bool:
    """Tell whether a file is there; decisions may be named by their number (``docs/adr/0004``)."""
    places = (ROOT / path, SOURCE / path, ROOT / "tests" / path)
    return any(place.exists() for place in places) or any(ROOT.glob(f"{path}-*"))


def _lost_paths(text: str) -> set[str]:
    return {path for path in _PATH.findall(text) if not _is_there(path)}


def test_docstrings_name_what_exists() -> None:
    """Modules, members and classes in double backticks."""
    missing = [
        f"{path.relative_to(ROOT)}:{line}: {found[1]}"
        for path, tree in _trees().items()
        for line, text in _docstrings(tree)
        for found in _SPAN.finditer(text)
        if not _exists(found[1])
    ]
    assert missing == []


def test_code_names_files_that_exist() -> None:
    """Also in comments and messages."""
    missing = {path.relative_to(ROOT): _lost_paths(path.read_text("utf-8")) for path in CODE}
    assert {path: lost for path, lost in missing.items() if lost} == {}


_CHAPTER = re.compile(r"\b((?:docs|format)/[\w/-]+\.md)(?:, ((?!RFC )[A-Z](?:\w| (?=\w))*))?")


def _headings(page: Path) -> list[str]:
    return re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.MULTILINE)


def _lost_chapters(text: str) -> set[str]:
    """Return the pages, and the headings behind their names, that a text points to and that do not exist."""
    lost = set()
    for found in _CHAPTER.finditer(re.sub(r"\s+(?:[#*/]+ )?", " ", text)):
        name, heading = found.groups()
        page = ROOT / "docs" / name.removeprefix("docs/")
        known = _headings(page) if page.exists() else []
        if not any(not heading or one.startswith(heading) or heading.startswith(one) for one in known):
            lost.add(found[0])
    return lost


def test_what_ships_points_to_pages_and_headings_that_exist() -> None:
    """Help, messages, comments, templates, scripts, schemas and the example source."""
    kinds = {".py", ".js", ".j2", ".toml", ".html", ".po", ".json", ".mjs"}
    files = [path for folder in ("src", "tests") for path in (ROOT / folder).rglob("*")]
    read = [path for path in files if path.suffix in kinds and "node_modules" not in path.parts]
    missing = {
        path.relative_to(ROOT): _lost_chapters(path.read_text("utf-8"))
        for path in read
        if path != Path(__file__)
    }
    assert {path: lost for path, lost in missing.items() if lost} == {}


@pytest.mark.parametrize(
    "text", ["docs/format.md", "(docs/format/log.md, Compared)", "format/gone.md", "docs/rules.md, R99"]
)
def test_a_page_or_heading_that_is_gone_is_found_out(text: str) -> None:
    """The first was the name of all chapters together."""
    assert _lost_chapters(text)


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_docs_name_files_and_modules_that_exist(path: Path) -> None:
    """Paths from the root of the project or of the package, and dotted paths of modules."""
    text = path.read_text("utf-8")
    dotted = {found for found in _DOTTED.findall(text) if not _exists(f"register_api{found}")}
    assert (_lost_paths(text), dotted) == (set(), set())


@pytest.mark.parametrize(
    "name",
    [
        "core.deltas",
        "core.meaning",
        "trust_errors",
        "takeover.table",
        "NoSuchClass",
        "transaction.no_such_step",
    ],
)
def test_a_name_that_is_gone_is_found_out(name: str) -> None:
    """These were named in docstrings long after they had moved."""
    assert not _exists(name)


@pytest.mark.parametrize(
    "name",
    ["core.language", "transaction.commit", "register_api.verify", "Fetcher.get", "msgspec.Struct"],
)
def test_a_name_that_exists_is_known(name: str) -> None:
    """By its whole path, or by the last part of it."""
    assert _exists(name)
