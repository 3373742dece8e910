"""The questions that a service answers: one struct each, used to parse and to describe a query."""

from __future__ import annotations

import datetime as dt
import functools
import re
from collections.abc import Mapping
from typing import Annotated, Any, get_args

import msgspec
from msgspec import Meta, structs

from register_api.core.api import answers
from register_api.core.api.answers import Name
from register_api.core.changes import Diff
from register_api.core.field_forms import ASSIGNED, PLACE, WIDE_COUNTRIES, Slug, has_form, one_of
from register_api.core.model import DataScope, Mechanism, Status
from register_api.core.struct_fields import Shape, shapes
from register_api.core.timeline import State

_FORMATS_IN_WORDS = {
    "date": "date like 2026-05-10",
    "date-time": "instant with time zone like 2026-05-10T09:00:00Z",
}


_BOUNDS = {
    "pattern": " like {}", "minimum": " from {}", "maximum": " to {}", "maxLength": ", at most {} characters"
}  # fmt: skip


def form(schema: Mapping[str, Any]) -> str:
    """Return a value's JSON Schema in words, e.g. ``integer from 1 to 1000``."""
    if "anyOf" in schema:
        return " or ".join(map(form, schema["anyOf"]))
    if "enum" in schema or "const" in schema:
        return ", ".join(map(str, schema.get("enum", [schema.get("const")])))
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    inner = schema.get("items", schema.get("additionalProperties"))
    if isinstance(inner, dict):
        whole = f"{schema['type']} of {form(inner)}"
    else:
        whole = _FORMATS_IN_WORDS.get(schema.get("format", ""), str(schema.get("type", "anything")))
    bounds = (words.format(schema[name]) for name, words in _BOUNDS.items() if name in schema)
    return "".join((whole.replace("array", "list"), *bounds))


_MEANINGS = {
    "on": "Effective date (valid time) of `state`, in the publisher's time zone. Default: today.",
    "known_at": "As published by this instant, or by the end of this day in the publisher's time zone "
    "(transaction time). Default: the newest version.",
    "version": "As this version says it; with `known_at`, if it had been published by then. "
    "`next` in an answer names it, so that the pages of a list belong together.",
    "id": "Id of a sub-processor.",
    "offset": "Items to skip; `next` in an answer names the following page.",
    "limit": "Items on a page, at most.",
    "status": "Status of an engagement.",
    "state": "State of an engagement on the day `on`.",
    "category": "Id of a category of the newest version, or of the version asked about.",
    "country": "Processing location: ISO 3166-1 alpha-2, or EU, EEA, worldwide, varies. "
    "EU and EEA also find places in their members.",
    "data_scope": "Scope of the personal data processed.",
    "product": "Id of a product of the newest version, or of the version asked about, that uses the "
    "engagement.",
    "mechanism": "Mechanism of a transfer; `unstated` also finds places outside the EEA for which none is "
    "stated.",
    "identifier": "Company number of the legal entity engaged, alone or after its scheme: `lei:…`.",
    "entity": "Text in the name of the legal entity engaged, regardless of case.",
    "changed_since": "Changed by a version after this one, or published after this instant or the end of "
    "this day.",
    "q": "Text in the names of the sub-processor or the purpose, regardless of case.",
    "subprocessor": "Id of a sub-processor; 404 if that version does not list it.",
    "engagement": "Id of an engagement; 404 if no sub-processor asked about has it.",
    "from": "Version to start from.",
    "to": "Version to arrive at, also an older one. Default: the newest.",
}
"""Description of each parameter by name."""

MAX_PAGE_ITEMS = 1000
"""Maximum and default number of items on a page."""

MAX_ROWS = 2_000_000
"""Upper bound of any list: start and end of 10,000 vendors' 100 engagements each (docs/rules.md, R17)."""

MAX_VALUES = 50
"""Maximum number of values of a repeatable parameter."""

MAX_VALUE_LENGTH = 200
"""Maximum length of a decoded value."""

_FORMATS = [{"type": "string", "format": each} for each in ("date-time", "date")]
_NUMBER = {"type": "string", "pattern": "^[1-9][0-9]{0,8}$"}

_Version = Annotated[int, Meta(ge=1, le=999_999_999)]
_Words = Annotated[str, Meta(min_length=1, max_length=MAX_VALUE_LENGTH)]
_PLACE = structs.replace(PLACE, schema={"enum": sorted(ASSIGNED | WIDE_COUNTRIES)})


class DatedQuery(msgspec.Struct, frozen=True, kw_only=True):
    """A query for an effective date, as published by a given time; ``None`` or empty: not specified."""

    on: dt.date | None = None
    known_at: Annotated[str, Meta(extra_json_schema={"anyOf": _FORMATS})] | None = None
    version: _Version | None = None


class SubprocessorQuery(DatedQuery, frozen=True, kw_only=True):
    """A query for one sub-processor."""

    id: Slug


class UpcomingQuery(DatedQuery, frozen=True, kw_only=True):
    """A query for one page of a list."""

    offset: Annotated[int, Meta(ge=0, le=MAX_ROWS)] = 0
    limit: Annotated[int, Meta(ge=1, le=MAX_PAGE_ITEMS)] = MAX_PAGE_ITEMS


class SubprocessorsQuery(UpcomingQuery, frozen=True, kw_only=True):
    """Filters of engagements: combined with AND, the values of one filter with OR."""

    status: frozenset[Annotated[Status, one_of(*get_args(Status))]] = frozenset()
    state: frozenset[Annotated[State, one_of(*get_args(State))]] = frozenset()
    category: frozenset[Slug] = frozenset()
    country: frozenset[Annotated[str, has_form(_PLACE)]] = frozenset()
    data_scope: frozenset[DataScope] = frozenset()
    product: frozenset[Slug] = frozenset()
    mechanism: frozenset[Mechanism] = frozenset()
    identifier: frozenset[_Words] = frozenset()
    entity: _Words | None = None
    changed_since: Annotated[str, Meta(extra_json_schema={"anyOf": [_NUMBER, *_FORMATS]})] | None = None
    q: _Words | None = None

    def filters_anything(self) -> bool:
        """Return whether any filter is set."""
        own = self.__struct_fields__[len(UpcomingQuery.__struct_fields__) :]
        return any(getattr(self, name) for name in own)


class AnswersQuery(SubprocessorsQuery, frozen=True, kw_only=True):
    """Filters of a list, and ids that must all exist."""

    subprocessor: frozenset[Slug] = frozenset()
    engagement: frozenset[Slug] = frozenset()


class DiffQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Two versions, in either order."""

    older: _Version = msgspec.field(name="from")
    newer: _Version | None = msgspec.field(name="to", default=None)


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """One parameter: JSON Schema of a single value, type and shape of the struct's field.

    ``allowed`` lists the valid values, if they can be listed.
    """

    name: str
    description: str
    schema: dict[str, Any]
    type: Any
    shape: Shape
    allowed: tuple[str, ...]

    @property
    def expected(self) -> str:
        """Description of valid values."""
        return (self.shape.form.hint if self.shape.form else "") or form(self.schema)

    def accepts(self, value: str) -> bool:
        """Return whether a value conforms to ``schema`` exactly; nothing is rounded, trimmed or coerced."""
        many = self.shape.is_list
        try:
            found = msgspec.convert([value] if many else value, self.type, strict=False)
        except msgspec.ValidationError:
            return False
        # Python's "$" also matches before a final line feed, unlike that of JSON Schema (ECMA-262).
        spelled = re.fullmatch(self.schema.get("pattern", ".*"), value, re.DOTALL) is not None
        known = self.shape.form is None or self.shape.form.fault(value) is None
        return spelled and known and str(*found if many else (found,)) == value


@functools.cache
def parameters_of(query: type[msgspec.Struct]) -> dict[str, Parameter]:
    """Return the parameters of a query struct by name, in field order."""
    _, found = msgspec.json.schema_components([query])
    made = {}
    for field in msgspec.structs.fields(query):
        shape = shapes(query)[field.name]
        described = found[query.__name__]["properties"][field.encode_name]
        given = described["anyOf"][0] if shape.is_optional else described
        schema = {"type": "string", **(given["items"] if shape.is_list else given)}
        if shape.codes:
            schema["enum"] = list(shape.codes)
        made[field.encode_name] = Parameter(
            name=field.encode_name,
            description=_MEANINGS[field.encode_name],
            schema=schema,
            type=field.type,
            shape=shape,
            allowed=tuple(sorted(WIDE_COUNTRIES)) if shape.form is _PLACE else shape.codes,
        )
    return made


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A computed endpoint, as served and described.

    Attributes:
        url: Path template; parameters in braces are path parameters, all others query parameters.
        operation: ``operationId`` of OpenAPI, stable within ``/1``.
        query: The struct of its parameters.
        answer: The struct of its answer.
        problems: Error responses beyond those of every endpoint.
        example: Parameters of the example in the API reference.
        has_table: Whether it is also available as CSV, selected by ``Accept``.
    """

    url: str
    operation: str
    summary: str
    description: str
    query: type[msgspec.Struct]
    answer: type[msgspec.Struct]
    problems: tuple[Name, ...]
    example: tuple[str, ...]
    has_table: bool = False


# fmt: off
QUESTIONS = (
    Question(
        url="/v1/answers",
        operation="listAnswers",
        summary="Answers to the eight questions that customers ask",
        description="Products, data, purpose, places, region, transfers, retention and objection deadline of "
        "each engagement that fits the filters.",
        query=AnswersQuery,
        answer=answers.QuestionnaireAnswer,
        problems=(
            "no-such-version", "no-such-subprocessor", "no-such-engagement", "no-such-category",
            "no-such-product", "nothing-known-yet",
        ),
        example=("subprocessor", "engagement", "on"),
    ),
    Question(
        url="/v1/subprocessors",
        operation="listSubprocessors",
        summary="Sub-processors that fit filters",
        description="Sub-processors with those of their engagements that fit all filters, and the state of "
        "each engagement on a day. With `Accept: text/csv` a row for each engagement and place of that page, "
        "with the columns of `/v1/exports/uses.csv`.",
        query=SubprocessorsQuery,
        answer=answers.SubprocessorsAnswer,
        problems=("no-such-version", "no-such-category", "no-such-product", "nothing-known-yet"),
        example=("q", "on"),
        has_table=True,
    ),
    Question(
        url="/v1/subprocessors/{id}",
        operation="getSubprocessor",
        summary="One sub-processor with its history",
        description="One sub-processor, the state of its engagements on a day, and what each version changed "
        "about it, newest first.",
        query=SubprocessorQuery,
        answer=answers.SubprocessorAnswer,
        problems=("no-such-version", "no-such-subprocessor", "nothing-known-yet"),
        example=("on",),
    ),
    Question(
        url="/v1/diff",
        operation="getDiff",
        summary="Changes between any two versions",
        description="What changed from one version to another, in the form of the signed diff of a version.",
        query=DiffQuery,
        answer=Diff,
        problems=("no-such-version",),
        example=("from", "to"),
    ),
    Question(
        url="/v1/upcoming",
        operation="listUpcoming",
        summary="Upcoming starts, ends, changes and objection deadlines",
        description="Starts, ends, planned changes and objection deadlines that lie on or after a day, the "
        "nearest first.",
        query=UpcomingQuery,
        answer=answers.UpcomingAnswer,
        problems=("no-such-version", "nothing-known-yet"),
        example=("on",),
    ),
)
# fmt: on
