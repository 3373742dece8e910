"""A JSON Patch applied (RFC 6902): all six operations, strict, bounded, and without touching its input.

A patch is applied to bytes that are vouched for, yet it is read as if it were hostile: the work it
may cause is limited, and it either applies wholly or raises.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from register_api.core.patch.editor import Editor
from register_api.core.patch.pointer import parse_pointer
from register_api.errors import Inconsistent, Malformed

Operation = Callable[[Editor, list[str], dict[str, Any]], None]


MAX_OPERATIONS = 500_000
"""Most operations that a patch may have."""


def apply_patch(document: Any, patch: Any) -> Any:
    """Return what a patch makes of a document."""
    if not isinstance(patch, list | tuple):
        raise Malformed("a patch is a list of operations")
    if len(patch) > MAX_OPERATIONS:
        raise Malformed(f"a patch of {len(patch)} operations where {MAX_OPERATIONS} are allowed")
    editor = Editor(document)
    for number, operation in enumerate(patch):
        try:
            _apply(editor, operation)
        except (Malformed, Inconsistent) as error:
            raise type(error)(f"operation {number} of the patch: {error.message}") from error
    return editor.document


def _apply(editor: Editor, operation: Any) -> None:
    if not isinstance(operation, dict):
        raise Malformed("an operation is an object")
    name = operation.get("op")
    run = _OPERATIONS.get(name) if isinstance(name, str) else None
    if run is None:
        raise Malformed(f"no operation is called {str(name)[:20]!r}")
    run(editor, parse_pointer(operation.get("path")), operation)


def _value(operation: dict[str, Any]) -> Any:
    if "value" not in operation:
        raise Malformed("an operation lacks its value")
    return operation["value"]


def _add(editor: Editor, path: list[str], operation: dict[str, Any]) -> None:
    editor.add(path, _value(operation))


def _remove(editor: Editor, path: list[str], _operation: dict[str, Any]) -> None:
    editor.remove(path)


def _replace(editor: Editor, path: list[str], operation: dict[str, Any]) -> None:
    editor.replace(path, _value(operation))


def _move(editor: Editor, path: list[str], operation: dict[str, Any]) -> None:
    source = parse_pointer(operation.get("from"))
    if path[: len(source)] == source and len(path) > len(source):
        raise Inconsistent("a value cannot move into itself")
    value = editor.find(source)
    if path != source:
        editor.remove(source)
        editor.add(path, value)


def _copy(editor: Editor, path: list[str], operation: dict[str, Any]) -> None:
    editor.add(path, editor.share(parse_pointer(operation.get("from"))))


def _test(editor: Editor, path: list[str], operation: dict[str, Any]) -> None:
    value = _value(operation)
    editor.measure(value)
    if not _same(editor.find(path), value):
        raise Inconsistent("a test of the patch does not hold")


_OPERATIONS: dict[str, Operation] = {
    "add": _add,
    "copy": _copy,
    "move": _move,
    "remove": _remove,
    "replace": _replace,
    "test": _test,
}


def _same(one: Any, other: Any) -> bool:
    """Compare as JSON does (RFC 6902 section 4.6): ``true`` is not 1, and order of names is nothing."""
    if isinstance(one, dict):
        return (
            isinstance(other, dict)
            and one.keys() == other.keys()
            and all(_same(value, other[name]) for name, value in one.items())
        )
    if isinstance(one, list | tuple):
        return (
            isinstance(other, list | tuple)
            and len(one) == len(other)
            and all(_same(*pair) for pair in zip(one, other, strict=True))
        )
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)
