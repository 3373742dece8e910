"""Compares the changes of a published diff with those that follow from the two registers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import Any, Literal, get_args

import msgspec

from register_api.core.changes import Change, ChangeType, Diff, FieldChange
from register_api.core.diff.comparison import is_empty
from register_api.core.field_forms import FORMAT_MINOR
from register_api.core.notice_period import NoticeStatus
from register_api.core.text import printable

_MAX_VALUE = 80
"""Maximum length of a value quoted in a message, in characters."""

PlanKey = tuple[str, str | None, str]
"""Ids of a planned change: vendor, engagement or ``None``, and the change itself."""

Outcome = Literal["kept", "short", "late"]
"""Whether a promise was kept: yes, too few days (or no date), or announced after it took effect."""


class Contradiction(msgspec.Struct, frozen=True, kw_only=True):
    """Published data that does not follow from the registers.

    ``where`` is e.g. ``acme/hosting announced.days`` or ``change 3-1 notice.met``; ``problem`` completes the
    sentence. ``field``, ``says`` and ``follows`` are set if a published value differs from the expected one.
    """

    version: int
    where: str
    problem: str
    field: str = ""
    says: Any = None
    follows: Any = None

    @property
    def message(self) -> str:
        """The complete sentence."""
        return f"version {self.version}, {self.where}: {self.problem}"

    @classmethod
    def between(cls, version: int, where: str, says: Any, follows: Any) -> Contradiction:
        """Return a contradiction between a published value and the one that follows."""
        problem = f"says {_quoted(says)}; {_quoted(follows)} follows"
        field = where.rsplit(maxsplit=1)[-1]
        return cls(version=version, where=where, problem=problem, field=field, says=says, follows=follows)


class NoticeGiven(msgspec.Struct, frozen=True, kw_only=True):
    """An announcement covered by a promise, whether the promise was kept, and the reason for short notice."""

    version: int
    subprocessor: str
    name: str
    engagement: str | None
    planned: str | None
    outcome: Outcome
    reason: str | None
    notice: NoticeStatus


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """Result for one version: contradictions, sentences about what was not judged, and notices given."""

    contradictions: tuple[Contradiction, ...] = ()
    not_judged: tuple[str, ...] = ()
    given: tuple[NoticeGiven, ...] = ()


def _quoted(value: Any) -> str:
    """Return a value as JSON on one line, shortened."""
    text = printable(msgspec.json.encode(value).decode())
    return text if len(text) <= _MAX_VALUE else f"{text[:_MAX_VALUE]}…"


_TYPES = frozenset(get_args(ChangeType))


def change_faults(
    diff: Diff, follows: Sequence[Change], unknown: frozenset[PlanKey]
) -> Iterator[Contradiction]:
    """Yield the contradictions between a diff's changes and those that follow from the registers.

    A diff of a higher minor number may use unknown types and report more; it must still report each field
    that follows, with both values.
    """
    number = diff.newer.version
    if diff.format_minor > FORMAT_MINOR:
        yield from _newer_format_faults(diff, [item for item in follows if _key(item) not in unknown])
        return
    for said, change in zip_longest(diff.changes, follows):
        if said is None:
            problem = f"{_title(change)}; not told"
            yield Contradiction(version=number, where=f"change {change.id}", problem=problem)
        elif change is None:
            problem = f"{_title(said)} is reported but does not follow from the registers"
            yield Contradiction(version=number, where=f"change {said.id}", problem=problem)
        else:
            yield from _change_differences(number, said, change)


def _key(change: Change) -> tuple[str | None, str | None, str | None]:
    return change.subprocessor, change.engagement, change.planned


def _title(change: Change) -> str:
    return f"{change.type} of {'/'.join(filter(None, _key(change))) or 'the register'}"


def differing(said: Any, follows: Any, names: Iterable[str]) -> Iterator[tuple[str, Any, Any]]:
    """Yield the name and both values of each field that differs."""
    for name in names:
        one, other = getattr(said, name), getattr(follows, name)
        if one != other:
            yield name, one, other


def _change_differences(number: int, said: Change, follows: Change) -> Iterator[Contradiction]:
    for name, one, other in differing(said, follows, Change.__struct_fields__):
        where = f"change {said.id} {name}"
        if name == "fields":
            yield from _field_differences(number, where, one, other)
        elif name == "notice":
            yield from _notice_differences(number, where, one, other)
        elif name not in {"summary", "summary_language"} and (name != "type" or other in _TYPES):
            yield Contradiction.between(number, where, one, other)


def _notice_differences(number: int, where: str, said: Any, follows: Any) -> Iterator[Contradiction]:
    for name, one, other in differing(said, follows, said.__struct_fields__):
        yield Contradiction.between(number, f"{where}.{name}", one, other)


def _field_differences(
    number: int, where: str, said: tuple[FieldChange, ...], follows: tuple[FieldChange, ...]
) -> Iterator[Contradiction]:
    paths = [item.path for item in said], [item.path for item in follows]
    if paths[0] != paths[1]:
        yield Contradiction.between(number, where, *paths)
        return
    for one, other in zip(said, follows, strict=True):
        for side, *values in differing(one, other, ("before", "after")):
            if not _matches(*values):
                yield Contradiction.between(number, f"{where} {one.path}.{side}", *values)


def _matches(said: Any, known: Any, *, more: bool = False) -> bool:
    """Tell whether a published value equals the known one; ``more`` allows members unknown here."""
    if isinstance(said, dict) and isinstance(known, dict):
        return (
            (more or said.keys() <= known.keys())
            and all(_matches(said[name], known[name], more=more) for name in said.keys() & known.keys())
            and all(is_empty(known[name]) or known[name] is False for name in known.keys() - said.keys())
        )
    if isinstance(said, list) and isinstance(known, list):
        pairs = zip(said, known, strict=False)
        return len(said) == len(known) and all(_matches(*pair, more=more) for pair in pairs)
    return type(said) is type(known) and bool(said == known)


def _newer_format_faults(diff: Diff, follows: Sequence[Change]) -> Iterator[Contradiction]:
    reported = {_place(change, field): (change, field) for change in diff.changes for field in change.fields}
    for change in follows:
        for field in change.fields:
            if (found := reported.get(_place(change, field))) is not None:
                yield from _reported_field_faults(diff.newer.version, *found, change, field)
                continue
            what = f"{_title(change)}: a change of {field.path}"
            problem = f"{what} follows from the registers but is not reported"
            yield Contradiction(version=diff.newer.version, where="changes", problem=problem)


def _reported_field_faults(
    number: int, said: Change, said_field: FieldChange, follows: Change, field: FieldChange
) -> Iterator[Contradiction]:
    where = f"change {said.id}"
    sides = list(differing(said_field, field, ("before", "after")))
    for side, *values in sides:
        if not _matches(*values, more=True):
            yield Contradiction.between(number, f"{where} {field.path}.{side}", *values)
    if said.type not in _TYPES or sides:
        return  # only the later release knows what it means
    for name, *values in differing(said, follows, ("type", "kind", "affects")):
        yield Contradiction.between(number, f"{where} {name}", *values)
    yield from _notice_differences(number, f"{where} notice", said.notice, follows.notice)


def _place(change: Change, field: FieldChange) -> tuple[str | None, str]:
    """Return the planned change that sets a field, and the field's full path from the register."""
    path = field.path
    if change.engagement is not None and path.startswith("subprocessor."):
        path = path.removeprefix("subprocessor.")
    elif change.engagement is not None:
        path = f"engagements.{change.engagement}.{path}"
    way = "" if change.subprocessor is None else f"subprocessors.{change.subprocessor}."
    return change.planned, way + path
