"""The OpenAPI 3.1 description of the protocol, generated from its tables.

It does not depend on what is published, so a client generated from one register's description works with
every register.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator
from typing import Any

from register_api.core.api.answers import PROBLEMS, Health, Name, ProblemDetails, Readiness
from register_api.core.api.questions import MAX_VALUES, QUESTIONS, Question, parameters_of
from register_api.core.canonical import encode
from register_api.core.field_forms import FORMAT_MINOR
from register_api.core.format.kind import PARAMETERS, FileKind
from register_api.core.format.paths import COPIES, KINDS, SIGNATURES, TRANSLATIONS
from register_api.core.format.tree import GROUPS, INDEX, USES_CSV, WORKBOOK
from register_api.core.headers import CACHE_CONTROL
from register_api.core.schemas import definitions

REFERENCE = "/docs"
HEALTH = "/healthz"
READINESS = "/readyz"

Json = dict[str, Any]

_INFO = {
    "title": "Register of sub-processors",
    "version": f"1.{FORMAT_MINOR}",
    "summary": "Sub-processors, changes to them, and proof of what was published when.",
    "description": """\
A register of sub-processors is a tree of signed files that any web server can host. The operations under \
Questions and Service need the service; all others are files, served as they were published and signed.

Answers to questions are computed and not signed. Each names the version and the SHA-256 of the register \
that it was computed from, so anyone can compute it again.

Every address answers GET and HEAD alike, OPTIONS with 204, and other methods with 405. Replies come as \
`identity` or `gzip`, files also as `br` and `zstd`, by `Accept-Encoding`. Unknown parameters are rejected \
with 400. Errors are problem details (RFC 9457); a browser that prefers HTML gets a page instead.

Properties may be added to any object; ignore those that you do not know.""",
    "license": {"name": "Apache License 2.0", "identifier": "Apache-2.0"},
    "contact": {"name": "The publisher of the register, see /.well-known/security.txt"},
}

TAGS = {
    "Questions": "Answers computed on request: `on` is the effective date (valid time), `known_at` what had "
    "been published by then (transaction time). Not on hosts that only serve files.",
    "Register": "The current version.",
    "Versions": "Every version as it was published; these files never change.",
    "Feeds": "Changes, for feed readers.",
    "Exports": "The current version in the forms of others: tables, bill of materials, linked data.",
    "Calendars": "Days of the current version, for calendar programs.",
    "Signatures": "Beside each signed document: a raw Ed25519 signature, a detached JWS, an XML signature.",
    "Log": "The transparency log of versions: a C2SP checkpoint and tiles.",
    "Trust": "Freshness and keys: metadata and targets of The Update Framework.",
    "Keys": "Public keys, and the versions that each may sign.",
    "Discovery": "Where to find everything.",
    "Pages": "For people.",
    "Service": "The service itself.",
}

_DIGEST = "^sha-256=:[A-Za-z0-9+/]{43}=:$"
_HEADERS: dict[str, tuple[str, str]] = {
    "ETag": ("Strong entity tag, another one for each content coding.", '^"[0-9a-f]{32}"$'),
    "Last-Modified": ("When these bytes were published.", " GMT$"),
    "Cache-Control": ("How long caches may keep the reply.", "."),
    "Repr-Digest": ("SHA-256 of the bytes sent (RFC 9530).", _DIGEST),
    "Vary": ("Request headers that the reply depends on.", "."),
    "Content-Length": ("Size in bytes.", "^[0-9]+$"),
    "Access-Control-Allow-Origin": ("Any page may read it.", r"^\*$"),
    "X-Content-Type-Options": ("The media type is as stated.", "^nosniff$"),
    "Link": ("Signatures, schema, related versions (RFC 8288), or the next page.", "^<"),
    "Register-Version": ("Version that the answer was computed from.", "^[0-9]+$"),
    "Register-Digest": ("SHA-256 of that version's register (RFC 9530).", _DIGEST),
    "Allow": ("Methods that are allowed.", "."),
    "Retry-After": ("Seconds to wait before asking again.", "^[0-9]+$"),
}
"""Meaning and pattern of response headers."""

STATUSES = {
    304: "NotModified", 400: "BadRequest", 404: "NotFound", 405: "MethodNotAllowed", 406: "NotAcceptable",
    408: "RequestTimeout",
    412: "PreconditionFailed", 414: "UriTooLong", 431: "HeadersTooLarge", 500: "InternalServerError",
    503: "ServiceUnavailable",
}  # fmt: skip
"""Response name by status; Python's own phrases differ between releases."""

_OPTIONAL_HEADERS = frozenset({"Link", "Retry-After"})
"""Headers that a reply may lack."""

_COMMON_HEADERS = ("Cache-Control", "Access-Control-Allow-Origin")
_CACHEABLE_HEADERS = ("ETag", "Vary", *_COMMON_HEADERS)
_BODY_HEADERS = (*_CACHEABLE_HEADERS, "Repr-Digest", "Content-Length", "X-Content-Type-Options")

_COMMON_PROBLEMS: tuple[Name, ...] = ("method-not-allowed", "too-slow", "internal")
_CACHEABLE_PROBLEMS: tuple[Name, ...] = (
    *_COMMON_PROBLEMS, "not-acceptable", "precondition-failed", "uri-too-long", "head-too-large",
    "unreadable",
)  # fmt: skip
_FILE_PROBLEMS: tuple[Name, ...] = (*_CACHEABLE_PROBLEMS, "not-found", "nothing-published")
_QUESTION_PROBLEMS: tuple[Name, ...] = (*_CACHEABLE_PROBLEMS, "bad-parameter", "nothing-published", "busy")


@functools.cache
def openapi_bytes() -> bytes:
    """Return the description in canonical bytes, as published."""
    return encode(description())


@functools.cache
def description() -> Json:
    """Return the OpenAPI description."""
    structs = [question.answer for question in QUESTIONS]
    structs += [kind.schema.struct for kind in KINDS if kind.schema is not None]
    _, schemas = definitions(
        tuple(dict.fromkeys([*structs, Health, Readiness, ProblemDetails])), _SCHEMAS + "{name}"
    )
    return {
        "openapi": "3.1.0",
        "info": _INFO,
        "servers": [{"url": ".", "description": "Wherever this description was found"}],
        "security": [],
        "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
        "paths": {url: {"get": operation} for url, operation in _operations()},
        "components": {
            "schemas": schemas,
            "headers": {
                name: {
                    "description": text,
                    "required": name not in _OPTIONAL_HEADERS,
                    "schema": {"type": "string", "pattern": pattern},
                }
                for name, (text, pattern) in _HEADERS.items()
            },
            "responses": {name: _error_response(status) for status, name in STATUSES.items()},
        },
    }


def _operations() -> Iterator[tuple[str, Json]]:
    for question in QUESTIONS:
        yield question.url, _question(question)
    derived = {
        "Trust": (*GROUPS["Trust"], *COPIES),
        "Pages": (*GROUPS["Pages"], *TRANSLATIONS),
        "Signatures": SIGNATURES,
    }
    for tag, kinds in {**GROUPS, **derived}.items():
        for kind in kinds:
            yield url_of(kind), _file(kind, tag)
    page = _reply("The page.", _BODY_HEADERS, "text/html; charset=utf-8", {"type": "string"})
    about = "This description as a page, with examples of what this service answers."
    cacheable: tuple[Name, ...] = (*_CACHEABLE_PROBLEMS, "busy")
    yield REFERENCE, _operation("getReference", "Service", "API reference", about, page, cacheable)
    plain = (*_COMMON_HEADERS, "X-Content-Type-Options")
    alive = _reply("It answers.", plain, "application/json", _reference(Health))
    about = "Whether the process answers at all."
    yield HEALTH, _operation("getHealth", "Service", "Liveness", about, alive, _COMMON_PROBLEMS)
    ready = _reply("It is ready.", plain, "application/json", _reference(Readiness))
    about = "Whether a register is served and its signed freshness has not expired; 503 if not."
    yield (
        READINESS,
        _operation("getReadiness", "Service", "Readiness", about, ready, (*_COMMON_PROBLEMS, "not-ready")),
    )


def _question(question: Question) -> Json:
    headers = (*_BODY_HEADERS, "Register-Version", "Register-Digest", "Link")
    good = _reply("Computed, and not signed.", headers, "application/json", _reference(question.answer))
    if question.has_table:
        good["content"][USES_CSV.media_type] = {"schema": _body(USES_CSV.media_type)}
    problems = (f"\n\n{PROBLEMS[name][0]} `{name}`: {PROBLEMS[name][2]}." for name in question.problems)
    about = question.description + "".join(problems)
    names = (*_QUESTION_PROBLEMS, *question.problems)
    operation = _operation(question.operation, "Questions", question.summary, about, good, names)
    parameters = []
    for item in parameters_of(question.query).values():
        many = {"type": "array", "items": item.schema, "minItems": 1, "maxItems": MAX_VALUES}
        parameters.append(
            {
                "name": item.name,
                "in": "path" if f"{{{item.name}}}" in question.url else "query",
                "required": item.shape.is_required,
                "description": item.description,
                "schema": many if item.shape.is_list else item.schema,
            }
        )
    return {**operation, "parameters": parameters}


def url_of(kind: FileKind) -> str:
    """Return the URL path of a kind of file; the index page is ``/``."""
    return "/" if kind is INDEX else f"/{kind.template}"


def _file(kind: FileKind, tag: str) -> Json:
    beside = ", ".join(f"`{each.suffix}`" for each in kind.signatures)
    about = _CHANGES[kind.cache] + (f" Signatures are beside it: {beside}." if beside else "")
    schema = _body(kind.media_type) if kind.schema is None else _reference(kind.schema.struct)
    text = f"The file; `Cache-Control: {CACHE_CONTROL[kind.cache]}`."
    good = _reply(text, (*_BODY_HEADERS, "Last-Modified", "Link"), kind.media_type, schema)
    operation = _operation(kind.operation, tag, kind.summary, about, good, _FILE_PROBLEMS)
    parameters = [_path_parameter(name) for name in kind.parameters]
    return {**operation, "parameters": parameters} if parameters else operation


def _path_parameter(name: str) -> Json:
    parameter = PARAMETERS[name]
    digits = _WHOLE_NUMBER.fullmatch(parameter.pattern)
    schema: Json = {"type": "string", "pattern": f"^{_IN_ONE_SEGMENT.get(name, parameter.pattern)}$"}
    if digits:
        schema = {"type": "integer", "minimum": 1, "maximum": 10 ** (int(digits[1]) + 1) - 1}
    about = f"{parameter.description}."
    return {"name": name, "in": "path", "required": True, "description": about, "schema": schema}


_WHOLE_NUMBER = re.compile(r"\[1-9\]\[0-9\]\{0,(\d)\}")
"""Pattern of a path parameter (``core.format.kind``) that is an integer from 1."""

_IN_ONE_SEGMENT = {"tile": "[0-9]{3}"}
"""OpenAPI path parameters cannot span segments, such as ``x001/067``; docs/format/log.md."""

_CHANGES = {
    "immutable": "This file never changes.",
    "mutable": "Rewritten with each version.",
    "no-cache": "Rewritten with each version, and whenever freshness is renewed.",
}


def _operation(
    operation: str, tag: str, summary: str, about: str, good: Json, problems: Iterable[Name]
) -> Json:
    cacheable = [_NOT_MODIFIED] if "ETag" in good["headers"] else []
    statuses = [*cacheable, *sorted({PROBLEMS[name][0] for name in problems})]
    return {
        "operationId": operation,
        "tags": [tag],
        "summary": summary,
        "description": about,
        "responses": {
            "200": good,
            **{str(status): {"$ref": _RESPONSES + STATUSES[status]} for status in statuses},
        },
    }


def _reply(text: str, headers: Iterable[str], media_type: str = "", schema: Json | None = None) -> Json:
    referred = {name: {"$ref": f"#/components/headers/{name}"} for name in headers}
    content = {} if schema is None else {"content": {media_type: {"schema": schema}}}
    return {"description": text, "headers": referred, **content}


def _error_response(status: int) -> Json:
    """Return the response of an error status; ``type`` distinguishes its problems."""
    if status == _NOT_MODIFIED:
        return _reply("The client has this representation already (`If-None-Match`).", _CACHEABLE_HEADERS)
    text = "\n".join(f"- `{name}`: {row[2]}." for name, row in PROBLEMS.items() if row[0] == status)
    extra = ("Allow",) if status == _METHOD_NOT_ALLOWED else ()
    headers = (*_COMMON_HEADERS, "Vary", "Content-Length", "X-Content-Type-Options", "Retry-After", *extra)
    return _reply(text, headers, "application/problem+json", _reference(ProblemDetails))


def _reference(struct: type) -> Json:
    return {"$ref": _SCHEMAS + struct.__name__}


def _body(media_type: str) -> Json:
    if "json" in media_type:
        return {"type": "object"}
    return {} if media_type in _BINARY else {"type": "string"}


_BINARY = frozenset({"application/octet-stream", "application/timestamp-reply", WORKBOOK.media_type})
_NOT_MODIFIED, _METHOD_NOT_ALLOWED = 304, 405
_SCHEMAS = "#/components/schemas/"
_RESPONSES = "#/components/responses/"
