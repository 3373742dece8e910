"""The OpenAPI 3.1 description of what the service computes, made from the tables it reads itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict

from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import OpenAPIType, Operation, Schema
from litestar.openapi.spec import Parameter as OpenAPIParameter

from register_api.core.canonical import encode
from register_api.serve.answer.cache import forms_of
from register_api.serve.http.problems import PROBLEMS, ProblemDetails
from register_api.serve.stored.reply import Facts, Resource, computed_resource

if TYPE_CHECKING:
    from collections.abc import Sequence

    from litestar import Litestar

    from register_api.serve.answer.query import Parameter
    from register_api.serve.http.problems import Name

URL = "/openapi.json"

CONFIG = OpenAPIConfig(
    title="Register of sub-processors",
    version="1",
    description=(
        "Questions that a stored file cannot answer. Everything else is a file: the register is "
        "/v1/register.json, and /.well-known/api-catalog lists what can be read."
    ),
)


class Documentation(TypedDict):
    """What a route handler is told about its own description."""

    operation_class: type[Operation]
    responses: dict[int, ResponseSpec]


def documented(answer: type, parameters: Sequence[Parameter], problems: Sequence[Name]) -> Documentation:
    """Describe a route.

    Args:
        answer: The struct it answers with.
        parameters: Its query parameters.
        problems: Names of the problems it may answer with instead, keys of ``PROBLEMS``.
    """
    responses = {200: ResponseSpec(answer, description="The answer", generate_examples=False)}
    for name in problems:
        status, title, _ = PROBLEMS[name]
        responses[status] = ResponseSpec(
            ProblemDetails,
            description=title,
            media_type="application/problem+json",
            generate_examples=False,
        )
    return {"operation_class": _operation_with(parameters), "responses": responses}


def description_resource(app: Litestar) -> Resource:
    """Return the reply at ``URL``: it depends on the program only, so it is made once."""
    data = encode(app.openapi_schema.to_schema())
    return computed_resource(Facts(media_type="application/json", cache="head"), forms_of(data))


def _operation_with(parameters: Sequence[Parameter]) -> type[Operation]:
    """Return an operation that knows the query parameters, which its handler reads itself."""

    @dataclass
    class Documented(Operation):
        def __post_init__(self) -> None:
            self.parameters = [*(self.parameters or ()), *(_described(item) for item in parameters)]

    return Documented


def _described(parameter: Parameter) -> OpenAPIParameter:
    example: dict[str, Any] = {} if parameter.example is None else {"examples": [parameter.example]}
    value = Schema(
        type=OpenAPIType.STRING,
        enum=parameter.allowed,
        pattern=parameter.pattern,
        **example,
    )
    return OpenAPIParameter(
        name=parameter.name,
        param_in="query",
        description=parameter.description,
        required=parameter.required,
        schema=Schema(type=OpenAPIType.ARRAY, items=value) if parameter.many else value,
    )
