"""Responses and their headers, as the manual says them once for all addresses."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from register_api.serve.http.problems import PROBLEMS
from register_api.serve.stored.reply import CACHE_CONTROL

if TYPE_CHECKING:
    from collections.abc import Iterable

    from register_api.core.format.kind import CacheClass
    from register_api.serve.http.problems import Name

_SCHEMA = "#/components/schemas/"
_DIGEST = "^sha-256=:[A-Za-z0-9+/]{43}=:$"

_HEADERS: dict[str, tuple[str, str | None]] = {
    "ETag": ("Strong entity tag, another one for each content coding", '^"[0-9a-f]{32}"$'),
    "Last-Modified": ("When these bytes were published", " GMT$"),
    "Cache-Control": ("How long caches may keep the reply", None),
    "Repr-Digest": ("SHA-256 of the bytes sent (RFC 9530)", _DIGEST),
    "Vary": ("What else the reply depends on", None),
    "Content-Length": ("Size in bytes", "^[0-9]+$"),
    "Access-Control-Allow-Origin": ("Any page may read it", r"^\*$"),
    "X-Content-Type-Options": ("The type is as it says", "^nosniff$"),
    "Link": ("Signatures, schema and related versions (RFC 8288), or the next page", None),
    "Register-Version": ("The version that the answer was computed from", "^[0-9]+$"),
    "Register-Digest": ("SHA-256 of that version's register, in the form of RFC 9530", _DIGEST),
    "Allow": ("The methods that are possible", None),
    "Retry-After": ("Seconds until it is worth asking again", "^[0-9]+$"),
}

_SOMETIMES = frozenset({"Link", "Retry-After"})
"""Headers that a reply has only where there is something to say."""

_ALL = ("Cache-Control", "Vary", "Access-Control-Allow-Origin")
_BODY = ("ETag", *_ALL, "Repr-Digest", "Content-Length", "X-Content-Type-Options")
_STORED = (*_BODY, "Last-Modified")
_COMPUTED = (*_BODY, "Register-Version", "Register-Digest")

Response = dict[str, Any]


def headers(*names: str) -> Response:
    """Return references to header objects by name."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def header_components() -> Response:
    """Return every header object by name."""
    return {name: _header(name) for name in _HEADERS}


def _header(name: str) -> Response:
    description, pattern = _HEADERS[name]
    schema = {"type": "string"} if pattern is None else {"type": "string", "pattern": pattern}
    return {"description": description, "required": name not in _SOMETIMES, "schema": schema}


def stored(
    summary: str, media_type: str, cache: CacheClass, schema: Response, examples: Response
) -> Response:
    """Return the good reply of a stored file."""
    return {
        "description": f"{summary}. Cached as `{CACHE_CONTROL[cache].decode()}`.",
        "headers": headers(*_STORED, "Link"),
        "content": {media_type: {"schema": schema, **examples}},
    }


def computed(summary: str, answer: str, examples: Response) -> Response:
    """Return the good reply of a computed answer."""
    return {
        "description": f"{summary}, computed from the version that it names and not signed",
        "headers": headers(*_COMPUTED, "Link"),
        "content": {"application/json": {"schema": reference(answer), **examples}},
    }


def uncached(summary: str, answer: str) -> Response:
    """Return the good reply of an address about the service itself."""
    return {
        "description": summary,
        "headers": headers("Cache-Control", "Access-Control-Allow-Origin", "X-Content-Type-Options"),
        "content": {"application/json": {"schema": reference(answer)}},
    }


def own(summary: str, media_type: str) -> Response:
    """Return the good reply of this description, in one of its forms."""
    return {
        "description": summary,
        "headers": headers(*_BODY),
        "content": {
            media_type: {"schema": {"type": "object"} if "json" in media_type else {"type": "string"}}
        },
    }


def reference(name: str) -> Response:
    """Return a reference to a schema among the components."""
    return {"$ref": _SCHEMA + name}


def problems(names: Iterable[Name]) -> Response:
    """Return references to responses that tell of problems, by status."""
    return {str(status): {"$ref": _RESPONSES + _joined(told)} for status, told in _by_status(names)}


def response_components(sets: Iterable[Iterable[Name]]) -> Response:
    """Return every response object by name.

    Args:
        sets: The names of problems that some address may answer with, for each address.
    """
    found = {_joined(told): _problem(status, told) for names in sets for status, told in _by_status(names)}
    return {_UNCHANGED: _NOT_MODIFIED, **found}


def _by_status(names: Iterable[Name]) -> Iterable[tuple[int, list[Name]]]:
    """Group problems by status, in the order of ``PROBLEMS``; those of one status are one response."""
    told: dict[int, list[Name]] = {}
    for name in sorted(names, key=list(PROBLEMS).index):
        told.setdefault(PROBLEMS[name][0], []).append(name)
    return told.items()


def _joined(names: list[Name]) -> str:
    return ".".join(names)


def _problem(status: int, names: list[Name]) -> Response:
    text = "; ".join(f"`{name}`: {PROBLEMS[name][1]}" for name in names)
    extra = ("Allow",) if status == HTTPStatus.METHOD_NOT_ALLOWED else ()
    return {
        "description": text,
        "headers": headers(*_ALL, "Content-Length", "X-Content-Type-Options", *extra, "Retry-After"),
        "content": {
            "application/problem+json": {"schema": reference("ProblemDetails")},
            "text/html": {"schema": {"type": "string"}},
        },
    }


_RESPONSES = "#/components/responses/"
_UNCHANGED = "not-modified"

_NOT_MODIFIED: Response = {
    "description": "The client has this representation already (`If-None-Match`, `If-Modified-Since`)",
    "headers": headers("ETag", *_ALL),
}

NOT_MODIFIED: Response = {"$ref": _RESPONSES + _UNCHANGED}
"""Reference to the response without a body that conditional requests get."""
