"""One operation an address: parameters, replies, examples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from register_api.core.format.paths import kind_of
from register_api.serve.answer.description import replies
from register_api.serve.answer.description.paths import PARAMETERS, file_of, is_text
from register_api.serve.answer.query import MOST_VALUES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from register_api.serve.answer.description.asked import Asked
    from register_api.serve.answer.description.paths import StoredPath
    from register_api.serve.answer.description.samples import Samples, StoredExamples
    from register_api.serve.answer.query import Parameter
    from register_api.serve.http.problems import Name

Operation = dict[str, Any]

_EVERYWHERE: tuple[Name, ...] = (
    "method-not-allowed",
    "not-acceptable",
    "precondition-failed",
    "uri-too-long",
    "head-too-large",
    "internal",
    "nothing-published",
)

OF_STORED: tuple[Name, ...] = ("not-found", "unreadable", *_EVERYWHERE)
"""Problems that the address of a stored file may answer with."""


def computed_problems(asked: Asked) -> tuple[Name, ...]:
    """Return the names of the problems that a computed answer may be."""
    return ("bad-parameter", *asked.problems, "busy", "unreadable", *_EVERYWHERE)


def computed_operation(asked: Asked, samples: Samples | None, examples: Mapping[str, object]) -> Operation:
    """Describe a computed answer.

    Args:
        asked: The address.
        samples: Real values, if something is published.
        examples: Real answers by the request that gets them.
    """
    shown = {"examples": _named(examples)} if examples else {}
    parameters = [_query_parameter(item, samples) for item in asked.parameters]
    if "{id}" in asked.url:
        real = samples.subprocessor if samples else None
        parameters.insert(0, _path_parameter("id", real))
    return {
        "operationId": asked.operation,
        "summary": asked.summary,
        "tags": ["Questions"],
        "parameters": parameters,
        "responses": {
            "200": replies.computed(asked.summary, asked.answer.__name__, shown),
            "304": replies.NOT_MODIFIED,
            **replies.problems(computed_problems(asked)),
        },
    }


def stored_operation(path: StoredPath, examples: StoredExamples | None) -> Operation:
    """Describe a stored file."""
    names = [name for name in PARAMETERS if f"{{{name}}}" in path.url]
    kind = kind_of(file_of(path.url.format(**{name: PARAMETERS[name].shape for name in names})))
    values = examples.values(path.url) if examples else None
    shown: Operation = {}
    if examples is not None and values is not None:
        url = path.url.format(**values)
        body = examples.body(url, kind.media_type)
        shown = {} if body is None else {"examples": _named({f"GET {url}": body})}
    schema = _schema(kind.media_type) if path.answer is None else replies.reference(path.answer.__name__)
    return {
        "operationId": _operation_id(path.url),
        "summary": path.summary,
        "tags": [path.group],
        "parameters": [_path_parameter(name, (values or {}).get(name)) for name in names],
        "responses": {
            "200": replies.stored(path.summary, kind.media_type, kind.cache, schema, shown),
            "304": replies.NOT_MODIFIED,
            **replies.problems(OF_STORED),
        },
    }


def _query_parameter(parameter: Parameter, samples: Samples | None) -> Operation:
    form = {"type": "string", "enum": list(parameter.allowed)} if parameter.allowed else parameter.form
    real = getattr(samples, parameter.sample) if samples and parameter.sample else None
    if isinstance(real, tuple):
        form, real = {"type": "string", "enum": list(real)}, real[0]
    schema = {"type": "array", "items": form, "minItems": 1, "maxItems": MOST_VALUES}
    example = [real] if parameter.many else real
    return {
        "name": parameter.name,
        "in": "query",
        "required": parameter.required,
        "description": parameter.description,
        "schema": schema if parameter.many else form,
        **({} if real is None else {"example": example}),
    }


def _path_parameter(name: str, real: str | None) -> Operation:
    parameter = PARAMETERS[name]
    number = parameter.form["type"] == "integer"
    example = {} if real is None else {"example": int(real) if number else real}
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": parameter.description,
        "schema": parameter.form,
        **example,
    }


def _named(examples: Mapping[str, object]) -> Operation:
    """Return examples as OpenAPI has them, each with the request that gets it."""
    numbered = enumerate(examples.items(), start=1)
    return {f"example{number}": {"summary": request, "value": value} for number, (request, value) in numbered}


def _schema(media_type: str) -> Operation:
    """Return what is said of a body that no struct describes."""
    if "json" in media_type:
        return {"type": "object"}
    return {"type": "string"} if is_text(media_type) else {}


def _operation_id(url: str) -> str:
    """Return a name made of an address: ``v1-versions-n-register-json``."""
    words = "".join(char if char.isalnum() else " " for char in url).split()
    return "-".join(words) or "index"
