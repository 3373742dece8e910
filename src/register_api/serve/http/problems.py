"""A request that gets no good answer, and the members of its reply (RFC 9457)."""

from __future__ import annotations

from collections.abc import Sequence

from register_api.core.api.answers import PROBLEMS, Name, ProblemDetails, problem_type
from register_api.serve.http.asgi import Header


class Problem(Exception):
    """A request that gets no good answer.

    Attributes:
        name: A key of ``PROBLEMS``.
        detail: What is wrong with this request, for a person.
        parameter: The query parameter at fault, if one is.
        allowed: What it may be instead.
        headers: Headers the answer needs besides the usual ones.
    """

    def __init__(
        self,
        name: Name,
        detail: str,
        *,
        parameter: str | None = None,
        allowed: Sequence[str] | None = None,
        headers: tuple[Header, ...] = (),
    ) -> None:
        """Keep what the answer is made of."""
        super().__init__(name, detail)  # what it is made anew from in another process
        self.name = name
        self.detail = detail
        self.parameter = parameter
        self.allowed = allowed
        self.headers = headers

    def __str__(self) -> str:
        """Return the sentence for a person."""
        return self.detail


def details(problem: Problem, instance: str) -> ProblemDetails:
    """Return the RFC 9457 members of a problem."""
    status, title, _ = PROBLEMS[problem.name]
    return ProblemDetails(
        type=problem_type(problem.name),
        title=title,
        status=status,
        detail=problem.detail,
        instance=instance,
        parameter=problem.parameter,
        allowed=None if problem.allowed is None else tuple(problem.allowed),
    )
