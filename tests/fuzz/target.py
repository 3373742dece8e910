"""What is fuzzed, and what counts as a fault: the parser's own docstring is the judge.

A parser may raise what its docstring names under ``Raises:`` and nothing else. What it takes has to
come out of its printer, if there is one, as the very same bytes.
"""

from __future__ import annotations

import builtins
import inspect
import re
from collections.abc import Callable
from typing import Any

import msgspec

from register_api import errors
from register_api.serve.http.problems import Problem

_RAISES = re.compile(r"^\s*Raises:\n((?:\s*\n|\s{4,}.*\n?)*)", re.MULTILINE)
_NAMES = re.compile(r"^\s+([A-Z]\w+):", re.MULTILINE)


LONGEST_REFUSAL = 4000
"""Characters that a refusal may have, with its hint."""


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """One parser.

    Attributes:
        name: What the table of results calls it.
        parse: Reads bytes; raises what ``refusals`` are, and nothing else.
        refusals: The documented errors.
        seeds: Makes good examples, which are then damaged.
        tokens: Pieces that mean something to this parser.
        json: Whether the examples are JSON, to be changed as trees too.
        printer: From what was read to bytes, where there is such an inverse.
        check: Looks at what was read and fails where it is not as promised.
        cost: Roughly how many examples of a common parser one of this takes.
    """

    name: str
    parse: Callable[[bytes], Any]
    refusals: tuple[type[Exception], ...]
    seeds: Callable[[], tuple[bytes, ...]]
    tokens: tuple[bytes, ...] = ()
    json: bool = False
    printer: Callable[[Any], bytes] | None = None
    check: Callable[[bytes, Any], None] | None = None
    cost: int = 1


def documented(*functions: Callable[..., Any]) -> tuple[type[Exception], ...]:
    """Return the errors that the docstrings of functions name under ``Raises:``.

    Raises:
        LookupError: A docstring names none, or a name that is no error.
    """
    found: dict[str, type[Exception]] = {}
    for function in functions:
        names = _documented_names(function)
        if not names:
            raise LookupError(f"{function.__qualname__} documents no error")
        found |= {name: _error(name) for name in names}
    return tuple(found.values())


def _documented_names(function: Callable[..., Any]) -> list[str]:
    section = _RAISES.search(inspect.getdoc(function) or "")
    return _NAMES.findall(section[1]) if section else []


def _error(name: str) -> type[Exception]:
    error = Problem if name == "Problem" else getattr(errors, name, None) or getattr(builtins, name, None)
    if error is None:
        raise LookupError(f"{name} is no error")
    return error


def examine(target: Target, data: bytes) -> bool:
    """Let a parser read bytes.

    Returns:
        Whether it took them.

    Raises:
        AssertionError: It took them, and they are not what it prints, or not as promised.
        Exception: Whatever it raised that its docstring does not name.
    """
    try:
        found = target.parse(data)
    except target.refusals as refusal:
        _check_sentence(refusal)
        return False
    if target.printer is not None:
        assert target.printer(found) == data, "taken, and printed in another way"
    if target.check is not None:
        target.check(data, found)
    return True


def _check_sentence(refusal: Exception) -> None:
    """Check that a refusal can be shown: of bounded length, and nothing in it moves a cursor."""
    if isinstance(refusal, errors.Refused):
        told = [f"{finding.file}{finding.key}{finding.message}{finding.hint}" for finding in refusal.findings]
    elif isinstance(refusal, errors.RegisterError):
        told = [f"{refusal.message} {refusal.hint}"]
    else:
        return
    for text in told:
        assert text.replace("\n", " ").isprintable(), f"a refusal that cannot be printed: {text!a}"
        assert len(text) < LONGEST_REFUSAL, "a refusal longer than a page"
