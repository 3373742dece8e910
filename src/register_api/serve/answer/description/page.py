"""The description as a page for people: plain HTML, made on the server, without any script."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
from markupsafe import Markup

from register_api.style.environment import page_environment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from jinja2 import Environment

_REFERENCE = "#/components/schemas/"


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One operation, as the page shows it.

    Attributes:
        anchor: Its name within the page.
        problems: Status and description of each reply but the good one.
        content: Media type of the good reply, and the name of the schema of its body, if it has one.
        examples: Each request and its answer as text.
    """

    anchor: str
    url: str
    summary: str
    parameters: list[dict[str, Any]]
    good: dict[str, Any]
    problems: list[tuple[str, str]]
    content: tuple[str, str | None]
    examples: list[tuple[str, str]]


def documentation_page(document: Mapping[str, Any]) -> bytes:
    """Write the page of an OpenAPI description.

    Args:
        document: As ``document.openapi_document`` returns it.
    """
    told = document["components"]["responses"]
    entries = [_entry(url, item["get"], told) for url, item in document["paths"].items()]
    groups = {url: item["get"]["tags"][0] for url, item in document["paths"].items()}
    sections = [
        (tag, [entry for entry in entries if groups[entry.url] == tag["name"]]) for tag in document["tags"]
    ]
    html = _ENVIRONMENT.get_template("docs.html.j2").render(
        info=document["info"],
        sections=sections,
        schemas=[_schema(name, schema) for name, schema in sorted(document["components"]["schemas"].items())],
    )
    return html.encode()


def _entry(url: str, operation: Mapping[str, Any], told: Mapping[str, Any]) -> Entry:
    good = operation["responses"]["200"]
    ((media_type, content),) = good["content"].items()
    return Entry(
        anchor=operation["operationId"],
        url=url,
        summary=operation["summary"],
        parameters=[{**item, "form": form(item["schema"])} for item in operation.get("parameters", [])],
        good=good,
        problems=[
            (status, told[reply["$ref"].rpartition("/")[2]]["description"])
            for status, reply in operation["responses"].items()
            if status != "200"
        ],
        content=(media_type, _name(content["schema"])),
        examples=[
            (example["summary"], _text(example["value"])) for example in content.get("examples", {}).values()
        ],
    )


def form(schema: Mapping[str, Any]) -> str:
    """Return the form of a value in words, e.g. ``integer from 1 to 1000``."""
    if "anyOf" in schema or "oneOf" in schema:
        return " or ".join(form(item) for item in schema.get("anyOf", schema.get("oneOf")))
    if "$ref" in schema:
        return str(_name(schema))
    if "enum" in schema or "const" in schema:
        return " or ".join(map(str, schema.get("enum", [schema.get("const")])))
    if schema.get("type") == "array":
        return f"list of {form(schema['items'])}"
    if schema.get("type") == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"object of {form(schema['additionalProperties'])}"
    return "".join((str(schema.get("type", "anything")), *_bounds(schema)))


def _bounds(schema: Mapping[str, Any]) -> Iterator[str]:
    if "format" in schema:
        yield f" ({schema['format']})"
    if "pattern" in schema:
        yield f" like {schema['pattern']}"
    if "minimum" in schema:
        yield f" from {schema['minimum']}"
    if "maximum" in schema:
        yield f" to {schema['maximum']}"
    if "maxLength" in schema:
        yield f", at most {schema['maxLength']} characters"


def _schema(name: str, schema: Mapping[str, Any]) -> tuple[str, str, list[tuple[str, str, str]]]:
    """Return a document's name and description, and its fields: name, form, description."""
    fields = [
        (field, form(value), value.get("description", ""))
        for field, value in schema.get("properties", {}).items()
    ]
    return name, schema.get("description", ""), fields


def _name(schema: Mapping[str, Any]) -> str | None:
    reference = schema.get("$ref")
    return None if reference is None else reference.removeprefix(_REFERENCE)


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


def prose(text: str) -> Markup:
    """Return a description as HTML: what stands between backticks is code, all else is text."""
    parts = text.split("`")
    return Markup().join(
        Markup("<code>{}</code>").format(part) if odd % 2 else part for odd, part in enumerate(parts)
    )


def _environment() -> Environment:
    environment = page_environment("register_api.serve.answer.description")
    environment.filters["prose"] = prose
    return environment


_ENVIRONMENT = _environment()
