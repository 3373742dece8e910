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
    sentence. ``field``, ``published`` and ``expected`` are set if the two values differ.
    """

    version: int
    where: str
    problem: str
    field: str = ""
    published: Any = None
    expected: Any = None

    @property
    def message(self) -> str:
        """The complete sentence."""
        return f"version {self.version}, {self.where}: {self.problem}"

    @classmethod
    def between(cls, version: int, where: str, published: Any, expected: Any) -> Contradiction:
        """Return a contradiction between a published value and the one that follows."""
        problem = f"says {_quoted(published)}; {_quoted(expected)} follows"
        field = where.rsplit(maxsplit=1)[-1]
        return cls(
            version=version, where=where, problem=problem, field=field, published=published, expected=expected
        )


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
    diff: Diff, expected: Sequence[Change], unknown: frozenset[PlanKey]
) -> Iterator[Contradiction]:
    """Yield the contradictions between a diff's changes and those that follow from the registers.

    A diff of a higher minor number may use unknown types and report more; it must still report each field
    that follows, with both values.
    """
    number = diff.newer.version
    if diff.format_minor > FORMAT_MINOR:
        yield from _newer_format_faults(diff, [item for item in expected if _key(item) not in unknown])
        return
    for published, change in zip_longest(diff.changes, expected):
        if published is None:
            problem = f"{_title(change)} follows from the registers but is not reported"
            yield Contradiction(version=number, where=f"change {change.id}", problem=problem)
        elif change is None:
            problem = f"{_title(published)} is reported but does not follow from the registers"
            yield Contradiction(version=number, where=f"change {published.id}", problem=problem)
        else:
            yield from _change_differences(number, published, change)


def _key(change: Change) -> tuple[str | None, str | None, str | None]:
    return change.subprocessor, change.engagement, change.planned


def _title(change: Change) -> str:
    return f"{change.type} of {'/'.join(filter(None, _key(change))) or 'the register'}"


def differing(published: Any, expected: Any, names: Iterable[str]) -> Iterator[tuple[str, Any, Any]]:
    """Yield the name and both values of each field that differs."""
    for name in names:
        one, other = getattr(published, name), getattr(expected, name)
        if one != other:
            yield name, one, other


def _change_differences(number: int, published: Change, expected: Change) -> Iterator[Contradiction]:
    for name, one, other in differing(published, expected, Change.__struct_fields__):
        where = f"change {published.id} {name}"
        if name == "fields":
            yield from _field_differences(number, where, one, other)
        elif name == "notice":
            yield from _notice_differences(number, where, one, other)
        elif name not in {"summary", "summary_language"} and (name != "type" or other in _TYPES):
            yield Contradiction.between(number, where, one, other)


def _notice_differences(number: int, where: str, published: Any, expected: Any) -> Iterator[Contradiction]:
    for name, one, other in differing(published, expected, published.__struct_fields__):
        yield Contradiction.between(number, f"{where}.{name}", one, other)


def _field_differences(
    number: int, where: str, published: tuple[FieldChange, ...], expected: tuple[FieldChange, ...]
) -> Iterator[Contradiction]:
    paths = [item.path for item in published], [item.path for item in expected]
    if paths[0] != paths[1]:
        yield Contradiction.between(number, where, *paths)
        return
    for one, other in zip(published, expected, strict=True):
        for side, *values in differing(one, other, ("before", "after")):
            if not _matches(*values):
                yield Contradiction.between(number, f"{where} {one.path}.{side}", *values)


def _matches(published: Any, known: Any, *, more: bool = False) -> bool:
    """Tell whether a published value equals the known one; ``more`` allows members unknown here."""
    if isinstance(published, dict) and isinstance(known, dict):
        return (
            (more or published.keys() <= known.keys())
            and all(
                _matches(published[name], known[name], more=more) for name in published.keys() & known.keys()
            )
            and all(is_empty(known[name]) or known[name] is False for name in known.keys() - published.keys())
        )
    if isinstance(published, list) and isinstance(known, list):
        pairs = zip(published, known, strict=False)
        return len(published) == len(known) and all(_matches(*pair, more=more) for pair in pairs)
    return type(published) is type(known) and bool(published == known)


def _newer_format_faults(diff: Diff, expected: Sequence[Change]) -> Iterator[Contradiction]:
    reported = {_place(change, field): (change, field) for change in diff.changes for field in change.fields}
    for change in expected:
        for field in change.fields:
            if (found := reported.get(_place(change, field))) is not None:
                yield from _reported_field_faults(diff.newer.version, *found, change, field)
                continue
            what = f"{_title(change)}: a change of {field.path}"
            problem = f"{what} follows from the registers but is not reported"
            yield Contradiction(version=diff.newer.version, where="changes", problem=problem)


def _reported_field_faults(
    number: int, published: Change, published_field: FieldChange, expected: Change, field: FieldChange
) -> Iterator[Contradiction]:
    where = f"change {published.id}"
    sides = list(differing(published_field, field, ("before", "after")))
    for side, *values in sides:
        if not _matches(*values, more=True):
            yield Contradiction.between(number, f"{where} {field.path}.{side}", *values)
    if published.type not in _TYPES or sides:
        return  # only the later release knows what it means
    for name, *values in differing(published, expected, ("type", "kind", "affects")):
        yield Contradiction.between(number, f"{where} {name}", *values)
    yield from _notice_differences(number, f"{where} notice", published.notice, expected.notice)


def _place(change: Change, field: FieldChange) -> tuple[str | None, str]:
    """Return the planned change that sets a field, and the field's full path from the register."""
    path = field.path
    if change.engagement is not None and path.startswith("subprocessor."):
        path = path.removeprefix("subprocessor.")
    elif change.engagement is not None:
        path = f"engagements.{change.engagement}.{path}"
    way = "" if change.subprocessor is None else f"subprocessors.{change.subprocessor}."
    return change.planned, way + path
