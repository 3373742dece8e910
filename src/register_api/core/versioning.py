"""From a checked source to the version it becomes: number, instants, what announced what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from register_api.core.model import Announced, Engagement, Previous, Register, RegisterSource, Subprocessor
from register_api.core.notice import strictest
from register_api.core.notice_event import START_EVENTS, events

if TYPE_CHECKING:
    import msgspec

    from register_api.core.model import Draft, EngagementSource, SubprocessorSource
    from register_api.core.notice import Promises
    from register_api.core.notice_event import Event
    from register_api.core.rules.context import Context

_SAID_BY_THE_SOURCE = tuple(
    name for name in Register.__struct_fields__ if name in RegisterSource.__struct_fields__
)


def make_version(draft: Draft, context: Context) -> Register:
    """Return the version that a source becomes."""
    promises = context.promises_with(draft)
    vendors = (_vendor(vendor, context, promises) for vendor in draft.subprocessors)
    return Register(
        version=context.version,
        published_at=context.published_at,
        previous=_previous(context),
        recorded=context.recorded,
        reason=context.reason,
        corrects=context.corrects,
        subprocessors=tuple(vendors),
        **{name: getattr(draft.register, name) for name in _SAID_BY_THE_SOURCE},
    )


def made(draft: Draft, context: Context) -> Register:
    """Return what ``make_version`` returns; worked out once for the same draft.

    Args:
        draft: As for ``make_version``.
        context: As for ``make_version``; it remembers the version.
    """
    if not context.made_before or context.made_before[0][0] is not draft:
        context.made_before[:] = [(draft, make_version(draft, context))]
    return context.made_before[0][1]


def unchanged(register: Register, previous: Register) -> bool:
    """Tell whether a version says just what another says, but for what publishing sets (R26)."""
    names = (*_SAID_BY_THE_SOURCE, "subprocessors")
    return all(getattr(register, name) == getattr(previous, name) for name in names)


def _previous(context: Context) -> Previous | None:
    if context.previous is None or context.previous_sha256 is None:
        return None
    return Previous(version=context.previous.version, sha256=context.previous_sha256)


def _vendor(vendor: SubprocessorSource, context: Context, promises: Promises) -> Subprocessor:
    engagements = tuple(
        Engagement(**_fields(engagement), announced=_announced(vendor, engagement, context, promises))
        for engagement in vendor.engagements
    )
    return Subprocessor(**_fields(vendor) | {"engagements": engagements})


def _fields(record: msgspec.Struct) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__struct_fields__}


def _announced(
    vendor: SubprocessorSource, engagement: EngagementSource, context: Context, promises: Promises
) -> Announced:
    """Return which version first said this: the old one, unless it is said again."""
    before = context.previous_vendor(vendor.id)
    old = next((item for item in before.engagements if item.id == engagement.id), None) if before else None
    if old is None or _starts_earlier(old, engagement):
        return Announced(version=context.version, at=context.published_at)
    what = events(before, vendor, engagement, day=context.day, reason_kind=context.reason.kind)
    if any(_is_said_anew(item, context, promises) for item in what):
        return Announced(version=context.version, at=context.published_at)
    return old.announced


def _starts_earlier(old: EngagementSource, new: EngagementSource) -> bool:
    """Tell whether the start moves earlier; no start means one before version 1."""
    if old.status == "available" or new.status == "available" or old.starts_on is None:
        return False
    return new.starts_on is None or new.starts_on < old.starts_on


def _is_said_anew(what: Event, context: Context, promises: Promises) -> bool:
    """Tell whether an event makes an announcement: a start of any kind, or what a promise covers."""
    return what in START_EVENTS or strictest(what, context.version, context.day, promises) is not None
