"""What comes of judging: contradictions, what could not be judged, and what notice was given."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from register_api.core.notice import NoticeStatus
from register_api.core.printable import printable

_MAX_VALUE = 80
"""Characters of a value that a message shows."""

Outcome = Literal["kept", "short", "late"]
"""What became of the promise: kept, too few days (or no day stated), or announced after it took effect."""


class Contradiction(msgspec.Struct, frozen=True, kw_only=True):
    """Something published that does not follow from the registers.

    Attributes:
        version: The version that says it.
        where: What it is said of, e.g. ``acme/hosting announced.days`` or ``change 3-1 notice.met``.
        problem: What is wrong, as the rest of a sentence.
        field: Name of the field, where one value stands against another; with both values.
    """

    version: int
    where: str
    problem: str
    field: str = ""
    says: Any = None
    follows: Any = None

    @property
    def message(self) -> str:
        """The whole sentence."""
        return f"version {self.version}, {self.where}: {self.problem}"

    @classmethod
    def between(cls, version: int, where: str, says: Any, follows: Any) -> Contradiction:
        """Return that one value is published and another one follows."""
        problem = f"says {shown(says)}; {shown(follows)} follows"
        field = where.rsplit(maxsplit=1)[-1]
        return cls(version=version, where=where, problem=problem, field=field, says=says, follows=follows)


class NoticeGiven(msgspec.Struct, frozen=True, kw_only=True):
    """One announcement that a promise covers, and what became of the promise; recounted.

    Attributes:
        version: The version that announced it.
        subprocessor: Id of the vendor.
        name: Name of the vendor.
        engagement: Id of the engagement; ``None`` for a planned change of the vendor itself.
        planned: Id of the planned change; ``None`` for the start of the engagement.
        outcome: What became of the promise.
        reason: Why the notice was short, where the publisher says so.
        notice: The dates, and the days given and promised.
    """

    version: int
    subprocessor: str
    name: str
    engagement: str | None
    planned: str | None
    outcome: Outcome
    reason: str | None
    notice: NoticeStatus


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """What was found about one version.

    Attributes:
        contradictions: What does not follow from the registers.
        not_judged: What cannot be known here, in sentences.
        given: Every announcement of the version that a promise covers.
    """

    contradictions: tuple[Contradiction, ...] = ()
    not_judged: tuple[str, ...] = ()
    given: tuple[NoticeGiven, ...] = ()


def shown(value: Any) -> str:
    """Return a value as JSON has it, on one line and shortened."""
    text = printable(msgspec.json.encode(value).decode())
    return text if len(text) <= _MAX_VALUE else f"{text[:_MAX_VALUE]}…"
