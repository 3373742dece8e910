"""Targets: JSON in its canonical form, and every kind of document that is read from it."""

from __future__ import annotations

import datetime as dt
import functools
import json
from typing import TYPE_CHECKING, Any

import msgspec

from fuzz.target import Target, documented
from memory_publisher import MemoryPublisher
from register_api.core import canonical
from register_api.core.changes import Diff
from register_api.core.documents import Discovery, Entry, KeyList, VersionList
from register_api.core.format import tree
from register_api.core.key_list import check_keys
from register_api.core.model import Register
from register_api.core.patch import apply_patch, format_pointer, parse_pointer
from sample_register import register, summary
from vectors_of_others import vectors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@functools.cache
def published() -> dict[str, bytes]:
    """Return a small tree with three versions, whose document key was changed once."""
    publisher = MemoryPublisher().publish().publish()
    publisher.rotate_document_key(40)
    return dict(publisher.publish().files)


def _file(*paths: str) -> Callable[[], tuple[bytes, ...]]:
    return lambda: tuple(published()[path] for path in paths)


def _document(kind: type, seeds: Callable[[], tuple[bytes, ...]]) -> Target:
    return Target(
        name=f"document {kind.__name__}",
        parse=lambda data: canonical.decode(data, kind),
        refusals=documented(canonical.decode),
        seeds=seeds,
        json=True,
        check=_says_the_same,
    )


def _says_the_same(data: bytes, document: msgspec.Struct) -> None:
    """Check that what both have, the bytes and what was read from them, is the same."""
    assert _agree(json.loads(data), json.loads(canonical.encode(document))), "read as something else"
    plain = msgspec.to_builtins(document, builtin_types=(dt.datetime,))
    assert all(each.utcoffset() == dt.timedelta() for each in _instants(plain)), "an instant that is not UTC"


def _instants(value: Any) -> Iterator[dt.datetime]:
    if isinstance(value, dt.datetime):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _instants(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _instants(item)


def _agree(one: Any, other: Any) -> bool:
    """Compare; members that only one of them has are optional or unknown."""
    if isinstance(one, dict) and isinstance(other, dict):
        return all(_agree(one[name], other[name]) for name in one.keys() & other.keys())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_agree, one, other))
    return type(one) is type(other) and bool(one == other)


def _read_keys(data: bytes) -> None:
    check_keys(canonical.decode(data, KeyList))


def _read_patch(data: bytes) -> Any:
    case = canonical.parse(data)
    if not isinstance(case, dict):
        return None
    before = canonical.encode(case.get("doc"))
    patched = apply_patch(case.get("doc"), case.get("patch"))
    assert canonical.encode(case.get("doc")) == before, "the document was changed in place"
    return patched


def _patches() -> tuple[bytes, ...]:
    cases = [*vectors("json-patch-spec-tests.json"), *vectors("json-patch-tests.json")]
    return tuple(canonical.encode({"doc": case["doc"], "patch": case["patch"]}) for case in cases)


TARGETS = (
    Target(
        name="canonical JSON",
        parse=canonical.parse,
        refusals=documented(canonical.parse),
        seeds=lambda: (
            *_file(tree.KEYS.path(), tree.VERSIONS.path(), tree.FEED_JSON.path())(),
            *_patches()[:20],
        ),
        tokens=(b'{"a":', b'{"a":1,"a":2}', b"-0", b"1e1", b"NaN", b"\\u0061", b'"\\/"', b"true"),
        json=True,
        printer=canonical.encode,
    ),
    _document(Register, lambda: (*_file(tree.REGISTER.path())(), canonical.encode(register()))),
    _document(
        Diff,
        lambda: (
            *_file(tree.VERSION_DIFF.path(1), tree.VERSION_DIFF.path(2))(),
            canonical.encode(summary().diff),
        ),
    ),
    _document(Entry, _file(tree.VERSION_ENTRY.path(1), tree.VERSION_ENTRY.path(2))),
    _document(VersionList, _file(tree.VERSIONS.path())),
    _document(KeyList, _file(tree.KEYS.path())),
    _document(Discovery, _file(tree.DISCOVERY.path())),
    Target(
        name="list of keys, checked",
        parse=_read_keys,
        refusals=documented(canonical.decode, check_keys),
        seeds=_file(tree.KEYS.path()),
        tokens=(b"OKP", b"EC", b"P-256", b"Ed25519", b"document", b"log", b"feed"),
        json=True,
    ),
    Target(
        name="JSON patch",
        parse=_read_patch,
        refusals=documented(canonical.parse, apply_patch),
        seeds=_patches,
        tokens=(b'"/-"', b'"op":"copy"', b'"from":"/a"', b'"from":""', b"~0", b"~1", b"~2", b"/-"),
        json=True,
    ),
    Target(
        name="JSON pointer",
        parse=lambda data: parse_pointer(data.decode("utf-8", "replace")),
        refusals=documented(parse_pointer),
        seeds=lambda: tuple(pointer.encode() for pointer, _ in vectors("rfc6901-pointers.json")["pointers"]),
        tokens=(b"/", b"~0", b"~1", b"~", b"/a" * 70),
        check=lambda data, found: _is_inverse(format_pointer(found), data.decode("utf-8", "replace")),
    ),
)


def _is_inverse(printed: str, text: str) -> None:
    assert printed == text, "taken, and printed in another way"
