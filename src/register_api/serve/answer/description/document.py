"""The OpenAPI 3.1 description as a whole, made from the tables that the service itself reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from register_api.core import documents
from register_api.core.model import Register
from register_api.core.schemas import definitions
from register_api.serve.answer.description import operations, replies
from register_api.serve.answer.description.asked import ASKED, real_answer
from register_api.serve.answer.description.paths import stored_paths
from register_api.serve.answer.description.samples import StoredExamples, samples_of
from register_api.serve.answer.health import Health
from register_api.serve.answer.readiness import Readiness
from register_api.serve.http.problems import ProblemDetails

if TYPE_CHECKING:
    from collections.abc import Iterator

    from register_api.serve.answer.description.samples import Samples
    from register_api.serve.http.problems import Name
    from register_api.serve.stored.table import Table

URL = "/openapi.json"
PAGE_URL = "/docs"

_TITLE = "Register of sub-processors"

_DESCRIPTION = """\
Whom a company lets process its customers' personal data, what changed, and proof of what was said when.

Files are served as they were published and signed. Questions are computed from them and are not signed; \
each answer names the version and the SHA-256 that it was computed from, so anybody can compute it again.

Every address answers GET and HEAD alike, OPTIONS with 204, and other methods with 405. Replies come as \
`identity` or `gzip`, files also as `br` and `zstd`, by `Accept-Encoding`. A parameter that is not known is \
refused with 400, never passed over. Examples are what this publication answers."""

_GROUPS = {
    "Questions": "Computed answers: `on` asks for a day, `known_at` for what had been said by then.",
    "Register": "The newest version.",
    "Versions": "Every version, as it was said; nothing here is ever rewritten.",
    "Feeds": "What changed, for readers of feeds.",
    "Signatures": "Beside each document: a raw Ed25519 signature, a detached JWS, an XML signature.",
    "Log": "The log of versions: a C2SP checkpoint and tiles.",
    "Trust": "Freshness and keys: metadata and targets of The Update Framework.",
    "Keys": "Public keys, and for which versions each was good.",
    "Discovery": "Where everything is.",
    "Pages": "For people.",
    "Service": "The service itself.",
}

_STRUCTS = (
    *(asked.answer for asked in ASKED),
    Register,
    documents.Entry,
    documents.VersionList,
    documents.KeyList,
    documents.Discovery,
    Health,
    Readiness,
    ProblemDetails,
)


def openapi_document(table: Table | None) -> dict[str, Any]:
    """Return the description.

    Args:
        table: What is published, for real examples; without it there are none.

    Raises:
        StoreDamaged: A stored file cannot be read.
    """
    _, schemas = definitions(tuple(dict.fromkeys(_STRUCTS)), "#/components/schemas/{name}")
    samples = None if table is None else samples_of(table.archive)
    computed = [operations.computed_problems(asked) for asked in ASKED]
    return {
        "openapi": "3.1.0",
        "info": {"title": _TITLE, "version": "1", "description": _DESCRIPTION},
        "servers": [{"url": "./", "description": "Where this description lies, whatever stands before it"}],
        "tags": [{"name": name, "description": text} for name, text in _GROUPS.items()],
        "paths": {url: {"get": operation} for url, operation in _operations(table, samples)},
        "components": {
            "schemas": schemas,
            "headers": replies.header_components(),
            "responses": replies.response_components(
                (operations.OF_STORED, _OF_DESCRIPTION, _OF_ALIVE, _OF_READY, *computed)
            ),
        },
    }


def _operations(table: Table | None, samples: Samples | None) -> Iterator[tuple[str, dict[str, Any]]]:
    for asked in ASKED:
        real = {} if table is None or samples is None else real_answer(asked, table.archive, samples)
        yield asked.url, operations.computed_operation(asked, samples, real)
    examples = None if table is None or samples is None else StoredExamples(table.snapshot, samples)
    for path in stored_paths():
        if examples is None or examples.is_possible(path.url):
            yield path.url, operations.stored_operation(path, examples)
    yield from _about_the_service()


_OF_ALIVE: tuple[Name, ...] = ("method-not-allowed", "internal")
_OF_READY: tuple[Name, ...] = (*_OF_ALIVE, "not-ready")
_OF_DESCRIPTION: tuple[Name, ...] = (*_OF_ALIVE, "not-acceptable", "busy", "unreadable")


def _about_the_service() -> Iterator[tuple[str, dict[str, Any]]]:
    described = {"304": replies.NOT_MODIFIED, **replies.problems(_OF_DESCRIPTION)}
    yield URL, _own("description", replies.own("This description", "application/json"), described)
    page = replies.own("This description as a page", "text/html; charset=utf-8")
    yield PAGE_URL, _own("manual", page, described)
    alive = replies.uncached("Whether the process answers", Health.__name__)
    yield "/healthz", _own("alive", alive, replies.problems(_OF_ALIVE))
    ready = replies.uncached("Whether what is served is there and fresh", Readiness.__name__)
    yield "/readyz", _own("ready", ready, replies.problems(_OF_READY))


def _own(name: str, good: dict[str, Any], others: dict[str, Any]) -> dict[str, Any]:
    responses = {"200": good, **others}
    return {"operationId": name, "summary": good["description"], "tags": ["Service"], "responses": responses}
