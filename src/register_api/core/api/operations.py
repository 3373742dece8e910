"""Every address that is answered by computing, as data: the service answers it, the description lists it."""

from __future__ import annotations

import msgspec

from register_api.core.api import answers, queries
from register_api.core.api.problems import Name
from register_api.core.diff.changes import Diff


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """An address that is answered by computing.

    Attributes:
        url: Address; a parameter in braces stands in the path, all others in the query.
        operation: ``operationId`` of OpenAPI, stable within ``/1``.
        summary: What it answers, in a few words.
        description: The same in sentences.
        query: The struct of its parameters.
        answer: The struct that it answers with.
        problems: What it may answer instead, besides what any address may.
        example: Parameters of a query that is shown in the API reference.
        has_table: Whether it is answered as CSV, too, where ``Accept`` prefers that.
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


QUESTIONS = (
    Question(
        url="/v1/answers",
        operation="listAnswers",
        summary="Answers to the eight questions that customers ask",
        description="Products, data, purpose, places, region, transfers, retention and objection deadline of "
        "each engagement that fits the filters.",
        query=queries.AnswersQuery,
        answer=answers.QuestionnaireAnswer,
        problems=(
            "no-such-version",
            "no-such-subprocessor",
            "no-such-engagement",
            "no-such-category",
            "no-such-product",
            "nothing-known-yet",
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
        query=queries.SubprocessorsQuery,
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
        query=queries.SubprocessorQuery,
        answer=answers.SubprocessorAnswer,
        problems=("no-such-version", "no-such-subprocessor", "nothing-known-yet"),
        example=("on",),
    ),
    Question(
        url="/v1/diff",
        operation="getDiff",
        summary="Changes between any two versions",
        description="What changed from one version to another, in the form of the signed diff of a version.",
        query=queries.DiffQuery,
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
        query=queries.UpcomingQuery,
        answer=answers.UpcomingAnswer,
        problems=("no-such-version", "nothing-known-yet"),
        example=("on",),
    ),
)
