"""Every address that is answered by computing, and a real answer of each for the manual."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import msgspec

from register_api.core.canonical import encode
from register_api.core.diff.changes import Diff
from register_api.serve.answer import compute, questions
from register_api.serve.answer.description.samples import LONGEST_EXAMPLE
from register_api.serve.answer.documents import (
    QuestionnaireAnswer,
    SubprocessorAnswer,
    SubprocessorsAnswer,
    UpcomingAnswer,
)
from register_api.serve.answer.filters import filters_in
from register_api.serve.answer.paging import Question
from register_api.serve.answer.query import Parameter, read_query
from register_api.serve.http.problems import Name

if TYPE_CHECKING:
    from collections.abc import Callable

    from register_api.serve.answer.archive import Archive
    from register_api.serve.answer.description.samples import Samples


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """An address that is answered by computing.

    Attributes:
        url: Address with placeholders.
        operation: Name of the operation.
        summary: What it answers.
        answer: The struct it answers with.
        parameters: What may be asked.
        problems: What it may answer with instead, besides what any such address may.
        example: Parameters of a question that is shown: names, and attributes of ``Samples``.
    """

    url: str
    operation: str
    summary: str
    answer: type
    parameters: tuple[Parameter, ...]
    problems: tuple[Name, ...]
    example: dict[str, str]


ASKED = (
    Asked(
        url="/v1/answers",
        operation="answers",
        summary="The eight questions that customers ask, answered for each engagement",
        answer=QuestionnaireAnswer,
        parameters=questions.ANSWERS,
        problems=("no-such-subprocessor", "no-such-engagement", "nothing-known-yet"),
        example={"subprocessor": "subprocessor", "engagement": "engagement", "on": "day"},
    ),
    Asked(
        url="/v1/subprocessors",
        operation="subprocessors",
        summary="Sub-processors by what is asked of them",
        answer=SubprocessorsAnswer,
        parameters=questions.SUBPROCESSORS,
        problems=("nothing-known-yet",),
        example={"q": "text", "on": "day"},
    ),
    Asked(
        url="/v1/subprocessors/{id}",
        operation="subprocessor",
        summary="One sub-processor with its history",
        answer=SubprocessorAnswer,
        parameters=questions.SUBPROCESSOR,
        problems=("no-such-subprocessor", "nothing-known-yet"),
        example={"on": "day"},
    ),
    Asked(
        url="/v1/diff",
        operation="diff",
        summary="What changed from one version to another",
        answer=Diff,
        parameters=questions.DIFF,
        problems=("no-such-version",),
        example={"from": "previous", "to": "newest"},
    ),
    Asked(
        url="/v1/upcoming",
        operation="upcoming",
        summary="What will start or end after a day",
        answer=UpcomingAnswer,
        parameters=questions.UPCOMING,
        problems=("nothing-known-yet",),
        example={"on": "day"},
    ),
)


def real_answer(asked: Asked, archive: Archive, samples: Samples) -> dict[str, Any]:
    """Return a real answer by the request that gets it, or nothing where it would be too long.

    Args:
        asked: The address.
        archive: What is published.
        samples: Values of its newest version.
    """
    fields = {name: getattr(samples, real) for name, real in asked.example.items()}
    if None in fields.values() or ("{id}" in asked.url and samples.subprocessor is None):
        return {}
    query = urlencode(fields)
    data = encode(_ANSWERS[asked.operation](archive, samples, read_query(query.encode(), asked.parameters)))
    request = f"GET {asked.url.replace('{id}', samples.subprocessor or '')}?{query}"
    return {request: msgspec.json.decode(data)} if len(data) <= LONGEST_EXAMPLE else {}


Values = dict[str, tuple[str, ...]]


def _question(samples: Samples, values: Values) -> Question:
    return Question(filters=filters_in(values), moment=samples.moment)


_ANSWERS: dict[str, Callable[[Archive, Samples, Values], object]] = {
    "answers": lambda archive, samples, values: compute.answers(archive, _question(samples, values)),
    "subprocessors": lambda archive, samples, values: compute.subprocessors(
        archive, _question(samples, values)
    ),
    "subprocessor": lambda archive, samples, _: compute.subprocessor(
        archive, samples.subprocessor or "", samples.moment
    ),
    "diff": lambda archive, samples, _: compute.diff(archive, samples.previous, samples.newest),
    "upcoming": lambda archive, samples, values: compute.upcoming(archive, _question(samples, values)),
}
"""How each operation is computed (``service``), for the question of its example."""
